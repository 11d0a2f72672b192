//! Which rule each FQDN has: duplicates, promotions, echoes, and look-ups without an answer.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

const WEB: &str = "web.example.org";
const API: &str = "api.example.org";

fn name(name: &str) -> ObjectName {
    ObjectName { namespace: "shop".to_owned(), name: name.to_owned() }
}

fn rule(object: &str, fqdn: &str, ttl: u32) -> HostRule {
    HostRule { object: name(object), fqdn: fqdn.to_owned(), ttl: Some(ttl), ..plain() }
}

/// Created in the order of their names, not accepted, valid, with TTL 30.
fn candidate(object: &str, fqdn: &str) -> RuleCandidate {
    let day = object.bytes().map(u64::from).sum::<u64>() % 28 + 1;
    RuleCandidate {
        object: name(object),
        created: format!("2026-01-{day:02}T00:00:00Z").parse().ok(),
        accepted: false,
        fqdn: fqdn.to_owned(),
        managed: false,
        check: RuleCheck::Valid { rule: Arc::new(rule(object, fqdn, 30)), limitations: Vec::new() },
    }
}

fn invalid(object: &str, fqdn: &str) -> RuleCandidate {
    RuleCandidate { check: RuleCheck::Invalid("no".to_owned()), ..candidate(object, fqdn) }
}

fn open(object: &str, fqdn: &str) -> RuleCandidate {
    RuleCandidate { check: RuleCheck::Open("asked".to_owned()), ..candidate(object, fqdn) }
}

fn accepted(candidate: RuleCandidate) -> RuleCandidate {
    RuleCandidate { accepted: true, ..candidate }
}

fn managed(candidate: RuleCandidate) -> RuleCandidate {
    RuleCandidate { managed: true, ..candidate }
}

/// In force by FQDN, and verdicts by rule, in short: `web a`, `web ?`; `a accepted`, `b another`.
fn told(ruling: &Ruling) -> (Vec<String>, Vec<String>) {
    let states = ruling.table.iter().map(|(fqdn, state)| {
        let fqdn = fqdn.split('.').next().unwrap();
        match state {
            RuleState::InForce(rule) => format!("{fqdn} {}", rule.object.name),
            RuleState::Unknown(_) => format!("{fqdn} ?"),
            RuleState::None => format!("{fqdn} none"),
        }
    });
    let verdicts = ruling.verdicts.iter().map(|(object, verdict)| {
        let verdict = match verdict {
            RuleVerdict::Accepted { .. } => "accepted",
            RuleVerdict::Rejected(text) if text == ANOTHER_EXISTS => "another",
            RuleVerdict::Rejected(_) => "rejected",
            RuleVerdict::Pending(_) => "pending",
        };
        format!("{} {verdict}", object.name)
    });
    (states.collect(), verdicts.collect())
}

/// What happens, the rules that there are then, and what is told of FQDNs and rules.
type Step<'a> = (&'a str, Vec<RuleCandidate>, &'a [&'a str], &'a [&'a str]);

/// Decides step after step, each on the standing of the one before, and compares what is told.
fn play(steps: &[Step<'_>]) {
    let mut standing = Standing::default();
    for (step, candidates, states, verdicts) in steps {
        let ruling = decide(candidates, &standing, true);
        let (told_states, told_verdicts) = told(&ruling);
        assert_eq!(
            (told_states.as_slice(), told_verdicts.as_slice()),
            (&to_strings(states)[..], &to_strings(verdicts)[..]),
            "{step}"
        );
        assert_eq!(ruling.verdicts.len(), candidates.len(), "{step}: every rule has a verdict");
        standing = ruling.standing;
    }
}

fn to_strings(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

/// GHR-02 and DB-04.
#[test]
fn the_owner_of_an_fqdn_keeps_it_until_it_goes_then_the_oldest_follows() {
    play(&[
        ("b alone", vec![candidate("b", WEB)], &["web b"], &["b accepted"]),
        (
            "an older one and a younger one come",
            vec![candidate("a", WEB), candidate("b", WEB), candidate("c", WEB)],
            &["web b"],
            &["a another", "b accepted", "c another"],
        ),
        (
            "the echo of every status",
            vec![accepted(candidate("a", WEB)), accepted(candidate("b", WEB)), accepted(candidate("c", WEB))],
            &["web b"],
            &["a another", "b accepted", "c another"],
        ),
        ("b goes", vec![accepted(candidate("c", WEB)), candidate("a", WEB)], &["web a"], &["a accepted", "c another"]),
        ("all go", vec![], &[], &[]),
    ]);
}

/// GHR-02: what stood in the statuses before the start counts, once.
#[test]
fn at_the_start_the_accepted_one_wins_then_the_oldest() {
    play(&[
        (
            "start",
            vec![candidate("a", WEB), accepted(candidate("c", WEB)), candidate("b", WEB)],
            &["web c"],
            &["a another", "b another", "c accepted"],
        ),
        (
            "c goes; b shows as accepted by an old echo",
            vec![accepted(candidate("b", WEB)), candidate("a", WEB)],
            &["web a"],
            &["a accepted", "b another"],
        ),
    ]);
    let both = vec![accepted(candidate("b", WEB)), accepted(candidate("a", WEB))];
    play(&[("both accepted", both, &["web a"], &["a accepted", "b another"])]);
}

/// GHR-03, and the promotion that follows from it.
#[test]
fn an_update_that_is_invalid_gives_the_fqdn_up() {
    play(&[
        ("start", vec![candidate("a", WEB)], &["web a"], &["a accepted"]),
        ("invalid", vec![invalid("a", WEB)], &[], &["a rejected"]),
        ("another", vec![invalid("a", WEB), candidate("b", WEB)], &["web b"], &["a rejected", "b accepted"]),
        ("repaired too late", vec![candidate("a", WEB), candidate("b", WEB)], &["web b"], &["a another", "b accepted"]),
    ]);
}

/// GHR-04 and GHR-06: the old FQDN is free, the new one is checked for others.
#[test]
fn a_rule_that_changes_its_fqdn_leaves_one_and_queues_for_the_other() {
    play(&[
        ("start", vec![candidate("a", WEB), candidate("b", API)], &["api b", "web a"], &["a accepted", "b accepted"]),
        ("a moves", vec![accepted(candidate("a", API)), candidate("b", API)], &["api b"], &["a another", "b accepted"]),
        ("b goes", vec![candidate("a", API)], &["api a"], &["a accepted"]),
        ("a is open and moves", vec![accepted(open("a", WEB))], &[], &["a pending"]),
        ("a is answered", vec![accepted(candidate("a", WEB))], &["web a"], &["a accepted"]),
    ]);
}

/// DB-13.
#[test]
fn an_owner_that_cannot_be_checked_keeps_what_it_last_was() {
    let good = RuleCandidate {
        check: RuleCheck::Valid { rule: Arc::new(rule("a", WEB, 30)), limitations: vec!["limited".to_owned()] },
        ..candidate("a", WEB)
    };
    let first = decide(&[good], &Standing::default(), true);
    assert_eq!(first.verdicts[&name("a")], RuleVerdict::Accepted { limitations: vec!["limited".to_owned()] });
    let second = decide(&[open("a", WEB), candidate("b", WEB)], &first.standing, true);
    let kept: RuleTable = [(WEB.to_owned(), RuleState::InForce(Arc::new(rule("a", WEB, 30))))].into();
    assert_eq!(second.table, kept);
    assert_eq!(
        second.verdicts,
        [
            (name("a"), RuleVerdict::Pending("asked".to_owned())),
            (name("b"), RuleVerdict::Rejected(ANOTHER_EXISTS.to_owned())),
        ]
        .into()
    );
    let unreadable = RuleCandidate { check: RuleCheck::Unreadable("odd".to_owned()), ..candidate("a", WEB) };
    let third = decide(&[unreadable, candidate("b", WEB)], &second.standing, true);
    assert_eq!((&third.table, told(&third).1), (&kept, to_strings(&["a rejected", "b another"])));
    let answered = decide(&[invalid("a", WEB), candidate("b", WEB)], &third.standing, true);
    assert_eq!(told(&answered), (to_strings(&["web b"]), to_strings(&["a rejected", "b accepted"])));
}

/// DB-13: after a start, nothing is decided for the FQDN of a rule that an earlier process accepted.
#[test]
fn a_rule_accepted_before_the_start_that_cannot_be_checked_leaves_its_fqdn_undecided() {
    let ruling = decide(&[accepted(open("b", WEB)), candidate("a", WEB)], &Standing::default(), true);
    let why = "GSLBHostRule shop/b was accepted before and cannot be checked: asked".to_owned();
    assert_eq!(ruling.table, [(WEB.to_owned(), RuleState::Unknown(why))].into());
    let waits = "waits for GSLBHostRule shop/b, which comes first for the same FQDN and cannot be checked yet";
    assert_eq!(
        ruling.verdicts,
        [(name("a"), RuleVerdict::Pending(waits.to_owned())), (name("b"), RuleVerdict::Pending("asked".to_owned())),]
            .into()
    );
    let unreadable = RuleCandidate { check: RuleCheck::Unreadable("odd".to_owned()), ..accepted(candidate("b", WEB)) };
    play(&[
        ("open", vec![accepted(open("b", WEB)), candidate("a", WEB)], &["web ?"], &["a pending", "b pending"]),
        ("again", vec![accepted(open("b", WEB)), candidate("a", WEB)], &["web ?"], &["a pending", "b pending"]),
        ("unreadable", vec![unreadable, candidate("a", WEB)], &["web ?"], &["a pending", "b rejected"]),
        ("answered", vec![candidate("b", WEB), candidate("a", WEB)], &["web a"], &["a accepted", "b another"]),
    ]);
    play(&[
        ("open", vec![accepted(open("b", WEB))], &["web ?"], &["b pending"]),
        ("refused", vec![accepted(invalid("b", WEB))], &[], &["b rejected"]),
        ("open again", vec![accepted(open("b", WEB))], &[], &["b pending"]),
    ]);
}

/// DB-13: a new rule changes nothing before it has been checked, and is not overtaken by a younger one.
#[test]
fn a_new_rule_waits_for_its_answers_and_younger_ones_wait_for_it() {
    let unreadable = RuleCandidate { check: RuleCheck::Unreadable("odd".to_owned()), ..candidate("a", WEB) };
    play(&[
        ("new", vec![open("a", WEB), candidate("b", WEB)], &[], &["a pending", "b pending"]),
        ("answered", vec![candidate("a", WEB), candidate("b", WEB)], &["web a"], &["a accepted", "b another"]),
    ]);
    play(&[("never readable", vec![unreadable, candidate("b", WEB)], &["web b"], &["a rejected", "b accepted"])]);
    // Its own rows come before the one about others.
    play(&[("in the queue", vec![candidate("a", WEB), open("b", WEB)], &["web a"], &["a accepted", "b pending"])]);
}

#[test]
fn a_managed_rule_gives_way_to_any_rule_of_a_user_and_is_superfluous_then() {
    let alone = decide(&[managed(candidate("m", WEB))], &Standing::default(), true);
    assert_eq!((told(&alone).0, &alone.superfluous), (to_strings(&["web m"]), &BTreeSet::new()));
    for (user, state) in [(candidate("u", WEB), vec!["web u"]), (open("u", WEB), vec![]), (invalid("u", WEB), vec![])] {
        let ruling = decide(&[managed(candidate("m", WEB)), user], &alone.standing, true);
        assert_eq!((told(&ruling).0, &ruling.superfluous), (to_strings(&state), &[name("m")].into()));
    }
    let twins = [managed(candidate("m", WEB)), managed(candidate("n", WEB))];
    let ruling = decide(&twins, &alone.standing, true);
    assert_eq!((told(&ruling).0, ruling.superfluous), (to_strings(&["web m"]), [name("n")].into()));
    let unwanted = decide(&twins, &alone.standing, false);
    assert_eq!(unwanted.superfluous, [name("m"), name("n")].into());
}

/// Rules of three FQDNs, some of them with questions that are answered as time goes by.
fn rules() -> impl Strategy<Value = Vec<(RuleCandidate, usize)>> {
    let one = (0..3_usize, any::<bool>(), any::<bool>(), prop::bool::weighted(0.2), 0..4_usize);
    vec(one, 0..7).prop_map(|rules| {
        let rule = |(number, (fqdn, is_valid, is_accepted, is_managed, answered)): (usize, _)| {
            let object = char::from(b'a' + u8::try_from(number).unwrap()).to_string();
            let fqdn = format!("f{fqdn}.example.org");
            let rule = if is_valid { candidate(&object, &fqdn) } else { invalid(&object, &fqdn) };
            (RuleCandidate { accepted: is_accepted, managed: is_managed, ..rule }, answered)
        };
        rules.into_iter().enumerate().map(rule).collect()
    })
}

/// What is known of the rules when answers up to this round are there.
fn in_round(rules: &[(RuleCandidate, usize)], round: usize) -> Vec<RuleCandidate> {
    let at = |(rule, answered): &(RuleCandidate, usize)| {
        let check = if *answered > round { RuleCheck::Open("asked".to_owned()) } else { rule.check.clone() };
        RuleCandidate { check, ..rule.clone() }
    };
    rules.iter().map(at).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// GHR-02: a fresh start gives the same whatever the order of the list.
    #[test]
    fn the_order_of_the_list_does_not_matter(
        (rules, shuffled) in rules().prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle())),
    ) {
        let ruling = |rules: &[(RuleCandidate, usize)]| decide(&in_round(rules, 1), &Standing::default(), true);
        prop_assert_eq!(ruling(&rules), ruling(&shuffled));
    }

    /// DB-13: nor does the order in which the controller answers.
    #[test]
    fn the_order_of_the_answers_does_not_matter(rules in rules()) {
        let mut standing = Standing::default();
        for round in 0..3 {
            standing = decide(&in_round(&rules, round), &standing, true).standing;
        }
        let all = in_round(&rules, 3);
        let (slow, at_once) = (decide(&all, &standing, true), decide(&all, &Standing::default(), true));
        prop_assert_eq!(slow, at_once);
    }

    /// DB-04: deciding again, with the statuses that follow, changes nothing.
    #[test]
    fn an_echo_changes_nothing(rules in rules()) {
        let first = decide(&in_round(&rules, 1), &Standing::default(), true);
        let echo: Vec<RuleCandidate> = in_round(&rules, 1).into_iter().map(|rule| {
            let accepted = match &first.verdicts[&rule.object] {
                RuleVerdict::Accepted { .. } => true,
                RuleVerdict::Rejected(_) => false,
                RuleVerdict::Pending(_) => rule.accepted,
            };
            RuleCandidate { accepted, ..rule }
        }).collect();
        prop_assert_eq!(decide(&echo, &first.standing, true), first);
    }
}
