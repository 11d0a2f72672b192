//! A monitor that has to be remade under its name, and a controller that refuses what would stand in for it.

use crate::support::objects::{apply, service};
use crate::support::status::{host_rule, rule};
use crate::support::{LEADER, World, outcomes};
use amko_lab::avi::Fault;
use serde_json::{Value, json};
use std::time::Duration;

const DB: &str = "db.example.org";

/// An operator with one service, whose monitor is about to ask another port.
async fn with_database() -> World {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), service("db", DB, "10.1.0.9", &[(80, "TCP")]));
    apply(world.home(), host_rule("db-rule", json!({"fqdn": DB})));
    world.start().await;
    world
}

/// So many health monitors are refused, whatever they are.
fn refuse_monitors(world: &World, times: u32) {
    let refusal = Fault::once(LEADER, "/api/healthmonitor", 400, r#"{"error": "of the test"}"#);
    world.avi.inject(Fault { method: Some("POST".into()), times, ..refusal });
}

fn another_port(world: &World) {
    apply(world.cluster("ctx-a"), service("db", DB, "10.1.0.9", &[(81, "TCP")]));
}

/// The ports that the monitors on the controller ask, and how many the service refers to.
fn monitored(world: &World) -> (Vec<Value>, usize) {
    let ports = world.on_controller(LEADER, "healthmonitor");
    let own = world.monitor_names();
    let ports = own.iter().map(|name| ports[name]["monitor_port"].clone()).collect();
    let refers = world.on_controller(LEADER, "gslbservice")[DB]["health_monitor_refs"].as_array().map_or(0, Vec::len);
    (ports, refers)
}

const POST: &str = "POST healthmonitor";
const DELETE: &str = "DELETE healthmonitor/<uuid>";
const PUT: &str = "PUT gslbservice/<uuid>";

/// FND-G1
#[tokio::test(start_paused = true)]
async fn a_monitor_is_remade_although_what_stands_in_for_it_is_refused() {
    let world = with_database().await;
    refuse_monitors(&world, 1);
    let writes = world.writes_after(another_port).await;
    assert_eq!(outcomes(&writes), [(POST, 400), (PUT, 200), (DELETE, 204), (POST, 201), (PUT, 200)]);
    assert_eq!(monitored(&world), (vec![json!(81)], 1));
}

/// FND-G1, FND-E1: what is behind it goes on, and the full read tries it again.
#[tokio::test(start_paused = true)]
async fn a_monitor_that_is_refused_under_every_name_is_left_out_and_told() {
    let world = with_database().await;
    refuse_monitors(&world, 3);
    let writes = world.writes_after(another_port).await;
    assert_eq!(outcomes(&writes), [(POST, 400), (PUT, 200), (DELETE, 204), (POST, 400), (PUT, 200)]);
    assert_eq!(monitored(&world), (vec![], 0));
    let status = rule(&world, "db-rule").unwrap()["status"]["service"].clone();
    let limitation = status["limitations"][0].as_str().unwrap();
    assert!(limitation.contains("is left out") && limitation.contains("of the test"), "{status}");

    let mut more = service("db", DB, "10.2.0.9", &[(81, "TCP")]);
    more["metadata"]["name"] = json!("db");
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-b"), more))).await;
    assert_eq!(outcomes(&writes), [(PUT, 200)], "the controller is asked nothing that it has refused");

    // Virtual: two full reads, the first of which is refused once more.
    tokio::time::sleep(Duration::from_secs(3700)).await;
    world.settle().await;
    assert_eq!(world.on_controller(LEADER, "gslbservice")[DB]["health_monitor_refs"].as_array().map(Vec::len), Some(1));
}
