//! One cluster in trouble: gone, back with a history nobody can follow, refusing the operator's token.

use super::objects::{create_ingress, host_of, ingress_path, member};
use super::pod::Pod;
use super::wait::{becomes, eventually};
use super::world::{UUID, World};
use serde_json::{Value, json};

const WEB: (&str, u8) = ("web", 10);
const EVERYWHERE: [(&str, u32); 3] = [("s1az1", 6), ("s1az2", 4), ("s2", 2)];
const ACCOUNT: &str = "api/v1/namespaces/avi-system/serviceaccounts/amko-member";

/// What an API server says to a watch from a revision that etcd has forgotten, code 410.
const EXPIRED: &str = "The resourceVersion for the provided watch is too old.: Expired";
/// Watches start at etcd instead of at the server's memory, so that a compaction ends them with 410.
const UNCACHED: [&str; 1] = ["--watch-cache=false"];

#[tokio::test]
async fn a_real_cluster_that_is_lost_in_three_ways_keeps_its_members_and_holds_nobody_up() {
    let Some(mut world) = World::start("outage", &UNCACHED).await else { return };
    world.install(&["--set", "globalDeploymentPolicy.matchClusters={s1az1,s1az2,s2}"]);
    for (context, _) in EVERYWHERE {
        create_ingress(&world, context, WEB.0, WEB.1).await;
    }
    create_ingress(&world, "s2", "old", 11).await;
    let mut pod = world.operator().await;
    pod.ready().await;
    becomes("web", web(&world, &EVERYWHERE), async || world.controller.service(&host_of("web"))).await;
    becomes("in sync", true, async || pod.in_sync(&["old", "web"].map(host_of)).await).await;

    while_one_server_is_gone_the_others_go_on(&mut world, &pod).await;
    after_a_history_that_is_lost_only_the_difference_is_written(&mut world, &pod).await;
    let pod = a_refused_token_loses_nothing_and_a_new_one_counts_after_a_restart(&mut world, pod).await;
    assert_eq!(pod.stop().await, Some(0));
    assert_eq!(world.forbidden(), [].into());
}

fn web(world: &World, members: &[(&str, u32)]) -> Value {
    let host = host_of("web");
    let description: Vec<String> = members.iter().map(|(c, _)| format!("INGRESS/{c}/shop/web/{host}")).collect();
    let members: Vec<Value> = members.iter().map(|(context, ratio)| member(world, context, WEB, *ratio)).collect();
    json!({"name": host, "domain_names": [host], "ttl": null, "created_by": format!("amko-{UUID}"),
        "description": description.join(","), "pools": [{"priority": 10, "members": members}], "monitors": 1})
}

/// What `/api/status` says is wrong with s2; empty when nothing is.
async fn trouble(pod: &Pod) -> String {
    let status = pod.ask("/api/status").await;
    status["clusters"]["s2"]["error"].as_str().unwrap_or_default().to_owned()
}

async fn while_one_server_is_gone_the_others_go_on(world: &mut World, pod: &Pod) {
    world.server("s2").kill();
    eventually("the lost cluster is told", async || (!trouble(pod).await.is_empty()).then_some(())).await;
    let before = world.controller.now();
    create_ingress(world, "s1az1", "other", 12).await;
    world.api("s1az2").delete(&ingress_path("web")).await;
    let expected = web(world, &[("s1az1", 6), ("s2", 2)]);
    becomes("web without s1az2", expected, async || world.controller.service(&host_of("web"))).await;
    becomes("in sync", true, async || pod.in_sync(&["old", "other", "web"].map(host_of)).await).await;
    let mut writes = world.controller.writes_since(before);
    writes.sort();
    assert_eq!(writes, ["POST gslbservice", "POST healthmonitor", "PUT gslbservice"]);
}

/// The operator stands still while the server comes back, so that it hears of nothing before its history is gone.
async fn after_a_history_that_is_lost_only_the_difference_is_written(world: &mut World, pod: &Pod) {
    pod.freeze();
    world.server("s2").start().await.unwrap();
    world.api("s2").delete(&ingress_path("old")).await;
    create_ingress(world, "s2", "new", 13).await;
    // Etcd keeps what the present revision is about, so one more is needed to lose what came right after.
    create_ingress(world, "s2", "newest", 14).await;
    world.plane.compact().await.unwrap();
    let before = world.controller.now();
    let gone = world.log().len();
    pod.thaw();
    becomes("in sync", true, async || pod.in_sync(&["new", "newest", "other", "web"].map(host_of)).await).await;
    becomes("services", ["new", "newest", "other", "web"].map(host_of).to_vec(), async || world.controller.services())
        .await;
    becomes("s2 is well", String::new(), async || trouble(pod).await).await;
    let expected = web(world, &[("s1az1", 6), ("s2", 2)]);
    assert_eq!(world.controller.service(&host_of("web")), expected);
    let mut writes = world.controller.writes_since(before);
    writes.sort();
    let created = ["POST gslbservice", "POST gslbservice", "POST healthmonitor", "POST healthmonitor"];
    assert_eq!(writes, [["DELETE gslbservice", "DELETE healthmonitor"].as_slice(), &created].concat());
    for kind in ["Namespace", "Service", "Ingress"] {
        let told = format!("cannot watch {kind} objects: error returned by apiserver during watch: {EXPIRED}");
        assert!(world.log()[gone..].contains(&told), "{kind}");
    }
}

async fn a_refused_token_loses_nothing_and_a_new_one_counts_after_a_restart(world: &mut World, pod: Pod) -> Pod {
    let before = world.controller.now();
    // The token is of the account that was there, and not of another by its name.
    world.api("s2").delete(ACCOUNT).await;
    world.give_rights("s2");
    // Ends watches that were let in with it, and forgets that it was good.
    world.server("s2").kill();
    world.server("s2").start().await.unwrap();
    let refused = async |pod: &Pod| trouble(pod).await.contains("the cluster refuses the credentials");
    becomes("the refused token is told", true, async || refused(&pod).await).await;
    create_ingress(world, "s2", "unseen", 15).await;
    world.store_members().await;
    assert_eq!(world.controller.writes_since(before), [""; 0]);

    // A pod's environment is that of its start.
    assert_eq!(pod.stop().await, Some(0));
    let mut pod = world.operator().await;
    pod.ready().await;
    becomes("in sync", true, async || pod.in_sync(&["new", "newest", "other", "unseen", "web"].map(host_of)).await)
        .await;
    let mut writes = world.controller.writes_since(before);
    writes.sort();
    assert_eq!(writes, ["POST gslbservice", "POST healthmonitor"]);
    pod
}
