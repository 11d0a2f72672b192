//! Losses as they come in, and what becomes of them.

use crate::core::guard::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

const LIMITS: Limits = Limits { max_percent: 20, max_count: 10 };

fn fqdn(number: usize) -> Arc<str> {
    format!("app{number:02}.example.org").into()
}

/// Sorted.
fn fqdns(numbers: impl IntoIterator<Item = usize>) -> Vec<Arc<str>> {
    let fqdns: BTreeSet<Arc<str>> = numbers.into_iter().map(fqdn).collect();
    fqdns.into_iter().collect()
}

fn cluster(name: &str) -> Party {
    Party::Cluster(name.into())
}

/// Everything that the service has is in `ctx-a`.
fn all(cause: Cause, number: usize) -> Loss {
    let lost = Lost { party: cluster("ctx-a"), cause, objects: [number as u64].into() };
    Loss { lost: vec![lost], empties: true }
}

/// It has members of another cluster too.
fn some(cause: Cause, number: usize) -> Loss {
    Loss { empties: false, ..all(cause, number) }
}

/// A while after the start.
fn later(millis: u64) -> Duration {
    DAYS + Duration::from_millis(millis)
}

const DAYS: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// A guard over so many services, long after its start.
fn guard(own: usize, limits: Limits) -> Guard {
    let mut guard = Guard::default();
    guard.set_limits(limits);
    guard.listed((0..own).map(fqdn).collect(), Duration::ZERO);
    guard.judge(later(0), |_| false);
    guard
}

/// Wishes for all of them at once; answers which go at once.
fn wish(
    guard: &mut Guard,
    numbers: impl IntoIterator<Item = usize>,
    loss: impl Fn(usize) -> Loss,
    now: Duration,
) -> usize {
    let mut at_once = 0;
    for number in numbers {
        at_once += usize::from(guard.wish(&fqdn(number), &Arc::new(loss(number)), now));
    }
    at_once
}

/// What a judgement half a second later, or once an edit is quiet, comes to: how many go, and how many stay.
fn judged(guard: &mut Guard, now: Duration) -> (usize, usize) {
    let Judgement { go, keep, .. } = guard.judge(now + PAUSE, |_| false);
    for fqdn in &go {
        guard.finished(fqdn, false, now + PAUSE);
    }
    (go.len(), keep.len())
}

fn only_id(guard: &mut Guard, now: Duration) -> String {
    guard.judge(now + FORM, |_| false);
    let held = guard.held();
    assert_eq!(held.len(), 1, "{held:?}");
    held[0].id.clone()
}

/// FND-A3: what a cluster's owners take away is asked about when it is more than both limits.
#[test]
fn objects_that_go_together_are_held_when_they_exceed_both_limits_and_only_then() {
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
    ];
    for (own, count, limits, goes) in table {
        let mut guard = guard(own, limits);
        let at_once = wish(&mut guard, 0..count, |n| all(Cause::Objects, n), later(0));
        let (go, keep) = judged(&mut guard, later(0));
        let expected = if goes { (count, 0) } else { (0, count) };
        assert_eq!((at_once + go, keep), expected, "{count} of {own} under {limits:?}");
    }
}

/// FND-A3: an edit of configuration has no number of services that it may always take.
#[test]
fn an_edit_takes_no_more_than_its_percentage_however_few_there_are() {
    let table =
        [(10, 10, false), (10, 3, false), (10, 2, true), (4, 1, false), (5, 1, true), (1, 1, false), (60, 12, true)];
    for cause in [Cause::Policy, Cause::Config, Cause::Namespace] {
        for loss in [all, some] {
            for (own, count, goes) in table {
                let mut guard = guard(own, LIMITS);
                assert_eq!(wish(&mut guard, 0..count, |n| loss(cause, n), later(0)), 0, "none goes unseen");
                let expected = if goes { (count, 0) } else { (0, count) };
                assert_eq!(judged(&mut guard, later(0)), expected, "{count} of {own} by {cause:?}");
            }
        }
    }
}

/// FND-A3: all of an edit is judged together, however long it takes to look at every service.
#[test]
fn an_edit_is_judged_once_nothing_more_of_it_comes() {
    let mut guard = guard(10, LIMITS);
    for number in 0..10 {
        let at = later(400 * number as u64);
        assert_eq!(guard.judge(at, |_| false), Judgement::default());
        wish(&mut guard, [number], |n| all(Cause::Policy, n), at);
    }
    assert_eq!(guard.due(), Some(later(3600) + PAUSE));
    assert_eq!(judged(&mut guard, later(3600)), (0, 10));
}

/// FND-A3: but not for ever.
#[test]
fn an_edit_whose_effects_never_end_is_judged_after_five_seconds_with_what_went_before() {
    let mut guard = guard(1000, LIMITS);
    let mut went = 0;
    for number in 0..300 {
        let at = later(100 * number as u64);
        wish(&mut guard, [number], |n| all(Cause::Policy, n), at);
        went += guard.judge(at, |_| false).go.len();
    }
    assert!((51..=200).contains(&went), "{went}");
}

/// FND-A3: within ten seconds, one user may delete up to `maxCount` objects of a cluster, with all their names.
#[test]
fn an_object_with_many_names_is_one_object() {
    let mut guard = guard(50, LIMITS);
    wish(&mut guard, 0..40, |_| all(Cause::Objects, 7), later(0));
    assert_eq!(judged(&mut guard, later(0)), (40, 0));
}

/// FND-A3: ten deletions a minute do not pass for ever.
#[test]
fn slow_losses_are_held_when_they_exceed_both_limits_within_a_day() {
    let mut guard = guard(60, LIMITS);
    let mut went = Vec::new();
    for number in 0..30 {
        let at = later(6000 * number as u64);
        wish(&mut guard, [number], |n| all(Cause::Objects, n), at);
        went.push(judged(&mut guard, at).0);
    }
    assert_eq!(went.iter().sum::<usize>(), 12, "{went:?}");
    assert_eq!(went[..12], [1; 12]);
    // What goes alone is never asked about.
    let much_later = later(3_600_000);
    wish(&mut guard, [50], |n| all(Cause::Objects, n), much_later);
    assert_eq!(judged(&mut guard, much_later), (1, 0));
}

/// FND-A3 and FND-F4: what an owner deletes one by one does not count.
#[test]
fn single_deletions_are_never_held() {
    let mut guard = guard(60, LIMITS);
    for number in 0..60 {
        let at = later(11_000 * number as u64);
        wish(&mut guard, [number], |n| all(Cause::Objects, n), at);
        assert_eq!(judged(&mut guard, at), (1, 0), "{number}");
    }
}

/// FND-A3: what comes back does not count, so a rollout that replaces objects one after the other is not asked about.
#[test]
fn members_that_come_back_do_not_count_as_lost() {
    for (comes_back, expected) in [(true, 60), (false, 12)] {
        let mut guard = guard(60, LIMITS);
        let mut went = 0;
        for number in 0..60 {
            let at = later(3000 * number as u64);
            went += wish(&mut guard, [number], |n| some(Cause::Objects, n), at);
            if comes_back {
                guard.regained(&fqdn(number));
            }
        }
        assert_eq!(went, expected, "{comes_back}");
    }
}

/// FND-F4
#[test]
fn services_that_are_younger_than_a_minute_do_not_count_within_it() {
    for (age, expected) in [(30, (30, 0)), (90, (0, 30))] {
        let mut guard = guard(60, LIMITS);
        (100..130).for_each(|number| guard.finished(&fqdn(number), true, later(0)));
        let at = later(age * 1000);
        wish(&mut guard, 100..130, |n| all(Cause::Objects, n), at);
        assert_eq!(judged(&mut guard, at), expected, "after {age} s");
    }
}

/// FND-F4: nor those younger than a day within a day.
#[test]
fn services_that_are_younger_than_a_day_do_not_count_with_the_slow_losses() {
    let mut guard = guard(30, LIMITS);
    let mut went = 0;
    for number in 100..150 {
        let at = later(30_000 + 6_000 * (number as u64 - 100));
        guard.finished(&fqdn(number), true, at - Duration::from_secs(120));
        wish(&mut guard, [number], |n| all(Cause::Objects, n), at);
        went += judged(&mut guard, at).0;
    }
    assert_eq!(went, 50);
}

/// FND-A3: members go at once as long as one person's few objects do.
#[test]
fn members_of_few_objects_go_at_once_and_those_of_many_are_held() {
    let mut guard = guard(60, LIMITS);
    assert_eq!(wish(&mut guard, 0..30, |n| some(Cause::Objects, n), later(0)), 10);
    assert_eq!(judged(&mut guard, later(0)), (0, 20));
}

/// FND-A3: who takes a cluster out of `matchClusters` says what it does; a name that would keep no member is asked about.
#[test]
fn a_cluster_that_is_not_matched_any_more_keeps_only_names_without_another_member() {
    let mut guard = guard(60, LIMITS);
    assert_eq!(wish(&mut guard, 0..40, |n| some(Cause::Unmatched, n), later(0)), 40);
    assert_eq!(wish(&mut guard, 40..43, |n| all(Cause::Unmatched, n), later(0)), 0);
    assert_eq!(judged(&mut guard, later(0)), (0, 3));
}

/// FND-A3: after a context that no kubeconfig has, and without a policy, everything is held.
#[test]
fn a_slip_with_a_context_and_a_missing_policy_hold_a_single_member() {
    let off = Limits { max_percent: 100, max_count: 10 };
    let table = [
        (Cause::UnknownContext, LIMITS, (0, 1)),
        (Cause::UnknownContext, off, (1, 0)),
        (Cause::NoPolicy, LIMITS, (0, 1)),
        (Cause::NoPolicy, off, (0, 1)),
    ];
    for (cause, limits, expected) in table {
        let mut guard = guard(1000, limits);
        let at_once = wish(&mut guard, [1], |n| some(cause, n), later(0));
        let (go, keep) = judged(&mut guard, later(0));
        assert_eq!((at_once + go, keep), expected, "{cause:?} under {limits:?}");
    }
}

/// FND-A3: what is held is one party of a service, the rest of it goes on.
#[test]
fn only_what_is_held_of_a_service_stays() {
    let mut guard = guard(1, LIMITS);
    let gone = Lost { party: cluster("ctx-b"), cause: Cause::Objects, objects: [9].into() };
    let loss = Loss { lost: vec![all(Cause::Policy, 0).lost[0].clone(), gone], empties: true };
    wish(&mut guard, [0], |_| loss.clone(), later(0));
    let keep = Keep(BTreeMap::from([(cluster("ctx-a"), Cause::Policy)]));
    let judgement = guard.judge(later(500), |_| false);
    assert_eq!(judgement.keep, [(fqdn(0), Arc::new(keep))]);
}

/// FND-C10: a set has one name, once it was quiet.
#[test]
fn a_set_is_named_once_it_was_quiet_for_three_seconds() {
    let mut guard = guard(60, LIMITS);
    for (at, numbers) in [(0, 0..20), (1000, 20..25), (3000, 25..30)] {
        wish(&mut guard, numbers, |n| all(Cause::Objects, n), later(at));
        guard.judge(later(at) + PAUSE, |_| false);
        assert_eq!((guard.held(), guard.take_news()), (vec![], vec![]), "at {at}");
    }
    assert_eq!(guard.due(), Some(later(3500) + FORM));
    guard.judge(later(3500) + FORM, |_| false);
    let held = guard.held();
    assert_eq!((held.len(), held[0].names, held[0].own), (1, 30, 60));
    assert_eq!(held[0].id, set_id(fqdns(0..30)));
    assert_eq!(guard.take_news(), [News { kind: NewsKind::Held, held: Arc::clone(&held[0]) }]);
}

/// DEL-07, FND-C10
#[test]
fn an_approval_lets_go_what_was_shown_under_its_name_and_tells_when_that_is_done() {
    let mut guard = guard(60, LIMITS);
    wish(&mut guard, 0..30, |n| all(Cause::Objects, n), later(0));
    guard.judge(later(500), |_| false);
    let id = only_id(&mut guard, later(500));
    wish(&mut guard, 30..45, |n| all(Cause::Objects, n), later(5000));
    guard.judge(later(5500), |_| false);
    guard.take_news();
    guard.set_approval(Some(&id));
    assert_eq!(guard.judge(later(6000), |_| false).approved, fqdns(0..30), "those that joined wait for their own");
    assert_eq!(kinds(&mut guard), [NewsKind::Approved]);
    for number in 0..30 {
        assert_eq!(kinds(&mut guard), []);
        guard.finished(&fqdn(number), false, later(7000));
        guard.done(&fqdn(number));
    }
    guard.judge(later(6000) + FORM, |_| false);
    assert_eq!(kinds(&mut guard), [NewsKind::Done, NewsKind::Held]);
    assert_eq!(only_id(&mut guard, later(20_000)), set_id(fqdns(30..45)));
    guard.set_approval(None);
    guard.set_approval(Some(&id));
    assert_eq!(guard.judge(later(30_000), |_| false), Judgement::default(), "it is of no set any more");
}

/// FND-C10: two causes take the same names, so they are shown under one name and approved by it.
#[test]
fn sets_on_two_grounds_that_have_one_name_are_approved_together() {
    let both = |number| {
        let unmatched =
            Lost { party: cluster("ctx-b"), cause: Cause::Unmatched, objects: [100 + number as u64].into() };
        Loss { lost: [all(Cause::Policy, number).lost, vec![unmatched]].concat(), empties: true }
    };
    let mut guard = guard(10, LIMITS);
    wish(&mut guard, 0..3, both, later(0));
    assert_eq!(judged(&mut guard, later(0)), (0, 3));
    guard.judge(later(5_000), |_| false);
    let held: Vec<(Ground, String)> = guard.held().iter().map(|held| (held.ground.clone(), held.id.clone())).collect();
    let [(one, id), (other, same)] = held.try_into().unwrap();
    assert_eq!((one, other, &id), (Ground::Unmatched, Ground::Edit, &same));
    guard.set_approval(Some(&id));
    assert_eq!(guard.judge(later(10_000), |_| false).approved, fqdns(0..3));
    assert_eq!(guard.held(), []);
}

fn kinds(guard: &mut Guard) -> Vec<NewsKind> {
    guard.take_news().into_iter().map(|news| news.kind).collect()
}

/// FND-C10: the annotation that used it up may still be there, and setting it again would change nothing.
#[test]
fn a_name_that_was_approved_is_not_that_of_what_is_held_later() {
    let mut guard = guard(60, LIMITS);
    wish(&mut guard, 0..30, |n| all(Cause::Objects, n), later(0));
    guard.judge(later(500), |_| false);
    let id = only_id(&mut guard, later(500));
    guard.set_approval(Some(&id));
    assert_eq!(guard.judge(later(5000), |_| false).approved.len(), 30);
    for number in 0..30 {
        guard.finished(&fqdn(number), false, later(6000));
        guard.done(&fqdn(number));
        guard.finished(&fqdn(number), true, later(20_000));
    }
    wish(&mut guard, 0..30, |n| all(Cause::Objects, n), later(200_000));
    assert_eq!(judged(&mut guard, later(200_000)), (0, 30));
    let again = only_id(&mut guard, later(200_500));
    assert_ne!(again, id);
    guard.set_approval(Some(&again));
    assert_eq!(guard.judge(later(210_000), |_| false).approved.len(), 30);
}

/// DEL-07
#[test]
fn an_approval_that_was_not_carried_out_counts_in_the_next_session() {
    let mut guard = guard(10, LIMITS);
    wish(&mut guard, 0..10, |n| all(Cause::Policy, n), later(0));
    guard.judge(later(500), |_| false);
    let id = only_id(&mut guard, later(500));
    guard.set_approval(Some(&id));
    assert_eq!(guard.judge(later(5000), |_| false).approved.len(), 10);
    guard.restart();
    guard.listed((0..10).map(fqdn).collect(), later(10_000));
    wish(&mut guard, 0..10, |n| all(Cause::Policy, n), later(10_000));
    assert_eq!(judged(&mut guard, later(10_000)), (0, 10));
    assert_eq!(only_id(&mut guard, later(10_500)), id);
    assert_eq!(guard.judge(later(15_000), |_| false).approved.len(), 10);
}

/// FND-C10
#[test]
fn what_is_not_wished_for_any_more_is_told_as_withdrawn() {
    let mut guard = guard(60, LIMITS);
    wish(&mut guard, 0..30, |n| all(Cause::Objects, n), later(0));
    guard.judge(later(500), |_| false);
    only_id(&mut guard, later(500));
    assert_eq!(kinds(&mut guard), [NewsKind::Held]);
    (0..30).for_each(|number| guard.leave(&fqdn(number), later(9000)));
    guard.judge(later(9000) + FORM, |_| false);
    assert_eq!((kinds(&mut guard), guard.held()), (vec![NewsKind::Withdrawn], vec![]));
}

/// DEL-06
#[test]
fn other_limits_are_applied_to_what_is_held() {
    let mut guard = guard(60, LIMITS);
    wish(&mut guard, 0..30, |n| all(Cause::Objects, n), later(0));
    guard.judge(later(500), |_| false);
    for (percent, count, expected) in [(49, 29, (0, 30)), (50, 29, (30, 0))] {
        guard.set_limits(Limits { max_percent: percent, max_count: count });
        assert_eq!(judged(&mut guard, later(60_000 + u64::from(percent))), expected, "{percent} %");
    }
}

/// DEL-06
#[test]
fn what_was_let_go_and_has_not_begun_is_taken_back_when_more_follows() {
    let mut guard = guard(60, LIMITS);
    wish(&mut guard, 0..8, |n| all(Cause::Objects, n), later(0));
    assert_eq!(guard.judge(later(500), |_| false).go, fqdns(0..8));
    wish(&mut guard, 8..20, |n| all(Cause::Objects, n), later(600));
    let judgement = guard.judge(later(1100), |fqdn| **fqdn >= *"app04.example.org");
    let kept: Vec<Arc<str>> =
        judgement.keep.into_iter().map(|(fqdn, _)| fqdn).collect::<BTreeSet<_>>().into_iter().collect();
    assert_eq!(kept, fqdns(4..20));
}

/// DEL-06: whatever was asked before a new session is asked again.
#[test]
fn a_new_session_holds_the_same_again() {
    let mut guard = guard(10, LIMITS);
    wish(&mut guard, 0..10, |n| all(Cause::Policy, n), later(0));
    guard.judge(later(500), |_| false);
    let id = only_id(&mut guard, later(500));
    guard.restart();
    guard.listed((0..10).map(fqdn).collect(), later(10_000));
    wish(&mut guard, 0..10, |n| all(Cause::Policy, n), later(10_000));
    assert_eq!(judged(&mut guard, later(10_000)), (0, 10));
    assert_eq!(only_id(&mut guard, later(10_500)), id);
}
