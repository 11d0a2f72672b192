//! Trouble with the controller: it is waited out, nobody is hammered, and nothing is lost.

use crate::support::controller::{create, user_monitor};
use crate::support::objects::{apply, config, delete_ingress, patch_config, policy, set_password, web};
use crate::support::{LEADER, World, lines, outcomes};
use amko::avi::wire::text_of;
use amko_lab::avi::{Fault, FaultAnswer};
use http::Method;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// An operator that has written `web` and rests.
async fn world_with_web() -> World {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start().await;
    assert_eq!(world.service_names(), ["web.example.org"]);
    world
}

async fn minutes(n: u64) {
    tokio::time::sleep(Duration::from_secs(60 * n)).await;
}

fn state(world: &World) -> String {
    config(world.home(), "gc-1")["status"]["state"].as_str().unwrap().to_owned()
}

/// DB-49 and REST-02.
#[tokio::test(start_paused = true)]
async fn maintenance_mode_is_waited_out_without_hammering_the_controller() {
    let world = world_with_web().await;
    world.avi.set_maintenance(true);
    let before = world.avi.last_request();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
    minutes(20).await;
    let asked = world.requests_since(before).len();
    assert!((50..1000).contains(&asked), "{asked} requests in twenty minutes");
    assert!(world.writes_since(before).iter().all(|w| w.status == 400));

    world.avi.set_maintenance(false);
    let before = world.avi.last_request();
    minutes(1).await;
    world.settle().await;
    assert_eq!(outcomes(&world.writes_since(before)), [("PUT gslbservice/<uuid>", 200)]);
}

/// What is only read goes on: a rule that comes meanwhile is checked.
#[tokio::test(start_paused = true)]
async fn during_an_upgrade_writes_wait_for_a_minute_or_two_and_look_ups_go_on() {
    let world = world_with_web().await;
    create(&world, "healthmonitor", user_monitor("my-hm")).await;
    let refused =
        Fault::once(LEADER, "/api/gslbservice/", 403, r#"{"error": "Configuration is disallowed during upgrade"}"#);
    world.avi.inject(Fault { method: Some("PUT".into()), times: u32::MAX, ..refused });
    let before = world.avi.last_request();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
    apply(world.cluster("ctx-a"), web("more", "10.1.0.7"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let frozen = world.avi.last_request();
    apply(world.home(), policy(&["ctx-a", "ctx-b"], json!({"healthMonitorRefs": ["my-hm"]})));
    tokio::time::sleep(Duration::from_secs(50)).await;
    let looked_up = world.requests_since(frozen);
    let lines: Vec<&str> = looked_up.iter().map(|request| request.path_and_query.as_str()).collect();
    assert_eq!(lines, ["/api/healthmonitor?name=my-hm"]);
    minutes(10).await;
    let refusals = world.writes_since(before).iter().filter(|write| write.status == 403).count();
    assert!((5..=22).contains(&refusals), "{refusals} tries in ten minutes, for each service one in a minute or two");
    assert!(state(&world).contains("the controller is being upgraded"), "{}", state(&world));
    world.avi.clear_faults();
    minutes(2).await;
    world.settle().await;
    assert_eq!(world.service_names(), ["more.example.org", "web.example.org"]);
    let held = world.on_controller(LEADER, "gslbservice");
    assert_eq!(held["web.example.org"]["groups"][0]["members"][0]["ip"]["addr"], "10.1.0.6");
}

/// DB-07: maintenance is seen before a write is refused for it.
#[tokio::test(start_paused = true)]
async fn a_leader_in_maintenance_is_not_written_to_even_once_when_that_is_known() {
    let world = world_with_web().await;
    patch_config(world.home(), json!({"spec": {"refreshInterval": 60}}));
    world.avi.set_maintenance(true);
    minutes(2).await;
    let before = world.avi.last_request();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
    minutes(10).await;
    assert_eq!(world.writes_since(before), []);
    assert!(state(&world).contains("the GSLB system is in maintenance mode"), "{}", state(&world));
    assert_eq!(world.logins_since(before), 0);
    world.avi.set_maintenance(false);
    minutes(2).await;
    assert_eq!(outcomes(&world.writes_since(before)), [("PUT gslbservice/<uuid>", 200)]);
}

/// The controller says for how long.
#[tokio::test(start_paused = true)]
async fn too_many_requests_are_a_reason_to_pause_and_not_to_read_everything_again() {
    let world = world_with_web().await;
    let limit = Fault::once(LEADER, "/api/gslbservice/", 429, r#"{"error": "too many requests"}"#);
    world.avi.inject(Fault { method: Some("PUT".into()), times: 3, ..limit });
    let before = world.avi.last_request();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
    minutes(5).await;
    let put = |status| ("PUT gslbservice/<uuid>", status);
    assert_eq!(outcomes(&world.writes_since(before)), [put(429), put(429), put(429), put(200)]);
    assert_eq!(world.requests_since(before).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_service_of_this_name_that_somebody_else_owns_is_never_touched_and_rarely_asked_about() {
    let mut world = World::of_examples();
    let other = world.somebody_else();
    let foreign = json!({"name": "web.example.org", "domain_names": ["web.example.org"], "created_by": "somebody",
        "is_federated": true, "tenant_ref": "/api/tenant/?name=admin", "groups": [{"name": "g", "priority": 10,
            "members": [{"ip": {"addr": "10.9.9.9", "type": "V4"}, "enabled": true, "ratio": 1}]}]});
    other.request(Method::POST, "/api/gslbservice/", "admin", Some(&text_of(&foreign))).await.unwrap();
    let held = world.on_controller(LEADER, "gslbservice");
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.cluster("ctx-a"), web("mine", "10.1.0.6"));
    world.start_without_settling().await;
    let before = world.avi.last_request();
    minutes(20).await;
    let asked = world.requests_since(before).len();
    assert!(asked < 60, "{asked} requests in twenty minutes");
    assert_eq!(world.on_controller(LEADER, "gslbservice")["web.example.org"], held["web.example.org"]);
    assert_eq!(world.service_names(), ["mine.example.org", "web.example.org"], "the other service goes on");

    let uuid = held["web.example.org"]["uuid"].as_str().unwrap();
    other.request(Method::DELETE, &format!("/api/gslbservice/{uuid}"), "admin", None).await.unwrap();
    minutes(10).await;
    let ours = world.on_controller(LEADER, "gslbservice")["web.example.org"]["created_by"].clone();
    assert_eq!(ours, format!("amko-{}", crate::support::UUID), "the name is free, so it is taken");
}

/// DB-06.
#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_tried_once_and_a_corrected_secret_is_enough() {
    let mut world = World::of_examples();
    set_password(world.home(), "wrong");
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start_without_settling().await;
    minutes(30).await;
    assert_eq!(world.logins_since(0), 1, "more could lock the account");
    assert!(state(&world).contains("refuses username or password"), "{}", state(&world));
    assert!(world.links().board.readiness().is_err());

    set_password(world.home(), "avi123");
    world.settle().await;
    assert_eq!((world.service_names(), world.logins_since(0)), (vec!["web.example.org".into()], 2));
    assert_eq!(state(&world), "success: gslb config accepted");
}

/// DB-34.
#[tokio::test(start_paused = true)]
async fn a_password_is_rotated_without_a_restart() {
    let world = world_with_web().await;
    let before = world.avi.last_request();
    world.avi.set_password("rotated");
    apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
    minutes(10).await;
    assert_eq!(world.logins_since(before), 1);
    assert_eq!(world.writes_since(before).iter().filter(|w| w.status == 200).count(), 0);

    set_password(world.home(), "rotated");
    world.settle().await;
    assert_eq!(world.logins_since(before), 2);
    let writes = world.writes_since(before);
    assert_eq!(outcomes(&writes).last(), Some(&("PUT gslbservice/<uuid>", 200)));
    assert_eq!(writes.last().unwrap().body["groups"][0]["members"][0]["ip"]["addr"], "10.1.0.6");
}

/// The certificate changes between two calls; nothing is sent to whoever shows the wrong one.
#[tokio::test(start_paused = true)]
async fn a_certificate_that_is_not_trusted_is_told_and_the_session_survives_it() {
    let world = world_with_web().await;
    let before = world.avi.last_request();
    world.mischief.refuse_certificates.store(true, Ordering::Relaxed);
    apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
    minutes(10).await;
    assert_eq!(world.requests_since(before), []);
    let told = "TLS handshake failed: invalid peer certificate: UnknownIssuer; nothing was sent";
    assert!(state(&world).contains(told), "{}", state(&world));

    world.mischief.refuse_certificates.store(false, Ordering::Relaxed);
    minutes(1).await;
    world.settle().await;
    assert_eq!(outcomes(&world.writes_since(before)), [("PUT gslbservice/<uuid>", 200)]);
    assert_eq!((world.logins_since(before), state(&world).as_str()), (0, "success: gslb config accepted"));
}

#[tokio::test(start_paused = true)]
async fn a_secret_without_a_password_is_told_and_never_sent() {
    let mut world = World::of_examples();
    set_password(world.home(), "");
    world.start_without_settling().await;
    minutes(1).await;
    assert_eq!(world.avi.last_request(), 0);
    let expected = "error: issue in connecting to the controller API, Secret gslb-avi-secret has no username or no \
                    password: add keys username and password";
    assert_eq!(state(&world), expected);
}

/// DB-49.
#[tokio::test(start_paused = true)]
async fn an_address_that_is_none_is_told_and_not_tried_all_the_time() {
    let mut world = World::of_examples();
    patch_config(world.home(), json!({"spec": {"gslbLeader": {"controllerIP": "https://avi"}}}));
    world.start_without_settling().await;
    minutes(20).await;
    let connects = world.mischief.connects.load(Ordering::Relaxed);
    assert!((2..150).contains(&connects), "{connects} attempts in twenty minutes");
    assert!(state(&world).contains("`https://avi` is not a controller address"), "{}", state(&world));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_failed_before_an_outage_waits_for_its_end_without_spinning() {
    let world = world_with_web().await;
    let refuse = |times| {
        let fault = Fault::once(LEADER, "/api/gslbservice", 400, r#"{"error": "no"}"#);
        Fault { method: Some("PUT".into()), times, ..fault }
    };
    world.avi.inject(refuse(1));
    apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
    tokio::time::sleep(Duration::from_millis(10)).await;
    world.avi.set_available(LEADER, false);
    apply(world.cluster("ctx-a"), web("new", "10.1.0.7"));
    // Virtual time stands still while anybody is busy: an operator that spins would keep this test from ending.
    minutes(5).await;
    world.avi.set_available(LEADER, true);
    minutes(1).await;
    world.settle().await;
    assert_eq!(world.service_names(), ["new.example.org", "web.example.org"]);
}

#[tokio::test(start_paused = true)]
async fn a_service_whose_creation_was_unclear_and_that_is_not_wanted_any_more_is_found_and_deleted() {
    let mut world = World::of_examples();
    world.start().await;
    let lost = Fault::once(LEADER, "/api/gslbservice", 200, "");
    let delay = Duration::from_secs(5);
    let method = Some("POST".into());
    world.avi.inject(Fault { method, answer: FaultAnswer::BrokenBody, after_commit: true, delay, ..lost });
    let before = world.avi.last_request();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    delete_ingress(world.cluster("ctx-a"), "web");
    world.settle().await;
    assert_eq!((world.service_names(), world.monitor_names()), (vec![], vec![]));
    let writes = world.writes_since(before);
    let expected =
        ["POST healthmonitor", "POST gslbservice", "DELETE gslbservice/<uuid>", "DELETE healthmonitor/<uuid>"];
    assert_eq!(lines(&writes), expected);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_with_another_writer_is_read_and_decided_again() {
    let world = world_with_web().await;
    let other = world.somebody_else();
    let held = world.on_controller(LEADER, "gslbservice")["web.example.org"].clone();
    let mut edited = held.clone();
    edited["ttl"] = json!(77);
    let target = format!("/api/gslbservice/{}", held["uuid"].as_str().unwrap());
    other.request(Method::PUT, &target, "admin", Some(&text_of(&edited))).await.unwrap();
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-a"), web("web", "10.1.0.6")))).await;
    assert_eq!(outcomes(&writes), [("PUT gslbservice/<uuid>", 412), ("PUT gslbservice/<uuid>", 200)]);
    let now = world.on_controller(LEADER, "gslbservice")["web.example.org"].clone();
    assert_eq!((&now["ttl"], &now["groups"][0]["members"][0]["ip"]["addr"]), (&Value::Null, &json!("10.1.0.6")));
}

/// DB-07 and REST-04.
#[tokio::test(start_paused = true)]
async fn db_07_a_controller_that_stops_leading_is_left_alone_until_it_leads_again() {
    let world = world_with_web().await;
    minutes(1).await;
    world.avi.promote("site1").unwrap();
    minutes(1).await;
    let before = world.avi.last_request();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
    minutes(10).await;
    assert_eq!(state(&world), "error: controller not a leader");
    let writes = world.writes_since(before);
    assert!(writes.len() <= 1 && writes.iter().all(|w| w.status == 400), "{writes:#?}");
    assert!(world.requests_since(before).len() < 100);

    world.avi.promote(LEADER).unwrap();
    minutes(2).await;
    world.settle().await;
    let service = world.on_controller(LEADER, "gslbservice")["web.example.org"].clone();
    assert_eq!(service["groups"][0]["members"][0]["ip"]["addr"], "10.1.0.6");
    assert_eq!(state(&world), "success: gslb config accepted");
}

#[tokio::test(start_paused = true)]
async fn a_bug_during_a_call_costs_one_retry() {
    for path in ["/api/gslbservice/", "/api/healthmonitor/", "/api/cluster"] {
        let world = world_with_web().await;
        *world.mischief.panic_on.lock() = Some(path);
        apply(world.cluster("ctx-a"), web("new", "10.1.0.7"));
        // Long enough for the next full read of the controller.
        minutes(40).await;
        world.settle().await;
        assert_eq!(*world.mischief.panic_on.lock(), None, "{path} was met");
        assert_eq!(world.service_names(), ["new.example.org", "web.example.org"], "{path}");
        let notices = world.links().board.read();
        assert!(notices.avi_api.synced && notices.queue.in_flight == 0, "{path}: {notices:#?}");
    }
}

/// REST-03 and DB-15: no answer makes a deletion forgotten.
#[tokio::test(start_paused = true)]
async fn a_deletion_that_the_controller_refuses_is_tried_until_it_succeeds() {
    for status in [400, 403, 412, 429, 504] {
        let world = world_with_web().await;
        let fault = Fault::once(LEADER, "/api/gslbservice", status, r#"{"error": "not now"}"#);
        world.avi.inject(Fault { method: Some("DELETE".into()), times: 3, ..fault });
        let before = world.avi.last_request();
        delete_ingress(world.cluster("ctx-a"), "web");
        minutes(40).await;
        let writes = world.writes_since(before);
        let service = ("DELETE gslbservice/<uuid>", status);
        let done = [("DELETE gslbservice/<uuid>", 204), ("DELETE healthmonitor/<uuid>", 204)];
        assert_eq!(outcomes(&writes), [&[service; 3][..], &done[..]].concat());
        assert_eq!((world.service_names(), world.monitor_names()), (vec![], vec![]));
    }
}

/// DB-10: nothing else gives a reason to look.
#[tokio::test(start_paused = true)]
async fn what_somebody_else_edits_is_repaired_at_the_next_full_read() {
    let world = world_with_web().await;
    let (other, held) = (world.somebody_else(), world.on_controller(LEADER, "gslbservice")["web.example.org"].clone());
    let mut edited = held.clone();
    edited["ttl"] = json!(77);
    let target = format!("/api/gslbservice/{}", held["uuid"].as_str().unwrap());
    other.request(Method::PUT, &target, "admin", Some(&text_of(&edited))).await.unwrap();
    let before = world.avi.last_request();
    minutes(31).await;
    assert_eq!(outcomes(&world.writes_since(before)), [("PUT gslbservice/<uuid>", 200)]);
    assert_eq!(world.on_controller(LEADER, "gslbservice")["web.example.org"]["ttl"], Value::Null);
}
