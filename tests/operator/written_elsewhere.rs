//! What others write into the status of AMKO's objects, and what a backup brings back of it.

use crate::support::World;
use crate::support::objects::{apply, set_leader, web};
use crate::support::status::{RULES, host_rule, rule};
use amko_lab::testing::without_times;
use serde_json::{Value, json};
use std::time::Duration;

const AMKO_CLUSTERS: &str = "amkoclusters.amko.vmware.com";

async fn world_with_rule() -> World {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.home(), host_rule("web-rule", json!({"fqdn": "web.example.org"})));
    world.start().await;
    world
}

fn status(world: &World) -> Value {
    rule(world, "web-rule").unwrap()["status"].clone()
}

/// FND-C1: what the operator wrote in between is never seen, and the status that is seen then was seen before.
#[tokio::test(start_paused = true)]
async fn a_former_status_that_is_written_again_elsewhere_is_put_right() {
    let world = world_with_rule().await;
    let former = status(&world);
    let cut = || [false, true].map(|up| world.home().set_available(up));
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    while status(&world)["service"]["memberCount"] != 2 {
        cut();
        // Virtual: less than any pause after a cut.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    world.home().merge_patch(RULES, Some("avi-system"), "web-rule", Some("status"), json!({"status": former})).unwrap();
    world.home().compact();
    cut();
    // Virtual: more than the minute in which another writer is answered once.
    tokio::time::sleep(Duration::from_secs(120)).await;
    world.settle().await;
    assert_eq!(status(&world)["service"]["memberCount"], 2);
    let told = status(&world);
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(status(&world), told, "nothing is left to be put right");
}

/// FND-C1: a backup brings back versions and generations of former times, and what was said then.
#[tokio::test(start_paused = true)]
async fn a_status_from_a_backup_names_the_generation_that_its_object_has() {
    let world = world_with_rule().await;
    let backup = world.home().backup();
    let rule_with =
        |ttl| drop(apply(world.home(), host_rule("web-rule", json!({"fqdn": "web.example.org", "ttl": ttl}))));
    for ttl in [30, 40, 50] {
        rule_with(ttl);
        set_leader(world.home(), ttl != 40);
        world.settle().await;
    }
    tokio::time::sleep(Duration::from_secs(120)).await;
    world.settle().await;
    assert_eq!(generations(&world), [(4, 4), (3, 3)]);

    world.home().restore(&backup);
    // Virtual: until lists are taken anew, and what is older than what was known counts.
    tokio::time::sleep(Duration::from_secs(40 * 60)).await;
    world.settle().await;
    assert_eq!(generations(&world), [(1, 1), (1, 1)]);
    let told = without_times(status(&world));
    rule_with(60);
    world.settle().await;
    rule_with(60);
    assert_eq!((generations(&world)[0], told["service"]["memberCount"].clone()), ((2, 2), json!(1)));
}

/// Of the rule and the AMKOCluster: the generation that the object has, and the one that its status names.
fn generations(world: &World) -> [(i64, i64); 2] {
    let cluster = world.home().list(AMKO_CLUSTERS).remove(0);
    [rule(world, "web-rule").unwrap(), cluster].map(|object| {
        let named = object["status"]["observedGeneration"].as_i64().unwrap();
        (object["metadata"]["generation"].as_i64().unwrap(), named)
    })
}
