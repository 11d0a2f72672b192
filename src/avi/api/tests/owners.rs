//! Which service a listed or found monitor belongs to.

use super::*;
use crate::core::build::Decision;
use crate::core::plan::{Observed, plan};

const SHARED: &str = "amko--passthrough-hm-tcp-11111111-2222-11ee-8000-333333333333";

/// A list of these objects.
async fn own(services: &[Value], monitors: &[Value]) -> OwnObjects {
    let controller = TestController::default();
    controller.on(OWN, 200, page(services)).on(LEGACY, 200, page(&[])).on(MONITORS, 200, page(monitors));
    controller.client().list_own(&owner(), &Default::default()).await.unwrap()
}

/// A service that refers to these monitors.
fn service_with(name: &str, monitors: &[&str]) -> Value {
    let mut service = stored_service(name);
    service["health_monitor_refs"] = monitors.iter().map(|name| json!(format!("https://h/api/hm/1#{name}"))).collect();
    service
}

fn monitor_with(name: &str, description: &str) -> Value {
    let mut monitor = stored_monitor(name);
    monitor["name"] = json!(name);
    monitor["description"] = json!(description);
    monitor
}

fn in_tenant(mut object: Value, tenant: &str) -> Value {
    object["tenant_ref"] = json!(format!("https://avi.example.org/api/tenant/tenant-1#{tenant}"));
    object["uuid"] = json!(format!("{tenant}-{}", object["name"].as_str().unwrap()));
    object
}

/// Tenants, and names of monitors in each.
type Held<'a> = Vec<(&'a str, Vec<&'a str>)>;

/// Tenant and names of the monitors that an FQDN holds.
fn held<'a>(observed: &'a Observed) -> Held<'a> {
    let names = |held: &'a Holding| held.monitors.keys().map(String::as_str).collect();
    observed.holdings().map(|held| (held.tenant.as_str(), names(held))).collect()
}

fn everything(own: &OwnObjects) -> Vec<(&str, Held<'_>)> {
    own.by_fqdn.iter().map(|(fqdn, observed)| (fqdn.as_str(), held(observed))).collect()
}

/// EX-32: what nothing explains is found in the list and deleted; a monitor of a user is not even seen.
#[tokio::test(start_paused = true)]
async fn stale_objects_and_a_monitor_of_a_service_that_is_gone_are_deleted() {
    let stale = "stale.example.org";
    let mut users = monitor_with("user-stale.example.org-hm", "created by: amko, gsname: stale.example.org");
    users["markers"] = json!([]);
    let own = own(
        &[service_with(stale, &["amko--h1", "user-stale.example.org-hm"])],
        &[
            monitor_with("amko--h1", "created by: amko, gsname: stale.example.org, path: /, protocol: http"),
            monitor_with("amko--h9", "created by: amko, gsname: gone.example.org"),
            users,
        ],
    )
    .await;
    assert_eq!(own.loose_monitors, []);
    let delete_monitor = |name: &str| Write::DeleteMonitor {
        uuid: format!("healthmonitor-{name}"),
        tenant: "team2".into(),
        name: name.into(),
    };
    let service =
        Write::DeleteService { uuid: format!("gslbservice-{stale}"), tenant: "team2".into(), name: stale.into() };
    let removal: Vec<_> =
        own.by_fqdn.iter().map(|(fqdn, held)| (fqdn.as_str(), plan(&Decision::Nothing, held))).collect();
    let expected =
        [("gone.example.org", vec![delete_monitor("amko--h9")]), (stale, vec![service, delete_monitor("amko--h1")])];
    assert_eq!(removal, expected);
}

/// DB-08: names that contain one another, as FQDNs and in legacy names.
#[tokio::test(start_paused = true)]
async fn monitors_of_services_with_similar_names_are_not_confused() {
    let services = ["a.example.org", "a.example.org.lab", "ba.example.org"];
    let own = own(
        &services.map(|name| service_with(name, &[])),
        &[
            monitor_with("amko--1", "created by: amko, gsname: a.example.org, path: /ba.example.org, protocol: http"),
            monitor_with("amko--2", "created by: amko, gsname: a.example.org.lab, path: /, protocol: http"),
            monitor_with("amko--http--ba.example.org--/a.example.org", ""),
            monitor_with("amko--a.example.org", ""),
        ],
    )
    .await;
    let expected = [
        ("a.example.org", vec![("team2", vec!["amko--1", "amko--a.example.org"])]),
        ("a.example.org.lab", vec![("team2", vec!["amko--2"])]),
        ("ba.example.org", vec![("team2", vec!["amko--http--ba.example.org--/a.example.org"])]),
    ];
    assert_eq!(everything(&own), expected);
}

/// DB-08: a legacy name that can be read in several ways counts for the only service that there is, else for none.
#[tokio::test(start_paused = true)]
async fn an_ambiguous_legacy_name_is_settled_by_the_services_that_there_are() {
    let ambiguous = || monitor_with("amko--http--a.b--c", "");
    let loose = LooseMonitor {
        tenant: "team2".into(),
        name: "amko--http--a.b--c".into(),
        uuid: "healthmonitor-amko--http--a.b--c".into(),
    };
    let table: [(&[&str], Option<&str>); 5] = [
        (&["a.b"], Some("a.b")),
        (&["http--a.b--c"], Some("http--a.b--c")),
        (&["a.b", "http--a.b--c"], None),
        (&["a.b.c"], None),
        (&[], None),
    ];
    for (services, expected) in table {
        let services: Vec<_> = services.iter().map(|name| service_with(name, &[])).collect();
        let own = own(&services, &[ambiguous()]).await;
        let holders: Vec<_> = own.by_fqdn.iter().filter(|(_, held)| !held.only().monitors.is_empty()).collect();
        let holders: Vec<_> = holders.into_iter().map(|(fqdn, _)| fqdn.as_str()).collect();
        assert_eq!(holders, Vec::from_iter(expected), "{services:?}");
        assert_eq!(own.loose_monitors, Vec::from_iter(expected.is_none().then(|| loose.clone())), "{services:?}");
    }
}

/// EX-12: who refers to it knows that it is there; it belongs to nobody.
#[tokio::test(start_paused = true)]
async fn the_shared_monitor_is_held_by_each_service_that_refers_to_it_in_its_tenant() {
    let own = own(
        &[
            service_with("one.example.org", &[SHARED]),
            service_with("two.example.org", &[SHARED]),
            service_with("web.example.org", &[]),
            in_tenant(service_with("far.example.org", &[SHARED]), "team3"),
        ],
        &[monitor_with(SHARED, "created by: amko")],
    )
    .await;
    let expected = [
        ("far.example.org", vec![("team3", vec![])]),
        ("one.example.org", vec![("team2", vec![SHARED])]),
        ("two.example.org", vec![("team2", vec![SHARED])]),
        ("web.example.org", vec![("team2", vec![])]),
    ];
    assert_eq!(everything(&own), expected);
    assert_eq!(own.shared.keys().collect::<Vec<_>>(), [&("team2".to_owned(), SHARED.to_owned())]);
    assert_eq!(own.loose_monitors, []);
    let deletes = own.by_fqdn.values().flat_map(|held| plan(&Decision::Nothing, held));
    assert!(deletes.into_iter().all(|write| matches!(write, Write::DeleteService { .. })));
}

/// DB-47: half of a move that somebody left behind.
#[tokio::test(start_paused = true)]
async fn services_and_monitors_of_one_fqdn_in_two_tenants_are_both_known() {
    let own = own(
        &[in_tenant(stored_service("a.b"), "team1"), in_tenant(stored_service("a.b"), "team2")],
        &[in_tenant(stored_monitor("a.b"), "team1"), in_tenant(stored_monitor("a.b"), "team2")],
    )
    .await;
    let observed = &own.by_fqdn["a.b"];
    let uuids: Vec<_> = observed.services().map(|service| service.uuid.as_str()).collect();
    assert_eq!(uuids, ["team1-a.b", "team2-a.b"]);
    assert_eq!(held(observed), [("team1", vec!["amko--a-b"]), ("team2", vec!["amko--a-b"])]);
}

/// EX-12.
#[tokio::test(start_paused = true)]
async fn reading_one_includes_the_shared_monitor_only_for_a_service_that_refers_to_it() {
    let find = format!("GET /api/healthmonitor?include_name=&is_federated=true&name={SHARED}");
    let read = "GET /api/gslbservice?include_name=&name=a.b";
    for (refers, lines, names) in [(true, vec![read, &find], vec![SHARED]), (false, vec![read], vec![])] {
        let controller = TestController::default();
        let service = service_with("a.b", if refers { &[SHARED] } else { &[] });
        controller.on(read, 200, page(&[service]));
        controller.on(&find, 200, page(&[monitor_with(SHARED, "created by: amko")]));
        let outcome = controller.client().read_one(&owner(), "team2", "a.b", &[SHARED.to_owned()]).await.unwrap();
        assert_eq!(outcome.monitors.keys().collect::<Vec<_>>(), names);
        assert_eq!(controller.lines(), lines);
    }
}

/// A reference by uuid says nothing until the monitor is known.
#[tokio::test(start_paused = true)]
async fn reading_one_gives_names_to_references_by_uuid() {
    let controller = TestController::default();
    let mut service = stored_service("a.b");
    service["health_monitor_refs"] = json!(["https://h/api/healthmonitor/healthmonitor-a.b"]);
    controller.on("GET /api/gslbservice?include_name=&name=a.b", 200, page(&[service]));
    controller.on(FIND, 200, page(&[stored_monitor("a.b")]));
    let outcome = controller.client().read_one(&owner(), "team2", "a.b", &[monitor_name("a.b")]).await;
    assert_eq!(outcome, Ok(holding("a.b")));
}
