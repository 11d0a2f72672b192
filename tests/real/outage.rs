//! One cluster in trouble: gone, back with a history nobody can follow, refusing the operator's token.

use super::objects::{create_ingress, host_of, ingress_path, member};
use super::pod::Pod;
use super::world::{HOME, MEMBER, OPERATOR, UUID, World};
use amko_lab::testing::{becomes, becomes_within, eventually};
use serde_json::{Value, json};
use std::time::Duration;

const WEB: (&str, u8) = ("web", 10);
const EVERYWHERE: [(&str, u32); 3] = [("s1az1", 6), ("s1az2", 4), ("s2", 2)];
const ACCOUNT: &str = "api/v1/namespaces/avi-system/serviceaccounts/amko-member";

/// The client reads a file with a token again after at most a minute.
const FILE: Duration = Duration::from_secs(90);
/// What an API server says to a watch from a revision that etcd has forgotten, code 410.
const EXPIRED: &str = "HTTP status 410: The resourceVersion for the provided watch is too old.";
/// Watches start at etcd instead of at the server's memory, so that a compaction ends them with 410.
const UNCACHED: [&str; 1] = ["--watch-cache=false"];

/// CL-06, DB-01
#[tokio::test]
async fn a_real_cluster_that_is_lost_in_three_ways_keeps_its_members_and_holds_nobody_up() {
    let Some(mut world) = World::start("outage", &UNCACHED).await else { return };
    world.with_token_file.insert("s2");
    world.store_members().await;
    world.install(&["--set", "globalDeploymentPolicy.matchClusters={s1az1,s1az2,s2}"]);
    for (context, _) in EVERYWHERE {
        create_ingress(&world, context, WEB.0, WEB.1).await;
    }
    create_ingress(&world, "s2", "old", 11).await;
    let mut pod = world.operator().await;
    pod.ready().await;
    becomes("web", web(&world, &EVERYWHERE), async || world.controller.service(&host_of("web"))).await;
    becomes("in sync", true, async || pod.in_sync(&["old", "web"].map(host_of)).await).await;

    after_a_history_that_is_lost_only_the_difference_is_written(&mut world, &pod).await;
    while_one_server_is_gone_the_others_go_on(&mut world, &pod).await;
    a_refused_token_loses_nothing(&mut world, &pod).await;
    a_new_token_counts_at_once_from_the_secret_and_soon_from_a_file(&world, &pod).await;
    assert_eq!(pod.stop().await, Some(0));
    // A server that starts knows no roles for a moment, and refuses what it allows right after. This one never did.
    for user in [OPERATOR, MEMBER] {
        assert_eq!(world.audit(HOME).forbidden(user), [].into());
    }
}

fn web(world: &World, members: &[(&str, u32)]) -> Value {
    let host = host_of("web");
    let description: Vec<String> = members.iter().map(|(c, _)| format!("INGRESS/{c}/shop/web/{host}")).collect();
    let members: Vec<Value> = members.iter().map(|(context, ratio)| member(world, context, WEB, *ratio)).collect();
    json!({"name": host, "domain_names": [host], "ttl": null, "created_by": format!("amko-{UUID}"),
        "description": description.join(","), "pools": [{"priority": 10, "members": members}], "monitors": 1})
}

/// What `/api/status` says is wrong with a cluster; empty when nothing is.
async fn trouble(pod: &Pod, context: &str) -> String {
    let status = pod.ask("/api/status").await;
    status["clusters"][context]["error"].as_str().unwrap_or_default().to_owned()
}

async fn is_refused(pod: &Pod, context: &str) -> bool {
    trouble(pod, context).await.contains("the cluster refuses the credentials")
}

fn sorted_writes(world: &World, request: u64) -> Vec<String> {
    let mut writes = world.controller.writes_since(request);
    writes.sort();
    writes
}

/// The operator stands still while the server comes back, so that it hears of nothing before its history is gone.
async fn after_a_history_that_is_lost_only_the_difference_is_written(world: &mut World, pod: &Pod) {
    pod.freeze();
    world.server("s2").kill();
    world.server("s2").start().await.unwrap();
    world.api("s2").delete(&ingress_path("old")).await;
    create_ingress(world, "s2", "new", 13).await;
    // Etcd keeps what the present revision is about, so one more is needed to lose what came right after.
    create_ingress(world, "s2", "newest", 14).await;
    world.plane.compact().await.unwrap();
    let before = world.controller.now();
    let gone = world.log().len();
    pod.thaw();
    let hosts = ["new", "newest", "web"].map(host_of);
    becomes("in sync", true, async || pod.in_sync(&hosts).await).await;
    becomes("services", hosts.to_vec(), async || world.controller.services()).await;
    becomes("s2 is well", String::new(), async || trouble(pod, "s2").await).await;
    assert_eq!(world.controller.service(&host_of("web")), web(world, &EVERYWHERE));
    let deleted = ["DELETE gslbservice", "DELETE healthmonitor"];
    let created = ["POST gslbservice", "POST gslbservice", "POST healthmonitor", "POST healthmonitor"];
    let expected = [deleted.as_slice(), &created].concat().into_iter().map(str::to_owned).collect();
    becomes("the difference is written", expected, async || sorted_writes(world, before)).await;
    let log = world.log()[gone..].to_owned();
    assert!(log.contains(EXPIRED) && log.contains("member cluster can be read again"), "{log}");
}

async fn while_one_server_is_gone_the_others_go_on(world: &mut World, pod: &Pod) {
    world.server("s2").kill();
    eventually("the lost cluster is told", async || (!trouble(pod, "s2").await.is_empty()).then_some(())).await;
    let before = world.controller.now();
    create_ingress(world, "s1az1", "other", 12).await;
    world.api("s1az2").delete(&ingress_path("web")).await;
    let expected = web(world, &[("s1az1", 6), ("s2", 2)]);
    becomes("web without s1az2", expected, async || world.controller.service(&host_of("web"))).await;
    becomes("in sync", true, async || pod.in_sync(&["new", "newest", "other", "web"].map(host_of)).await).await;
    assert_eq!(sorted_writes(world, before), ["POST gslbservice", "POST healthmonitor", "PUT gslbservice"]);
    world.server("s2").start().await.unwrap();
}

/// The token of s2 is in a file that the kubeconfig names, the one of s1az2 in the kubeconfig itself.
async fn a_refused_token_loses_nothing(world: &mut World, pod: &Pod) {
    let before = world.controller.now();
    for context in ["s1az2", "s2"] {
        // The token is of the account that was there, and not of another by its name.
        world.api(context).delete(ACCOUNT).await;
        world.give_rights(context);
        // Ends watches that were let in with it, and forgets that it was good.
        world.server(context).kill();
        world.server(context).start().await.unwrap();
        becomes("the refused token is told", true, async || is_refused(pod, context).await).await;
    }
    create_ingress(world, "s1az2", "hidden", 15).await;
    create_ingress(world, "s2", "unseen", 16).await;
    assert_eq!(world.controller.writes_since(before), [""; 0]);
}

/// Files are read again every minute, the Secret is watched.
async fn a_new_token_counts_at_once_from_the_secret_and_soon_from_a_file(world: &World, pod: &Pod) {
    let before = world.controller.now();
    world.store_members().await;
    let hosts = ["hidden", "new", "newest", "other", "web"].map(host_of);
    becomes("s1az2 is seen again", true, async || pod.in_sync(&hosts).await).await;
    becomes("s1az2 is well", String::new(), async || trouble(pod, "s1az2").await).await;
    let hosts = ["hidden", "new", "newest", "other", "unseen", "web"].map(host_of);
    becomes_within(FILE, "s2 is seen again", true, async || pod.in_sync(&hosts).await).await;
    becomes("s2 is well", String::new(), async || trouble(pod, "s2").await).await;
    assert_eq!(world.controller.writes_since(before), ["POST healthmonitor", "POST gslbservice"].repeat(2));
}
