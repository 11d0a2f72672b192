//! The leadership of the GSLB moves: the operator follows it when it may, writes to nobody but the leader, and says
//! where it is.

use crate::support::objects::{apply, config, patch_config, web};
use crate::support::{LEADER, Request, World};
use amko::actors::operator::{Child, OperatorMsg};
use amko_lab::avi::Fault;
use serde_json::{Value, json};
use std::time::Duration;

/// An operator that has written `web`, rests, and reads the controller every minute.
async fn world(follow: bool) -> World {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    patch_config(world.home(), json!({"spec": {"refreshInterval": 60, "gslbLeader": {"followLeader": follow}}}));
    world.start_without_settling().await;
    seconds(45).await;
    assert_eq!(world.service_names(), ["web.example.org"]);
    world
}

async fn seconds(n: u64) {
    tokio::time::sleep(Duration::from_secs(n)).await;
}

/// Address of the only member of `web` on a site.
fn address(world: &World, site: &str) -> Value {
    world.on_controller(site, "gslbservice")["web.example.org"]["groups"][0]["members"][0]["ip"]["addr"].clone()
}

/// Writes since `seq` with the site that was asked.
fn writes(world: &World, seq: u64) -> Vec<(String, String, u16)> {
    let records = world.requests_since(seq).into_iter();
    let writes = records.filter(|r| r.method != "GET" && r.path_and_query.starts_with("/api/"));
    writes
        .map(|record| {
            let site = record.site.clone();
            let request = Request::from(record);
            (site, request.line, request.status)
        })
        .collect()
}

fn write(site: &str, line: &str, status: u16) -> (String, String, u16) {
    (site.into(), line.into(), status)
}

fn put(site: &str, status: u16) -> (String, String, u16) {
    write(site, "PUT gslbservice/<uuid>", status)
}

fn state(world: &World) -> Value {
    config(world.home(), "gc-1")["status"]["state"].clone()
}

/// Message of the condition that tells whether the controller holds everything.
fn programmed(world: &World) -> Value {
    let conditions = config(world.home(), "gc-1")["status"]["conditions"].as_array().unwrap().clone();
    conditions.into_iter().find(|condition| condition["type"] == "Programmed").unwrap()["message"].clone()
}

/// Where the operator is, and who leads, as `/api/status` says it.
fn place(world: &World) -> (Option<String>, Option<String>) {
    let notice = world.links().board.read().avi_api;
    (notice.controller, notice.leader_site)
}

fn at(controller: &str, leader: &str) -> (Option<String>, Option<String>) {
    (Some(controller.into()), Some(leader.into()))
}

/// The value of a metric without labels.
fn metric(world: &World, name: &str) -> String {
    let text = world.links().metrics.render(&world.links().board.read());
    let line = text.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap().to_owned();
    line.rsplit(' ').next().unwrap().to_owned()
}

/// DB-02 and REST-04.
#[tokio::test(start_paused = true)]
async fn a_leader_that_is_gone_is_followed_once_another_site_leads() {
    let world = world(true).await;
    assert_eq!(place(&world), at(LEADER, LEADER));
    let before = world.avi.last_request();
    world.avi.set_available(LEADER, false);
    for last in 10..20 {
        apply(world.cluster("ctx-a"), web("web", &format!("10.1.0.{last}")));
        seconds(10).await;
    }
    assert_eq!(writes(&world, before), [], "nobody leads");
    assert!(state(&world).as_str().unwrap().contains("cannot connect"), "{}", state(&world));

    world.avi.promote("site1").unwrap();
    seconds(60).await;
    assert_eq!(writes(&world, before), [put("site1", 200)], "the newest state only");
    assert_eq!((address(&world, "site1"), address(&world, "site2")), (json!("10.1.0.19"), json!("10.1.0.19")));
    assert_eq!((place(&world), state(&world)), (at("site1", "site1"), json!("success: gslb config accepted")));
    assert_eq!(metric(&world, "amko_leader_moves_total"), "1");

    let there = world.requests_since(before).into_iter().filter(|r| r.site == "site1");
    let lines: Vec<String> = there.map(|r| format!("{} {}", r.method, r.path_and_query)).collect();
    let first = |part: &str| lines.iter().position(|line| line.contains(part)).unwrap();
    assert!(first("created_by=amko-1") < first("PUT"), "everything is read before anything is written: {lines:#?}");
}

/// DB-07 and REST-04.
#[tokio::test(start_paused = true)]
async fn without_leave_to_follow_the_operator_waits_and_says_who_leads() {
    let world = world(false).await;
    world.avi.promote("site1").unwrap();
    seconds(10).await;
    let before = world.avi.last_request();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
    seconds(600).await;
    assert_eq!(writes(&world, before), [put(LEADER, 400)]);
    assert!(world.requests_since(before).iter().all(|request| request.site == LEADER));
    assert_eq!((place(&world), state(&world)), (at(LEADER, "site1"), json!("error: controller not a leader")));
    let expected = "error: controller not a leader: the GSLB leader is site1; with spec.gslbLeader.followLeader it \
                    would be followed";
    assert_eq!(programmed(&world), expected);

    let before = world.avi.last_request();
    patch_config(world.home(), json!({"spec": {"gslbLeader": {"followLeader": true}}}));
    seconds(10).await;
    assert_eq!(writes(&world, before), [put("site1", 200)], "it is followed at once");
    assert_eq!((place(&world), state(&world)), (at("site1", "site1"), json!("success: gslb config accepted")));
}

/// DB-07: a blackout of the leader alone is no reason to write elsewhere.
#[tokio::test(start_paused = true)]
async fn without_leave_to_follow_a_leader_that_is_gone_is_waited_for() {
    let world = world(false).await;
    let before = world.avi.last_request();
    world.avi.set_available(LEADER, false);
    apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
    world.avi.promote("site1").unwrap();
    seconds(600).await;
    assert_eq!(world.requests_since(before), []);
    world.avi.promote(LEADER).unwrap_err();
    world.avi.set_available(LEADER, true);
    seconds(60).await;
    assert_eq!((writes(&world, before), place(&world)), (vec![], at(LEADER, "site1")));
}

/// REST-04: the former leader does not know it yet.
#[tokio::test(start_paused = true)]
async fn of_two_that_claim_to_lead_the_higher_view_is_followed() {
    let world = world(true).await;
    claims_to_lead(&world, 0);
    world.avi.promote("site1").unwrap();
    seconds(120).await;
    assert_eq!(place(&world), at("site1", "site1"), "found out without a write");
    let before = world.avi.last_request();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
    seconds(600).await;
    assert_eq!(writes(&world, before), [put("site1", 200)]);
    assert_eq!(metric(&world, "amko_leader_conflict"), "0");
}

/// The first leader goes on saying that it leads, in this view.
fn claims_to_lead(world: &World, view: u64) {
    let mut gslb = (*world.avi.objects(LEADER, "gslb")[0]).clone();
    gslb["leader_cluster_uuid"] = world.avi.cluster_uuid(LEADER).unwrap().into();
    gslb["view_id"] = view.into();
    let page = json!({"count": 1, "results": [gslb]}).to_string();
    // Of what begins so, a controller that is not written to is asked for nothing else.
    let fault = Fault::once(LEADER, "/api/gslb", 200, &page);
    world.avi.inject(Fault { method: Some("GET".into()), times: u32::MAX, ..fault });
}

/// REST-04.
#[tokio::test(start_paused = true)]
async fn of_two_that_claim_to_lead_in_the_same_view_neither_is_written_to() {
    let world = world(true).await;
    world.avi.promote("site1").unwrap();
    claims_to_lead(&world, 1);
    seconds(120).await;
    let before = world.avi.last_request();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
    seconds(600).await;
    assert_eq!((writes(&world, before), state(&world)), (vec![], json!("error: controller not a leader")));
    let expected = "error: controller not a leader: neutral and site1 each claim to lead the GSLB with view_id 1; make \
                    one of them the leader again, so that its view_id is higher";
    assert_eq!(programmed(&world), expected);
    assert_eq!(metric(&world, "amko_leader_conflict"), "1");
    assert!(world.links().board.readiness().is_ok(), "what was synced stays so");

    world.avi.clear_faults();
    seconds(120).await;
    assert_eq!(writes(&world, before), [put("site1", 200)], "one of them has given in");
    assert_eq!((place(&world), metric(&world, "amko_leader_conflict").as_str()), (at("site1", "site1"), "0"));
}

/// REST-04: it knows nothing of the other one, and would take every write.
#[tokio::test(start_paused = true)]
async fn a_former_leader_that_comes_back_is_not_written_to() {
    let world = world(true).await;
    world.avi.set_available(LEADER, false);
    world.avi.promote("site1").unwrap();
    seconds(120).await;
    assert_eq!(place(&world), at("site1", "site1"));
    // Nobody is left who could tell it, or a successor of the session.
    ["site1", "site2"].iter().for_each(|site| world.avi.set_available(site, false));
    world.avi.set_available(LEADER, true);
    let before = world.avi.last_request();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
    seconds(300).await;
    world.links().operator.cast(OperatorMsg::Poison(Child::AviSession));
    seconds(300).await;
    assert_eq!(writes(&world, before), [], "nor by the successor of a session that failed");
    let expected = "error: controller not a leader: neutral claims to lead the GSLB with view_id 0, but site1 leads \
                    with view_id 1; nothing is written to a former leader";
    assert_eq!(programmed(&world), expected);

    ["site1", "site2"].iter().for_each(|site| world.avi.set_available(site, true));
    seconds(120).await;
    assert_eq!(writes(&world, before), [put("site1", 200)]);
    assert_eq!(state(&world), "success: gslb config accepted");
}

/// DB-02 and REST-04.
#[tokio::test(start_paused = true)]
async fn writes_that_wait_reach_the_new_leader_once_and_no_two_leaders_take_any() {
    let world = world(true).await;
    let names: Vec<String> = (0..20).map(|n| format!("app{n}")).collect();
    names.iter().for_each(|name| drop(apply(world.cluster("ctx-a"), web(name, "10.1.1.1"))));
    seconds(30).await;
    let before = world.avi.last_request();
    world.avi.set_available(LEADER, false);
    for round in 2..5 {
        names.iter().for_each(|name| drop(apply(world.cluster("ctx-a"), web(name, &format!("10.1.1.{round}")))));
        seconds(20).await;
    }
    world.avi.promote("site2").unwrap();
    // The former leader comes back while the operator moves.
    seconds(6).await;
    world.avi.set_available(LEADER, true);
    seconds(120).await;
    assert_eq!(writes(&world, before), vec![put("site2", 200); names.len()], "one write per changed service");
    for site in [LEADER, "site1", "site2"] {
        let services = world.on_controller(site, "gslbservice");
        let addresses =
            names.iter().map(|name| &services[&format!("{name}.example.org")]["groups"][0]["members"][0]["ip"]["addr"]);
        assert!(addresses.into_iter().all(|address| address == "10.1.1.4"), "{site}");
    }
}

/// DB-02.
#[tokio::test(start_paused = true)]
async fn without_leave_to_follow_any_more_the_operator_goes_back_to_its_controller() {
    for leader in [json!({"followLeader": false}), json!({"followLeader": false, "controllerVersion": "30.2.0"})] {
        let world = world(true).await;
        world.avi.promote("site1").unwrap();
        seconds(120).await;
        assert_eq!(place(&world), at("site1", "site1"));
        let before = world.avi.last_request();
        patch_config(world.home(), json!({"spec": {"gslbLeader": leader}}));
        seconds(300).await;
        assert_eq!((place(&world), state(&world)), (at(LEADER, "site1"), json!("error: controller not a leader")));
        assert_eq!((world.logins_since(before), writes(&world, before)), (1, vec![]));
        assert_eq!(["site1", "site2"].map(|site| world.avi.session_count(site)), [0, 0]);
        assert!(
            world.requests_since(before).iter().filter(|r| r.path_and_query != "/logout").all(|r| r.site == LEADER)
        );
    }
}

/// Three refused logins lock an account.
#[tokio::test(start_paused = true)]
async fn a_site_that_refuses_the_password_is_asked_once() {
    let world = world(false).await;
    let refuse = Fault::once("site2", "/login", 401, r#"{"error": "Invalid credentials"}"#);
    world.avi.inject(Fault { times: u32::MAX, ..refuse });
    patch_config(world.home(), json!({"spec": {"gslbLeader": {"followLeader": true}}}));
    let before = world.avi.last_request();
    seconds(1800).await;
    let logins = world.requests_since(before).into_iter().filter(|r| r.path_and_query == "/login");
    assert_eq!(logins.filter(|login| login.site == "site2").count(), 1);
    let errors = world.links().board.read().avi_api.errors;
    assert_eq!(errors.iter().filter(|e| e.error.starts_with("site2: ")).count(), 1, "{errors:?}");
    world.avi.promote("site1").unwrap();
    seconds(120).await;
    assert_eq!(place(&world), at("site1", "site1"), "the others go on");
}
