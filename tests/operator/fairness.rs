//! Work for the controller: who goes first, how soon what failed is tried again, and what others changed there.

use crate::support::objects::{Host, apply, delete_ingress, ingress, policy, web};
use crate::support::status::{host_rule, rule, said};
use crate::support::{LEADER, World, lines, outcomes};
use amko::actors::board::QueueNotice;
use amko::avi::wire::text_of;
use amko::http::{TestHooks, router};
use amko_lab::avi::{Fault, FaultAnswer, RequestRecord};
use axum::body::Body;
use http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tower::ServiceExt;

const FOREVER: u32 = u32::MAX;
const CONTEXTS: [&str; 2] = ["ctx-a", "ctx-b"];

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn app(number: usize) -> String {
    format!("app-{number:03}")
}

/// Gives app `number` an address of this round.
fn move_app(world: &World, number: usize, round: usize) {
    apply(world.cluster("ctx-a"), web(&app(number), &address(number, round)));
}

fn address(number: usize, round: usize) -> String {
    format!("10.1.{}.{}", round * 8 + number / 200, number % 200 + 1)
}

/// An operator that has written this many services and rests.
async fn world_with(services: usize) -> World {
    let mut world = World::of_examples();
    (0..services).for_each(|number| move_app(&world, number, 0));
    world.start().await;
    assert_eq!(world.service_names().len(), services);
    world
}

fn on_leader(world: &World, name: &str) -> Value {
    world.on_controller(LEADER, "gslbservice")[&format!("{name}.example.org")].clone()
}

fn address_of(service: &Value) -> &str {
    service["groups"][0]["members"][0]["ip"]["addr"].as_str().unwrap()
}

fn path_of(service: &Value) -> String {
    format!("/api/gslbservice/{}", service["uuid"].as_str().unwrap())
}

/// Requests of this method whose path begins so are answered like this.
fn refuse(world: &World, method: &str, path: &str, status: u16, times: u32) {
    let fault = Fault::once(LEADER, path, status, r#"{"error": "not like this"}"#);
    world.avi.inject(Fault { method: Some(method.into()), times, ..fault });
}

/// Requests of this method take this long.
fn slow(world: &World, method: &str, delay: Duration) {
    let fault = Fault::once(LEADER, "/api/", 200, "");
    let (method, answer) = (Some(method.into()), FaultAnswer::Truth);
    world.avi.inject(Fault { method, answer, delay, times: FOREVER, ..fault });
}

/// Somebody else edits a service.
async fn edit(world: &World, object: &Value, change: impl FnOnce(&mut Value)) {
    let mut edited = object.clone();
    change(&mut edited);
    world.somebody_else().request(Method::PUT, &path_of(object), "admin", Some(&text_of(&edited))).await.unwrap();
}

fn touching(requests: &[RequestRecord], path: &str) -> usize {
    requests.iter().filter(|request| request.path_and_query.replace("//", "/").starts_with(path)).count()
}

fn queue(world: &World) -> QueueNotice {
    world.links().board.read().queue
}

async fn get(world: &World, path: &str) -> String {
    let request = http::Request::get(path).body(Body::empty()).unwrap();
    let answer = router(world.links().clone(), TestHooks::Off).oneshot(request).await.unwrap();
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// Lines of `/metrics` that begin so.
async fn metrics(world: &World, beginning: &str) -> Vec<String> {
    let text = get(world, "/metrics").await;
    let mut lines: Vec<String> = text.lines().filter(|line| line.starts_with(beginning)).map(str::to_owned).collect();
    lines.sort();
    lines
}

/// REST-01, REST-02. The tries of an hour come after 30, 60, 120, 240 and 480 seconds and then each ten
/// minutes, each pause shorter by a tenth at most: ten of them, or eleven.
#[tokio::test(start_paused = true)]
async fn a_poisoned_service_delays_nobody_and_ends_in_quarantine() {
    let world = world_with(201).await;
    apply(world.home(), host_rule("poisoned", json!({"fqdn": "app-000.example.org"})));
    world.settle().await;
    let poisoned = path_of(&on_leader(&world, "app-000"));
    refuse(&world, "PUT", &poisoned, 400, FOREVER);
    let before = world.avi.last_request();
    (0..201).for_each(|number| move_app(&world, number, 1));
    tokio::time::sleep(seconds(5)).await;
    let writes = outcomes(&world.writes_since(before)).into_iter().filter(|(_, status)| *status == 200).count();
    assert_eq!(writes, 200, "the others are done");
    assert!((1..201).all(|number| address_of(&on_leader(&world, &app(number))) == address(number, 1)));
    assert_eq!(
        (queue(&world).quarantined, said(&rule(&world, "poisoned").unwrap())[2].as_str()),
        (0, "Programmed=False Failing")
    );

    tokio::time::sleep(seconds(1200)).await;
    let quarantined = rule(&world, "poisoned").unwrap();
    assert_eq!(said(&quarantined)[2], "Programmed=False Quarantined");
    tokio::time::sleep(seconds(3600 - 1205)).await;
    let asked = touching(&world.requests_since(before), &poisoned);
    assert!((10..=11).contains(&asked), "{asked} requests in an hour");
    let now = rule(&world, "poisoned").unwrap();
    assert_eq!(now["metadata"]["resourceVersion"], quarantined["metadata"]["resourceVersion"], "told once");
    let error = now["status"]["service"]["lastError"]["message"].as_str().unwrap().to_owned();
    let expected = format!(
        "{error}; it is tried again with growing pauses of up to ten minutes, and at once when one of its objects changes"
    );
    assert_eq!(now["status"]["conditions"][2]["message"], expected);

    let document: Value = serde_json::from_str(&get(&world, "/api/gs/app-000.example.org").await).unwrap();
    assert_eq!((&document["state"], &document["last_error"]), (&json!("quarantined"), &json!(error)));
    let document: Value = serde_json::from_str(&get(&world, "/api/status").await).unwrap();
    let failures = u64::try_from(asked).unwrap();
    let notice = json!({"waiting": 0, "delayed": 1, "in_flight": 0, "quarantined": 1,
        "quarantine": [{"fqdn": "app-000.example.org", "failures": failures, "error": error}]});
    assert_eq!(document["queue"], notice);
    assert_eq!(metrics(&world, "amko_queue_quarantined ").await, ["amko_queue_quarantined 1"]);
    let retries = format!("amko_retries_total{{reason=\"invalid\"}} {asked}");
    assert_eq!(metrics(&world, "amko_retries_total").await, [retries]);

    world.avi.clear_faults();
    let before = world.avi.last_request();
    move_app(&world, 0, 2);
    tokio::time::sleep(seconds(31)).await;
    assert_eq!(outcomes(&world.writes_since(before)), [("PUT gslbservice/<uuid>", 200)]);
    world.settle().await;
    assert_eq!(said(&rule(&world, "poisoned").unwrap())[2], "Programmed=True InSync");
    assert_eq!(queue(&world), QueueNotice::default());
}

/// DB-11.
#[tokio::test(start_paused = true)]
async fn a_single_change_overtakes_a_rewrite_of_everything() {
    const SERVICES: usize = 500;
    let world = world_with(SERVICES).await;
    slow(&world, "PUT", Duration::from_millis(500));
    let before = world.avi.last_request();
    apply(world.home(), policy(&CONTEXTS, json!({"ttl": 60})));
    tokio::time::sleep(seconds(2)).await;
    let waiting = queue(&world);
    assert!(waiting.waiting > SERVICES * 8 / 10 && waiting.oldest() >= seconds(1), "{waiting:?}");
    let depth = format!("amko_queue_depth{{class=\"bulk\"}} {}", waiting.waiting);
    assert!(metrics(&world, "amko_queue_depth").await.contains(&depth));
    // The last by name, and so the last in the order of coming.
    move_app(&world, SERVICES - 1, 1);
    world.settle().await;
    let writes = world.writes_since(before);
    let is_it = |body: &Value| body["name"] == format!("{}.example.org", app(SERVICES - 1));
    let place = writes.iter().position(|write| is_it(&write.body)).unwrap();
    assert!(place < SERVICES / 10, "as number {place} of {}", writes.len());
    assert_eq!(address_of(&writes[place].body), address(SERVICES - 1, 1));
    assert_eq!((writes.len(), writes[place].body["ttl"].clone()), (SERVICES, json!(60)), "and with the new policy");
}

/// DB-11.
#[tokio::test(start_paused = true)]
async fn a_service_that_is_renamed_is_created_before_the_old_one_goes() {
    let named = |host| ingress("web", &[Host { host, ip: "10.1.0.5", paths: &["/"] }]);
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), named("z-old.example.org"));
    apply(world.cluster("ctx-a"), web("other", "10.1.0.6"));
    world.start().await;
    slow(&world, "POST", seconds(10));
    let before = world.avi.last_request();
    // In both orders of names.
    for (new, gone) in [("a-new.example.org", "z-old.example.org"), ("z-newer.example.org", "a-new.example.org")] {
        let before = world.avi.last_request();
        apply(world.cluster("ctx-a"), named(new));
        tokio::time::sleep(seconds(15)).await;
        assert!(world.service_names().contains(&gone.to_owned()), "it stays until there is the other");
        world.settle().await;
        let expected =
            ["POST healthmonitor", "POST gslbservice", "DELETE gslbservice/<uuid>", "DELETE healthmonitor/<uuid>"];
        assert_eq!(lines(&world.writes_since(before)), expected);
        assert_eq!(world.service_names(), BTreeSet::from(["other.example.org", new]).into_iter().collect::<Vec<_>>());
    }
    assert_eq!(world.writes_since(before).len(), 8);
}

/// DB-11: no service stays for ever because of another one that cannot be written.
#[tokio::test(start_paused = true)]
async fn a_deletion_does_not_wait_for_a_creation_that_the_controller_refuses() {
    let world = world_with(1).await;
    refuse(&world, "POST", "/api/gslbservice", 400, FOREVER);
    let mut renamed = web("new", "10.1.0.1");
    renamed["metadata"]["name"] = json!(app(0));
    apply(world.cluster("ctx-a"), renamed);
    tokio::time::sleep(seconds(2)).await;
    assert_eq!(world.service_names(), Vec::<String>::new());
}

/// REST-02, F-16 of the controller's faults: whoever is faster on each second write.
#[tokio::test(start_paused = true)]
async fn a_writer_that_is_faster_on_each_second_write_stops_nothing_and_costs_a_read_each() {
    const SERVICES: usize = 10;
    let world = world_with(SERVICES).await;
    for _ in 0..SERVICES {
        refuse(&world, "PUT", "/api/gslbservice", 412, 1);
        let truth = Fault::once(LEADER, "/api/gslbservice", 200, "");
        world.avi.inject(Fault { method: Some("PUT".into()), answer: FaultAnswer::Truth, ..truth });
    }
    let before = world.avi.last_request();
    (0..SERVICES).for_each(|number| move_app(&world, number, 1));
    tokio::time::sleep(seconds(10)).await;
    let mut statuses: Vec<u16> = world.writes_since(before).iter().map(|write| write.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [[200; SERVICES], [412; SERVICES]].concat());
    assert!((0..SERVICES).all(|number| address_of(&on_leader(&world, &app(number))) == address(number, 1)));
    // Each conflict makes the service and its one monitor be read.
    assert_eq!(world.requests_since(before).len(), SERVICES * 4);
    assert_eq!(metrics(&world, "amko_retries_total").await, ["amko_retries_total{reason=\"conflict\"} 10"]);
}

/// REST-02.
#[tokio::test(start_paused = true)]
async fn a_writer_that_is_always_faster_is_met_five_times_at_once_and_then_rarely() {
    let world = world_with(2).await;
    let contested = path_of(&on_leader(&world, "app-000"));
    refuse(&world, "PUT", &contested, 412, FOREVER);
    let before = world.avi.last_request();
    move_app(&world, 0, 1);
    tokio::time::sleep(seconds(3600)).await;
    let asked = world.requests_since(before).iter().filter(|request| request.method == "PUT").count();
    // Six at once, five while the pause doubles from half a minute, then one in ten minutes.
    assert!((14..=16).contains(&asked), "{asked} writes in an hour");
    assert_eq!(queue(&world).quarantined, 1);
    move_app(&world, 1, 1);
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(address_of(&on_leader(&world, "app-001")), address(1, 1), "nobody else waits for it");
    world.avi.clear_faults();
    // Virtual time, past the longest pause of ten minutes.
    tokio::time::sleep(seconds(601)).await;
    assert_eq!(address_of(&on_leader(&world, "app-000")), address(0, 1));
    assert_eq!(queue(&world), QueueNotice::default());
}

/// REST-03 and DB-15: a deletion that fails often enough for quarantine, and one that is still to be done when the
/// operator is restarted.
#[tokio::test(start_paused = true)]
async fn a_deletion_is_done_in_the_end_whatever_the_controller_says_and_whoever_is_restarted() {
    for status in [403, 504] {
        let mut world = world_with(2).await;
        refuse(&world, "DELETE", "/api/gslbservice", status, 7);
        let before = world.avi.last_request();
        delete_ingress(world.cluster("ctx-a"), "app-000");
        tokio::time::sleep(seconds(2400)).await;
        assert_eq!(world.service_names(), ["app-001.example.org"], "{status}");
        let deleted = world.writes_since(before).iter().filter(|write| write.status == status).count();
        assert_eq!(deleted, 7, "{status}");

        refuse(&world, "DELETE", "/api/gslbservice", status, FOREVER);
        delete_ingress(world.cluster("ctx-a"), "app-001");
        tokio::time::sleep(seconds(60)).await;
        world.stop().await;
        world.avi.clear_faults();
        assert_eq!(world.service_names(), ["app-001.example.org"]);
        world.start().await;
        assert_eq!((world.service_names(), world.monitor_names()), (vec![], vec![]), "{status}");
    }
}

/// DB-10 and F-43 of the controller's faults: each edit is repaired with the fewest writes, and counted.
#[tokio::test(start_paused = true)]
async fn what_somebody_else_changed_is_repaired_at_the_next_full_read_with_the_fewest_writes() {
    let world = world_with(6).await;
    let before = world.avi.last_request();
    edit(&world, &on_leader(&world, "app-000"), |service| service["ttl"] = json!(77)).await;
    edit(&world, &on_leader(&world, "app-001"), |service| {
        service["groups"][0]["members"][0]["ip"]["addr"] = json!("10.9.9.9");
    })
    .await;
    let other = world.somebody_else();
    other.request(Method::DELETE, &path_of(&on_leader(&world, "app-002")), "admin", None).await.unwrap();
    edit(&world, &on_leader(&world, "app-003"), |service| service["health_monitor_refs"] = json!([])).await;
    let monitors = world.on_controller(LEADER, "healthmonitor");
    let monitor = monitors.values().find(|monitor| monitor["description"].to_string().contains("app-003")).unwrap();
    let path = format!("/api/healthmonitor/{}", monitor["uuid"].as_str().unwrap());
    other.request(Method::DELETE, &path, "admin", None).await.unwrap();
    // Not the operator's business.
    edit(&world, &on_leader(&world, "app-004"), |service| service["num_dns_ip"] = json!(3)).await;
    let theirs = world.writes_since(before).len();
    assert_eq!(theirs, 6);

    tokio::time::sleep(seconds(1801)).await;
    world.settle().await;
    let writes = world.writes_since(before).split_off(theirs);
    let mut repairs = outcomes(&writes);
    repairs.sort_unstable();
    let put = ("PUT gslbservice/<uuid>", 200);
    assert_eq!(repairs, [("POST gslbservice", 201), ("POST healthmonitor", 201), put, put, put]);
    let ttl = on_leader(&world, "app-000")["ttl"].clone();
    assert_eq!((ttl, on_leader(&world, "app-004")["num_dns_ip"].clone()), (Value::Null, json!(3)));
    assert!((0..6).all(|number| address_of(&on_leader(&world, &app(number))) == address(number, 0)));
    let count = |of: &str, kind: &str, n: u32| format!("amko_drift_{of}_total{{kind=\"{kind}\"}} {n}");
    assert_eq!(metrics(&world, "amko_drift_found").await, [count("found", "monitor", 1), count("found", "service", 4)]);
    let repaired = [count("repaired", "monitor", 1), count("repaired", "service", 4)];
    assert_eq!(metrics(&world, "amko_drift_repaired").await, repaired);

    let before = world.avi.last_request();
    tokio::time::sleep(seconds(3600)).await;
    assert_eq!(world.writes_since(before), [], "what is equal is left alone");
    assert_eq!(metrics(&world, "amko_drift_found").await, [count("found", "monitor", 1), count("found", "service", 4)]);
}
