//! The shared passthrough monitor through the calls of the session.

use super::super::api::AviApi;
use super::super::slot::{Reading, Task};
use super::super::work;
use super::*;
use crate::avi::wire::{monitor_body, service_body};
use crate::core::gslb::{GslbService, HealthMonitor, Member, Pool, PoolAlgorithm, Probe};
use crate::core::plan::Write;
use futures::future::join_all;

const NAME: &str = "amko--passthrough-hm-tcp-11111111-2222-11ee-8000-333333333333";
const POST_HM: &str = "POST /api/healthmonitor/";
const POST_GS: &str = "POST /api/gslbservice/";
const FIND: &str = "GET /api/healthmonitor?include_name=&is_federated=true&name=amko--passthrough-hm-tcp-11111111-2222-11ee-8000-333333333333";

fn monitor() -> HealthMonitor {
    let (tenant, name, description) = ("admin".to_owned(), NAME.to_owned(), "created by: amko".to_owned());
    HealthMonitor { tenant, name, description, port: 443, probe: Probe::Tcp }
}

fn service(name: &str) -> GslbService {
    let address = "10.1.0.11".parse().unwrap();
    let member = Member { address, ratio: 1, cluster_uuid: None, vs_uuid: None, public_address: None, enabled: true };
    let algorithm = PoolAlgorithm::RoundRobin;
    GslbService {
        tenant: "admin".into(),
        name: name.into(),
        domain_names: vec![name.into()],
        description: "ROUTE/ctx-a/shop/pt".into(),
        pools: vec![Pool { priority: 10, algorithm, min_health_monitors_up: 2, members: vec![member], enabled: true }],
        monitors: vec![NAME.into()],
        ttl: None,
        down_response: None,
        persistence: None,
        enabled: true,
    }
}

fn stored(mut body: Value, uuid: &str) -> Value {
    body["uuid"] = json!(uuid);
    body["_last_modified"] = json!("5");
    body["tenant_ref"] = json!("https://avi.example.org/api/tenant/tenant-1#admin");
    body
}

fn stored_monitor() -> Value {
    stored(monitor_body(&monitor(), &owner()), "hm-1")
}

/// A leader that accepts monitor and services.
fn accepting() -> TestController {
    let controller = leader();
    controller.on(POST_HM, 201, stored_monitor());
    controller.on(POST_GS, 201, stored(service_body(&service("pt.example.org"), &owner()), "gs-1"));
    controller
}

fn api(controller: &TestController) -> AviApi {
    AviApi::new(controller.client(), owner())
}

/// What a plan for a new passthrough service is.
fn creation(name: &str) -> Task {
    let writes = vec![Write::CreateMonitor(monitor()), Write::CreateService(service(name))];
    Task::Write { writes, observed: Box::default() }
}

fn count(controller: &TestController, line: &str) -> usize {
    controller.lines().iter().filter(|seen| *seen == line).count()
}

/// EX-12: the second passthrough Route costs only its service.
#[tokio::test(start_paused = true)]
async fn services_that_appear_together_or_later_create_the_shared_monitor_once() {
    let controller = accepting();
    let api = api(&controller);
    let names = ["a.example.org", "b.example.org", "c.example.org"];
    let done = join_all(names.map(|name| work::run(&api, name, creation(name), 0))).await;
    assert_eq!((count(&controller, POST_HM), count(&controller, POST_GS)), (1, 3));
    let later = work::run(&api, "d.example.org", creation("d.example.org"), 0).await;
    assert_eq!((count(&controller, POST_HM), count(&controller, POST_GS)), (1, 4));
    for completed in done.iter().chain([&later]) {
        let observed = completed.report.observed.as_ref().unwrap();
        assert_eq!(observed.only().monitors.get(NAME).unwrap().uuid, "hm-1");
    }
}

/// EX-12: the monitor outlives its services, and a restart of the operator.
#[tokio::test(start_paused = true)]
async fn a_shared_monitor_that_the_list_found_is_not_created() {
    let controller = TestController::default();
    controller.on(MONITORS, 200, page(&[stored_monitor()]));
    for created_by in [owner().as_str(), "amko-gslb"] {
        let line = format!("GET /api/gslbservice?created_by={created_by}&include_name=&page_size=200&sort=name");
        controller.on(&line, 200, page(&[]));
    }
    controller.on(POST_GS, 201, stored(service_body(&service("pt.example.org"), &owner()), "gs-1"));
    let api = api(&controller);
    assert_eq!(api.list_own().await.unwrap(), BTreeMap::new());
    work::run(&api, "pt.example.org", creation("pt.example.org"), 0).await;
    assert_eq!((count(&controller, POST_HM), count(&controller, POST_GS)), (0, 1));
}

/// EX-12: what another service created may be gone since.
#[tokio::test(start_paused = true)]
async fn a_service_that_is_refused_for_want_of_the_shared_monitor_makes_it_come_back() {
    let read = "GET /api/gslbservice?include_name=&name=b.example.org";
    for status in [400, 404] {
        let controller = leader();
        let service = stored(service_body(&service("a.example.org"), &owner()), "gs-1");
        controller.on(POST_HM, 201, stored_monitor()).on(read, 200, page(&[])).on(FIND, 200, page(&[]));
        controller.on(POST_GS, 201, service.clone());
        controller.on(POST_GS, status, json!({"error": "HealthMonitor object not found!"})).on(POST_GS, 201, service);
        let api = api(&controller);
        work::run(&api, "a.example.org", creation("a.example.org"), 0).await;

        let refused = work::run(&api, "b.example.org", creation("b.example.org"), 0).await;
        assert!(refused.report.trouble.unwrap().unclear, "{status}: it is read again");
        let reading = Reading { name: None, monitors: [NAME.to_owned()].into(), tenants: ["admin".into()].into() };
        let found = work::run(&api, "b.example.org", Task::Read(reading), 0).await;
        assert!(found.report.observed.unwrap().is_empty());

        let created = work::run(&api, "b.example.org", creation("b.example.org"), 0).await;
        assert_eq!(created.report.trouble, None);
        assert_eq!((count(&controller, POST_HM), count(&controller, POST_GS)), (2, 3));
    }
}

/// DB-47: every tenant counts, and one that the controller does not know holds nothing.
#[tokio::test(start_paused = true)]
async fn reading_one_looks_into_every_tenant() {
    let read = "GET /api/gslbservice?include_name=&name=a.example.org";
    let in_tenant = |tenant: &str| {
        let mut found = stored(service_body(&service("a.example.org"), &owner()), &format!("gs-{tenant}"));
        found["tenant_ref"] = json!(format!("https://h/api/tenant/tenant-1#{tenant}"));
        found["health_monitor_refs"] = json!([]);
        page(&[found])
    };
    let controller = TestController::default();
    let unknown = json!({"error": "Tenant gone does not exist!"});
    controller.on(read, 200, in_tenant("admin")).on(read, 403, unknown).on(read, 200, in_tenant("team2"));
    let tenants = ["admin", "gone", "team2"].map(str::to_owned);
    let reading = Reading { name: None, monitors: BTreeSet::new(), tenants: tenants.into() };
    let observed = api(&controller).read_one("a.example.org", &reading).await.unwrap();
    let uuids: Vec<_> = observed.services().map(|service| service.uuid.as_str()).collect();
    assert_eq!(uuids, ["gs-admin", "gs-team2"]);
    let tenants: Vec<_> = controller.seen().into_iter().map(|seen| seen.tenant).collect();
    assert_eq!(tenants, ["admin", "gone", "team2"]);
}
