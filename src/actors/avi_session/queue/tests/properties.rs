//! What holds whatever happens.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const FQDNS: u8 = 6;

#[derive(Debug, Clone, Copy)]
enum Event {
    Push(u8, Class),
    Withdraw(u8),
    Pop,
    /// Of those being served, this one.
    Finish(u8, Outcome),
    Wait(Duration),
}

fn event() -> impl Strategy<Value = Event> {
    let class = prop::sample::select(vec![CHANGE, REMOVAL, BULK, BULK_REMOVAL]);
    let retry_after = Some(Duration::from_secs(3));
    let asked = Outcome::Failed { pace: Pace::Backoff, retry_after };
    let outcomes = vec![
        Outcome::Done,
        Outcome::Read,
        Outcome::Nothing,
        Outcome::Interrupted,
        BACKOFF,
        AT_ONCE,
        SLOW,
        HUMAN,
        HUMAN,
        asked,
    ];
    let outcome = prop::sample::select(outcomes);
    prop_oneof![
        4 => (0..FQDNS, class).prop_map(|(fqdn, class)| Event::Push(fqdn, class)),
        1 => (0..FQDNS).prop_map(Event::Withdraw),
        4 => Just(Event::Pop),
        3 => (0..FQDNS, outcome).prop_map(|(nth, outcome)| Event::Finish(nth, outcome)),
        2 => (0_u64..20_000).prop_map(|millis| Event::Wait(Duration::from_millis(millis))),
    ]
}

fn name(fqdn: u8) -> Fqdn {
    format!("f{fqdn}").into()
}

/// Everything that the queue holds for any key.
fn entries(queue: &Queue<Fqdn, u8>) -> usize {
    let indexed = queue.lanes.len() + queue.delayed.len();
    assert!(indexed <= queue.waiting.len(), "an index without an entry");
    queue.waiting.len() + queue.busy.len()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// DB-11: memory follows the number of FQDNs, each is served once at a time, and whoever waits is served in the
    /// end with the newest it brought.
    #[test]
    fn whatever_happens_the_queue_stays_small_and_nobody_is_lost(events in prop::collection::vec(event(), 0..400)) {
        let mut bench = Bench::new();
        let (mut serving, mut newest): (Vec<Fqdn>, BTreeMap<Fqdn, u8>) = (Vec::new(), BTreeMap::new());
        for (number, event) in events.into_iter().enumerate() {
            match event {
                Event::Push(fqdn, class) => {
                    let item = u8::try_from(number % 251).unwrap();
                    bench.push(&name(fqdn), item, class);
                    newest.insert(name(fqdn), item);
                }
                Event::Withdraw(fqdn) => {
                    bench.queue.withdraw(&name(fqdn));
                    newest.remove(&name(fqdn));
                }
                Event::Pop => {
                    bench.queue.ripen(bench.now);
                    prop_assert!(bench.queue.next_deadline().is_none_or(|at| at > bench.now));
                    if let Some((fqdn, item)) = bench.queue.pop() {
                        prop_assert_eq!(newest.remove(&fqdn), Some(item));
                        prop_assert!(!serving.contains(&fqdn));
                        serving.push(fqdn);
                    }
                }
                Event::Finish(nth, outcome) => {
                    if !serving.is_empty() {
                        let fqdn = serving.remove(usize::from(nth) % serving.len());
                        bench.finish(&fqdn, outcome);
                    }
                }
                Event::Wait(time) => bench.wait(time),
            }
            prop_assert!(entries(&bench.queue) <= usize::from(FQDNS) * 2);
            prop_assert!(bench.queue.streaks.len() <= usize::from(FQDNS));
            prop_assert_eq!(bench.queue.busy(), serving.len());
            prop_assert_eq!(bench.queue.waiting() + bench.queue.delayed(), newest.len());
            let depth: usize = bench.queue.depth().values().sum();
            prop_assert_eq!(depth, bench.queue.waiting());
            let quarantined = serving.iter().filter(|fqdn| bench.queue.standing(fqdn).quarantined).count();
            prop_assert!(quarantined <= 2);
        }
        for fqdn in std::mem::take(&mut serving) {
            bench.finish(&fqdn, Outcome::Done);
        }
        // As the session does: serve who may be served, otherwise sleep until the deadline.
        while !newest.is_empty() {
            match bench.pop() {
                Some((fqdn, item)) => {
                    prop_assert_eq!(newest.remove(&*fqdn), Some(item));
                    bench.finish(&fqdn, Outcome::Done);
                }
                None => {
                    let deadline = bench.queue.next_deadline();
                    prop_assert!(deadline.is_some_and(|at| at > bench.now), "{} wait for nothing", newest.len());
                    bench.now = deadline.unwrap();
                }
            }
        }
        prop_assert_eq!(entries(&bench.queue), 0);
    }
}
