//! What the controllers say about the health of services, pools and members.

use super::health::{Finding, MemberHealth};
use super::inferred;
use super::kind::Kind;
use super::rules::{is_on, items};
use super::state::{Site, State, change_count, tenant_name};
use super::store::{tenant_of, text};
use serde_json::{Map, Value, json};
use std::net::IpAddr;

/// Fields of a service that its inventory entry repeats.
const INVENTORY: &[&str] = &[
    "name",
    "uuid",
    "url",
    "tenant_ref",
    "domain_names",
    "enabled",
    "groups",
    "pool_algorithm",
    "min_members",
    "down_response",
    "health_monitor_scope",
    "controller_health_status_enabled",
    "site_persistence_enabled",
    "use_edns_client_subnet",
    "wildcard_match",
    "resolve_cname",
    "is_federated",
];

/// A state with the reason for it.
struct Oper(&'static str, Option<&'static str>);

impl Oper {
    const UP: Self = Self("OPER_UP", None);
    const DOWN: Self = Self("OPER_DOWN", None);

    fn of(finding: Finding) -> Self {
        match finding {
            Finding::Up => Self::UP,
            Finding::Down => Self::DOWN,
            Finding::Unavailable | Finding::NotConfigured => Self("OPER_UNAVAIL", Some(inferred::NO_STATUS)),
        }
    }

    fn disabled(reason: &'static str) -> Self {
        Self(inferred::DISABLED, Some(reason))
    }

    fn is_up(&self) -> bool {
        self.0 == Self::UP.0
    }

    fn json(&self) -> Value {
        match self.1 {
            Some(reason) => json!({"state": self.0, "reason_code_string": reason}),
            None => json!({"state": self.0}),
        }
    }
}

/// `gslbservice/{uuid}/runtime`, as seen by one site.
pub(super) fn service(state: &State, site: &Site, service: &Value) -> Value {
    let pools: Vec<(Oper, Value)> =
        items(Some(service), "groups").map(|pool| pool_runtime(state, site, service, pool)).collect();
    let oper = if !is_on(service, "enabled") {
        Oper::disabled(inferred::SERVICE_DISABLED)
    } else if pools.iter().any(|(oper, _)| oper.is_up()) {
        Oper::UP
    } else {
        Oper::DOWN
    };
    let version = change_count(service);
    let followers = state.sites.values().filter(|other| other.name != site.name);
    let copies: Vec<Value> = followers.map(|other| copy_state(other, service)).collect();
    json!({
        "uuid": service["uuid"], "name": service["name"], "domain_names": service["domain_names"],
        "tenant_name": tenant_name(&site.store, tenant_of(service)),
        "oper_status": oper.json(),
        "groups": pools.into_iter().map(|(_, pool)| pool).collect::<Vec<_>>(),
        "ldr_state": {"status": "SYSERR_SUCCESS", "cfg_version": version},
        "flr_state": copies,
        "services_state": "", "checksum": "", "send_event": true, "send_status": true,
    })
}

fn copy_state(site: &Site, service: &Value) -> Value {
    let copy = site.store.get(Kind::GslbService, text(service, "uuid"));
    json!({"site_uuid": site.cluster_uuid, "status": "SYSERR_SUCCESS", "cfg_version": copy.map_or(0, |copy| change_count(copy))})
}

fn pool_runtime(state: &State, site: &Site, service: &Value, pool: &Value) -> (Oper, Value) {
    let usable = is_on(pool, "enabled");
    let members: Vec<(Oper, Value)> =
        items(Some(pool), "members").map(|member| member_runtime(state, site, service, member)).collect();
    let oper = if !usable {
        Oper::disabled(inferred::POOL_DISABLED)
    } else if members.iter().any(|(oper, _)| oper.is_up()) {
        Oper::UP
    } else {
        Oper::DOWN
    };
    let members: Vec<Value> = members.into_iter().map(|(_, member)| member).collect();
    let runtime = json!({"name": pool["name"], "oper_status": oper.json(), "members": members});
    (oper, runtime)
}

fn member_runtime(state: &State, site: &Site, service: &Value, member: &Value) -> (Oper, Value) {
    let health = |dns_site: &str| member_health(state, dns_site, service, member);
    let here = health(&site.name);
    let oper =
        if is_on(member, "enabled") { Oper::of(here.verdict()) } else { Oper::disabled(inferred::MEMBER_DISABLED) };
    let seen: Vec<Value> = state
        .sites
        .values()
        .map(|dns| json!({"site_uuid": dns.cluster_uuid, "oper_status": Oper::of(health(&dns.name).data).json()}))
        .collect();
    let mut runtime = json!({
        "gs_uuid": service["uuid"], "gs_name": service["name"], "vip_type": "NON_AVI_VIP",
        "oper_status": oper.json(), "controller_status": Oper::of(here.control).json(), "datapath_status": seen,
        "health_monitor_info": state.sites.keys().collect::<Vec<_>>(),
    });
    for field in ["ip", "fqdn", "cluster_uuid", "vs_uuid"] {
        if let Some(value) = member.get(field) {
            runtime[field] = value.clone();
        }
    }
    if let Some(ip) = member.get("ip") {
        runtime["oper_ips"] = json!([ip]);
    }
    add_owner(state, member, &mut runtime);
    (oper, runtime)
}

/// Adds what the member's own site knows about its virtual service.
fn add_owner(state: &State, member: &Value, runtime: &mut Value) {
    let Some(owner) = state.sites.values().find(|site| site.cluster_uuid == text(member, "cluster_uuid")) else {
        return;
    };
    runtime["site_name"] = owner.name.as_str().into();
    runtime["vip_type"] = "AVI_VIP".into();
    if let Some(vs) = owner.store.get(Kind::VirtualService, text(member, "vs_uuid")) {
        runtime["vs_name"] = vs["name"].clone();
        runtime["services"] = vs["services"].clone();
    }
}

/// A member without an address has nobody to ask about it and counts as up.
fn member_health(state: &State, dns_site: &str, service: &Value, member: &Value) -> MemberHealth {
    if state.all_down() {
        return MemberHealth::DOWN;
    }
    let address = member.pointer("/ip/addr").and_then(Value::as_str).and_then(|text| text.parse::<IpAddr>().ok());
    let unknown = MemberHealth { control: Finding::NotConfigured, data: Finding::NotConfigured };
    address.map_or(unknown, |address| state.health.member(dns_site, text(service, "uuid"), address))
}

/// An entry of `gslbservice-inventory`. `shown` is the service as the client may see it.
pub(super) fn inventory(parts: Option<&str>, shown: &Value, runtime: impl FnOnce() -> Value) -> Value {
    let wanted = |part: &str| parts.is_none_or(|parts| parts.split(',').any(|wanted| wanted == part));
    let mut entry = json!({"url": shown["url"], "uuid": shown["uuid"], "_last_modified": shown["_last_modified"]});
    if wanted("config") {
        let config: Map<String, Value> =
            INVENTORY.iter().filter_map(|key| Some(((*key).to_owned(), shown.get(*key)?.clone()))).collect();
        entry["config"] = Value::Object(config);
    }
    if wanted("runtime") {
        entry["runtime"] = runtime();
    }
    entry
}

/// `cluster/runtime`: the one node of the controller and its state.
pub(super) fn cluster(site: &Site) -> Value {
    json!({
        "node_states": [{"name": site.node(), "role": "CLUSTER_LEADER", "state": "CLUSTER_ACTIVE"}],
        "cluster_state": {"state": "CLUSTER_UP_NO_HA", "progress": 100},
    })
}
