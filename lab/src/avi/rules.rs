//! Rules that look at more than one field, or at other objects.

use super::inferred;
use super::kind::Kind;
use super::schema::monitor::{NEED_PORT, PARTS};
use super::schema::profile::GSLB_SITE_PERSISTENCE;
use super::store::{Store, domains, target_of, text};
use serde_json::Value;
use std::collections::BTreeSet;

/// What the rules may look at.
pub(super) struct Surroundings<'a> {
    pub store: &'a Store,
    /// Uuid of the object under check; empty for a new one.
    pub uuid: &'a str,
    pub check_cluster_uuids: bool,
}

/// The first rule that the object breaks, as the text of a 400.
pub(super) fn check(kind: Kind, object: &Value, around: &Surroundings<'_>) -> Result<(), String> {
    let name = text(object, "name");
    if name.is_empty() || name.chars().count() > 255 {
        return Err(inferred::out_of_range("name", "1 character", "255 characters"));
    }
    match kind {
        Kind::GslbService => gslb_service(object, around),
        Kind::HealthMonitor => health_monitor(object),
        Kind::Gslb => gslb(object),
        _ => Ok(()),
    }
}

fn gslb_service(service: &Value, around: &Surroundings<'_>) -> Result<(), String> {
    not_empty(service, "domain_names", "domain_names")?;
    not_empty(service, "groups", "groups")?;
    domain_names(service, around)?;
    pools(service, around)?;
    monitors(service, around)?;
    down_response(service)?;
    site_persistence(service, around)?;
    federated_profiles(service, around)
}

fn domain_names(service: &Value, around: &Surroundings<'_>) -> Result<(), String> {
    let served: Vec<String> = items(around.store.gslb().map(|gslb| &**gslb), "dns_configs")
        .map(|config| text(config, "domain_name").to_ascii_lowercase())
        .collect();
    let mut seen = BTreeSet::new();
    for domain in domains(service) {
        if !seen.insert(domain.clone()) {
            return Err(format!("Domain name {domain} is listed twice"));
        }
        if !served.is_empty() && !served.iter().any(|served| within(&domain, served)) {
            return Err(format!("Domain name {domain} is not part of any GSLB DNS configuration"));
        }
        if let Some(owner) = around.store.domain_owner(&domain).filter(|owner| *owner != around.uuid) {
            let owner = around.store.get(Kind::GslbService, owner).map_or(owner, |owner| text(owner, "name"));
            return Err(inferred::domain_taken(&domain, owner));
        }
    }
    Ok(())
}

fn within(domain: &str, served: &str) -> bool {
    domain.strip_suffix(served).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn pools(service: &Value, around: &Surroundings<'_>) -> Result<(), String> {
    let mut names = BTreeSet::new();
    for pool in items(Some(service), "groups") {
        let name = text(pool, "name");
        if !names.insert(name) {
            return Err(format!("Pool name {name} is used twice in the GSLB service"));
        }
        not_empty(pool, "members", "groups.members")?;
        fallback_algorithm(pool)?;
        members(pool, around)?;
    }
    Ok(())
}

fn fallback_algorithm(pool: &Value) -> Result<(), String> {
    let fallback = text(pool, "fallback_algorithm");
    let sensible = ["", "GSLB_ALGORITHM_ROUND_ROBIN", "GSLB_ALGORITHM_CONSISTENT_HASH"];
    if text(pool, "algorithm") == "GSLB_ALGORITHM_GEO" && !sensible.contains(&fallback) {
        return Err(format!("Fallback algorithm {fallback} cannot follow GSLB_ALGORITHM_GEO"));
    }
    Ok(())
}

fn members(pool: &Value, around: &Surroundings<'_>) -> Result<(), String> {
    let mut addresses = BTreeSet::new();
    for member in items(Some(pool), "members") {
        let address = member.pointer("/ip/addr").and_then(Value::as_str);
        let (cluster, vs) = (text(member, "cluster_uuid"), text(member, "vs_uuid"));
        if address.is_none() && text(member, "fqdn").is_empty() && (cluster.is_empty() || vs.is_empty()) {
            return Err("A pool member needs ip, fqdn, or vs_uuid with cluster_uuid".to_owned());
        }
        if let Some(address) = address.filter(|address| !addresses.insert(*address)) {
            return Err(format!("Member {address} is listed twice in pool {}", text(pool, "name")));
        }
        if around.check_cluster_uuids && !cluster.is_empty() && !knows_site(around.store, cluster) {
            return Err(format!("Cluster {cluster} is not a site of the GSLB"));
        }
    }
    Ok(())
}

fn knows_site(store: &Store, cluster: &str) -> bool {
    let gslb = store.gslb().map(|gslb| &**gslb);
    items(gslb, "sites").chain(items(gslb, "third_party_sites")).any(|site| text(site, "cluster_uuid") == cluster)
}

fn monitors(service: &Value, around: &Surroundings<'_>) -> Result<(), String> {
    for reference in items(Some(service), "health_monitor_refs").filter_map(Value::as_str) {
        let monitor = target_of(reference).and_then(|(kind, uuid)| around.store.get(kind, uuid));
        if is_on(service, "is_federated") && !monitor.is_some_and(|monitor| is_on(monitor, "is_federated")) {
            let name = monitor.map_or(reference, |monitor| text(monitor, "name"));
            return Err(format!("Health monitor {name} is not federated but the GSLB service is"));
        }
    }
    Ok(())
}

fn down_response(service: &Value) -> Result<(), String> {
    let Some(response) = service.get("down_response") else { return Ok(()) };
    let has = |field: &str| response.get(field).is_some();
    match text(response, "type") {
        "GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP" if !has("fallback_ip") && !has("fallback_ip6") => {
            Err("Down response of type fallback IP needs fallback_ip or fallback_ip6".to_owned())
        }
        "GSLB_SERVICE_DOWN_RESPONSE_CNAME" if !has("fallback_cname") => {
            Err("Down response of type CNAME needs fallback_cname".to_owned())
        }
        _ => Ok(()),
    }
}

fn site_persistence(service: &Value, around: &Surroundings<'_>) -> Result<(), String> {
    if !is_on(service, "site_persistence_enabled") {
        return Ok(());
    }
    let reference = text(service, "application_persistence_profile_ref");
    let profile = target_of(reference).and_then(|(kind, uuid)| around.store.get(kind, uuid));
    match profile {
        Some(profile) if text(profile, "persistence_type") == GSLB_SITE_PERSISTENCE => Ok(()),
        _ => Err("Site persistence needs an application persistence profile of type GSLB site".to_owned()),
    }
}

/// A federated service cannot take along profiles that stay on the leader.
fn federated_profiles(service: &Value, around: &Surroundings<'_>) -> Result<(), String> {
    let fields = ["application_persistence_profile_ref", "pki_profile_ref"];
    for (kind, uuid) in fields.into_iter().filter_map(|field| target_of(text(service, field))) {
        let local = around.store.get(kind, uuid).filter(|profile| !is_on(profile, "is_federated"));
        if let Some(profile) = local.filter(|_| is_on(service, "is_federated")) {
            let name = text(profile, "name");
            return Err(format!("{} {name} is not federated but the GSLB service is", inferred::readable(kind)));
        }
    }
    Ok(())
}

fn health_monitor(monitor: &Value) -> Result<(), String> {
    let kind = text(monitor, "type");
    let number = |field: &str| monitor.get(field).and_then(Value::as_i64).unwrap_or_default();
    if number("receive_timeout") >= number("send_interval") {
        return Err("receive_timeout must be below send_interval".to_owned());
    }
    if is_on(monitor, "is_federated") && NEED_PORT.contains(&kind) && monitor.get("monitor_port").is_none() {
        return Err(format!("monitor_port is required for a GSLB monitor of type {kind}"));
    }
    for (owner, part) in PARTS {
        if *owner != kind && monitor.get(*part).is_some() {
            return Err(format!("{part} does not fit a monitor of type {kind}"));
        }
    }
    for part in ["http_monitor", "https_monitor"] {
        if let Some(part_value) = monitor.get(part) {
            not_empty(part_value, "http_response_code", &format!("{part}.http_response_code"))?;
        }
    }
    Ok(())
}

fn gslb(gslb: &Value) -> Result<(), String> {
    not_empty(gslb, "sites", "sites")?;
    let leader = text(gslb, "leader_cluster_uuid");
    let active = |site: &Value| text(site, "member_type") == "GSLB_ACTIVE_MEMBER";
    let leads = items(Some(gslb), "sites").any(|site| text(site, "cluster_uuid") == leader && active(site));
    if leads { Ok(()) } else { Err(format!("Leader {leader} is not an active site of the GSLB")) }
}

fn not_empty(object: &Value, field: &str, path: &str) -> Result<(), String> {
    if items(Some(object), field).next().is_some() { Ok(()) } else { Err(inferred::missing_field(path)) }
}

pub(super) fn is_on(object: &Value, field: &str) -> bool {
    object.get(field).and_then(Value::as_bool).unwrap_or(false)
}

/// The items of a list field; none when it is absent.
pub(super) fn items<'a>(object: Option<&'a Value>, field: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    object.and_then(|object| object.get(field)).and_then(Value::as_array).into_iter().flatten()
}
