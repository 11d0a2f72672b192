//! The queue on a clock of its own.

mod order;
mod properties;

use super::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

type Fqdn = std::sync::Arc<str>;

const CHANGE: Class = Class { urgency: Urgency::Interactive, removal: Removal::No };
const REMOVAL: Class = Class { urgency: Urgency::Interactive, removal: Removal::Guarded };
const BULK: Class = Class { urgency: Urgency::Bulk, removal: Removal::No };
const BULK_REMOVAL: Class = Class { urgency: Urgency::Bulk, removal: Removal::Approved };

const BACKOFF: Outcome = Outcome::Failed { pace: Pace::Backoff, retry_after: None };
const AT_ONCE: Outcome = Outcome::Failed { pace: Pace::AtOnce, retry_after: None };
const SLOW: Outcome = Outcome::Failed { pace: Pace::Slow, retry_after: None };
const HUMAN: Outcome = Outcome::Failed { pace: Pace::Human, retry_after: None };

/// A queue with its clock and chance.
struct Bench {
    queue: Queue<Fqdn, u8>,
    now: Instant,
    rng: StdRng,
}

impl Bench {
    fn new() -> Self {
        let now = Instant::now();
        Self { queue: Queue::new(RetryPolicy::default(), now), now, rng: StdRng::seed_from_u64(1) }
    }

    fn push(&mut self, fqdn: &str, item: u8, class: Class) {
        self.queue.push(fqdn.into(), item, class, self.now);
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
    }

    fn pop(&mut self) -> Option<(String, u8)> {
        self.queue.ripen(self.now);
        self.queue.pop().map(|(fqdn, item)| (fqdn.to_string(), item))
    }

    /// Everything that may be served now, in order; each is served at once.
    fn drain(&mut self) -> Vec<String> {
        let mut served = Vec::new();
        while let Some((fqdn, _)) = self.pop() {
            self.finish(&fqdn, Outcome::Done);
            served.push(fqdn);
        }
        served
    }

    fn finish(&mut self, fqdn: &str, outcome: Outcome) {
        self.queue.finished(&fqdn.into(), outcome, self.now, &mut self.rng);
    }

    /// Pushes it, waits for its turn and lets it end so; how long it had to wait.
    fn turn(&mut self, fqdn: &str, outcome: Outcome) -> Duration {
        self.push(fqdn, 0, BULK);
        let before = self.now;
        self.queue.ripen(self.now);
        if let Some(deadline) = self.queue.next_deadline() {
            self.now = self.now.max(deadline);
        }
        assert_eq!(self.pop(), Some((fqdn.to_owned(), 0)));
        self.finish(fqdn, outcome);
        self.now - before
    }

    fn quarantined(&self) -> Vec<(String, u32)> {
        self.queue.quarantined().map(|(fqdn, failures)| (fqdn.to_string(), failures)).collect()
    }
}

#[test]
fn first_come_is_first_served() {
    let mut bench = Bench::new();
    bench.push("b", 1, BULK);
    bench.push("a", 2, BULK);
    assert_eq!(bench.pop(), Some(("b".into(), 1)));
    assert_eq!(bench.pop(), Some(("a".into(), 2)));
    assert_eq!(bench.pop(), None);
}

#[test]
fn one_fqdn_is_served_once_at_a_time_and_waits_once() {
    let mut bench = Bench::new();
    bench.push("a", 1, BULK);
    bench.pop();
    bench.push("a", 2, BULK);
    bench.push("a", 3, CHANGE);
    assert_eq!((bench.pop(), bench.queue.waiting()), (None, 1), "the first is still in flight");
    bench.finish("a", Outcome::Done);
    assert_eq!(bench.pop(), Some(("a".into(), 3)));
    bench.finish("a", Outcome::Done);
    assert_eq!(bench.pop(), None);
}

/// REST-01.
#[test]
fn a_failing_fqdn_waits_and_does_not_hold_up_others() {
    let mut bench = Bench::new();
    bench.push("a", 1, BULK);
    bench.pop();
    bench.finish("a", Outcome::Failed { pace: Pace::Backoff, retry_after: Some(Duration::from_secs(5)) });
    bench.push("a", 1, BULK);
    bench.push("b", 2, BULK);
    assert_eq!(bench.pop(), Some(("b".into(), 2)));
    assert_eq!(bench.pop(), None);
    let deadline = bench.queue.next_deadline().unwrap();
    assert!(deadline >= bench.now + Duration::from_secs(5) && deadline <= bench.now + Duration::from_millis(5500));
    bench.now = deadline;
    assert_eq!(bench.pop(), Some(("a".into(), 1)));
}

#[test]
fn success_forgets_earlier_failures() {
    let mut bench = Bench::new();
    for _ in 0..8 {
        bench.turn("a", BACKOFF);
    }
    bench.turn("a", Outcome::Done);
    assert_eq!((bench.turn("a", Outcome::Done), bench.quarantined()), (Duration::ZERO, vec![]));
}

/// Nothing else may hold it when the controller is well again by the time it is told.
#[test]
fn an_interrupted_one_goes_on_within_half_a_second_and_does_not_spin() {
    let mut bench = Bench::new();
    for _ in 0..100 {
        let started = bench.now;
        bench.turn("a", Outcome::Interrupted);
        assert!(bench.now - started <= Duration::from_millis(500));
    }
    let started = bench.now;
    for _ in 0..100 {
        bench.turn("a", Outcome::Interrupted);
    }
    assert!(bench.now - started > Duration::from_secs(10), "{:?}", bench.now - started);
    assert_eq!(bench.quarantined(), []);
}

#[test]
fn a_delay_that_is_over_is_no_deadline_although_nobody_was_served() {
    let mut bench = Bench::new();
    bench.push("a", 1, BULK);
    bench.pop();
    bench.finish("a", BACKOFF);
    bench.push("a", 1, BULK);
    let later = bench.queue.next_deadline().unwrap();
    bench.queue.ripen(later);
    let queue = &bench.queue;
    assert_eq!((queue.next_deadline(), queue.waiting(), queue.delayed()), (None, 1, 0));
}

#[test]
fn reading_between_failures_does_not_start_the_backoff_over() {
    let mut bench = Bench::new();
    let started = bench.now;
    for _ in 0..12 {
        for outcome in [BACKOFF, Outcome::Read] {
            bench.turn("a", outcome);
        }
    }
    assert!(bench.now - started > Duration::from_secs(30), "{:?}", bench.now - started);
    assert_eq!(bench.quarantined(), [("a".to_owned(), 12)], "nor does it end the quarantine");
}

#[test]
fn old_failures_are_forgotten_once_nothing_waits() {
    let mut bench = Bench::new();
    for _ in 0..QUARANTINE {
        bench.turn("a", BACKOFF);
    }
    bench.push("a", 1, BULK);
    bench.queue.ripen(bench.now + FORGET * 3);
    assert_eq!(bench.quarantined(), [("a".to_owned(), 5)], "it waits");
    bench.queue.withdraw(&"a".into());
    assert_eq!((bench.quarantined(), bench.queue.streaks.len()), (vec![], 1), "it may come again at once");
    bench.push("a", 1, BULK);
    assert_eq!(bench.quarantined(), [("a".to_owned(), 5)]);
    bench.queue.withdraw(&"a".into());
    bench.queue.ripen(bench.now + FORGET * 6);
    assert_eq!(bench.queue.streaks.len(), 0);
}

/// REST-02: each failure has its pause, and the pauses of a Slow or Human one end when its objects change.
#[test]
fn new_input_is_tried_after_the_usual_delay_since_the_last_failure() {
    for outcome in [SLOW, HUMAN] {
        let mut bench = Bench::new();
        bench.turn("a", outcome);
        bench.push("a", 1, BULK);
        assert!(bench.queue.next_deadline().unwrap() > bench.now + Duration::from_secs(20), "{outcome:?}");
        assert!(bench.queue.standing(&"a".into()).patient);
        bench.push("a", 2, CHANGE);
        bench.wait(Duration::from_millis(500));
        assert_eq!((bench.pop(), bench.queue.delayed()), (Some(("a".into(), 2)), 0), "{outcome:?}");
    }
}

/// REST-02: at most five rounds, then as after any other failure.
#[test]
fn a_conflict_is_tried_again_at_once_and_five_times_at_most() {
    let mut bench = Bench::new();
    let waits: Vec<Duration> = (0..16).map(|_| bench.turn("a", AT_ONCE)).collect();
    let (at_once, later) = waits.split_at(6);
    assert!(at_once.iter().all(|wait| *wait <= Duration::from_millis(100)), "{at_once:?}");
    assert!(later.iter().sum::<Duration>() > Duration::from_secs(20), "{later:?}");
}

/// REST-01.
#[test]
fn five_failures_in_a_row_mean_quarantine_until_the_first_success() {
    for outcome in [BACKOFF, AT_ONCE, SLOW, HUMAN] {
        let mut bench = Bench::new();
        for failures in 1..=7 {
            bench.turn("a", outcome);
            let expected = if failures < 5 { vec![] } else { vec![("a".to_owned(), failures)] };
            assert_eq!(bench.quarantined(), expected, "{outcome:?}");
            assert_eq!(bench.queue.standing(&"a".into()).quarantined, failures >= 5);
        }
        bench.turn("a", Outcome::Interrupted);
        assert_eq!(bench.quarantined(), [("a".to_owned(), 7)], "an outage is nobody's failure, nor a success");
        bench.turn("a", Outcome::Done);
        assert_eq!((bench.quarantined(), bench.queue.standing(&"a".into())), (vec![], Standing::default()));
    }
}

/// REST-01.
#[test]
fn those_in_quarantine_have_two_places_at_most() {
    let mut bench = Bench::new();
    for fqdn in ["a", "b", "c", "d"] {
        for _ in 0..QUARANTINE {
            bench.turn(fqdn, BACKOFF);
        }
    }
    for fqdn in ["a", "b", "c", "d", "e", "f"] {
        bench.push(fqdn, 0, BULK);
    }
    bench.wait(Duration::from_secs(60));
    let popped: Vec<String> = std::iter::from_fn(|| bench.pop()).map(|(fqdn, _)| fqdn).collect();
    assert_eq!(popped.len(), 4, "{popped:?}");
    assert_eq!(popped[..2], ["e", "f"]);
    assert_eq!(bench.queue.waiting(), 2);
    bench.finish(&popped[2], BACKOFF);
    assert!(bench.pop().is_some_and(|(fqdn, _)| !popped.contains(&fqdn)));
    assert_eq!(bench.pop(), None);
}

#[test]
fn who_has_waited_longest_is_known_and_pauses_do_not_count() {
    let mut bench = Bench::new();
    assert_eq!(bench.queue.waiting_since(), None);
    bench.turn("failed", BACKOFF);
    bench.push("failed", 1, BULK);
    assert_eq!((bench.queue.waiting_since(), bench.queue.delayed()), (None, 1));
    let (started, second) = (bench.now, Duration::from_secs(1));
    bench.push("a", 1, BULK);
    bench.wait(second);
    bench.push("b", 1, CHANGE);
    bench.push("a", 2, BULK_REMOVAL);
    assert_eq!(bench.queue.waiting_since(), Some(started), "it still waits since then");
    let depth = bench.queue.depth();
    assert_eq!(depth.into_iter().collect::<Vec<_>>(), [((Urgency::Interactive, false), 1), ((Urgency::Bulk, true), 1)]);
    bench.wait(second);
    assert_eq!(bench.drain().len(), 3);
    bench.push("c", 1, BULK);
    bench.pop();
    bench.push("c", 2, BULK);
    assert_eq!(bench.queue.waiting_since(), Some(bench.now), "it waits for itself");
}
