//! Faults strike what they name, as often as they say, before or after the commit; latency takes time.

use super::super::{Fault, FaultAnswer};
use super::*;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn a_fault_before_the_commit_hides_the_request_from_the_controller() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    let busy = Fault {
        method: Some("POST".into()),
        times: 2,
        ..Fault::once("alpha", "/api/gslbservice", 503, "<html>busy</html>")
    };
    world.inject(busy);
    assert_eq!(client.get("/api/gslbservice").await.status, 200);
    for _ in 0..2 {
        let struck = client.post("//api/gslbservice/", &service("shop")).await;
        assert_eq!((struck.status, struck.body), (503, json!("<html>busy</html>")));
    }
    client.create("gslbservice", &service("shop")).await;
    assert_eq!(world.requests().iter().map(|record| record.status).collect::<Vec<_>>(), [200, 200, 503, 503, 201]);
}

#[tokio::test(start_paused = true)]
async fn a_fault_after_the_commit_leaves_the_write_in_place() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    world.inject(Fault {
        answer: FaultAnswer::BrokenBody,
        after_commit: true,
        ..Fault::once("alpha", "/api/gslbservice", 0, "")
    });
    let broken = client.post("/api/gslbservice", &service("shop")).await;
    assert_eq!(broken.body, json!(""));
    assert_eq!(service_names(&world, "alpha"), ["shop"]);
    assert_eq!(client.post("/api/gslbservice", &service("shop")).await.status, 409);
}

#[tokio::test(start_paused = true)]
async fn delays_pass_on_the_clock_of_the_world() {
    let world = AviWorld::new(AviWorldConfig { latency: Duration::from_millis(40), ..two_sites() });
    let mut client = Client::logged_in(&world, "alpha").await;
    let start = Instant::now();
    client.get("/api/gslb").await;
    let usual = start.elapsed();
    assert!(usual > Duration::from_millis(5) && usual < Duration::from_millis(400), "{usual:?}");
    let slow = Fault {
        answer: FaultAnswer::Truth,
        delay: Duration::from_secs(20),
        ..Fault::once("alpha", "/api/gslb", 0, "")
    };
    world.inject(slow);
    let start = Instant::now();
    assert_eq!(client.get("/api/gslb").await.status, 200);
    assert!(start.elapsed() >= Duration::from_secs(20));
}
