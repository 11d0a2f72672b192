//! What the tests of faults share: a world with services, faults by name, and what came of them.

use crate::support::objects::{apply, config, web};
use crate::support::{LEADER, World};
use amko_lab::avi::{FaultOrder, RequestRecord};
use serde_json::{Value, json};
use std::time::Duration;

/// Most sessions that the operator may have with one controller.
pub const SESSIONS: usize = 4;

/// Most attempts a minute for something that is refused each time.
pub const ATTEMPTS: usize = 5;

/// An operator that has written a service for each of these names and rests.
pub async fn world_with(names: &[&str]) -> World {
    let mut world = World::of_examples();
    for name in names {
        apply(world.cluster("ctx-a"), web(name, "10.1.0.5"));
    }
    world.start().await;
    assert_eq!(world.service_names().len(), names.len());
    world
}

/// Names of `n` services.
pub fn many(n: usize) -> Vec<String> {
    (0..n).map(|n| format!("web{n:03}")).collect()
}

pub async fn minutes(n: u64) {
    tokio::time::sleep(Duration::from_secs(60 * n)).await;
}

pub async fn seconds(n: u64) {
    tokio::time::sleep(Duration::from_secs(n)).await;
}

/// A fault on the controller that leads.
pub fn fault(name: &str) -> FaultOrder {
    FaultOrder::new(name).on(LEADER)
}

/// Adds a fault; gives its id.
pub fn add(world: &World, order: &FaultOrder) -> u64 {
    world.avi.add_fault(order).unwrap()
}

/// Gives the Ingress of this name an address in `ctx-a`.
pub fn set_address(world: &World, name: &str, ip: &str) {
    apply(world.cluster("ctx-a"), web(name, ip));
}

/// The service of this name as a site has it.
pub fn service(world: &World, site: &str, name: &str) -> Option<Value> {
    world.on_controller(site, "gslbservice").remove(&format!("{name}.example.org"))
}

/// The addresses of a service's members on a site.
pub fn addresses_on(world: &World, site: &str, name: &str) -> Vec<String> {
    let Some(service) = service(world, site, name) else { return Vec::new() };
    let pools = service["groups"].as_array().unwrap().iter();
    let members = pools.flat_map(|pool| pool["members"].as_array().unwrap());
    members.map(|member| member["ip"]["addr"].as_str().unwrap().to_owned()).collect()
}

/// The same on the leader.
pub fn addresses(world: &World, name: &str) -> Vec<String> {
    addresses_on(world, LEADER, name)
}

/// Requests since `seq` of this method whose path begins so.
pub fn asked(world: &World, seq: u64, method: &str, path: &str) -> Vec<RequestRecord> {
    let mut requests = world.requests_since(seq);
    requests.retain(|r| r.method == method && r.path_and_query.starts_with(path));
    requests
}

/// What they were answered.
pub fn statuses(requests: &[RequestRecord]) -> Vec<u16> {
    requests.iter().map(|request| request.status).collect()
}

/// What the logins since `seq` were answered.
pub fn logins(world: &World, seq: u64) -> Vec<u16> {
    statuses(&asked(world, seq, "POST", "/login"))
}

/// At most one login per session, all of them accepted, and at least one.
pub fn one_login_per_session(world: &World, seq: u64) {
    let logins = logins(world, seq);
    assert!((1..=SESSIONS).contains(&logins.len()) && logins.iter().all(|status| *status == 200), "{logins:?}");
}

/// The state of the GSLBConfig.
pub fn state(world: &World) -> String {
    config(world.home(), "gc-1")["status"]["state"].as_str().unwrap().to_owned()
}

/// A service of somebody else, as the controller stores it.
pub fn somebodys_service(name: &str, domain: &str) -> Value {
    json!({"name": name, "domain_names": [domain], "created_by": "somebody", "tenant_ref": "/api/tenant/admin",
        "groups": [{"name": "g", "members": [{"ip": {"addr": "10.9.9.9", "type": "V4"}}]}]})
}

/// So many attempts in so many minutes are neither none nor a storm.
pub fn patient(attempts: usize, minutes: usize) {
    assert!((1..=ATTEMPTS * minutes).contains(&attempts), "{attempts} attempts in {minutes} minutes");
}
