//! The bucket alone, with tables and at random; then who goes first.

use super::*;
use futures::future::join_all;
use proptest::prelude::*;
use std::sync::Arc;

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// How many tokens there are at a moment.
fn drain(bucket: &mut Bucket, now: Instant) -> usize {
    (0..1000).take_while(|_| bucket.take(now).is_ok()).count()
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_one_seconds_worth_and_comes_back_at_the_rate() {
    let start = Instant::now();
    let mut bucket = Bucket::new(20, start);
    let table = [(0, 20), (49, 0), (50, 1), (150, 2), (650, 10), (650, 0), (5000, 20)];
    for (at, tokens) in table {
        assert_eq!(drain(&mut bucket, start + millis(at)), tokens, "at {at} ms");
    }
    assert_eq!(bucket.take(start + millis(5020)), Err(start + millis(5050)));
}

#[tokio::test(start_paused = true)]
async fn no_limit_is_no_limit_and_the_rate_can_change() {
    let start = Instant::now();
    let mut bucket = Bucket::new(0, start);
    assert_eq!((bucket.rate(start), drain(&mut bucket, start)), (0, 1000));
    bucket.configure(2);
    assert_eq!((bucket.rate(start), drain(&mut bucket, start)), (2, 2));
    bucket.configure(0);
    assert_eq!(drain(&mut bucket, start), 1000);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_given_back_is_there_again_and_one_that_could_not_wait_is_missing() {
    let start = Instant::now();
    let mut bucket = Bucket::new(5, start);
    assert_eq!(drain(&mut bucket, start), 5);
    bucket.give_back(start);
    assert_eq!(drain(&mut bucket, start), 1);
    bucket.count(start);
    assert_eq!(bucket.take(start), Err(start + millis(400)));
    bucket.give_back(start + seconds(10));
    assert_eq!(drain(&mut bucket, start + seconds(10)), 5, "a full bucket does not overflow");
}

/// F-32
#[tokio::test(start_paused = true)]
async fn what_may_be_done_at_once_follows_the_rate() {
    let start = Instant::now();
    for (configured, parts) in [(20, [8, 4, 6, 8]), (0, [8, 2, 2, 8]), (1, [8, 8, 8, 8])] {
        let mut bucket = Bucket::new(configured, start);
        let before = bucket.part(8, start);
        bucket.refused(start, None, start);
        let [now, soon, late] = [0, 5, 200].map(|after| bucket.part(8, start + seconds(after)));
        assert_eq!([before, now, soon, late], parts, "{configured} per second");
        assert_eq!((bucket.part(1, start), bucket.part(0, start)), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_halves_the_rate_and_each_quiet_second_gives_one_back() {
    let start = Instant::now();
    let mut bucket = Bucket::new(20, start);
    bucket.refused(start, None, start);
    let table = [(0, 10), (999, 10), (1000, 11), (5500, 15), (9999, 19), (10_000, 20), (60_000, 20)];
    for (at, rate) in table {
        assert_eq!(bucket.rate(start + millis(at)), rate, "at {at} ms");
    }
    let mut bucket = Bucket::new(20, start);
    for (refusal, rate) in (0..).zip([10, 5, 2, 1, 1, 1]) {
        let at = start + millis(refusal);
        bucket.refused(at, None, at);
        assert_eq!((bucket.rate(at), bucket.take(at).is_ok()), (rate, false), "refusal {refusal}");
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_of_requests_that_were_under_way_together_count_once() {
    let start = Instant::now();
    let mut bucket = Bucket::new(64, start);
    for sent in [0, 3, 5] {
        bucket.refused(start + millis(sent), None, start + millis(100));
    }
    assert_eq!(bucket.rate(start + millis(100)), 32);
    bucket.refused(start + millis(101), None, start + millis(200));
    assert_eq!(bucket.rate(start + millis(200)), 16);
}

#[tokio::test(start_paused = true)]
async fn the_controllers_wish_for_silence_holds_everybody_and_recovery_starts_after_it() {
    let start = Instant::now();
    let mut bucket = Bucket::new(20, start);
    bucket.refused(start, Some(seconds(30)), start);
    // A shorter wish of another answer does not end the longer one.
    bucket.refused(start, Some(seconds(1)), start + millis(10));
    assert_eq!(bucket.take(start + seconds(29)), Err(start + seconds(30)));
    assert_eq!((bucket.rate(start + seconds(30)), bucket.take(start + seconds(30))), (10, Ok(())));
    assert_eq!(bucket.rate(start + seconds(33)), 13);
    bucket.refused(start + seconds(40), Some(seconds(86_400)), start + seconds(40));
    assert_eq!(bucket.take(start + seconds(340)), Ok(()), "nobody is silent for a day");
}

#[tokio::test(start_paused = true)]
async fn a_client_without_a_limit_gets_one_for_a_while_when_it_is_refused() {
    let start = Instant::now();
    let mut bucket = Bucket::new(0, start);
    bucket.refused(start, None, start);
    let table = [(0, 20), (5, 25), (107, 127), (108, 0)];
    for (at, rate) in table {
        assert_eq!(bucket.rate(start + seconds(at)), rate, "after {at} s");
    }
    bucket.refused(start + seconds(1), None, start + seconds(1));
    assert_eq!(bucket.rate(start + seconds(1)), 10);
}

#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    Ask,
    Refuse(Option<u64>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..700_u64).prop_map(Step::Wait),
        30 => Just(Step::Ask),
        1 => proptest::option::of(0..5_u64).prop_map(Step::Refuse),
    ]
}

proptest! {
    #[test]
    fn no_span_of_time_sees_more_than_its_rate_and_one_burst(rate in 1..60_u32, steps in prop::collection::vec(step(), 1..400)) {
        let start = Instant::now();
        let (mut bucket, mut at, mut sent) = (Bucket::new(rate, start), 0, Vec::new());
        for step in steps {
            let now = start + millis(at);
            match step {
                Step::Wait(more) => at += more,
                Step::Ask => match bucket.take(now) {
                    Ok(()) => sent.push(at),
                    Err(until) => prop_assert!(until > now, "{until:?} is over at {now:?}"),
                },
                Step::Refuse(silence) => bucket.refused(now, silence.map(seconds), now),
            }
        }
        for first in 0..sent.len() {
            for last in first..sent.len() {
                let allowed = u64::from(rate) * (sent[last] - sent[first] + 1000);
                prop_assert!((last - first + 1) as u64 * 1000 <= allowed, "{rate}/s: {:?}", &sent[first..=last]);
            }
        }
    }
}

/// Asks for turns all at once and says in which order they were given.
async fn order(pacer: &Arc<Pacer>, callers: &[(Urgency, usize)]) -> Vec<(Urgency, usize)> {
    let turns = Arc::new(Mutex::new(Vec::new()));
    let calls = callers.iter().map(|caller| async {
        pacer.turn(caller.0).await;
        turns.lock().push(*caller);
    });
    join_all(calls).await;
    turns.lock().clone()
}

fn one_per_second() -> Arc<Pacer> {
    let pacer = Arc::new(Pacer::unlimited());
    pacer.set_rate(1);
    pacer
}

#[tokio::test(start_paused = true)]
async fn those_in_a_hurry_go_first_and_each_line_keeps_its_order() {
    use Urgency::{Bulk, Interactive};
    let pacer = one_per_second();
    pacer.turn(Bulk).await;
    let start = Instant::now();
    let callers = [(Bulk, 1), (Bulk, 2), (Interactive, 1), (Bulk, 3), (Interactive, 2)];
    let expected = [(Interactive, 1), (Interactive, 2), (Bulk, 1), (Bulk, 2), (Bulk, 3)];
    assert_eq!(order(&pacer, &callers).await, expected);
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn those_not_in_a_hurry_get_a_tenth_however_many_are() {
    use Urgency::{Bulk, Interactive};
    let pacer = one_per_second();
    pacer.turn(Bulk).await;
    let callers: Vec<_> = (0..25).map(|n| (Interactive, n)).chain([(Bulk, 1), (Bulk, 2)]).collect();
    let turns = order(&pacer, &callers).await;
    let places: Vec<_> = turns.iter().zip(1..).filter(|((urgency, _), _)| *urgency == Bulk).map(|(_, n)| n).collect();
    assert_eq!((turns.len(), places), (27, vec![10, 20]));
}

#[tokio::test(start_paused = true)]
async fn whoever_stops_waiting_holds_up_nobody() {
    let pacer = one_per_second();
    pacer.turn(Urgency::Bulk).await;
    let impatient = tokio::time::timeout(millis(300), pacer.turn(Urgency::Interactive));
    let waiting = pacer.turn(Urgency::Bulk);
    let start = Instant::now();
    let (impatient, ()) = tokio::join!(impatient, async {
        assert_eq!(pacer.pace().waiting, 1);
        waiting.await;
    });
    assert!(impatient.is_err());
    assert_eq!((start.elapsed(), pacer.pace()), (seconds(1), Pace { rate: 1, waiting: 0 }));
}
