//! Every actor may fail: it is restarted, catches up, and nobody else misses anything.

use crate::support::objects::{apply, delete_ingress, web};
use crate::support::{World, lines};
use amko::actors::gs_directory::GsDirectoryMsg;
use amko::actors::operator::{Child, OperatorMsg};
use serde_json::json;
use std::time::Duration;

async fn busy_world() -> World {
    let mut world = World::of_examples();
    world.start().await;
    for n in 0..3 {
        for (context, net) in [("ctx-a", 1), ("ctx-b", 2)] {
            apply(world.cluster(context), web(&format!("app{n}"), &format!("10.{net}.0.{n}")));
        }
    }
    world.settle().await;
    world
}

#[tokio::test(start_paused = true)]
async fn any_failed_child_of_the_root_is_restarted_and_misses_nothing() {
    let children = [
        Child::AviSession,
        Child::EventWriter,
        Child::Federation,
        Child::GsDirectory,
        Child::PolicyWatcher,
        Child::StatusWriter,
        Child::ClusterWatcher("ctx-a".into()),
    ];
    for child in children {
        let world = busy_world().await;
        let name = child.to_string();
        let writes = world
            .writes_after(|world| {
                world.links().operator.cast(OperatorMsg::Poison(child.clone()));
                apply(world.cluster("ctx-a"), web("app1", "10.1.0.99"));
                apply(world.cluster("ctx-b"), web("late", "10.2.0.50"));
            })
            .await;
        let mut found = lines(&writes);
        found.sort_unstable();
        assert_eq!(found, ["POST gslbservice", "POST healthmonitor", "PUT gslbservice/<uuid>"], "{name}");
        let view = world.links().board.read().actors[&name].clone();
        assert_eq!((view.up, view.restarts), (true, 1), "{name}");
        assert_eq!(view.last_failure.as_deref(), Some("poisoned by the test hook"));
        let others = world.links().board.read().actors.into_iter().filter(|(other, _)| *other != name);
        for (other, view) in others {
            assert_eq!((view.up, view.restarts), (true, 0), "{other} while {name} failed");
        }
    }
}

/// Until the clusters are seen nothing follows from what it knows, so it need not even wake.
#[tokio::test(start_paused = true)]
async fn a_service_that_fails_before_the_clusters_are_seen_is_back_before_they_are() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.mischief.refuse_reads.lock().insert("ctx-b".into(), ("/", 503));
    world.start_without_settling().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    world.links().directory.cast(GsDirectoryMsg::Poison(Some("web.example.org".into())));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(world.writes(), [], "the settle period is not over");
    let view = world.links().board.read().restarted_services["web.example.org"].clone();
    assert_eq!((view.up, view.restarts), (true, 1));
    world.settle().await;
    let view = world.links().board.read().restarted_services["web.example.org"].clone();
    assert_eq!((view.up, view.restarts), (true, 1), "its waking is no restart");
    assert_eq!(world.service_names(), ["web.example.org"]);
}

/// What is decided while it is down is not lost, and not done twice.
#[tokio::test(start_paused = true)]
async fn a_session_that_fails_again_and_again_writes_the_newest_state_once_when_it_is_back() {
    let world = busy_world().await;
    let view = || world.links().board.read().actors["avi-session"].clone();
    let milliseconds = |n| tokio::time::sleep(std::time::Duration::from_millis(n));
    while view().up || view().restarts < 5 {
        world.links().operator.cast(OperatorMsg::Poison(Child::AviSession));
        milliseconds(50).await;
    }
    let before = world.avi.last_request();
    for round in 0..12 {
        apply(world.cluster("ctx-a"), web("app1", &format!("10.1.1.{round}")));
        apply(world.cluster("ctx-b"), web("app2", &format!("10.2.1.{round}")));
        milliseconds(10).await;
    }
    apply(world.cluster("ctx-a"), web("more", "10.1.0.9"));
    delete_ingress(world.cluster("ctx-a"), "more");
    milliseconds(10).await;
    assert!(!view().up, "it is restarted with growing pauses: {:?}", view());
    assert_eq!(world.writes_since(before), []);
    world.settle().await;
    let mut writes = world.writes_since(before);
    writes.sort_by_key(|write| write.body["name"].to_string());
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"; 2]);
    let member = |write: usize, member: usize| &writes[write].body["groups"][0]["members"][member]["ip"]["addr"];
    assert_eq!((member(0, 0), member(1, 1)), (&json!("10.1.1.11"), &json!("10.2.1.11")));
    assert!(view().up);
}

#[tokio::test(start_paused = true)]
async fn a_failed_service_actor_is_restarted_and_reads_before_it_writes() {
    let world = busy_world().await;
    let fqdn = "app1.example.org";
    let before = world.avi.last_request();
    let writes = world
        .writes_after(|world| {
            world.links().directory.cast(GsDirectoryMsg::Poison(Some(fqdn.into())));
            apply(world.cluster("ctx-a"), web("app1", "10.1.0.99"));
        })
        .await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"]);
    assert_eq!(writes[0].body["groups"][0]["members"][0]["ip"]["addr"], "10.1.0.99");
    let reads = world.avi.requests().into_iter().filter(|r| r.seq > before && r.method == "GET");
    assert!(reads.count() > 0, "what the controller holds is read again");
    let restarted = world.links().board.read().restarted_services;
    assert_eq!(restarted.keys().collect::<Vec<_>>(), [fqdn]);
    assert_eq!((restarted[fqdn].up, restarted[fqdn].restarts), (true, 1));
}

#[tokio::test(start_paused = true)]
async fn a_service_actor_that_keeps_failing_is_quarantined_until_its_input_changes() {
    let world = busy_world().await;
    let fqdn = "app1.example.org";
    for _ in 0..20 {
        world.links().directory.cast(GsDirectoryMsg::Poison(Some(fqdn.into())));
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    }
    let view = world.links().board.read().restarted_services[fqdn].clone();
    assert_eq!((view.up, view.restarts), (false, 5));

    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-b"), web("app0", "10.2.0.90")))).await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"], "the others go on");
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-b"), web("app1", "10.2.0.91")))).await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"], "new input is a reason to try again");
    assert!(world.links().board.read().restarted_services[fqdn].up);
}

/// FND-B7: nobody has to change anything for it.
#[tokio::test(start_paused = true)]
async fn a_service_actor_that_failed_too_often_is_tried_again_after_ten_minutes() {
    let world = busy_world().await;
    let fqdn = "app1.example.org";
    for _ in 0..20 {
        world.links().directory.cast(GsDirectoryMsg::Poison(Some(fqdn.into())));
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    }
    let view = || world.links().board.read().restarted_services[fqdn].clone();
    assert_eq!((view().up, view().restarts, view().tried_rarely), (false, 5, true));
    tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    assert_eq!((view().up, view().restarts), (true, 6));
    world.links().directory.cast(GsDirectoryMsg::Poison(Some(fqdn.into())));
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!((view().up, view().restarts), (false, 6), "once in ten minutes");
    tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    assert_eq!((view().up, view().restarts), (true, 7));
}

#[tokio::test(start_paused = true)]
async fn an_object_that_cannot_be_decoded_stays_as_it_was_and_holds_nobody_up() {
    let world = busy_world().await;
    let poisoned = unreadable("app1");
    let writes = world
        .writes_after(|world| {
            apply(world.cluster("ctx-a"), poisoned);
            apply(world.cluster("ctx-a"), web("app2", "10.1.0.88"));
        })
        .await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"]);
    assert_eq!(writes[0].body["name"], "app2.example.org");
}

#[tokio::test(start_paused = true)]
async fn an_object_that_was_never_readable_is_not_taken_for_gone() {
    let mut world = busy_world().await;
    world.stop().await;
    let before = world.avi.last_request();
    let poisoned = unreadable("app1");
    apply(world.cluster("ctx-a"), poisoned);
    apply(world.cluster("ctx-a"), web("app2", "10.1.0.88"));
    world.start().await;
    let writes = world.writes_since(before);
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"], "only what is known to have changed is written");
    assert_eq!(writes[0].body["name"], "app2.example.org");
    let refused = world.links().board.read().clusters["ctx-a"].refused.clone();
    assert!(refused[0].starts_with("Ingress shop/app1: "), "the object is named: {refused:?}");

    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-a"), web("app1", "10.1.0.1")))).await;
    assert_eq!(writes, [], "it is readable again, and as it was");
    let notice = world.links().board.read().clusters["ctx-a"].clone();
    assert_eq!((notice.synced, notice.refused), (true, vec![]));
}

/// `web` with a status that cannot be decoded. The API server does not check what it stores there.
fn unreadable(name: &str) -> serde_json::Value {
    let mut object = web(name, "10.1.0.66");
    object["status"]["loadBalancer"]["ingress"] = serde_json::json!([{"ip": 7}]);
    object
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_object_that_appears_later_keeps_nothing_else_alive() {
    let world = busy_world().await;
    let writes = world
        .writes_after(|world| {
            apply(world.cluster("ctx-a"), unreadable("new"));
            delete_ingress(world.cluster("ctx-a"), "app1");
            delete_ingress(world.cluster("ctx-b"), "app1");
        })
        .await;
    assert_eq!(lines(&writes).last(), Some(&"DELETE healthmonitor/<uuid>"));
    assert_eq!(world.service_names(), ["app0.example.org", "app2.example.org"]);
}

#[tokio::test(start_paused = true)]
async fn a_restarted_watcher_that_cannot_read_an_object_any_more_takes_nothing_away() {
    let world = busy_world().await;
    let writes = world
        .writes_after(|world| {
            apply(world.cluster("ctx-a"), unreadable("app1"));
            world.links().operator.cast(OperatorMsg::Poison(Child::ClusterWatcher("ctx-a".into())));
        })
        .await;
    assert_eq!(writes, []);
    assert_eq!(world.links().board.read().actors["cluster-watcher/ctx-a"].restarts, 1);
}
