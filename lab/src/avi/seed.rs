//! What a controller ships with: its cluster, tenant, cloud, system monitors, and the GSLB configuration.

use super::inferred::HIDDEN_PASSWORD;
use super::kind::Kind;
use super::schema::{Field, Shape};
use super::state::{Site, State, identified, is_federated};
use super::store::{ADMIN, Store};
use super::{SiteConfig, VirtualService};
use serde_json::{Value, json};
use std::net::IpAddr;

/// Prefix of the names of shipped objects; they cannot be deleted.
pub(super) const SYSTEM: &str = "System-";

/// Fills a new world.
pub(super) fn fill(state: &mut State) {
    let sites = state.config.sites.clone();
    for site in &sites {
        let cluster_uuid = new_uuid(state, Kind::Cluster);
        state.sites.insert(site.name.clone(), empty_site(site, cluster_uuid));
    }
    let gslb_sites = sites.iter().map(|site| add_local_objects(state, site)).collect();
    let shared = shared_objects(state, gslb_sites);
    for site in &sites {
        for (kind, uuid, object) in &shared {
            if state.config.passive.contains(&site.name) && is_federated(*kind, object) {
                continue;
            }
            add(state, &site.name, (*kind, uuid), object.clone());
        }
    }
}

fn empty_site(site: &SiteConfig, cluster_uuid: String) -> Site {
    Site {
        name: site.name.clone(),
        address: site.address.clone(),
        cluster_uuid,
        up: true,
        silent_since: None,
        failovers: 0,
        version: None,
        condition: Default::default(),
        store: Store::default(),
        sessions: Default::default(),
        tokens: Default::default(),
        journal: Default::default(),
        inbox: Default::default(),
    }
}

pub(super) fn new_uuid(state: &State, kind: Kind) -> String {
    format!("{}-{}", kind.path(), state.config.chance.uuid())
}

/// Stores an object with its defaults under a given uuid.
fn add(state: &mut State, site: &str, (kind, uuid): (Kind, &str), mut object: Value) {
    fill_defaults(kind.fields(), &mut object);
    let stamp = state.stamp();
    state.put(site, kind, identified(object, kind, uuid, stamp, 1));
}

/// Fills in the defaults of an object that the simulator itself has made.
pub(super) fn fill_defaults(fields: &[Field], object: &mut Value) {
    let Value::Object(map) = object else { return };
    for field in fields {
        match (map.get_mut(field.name), field.shape) {
            (Some(value), Shape::Object(fields)) => fill_defaults(fields, value),
            (Some(Value::Array(items)), Shape::List(Shape::Object(fields), _)) => {
                items.iter_mut().for_each(|item| fill_defaults(fields, item));
            }
            (Some(_), _) => {}
            (None, _) => {
                if let Some(value) = field.preset.value() {
                    map.insert(field.name.to_owned(), value);
                }
            }
        }
    }
}

/// Adds what only this site has; returns its entry for `gslb.sites`.
fn add_local_objects(state: &mut State, site: &SiteConfig) -> Value {
    let cluster_uuid = state.sites.get(&site.name).map(|site| site.cluster_uuid.clone()).unwrap_or_default();
    let (host, port) = host_and_port(&site.address);
    let address = address_value(&host);
    let node = json!({"name": host, "ip": address, "vm_hostname": format!("{}.node", site.name)});
    let cluster = json!({"name": format!("cluster-{}", site.name), "nodes": [node], "tenant_uuid": ADMIN});
    let cloud_uuid = new_uuid(state, Kind::Cloud);
    let dns_uuid = new_uuid(state, Kind::VirtualService);
    let dns = json!({
        "name": format!("dns-{}", site.name), "tenant_ref": "/api/tenant/admin",
        "services": [{"port": 53}], "application_profile_ref": "/api/applicationprofile/System-DNS",
    });
    add(state, &site.name, (Kind::Tenant, ADMIN), json!({"name": ADMIN}));
    add(state, &site.name, (Kind::Cluster, &cluster_uuid), cluster);
    add(
        state,
        &site.name,
        (Kind::Cloud, &cloud_uuid),
        json!({"name": "Default-Cloud", "tenant_ref": "/api/tenant/admin"}),
    );
    add(state, &site.name, (Kind::VirtualService, &dns_uuid), dns);
    let passive = state.config.passive.contains(&site.name);
    let member_type = if passive { "GSLB_PASSIVE_MEMBER" } else { "GSLB_ACTIVE_MEMBER" };
    let mut entry = json!({
        "name": site.name, "cluster_uuid": cluster_uuid, "member_type": member_type, "port": port,
        "username": "admin", "password": HIDDEN_PASSWORD,
        "dns_vses": [{"dns_vs_uuid": dns_uuid, "domain_names": domains(&state.config.domain)}],
    });
    if host.parse::<IpAddr>().is_ok() {
        entry["ip_addresses"] = json!([address]);
    } else {
        entry["address"] = host.into();
    }
    entry
}

fn domains(domain: &str) -> Vec<&str> {
    Some(domain).filter(|domain| !domain.is_empty()).into_iter().collect()
}

/// Objects that every site has under the same uuid.
fn shared_objects(state: &State, sites: Vec<Value>) -> Vec<(Kind, String, Value)> {
    let leader = state.sites.get(&state.config.leader).map(|site| site.cluster_uuid.clone());
    let dns_configs: Vec<Value> =
        domains(&state.config.domain).into_iter().map(|domain| json!({"domain_name": domain})).collect();
    let gslb = json!({
        "name": "Default", "tenant_ref": "/api/tenant/admin", "leader_cluster_uuid": leader.unwrap_or_default(),
        "sites": sites, "third_party_sites": [], "dns_configs": dns_configs,
    });
    let mut objects = vec![(Kind::Gslb, new_uuid(state, Kind::Gslb), gslb)];
    let monitors = system_monitors()
        .into_iter()
        .map(|monitor| (Kind::HealthMonitor, new_uuid(state, Kind::HealthMonitor), monitor));
    objects.extend(monitors);
    objects
}

fn system_monitors() -> Vec<Value> {
    let monitor = |name: &str, kind: &str, timing: [u64; 4], federated: bool| {
        json!({
            "name": format!("{SYSTEM}{name}"), "type": format!("HEALTH_MONITOR_{kind}"), "tenant_ref": "/api/tenant/admin",
            "send_interval": timing[0], "receive_timeout": timing[1], "successful_checks": timing[2],
            "failed_checks": timing[3], "is_federated": federated,
        })
    };
    let http = |mut monitor: Value, part: &str| {
        monitor[part] = json!({"http_request": "HEAD / HTTP/1.0", "http_response_code": ["HTTP_2XX", "HTTP_3XX"]});
        monitor
    };
    let port = |mut monitor: Value, port: u16| {
        monitor["monitor_port"] = port.into();
        monitor
    };
    let (strict, lax) = ([10, 4, 3, 3], [10, 4, 2, 2]);
    vec![
        http(monitor("HTTP", "HTTP", strict, false), "http_monitor"),
        http(monitor("HTTPS", "HTTPS", strict, false), "https_monitor"),
        monitor("TCP", "TCP", lax, false),
        monitor("Ping", "PING", lax, false),
        monitor("UDP", "UDP", [4, 2, 2, 2], false),
        port(monitor("GSLB-TCP", "TCP", strict, true), 80),
        port(http(monitor("GSLB-HTTP", "HTTP", strict, true), "http_monitor"), 80),
        port(http(monitor("GSLB-HTTPS", "HTTPS", strict, true), "https_monitor"), 443),
        monitor("GSLB-Ping", "PING", strict, true),
        port(monitor("GSLB-UDP", "UDP", strict, true), 53),
    ]
}

/// The stored form of a local virtual service, without its identity.
fn virtual_service(vs: &VirtualService) -> Value {
    let services: Vec<Value> =
        vs.ports.iter().map(|(port, tls)| json!({"port": port, "port_range_end": port, "enable_ssl": tls})).collect();
    let dns_info: Vec<Value> = vs.fqdns.iter().map(|fqdn| json!({"fqdn": fqdn, "type": "DNS_RECORD_A"})).collect();
    let vip_field = if vs.address.is_ipv6() { "ip6_address" } else { "ip_address" };
    json!({
        "name": vs.name, "enabled": vs.enabled, "fqdn": vs.fqdns.first(), "dns_info": dns_info, "services": services,
        "vip": [{"vip_id": "1", vip_field: address_value(&vs.address.to_string())}], "tenant_ref": "/api/tenant/admin",
    })
}

/// Creates the virtual service or replaces the one with its name; returns its uuid, empty for an unknown site.
pub(super) fn upsert_virtual_service(state: &mut State, site: &str, vs: &VirtualService) -> String {
    let Some(store) = state.sites.get(site).map(|site| &site.store) else { return String::new() };
    let known = store.named(Kind::VirtualService, ADMIN, &vs.name).map(ToOwned::to_owned);
    let uuid = known.unwrap_or_else(|| new_uuid(state, Kind::VirtualService));
    add(state, site, (Kind::VirtualService, &uuid), virtual_service(vs));
    uuid
}

fn address_value(address: &str) -> Value {
    let kind = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => "V4",
        Ok(IpAddr::V6(_)) => "V6",
        Err(_) => "DNS",
    };
    json!({"addr": address, "type": kind})
}

/// Host and port of an address; 443 when it names no port. An IPv6 address with a port is in brackets.
fn host_and_port(address: &str) -> (String, u16) {
    let bare = |host: &str| host.trim_start_matches('[').trim_end_matches(']').to_owned();
    if address.parse::<IpAddr>().is_ok() {
        return (address.to_owned(), 443);
    }
    match address.rsplit_once(':').map(|(host, port)| (host, port.parse())) {
        Some((host, Ok(port))) => (bare(host), port),
        _ => (bare(address), 443),
    }
}
