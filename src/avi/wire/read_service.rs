//! A GSLB service as the controller tells it.

use super::faithful::covers;
use super::field::{filled, ip, last_modified, list, number, text, texts};
use super::reference::RefNames;
use super::write_service::service_body;
use crate::core::gslb::{DownResponse, GeoFallback, GslbService, Member, Pool, PoolAlgorithm, SitePersistence};
use crate::core::owner::{LEGACY_OWNER, Owner};
use crate::core::plan::ObservedService;
use serde_json::{Value, json};
use std::cmp::Reverse;

/// `None` when the service is not of this installation (`docs/RULES.md#ownership`), or has no name or uuid.
///
/// Whatever the operator cannot express is replaced by what it would write, and the service is not faithful: it is
/// then rewritten. A service of the legacy owner is faithful when only its owner differs: adoption by itself writes
/// nothing, the owner changes with the next PUT.
pub fn parse_service(object: &Value, owner: &Owner, names: &RefNames) -> Option<ObservedService> {
    let created_by = text(object, "created_by")?;
    if created_by != owner.as_str() && created_by != LEGACY_OWNER {
        return None;
    }
    let uuid = filled(object, "uuid")?;
    let mut content = content(object, names)?;
    let faithful = is_faithful(object, &content, owner);
    content.domain_names.sort();
    content.pools.sort_by_key(|pool| Reverse(pool.priority));
    Some(ObservedService { uuid, last_modified: last_modified(object), content, faithful, tells_pki: true })
}

fn is_faithful(object: &Value, content: &GslbService, owner: &Owner) -> bool {
    let mut written = service_body(content, owner);
    if let Some(fields) = written.as_object_mut() {
        // Owner: checked above. References: compared by name, as part of the content.
        let by_name = ["created_by", "tenant_ref", "health_monitor_refs"];
        let profiles = ["application_persistence_profile_ref", "pki_profile_ref"];
        fields.retain(|key, _| !by_name.contains(&key.as_str()) && !profiles.contains(&key.as_str()));
    }
    covers(object, &written, default_of)
}

fn default_of(key: &str) -> Option<Value> {
    match key {
        "enabled" | "is_federated" | "controller_health_status_enabled" | "use_edns_client_subnet" => Some(json!(true)),
        "health_monitor_scope" => Some(json!("GSLB_SERVICE_HEALTH_MONITOR_ALL_MEMBERS")),
        "pool_algorithm" => Some(json!("GSLB_SERVICE_ALGORITHM_PRIORITY")),
        "priority" => Some(json!(10)),
        "ratio" => Some(json!(1)),
        _ => None,
    }
}

fn content(object: &Value, names: &RefNames) -> Option<GslbService> {
    Some(GslbService {
        tenant: names.resolve_field(object, "tenant_ref").unwrap_or_else(|| "admin".to_owned()),
        name: filled(object, "name")?,
        domain_names: texts(object, "domain_names"),
        description: text(object, "description").unwrap_or_default().to_owned(),
        pools: list(object, "groups").iter().map(pool).collect(),
        monitors: texts(object, "health_monitor_refs").iter().map(|reference| names.resolve(reference)).collect(),
        ttl: number(object, "ttl"),
        down_response: object.get("down_response").filter(|value| value.is_object()).map(down_response),
        persistence: persistence(object, names),
        enabled: enabled(object),
    })
}

fn persistence(object: &Value, names: &RefNames) -> Option<SitePersistence> {
    object.get("site_persistence_enabled")?.as_bool().filter(|enabled| *enabled)?;
    Some(SitePersistence {
        profile: names.resolve_field(object, "application_persistence_profile_ref").unwrap_or_default(),
        pki_profile: names.resolve_field(object, "pki_profile_ref"),
    })
}

/// A response that the operator cannot express reads as `None`, which then differs from what is there.
fn down_response(object: &Value) -> DownResponse {
    let fallback = || ["fallback_ip", "fallback_ip6"].into_iter().find_map(|key| object.get(key).and_then(ip));
    match text(object, "type") {
        Some("GSLB_SERVICE_DOWN_RESPONSE_ALL_RECORDS") => DownResponse::AllRecords,
        Some("GSLB_SERVICE_DOWN_RESPONSE_EMPTY") => DownResponse::Empty,
        Some("GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP") => {
            fallback().map_or(DownResponse::None, DownResponse::FallbackIp)
        }
        _ => DownResponse::None,
    }
}

fn pool(object: &Value) -> Pool {
    Pool {
        priority: number(object, "priority").unwrap_or(10),
        algorithm: algorithm(object),
        min_health_monitors_up: number(object, "min_health_monitors_up").unwrap_or(0),
        members: list(object, "members").iter().filter_map(member).collect(),
        enabled: enabled(object),
    }
}

fn algorithm(object: &Value) -> PoolAlgorithm {
    let mask = number(object, "consistent_hash_mask").unwrap_or(0);
    match text(object, "algorithm") {
        Some("GSLB_ALGORITHM_TOPOLOGY") => PoolAlgorithm::Topology,
        Some("GSLB_ALGORITHM_CONSISTENT_HASH") => PoolAlgorithm::ConsistentHash { mask },
        Some("GSLB_ALGORITHM_GEO") => PoolAlgorithm::Geo {
            fallback: match text(object, "fallback_algorithm") {
                Some("GSLB_ALGORITHM_CONSISTENT_HASH") => GeoFallback::ConsistentHash { mask },
                _ => GeoFallback::RoundRobin,
            },
        },
        _ => PoolAlgorithm::RoundRobin,
    }
}

/// `None` for a member without an address: the operator writes none like that.
fn member(object: &Value) -> Option<Member> {
    Some(Member {
        address: object.get("ip").and_then(ip)?,
        ratio: number(object, "ratio").unwrap_or(1),
        cluster_uuid: filled(object, "cluster_uuid"),
        vs_uuid: filled(object, "vs_uuid"),
        public_address: object.get("public_ip").and_then(|public| public.get("ip")).and_then(ip),
        enabled: enabled(object),
    })
}

/// The switch of a service, a pool or a member.
fn enabled(object: &Value) -> bool {
    object.get("enabled").and_then(Value::as_bool).unwrap_or(true)
}
