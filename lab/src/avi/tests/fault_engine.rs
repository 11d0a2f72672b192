//! Faults ordered by name: which requests they strike, in which phase, and for how long.

use super::super::{FaultListing, FaultOrder};
use super::*;

/// Statuses of requests, with 503 for those that were struck.
async fn statuses(client: &mut Client, requests: &[(&str, &str)]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for (method, path) in requests {
        statuses.push(client.send(method, path, "").await.status);
    }
    statuses
}

fn errors() -> FaultOrder {
    FaultOrder::new("server-error")
}

/// A world with one such fault, and a client of `alpha` that logged in before.
async fn struck_by(order: FaultOrder) -> (AviWorld, Client) {
    let world = AviWorld::new(two_sites());
    let client = Client::logged_in(&world, "alpha").await;
    world.add_fault(&order).unwrap();
    (world, client)
}

#[tokio::test(start_paused = true)]
async fn method_and_path_and_tenant_say_which_requests_are_struck() {
    let requests =
        [("GET", "/api/gslb"), ("GET", "//api/gslbservice/"), ("GET", "/api/healthmonitor"), ("DELETE", "/api/gslb/x")];
    let table = [
        (errors(), [503, 503, 503, 503]),
        (errors().with("method", "delete"), [200, 200, 200, 503]),
        (errors().with("path", "/api/gslb"), [503, 503, 200, 503]),
        (errors().with("path", "/api/*monitor"), [200, 200, 503, 200]),
        (errors().with("path", "*/gslb*s*"), [200, 503, 200, 200]),
        (errors().with("path", "/api/gslb/*"), [200, 200, 200, 503]),
        (errors().with("tenant", "admin"), [200, 200, 200, 200]),
        (errors().on("beta"), [200, 200, 200, 200]),
        (errors().on("alpha"), [503, 503, 503, 503]),
    ];
    for (order, expected) in table {
        let (_world, mut client) = struck_by(order.clone()).await;
        let mut got = statuses(&mut client, &requests).await;
        // Nothing has the uuid `x`, and a GSLB cannot be deleted.
        got.iter_mut().filter(|status| **status == 405).for_each(|status| *status = 200);
        assert_eq!(got, expected, "{order:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_tenant_is_matched_by_its_header() {
    let (_world, mut client) = struck_by(errors().with("tenant", "*")).await;
    assert_eq!(client.get("/api/gslb").await.status, 200);
    client.headers.insert("x-avi-tenant", "*".into());
    assert_eq!(client.get("/api/gslb").await.status, 503);
}

#[tokio::test(start_paused = true)]
async fn a_session_is_picked_by_age_or_number() {
    for (pick, expected) in [("oldest", [503, 200]), ("newest", [200, 503]), ("1", [503, 200]), ("2", [200, 503])] {
        let (world, mut first) = struck_by(errors().with("session", pick).with("path", "/api")).await;
        let mut second = Client::logged_in(&world, "alpha").await;
        let got = [first.get("/api/gslb").await.status, second.get("/api/gslb").await.status];
        assert_eq!(got, expected, "{pick}");
        assert_eq!(Client::stranger(&world, "alpha").get("/api/initial-data").await.status, 200, "{pick}");
    }
}

#[tokio::test(start_paused = true)]
async fn some_requests_go_through_first_then_each_nth_is_struck_until_it_was_enough() {
    let order = errors().with("skip", 2).with("every", 3).with("times", 2);
    let (world, mut client) = struck_by(order).await;
    let got = statuses(&mut client, &[("GET", "/api/gslb"); 10]).await;
    assert_eq!(got, [200, 200, 503, 200, 200, 503, 200, 200, 200, 200]);
    assert_eq!(world.faults(), []);
}

#[tokio::test(start_paused = true)]
async fn chance_strikes_the_same_requests_for_the_same_seed() {
    let run = |seed: u64, probability: &'static str| async move {
        let world = AviWorld::new(AviWorldConfig { chance: Chance::seeded(seed), ..two_sites() });
        let mut client = Client::logged_in(&world, "alpha").await;
        world.add_fault(&errors().with("probability", probability)).unwrap();
        statuses(&mut client, &[("GET", "/api/gslb"); 200]).await
    };
    let first = run(7, "0.25").await;
    assert_eq!(first, run(7, "0.25").await);
    assert_ne!(first, run(8, "0.25").await);
    let struck = first.iter().filter(|status| **status == 503).count();
    assert!((30..70).contains(&struck), "{struck} of 200");
    assert_eq!(run(7, "0").await, [200; 200]);
}

#[tokio::test(start_paused = true)]
async fn a_fault_ends_on_the_clock_of_the_world() {
    let (world, mut client) = struck_by(errors().with("for", "60s")).await;
    pass(59).await;
    assert_eq!((client.get("/api/gslb").await.status, world.faults().len()), (503, 1));
    pass(1).await;
    assert_eq!((client.get("/api/gslb").await.status, world.faults().len()), (200, 0));
}

#[tokio::test(start_paused = true)]
async fn the_phase_says_how_far_a_request_gets() {
    for (phase, names, session_used) in
        [("before-read", vec![], false), ("before-commit", vec![], true), ("after-commit", vec!["shop"], true)]
    {
        let (world, mut client) = struck_by(errors().with("phase", phase).with("times", 1)).await;
        // A session lives for 15 minutes after its last use.
        pass(14 * 60).await;
        assert_eq!(client.post("/api/gslbservice", &service("shop")).await.status, 503, "{phase}");
        assert_eq!(service_names(&world, "alpha"), names, "{phase}");
        pass(2 * 60).await;
        let expected = if session_used { 200 } else { 401 };
        assert_eq!(client.get("/api/gslb").await.status, expected, "{phase}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_several_faults_the_first_gives_the_answer_and_delays_add_up() {
    let (world, mut client) = struck_by(errors().with("status", 500)).await;
    world.add_fault(&errors().with("status", 502)).unwrap();
    world.add_fault(&FaultOrder::new("slow-answer").with("delay", "3s")).unwrap();
    world.add_fault(&FaultOrder::new("slow-answer").with("delay", "4s").with("phase", "before-read")).unwrap();
    let start = tokio::time::Instant::now();
    assert_eq!(client.get("/api/gslb").await.status, 500);
    assert_eq!(start.elapsed(), Duration::from_secs(7));
    assert_eq!(world.faults().iter().map(|fault| fault.struck).collect::<Vec<_>>(), [1, 0, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn faults_are_listed_until_they_are_cleared() {
    let (world, mut client) = struck_by(errors().on("alpha").with("status", 502)).await;
    let second = world.add_fault(&FaultOrder::new("silence").with("path", "/none")).unwrap();
    client.get("/api/gslb").await;
    let options = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    let expected = [
        FaultListing {
            id: 1,
            name: "server-error".into(),
            target: Some("alpha".into()),
            options: options("status", "502"),
            struck: 1,
        },
        FaultListing { id: 2, name: "silence".into(), target: None, options: options("path", "/none"), struck: 0 },
    ];
    assert_eq!(world.faults(), expected);
    world.clear_fault(1).unwrap();
    assert_eq!(world.clear_fault(1), Err("there is no fault 1".into()));
    assert_eq!((second, world.faults()), (2, expected[1..].to_vec()));
    assert_eq!(client.get("/api/gslb").await.status, 200);
    world.clear_faults();
    assert_eq!(world.faults(), []);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_ordered_is_refused_with_what_can() {
    let world = AviWorld::new(two_sites());
    let problem = |order: FaultOrder| world.add_fault(&order).unwrap_err();
    let unknown = problem(FaultOrder::new("flood"));
    assert!(unknown.starts_with("there is no fault \"flood\"; known are slow-answer, server-error, "), "{unknown}");
    let common = "method, path, tenant, session, skip, every, probability, phase, times, for";
    for (order, expected) in [
        (
            errors().with("stat", 1),
            format!("fault server-error has no option \"stat\"; it takes status, retry-after, {common}"),
        ),
        (errors().on("gamma"), "\"gamma\" has no controller; known sites are alpha, beta".into()),
        (errors().with("status", "200"), "option status of server-error: \"200\" is no status from 400 to 599".into()),
        (errors().with("times", "x"), "option times of server-error: \"x\" cannot be read".into()),
        (errors().with("for", "soon"), "option for of server-error: \"soon\" is no duration".into()),
        (errors().with("probability", "2"), "option probability of server-error: \"2\" is not from 0 to 1".into()),
        (
            errors().with("session", "x"),
            "option session of server-error: \"x\" is neither a number, oldest nor newest".into(),
        ),
        (
            errors().with("phase", "late"),
            "option phase of server-error: \"late\" is none of before-read, before-commit, after-commit".into(),
        ),
        (
            FaultOrder::new("refuse-connections").with("times", 1),
            "option times has no effect: refuse-connections strikes connections, not requests".into(),
        ),
    ] {
        assert_eq!(problem(order), expected);
    }
    assert_eq!(world.faults(), []);
}

#[test]
fn every_fault_of_the_catalogue_can_be_ordered_as_it_is() {
    let names: Vec<&str> = super::super::faults::catalogue::all().iter().map(|entry| entry.name).collect();
    let world = AviWorld::new(two_sites());
    for name in &names {
        world.add_fault(&FaultOrder::new(name)).unwrap();
    }
    let distinct: std::collections::BTreeSet<&&str> = names.iter().collect();
    assert_eq!((world.faults().len(), distinct.len()), (names.len(), names.len()));
}
