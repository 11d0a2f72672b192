//! Sharing a controller: what an earlier AMKO left is taken over without a write, and what looks like ours and is not
//! stays as it is, byte for byte, through everything that happens to ours.

use crate::support::bodies::*;
use crate::support::controller::create;
use crate::support::objects::{Host, apply, delete_ingress, ingress, patch_config, service};
use crate::support::status::{host_rule, rule, said};
use crate::support::{LEADER, World, lines};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const OTHER: &str = "amko-99999999-2222-11ee-8000-333333333333";
const DB: &str = "db.example.org";
const DB_MONITOR: &str = "amko--bec897decb74c34a3045009860a9c8f5bdc102e6";

async fn minutes(n: u64) {
    tokio::time::sleep(Duration::from_secs(60 * n)).await;
}

/// The Ingress `web` of both clusters and the Service `db`.
fn objects(world: &World) {
    apply(world.cluster("ctx-a"), web_ingress("10.1.0.5", "/"));
    apply(world.cluster("ctx-b"), web_ingress("10.2.0.5", "/"));
    apply(world.cluster("ctx-a"), service("db", DB, "10.1.0.7", &[(5432, "TCP")]));
}

/// The service of `web` as an AMKO of upstream writes it: everything in the order of arrival, `tenant_ref` with the
/// controller's address.
fn web_of(owner: &str, monitor: &str) -> Value {
    let members = vec![member("10.2.0.5", 1, "web", WEB), member("10.1.0.5", 1, "web", WEB)];
    let body = web_service(&["ctx-b", "ctx-a"], members, &[monitor]);
    with(body, json!({"created_by": owner, "tenant_ref": "https://avi.example.org/api/tenant/?name=admin"}))
}

fn db_of(owner: &str) -> Value {
    let group = round_robin(10, vec![member("10.1.0.7", 1, "db", DB)]);
    with(service_of(DB, "LBSVC/ctx-a/shop/db", vec![group], &[DB_MONITOR]), json!({"created_by": owner}))
}

async fn written_before(world: &World, owner: &str, markers: bool) {
    let mut monitors = [http_monitor(ROOT, WEB, "/"), port_monitor(DB_MONITOR, DB, "TCP", 5432)];
    for monitor in &mut monitors {
        if !markers {
            monitor.as_object_mut().unwrap().remove("markers");
        }
        create(world, "healthmonitor", monitor.clone()).await;
    }
    create(world, "gslbservice", web_of(owner, ROOT)).await;
    create(world, "gslbservice", db_of(owner)).await;
}

/// DB-09 and DB-16
#[tokio::test(start_paused = true)]
async fn what_an_amko_of_the_same_uuid_or_of_old_left_is_taken_over_without_a_write() {
    for owner in [OWNER, "amko-gslb"] {
        let mut world = World::of_examples();
        written_before(&world, owner, true).await;
        objects(&world);
        let before = world.avi.last_request();
        world.start().await;
        minutes(40).await;
        world.settle().await;
        assert_eq!(world.writes_since(before), [], "{owner}");

        let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), web_ingress("10.1.0.6", "/")))).await;
        let members = vec![member("10.1.0.6", 1, "web", WEB), member("10.2.0.5", 1, "web", WEB)];
        expect(&writes, &[("PUT gslbservice/<uuid>", web_service(&["ctx-a", "ctx-b"], members, &[ROOT]))]);
        let owners = world.on_controller(LEADER, "gslbservice");
        assert_eq!((&owners[WEB]["created_by"], &owners[DB]["created_by"]), (&json!(OWNER), &json!(owner)));
    }
}

/// DB-17: nobody can tell whose an unmarked monitor is, so it gets our marker.
#[tokio::test(start_paused = true)]
async fn monitors_without_a_marker_are_marked_and_nothing_else_is_written() {
    let mut world = World::of_examples();
    written_before(&world, "amko-gslb", false).await;
    objects(&world);
    let before = world.avi.last_request();
    world.start().await;
    minutes(40).await;
    world.settle().await;
    let marked = [http_monitor(ROOT, WEB, "/"), port_monitor(DB_MONITOR, DB, "TCP", 5432)];
    let expected = marked.map(|monitor| ("PUT healthmonitor/<uuid>", monitor));
    expect_in_any_order(&world.writes_since(before), &expected);
}

/// FND-G2 and DB-38: the statuses are those that upstream writes, and each monitor is put right by a write.
#[tokio::test(start_paused = true)]
async fn a_takeover_tells_nobody_of_what_was_there_before() {
    let mut world = World::of_examples();
    written_before(&world, OWNER, false).await;
    objects(&world);
    apply(world.home(), host_rule("web", json!({"fqdn": WEB})));
    let home = |kind: &str, name: &str, status: Value| {
        let kind = format!("{kind}.amko.vmware.com");
        let patch = json!({"status": status});
        world.home().merge_patch(&kind, Some("avi-system"), name, Some("status"), patch).unwrap();
    };
    home("gslbconfigs", "gc-1", json!({"state": "success: gslb config accepted"}));
    home("globaldeploymentpolicies", "global-gdp", json!({"errorStatus": "success"}));
    home("gslbhostrules", "web", json!({"status": "Accepted"}));
    let before = world.avi.last_request();
    world.start().await;
    minutes(40).await;
    world.settle().await;
    assert_eq!(lines(&world.writes_since(before)), ["PUT healthmonitor/<uuid>", "PUT healthmonitor/<uuid>"]);
    let told = |context: &str| world.cluster(context).list("events");
    assert_eq!((told("ctx-a"), told("ctx-b")), (Vec::<Value>::new(), Vec::new()));
    assert_eq!(said(&rule(&world, "web").unwrap())[0], "Accepted=True Accepted", "the rule is in force all the same");
}

/// DB-16: what the old owner left and nobody asks for goes like ours.
#[tokio::test(start_paused = true)]
async fn what_an_amko_of_old_left_and_nothing_explains_goes() {
    let mut world = World::of_examples();
    written_before(&world, "amko-gslb", true).await;
    apply(world.cluster("ctx-a"), service("db", DB, "10.1.0.7", &[(5432, "TCP")]));
    // Otherwise it is asked about: several objects are gone that nobody saw go.
    patch_config(world.home(), json!({"spec": {"deletionGuard": {"maxPercent": 100}}}));
    let before = world.avi.last_request();
    world.start().await;
    assert_eq!(lines(&world.writes_since(before)), ["DELETE gslbservice/<uuid>", "DELETE healthmonitor/<uuid>"]);
    assert_eq!(names(&world), (vec![DB.to_owned()], vec![DB_MONITOR.to_owned()]));
}

/// DB-08: old names are replaced by the present ones.
#[tokio::test(start_paused = true)]
async fn a_monitor_with_a_plain_name_gives_way_to_one_with_the_present_name() {
    let mut world = World::of_examples();
    let plain = format!("amko--http--{WEB}--/");
    let monitor = with(http_monitor(&plain, WEB, "/"), json!({"description": "made by an old release"}));
    create(&world, "healthmonitor", monitor).await;
    // Of a service with a similar name, which the other installation has.
    let similar = with(http_monitor(&format!("{plain}x"), "x", "/"), json!({"markers": marker(OTHER)}));
    let similar = create(&world, "healthmonitor", similar).await;
    create(&world, "gslbservice", web_of("amko-gslb", &plain)).await;
    apply(world.cluster("ctx-a"), web_ingress("10.1.0.5", "/"));
    apply(world.cluster("ctx-b"), web_ingress("10.2.0.5", "/"));
    let before = world.avi.last_request();
    world.start().await;
    let members = vec![member("10.1.0.5", 1, "web", WEB), member("10.2.0.5", 1, "web", WEB)];
    let expected = [
        ("POST healthmonitor", http_monitor(ROOT, WEB, "/")),
        ("PUT gslbservice/<uuid>", web_service(&["ctx-a", "ctx-b"], members, &[ROOT])),
        ("DELETE healthmonitor/<uuid>", Value::Null),
    ];
    expect(&world.writes_since(before), &expected);
    assert_eq!(world.monitor_names(), [ROOT.to_owned(), similar["name"].as_str().unwrap().to_owned()]);
}

fn marker(owner: &str) -> Value {
    json!([{"key": "created-by", "values": [owner]}])
}

/// Objects of others that look as much like ours as they can.
async fn plant_neighbours(world: &World) -> BTreeMap<String, Value> {
    let a = "a.example.org";
    let described = |name: &str, gs: &str| http_monitor(name, gs, "/");
    let monitors = [
        // Theirs, for a service with a similar name.
        with(described("amko--0000000000000000000000000000000000000001", "a.example.org.lab"), theirs()),
        // Theirs, and says in its description that it is for ours.
        with(described("amko--0000000000000000000000000000000000000002", a), theirs()),
        // Theirs, in the style of old releases.
        with(described(&format!("amko--{a}"), a), theirs()),
        with(described(&format!("amko--http--{a}--/"), a), theirs()),
        // A user's: no prefix, whatever it says.
        with(described("a.example.org-hm", a), json!({"markers": null})),
        with(described("user-amko--a.example.org", a), json!({"markers": marker(OWNER)})),
        // The very name of a monitor of ours, in the other installation's hands.
        with(described(&path_monitor("b.example.org"), "b.example.org"), theirs()),
    ];
    for monitor in monitors {
        let mut monitor = monitor;
        if monitor["markers"].is_null() {
            monitor.as_object_mut().unwrap().remove("markers");
        }
        create(world, "healthmonitor", monitor).await;
    }
    let group = || vec![round_robin(10, vec![member("10.1.0.5", 1, "a", a)])];
    let ingress = format!("INGRESS/ctx-a/shop/a/{a}");
    let theirs_of = |name: &str, owner: &str| {
        with(
            service_of(name, &ingress, group(), &["amko--0000000000000000000000000000000000000001"]),
            json!({"created_by": owner}),
        )
    };
    let services = [
        theirs_of("a.example.org.lab", OTHER),
        theirs_of("www.a.example.org", "admin"),
        theirs_of("aa.example.org", "amko-gslb-2"),
        theirs_of("A.example.org.", OTHER),
    ];
    for service in services {
        create(world, "gslbservice", service).await;
    }
    everything(world)
}

fn theirs() -> Value {
    json!({"markers": marker(OTHER)})
}

/// The name of the monitor of `/` of a service.
fn path_monitor(gs: &str) -> String {
    match gs {
        "a.example.org" => "amko--a0de074dde098c6e9285302bd72d065cd4a616c3".into(),
        "b.example.org" => "amko--43b34750015d1a03922dfd6d8ed6096ff4063ad7".into(),
        other => panic!("{other} has none here"),
    }
}

/// By UUID.
fn everything(world: &World) -> BTreeMap<String, Value> {
    let objects = ["gslbservice", "healthmonitor"].into_iter().flat_map(|kind| world.avi.objects(LEADER, kind));
    objects.map(|object| (object["uuid"].as_str().unwrap().to_owned(), (*object).clone())).collect()
}

fn ours(name: &str, ip: &str, path: &str) -> Value {
    ingress(name, &[Host { host: &format!("{name}.example.org"), ip, paths: &[path] }])
}

/// DB-08, DB-16 and DB-17
#[tokio::test(start_paused = true)]
async fn neighbours_that_look_like_ours_stay_as_they_are_through_all_that_happens_to_ours() {
    let mut world = World::of_examples();
    let neighbours = plant_neighbours(&world).await;
    let start = world.avi.last_request();
    let unchanged = |world: &World, when: &str| {
        let now = everything(world);
        for (uuid, neighbour) in &neighbours {
            assert_eq!(now.get(uuid), Some(neighbour), "{when}");
        }
        let touched = world.requests_since(start).into_iter().filter(|request| {
            request.method != "GET" && neighbours.keys().any(|uuid| request.path_and_query.contains(uuid))
        });
        assert_eq!(touched.collect::<Vec<_>>(), [], "{when}");
        let ours = world.on_controller(LEADER, "gslbservice");
        ours.get("a.example.org").map(|service| service["groups"][0]["members"][0]["ip"]["addr"].clone())
    };
    world.start().await;
    assert_eq!(unchanged(&world, "at the start"), None);

    apply(world.cluster("ctx-a"), ours("a", "10.1.0.5", "/"));
    apply(world.cluster("ctx-a"), ours("b", "10.1.0.8", "/"));
    minutes(5).await;
    assert_eq!(unchanged(&world, "ours is created"), Some(json!("10.1.0.5")));
    let monitor = world.on_controller(LEADER, "healthmonitor").remove(&path_monitor("a.example.org"));
    assert_eq!(monitor.unwrap()["markers"], marker(OWNER), "ours has one of its own");
    apply(world.cluster("ctx-a"), ours("a", "10.1.0.6", "/"));
    minutes(5).await;
    assert_eq!(unchanged(&world, "a member changes"), Some(json!("10.1.0.6")));
    apply(world.cluster("ctx-a"), ours("a", "10.1.0.6", "/other"));
    minutes(5).await;
    assert_eq!(unchanged(&world, "the monitors change"), Some(json!("10.1.0.6")));
    world.stop().await;
    world.start_without_settling().await;
    minutes(40).await;
    assert_eq!(unchanged(&world, "a restart, and a full read"), Some(json!("10.1.0.6")));
    for name in ["a", "b"] {
        delete_ingress(world.cluster("ctx-a"), name);
    }
    minutes(40).await;
    assert_eq!(unchanged(&world, "ours is deleted"), None);
    world.settle().await;
    assert_eq!(everything(&world), neighbours, "of ours nothing is left");
}
