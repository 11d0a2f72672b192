//! The queue of a cluster, and what is remembered of endpoints: both without an actor.

use super::lane::{BURST, DEPTH, FIRST_SILENCE, LONGEST_SILENCE, Lane, MOMENT, Next, Put};
use super::told::{Step, Told};
use crate::core::endpoint::{Backend, Endpoint, EndpointKey, Kind};
use crate::core::occurrence::verdict::{Account, Standing, Verdict};
use crate::core::pairs::Pairs;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

fn second(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// Everything that may leave at this time.
fn drain(lane: &mut Lane<u64>, now: Instant) -> Vec<u64> {
    let mut sent = Vec::new();
    while let Next::Send { item, .. } = lane.next(now) {
        sent.push(item);
    }
    sent
}

#[test]
fn an_event_waits_a_moment_for_a_newer_one_about_the_same_thing() {
    let now = Instant::now();
    let mut lane = Lane::new(now);
    assert_eq!(lane.put(1, 10, now), Put::Waits);
    assert_eq!(lane.put(2, 20, now + MOMENT / 2), Put::Waits);
    assert_eq!(lane.put(1, 11, now + MOMENT / 2), Put::Replaced);
    assert_eq!(lane.next(now + MOMENT / 2), Next::At(now + MOMENT));
    assert_eq!(drain(&mut lane, now + MOMENT), [11]);
    assert_eq!(drain(&mut lane, now + MOMENT * 2), [20]);
    assert_eq!(lane.next(now + MOMENT * 2), Next::Idle);
}

#[test]
fn what_is_withdrawn_does_not_leave() {
    let now = Instant::now();
    let mut lane = Lane::new(now);
    lane.put(1, 10, now);
    lane.put(2, 20, now);
    lane.withdraw(1);
    assert_eq!(drain(&mut lane, now + MOMENT), [20]);
}

#[test]
fn what_left_was_dropped_or_withdrawn_leaves_nothing_behind_and_may_wait_again() {
    let now = Instant::now();
    let mut lane = Lane::new(now);
    assert_eq!([1, 2, 1].map(|id| lane.put(id, id, now)), [Put::Waits, Put::Waits, Put::Replaced]);
    lane.withdraw(1);
    assert_eq!((drain(&mut lane, now + MOMENT), lane.is_blank()), (vec![2], true));
    let later = now + MOMENT;
    assert_eq!([2, 1].map(|id| lane.put(id, id, later)), [Put::Waits, Put::Waits], "at the end of the queue");
    assert_eq!(drain(&mut lane, later + MOMENT), [2, 1]);
    lane.put(1, 1, later);
    assert_eq!((lane.fall_silent(later).0, lane.is_blank()), (vec![(1, 1)], true));
    lane.speak();
    lane.put(1, 1, later);
    lane.clear();
    assert!(lane.is_blank());
}

#[test]
fn a_burst_leaves_at_once_and_then_one_each_second() {
    let now = Instant::now();
    let mut lane = Lane::new(now);
    for id in 0..100 {
        lane.put(id, id, now);
    }
    let start = now + MOMENT;
    assert_eq!(drain(&mut lane, start).len(), BURST as usize);
    assert_eq!(lane.next(start), Next::At(start + second(1)));
    assert_eq!(drain(&mut lane, start + second(1)), [50]);
    assert_eq!(drain(&mut lane, start + second(4)), [51, 52, 53]);
    assert_eq!(drain(&mut lane, start + second(1000)).len(), 46);
    for id in 0..100 {
        lane.put(id, id, start + second(1000));
    }
    assert_eq!(drain(&mut lane, start + second(1001)).len(), 5, "not more than the bucket holds is saved up");
}

#[test]
fn too_many_that_wait_drop_the_oldest() {
    let now = Instant::now();
    let mut lane = Lane::new(now);
    let depth = u64::try_from(DEPTH).unwrap();
    assert!((0..depth).all(|id| lane.put(id, id, now) == Put::Waits));
    assert_eq!(lane.put(depth, depth, now), Put::Dropped { id: 0, oldest: 0 });
    assert_eq!(drain(&mut lane, now + MOMENT).first(), Some(&1));
}

/// DB-38
#[test]
fn a_cluster_that_refuses_events_is_left_alone_for_a_while_that_grows() {
    let now = Instant::now();
    let mut lane = Lane::new(now);
    lane.put(1, 10, now);
    assert_eq!(lane.fall_silent(now), (vec![(1, 10)], FIRST_SILENCE));
    assert_eq!(lane.put(2, 20, now + FIRST_SILENCE - second(1)), Put::Forbidden);
    assert_eq!(lane.put(2, 20, now + FIRST_SILENCE), Put::Waits);
    let silences: Vec<u64> = (0..7).map(|_| lane.fall_silent(now).1.as_secs()).collect();
    assert_eq!(silences, [30, 60, 120, 240, 480, 600, 600]);
    assert_eq!(lane.put(3, 30, now + LONGEST_SILENCE - second(1)), Put::Forbidden);
    lane.speak();
    assert_eq!(lane.put(3, 30, now), Put::Waits);
    assert_eq!(lane.fall_silent(now).1, FIRST_SILENCE, "it begins anew");
}

fn endpoint(name: &str) -> Arc<Endpoint> {
    Arc::new(Endpoint {
        key: EndpointKey {
            cluster: "ctx-a".into(),
            kind: Kind::Ingress,
            namespace: "shop".into(),
            name: name.into(),
            hostname: "web.example.org".into(),
        },
        global_fqdn: None,
        uid: None,
        addresses: IpAddr::from([10, 1, 0, 5]).into(),
        backend: Backend::Passthrough,
        virtual_service: None,
        labels: Pairs::default(),
        namespace_labels: Pairs::default(),
        namespace_tenant: None,
        object_tenant: None,
    })
}

fn account(standings: &[(&str, Standing)]) -> Account {
    let verdict = |(name, standing): &(&str, Standing)| Verdict {
        endpoint: endpoint(name),
        found: false,
        standing: standing.clone(),
    };
    Account {
        fqdn: "web.example.org".into(),
        speaks: true,
        made: true,
        verdicts: standings.iter().map(verdict).collect(),
    }
}

/// The ids and reasons of what is to be done.
fn steps(told: &mut Told, standings: &[(&str, Standing)]) -> Vec<(u64, &'static str)> {
    let steps = told.take(account(standings));
    let short = |step| match step {
        Step::Put { id, occurrence, .. } => (id, occurrence.reason.word()),
        Step::Withdraw(id) => (id, "withdraw"),
    };
    steps.into_iter().map(short).collect()
}

/// DB-38
#[test]
fn what_counts_is_what_has_left_and_what_waits_is_withdrawn_when_it_is_over() {
    let mut told = Told::default();
    let in_sync = || ("web", Standing::InSync("here".into()));
    let failing = || ("web", Standing::Failing("400".into()));
    let first = steps(&mut told, &[in_sync()]);
    let id = first[0].0;
    assert_eq!(first, [(id, "Programmed")]);
    assert_eq!(steps(&mut told, &[in_sync()]), [(id, "Programmed")], "it has not left yet");
    told.left("web.example.org", id);
    assert_eq!(steps(&mut told, &[in_sync()]), []);
    assert_eq!(steps(&mut told, &[failing()]), [(id, "NotProgrammed")]);
    assert_eq!(steps(&mut told, &[in_sync()]), [(id, "withdraw")], "over before anybody was told");
    assert_eq!(steps(&mut told, &[failing()]), [(id, "NotProgrammed")]);
    told.left("web.example.org", id);
    assert_eq!(steps(&mut told, &[in_sync()]), [(id, "Programmed")]);
}

#[test]
fn an_endpoint_that_goes_takes_its_event_and_its_record_along() {
    let mut told = Told::default();
    let both = [("web", Standing::InSync("here".into())), ("api", Standing::InSync("there".into()))];
    let first = steps(&mut told, &both);
    assert_eq!(first.iter().map(|(_, reason)| *reason).collect::<Vec<_>>(), ["Programmed", "Programmed"]);
    let (web, api) = (first[0].0, first[1].0);
    told.left("web.example.org", web);
    assert_eq!(steps(&mut told, &both[..1]), [(api, "withdraw")]);
    assert_eq!((steps(&mut told, &[]), told.is_blank()), (vec![], true));
    assert_eq!(steps(&mut told, &both[..1]), [(web, "Programmed")], "it is new again");
}
