//! The kubeconfig of the members is exchanged in its Secret while the operator runs, under the rights of the chart.

use super::objects::{create_ingress, host_of};
use super::pod::Pod;
use super::world::{MEMBER, MEMBERS_SECRET, World};
use amko_lab::testing::becomes;
use serde_json::{Value, json};

const PLACE: &str = "key gslb-members of Secret avi-system/gslb-config-secret";
const STAYS: &str = "What was read before stays in force";
const ADDRESSES: [&str; 3] = ["10.51.0.10", "10.52.0.10", "10.60.0.10"];

/// CL-08
#[tokio::test]
async fn a_token_is_exchanged_and_a_context_added_without_a_restart_and_without_a_write_for_it() {
    let Some(world) = World::start("exchange", &[]).await else { return };
    let mut members = world.members(&["s1az1", "s1az2"]).await;
    world.store(&members.to_string()).await;
    world.install(&["--set", "globalDeploymentPolicy.matchClusters={s1az1,s1az2,s2}"]);
    for context in ["s1az1", "s1az2", "s2"] {
        create_ingress(&world, context, "web", 10).await;
    }
    let mut pod = world.operator().await;
    pod.ready().await;
    becomes("two members", json!(ADDRESSES[..2]), async || addresses(&world)).await;
    let lacking = format!("context \"s2\" is not in the multi-cluster kubeconfig: add it to {PLACE}");
    becomes("s2 is missing", (false, json!(lacking)), async || sight(&pod, "s2").await).await;

    a_token_is_exchanged(&world, &pod, &mut members).await;
    what_is_broken_changes_nothing(&world, &pod, &members).await;
    let before = world.controller.now();
    let more = world.members(&["s1az1", "s1az2", "s2"]).await;
    for list in ["clusters", "users", "contexts"] {
        members[list].as_array_mut().unwrap().push(more[list][2].clone());
    }
    world.store(&members.to_string()).await;
    becomes("a third member", json!(ADDRESSES), async || addresses(&world)).await;
    becomes("s2 is seen", (true, Value::Null), async || sight(&pod, "s2").await).await;
    assert_eq!(world.controller.writes_since(before), ["PUT gslbservice"]);
    assert_eq!(pod.stop().await, Some(0));
    assert_eq!(world.forbidden(), [].into());
    for user in members["users"].as_array().unwrap() {
        let token = user["user"]["token"].as_str().unwrap();
        assert!(!world.log().contains(token), "a token is in the log");
    }
}

async fn a_token_is_exchanged(world: &World, pod: &Pod, members: &mut Value) {
    let before = (world.controller.now(), lists(world, "s1az1"), lists(world, "s1az2"));
    let new = world.members(&["s1az2"]).await["users"][0]["user"].clone();
    assert_ne!(members["users"][1]["user"], new);
    members["users"][1]["user"] = new;
    world.store(&members.to_string()).await;
    becomes("s1az2 alone is listed again", (before.1, before.2 + 1), async || {
        (lists(world, "s1az1"), lists(world, "s1az2"))
    })
    .await;
    becomes("s1az2 is seen", (true, Value::Null), async || sight(pod, "s1az2").await).await;
    assert_eq!(world.controller.writes_since(before.0), [""; 0]);
}

async fn what_is_broken_changes_nothing(world: &World, pod: &Pod, members: &Value) {
    let before = (world.controller.now(), lists(world, "s1az1"), lists(world, "s1az2"));
    let notice = |error: Value| json!({"place": PLACE, "contexts": ["s1az1", "s1az2"], "error": error});
    let says = async || pod.ask("/api/status").await["kubeconfig"].clone();
    world.store("users: [{name: a, user: {token: [secret]}}]").await;
    let wrong = "it has no contexts: correct it";
    let error = format!("{PLACE} is no usable kubeconfig: {wrong}. {STAYS}");
    becomes("that it is broken", notice(json!(error)), says).await;
    world.home().delete(MEMBERS_SECRET).await;
    let missing = "Secret avi-system/gslb-config-secret does not exist: make it, with key gslb-members";
    becomes("that it is gone", notice(json!(format!("{missing}. {STAYS}"))), says).await;
    world.store(&members.to_string()).await;
    becomes("that all is well", notice(Value::Null), says).await;
    assert_eq!((world.controller.now(), lists(world, "s1az1"), lists(world, "s1az2")), before);
}

/// How often all Services of a cluster were listed for the operator.
fn lists(world: &World, context: &str) -> usize {
    let counted = world.audit(context).counted(MEMBER);
    counted.get(&format!("{MEMBER} list /api/v1/services")).copied().unwrap_or_default()
}

/// Whether everything of a cluster was seen, and what is wrong with it.
async fn sight(pod: &Pod, context: &str) -> (bool, Value) {
    let cluster = pod.ask("/api/status").await["clusters"][context].clone();
    (cluster["synced"] == true, cluster["error"].clone())
}

/// Of the members of the service.
fn addresses(world: &World) -> Value {
    let service = world.controller.service(&host_of("web"));
    let members = service["pools"][0]["members"].as_array().cloned().unwrap_or_default();
    members.iter().map(|member| member["ip"].clone()).collect()
}
