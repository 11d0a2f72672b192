//! What the controller holds: of the operator, and of others.

use crate::support::controller::user_monitor;
use crate::support::{LEADER, UUID, World};
use amko::avi::wire::text_of;
use amko::core::gslb::{GslbService, HealthMonitor};
use amko::core::owner::Owner;
use amko::core::plan::Observed;
use http::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What the controller holds, or should hold, of one FQDN: service and monitors in a comparable order.
pub type Content = BTreeMap<String, (GslbService, Vec<HealthMonitor>)>;

/// What the leader holds by FQDN, read with a session of its own.
pub async fn observed(world: &World) -> BTreeMap<String, Observed> {
    let client = world.somebody_else();
    let own = client.list_own(&Owner::from_uuid(UUID.parse().unwrap()), &Default::default()).await.unwrap();
    client.logout().await.unwrap();
    assert_eq!(own.loose_monitors, [], "no monitor is left without a service");
    own.by_fqdn.into_iter().collect()
}

/// The same of all FQDNs but one, in a comparable order.
pub async fn held(world: &World, except: Option<&str>) -> Content {
    let others = observed(world).await.into_iter().filter(|(fqdn, _)| Some(fqdn.as_str()) != except);
    let observed = others.map(|(fqdn, observed)| {
        let held: Vec<_> = observed.holdings().cloned().collect();
        let [held] = held.try_into().unwrap_or_else(|held| panic!("{fqdn} is in several tenants: {held:?}"));
        let service = held.service.unwrap_or_else(|| panic!("{fqdn} has monitors without a service"));
        assert!(service.faithful, "{fqdn} is written as the operator writes");
        let monitors = held.monitors.values().map(|monitor| monitor.content.clone().unwrap()).collect();
        (fqdn, sorted(service.content.clone(), monitors))
    });
    observed.collect()
}

/// In one order: none of these means anything to the controller (DB-09), and what was kept for a while stands last.
pub fn sorted(mut service: GslbService, mut monitors: Vec<HealthMonitor>) -> (GslbService, Vec<HealthMonitor>) {
    monitors.sort_by(|a, b| a.name.cmp(&b.name));
    service.monitors.sort();
    let mut entries: Vec<&str> = service.description.split(',').collect();
    entries.sort_unstable();
    service.description = entries.join(",");
    for pool in &mut service.pools {
        pool.members.sort_by_key(|member| (member.address, member.public_address, member.vs_uuid.clone()));
    }
    (service, monitors)
}

/// FQDNs of which something else is there than was computed.
pub fn differing(held: &Content, expected: &Content) -> Vec<String> {
    let fqdns: BTreeSet<&String> = held.keys().chain(expected.keys()).collect();
    fqdns.into_iter().filter(|fqdn| held.get(*fqdn) != expected.get(*fqdn)).cloned().collect()
}

/// Shows only what differs.
pub fn compare(seed: u64, held: &Content, expected: &Content) {
    let fqdns = held.keys().chain(expected.keys());
    let differing: BTreeMap<_, _> = fqdns
        .map(|fqdn| (fqdn, [("held", held.get(fqdn)), ("computed", expected.get(fqdn))]))
        .filter(|(_, [(_, held), (_, expected)])| held != expected)
        .collect();
    assert!(differing.is_empty(), "seed {seed}: {differing:#?}");
}

const KINDS: [&str; 2] = ["gslbservice", "healthmonitor"];

/// Objects of others that look as if they were the operator's, as stored, by UUID.
pub struct Foreign(BTreeMap<String, Value>);

impl Foreign {
    pub async fn plant(world: &World) -> Self {
        let other = "amko-99999999-2222-11ee-8000-333333333333";
        let marked = |name: &str, owner: &str, gs: &str| {
            let mut monitor = user_monitor(name);
            monitor["markers"] = json!([{"key": "created-by", "values": [owner]}]);
            monitor["description"] = json!(format!("created by: amko, gsname: {gs}, path: /, protocol: http"));
            monitor
        };
        let service = |name: &str, domain: &str, owner: &str| {
            json!({"name": name, "domain_names": [domain], "created_by": owner, "is_federated": true,
                "description": "INGRESS/s1az1/shop/app1/app1.example.org",
                "groups": [{"name": "amko-gs-group-10", "priority": 10, "members": [
                    {"ip": {"addr": "10.1.0.5", "type": "V4"}, "ratio": 1, "enabled": true}]}]})
        };
        let objects = [
            (
                "healthmonitor",
                "admin",
                marked("amko--0000000000000000000000000000000000000000", other, "app1.example.org"),
            ),
            (
                "healthmonitor",
                "blue",
                marked("amko--1111111111111111111111111111111111111111", other, "app2.example.org"),
            ),
            ("healthmonitor", "admin", marked("app1.example.org-hm", "admin", "app1.example.org")),
            ("gslbservice", "admin", service("app1.example.org-old", "old.example.org", other)),
            ("gslbservice", "green", service("app2.example.org", "green.example.org", "admin")),
        ];
        let client = world.client_of(LEADER);
        let mut stored = BTreeMap::new();
        for (kind, tenant, body) in objects {
            let answer =
                client.request(Method::POST, &format!("/api/{kind}"), tenant, Some(&text_of(&body))).await.unwrap();
            let uuid = answer.into_json().unwrap()["uuid"].as_str().unwrap().to_owned();
            stored.insert(uuid, Value::Null);
        }
        client.logout().await.unwrap();
        Self(now(world, stored.keys()))
    }

    /// They are as they were, and nobody tried to change that. A controller that takes over the lead, though, gives
    /// each object that it has copied a version of its own.
    pub fn compare(&self, seed: u64, world: &World, promoted: bool) {
        let [mut before, mut after] = [self.0.clone(), now(world, self.0.keys())];
        if promoted {
            for object in before.values_mut().chain(after.values_mut()) {
                object.as_object_mut().unwrap().remove("_last_modified");
            }
        }
        assert_eq!(before, after, "seed {seed}: objects of others");
        let touched = world.avi.requests().into_iter().filter(|request| {
            request.method != "GET" && self.0.keys().any(|uuid| request.path_and_query.contains(uuid))
        });
        assert_eq!(touched.collect::<Vec<_>>(), [], "seed {seed}: writes to objects of others");
    }
}

/// Those with these UUIDs, as stored now.
fn now<'a>(world: &World, uuids: impl Iterator<Item = &'a String> + Clone) -> BTreeMap<String, Value> {
    let stored = KINDS.into_iter().flat_map(|kind| world.avi.objects(LEADER, kind));
    let wanted = stored.filter(|object| uuids.clone().any(|uuid| object["uuid"] == **uuid));
    wanted.map(|object| (object["uuid"].as_str().unwrap().to_owned(), (*object).clone())).collect()
}
