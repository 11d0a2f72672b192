//! What no watch tells of is noticed all the same.

use crate::kubeconfig::{A, B, running};
use crate::support::World;
use crate::support::objects::{apply, web};
use crate::support::{lines, outcomes};
use std::time::Duration;

async fn minutes(n: u64) {
    // The clock is paused: minutes take no time.
    tokio::time::sleep(Duration::from_secs(60 * n)).await;
}

async fn two_members() -> World {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    world.start().await;
    world
}

/// FND-A11
#[tokio::test(start_paused = true)]
async fn a_deletion_that_no_watch_told_of_is_noticed_within_half_an_hour() {
    let world = two_members().await;
    let before = world.avi.last_request();
    world.cluster("ctx-b").lose("ingresses.networking.k8s.io", Some("shop"), "web").unwrap();
    minutes(9).await;
    assert_eq!(world.writes_since(before), []);
    minutes(22).await;
    world.settle().await;
    // The first finds the session ended that nobody has used for so long.
    let put = "PUT gslbservice/<uuid>";
    assert_eq!(outcomes(&world.writes_since(before)), [(put, 401), (put, 200)]);
}

/// FND-A11: a watch from a version that the cluster has not reached again is told of nothing.
#[tokio::test(start_paused = true)]
async fn a_cluster_that_was_restored_from_a_backup_is_listed_anew_soon() {
    let world = two_members().await;
    let backup = world.cluster("ctx-b").backup();
    world.writes_after(|world| drop(apply(world.cluster("ctx-b"), web("late", "10.2.0.6")))).await;
    minutes(2).await;
    let before = world.avi.last_request();
    world.cluster("ctx-b").restore(&backup);
    minutes(3).await;
    world.settle().await;
    assert_eq!(lines(&world.writes_since(before)), ["DELETE gslbservice/<uuid>", "DELETE healthmonitor/<uuid>"]);
    assert_eq!(world.service_names(), ["web.example.org"]);
}

/// FND-A11: a list is a difference, and there is no storm of them.
#[tokio::test(start_paused = true)]
async fn a_kind_is_listed_again_every_ten_to_thirty_minutes_and_that_writes_nothing() {
    let (world, ways) = running(&[A, B]).await;
    let before = world.avi.last_request();
    minutes(150).await;
    let lists = std::mem::take(&mut *ways.lists.lock());
    for cluster in ["ctx-a a-1", "ctx-b b-1"] {
        let count = lists.iter().filter(|list| *list == cluster).count();
        assert!((5..=15).contains(&count), "{cluster}: {count} in two and a half hours");
    }
    assert_eq!(world.writes_since(before), []);
}
