//! What the guard lets go, and what it holds.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

const LIMITS: Limits = Limits { max_percent: 20, max_count: 10 };

fn fqdn(number: usize) -> Arc<str> {
    format!("app{number:02}.example.org").into()
}

/// Sorted.
fn fqdns(numbers: impl IntoIterator<Item = usize>) -> Vec<Arc<str>> {
    let fqdns: BTreeSet<Arc<str>> = numbers.into_iter().map(fqdn).collect();
    fqdns.into_iter().collect()
}

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A guard over so many services, long after its start.
fn guard(own: usize, limits: Limits) -> Guard {
    let mut guard = Guard::default();
    guard.set_limits(limits);
    guard.listed((0..own).map(fqdn).collect(), at(0));
    guard.judge(ROUND * 2, |_| false);
    guard
}

/// After the start, and the minute after it.
fn later(millis: u64) -> Duration {
    ROUND * 2 + at(millis)
}

fn wish(guard: &mut Guard, numbers: impl IntoIterator<Item = usize>, now: Duration) {
    fqdns(numbers).iter().for_each(|fqdn| guard.wish(fqdn, now));
}

fn judge(guard: &mut Guard, now: Duration) -> Judgement {
    guard.judge(now, |_| false)
}

fn go(numbers: impl IntoIterator<Item = usize>) -> Judgement {
    Judgement { go: fqdns(numbers), ..Judgement::default() }
}

fn approved(numbers: impl IntoIterator<Item = usize>) -> Judgement {
    Judgement { approved: fqdns(numbers), ..Judgement::default() }
}

fn stopped() -> Judgement {
    Judgement { stopped: true, ..Judgement::default() }
}

fn held_id(guard: &Guard) -> String {
    guard.held().unwrap().id.clone()
}

/// DEL-06
#[test]
fn a_round_is_stopped_when_it_exceeds_both_limits_and_only_then() {
    let table = [
        (60, 11, LIMITS, true),
        (60, 12, LIMITS, true),
        (60, 13, LIMITS, false),
        (6, 6, LIMITS, true),
        (10, 10, LIMITS, true),
        (11, 11, LIMITS, false),
        (1000, 200, LIMITS, true),
        (1000, 201, LIMITS, false),
        (60, 60, Limits { max_percent: 100, max_count: 0 }, true),
        (60, 1, Limits { max_percent: 0, max_count: 0 }, false),
        (60, 1, Limits { max_percent: 0, max_count: 1 }, true),
        (60, 2, Limits { max_percent: 0, max_count: 1 }, false),
        (60, 0, Limits { max_percent: 0, max_count: 0 }, true),
    ];
    for (own, deletions, limits, goes) in table {
        let mut guard = guard(own, limits);
        wish(&mut guard, 0..deletions, later(0));
        let expected = if goes { go(0..deletions) } else { stopped() };
        assert_eq!(judge(&mut guard, later(500)), expected, "{deletions} of {own} under {limits:?}");
        assert_eq!(guard.held().map(|held| held.count), (!goes).then_some(deletions));
    }
}

/// DEL-06
#[test]
fn a_deletion_is_decided_half_a_second_after_it_is_wished_for() {
    let mut guard = guard(60, LIMITS);
    wish(&mut guard, [1], later(0));
    wish(&mut guard, [2], later(100));
    assert_eq!(guard.due(), Some(later(500)));
    assert_eq!(judge(&mut guard, later(499)), Judgement::default());
    assert_eq!(judge(&mut guard, later(500)), go([1]));
    assert_eq!((judge(&mut guard, later(600)), guard.due()), (go([2]), None));
}

/// DEL-06
#[test]
fn what_was_let_go_within_a_minute_counts_with_what_follows() {
    for (pause, expected) in [(59_999, stopped()), (60_500, go(8..16))] {
        let mut guard = guard(60, LIMITS);
        wish(&mut guard, 0..8, later(0));
        assert_eq!(judge(&mut guard, later(500)), go(0..8));
        (0..8).for_each(|done| guard.finished(&fqdn(done), false));
        wish(&mut guard, 8..16, later(pause - 500));
        assert_eq!(judge(&mut guard, later(pause)), expected, "after {pause} ms");
        if let Some(held) = guard.held() {
            assert_eq!((held.count, held.own), (8, 60), "of those before the round began");
        }
    }
}

/// DEL-06
#[test]
fn what_was_let_go_and_has_not_begun_is_taken_back_when_its_round_is_stopped() {
    let mut guard = guard(60, LIMITS);
    wish(&mut guard, 0..8, later(0));
    judge(&mut guard, later(500));
    wish(&mut guard, 8..30, later(600));
    let waits = |fqdn: &Arc<str>| **fqdn >= *"app03";
    assert_eq!(guard.judge(later(1100), waits), stopped());
    assert_eq!((guard.held().unwrap().count, guard.held().unwrap().first.clone()), (27, fqdns(3..13)));
}

/// DEL-07
#[test]
fn an_approval_lets_its_set_go_and_nothing_else() {
    let mut guard = guard(60, LIMITS);
    wish(&mut guard, 0..30, later(0));
    judge(&mut guard, later(500));
    let first = held_id(&guard);
    wish(&mut guard, [30], later(1000));
    assert_eq!(judge(&mut guard, later(1500)), Judgement::default(), "it joins, and waits");
    let second = held_id(&guard);
    assert_ne!(first, second);

    guard.set_approval(Some("00000000"));
    assert_eq!(judge(&mut guard, later(2000)), Judgement::default());
    guard.set_approval(Some(&first));
    assert_eq!(judge(&mut guard, later(2500)), approved(0..30), "somebody looked at these");
    let third = held_id(&guard);
    assert_eq!(guard.held().unwrap().count, 1);
    guard.set_approval(Some(&third));
    assert_eq!((judge(&mut guard, later(3000)), guard.held()), (approved([30]), None));
}

/// DEL-07: while somebody reads and types, others may join one by one.
#[test]
fn an_id_that_was_shown_stands_for_what_was_held_then_however_many_join() {
    let mut guard = guard(300, LIMITS);
    wish(&mut guard, 0..61, later(0));
    judge(&mut guard, later(500));
    let mut ids = vec![held_id(&guard)];
    for joiner in 61..261 {
        let now = 1000 * (joiner as u64);
        wish(&mut guard, [joiner], later(now));
        judge(&mut guard, later(now + 500));
        ids.push(held_id(&guard));
    }
    assert_eq!(guard.held().unwrap().count, 261);
    guard.set_approval(Some(&ids[100]));
    assert_eq!(judge(&mut guard, later(300_000)), approved(0..161));
    guard.set_approval(Some(&ids[0]));
    assert_eq!(judge(&mut guard, later(300_500)), Judgement::default(), "these are gone");
    assert_eq!((guard.held().unwrap().count, guard.held().unwrap().first.clone()), (100, fqdns(161..171)));
}

/// DEL-07: it is held for another reason than the one that somebody looked at.
#[test]
fn what_left_a_set_and_joined_again_has_to_be_shown_again() {
    let mut guard = guard(60, LIMITS);
    wish(&mut guard, 0..30, later(0));
    judge(&mut guard, later(500));
    let first = held_id(&guard);
    guard.leave(&fqdn(3));
    judge(&mut guard, later(1000));
    wish(&mut guard, [3, 40], later(1000));
    judge(&mut guard, later(1500));
    guard.set_approval(Some(&first));
    assert_eq!(judge(&mut guard, later(2000)), approved((0..30).filter(|number| *number != 3)));
    assert_eq!(guard.held().unwrap().first, fqdns([3, 40]));
}

/// DEL-07
#[test]
fn a_set_of_the_same_services_has_the_same_name_and_is_approved_by_it() {
    let mut guard = guard(60, LIMITS);
    wish(&mut guard, 0..30, later(0));
    judge(&mut guard, later(500));
    let first = held_id(&guard);
    guard.leave(&fqdn(3));
    judge(&mut guard, later(1000));
    wish(&mut guard, [3], later(1000));
    judge(&mut guard, later(1500));
    assert_eq!(held_id(&guard), first);
    guard.set_approval(Some(&first));
    assert_eq!((judge(&mut guard, later(2000)), guard.held()), (approved(0..30), None));
}

/// DEL-07
#[test]
fn an_approval_counts_once() {
    let mut guard = guard(60, LIMITS);
    for (start, expected) in [(0, approved(0..30)), (200_000, Judgement::default())] {
        wish(&mut guard, 0..30, later(start));
        judge(&mut guard, later(start + 500));
        guard.set_approval(Some(&set_id(&fqdns(0..30))));
        assert_eq!(judge(&mut guard, later(start + 1000)), expected);
    }
    guard.set_approval(None);
    judge(&mut guard, later(202_000));
    guard.set_approval(Some(&set_id(&fqdns(0..30))));
    assert_eq!(judge(&mut guard, later(203_000)), approved(0..30), "given again");
}

/// DEL-07
#[test]
fn an_approval_from_before_the_start_is_for_what_is_held_at_the_start() {
    for (wished, expected) in [(20_000, approved(0..30)), (120_000, Judgement::default())] {
        let mut guard = Guard::default();
        guard.set_limits(LIMITS);
        guard.set_approval(Some(&set_id(&fqdns(0..30))));
        judge(&mut guard, at(0));
        guard.listed((0..60).map(fqdn).collect(), at(10_000));
        judge(&mut guard, at(wished - 1));
        wish(&mut guard, 0..30, at(wished));
        assert_eq!(judge(&mut guard, at(wished + 500)), stopped());
        assert_eq!(judge(&mut guard, at(wished + 501)), expected, "wished for at {wished}");
    }
}

/// DEL-06
#[test]
fn what_is_wanted_again_leaves_the_set_and_the_rest_stays_however_few_they_are() {
    let mut guard = guard(60, LIMITS);
    wish(&mut guard, 0..30, later(0));
    judge(&mut guard, later(500));
    (2..30).for_each(|back| guard.leave(&fqdn(back)));
    assert_eq!(judge(&mut guard, later(1000)), Judgement::default());
    assert_eq!(guard.held().unwrap().first, fqdns(0..2));
    (0..2).for_each(|back| guard.leave(&fqdn(back)));
    assert_eq!((judge(&mut guard, later(1500)), guard.held()), (Judgement::default(), None));
}

/// DEL-06
#[test]
fn other_limits_decide_anew() {
    let mut guard = guard(60, LIMITS);
    wish(&mut guard, 0..30, later(0));
    judge(&mut guard, later(500));
    for (limits, expected) in [
        (Limits { max_percent: 49, max_count: 29 }, Judgement::default()),
        (Limits { max_percent: 50, max_count: 29 }, go(0..30)),
    ] {
        guard.set_limits(limits);
        assert_eq!(judge(&mut guard, later(1000)), expected, "{limits:?}");
    }
    assert_eq!(guard.held(), None);
}

/// DEL-06
#[test]
fn after_a_restart_everything_is_decided_anew() {
    let mut guard = guard(60, LIMITS);
    wish(&mut guard, 0..30, later(0));
    judge(&mut guard, later(500));
    let before = guard.held().cloned();
    guard.restart();
    assert_eq!((guard.held(), guard.waiting().count()), (None, 0));
    guard.listed((0..60).map(fqdn).collect(), later(2000));
    wish(&mut guard, 0..30, later(3000));
    assert_eq!(judge(&mut guard, later(3500)), stopped());
    assert_eq!(guard.held().cloned(), before);
}

/// DEL-07
#[test]
fn the_name_of_a_set_is_the_beginning_of_a_digest_of_its_lines() {
    // printf 'a.org\nb.org\n' | sha1sum
    let set: BTreeSet<Arc<str>> = ["b.org".into(), "a.org".into()].into();
    assert_eq!(set_id(&set), "b624643c");
}

/// DEL-07
#[test]
fn the_message_says_how_many_which_and_what_to_do() {
    let set = |count| {
        let mut guard = guard(60, LIMITS);
        wish(&mut guard, 0..count, later(0));
        judge(&mut guard, later(500));
        guard.held().unwrap().message("avi-system", "gc-1", "example.org/approve")
    };
    let expected = |count, id, which| {
        format!(
            "{count} of 60 GSLB services wait to be deleted, because one round would delete more than 10 and more than \
             20 % of them (spec.deletionGuard). If this is meant, run kubectl annotate --overwrite gslbconfig gc-1 -n \
             avi-system example.org/approve={id}; if not, bring the objects back. They are: app00.example.org, \
             app01.example.org, app02.example.org, app03.example.org, app04.example.org, app05.example.org, \
             app06.example.org, app07.example.org, app08.example.org, app09.example.org{which}"
        )
    };
    assert_eq!(set(13), expected(13, set_id(&fqdns(0..13)), " and 3 more"));
    assert_eq!(set(40), expected(40, set_id(&fqdns(0..40)), " and 30 more"));
}

/// Something that happens to a guard.
#[derive(Debug, Clone)]
enum Happening {
    Wish(Vec<usize>),
    Leave(Vec<usize>),
    /// Approves the set that was held so many sets ago.
    Approve(usize),
    Pass(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => vec(0..40_usize, 1..12).prop_map(Happening::Wish),
        2 => vec(0..40_usize, 1..12).prop_map(Happening::Leave),
        1 => (0..4_usize).prop_map(Happening::Approve),
        4 => prop_oneof![0..2_000_u64, 50_000..70_000_u64].prop_map(Happening::Pass),
    ]
}

proptest! {
    /// DEL-06 and DEL-07: whatever happens, more than both limits allow goes within a minute only with an approval,
    /// and an approval lets nothing go but what was in its set.
    #[test]
    fn nothing_goes_beyond_the_limits_without_an_approval(happenings in vec(happening(), 1..60)) {
        let limits = Limits { max_percent: 20, max_count: 5 };
        let (mut guard, mut now) = (guard(40, limits), later(0));
        let mut let_go: Vec<(Arc<str>, Duration)> = Vec::new();
        let mut wished: BTreeMap<Arc<str>, Duration> = BTreeMap::new();
        let mut shown: Vec<(String, BTreeSet<Arc<str>>)> = Vec::new();
        for happening in happenings {
            let mut approving = None;
            match happening {
                Happening::Wish(numbers) => for fqdn in fqdns(numbers) {
                    guard.wish(&fqdn, now);
                    wished.entry(fqdn).or_insert(now);
                },
                Happening::Leave(numbers) => for fqdn in fqdns(numbers) {
                    guard.leave(&fqdn);
                    wished.remove(&fqdn);
                },
                Happening::Approve(ago) => {
                    approving = shown.iter().rev().nth(ago).cloned();
                    guard.set_approval(approving.as_ref().map(|(id, _)| id.as_str()));
                }
                Happening::Pass(millis) => now += at(millis),
            }
            let judgement = guard.judge(now, |_| false);
            for fqdn in &judgement.go {
                let since = wished.remove(fqdn);
                prop_assert!(since.is_some_and(|since| since + PAUSE <= now), "{fqdn} is wished for, long enough");
                let_go.push((Arc::clone(fqdn), since.unwrap()));
            }
            let set = approving.map(|(_, set)| set).unwrap_or_default();
            for fqdn in &judgement.approved {
                prop_assert!(set.contains(fqdn) && wished.remove(fqdn).is_some(), "{fqdn} is in the approved set");
            }
            for (_, from) in &let_go {
                let round: BTreeSet<_> =
                    let_go.iter().filter(|(_, at)| at >= from && *at < *from + ROUND).map(|(f, _)| f).collect();
                prop_assert!(limits.allow(round.len(), 40), "{} within a minute", round.len());
            }
            let held: BTreeSet<_> = wished.keys().filter(|fqdn| guard.is_held(fqdn)).cloned().collect();
            prop_assert_eq!(guard.held().map(|held| held.id.clone()), (!held.is_empty()).then(|| set_id(&held)));
            if let Some(present) = guard.held() && shown.last().is_none_or(|(id, _)| *id != present.id) {
                shown.push((present.id.clone(), held));
            }
        }
    }
}
