//! Another cluster behind a context: nothing of it counts before somebody approves it.

use crate::kubeconfig::{A, B, addresses, exchange, prepared_with, running, sight};
use crate::support::World;
use crate::support::lines;
use crate::support::objects::{apply, config, patch_config, web};
use amko_lab::chance::Chance;
use amko_lab::clock::Clock;
use amko_lab::kube::{KubeWorld, KubeWorldConfig};
use serde_json::{Value, json};
use std::time::Duration;

const ANNOTATION: &str = "amko.vmware.com/approve-clusters";
/// `ctx-b` at the address of another cluster.
const B_ELSEWHERE: (&str, &str, &str) = ("ctx-b", "other", "b-1");

fn uid(cluster: &KubeWorld) -> String {
    cluster.get("namespaces", None, "kube-system").unwrap()["metadata"]["uid"].as_str().unwrap().to_owned()
}

/// What the GSLBConfig remembers, by context.
fn remembered(world: &World) -> Vec<(String, String)> {
    let clusters = config(world.home(), "gc-1")["status"]["clusters"].clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    clusters.as_array().unwrap().iter().map(|known| (text(&known["context"]), text(&known["uid"]))).collect()
}

fn condition(world: &World) -> Option<Value> {
    let status = config(world.home(), "gc-1")["status"].clone();
    status["conditions"].as_array().unwrap().iter().find(|c| c["type"] == "ClustersNotRecognised").cloned()
}

/// Messages of the Events about it.
fn events(world: &World) -> Vec<String> {
    events_of(world, "ClusterNotRecognised")
}

fn events_of(world: &World, reason: &str) -> Vec<String> {
    let events = world.home().list("events").into_iter().filter(|event| event["reason"] == reason);
    events.map(|event| event["message"].as_str().unwrap().to_owned()).collect()
}

fn approve(world: &World, context: &str) {
    patch_config(world.home(), json!({"metadata": {"annotations": {ANNOTATION: context}}}));
}

async fn minutes(n: u64) {
    // The clock is paused: minutes take no time.
    tokio::time::sleep(Duration::from_secs(60 * n)).await;
}

fn another(known: &str, found: &str) -> String {
    format!(
        "another cluster than before stands behind context ctx-b (its namespace kube-system has UID {found}, and had \
         {known}): nothing of it counts and the members of ctx-b stay as they are; correct the kubeconfig, or, if the \
         cluster was exchanged or built anew, set the annotation {ANNOTATION}=ctx-b on the GSLBConfig"
    )
}

/// FND-A4: while it runs.
#[tokio::test(start_paused = true)]
async fn a_context_that_leads_to_another_cluster_loses_nothing_until_that_is_approved() {
    let (world, _) = running(&[A, B]).await;
    let [a, b, other] = ["ctx-a", "ctx-b", "other"].map(|context| uid(world.cluster(context)));
    assert_eq!(remembered(&world), [("ctx-a".to_owned(), a.clone()), ("ctx-b".to_owned(), b.clone())]);
    let writes = world.writes_after(|world| exchange(world, &[A, B_ELSEWHERE])).await;
    minutes(60).await;
    let text = another(&b, &other);
    assert_eq!((writes, addresses(&world)), (vec![], vec!["10.1.0.5".to_owned(), "10.2.0.5".to_owned()]));
    let (synced, error) = sight(&world, "ctx-b");
    assert!(!synced && error.as_ref().is_some_and(|error| error.ends_with(&text)), "{error:?}");
    assert_eq!(condition(&world).unwrap()["message"], json!(text));
    assert_eq!((events(&world), sight(&world, "ctx-a")), (vec![text], (true, None)));
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-a"), web("web", "10.1.0.6")))).await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"], "the others go on");

    let before = world.avi.last_request();
    approve(&world, "ctx-b");
    minutes(2).await;
    let writes = world.writes_since(before);
    assert_eq!((lines(&writes), addresses(&world)), (vec!["PUT gslbservice/<uuid>"], vec!["10.1.0.6".to_owned()]));
    assert_eq!(remembered(&world), [("ctx-a".to_owned(), a), ("ctx-b".to_owned(), other)]);
    assert_eq!((condition(&world), sight(&world, "ctx-b")), (None, (true, None)));
    assert_eq!(config(world.home(), "gc-1")["metadata"]["annotations"].get(ANNOTATION), None, "it counts once");
    assert_eq!(events_of(&world, "ClusterApproved").len(), 1);
}

/// FND-A4: an approval that nobody asked for is taken out and told, so that it lets no later mistake through.
#[tokio::test(start_paused = true)]
async fn an_approval_that_is_for_nothing_does_not_wait_for_a_mistake() {
    let (world, _) = running(&[A, B]).await;
    approve(&world, "ctx-b");
    minutes(2).await;
    assert_eq!(config(world.home(), "gc-1")["metadata"]["annotations"].get(ANNOTATION), None);
    let told = "annotation amko.vmware.com/approve-clusters=ctx-b approves nothing and counts no more: context ctx-b leads \
                to the cluster that it has led to; set it once condition ClustersNotRecognised asks for it";
    assert_eq!(events_of(&world, "ApprovalNeedless"), [told]);
    let writes = world.writes_after(|world| exchange(world, &[A, B_ELSEWHERE])).await;
    minutes(60).await;
    assert_eq!((writes, addresses(&world)), (vec![], vec!["10.1.0.5".to_owned(), "10.2.0.5".to_owned()]));
}

/// FND-A4: over a restart, and the way back needs no approval.
#[tokio::test(start_paused = true)]
async fn what_was_remembered_counts_at_the_next_start() {
    let (mut world, _) = running(&[A, B]).await;
    world.stop().await;
    exchange(&world, &[A, B_ELSEWHERE]);
    let before = world.avi.last_request();
    world.start().await;
    minutes(60).await;
    assert_eq!((world.writes_since(before), sight(&world, "ctx-b").0), (vec![], false));
    let text = another(&uid(world.cluster("ctx-b")), &uid(world.cluster("other")));
    assert_eq!((condition(&world).unwrap()["message"].clone(), events(&world)), (json!(text), vec![text]));
    let writes = world.writes_after(|world| exchange(world, &[A, B])).await;
    minutes(2).await;
    assert_eq!((writes, condition(&world), sight(&world, "ctx-b")), (vec![], None, (true, None)));
}

/// FND-A4: behind the same address, built anew and empty.
#[tokio::test(start_paused = true)]
async fn a_cluster_that_was_built_anew_and_is_empty_loses_nothing_until_that_is_approved() {
    let (world, ways) = running(&[A, B]).await;
    let clock = Clock::starting_at("2026-01-01T00:00:00Z".parse().unwrap());
    let built = KubeWorldConfig { name: "ctx-b".into(), clock, chance: Chance::seeded(77), history: 1000 };
    let built = KubeWorld::new(built);
    ways.rebuilt.lock().insert("ctx-b".into(), built.clone());
    let before = world.avi.last_request();
    world.cluster("ctx-b").set_available(false);
    minutes(60).await;
    assert_eq!((world.writes_since(before), addresses(&world).len()), (vec![], 2));
    let text = another(&uid(world.cluster("ctx-b")), &uid(&built));
    assert_eq!(condition(&world).unwrap()["message"], json!(text));
    let before = world.avi.last_request();
    approve(&world, "ctx-a, ctx-b");
    minutes(2).await;
    let writes = world.writes_since(before);
    assert_eq!((lines(&writes), addresses(&world)), (vec!["PUT gslbservice/<uuid>"], vec!["10.1.0.5".to_owned()]));
    assert_eq!(
        config(world.home(), "gc-1")["metadata"]["annotations"].get(ANNOTATION),
        None,
        "that of ctx-a is for nothing"
    );
}

/// FND-A4: the connections that there are go on for a while, so it is found by looking.
#[tokio::test(start_paused = true)]
async fn another_cluster_that_takes_over_an_address_quietly_is_noticed() {
    let (world, ways) = running(&[A, B]).await;
    ways.rebuilt.lock().insert("ctx-b".into(), world.cluster("other").clone());
    let before = world.avi.last_request();
    minutes(3).await;
    assert!(condition(&world).is_some());
    apply(world.cluster("other"), web("web", "10.2.0.99"));
    minutes(60).await;
    assert_eq!((world.writes_since(before), addresses(&world)[1].as_str()), (vec![], "10.2.0.5"));
}

/// FND-A4
#[tokio::test(start_paused = true)]
async fn of_two_contexts_for_one_cluster_one_counts() {
    let (mut world, _) = prepared_with(|dial| dial);
    exchange(&world, &[A]);
    world.start().await;
    world.writes_after(|world| exchange(world, &[A, ("ctx-b", "ctx-a", "b-1")])).await;
    minutes(2).await;
    assert_eq!((sight(&world, "ctx-a"), sight(&world, "ctx-b").0), ((true, None), false));
    let error = sight(&world, "ctx-b").1.unwrap();
    assert!(error.contains("context ctx-b leads to the cluster that context ctx-a leads to"), "{error}");
    assert_eq!((addresses(&world), events(&world).len()), (vec!["10.1.0.5".to_owned()], 1));
    exchange(&world, &[A, B]);
    minutes(2).await;
    assert_eq!(addresses(&world), ["10.1.0.5", "10.2.0.5"]);
    assert_eq!((sight(&world, "ctx-a").0, sight(&world, "ctx-b").0, condition(&world)), (true, true, None));
}

/// FND-A4: there is nothing to recognise it by, which is told and breaks nothing.
#[tokio::test(start_paused = true)]
async fn a_cluster_without_kube_system_counts() {
    let (mut world, _) = prepared_with(|dial| dial);
    exchange(&world, &[A, B]);
    world.cluster("ctx-b").lose("namespaces", None, "kube-system").unwrap();
    world.start().await;
    assert_eq!((addresses(&world).len(), sight(&world, "ctx-b")), (2, (true, None)));
    let note = world.links().board.read().clusters["ctx-b"].note.clone();
    let words = "its namespace kube-system is not seen, so another cluster in its place would not be noticed";
    assert_eq!((note.as_deref(), condition(&world)), (Some(words), None));
}
