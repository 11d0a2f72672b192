//! Events, alerts, tokens, the state of sites, limits, snapshots.

use super::super::{EventTrouble, Finding, HealthView, MemberHealth};
use super::*;
use parking_lot::Mutex;
use std::net::IpAddr;
use std::sync::Arc;

/// Everybody is as this says.
struct All(Mutex<bool>);

impl HealthView for All {
    fn member(&self, _dns_site: &str, _service_uuid: &str, _address: IpAddr) -> MemberHealth {
        if *self.0.lock() { MemberHealth { control: Finding::Up, data: Finding::Up } } else { MemberHealth::DOWN }
    }
}

const LOGS: &str = "/api/analytics/logs?type=2";

/// Ids of the events that a query picks.
async fn ids(client: &mut Client, query: &str) -> Vec<String> {
    let answer = client.get(&format!("{LOGS}&{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.error());
    let results = answer.body["results"].as_array().cloned().unwrap_or_default();
    results.iter().map(|event| event["event_id"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn writes_and_sessions_leave_events_newest_first() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    let uuid = client.create("healthmonitor", &tcp_monitor("tcp")).await;
    let mut monitor = client.get(&format!("/api/healthmonitor/{uuid}")).await.body;
    assert_eq!(client.put(&format!("/api/healthmonitor/{uuid}"), &monitor).await.status, 200);
    monitor["send_interval"] = json!(20);
    assert_eq!(client.put(&format!("/api/healthmonitor/{uuid}"), &monitor).await.status, 200);
    assert_eq!(client.delete(&format!("/api/healthmonitor/{uuid}")).await.status, 204);
    assert_eq!(client.send("POST", "/logout", "").await.status, 200);
    client = Client::logged_in(&world, "alpha").await;
    let all = ["USER_LOGIN", "USER_LOGOUT", "CONFIG_DELETE", "CONFIG_UPDATE", "CONFIG_CREATE", "USER_LOGIN"];
    assert_eq!(ids(&mut client, "").await, all);
    assert_eq!(ids(&mut client, "page=2&page_size=4").await, all[4..]);
    assert_eq!(ids(&mut client, "orderby=report_timestamp&filter=co(event_id,CONFIG)").await.len(), 3);
    assert_eq!(
        ids(&mut client, "filter=eq(event_id,USER_LOGIN)&filter=ne(obj_name,admin)").await,
        Vec::<String>::new()
    );
    let event = client.get(&format!("{LOGS}&filter=eq(event_id,CONFIG_UPDATE)")).await.body;
    let found = &event["results"][0];
    assert_eq!(
        (&event["count"], &found["obj_uuid"], &found["obj_type"]),
        (&json!(1), &json!(uuid), &json!("HEALTHMONITOR"))
    );
    assert_eq!(found["event_details"]["config_update_details"]["user"], "admin");
    assert_eq!(client.get(&format!("{LOGS}&filter=like(a,b)")).await.status, 400);
    pass(60).await;
    assert_eq!(ids(&mut client, "duration=30").await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn health_leaves_events_on_edges_only_and_alerts_when_it_goes_down() {
    let world = AviWorld::new(two_sites());
    let health = Arc::new(All(Mutex::new(true)));
    world.set_health(health.clone());
    let mut client = Client::logged_in(&world, "alpha").await;
    let uuid = client.create("gslbservice", &service("shop")).await;
    let up = ["GS_UP", "GS_GROUP_UP", "GS_MEMBER_UP"];
    assert_eq!(ids(&mut client, "filter=co(event_id,GS_)").await, up);
    assert_eq!(ids(&mut client, "filter=co(event_id,GS_)").await, up);
    *health.0.lock() = false;
    let down = ids(&mut client, "filter=co(event_id,GS_)&filter=co(event_id,DOWN)").await;
    assert_eq!(down, ["GS_DOWN", "GS_GROUP_DOWN", "GS_MEMBER_DOWN"]);
    let alerts = client.get("/api/alert?level=ALERT_HIGH").await.body;
    let alert = &alerts["results"][0];
    assert_eq!(
        (&alerts["count"], &alert["obj_uuid"], &alert["state"]),
        (&json!(1), &json!(uuid), &json!("ALERT_STATE_ON"))
    );
    let one = client.get(&format!("/api/alert/{}", alert["uuid"].as_str().expect("a uuid"))).await.body;
    assert_eq!(one, *alert);
    assert_eq!(client.get("/api/alert/alert-0").await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn events_can_be_late_lost_doubled_and_out_of_order() {
    let trouble = EventTrouble { delay: Duration::from_secs(10), drop_every: 2, repeat_every: 3, reversed: true };
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    world.set_event_trouble("alpha", trouble);
    for name in ["two", "three", "four"] {
        client.create("healthmonitor", &tcp_monitor(name)).await;
    }
    assert_eq!(ids(&mut client, "").await, ["USER_LOGIN"]);
    pass(10).await;
    let answer = client.get(LOGS).await.body;
    let names: Vec<&Value> = answer["results"].as_array().expect("events").iter().map(|e| &e["obj_name"]).collect();
    assert_eq!(names, ["admin", "three", "three"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_opens_sessions_until_it_ends_or_is_used_up() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    let made = client.post("/api/user-token", &json!({"hours": "1"})).await;
    assert_eq!(made.status, 201);
    let token = made.body["token"].as_str().expect("a token").to_owned();
    let once = client.post("/api/user-token", &json!({})).await.body["token"].as_str().expect("a token").to_owned();
    assert_eq!(client.get("/api/user-token").await.body["count"], 2);
    let mut other = Client::stranger(&world, "alpha");
    let body = json!({"username": "admin", "token": token}).to_string();
    assert_eq!(other.send("POST", "/login", &body).await.status, 200);
    assert_eq!([other.login(&token).await.status, other.login(&once).await.status], [200, 200]);
    assert_eq!(other.login(&once).await.outcome(), (401, "Invalid credentials"));
    pass(3601).await;
    assert_eq!(other.login(&token).await.status, 401);
    client = Client::logged_in(&world, "alpha").await;
    assert_eq!(client.post("/api/user-token", &json!({"hours": 87_601})).await.status, 400);
    let uuid = client.post("/api/user-token", &json!({"hours": 2})).await.body["uuid"].clone();
    assert_eq!(client.delete(&format!("/api/user-token/{}", uuid.as_str().expect("a uuid"))).await.status, 204);
    assert_eq!(client.get("/api/user-token").await.body["count"], 0);
}

#[tokio::test(start_paused = true)]
async fn the_runtime_of_the_gslb_tells_roles_reachability_and_copies() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    let entry = client.get("/api/gslb-inventory").await.body["results"][0].clone();
    let uuid = entry["uuid"].as_str().expect("a uuid").to_owned();
    let runtime = client.get(&format!("/api/gslb/{uuid}/runtime/")).await.body;
    assert_eq!((&entry["runtime"]["info"], &entry["config"]["view_id"]), (&runtime, &json!(0)));
    let told = |runtime: &Value, at: usize| {
        let site = &runtime["site"][at];
        let info = &site["site_info"];
        [
            &info["name"],
            &info["role"],
            &info["state"],
            &info["num_of_retries"],
            &site["site_cfg"]["sync_info"]["sync_state"],
        ]
        .map(Clone::clone)
    };
    let leader = ["alpha", "GSLB_LEADER", "SITE_STATE_INIT"].map(Value::from);
    assert_eq!(told(&runtime, 0)[..3], leader);
    let beta = |state: &str, retries: u64, sync: &str| {
        [json!("beta"), json!("GSLB_MEMBER"), json!(state), json!(retries), json!(sync)]
    };
    assert_eq!(told(&runtime, 1), beta("SITE_STATE_INIT", 0, "GSLB_SITE_CFG_IN_SYNC"));
    world.set_available("beta", false);
    pass(299).await;
    client.create("gslbservice", &service("shop")).await;
    let runtime = client.get(&format!("/api/gslb/{uuid}/runtime/detail")).await.body;
    assert_eq!(told(&runtime, 1), beta("SITE_STATE_INIT", 19, "GSLB_SITE_CFG_SYNC_IN_PROGRESS"));
    pass(1).await;
    let runtime = client.get(&format!("/api/gslb/{uuid}/runtime/")).await.body;
    assert_eq!(told(&runtime, 1), beta("SITE_STATE_UNREACHABLE", 20, "GSLB_SITE_CFG_SYNC_IN_PROGRESS"));
    assert_eq!(client.get("/api/systemlimits").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_world_can_go_back_to_a_snapshot_and_to_its_beginning() {
    let world = AviWorld::new(two_sites());
    let gslb = world.objects("alpha", "gslb");
    let mut client = Client::logged_in(&world, "alpha").await;
    client.create("gslbservice", &service("shop")).await;
    let snapshot = world.snapshot();
    let held = world.objects("alpha", "gslbservice");
    client.create("gslbservice", &service("more")).await;
    world.set_password("other");
    world.set_quota("alpha", "gslbservice", Some(0));
    let mut changes = world.changes();
    changes.mark_unchanged();
    world.restore(&snapshot);
    assert!(changes.has_changed().expect("the world lives"));
    assert_eq!((world.objects("alpha", "gslbservice"), service_names(&world, "beta")), (held, vec!["shop".into()]));
    assert_eq!(client.post("/api/gslbservice", &service("again")).await.status, 201);
    world.reset();
    assert_eq!((world.objects("alpha", "gslbservice"), world.objects("alpha", "gslb")), (vec![], gslb));
    assert_eq!((client.get("/api/gslb").await.status, world.session_count("alpha")), (401, 0));
    assert!(world.last_request() > 4, "the log goes on");
}

#[tokio::test(start_paused = true)]
async fn a_passive_member_has_no_configuration_and_cannot_lead() {
    let world = AviWorld::new(AviWorldConfig { passive: vec!["beta".into()], ..two_sites() });
    let mut client = Client::logged_in(&world, "alpha").await;
    client.create("gslbservice", &service("shop")).await;
    assert_eq!(client.get("/api/gslb").await.body["results"][0]["sites"][1]["member_type"], "GSLB_PASSIVE_MEMBER");
    let mut beta = Client::logged_in(&world, "beta").await;
    assert_eq!(beta.get("/api/gslb").await.body["count"], 0);
    assert_eq!(service_names(&world, "beta"), Vec::<String>::new());
    assert!(world.promote("beta").is_err());
}
