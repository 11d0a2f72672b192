//! Rules that come, change and go one at a time, against judging all of them each time.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

fn name(number: usize) -> ObjectName {
    ObjectName { namespace: "shop".to_owned(), name: format!("r{number}") }
}

fn candidate(number: usize, fqdn: &str) -> RuleCandidate {
    let rule = HostRule { object: name(number), fqdn: fqdn.to_owned(), ttl: Some(30), ..plain() };
    RuleCandidate {
        object: name(number),
        created: format!("2026-01-{:02}T00:00:00Z", number % 28 + 1).parse().ok(),
        accepted: false,
        fqdn: fqdn.to_owned(),
        managed: false,
        check: RuleCheck::Valid { rule: Arc::new(rule), limitations: Vec::new() },
    }
}

/// FND-B10: what one change costs does not depend on how many rules there are.
#[test]
fn one_rule_among_a_thousand_is_judged_with_those_of_its_fqdn_and_no_others() {
    let fqdn = |number: usize| format!("app{number}.example.org");
    let mut book = RuleBook::default();
    (0..1000).for_each(|number| book.put(candidate(number, &fqdn(number))));
    assert_eq!((book.judge().rules.len(), book.tally().judgements), (1000, 1000));
    book.put(candidate(7, &fqdn(7)));
    assert_eq!((book.judge(), book.tally().judgements), (Judged::default(), 1000), "the same rule once more");
    book.put(candidate(1000, &fqdn(7)));
    let judged = Judged { fqdns: BTreeSet::new(), rules: [name(7), name(1000)].into() };
    assert_eq!((book.judge(), book.tally().judgements), (judged, 1002), "a second one changes nothing for the first");
    assert_eq!((book.tally().accepted, book.tally().rejected), (1000, 1));
    book.remove(&name(7));
    let judged = Judged { fqdns: [fqdn(7)].into(), rules: [name(7), name(1000)].into() };
    assert_eq!((book.judge(), book.tally().judgements), (judged, 1003));
    assert_eq!((book.tally().accepted, book.tally().rejected), (1000, 0));
}

/// One step: rules that come or change, by their number, fqdn, and what they are; or go.
fn step() -> impl Strategy<Value = Vec<(usize, Option<RuleCandidate>)>> {
    let kind = (0..6_usize, 0..4_usize, 0..4_usize, any::<bool>(), prop::bool::weighted(0.3));
    vec(kind, 1..4).prop_map(|changes| {
        let change = |(number, fqdn, kind, accepted, managed): (usize, usize, usize, bool, bool)| {
            let valid = candidate(number, &format!("f{fqdn}.example.org"));
            let check = match kind {
                0 => return (number, None),
                1 => RuleCheck::Invalid("no".to_owned()),
                2 => RuleCheck::Open("asked".to_owned()),
                _ => valid.check.clone(),
            };
            (number, Some(RuleCandidate { accepted, managed, check, ..valid }))
        };
        changes.into_iter().map(change).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// FND-B10: judging what changed gives what judging everything gives, after each step of any history.
    #[test]
    fn judging_what_changed_is_judging_everything(steps in vec((step(), prop::bool::weighted(0.8)), 1..12)) {
        let (mut book, mut all, mut before) = (RuleBook::default(), BTreeMap::new(), Ruling::default());
        for (changes, wanted) in steps {
            for (number, rule) in changes {
                match rule {
                    Some(rule) => {
                        book.put(rule.clone());
                        all.insert(name(number), rule);
                    }
                    None => {
                        book.remove(&name(number));
                        all.remove(&name(number));
                    }
                }
            }
            book.want_managed(wanted);
            let judged = book.judge();
            let rules: Vec<RuleCandidate> = all.values().cloned().collect();
            let whole = decide(&rules, &before.standing, wanted);
            prop_assert_eq!(book.ruling(), &whole);
            let differ = |fqdn: &&String| before.table.get(*fqdn) != whole.table.get(*fqdn);
            let named = before.table.keys().chain(whole.table.keys());
            prop_assert_eq!(judged.fqdns, named.filter(differ).cloned().collect::<BTreeSet<_>>());
            let tally = book.tally();
            let count = |wanted: fn(&RuleVerdict) -> bool| whole.verdicts.values().filter(|v| wanted(v)).count();
            prop_assert_eq!(
                (tally.accepted, tally.rejected, tally.pending.len()),
                (
                    count(|v| matches!(v, RuleVerdict::Accepted { .. })),
                    count(|v| matches!(v, RuleVerdict::Rejected(_))),
                    count(|v| matches!(v, RuleVerdict::Pending(_))),
                ),
            );
            before = whole;
        }
    }
}
