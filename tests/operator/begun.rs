//! What has begun at the controller when the operator stops, loses its term, gets other settings, or fails: it comes to
//! its first consistent point, and nothing new is begun.

use crate::faults_support::{add, fault, minutes, seconds, service, world_with};
use crate::support::controller::create_tenant;
use crate::support::objects::{patch_config, set_leader};
use crate::support::{LEADER, World};
use amko::actors::avi_session::AviSessionMsg;
use serde_json::json;
use std::time::Duration;

const WEB: &str = "web.example.org";

/// An operator that moves its service to another tenant, on a controller that takes a second for each call.
async fn moving() -> World {
    let world = world_with(&["web"]).await;
    create_tenant(&world, "green").await;
    add(&world, &fault("slow-answer").with("delay", "1s").with("path", "/api/gslbservice"));
    // One edit that moves every service would wait for an approval.
    let spec = json!({"deletionGuard": {"maxPercent": 100}, "gslbLeader": {"tenant": "green"}});
    patch_config(world.home(), json!({"spec": spec}));
    world
}

/// Waits until nobody answers for the name: the old service is deleted, and the new one has not been created.
async fn between(world: &World) {
    for _ in 0..1200 {
        if service(world, LEADER, "web").is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the service is not moved");
}

fn is_green(world: &World) -> bool {
    let green = world.on_controller(LEADER, "tenant")["green"]["uuid"].clone();
    let service = service(world, LEADER, "web");
    service.is_some_and(|service| service["tenant_ref"].as_str().unwrap().ends_with(green.as_str().unwrap()))
}

/// FND-B5: a stop between the deletion and the creation of a service that moves waits for the creation.
#[tokio::test(start_paused = true)]
async fn a_stop_in_the_middle_of_a_move_leaves_the_service_in_its_new_tenant() {
    let mut world = moving().await;
    between(&world).await;
    world.stop().await;
    assert!(is_green(&world));
    assert_eq!(world.avi.session_count(LEADER), 0);
}

/// FND-B5: before the deletion there is nothing to complete, and nothing is deleted any more.
#[tokio::test(start_paused = true)]
async fn a_stop_before_the_deletion_deletes_nothing() {
    for after in [300, 900, 1500, 1900] {
        let mut world = moving().await;
        let before = world.avi.last_request();
        while !world.writes_since(before).iter().any(|write| write.line == "POST gslbservice") {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if world.on_controller(LEADER, "healthmonitor").len() > 6 {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(after)).await;
        world.stop().await;
        assert!(service(&world, LEADER, "web").is_some(), "{after} ms");
    }
}

/// FND-B5: the same when the term ends, settings change, or the session fails; and after that nothing is written without
/// a term.
#[tokio::test(start_paused = true)]
async fn a_move_is_completed_whatever_ends_its_session() {
    type End = fn(&World);
    let ends: [(&str, End); 3] = [
        ("the term ends", |world| set_leader(world.home(), false)),
        ("another version is spoken", |world| {
            patch_config(world.home(), json!({"spec": {"gslbLeader": {"controllerVersion": "30.1.1"}}}));
        }),
        ("the session fails", |world| world.links().session.cast(AviSessionMsg::Poison)),
    ];
    for (why, end) in ends {
        let world = moving().await;
        between(&world).await;
        end(&world);
        seconds(5).await;
        assert!(is_green(&world), "{why}");
        let before = world.avi.last_request();
        minutes(5).await;
        let deletions =
            world.writes_since(before).into_iter().filter(|write| write.line.starts_with("DELETE gslb")).count();
        assert_eq!((deletions, world.service_names()), (0, vec![WEB.to_owned()]), "{why}");
    }
}

/// FND-B5: a call that takes longer than a stop may take is not waited for.
#[tokio::test(start_paused = true)]
async fn a_stop_waits_four_seconds_and_not_longer() {
    let mut world = moving().await;
    between(&world).await;
    world.avi.clear_faults();
    add(&world, &fault("slow-answer").with("delay", "60s").with("path", "/api/gslbservice"));
    let began = tokio::time::Instant::now();
    world.stop().await;
    assert!(began.elapsed() <= Duration::from_millis(4500), "{:?}", began.elapsed());
}
