//! The decision function of the supervisor, without actors.

use super::restart::{Exit, RARELY, RestartPolicy, RestartTable, Verdict};
use crate::retry::RetryPolicy;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::time::Duration;
use tokio::time::Instant;

const WINDOW: Duration = Duration::from_secs(60);

fn table(limit: Option<usize>) -> (RestartTable<&'static str>, StdRng) {
    let backoff = RetryPolicy { start: Duration::from_millis(100), cap: Duration::from_secs(5) };
    (RestartTable::new(RestartPolicy { backoff, window: WINDOW, limit }), StdRng::seed_from_u64(7))
}

fn failed() -> Exit {
    Exit::Failed("boom".into())
}

#[test]
fn a_failed_child_is_restarted_within_its_backoff_bound() {
    let (mut table, mut rng) = table(None);
    let now = Instant::now();
    for (attempt, bound) in [100, 200, 400, 800, 1600, 3200, 5000, 5000].into_iter().enumerate() {
        let generation = table.started(&"a");
        let verdict = table.exited(&"a", generation, failed(), now, &mut rng);
        let Verdict::Restart { after, generation: ordered } = verdict else { panic!("attempt {attempt}: {verdict:?}") };
        assert_eq!(ordered, generation);
        assert!(after <= Duration::from_millis(bound), "attempt {attempt} waits {after:?}, at most {bound} ms");
    }
}

#[test]
fn a_child_that_stopped_as_told_stays_down() {
    let (mut table, mut rng) = table(None);
    let generation = table.started(&"a");
    assert_eq!(table.exited(&"a", generation, Exit::Stopped, Instant::now(), &mut rng), Verdict::Ignore);
}

#[test]
fn the_exit_of_an_earlier_incarnation_is_ignored() {
    let (mut table, mut rng) = table(None);
    let old = table.started(&"a");
    let new = table.started(&"a");
    assert_eq!(table.exited(&"a", old, failed(), Instant::now(), &mut rng), Verdict::Ignore);
    assert!(!table.wants_restart(&"a", new), "the newer incarnation still runs");
}

#[test]
fn a_stale_restart_order_is_refused() {
    let (mut table, mut rng) = table(None);
    let first = table.started(&"a");
    table.exited(&"a", first, failed(), Instant::now(), &mut rng);
    assert!(table.wants_restart(&"a", first));
    let second = table.started(&"a");
    assert!(!table.wants_restart(&"a", first), "the child came up in between");
    table.exited(&"a", second, failed(), Instant::now(), &mut rng);
    assert!(!table.wants_restart(&"a", first), "the order was for an earlier failure");
    table.remove(&"a");
    assert!(!table.wants_restart(&"a", second), "the child is not wanted any more");
}

/// FND-B7
#[test]
fn a_child_that_fails_too_often_is_tried_every_ten_minutes_until_it_is_forgiven_or_well() {
    let (mut table, mut rng) = table(Some(2));
    let now = Instant::now();
    for _ in 0..2 {
        let generation = table.started(&"a");
        assert!(matches!(table.exited(&"a", generation, failed(), now, &mut rng), Verdict::Restart { .. }));
        assert!(!table.rests(&"a"));
    }
    // Long after the window has forgotten the first failures it is still tried rarely.
    let mut at = now;
    for failures in [3, 1, 1] {
        let generation = table.started(&"a");
        let rarely = Verdict::Rarely { after: RARELY, generation, failures };
        assert_eq!(table.exited(&"a", generation, failed(), at, &mut rng), rarely);
        assert!(table.rests(&"a") && table.wants_restart(&"a", generation));
        at += RARELY;
    }
    table.forgive(&"a");
    assert!(!table.rests(&"a"));
    let generation = table.started(&"a");
    assert!(matches!(table.exited(&"a", generation, failed(), at, &mut rng), Verdict::Restart { .. }));
}

/// FND-B7
#[test]
fn a_child_that_was_well_for_as_long_as_a_window_is_restarted_soon_again() {
    let (mut table, mut rng) = table(Some(1));
    let now = Instant::now();
    let mut last = Verdict::Ignore;
    for _ in 0..2 {
        let generation = table.started(&"a");
        last = table.exited(&"a", generation, failed(), now, &mut rng);
    }
    assert!(matches!(last, Verdict::Rarely { .. }));
    let generation = table.started(&"a");
    let later = now + RARELY + WINDOW + Duration::from_secs(5);
    assert!(matches!(table.exited(&"a", generation, failed(), later, &mut rng), Verdict::Restart { .. }));
}

#[test]
fn failures_leave_the_window_and_siblings_do_not_share_it() {
    let (mut table, mut rng) = table(Some(1));
    let now = Instant::now();
    let a = table.started(&"a");
    table.exited(&"a", a, failed(), now, &mut rng);
    let b = table.started(&"b");
    assert!(matches!(table.exited(&"b", b, failed(), now, &mut rng), Verdict::Restart { .. }), "b has its own window");
    let a = table.started(&"a");
    let later = now + WINDOW + Duration::from_secs(1);
    assert!(
        matches!(table.exited(&"a", a, failed(), later, &mut rng), Verdict::Restart { .. }),
        "the first is forgotten"
    );
}

#[test]
fn the_view_tells_restarts_and_the_last_failure() {
    let (mut table, mut rng) = table(None);
    let generation = table.started(&"a");
    table.exited(&"a", generation, failed(), Instant::now(), &mut rng);
    table.started(&"a");
    let view = serde_json::to_value(table.view()).unwrap();
    assert_eq!(view, serde_json::json!({"a": {"up": true, "restarts": 1, "last_failure": "boom"}}));
}
