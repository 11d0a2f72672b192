//! An idle controller is looked at every few seconds: that it is gone, or does not lead any more, is known soon, and so is
//! the end of it.

use crate::faults_support::{add, addresses, asked, fault, minutes, seconds, set_address, state};
use crate::support::objects::{apply, patch_config, web};
use crate::support::{LEADER, World};
use serde_json::json;
use std::time::Duration;

const PART: &str = "/api/gslb?fields=view_id,leader_cluster_uuid,maintenance_mode";

/// An operator with one service that has nothing to do, and looks at its controller.
async fn idle() -> World {
    let mut world = World::of_examples();
    world.heartbeat = Some(Duration::from_secs(10));
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start_without_settling().await;
    minutes(2).await;
    assert_eq!((state(&world), addresses(&world, "web").len()), ("success: gslb config accepted".to_owned(), 1));
    world
}

/// What the GSLBConfig says, after so many seconds.
async fn state_after(world: &World, n: u64) -> String {
    seconds(n).await;
    state(world)
}

/// FND-B9: nothing but one small request every ten seconds.
#[tokio::test(start_paused = true)]
async fn an_idle_controller_is_asked_one_small_question_every_ten_seconds() {
    let world = idle().await;
    let before = world.avi.last_request();
    minutes(10).await;
    let requests = world.requests_since(before);
    assert_eq!(requests.len(), 60);
    assert_eq!(asked(&world, before, "GET", PART).len(), 60);
    assert!(requests.iter().all(|request| request.status == 200 && request.tenant.as_deref() == Some("admin")));
}

/// FND-B9: a controller that is gone, or that answers nothing, is known to be away after 25 seconds, and to be back as soon.
#[tokio::test(start_paused = true)]
async fn a_dark_controller_is_noticed_while_nothing_is_to_be_written() {
    for order in [fault("server-error"), fault("refuse-connections"), fault("silence"), fault("reset-before-commit")] {
        let world = idle().await;
        let id = add(&world, &order);
        let state = state_after(&world, 25).await;
        assert!(state.starts_with("error: "), "{}: {state}", order.name);
        minutes(10).await;
        world.avi.clear_fault(id).unwrap();
        let state = state_after(&world, if order.name == "silence" { 85 } else { 25 }).await;
        assert_eq!(state, "success: gslb config accepted", "{}", order.name);
        let before = world.avi.last_request();
        set_address(&world, "web", "10.1.0.6");
        minutes(1).await;
        assert_eq!((addresses(&world, "web"), world.writes_since(before).len()), (vec!["10.1.0.6".to_owned()], 1));
    }
}

/// FND-B9: the same for the leadership, with and without following it.
#[tokio::test(start_paused = true)]
async fn a_leadership_that_moves_is_noticed_while_nothing_is_to_be_written() {
    let world = idle().await;
    world.avi.promote("site1").unwrap();
    assert_eq!(state_after(&world, 25).await, "error: controller not a leader");
    world.avi.promote(LEADER).unwrap();
    assert_eq!(state_after(&world, 30).await, "success: gslb config accepted");

    patch_config(world.home(), json!({"spec": {"gslbLeader": {"followLeader": true}}}));
    seconds(5).await;
    world.avi.promote("site1").unwrap();
    seconds(25).await;
    let notice = world.links().board.read().avi_api;
    assert_eq!((notice.controller.as_deref(), notice.synced), (Some("site1"), true));
}

/// FND-B9: a controller that answers slowly is slow, and not gone.
#[tokio::test(start_paused = true)]
async fn a_slow_controller_is_not_taken_for_a_dark_one() {
    let world = idle().await;
    add(&world, &fault("slow-answer").with("delay", "8s"));
    for _ in 0..20 {
        assert_eq!(state_after(&world, 15).await, "success: gslb config accepted");
    }
}
