//! The typed calls against a scripted controller.

use super::*;
use crate::avi::testing::{Seen, TestController, prepared, seen};
use crate::avi::transport::TransportError;
use crate::avi::wire::{RefNames, monitor_body, parse_monitor, parse_service, service_body};
use crate::core::gslb::{GslbService, HealthMonitor, Member, Pool, PoolAlgorithm, Probe, SitePersistence};
use crate::core::owner::Owner;
use crate::core::plan::{Holding, ObservedService, Write};
use crate::core::references::GslbFacts;
use litemap::LiteMap;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

mod answers;
mod listing;
mod owners;
mod relocate;
mod shared;

const MONITORS: &str =
    "GET /api/healthmonitor?include_name=&is_federated=true&name.contains=amko--&page_size=200&sort=name";
const OWN: &str =
    "GET /api/gslbservice?created_by=amko-11111111-2222-11ee-8000-333333333333&include_name=&page_size=200&sort=name";
const LEGACY: &str = "GET /api/gslbservice?created_by=amko-gslb&include_name=&page_size=200&sort=name";

fn owner() -> Owner {
    Owner::from_uuid("11111111-2222-11ee-8000-333333333333".parse().unwrap())
}

fn monitor_name(gs_name: &str) -> String {
    format!("amko--{}", gs_name.replace('.', "-"))
}

fn monitor(gs_name: &str) -> HealthMonitor {
    let description = format!("created by: amko, gsname: {gs_name}");
    HealthMonitor { tenant: "team2".into(), name: monitor_name(gs_name), description, port: 53, probe: Probe::Udp }
}

fn service(name: &str) -> GslbService {
    let member = Member {
        address: "10.1.0.5".parse().unwrap(),
        ratio: 1,
        cluster_uuid: None,
        vs_uuid: None,
        public_address: None,
        enabled: true,
    };
    let algorithm = PoolAlgorithm::RoundRobin;
    GslbService {
        tenant: "team2".into(),
        name: name.into(),
        domain_names: vec![name.into()],
        description: "LBSVC/ctx-a/shop/db".into(),
        pools: vec![Pool { priority: 10, algorithm, min_health_monitors_up: 2, members: vec![member], enabled: true }],
        monitors: vec![monitor(name).name],
        ttl: None,
        down_response: None,
        persistence: None,
        enabled: true,
    }
}

fn identified(mut body: Value, uuid: &str) -> Value {
    body["uuid"] = json!(uuid);
    body["_last_modified"] = json!("5");
    body["tenant_ref"] = json!("https://avi.example.org/api/tenant/tenant-1#team2");
    body
}

fn stored_service(name: &str) -> Value {
    identified(service_body(&service(name), &owner()), &format!("gslbservice-{name}"))
}

fn stored_monitor(gs_name: &str) -> Value {
    identified(monitor_body(&monitor(gs_name), &owner()), &format!("healthmonitor-{gs_name}"))
}

fn page(objects: &[Value]) -> Value {
    json!({"count": objects.len(), "results": objects})
}

/// What the controller holds for `name` when all is in place.
fn holding(name: &str) -> Holding {
    let names = RefNames::default();
    let monitor = parse_monitor(&stored_monitor(name), &owner(), &names).unwrap();
    Holding {
        tenant: "team2".into(),
        service: parse_service(&stored_service(name), &owner(), &names).map(Arc::new),
        monitors: LiteMap::from_iter([(monitor_name(name), Arc::new(monitor))]),
    }
}

fn stored(uuid: &str, last_modified: Option<&str>) -> Stored {
    Stored { uuid: uuid.into(), last_modified: last_modified.map(str::to_owned) }
}

async fn execute(controller: &TestController, write: &Write) -> (Result<Stored, CallError>, Vec<Seen>) {
    let outcome = controller.client().execute(write, &owner()).await;
    (outcome, controller.seen())
}

#[tokio::test(start_paused = true)]
async fn leadership_is_read_from_cluster_and_gslb() {
    let gslb = |leader: &str| {
        let sites = json!([{"name": "neutral", "cluster_uuid": "cluster-1"}]);
        page(&[
            json!({"leader_cluster_uuid": leader, "sites": sites, "dns_configs": [{"domain_name": "Example.org."}, {}]}),
        ])
    };
    let facts = |sites: u8| GslbFacts {
        sites: (1..=sites).map(|n| format!("cluster-{n}")).collect(),
        domains: ["example.org".to_owned()].into(),
    };
    let site = Site { cluster_uuid: "cluster-1".into(), name: "neutral".into(), addresses: vec![] };
    let known = |leader: &str| Gslb {
        leader_uuid: leader.into(),
        sites: vec![site.clone()],
        facts: facts(1),
        ..Gslb::default()
    };
    let table = [
        ("cluster-1", gslb("cluster-1"), Some(known("cluster-1")), true),
        ("cluster-2", gslb("cluster-1"), Some(known("cluster-1")), false),
        ("cluster-2", gslb("cluster-9"), Some(known("cluster-9")), false),
        ("cluster-2", page(&[]), None, false),
    ];
    for (own, gslb, known, leads) in table {
        let controller = TestController::default();
        controller.on("GET /api/cluster", 200, json!({"uuid": own})).on("GET /api/gslb", 200, gslb);
        let status = controller.client().leader_status().await.unwrap();
        assert_eq!((status.leads(), &status), (leads, &LeaderStatus { cluster_uuid: own.into(), gslb: known }));
        let requests = ["GET /api/cluster", "GET /api/gslb"].map(|line| seen(line, "admin", Value::Null));
        assert_eq!(controller.seen(), requests);
    }
}

#[tokio::test(start_paused = true)]
async fn the_sites_of_the_gslb_are_known_with_every_address_that_they_have() {
    let sites = json!([
        {"name": "plain", "cluster_uuid": "cluster-1", "address": "avi.example.org"},
        {"name": "both", "cluster_uuid": "cluster-2", "address": "10.0.0.2", "port": 9443,
            "ip_addresses": [{"addr": "10.0.0.2", "type": "V4"}, {"addr": "2001:db8::2", "type": "V6"}]},
        {"name": "six", "cluster_uuid": "cluster-3", "port": 443, "ip_addresses": [{"addr": "2001:db8::3", "type": "V6"}]},
        {"cluster_uuid": "cluster-4"},
        {"name": "of nobody", "address": "10.0.0.9"},
    ]);
    let gslb = json!({"uuid": "gslb-1", "leader_cluster_uuid": "cluster-2", "view_id": 7, "maintenance_mode": true,
        "sites": sites, "third_party_sites": [{"name": "cdn", "cluster_uuid": "tp-1"}],
        "dns_configs": [{"domain_name": "example.org"}, {"domain_name": ".apps.example.org"}]});
    let controller = TestController::default();
    controller.on("GET /api/cluster", 200, json!({"uuid": "cluster-2"})).on("GET /api/gslb", 200, page(&[gslb]));
    let site = |n: u8, name: &str, addresses: &[&str]| Site {
        cluster_uuid: format!("cluster-{n}"),
        name: name.into(),
        addresses: addresses.iter().map(|address| (*address).to_owned()).collect(),
    };
    let expected = Gslb {
        uuid: "gslb-1".into(),
        view_id: 7,
        leader_uuid: "cluster-2".into(),
        maintenance: true,
        sites: vec![
            site(1, "plain", &["avi.example.org"]),
            site(2, "both", &["10.0.0.2:9443", "[2001:db8::2]:9443"]),
            site(3, "six", &["[2001:db8::3]"]),
            site(4, "cluster-4", &[]),
        ],
        facts: GslbFacts {
            sites: ["cluster-1", "cluster-2", "cluster-3", "cluster-4", "tp-1"].map(str::to_owned).into(),
            domains: ["apps.example.org", "example.org"].map(str::to_owned).into(),
        },
    };
    assert_eq!(controller.client().leader_status().await.unwrap().gslb, Some(expected));
}

#[tokio::test(start_paused = true)]
async fn the_version_check_reads_clouds_over_all_tenants() {
    let controller = TestController::default();
    controller.on("GET /api/cloud", 400, json!({"error": "Invalid version 30.2.1: up to 22.1.1"}));
    let error = controller.client().check_version().await.unwrap_err();
    assert_eq!(error.failure, Failure::InvalidVersion("Invalid version 30.2.1: up to 22.1.1".into()));
    assert_eq!(controller.seen(), [seen("GET /api/cloud", "*", Value::Null)]);
}

#[tokio::test(start_paused = true)]
async fn creates_are_posts_in_the_tenant_of_the_object() {
    let controller = TestController::default();
    controller.on("POST /api/gslbservice/", 201, stored_service("a.b"));
    let (outcome, requests) = execute(&controller, &Write::CreateService(service("a.b"))).await;
    assert_eq!(outcome, Ok(stored("gslbservice-a.b", Some("5"))));
    assert_eq!(requests, [seen("POST /api/gslbservice/", "team2", service_body(&service("a.b"), &owner()))]);

    let controller = TestController::default();
    controller.on("POST /api/healthmonitor/", 201, stored_monitor("a.b"));
    let (outcome, requests) = execute(&controller, &Write::CreateMonitor(monitor("a.b"))).await;
    assert_eq!(outcome, Ok(stored("healthmonitor-a.b", Some("5"))));
    assert_eq!(requests, [seen("POST /api/healthmonitor/", "team2", monitor_body(&monitor("a.b"), &owner()))]);
}

#[tokio::test(start_paused = true)]
async fn updates_are_puts_of_the_whole_object_with_the_version_that_was_read() {
    let controller = TestController::default();
    controller.on("PUT /api/gslbservice/gs-1", 200, stored_service("a.b"));
    let last_modified = Some("4".to_owned());
    let write = Write::UpdateService { uuid: "gs-1".into(), last_modified, service: service("a.b") };
    let (outcome, requests) = execute(&controller, &write).await;
    assert_eq!(outcome, Ok(stored("gslbservice-a.b", Some("5"))));
    let mut body = service_body(&service("a.b"), &owner());
    body["_last_modified"] = json!("4");
    assert_eq!(requests, [seen("PUT /api/gslbservice/gs-1", "team2", body)]);

    let controller = TestController::default();
    controller.on("PUT /api/healthmonitor/hm-1", 200, stored_monitor("a.b"));
    let write = Write::UpdateMonitor { uuid: "hm-1".into(), last_modified: None, monitor: monitor("a.b") };
    let (_, requests) = execute(&controller, &write).await;
    assert_eq!(requests, [seen("PUT /api/healthmonitor/hm-1", "team2", monitor_body(&monitor("a.b"), &owner()))]);
}

#[tokio::test(start_paused = true)]
async fn a_controller_before_22_1_3_gets_no_pki_profile() {
    let persistence = SitePersistence { profile: "gap-1".into(), pki_profile: Some("pki-x".into()) };
    let service = GslbService { persistence: Some(persistence), ..service("a.b") };
    let complete = service_body(&service, &owner());
    let mut without = complete.clone();
    without.as_object_mut().unwrap().remove("pki_profile_ref").unwrap();
    for (version, expected) in [("22.1.2-2p9", &without), ("22.1.3", &complete), ("30.2.1", &complete)] {
        let controller = TestController::default();
        controller.login_body(json!({"session_cookie_name": "sessionid", "version": {"Version": version}}));
        controller.on("GET /api/cloud", 200, json!({})).on("POST /api/gslbservice/", 201, stored_service("a.b"));
        controller.on("PUT /api/gslbservice/gs-1", 200, stored_service("a.b"));
        let client = controller.client();
        client.check_version().await.unwrap();
        let update = Write::UpdateService { uuid: "gs-1".into(), last_modified: None, service: service.clone() };
        for write in [Write::CreateService(service.clone()), update] {
            client.execute(&write, &owner()).await.unwrap();
            assert_eq!(&controller.seen().pop().unwrap().body, expected, "{version}");
        }
    }
}

/// DB-09: what the version in use cannot tell is told apart from what is not there.
#[tokio::test(start_paused = true)]
async fn a_service_read_in_an_older_version_tells_no_pki_profile() {
    let read = "GET /api/gslbservice?include_name=&name=a.b";
    for (version, tells_pki) in [("22.1.2-2p9", false), ("22.1.3", true), ("30.2.1", true)] {
        let controller = TestController::default();
        controller.login_body(json!({"session_cookie_name": "sessionid", "version": {"Version": version}}));
        controller.on(OWN, 200, page(&[stored_service("a.b")])).on(LEGACY, 200, page(&[]));
        controller.on(MONITORS, 200, page(&[])).on(read, 200, page(&[stored_service("a.b")])).on(FIND, 200, page(&[]));
        let client = controller.client();
        let own = client.list_own(&owner(), &Default::default()).await.unwrap();
        let one = client.read_one(&owner(), "team2", "a.b", &[]).await.unwrap();
        let told = [own.by_fqdn["a.b"].only(), &one].map(|held| held.service.as_ref().unwrap().tells_pki);
        assert_eq!(told, [tells_pki; 2], "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stale_update_says_so_and_names_the_object() {
    let controller = TestController::default();
    controller.on("PUT /api/gslbservice/gs-1", 412, json!({"error": "Need to reload object data GslbService"}));
    let write = Write::UpdateService { uuid: "gs-1".into(), last_modified: None, service: service("a.b") };
    let error = execute(&controller, &write).await.0.unwrap_err();
    assert_eq!(error.failure, Failure::StaleWrite("Need to reload object data GslbService".into()));
    assert_eq!(error.what, "GSLB service a.b: PUT /api/gslbservice/gs-1 in tenant team2");
}

#[tokio::test(start_paused = true)]
async fn a_delete_of_what_is_gone_is_a_success() {
    let answers = [
        (204, Value::Null),
        (200, Value::Null),
        (200, json!({"uuid": "gs-1"})),
        (404, json!({"error": "GslbService object not found!"})),
    ];
    for (status, body) in answers {
        let controller = TestController::default();
        controller.on("DELETE /api/gslbservice/gs-1", status, body);
        let write = Write::DeleteService { uuid: "gs-1".into(), tenant: "team2".into(), name: "a.b".into() };
        let (outcome, requests) = execute(&controller, &write).await;
        assert_eq!(outcome, Ok(stored("gs-1", None)));
        assert_eq!(requests, [seen("DELETE /api/gslbservice/gs-1", "team2", Value::Null)]);
    }
}

/// FND-A12: a proxy's page is not the controller's word, whatever its status.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_the_controllers_does_not_say_that_anything_is_deleted() {
    let html = || json!("<html>nothing here</html>");
    let answers = [
        (200, html(), "the body is HTML and not JSON"),
        (202, json!({}), "202 does not say that the object is deleted"),
        (201, html(), "201 does not say that the object is deleted"),
        (404, html(), "404, and the body is HTML and not JSON: that says nothing of the object"),
        (404, Value::Null, "404, and the body is empty: that says nothing of the object"),
    ];
    for (status, body, why) in answers {
        let controller = TestController::default();
        controller.on("DELETE /api/gslbservice/gs-1", status, body);
        let write = Write::DeleteService { uuid: "gs-1".into(), tenant: "team2".into(), name: "a.b".into() };
        let error = execute(&controller, &write).await.0.unwrap_err();
        assert_eq!(
            (&error.failure, error.may_have_been_applied()),
            (&Failure::Malformed(why.into()), true),
            "{status}"
        );
    }
}

/// FND-A12: neither does it say that a service is written, or that it has to be made anew.
#[tokio::test(start_paused = true)]
async fn a_proxys_page_is_no_answer_to_a_write_either() {
    for status in [200, 201, 404] {
        let controller = TestController::default();
        let html = || json!("<html>welcome</html>");
        controller.on("PUT /api/gslbservice/gs-1", status, html()).on("POST /api/gslbservice/", status, html());
        let uuid = String::from("gs-1");
        let update = Write::UpdateService { uuid, last_modified: None, service: service("a.b") };
        for write in [Write::CreateService(service("a.b")), update] {
            let error = execute(&controller, &write).await.0.unwrap_err();
            assert!(
                matches!(error.failure, Failure::Malformed(_)) && error.may_have_been_applied(),
                "{status} {error}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_monitor_in_use_is_not_deleted() {
    let controller = TestController::default();
    let text = "Cannot delete, object is referred by: ['GslbService a.b']";
    controller.on("DELETE /api/healthmonitor/hm-1", 403, json!({"error": text}));
    let write = Write::DeleteMonitor { uuid: "hm-1".into(), tenant: "team2".into(), name: "amko--1".into() };
    assert_eq!(execute(&controller, &write).await.0.unwrap_err().failure, Failure::InUse(text.into()));
}

const FIND: &str = "GET /api/healthmonitor?include_name=&is_federated=true&name=amko--a-b";

/// A controller on which the monitor of `a.b` exists with this field.
fn taken(field: &str, value: Value) -> TestController {
    let controller = TestController::default();
    let mut existing = stored_monitor("a.b");
    existing[field] = value;
    let text = "Health monitor with this Name and Tenant ref already exists.";
    controller.on("POST /api/healthmonitor/", 409, json!({"error": text})).on(FIND, 200, page(&[existing])).on(
        "PUT /api/healthmonitor/healthmonitor-a.b",
        200,
        stored_monitor("a.b"),
    );
    controller
}

/// EX-31.
#[tokio::test(start_paused = true)]
async fn an_existing_monitor_of_this_installation_or_of_nobody_is_taken_over() {
    for (field, value) in [("send_interval", json!(77)), ("monitor_port", json!(54)), ("markers", json!([]))] {
        let (outcome, requests) = execute(&taken(field, value), &Write::CreateMonitor(monitor("a.b"))).await;
        assert_eq!(outcome, Ok(stored("healthmonitor-a.b", Some("5"))));
        let body = monitor_body(&monitor("a.b"), &owner());
        let mut update = body.clone();
        update["_last_modified"] = json!("5");
        let expected = [
            seen("POST /api/healthmonitor/", "team2", body),
            seen(FIND, "team2", Value::Null),
            seen("PUT /api/healthmonitor/healthmonitor-a.b", "team2", update),
        ];
        assert_eq!(requests, expected);
    }
}

/// DB-09.
#[tokio::test(start_paused = true)]
async fn an_existing_monitor_that_is_as_it_should_be_is_taken_over_without_a_write() {
    let (outcome, requests) = execute(&taken("url", json!("x")), &Write::CreateMonitor(monitor("a.b"))).await;
    assert_eq!(outcome, Ok(stored("healthmonitor-a.b", Some("5"))));
    let lines: Vec<_> = requests.iter().map(|request| request.line.as_str()).collect();
    assert_eq!(lines, ["POST /api/healthmonitor/", FIND]);
}

/// DB-17, EX-31: upstream takes it over.
#[tokio::test(start_paused = true)]
async fn an_existing_monitor_of_another_installation_is_left_alone_and_its_owner_named() {
    let controller = taken("markers", json!([{"key": "created-by", "values": ["amko-other"]}]));
    let (outcome, requests) = execute(&controller, &Write::CreateMonitor(monitor("a.b"))).await;
    assert_eq!(outcome.unwrap_err().failure, Failure::OwnedElsewhere { owner: "amko-other".into() });
    assert_eq!(requests.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_monitor_of_the_same_name_in_another_tenant_is_left_alone() {
    let controller = TestController::default();
    let mut elsewhere = stored_monitor("a.b");
    elsewhere["tenant_ref"] = json!("https://avi.example.org/api/tenant/admin#admin");
    controller.on("POST /api/healthmonitor/", 409, json!({"error": "already exists"}));
    controller.on(FIND, 200, page(&[elsewhere]));
    let (outcome, requests) = execute(&controller, &Write::CreateMonitor(monitor("a.b"))).await;
    assert_eq!(outcome.unwrap_err().failure, Failure::AlreadyExists("already exists".into()));
    assert_eq!(requests.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_write_answered_with_nonsense_may_have_been_applied() {
    for body in [json!("<html>"), json!({"name": "a.b"})] {
        let controller = TestController::default();
        controller.on("POST /api/gslbservice/", 201, body);
        let error = execute(&controller, &Write::CreateService(service("a.b"))).await.0.unwrap_err();
        assert!(error.may_have_been_applied(), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn reading_one_finds_the_service_its_own_monitors_and_those_asked_for() {
    let controller = TestController::default();
    let mut found = stored_service("a.b");
    found["health_monitor_refs"] = json!(["https://h/api/healthmonitor/hm-1#amko--a-b", "https://h/api/hm/2#users"]);
    let foreign = json!({"name": "a.b", "uuid": "x", "created_by": "somebody"});
    let gone = "GET /api/healthmonitor?include_name=&is_federated=true&name=amko--gone";
    let read = "GET /api/gslbservice?include_name=&name=a.b";
    controller.on(read, 200, page(&[foreign, found])).on(FIND, 200, page(&[stored_monitor("a.b")]));
    controller.on(gone, 200, page(&[]));
    let names = ["amko--gone".to_owned()];
    let outcome = controller.client().read_one(&owner(), "team2", "a.b", &names).await.unwrap();
    let mut expected = holding("a.b");
    expected.service_mut().content.monitors.push("users".into());
    assert_eq!(outcome, expected);
    assert_eq!(controller.seen(), [read, FIND, gone].map(|line| seen(line, "team2", Value::Null)));
}

#[tokio::test(start_paused = true)]
async fn reading_one_fails_when_the_controller_cannot_be_read() {
    let controller = TestController::default();
    let lost = TransportError::Interrupted("reset".into());
    controller.break_line("GET /api/gslbservice?include_name=&name=a.b", lost.clone());
    let error = controller.client().read_one(&owner(), "team2", "a.b", &[]).await.unwrap_err();
    assert_eq!(error.failure, Failure::Transport(lost));
    assert!(!error.may_have_been_applied());
}
