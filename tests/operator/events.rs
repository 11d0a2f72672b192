//! Events on the users' own objects: told once, quiet about what was found, at a bounded rate, and never in the way of
//! the controller.

use crate::support::bodies::merge;
use crate::support::objects::{apply, delete_ingress, policy, web};
use crate::support::{LEADER, World, lines};
use amko::actors::operator::{Child, OperatorMsg};
use amko::telemetry::metrics::EventOutcome;
use amko_lab::avi::Fault;
use amko_lab::kube::KubeWorld;
use serde_json::{Value, json};
use std::time::Duration;

const CONTEXTS: [&str; 2] = ["ctx-a", "ctx-b"];
const EVENTS_OF_SHOP: &str = "/api/v1/namespaces/shop/events";

/// All Events of a cluster, as `Ingress shop/web: Normal Programmed: text`, sorted.
fn events(cluster: &KubeWorld) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line = |event: Value| {
        let about = &event["involvedObject"];
        format!(
            "{} {}/{}: {} {}: {}",
            text(&about["kind"]),
            text(&about["namespace"]),
            text(&about["name"]),
            text(&event["type"]),
            text(&event["reason"]),
            text(&event["message"])
        )
    };
    let mut lines: Vec<String> = cluster.list("events").into_iter().map(line).collect();
    lines.sort();
    lines
}

/// All Events of a cluster that are not about AMKO's own objects.
pub fn told_of(cluster: &KubeWorld) -> Vec<String> {
    let own = ["GSLBConfig ", "GlobalDeploymentPolicy ", "GSLBHostRule "];
    events(cluster).into_iter().filter(|event| !own.iter().any(|kind| event.starts_with(kind))).collect()
}

/// What is written in a cluster by `change`.
async fn events_after(world: &World, context: &str, change: impl FnOnce(&World)) -> Vec<String> {
    let before = events(world.cluster(context));
    change(world);
    world.settle().await;
    let mut after = events(world.cluster(context));
    after.retain(|event| !before.contains(event));
    after
}

/// Events that were sent, or took the place of one that waited.
fn calls(world: &World) -> u64 {
    let metrics = &world.links().metrics;
    metrics.events(EventOutcome::Written) + metrics.events(EventOutcome::Deduplicated)
}

fn programmed(name: &str, ip: &str) -> String {
    format!(
        "Ingress shop/{name}: Normal Programmed: is a member of GSLB service {name}.example.org: pool of priority 10, \
         address {ip}, ratio 1"
    )
}

fn unselected(name: &str) -> String {
    format!(
        "Ingress shop/{name}: Normal NotSelected: is no member of GSLB service {name}.example.org: it lacks the label \
         app: gslb of spec.matchRules.appSelector of the GlobalDeploymentPolicy; set the label on the object"
    )
}

fn without_label(mut ingress: Value) -> Value {
    ingress["metadata"].as_object_mut().unwrap().remove("labels");
    ingress
}

/// The operator at work in two clusters, `ctx-a` with the Ingress `web`, which was there before.
async fn running() -> World {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start().await;
    world
}

/// DB-38
#[tokio::test(start_paused = true)]
async fn a_new_ingress_is_told_once_that_it_is_programmed_and_unrelated_changes_tell_nothing() {
    let world = running().await;
    let told = events_after(&world, "ctx-b", |w| drop(apply(w.cluster("ctx-b"), web("api", "10.2.0.6")))).await;
    assert_eq!(told, [programmed("api", "10.2.0.6")]);
    let event = world.cluster("ctx-b").list("events").remove(0);
    let ingress = world.cluster("ctx-b").get("ingresses.networking.k8s.io", Some("shop"), "api").unwrap();
    assert_eq!(
        event["involvedObject"],
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "namespace": "shop", "name": "api",
            "uid": ingress["metadata"]["uid"]})
    );
    let (source, reporter) = (&event["source"]["component"], &event["reportingComponent"]);
    assert_eq!((source, reporter, &event["count"]), (&json!("amko"), &json!("amko"), &json!(1)));
    let ttl = |w: &World| drop(apply(w.home(), policy(&CONTEXTS, json!({"ttl": 77}))));
    let sent = calls(&world);
    assert_eq!(events_after(&world, "ctx-b", ttl).await, Vec::<String>::new(), "every service was written");
    let another = events_after(&world, "ctx-b", |w| drop(apply(w.cluster("ctx-a"), web("api", "10.1.0.6")))).await;
    assert_eq!(another, Vec::<String>::new(), "a second member is nothing to tell the first");
    assert_eq!(calls(&world), sent + 2, "it is told itself: accepted, and programmed instead");
    let share = json!({"ttl": 77, "trafficSplit": [{"cluster": "ctx-b", "weight": 5}]});
    let told = events_after(&world, "ctx-b", |w| drop(apply(w.home(), policy(&CONTEXTS, share)))).await;
    assert_eq!(told, [programmed("api", "10.2.0.6").replace("ratio 1", "ratio 5")], "its own place is another");
}

/// DB-38
#[tokio::test(start_paused = true)]
async fn while_the_controller_is_away_a_new_ingress_is_accepted_and_later_programmed() {
    let world = running().await;
    world.avi.set_available(LEADER, false);
    apply(world.cluster("ctx-a"), web("first", "10.1.0.7"));
    tokio::time::sleep(Duration::from_secs(60)).await;
    apply(world.cluster("ctx-b"), web("api", "10.2.0.6"));
    tokio::time::sleep(Duration::from_secs(20)).await;
    let accepted = "Ingress shop/api: Normal Accepted: becomes a member of GSLB service api.example.org: pool of \
                    priority 10, address 10.2.0.6, ratio 1; the controller does not have it yet";
    assert_eq!(events(world.cluster("ctx-b")), [accepted]);
    world.avi.set_available(LEADER, true);
    tokio::time::sleep(Duration::from_secs(60)).await;
    world.settle().await;
    assert_eq!(events(world.cluster("ctx-b")), [accepted.to_owned(), programmed("api", "10.2.0.6")]);
}

/// DB-38
#[tokio::test(start_paused = true)]
async fn a_member_of_a_service_that_the_controller_refuses_reads_its_last_error() {
    let world = running().await;
    let body = json!({"error": "User does not have permission"}).to_string();
    let refusal = Fault::once(LEADER, "/api/gslbservice", 403, &body);
    world.avi.inject(Fault { method: Some("POST".into()), times: u32::MAX, ..refusal });
    apply(world.cluster("ctx-b"), web("api", "10.2.0.6"));
    tokio::time::sleep(Duration::from_secs(600)).await;
    let refused = "Ingress shop/api: Warning NotProgrammed: GSLB service api.example.org cannot be written, it is tried \
                   again: GSLB service api.example.org: POST /api/gslbservice/ in tenant admin: the account may not do \
                   this (User does not have permission); give its role write access to GSLB services and health \
                   monitors";
    assert_eq!(events(world.cluster("ctx-b")), [refused], "once, however often it is tried");
    world.avi.clear_faults();
    tokio::time::sleep(Duration::from_secs(60)).await;
    world.settle().await;
    assert_eq!(events(world.cluster("ctx-b")), [programmed("api", "10.2.0.6"), refused.to_owned()]);
}

/// DB-38
#[tokio::test(start_paused = true)]
async fn an_ingress_that_loses_its_label_is_told_once_which_rule_asks_for_it() {
    let world = running().await;
    let strip = |w: &World| drop(apply(w.cluster("ctx-a"), without_label(web("web", "10.1.0.5"))));
    assert_eq!(events_after(&world, "ctx-a", strip).await, [unselected("web")]);
    assert_eq!(world.service_names(), Vec::<String>::new());
    let touch = |w: &World| drop(apply(w.cluster("ctx-a"), without_label(web("web", "10.1.0.7"))));
    assert_eq!(events_after(&world, "ctx-a", touch).await, Vec::<String>::new());
}

/// DB-38
#[tokio::test(start_paused = true)]
async fn an_unlabelled_ingress_found_at_start_is_told_nothing_and_one_that_comes_later_once() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.cluster("ctx-a"), without_label(web("private", "10.1.0.8")));
    world.start().await;
    let told: Vec<String> =
        events(world.cluster("ctx-a")).into_iter().filter(|event| event.contains("private")).collect();
    assert_eq!(told, Vec::<String>::new());
    let later = |w: &World| drop(apply(w.cluster("ctx-a"), without_label(web("later", "10.1.0.9"))));
    assert_eq!(events_after(&world, "ctx-a", later).await, [unselected("later")]);
}

/// DB-38
#[tokio::test(start_paused = true)]
async fn an_annotation_that_cannot_be_parsed_is_a_warning_even_when_found_at_start() {
    let mut world = World::of_examples();
    let mut broken = web("web", "10.1.0.5");
    broken["metadata"]["annotations"]["ako.vmware.com/host-fqdn-vs-uuid-map"] = json!("{");
    apply(world.cluster("ctx-b"), broken);
    world.start().await;
    let told = events(world.cluster("ctx-b"));
    let reasons: Vec<&str> = told.iter().map(|event| event.split(": ").nth(1).unwrap()).collect();
    assert_eq!(reasons, ["Warning Invalid", "Warning Refused"]);
    let refused = world.links().board.read().clusters["ctx-b"].refused.clone();
    assert_eq!(told[0], refused[0].replacen("Ingress shop/web", "Ingress shop/web: Warning Invalid", 1));
}

/// DB-38
#[tokio::test(start_paused = true)]
async fn a_rejected_rule_reads_the_text_of_its_status_and_one_put_right_that_it_is_accepted() {
    let world = running().await;
    let rule = |more: Value| {
        let mut spec = json!({"fqdn": "web.example.org"});
        merge(&mut spec, more);
        json!({"apiVersion": "amko.vmware.com/v1alpha1", "kind": "GSLBHostRule",
        "metadata": {"name": "rule", "namespace": "avi-system"},
        "spec": spec})
    };
    let missing = json!({"thirdPartyMembers": [{"site": "x", "vip": "203.0.113.8"}]});
    let public = json!({"publicIP": [{"cluster": "ctx-a", "ip": "203.0.113.9"}]});
    let told = events_after(&world, "ctx-a", |w| drop(apply(w.home(), rule(missing)))).await;
    let object = world.home().get("gslbhostrules.amko.vmware.com", Some("avi-system"), "rule").unwrap();
    let error = object["status"]["error"].as_str().unwrap();
    let remedy = "create what it names, or correct the name in spec";
    assert_eq!(told, [format!("GSLBHostRule avi-system/rule: Warning Rejected: {error}: {remedy}")]);
    let told = events_after(&world, "ctx-a", |w| drop(apply(w.home(), rule(public)))).await;
    let [of_rule, of_member] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(of_rule, "GSLBHostRule avi-system/rule: Normal Accepted: the rule is in force");
    assert_eq!(*of_member, programmed("web", "10.1.0.5 (public 203.0.113.9)"));
}

/// DB-38
#[tokio::test(start_paused = true)]
async fn a_policy_that_becomes_invalid_reads_why() {
    let world = running().await;
    let bad = policy(&CONTEXTS, json!({"trafficSplit": [{"cluster": "ctx-z", "weight": 5}]}));
    let told = events_after(&world, "ctx-a", |w| drop(apply(w.home(), bad))).await;
    let kind = "globaldeploymentpolicies.amko.vmware.com";
    let object = world.home().get(kind, Some("avi-system"), "global-gdp").unwrap();
    let text = object["status"]["errorStatus"].as_str().unwrap();
    let expected = format!(
        "GlobalDeploymentPolicy avi-system/global-gdp: Warning Rejected: {text}: create what it names, or correct spec; \
         the last valid policy stays in force"
    );
    assert_eq!(told, [expected]);
}

/// DB-38: nor does the failure of any actor that has a part in it.
#[tokio::test(start_paused = true)]
async fn a_restart_in_an_unchanged_world_writes_no_event() {
    let mut world = running().await;
    apply(world.cluster("ctx-b"), web("api", "10.2.0.6"));
    apply(world.cluster("ctx-b"), without_label(web("private", "10.2.0.8")));
    world.settle().await;
    // As a cluster forgets Events after an hour: what is told again would show.
    let forget = |world: &World| {
        for context in CONTEXTS {
            for event in world.cluster(context).list("events") {
                let (namespace, name) = (&event["metadata"]["namespace"], event["metadata"]["name"].as_str().unwrap());
                world.cluster(context).delete("events", namespace.as_str(), name).unwrap();
            }
        }
    };
    forget(&world);
    world.stop().await;
    world.start().await;
    assert_eq!(CONTEXTS.map(|context| events(world.cluster(context))), [Vec::<String>::new(), Vec::new()]);
    let children =
        [Child::EventWriter, Child::GsDirectory, Child::PolicyWatcher, Child::ClusterWatcher("ctx-b".into())];
    for child in children {
        world.links().operator.cast(OperatorMsg::Poison(child.clone()));
        world.settle().await;
        let told = CONTEXTS.map(|context| events(world.cluster(context)));
        assert_eq!(told, [Vec::<String>::new(), Vec::new()], "{child} failed");
    }
}

/// DB-38
#[tokio::test(start_paused = true)]
async fn a_restart_repeats_a_warning_onto_the_event_that_is_there() {
    let mut world = World::of_examples();
    let mut broken = web("web", "10.1.0.5");
    broken["metadata"]["annotations"].as_object_mut().unwrap().clear();
    apply(world.cluster("ctx-b"), broken);
    world.start().await;
    let told = world.cluster("ctx-b").list("events");
    assert_eq!(told.len(), 1);
    world.stop().await;
    world.start().await;
    assert_eq!(world.cluster("ctx-b").list("events"), told);
    assert_eq!(world.links().metrics.events(EventOutcome::Deduplicated), 1);
}

/// DB-38
#[tokio::test(start_paused = true)]
async fn a_cluster_that_forbids_events_is_named_once_with_the_permission_and_nothing_else_changes() {
    let world = running().await;
    world.mischief.refuse_reads.lock().insert("ctx-b".into(), (EVENTS_OF_SHOP, 403));
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-b"), web("api", "10.2.0.6")))).await;
    assert_eq!(lines(&writes), ["POST healthmonitor", "POST gslbservice"]);
    let notices = world.links().board.read();
    let expected = "no Events can be written: refused by the test: allow the operator to `create` `events` (core \
                    group) in all namespaces of the cluster; it tries again in 15 s";
    assert_eq!(notices.events.get("ctx-b").map(String::as_str), Some(expected));
    assert_eq!(notices.clusters["ctx-b"].error, None);
    assert_eq!(world.links().metrics.events(EventOutcome::Forbidden), 1);
    // Virtual: the first silence after a refusal.
    tokio::time::sleep(Duration::from_secs(15)).await;
    world.writes_after(|w| drop(apply(w.cluster("ctx-b"), web("again", "10.2.0.9")))).await;
    let notice = world.links().board.read().events["ctx-b"].clone();
    assert!(notice.ends_with("it tries again in 30 s"), "{notice}");
    let silent = events_after(&world, "ctx-b", |w| {
        w.mischief.refuse_reads.lock().clear();
        apply(w.cluster("ctx-b"), web("silent", "10.2.0.7"));
    });
    assert_eq!(silent.await, Vec::<String>::new(), "nothing is tried for half a minute");
    // Virtual: the second silence, which is twice as long.
    tokio::time::sleep(Duration::from_secs(30)).await;
    let told = events_after(&world, "ctx-b", |w| drop(apply(w.cluster("ctx-b"), web("loud", "10.2.0.8")))).await;
    assert_eq!(told, [programmed("loud", "10.2.0.8")]);
    assert_eq!(world.links().board.read().events.get("ctx-b"), None);
}

/// DB-38: an API server that starts refuses for a moment what it allows right after.
#[tokio::test(start_paused = true)]
async fn events_are_tried_again_as_soon_as_their_cluster_can_be_read_again() {
    let world = running().await;
    world.mischief.refuse_reads.lock().insert("ctx-b".into(), (EVENTS_OF_SHOP, 403));
    for (name, ip) in [("one", "10.2.0.6"), ("two", "10.2.0.7"), ("three", "10.2.0.8")] {
        // Virtual: apart, so that each is refused by itself.
        tokio::time::sleep(Duration::from_secs(30)).await;
        world.writes_after(|w| drop(apply(w.cluster("ctx-b"), web(name, ip)))).await;
    }
    assert!(world.links().board.read().events["ctx-b"].ends_with("it tries again in 60 s"));
    world.mischief.refuse_reads.lock().clear();
    world.cluster("ctx-b").set_available(false);
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.cluster("ctx-b").set_available(true);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(world.links().board.read().events, [].into());
    apply(world.cluster("ctx-b"), web("loud", "10.2.0.9"));
    tokio::time::sleep(Duration::from_secs(10)).await;
    let events = world.cluster("ctx-b").list("events");
    let told: Vec<&str> = events.iter().map(|event| event["involvedObject"]["name"].as_str().unwrap()).collect();
    assert_eq!(told, ["loud"]);
}

/// DB-38
#[tokio::test(start_paused = true)]
async fn three_hundred_fqdns_at_once_are_all_written_and_told_within_the_bucket() {
    let world = running().await;
    let begin = tokio::time::Instant::now();
    for n in 0..300 {
        apply(world.cluster("ctx-b"), web(&format!("app{n}"), &format!("10.2.{}.{}", n / 200, n % 200 + 1)));
    }
    world.settle().await;
    let most = 50 + usize::try_from(begin.elapsed().as_secs()).unwrap();
    let told = events(world.cluster("ctx-b")).len();
    assert!((50..=most).contains(&told), "{told} of at most {most}");
    assert_eq!(world.service_names().len(), 301);
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(events(world.cluster("ctx-b")).len(), 300, "the others follow");
}

/// DB-38
#[tokio::test(start_paused = true)]
async fn what_is_gone_before_it_could_be_told_is_not_told() {
    let world = running().await;
    world.avi.set_available(LEADER, false);
    let told = events_after(&world, "ctx-b", |w| {
        apply(w.cluster("ctx-b"), web("api", "10.2.0.6"));
        delete_ingress(w.cluster("ctx-b"), "api");
    });
    assert_eq!(told.await, Vec::<String>::new());
}

#[test]
fn the_hook_that_fails_the_event_writer_is_called_by_its_name() {
    assert_eq!(Child::parse("event-writer"), Some(Child::EventWriter));
    assert_eq!(Child::EventWriter.to_string(), "event-writer");
}
