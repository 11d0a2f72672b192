//! What is said is what is: what the operator knows, and what status, pages, metrics and log make of it.

use crate::support::objects::{apply, config, patch_config, set_password, web};
use crate::support::status::{gdp, host_rule, rule, said};
use crate::support::{LEADER, World};
use amko::http::{TestHooks, router};
use amko_lab::avi::Fault;
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::sync::Once;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tower::ServiceExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::SubscriberExt;

async fn get(world: &World, path: &str) -> Value {
    let request = http::Request::get(path).body(Body::empty()).unwrap();
    let answer = router(world.links().clone(), TestHooks::Off).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

/// Judgements of rules so far.
fn judgements(world: &World) -> u64 {
    world.links().board.read().gslb_host_rules.counts.judgements
}

/// FND-B10: with an object for the status of every service, what is judged grows with the services, not with their
/// square; the status of an object that only carries one, and what the operator wrote itself, decide nothing.
#[tokio::test(start_paused = true)]
async fn each_object_that_carries_a_status_is_judged_once_and_a_change_of_one_rule_judges_that_rule() {
    const SERVICES: u64 = 40;
    let mut world = World::of_examples();
    patch_config(world.home(), json!({"spec": {"statusObjects": "All"}}));
    for index in 0..SERVICES {
        apply(world.cluster("ctx-a"), web(&format!("web{index}"), &format!("10.1.0.{}", index + 1)));
    }
    world.start().await;
    for index in 0..SERVICES {
        let carrier = rule(&world, &format!("web{index}.example.org")).unwrap();
        assert_eq!(said(&carrier)[2], "Programmed=True InSync");
    }
    assert_eq!(judgements(&world), SERVICES);

    apply(world.home(), host_rule("mine", json!({"fqdn": "web7.example.org", "ttl": 5})));
    world.settle().await;
    assert_eq!(rule(&world, "web7.example.org"), None, "the user's own rule carries the status now");
    // The user's rule together with the carrier of its FQDN, and once more when that is gone.
    assert_eq!(judgements(&world), SERVICES + 3);

    apply(world.cluster("ctx-a"), web("web9", "10.1.0.200"));
    world.settle().await;
    assert_eq!(judgements(&world), SERVICES + 3, "a change of a service is none of a rule");
}

async fn seconds(n: u64) {
    tokio::time::sleep(Duration::from_secs(n)).await;
}

/// Every face that speaks of the member clusters and the controller, in short.
async fn faces(world: &World) -> Vec<String> {
    let status = get(world, "/api/status").await;
    let cluster = &status["clusters"]["ctx-b"];
    let condition = |name: &str| {
        let conditions = config(world.home(), "gc-1")["status"]["conditions"].clone();
        let condition = conditions.as_array().unwrap().iter().find(|c| c["type"] == name).cloned().unwrap_or_default();
        format!(
            "{name}={} {}",
            condition["status"].as_str().unwrap_or("-"),
            condition["reason"].as_str().unwrap_or("-")
        )
    };
    let metrics = world.links().metrics.render(&world.links().board.read());
    let metric = |name: &str| metrics.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    vec![
        format!("cluster synced={} sight={}", cluster["synced"], cluster["sight"].as_str().unwrap()),
        format!("controller {} {}", status["avi_api"]["connection_status"], status["avi_api"]["state"]),
        condition("ClustersSeen"),
        condition("Programmed"),
        metric("amko_cluster_synced{cluster=\"ctx-b\"}"),
        metric("amko_controller_synced"),
    ]
}

/// Reasons of the Events about the GSLBConfig, sorted, each once.
fn events(world: &World) -> Vec<String> {
    let events = world.home().list("events");
    let about = events.iter().filter(|event| event["involvedObject"]["kind"] == "GSLBConfig");
    about.map(|event| event["reason"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// FND-C1: a site and the controller go dark, and come back: within a minute every face says so, each time.
#[tokio::test(start_paused = true)]
async fn a_dark_site_and_a_dark_controller_show_on_every_face_within_a_minute_and_so_does_their_return() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    world.start().await;
    let well = [
        "cluster synced=true sight=seen",
        "controller \"CONNECTED\" \"Synced\"",
        "ClustersSeen=True AllSeen",
        "Programmed=True Synced",
        "amko_cluster_synced{cluster=\"ctx-b\"} 1",
        "amko_controller_synced 1",
    ];
    assert_eq!(faces(&world).await, well);

    world.cluster("ctx-b").set_available(false);
    seconds(60).await;
    let dark_cluster = [
        "cluster synced=false sight=lost",
        "controller \"CONNECTED\" \"Synced\"",
        "ClustersSeen=False ClusterUnreachable",
        "Programmed=Unknown ClusterUnreachable",
        "amko_cluster_synced{cluster=\"ctx-b\"} 0",
        "amko_controller_synced 1",
    ];
    assert_eq!(faces(&world).await, dark_cluster);

    world.avi.inject(Fault { times: u32::MAX, ..Fault::once(LEADER, "/", 503, "<html><title>Bad Gateway</title>") });
    apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
    seconds(60).await;
    let dark = [
        "cluster synced=false sight=lost",
        "controller \"CONNECTED\" \"ControllerFailing\"",
        "ClustersSeen=False ClusterUnreachable",
        "Programmed=False ControllerFailing",
        "amko_cluster_synced{cluster=\"ctx-b\"} 0",
        "amko_controller_synced 0",
    ];
    assert_eq!(faces(&world).await, dark);
    let state = config(world.home(), "gc-1")["status"]["state"].as_str().unwrap().to_owned();
    assert!(state.contains("(Bad Gateway)") && !state.contains('<'), "{state}");

    world.avi.clear_faults();
    world.cluster("ctx-b").set_available(true);
    seconds(60).await;
    assert_eq!(faces(&world).await, well);
    world.settle().await;
    assert_eq!(events(&world), ["Accepted", "ClusterNotSeen", "ClusterSeen", "NotProgrammed"]);
}

/// What `kubectl get` shows of the GSLBConfig: its columns, and its cells in one line.
async fn shown_by_kubectl(world: &World) -> (Vec<String>, String) {
    let path = "/apis/amko.vmware.com/v1alpha1/namespaces/avi-system/gslbconfigs";
    let request = http::Request::get(path).header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
    let answer = world.home().router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let table: Value = serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap();
    let columns = table["columnDefinitions"].as_array().unwrap().iter().enumerate();
    let narrow: Vec<(usize, String)> = columns
        .filter(|(_, column)| column["priority"] == 0)
        .map(|(index, column)| (index, column["name"].as_str().unwrap().to_owned()))
        .collect();
    let cells = &table["rows"][0]["cells"];
    let line: Vec<String> = narrow.iter().map(|(index, _)| cells[index].to_string()).collect();
    (narrow.into_iter().map(|(_, name)| name).collect(), line.join(" "))
}

/// FND-C5: what a proxy answers with makes the table no wider than a screen.
#[tokio::test(start_paused = true)]
async fn kubectl_get_shows_one_word_of_a_controller_behind_a_proxy_that_answers_with_pages() {
    let page =
        "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body>";
    let mut world = World::of_examples();
    world.avi.inject(Fault { times: u32::MAX, ..Fault::once(LEADER, "/", 502, page) });
    world.start_without_settling().await;
    seconds(60).await;
    let (columns, line) = shown_by_kubectl(&world).await;
    assert_eq!(columns, ["Name", "Controller", "Programmed", "Reason", "Age"]);
    assert!(line.contains("\"ControllerFailing\"") && line.len() < 100, "{line}");
    let status = config(world.home(), "gc-1")["status"].to_string();
    assert!(status.contains("(502 Bad Gateway)") && !status.contains('<'), "{status}");
}

/// FND-C8: what a person mends differently has a reason of its own.
#[tokio::test(start_paused = true)]
async fn programmed_has_one_reason_for_each_cause_that_is_mended_differently() {
    type Trouble = fn(&World);
    let table: [(&str, Trouble); 4] = [
        ("CredentialsRefused", |world| set_password(world.home(), "wrong")),
        ("CertificateNotTrusted", |world| world.mischief.refuse_certificates.store(true, Ordering::Relaxed)),
        ("NotLeader", |world| patch_config(world.home(), json!({"spec": {"gslbLeader": {"controllerIP": "site1"}}}))),
        ("ControllerFailing", |world| {
            world.avi.inject(Fault { times: u32::MAX, ..Fault::once(LEADER, "/", 502, "<html>") });
        }),
    ];
    for (reason, begin) in table {
        let mut world = World::of_examples();
        begin(&world);
        world.start_without_settling().await;
        seconds(60).await;
        let conditions = config(world.home(), "gc-1")["status"]["conditions"].clone();
        let programmed = conditions.as_array().unwrap().iter().find(|c| c["type"] == "Programmed").unwrap();
        assert_eq!((&programmed["status"], &programmed["reason"]), (&json!("False"), &json!(reason)));
        let said = world.links().board.readiness().unwrap_err();
        assert!(said.starts_with(&format!("the first look at the controller is not over ({reason} since ")), "{said}");
    }
}

thread_local! {
    /// What was written into the log on this thread, while a test reads it: a test with paused time has one thread.
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// What the operator writes into its log, at level INFO and above, from here on.
struct Log;

impl Log {
    /// One log for the whole program: with one for each thread, a line that another thread reaches first would be off
    /// for good.
    fn read() -> Self {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            let read = dynamic_filter_fn(|line, _| {
                *line.level() <= tracing::Level::INFO && LINES.with_borrow(Option::is_some)
            });
            let lines = tracing_subscriber::fmt::layer().with_writer(|| Line).with_ansi(false).without_time();
            let log = tracing_subscriber::registry().with(lines.with_target(false).with_filter(read));
            tracing::subscriber::set_global_default(log).unwrap();
        });
        LINES.set(Some(Vec::new()));
        Self
    }

    /// The lines so far that `picks`, which are thrown away with all others.
    fn take(&self, picks: &[&str]) -> Vec<String> {
        let text = String::from_utf8(LINES.replace(Some(Vec::new())).unwrap_or_default()).unwrap();
        let picked = text.lines().filter(|line| picks.iter().any(|pick| line.contains(pick)));
        picked.map(|line| line.trim().to_owned()).collect()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        LINES.set(None);
    }
}

struct Line;

impl io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.iter_mut().for_each(|lines| lines.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A line about a write without the time that it took and its number.
fn without_numbers(line: &str) -> String {
    let (line, numbers) = line.split_once(" took_ms=").unwrap();
    assert!(numbers.contains(" number="), "{numbers}");
    line.to_owned()
}

/// FND-C3: who follows the log knows what was changed on the controller, in which parts, why, and whether it was done.
#[tokio::test(start_paused = true)]
async fn each_write_is_a_line_in_the_log_and_the_controllers_trouble_is_a_pair_of_lines() {
    let log = Log::read();
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start().await;
    let monitor = world.monitor_names().remove(0);
    let line = |what: &str, name: &str, fields: &str, cause: &str| {
        format!(
            "INFO {what} fqdn=\"web.example.org\" tenant=\"admin\" name=\"{name}\" fields=\"{fields}\" cause=\"{cause}\" \
             result=\"done\""
        )
    };
    let written = || log.take(&["result="]).iter().map(|line| without_numbers(line)).collect::<Vec<_>>();
    let start = "policy, start or full read";
    let probe = "HTTP 80 HEAD / HTTP/1.0 HTTP_2XX HTTP_3XX";
    let created = [
        line("create health monitor", &monitor, probe, start),
        line("create GSLB service", "web.example.org", "members +10.1.0.5", start),
    ];
    assert_eq!(written(), created);

    apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
    world.settle().await;
    let change = "an object or a rule changed";
    let updated = line("update GSLB service", "web.example.org", "members +10.1.0.6 -10.1.0.5", change);
    assert_eq!(written(), [updated]);

    world.avi.inject(Fault { times: u32::MAX, ..Fault::once(LEADER, "/", 503, "<html><title>Bad Gateway</title>") });
    apply(world.cluster("ctx-a"), web("web", "10.1.0.7"));
    seconds(180).await;
    world.avi.clear_faults();
    seconds(60).await;
    world.settle().await;
    let all = log.take(&[""]);
    let said = |text: &str| all.iter().filter(|line| line.contains(text)).cloned().collect::<Vec<_>>();
    let (begun, ended) = (said("the controller cannot be used"), said("the controller is in use"));
    assert_eq!((begun.len(), ended.len()), (1, 1), "{all:#?}");
    let pair = [begun[0].clone(), ended[0].clone()];
    assert!(pair[0].starts_with("WARN ") && pair[1].contains("the controller is in use again "), "{pair:?}");
    assert!(pair[0].contains("reason=\"ControllerFailing\"") && pair[1].contains("after=\"3m"), "{pair:?}");
}

/// FND-C7: while most services wait for a slow controller, nobody says that all of them follow the policy.
#[tokio::test(start_paused = true)]
async fn while_services_wait_policy_and_readiness_say_how_many_and_for_how_long() {
    let mut world = World::of_examples();
    patch_config(world.home(), json!({"spec": {"gslbLeader": {"requestsPerSecond": 2}}}));
    world.start().await;
    let programmed = |world: &World| gdp(world)["status"]["conditions"][2].clone();
    assert_eq!(programmed(&world)["status"], "True");
    for index in 0..60 {
        apply(world.cluster("ctx-a"), web(&format!("web{index}"), &format!("10.1.0.{}", index + 1)));
    }
    seconds(30).await;
    let condition = programmed(&world);
    let message = condition["message"].as_str().unwrap();
    assert_eq!((&condition["status"], &condition["reason"]), (&json!("False"), &json!("Pending")));
    assert!(message.contains(" of 60 GSLB services do not follow it yet, done in about "), "{message}");
    let ready = world.links().board.readiness().unwrap();
    assert!(ready.contains(" of 60 GSLB services are not as they should be yet, done in about "), "{ready}");

    seconds(60).await;
    world.settle().await;
    let all = (json!("True"), json!("every GSLB service follows it"));
    let condition = programmed(&world);
    assert_eq!((condition["status"].clone(), condition["message"].clone()), all);
    let ready = "first look done: every GSLB service is as it should be".to_owned();
    assert_eq!(world.links().board.readiness(), Ok(ready));
}

/// FND-C9 and FND-D5: an application that nobody selected is not in sync, and each state is counted.
#[tokio::test(start_paused = true)]
async fn what_nobody_selected_is_not_in_sync_and_states_and_members_are_counted() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    apply(world.cluster("ctx-b"), web("more", "10.2.0.6"));
    let mut unlabelled = web("spare", "10.1.0.9");
    unlabelled["metadata"]["labels"] = json!({});
    apply(world.cluster("ctx-a"), unlabelled);
    let mut bare = web("bare", "10.1.0.8");
    bare["metadata"]["annotations"] = json!({});
    apply(world.cluster("ctx-a"), bare);
    world.start().await;
    let services = get(&world, "/api/gs").await;
    let states: Vec<(&str, &str)> = services
        .as_array()
        .unwrap()
        .iter()
        .map(|service| (service["fqdn"].as_str().unwrap(), service["state"].as_str().unwrap()))
        .collect();
    let expected = [
        ("bare.example.org", "no-members"),
        ("more.example.org", "in-sync"),
        ("spare.example.org", "not-selected"),
        ("web.example.org", "in-sync"),
    ];
    assert_eq!(states, expected);
    seconds(5).await;
    let metrics = world.links().metrics.render(&world.links().board.read());
    let counted: BTreeSet<&str> = metrics
        .lines()
        .filter(|line| line.starts_with("amko_services{") || line.starts_with("amko_members{"))
        .collect();
    let expected = [
        "amko_members{cluster=\"ctx-a\"} 1",
        "amko_members{cluster=\"ctx-b\"} 2",
        "amko_services{state=\"in-sync\"} 2",
        "amko_services{state=\"no-members\"} 1",
        "amko_services{state=\"not-selected\"} 1",
    ];
    assert_eq!(counted, expected.into());
}
