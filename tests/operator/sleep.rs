//! Services that sleep: with more of them than actors may be awake, everything is done as if all were.
//!
//! Time is paused: a sleep is virtual and takes no time.

use crate::support::objects::{apply, delete_ingress, patch_config, policy, web};
use crate::support::{LEADER, World, lines};
use amko::actors::gs_actor::SyncState;
use amko::actors::gs_directory::{GsDirectoryMsg, views};
use amko::actors::operator::{Child, OperatorMsg};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::runtime::Handle;

const SERVICES: usize = 60;

fn fqdn(number: usize) -> String {
    format!("app{number}.example.org")
}

/// An operator with a service for each FQDN, in two clusters, and at most two actors awake.
async fn world_of_sleepers() -> World {
    let mut world = World::of_examples();
    world.awake = 2;
    patch_config(world.home(), json!({"spec": {"gslbLeader": {"requestsPerSecond": 0}}}));
    for number in 0..SERVICES {
        apply(world.cluster("ctx-a"), web(&format!("app{number}"), &format!("10.1.0.{number}")));
        apply(world.cluster("ctx-b"), web(&format!("app{number}"), &format!("10.2.0.{number}")));
    }
    world.start().await;
    world
}

fn ttls(world: &World) -> BTreeMap<String, Value> {
    let services = world.on_controller(LEADER, "gslbservice").into_iter();
    services.map(|(fqdn, service)| (fqdn, service["ttl"].clone())).collect()
}

fn all_with(ttl: &Value) -> BTreeMap<String, Value> {
    (0..SERVICES).map(|number| (fqdn(number), ttl.clone())).collect()
}

#[tokio::test(start_paused = true)]
async fn more_services_than_actors_may_be_awake_are_each_written_once() {
    let world = world_of_sleepers().await;
    let mut expected: Vec<String> = (0..SERVICES).map(fqdn).collect();
    expected.sort();
    assert_eq!(world.service_names(), expected);
    let writes = world.writes();
    let posts = |kind: &str| lines(&writes).iter().filter(|line| **line == format!("POST {kind}")).count();
    assert_eq!((posts("healthmonitor"), posts("gslbservice"), writes.len()), (SERVICES, SERVICES, 2 * SERVICES));
}

#[tokio::test(start_paused = true)]
async fn only_so_many_actors_are_alive_as_may_be_awake() {
    let sleepers = world_of_sleepers().await;
    let few = Handle::current().metrics().num_alive_tasks();
    drop(sleepers);
    assert!(few < SERVICES, "{few} tasks are alive, and one for each of {SERVICES} services would be more");
}

#[tokio::test(start_paused = true)]
async fn a_policy_reaches_services_that_sleep() {
    let world = world_of_sleepers().await;
    let writes =
        world.writes_after(|world| drop(apply(world.home(), policy(&["ctx-a", "ctx-b"], json!({"ttl": 77}))))).await;
    assert_eq!(lines(&writes), vec!["PUT gslbservice/<uuid>"; SERVICES]);
    assert_eq!(ttls(&world), all_with(&json!(77)));
}

#[tokio::test(start_paused = true)]
async fn a_change_wakes_the_one_service_that_it_is_about() {
    let world = world_of_sleepers().await;
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-b"), web("app7", "10.9.9.9")))).await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"]);
    assert_eq!(writes[0].body["name"], fqdn(7));
    let writes = world
        .writes_after(|world| {
            delete_ingress(world.cluster("ctx-a"), "app8");
            delete_ingress(world.cluster("ctx-b"), "app8");
        })
        .await;
    let deletes = lines(&writes);
    assert_eq!(deletes.iter().filter(|line| line.starts_with("DELETE")).count(), 2, "{deletes:?}");
    assert!(!world.service_names().contains(&fqdn(8)));
}

#[tokio::test(start_paused = true)]
async fn what_others_change_behind_a_sleeping_service_is_put_right_at_the_next_full_read() {
    let world = world_of_sleepers().await;
    assert!(world.avi.edit_object(LEADER, "gslbservice", &fqdn(5), |object| object["ttl"] = json!(3)));
    let before = world.avi.last_request();
    // Virtual time, past the refresh interval of 1800 s.
    tokio::time::sleep(Duration::from_secs(1801)).await;
    world.settle().await;
    assert_eq!(lines(&world.writes_since(before)), ["PUT gslbservice/<uuid>"]);
    assert_eq!(ttls(&world), all_with(&Value::Null));
}

#[tokio::test(start_paused = true)]
async fn services_that_sleep_are_shown_like_the_others() {
    let world = world_of_sleepers().await;
    let views = views(&world.links().directory).await.unwrap();
    let shown: BTreeMap<String, SyncState> = views.iter().map(|view| (view.fqdn.to_string(), view.state)).collect();
    assert_eq!(shown, (0..SERVICES).map(|number| (fqdn(number), SyncState::InSync)).collect());
}

#[tokio::test(start_paused = true)]
async fn a_service_that_fails_when_it_is_woken_is_started_again_and_is_no_restart_of_others() {
    let world = world_of_sleepers().await;
    let writes = world
        .writes_after(|world| {
            world.links().directory.cast(GsDirectoryMsg::Poison(Some(fqdn(9))));
            apply(world.cluster("ctx-a"), web("app9", "10.9.9.9"));
        })
        .await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"]);
    let restarted = world.links().board.read().restarted_services;
    let restarts: Vec<(&str, bool, u64)> =
        restarted.iter().map(|(fqdn, view)| (fqdn.as_str(), view.up, view.restarts)).collect();
    assert_eq!(restarts, [("app9.example.org", true, 1)]);
}

#[tokio::test(start_paused = true)]
async fn services_that_sleep_while_the_session_fails_are_read_again_and_go_on() {
    let world = world_of_sleepers().await;
    let writes = world.writes_after(|world| world.links().operator.cast(OperatorMsg::Poison(Child::AviSession))).await;
    assert_eq!(lines(&writes), Vec::<&str>::new());
    let views = views(&world.links().directory).await.unwrap();
    let states: Vec<SyncState> = views.iter().map(|view| view.state).collect();
    assert_eq!(states, vec![SyncState::InSync; SERVICES]);
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-b"), web("app7", "10.9.9.9")))).await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"]);
}
