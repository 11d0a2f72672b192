//! The body of a GSLB service: see `docs/RULES.md#bodies-of-services` and EX-01.

use super::tenant_ref;
use crate::core::gslb::{DownResponse, GeoFallback, GslbService, Member, Pool, PoolAlgorithm};
use crate::core::owner::Owner;
use serde_json::{Map, Value, json};
use std::net::IpAddr;

/// Complete body for POST; for PUT add [`super::with_last_modified`].
pub fn service_body(service: &GslbService, owner: &Owner) -> Value {
    let mut body = constants(owner);
    body.insert("name".into(), json!(service.name));
    body.insert("domain_names".into(), json!(service.domain_names));
    body.insert("description".into(), json!(service.description));
    body.insert("tenant_ref".into(), json!(tenant_ref(&service.tenant)));
    body.insert("groups".into(), service.pools.iter().map(pool).collect());
    insert_optional(&mut body, service);
    Value::Object(body)
}

fn constants(owner: &Owner) -> Map<String, Value> {
    let fields = [
        ("controller_health_status_enabled", json!(true)),
        ("created_by", json!(owner.as_str())),
        ("enabled", json!(true)),
        ("health_monitor_scope", json!("GSLB_SERVICE_HEALTH_MONITOR_ALL_MEMBERS")),
        ("is_federated", json!(true)),
        ("min_members", json!(0)),
        ("pool_algorithm", json!("GSLB_SERVICE_ALGORITHM_PRIORITY")),
        ("resolve_cname", json!(false)),
        ("use_edns_client_subnet", json!(true)),
        ("wildcard_match", json!(false)),
    ];
    fields.map(|(key, value)| (key.to_owned(), value)).into_iter().collect()
}

fn insert_optional(body: &mut Map<String, Value>, service: &GslbService) {
    if let Some(ttl) = service.ttl {
        body.insert("ttl".into(), json!(ttl));
    }
    if !service.monitors.is_empty() {
        let refs = service.monitors.iter().map(|name| json!(format!("/api/healthmonitor?name={name}"))).collect();
        body.insert("health_monitor_refs".into(), refs);
    }
    if let Some(response) = service.down_response {
        body.insert("down_response".into(), down_response(response));
    }
    body.insert("site_persistence_enabled".into(), json!(service.persistence.is_some()));
    let Some(persistence) = &service.persistence else { return };
    let profile = format!("/api/applicationpersistenceprofile?name={}", persistence.profile);
    body.insert("application_persistence_profile_ref".into(), json!(profile));
    if let Some(pki) = &persistence.pki_profile {
        body.insert("pki_profile_ref".into(), json!(format!("/api/pkiprofile?name={pki}")));
    }
}

fn down_response(response: DownResponse) -> Value {
    match response {
        DownResponse::None => json!({"type": "GSLB_SERVICE_DOWN_RESPONSE_NONE"}),
        DownResponse::AllRecords => json!({"type": "GSLB_SERVICE_DOWN_RESPONSE_ALL_RECORDS"}),
        DownResponse::Empty => json!({"type": "GSLB_SERVICE_DOWN_RESPONSE_EMPTY"}),
        DownResponse::FallbackIp(ip @ IpAddr::V4(_)) => {
            json!({"type": "GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP", "fallback_ip": address(ip)})
        }
        // The model has a field of its own for IPv6.
        DownResponse::FallbackIp(ip @ IpAddr::V6(_)) => {
            json!({"type": "GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP", "fallback_ip6": address(ip)})
        }
    }
}

fn pool(pool: &Pool) -> Value {
    let mut body = Map::from_iter([
        ("name".to_owned(), json!(format!("amko-gs-group-{}", pool.priority))),
        ("priority".to_owned(), json!(pool.priority)),
        ("enabled".to_owned(), json!(true)),
        ("min_health_monitors_up".to_owned(), json!(pool.min_health_monitors_up)),
        ("members".to_owned(), pool.members.iter().map(member).collect()),
    ]);
    insert_algorithm(&mut body, pool.algorithm);
    Value::Object(body)
}

fn insert_algorithm(body: &mut Map<String, Value>, algorithm: PoolAlgorithm) {
    let (name, fallback, mask) = match algorithm {
        PoolAlgorithm::RoundRobin => ("ROUND_ROBIN", None, None),
        PoolAlgorithm::Topology => ("TOPOLOGY", None, None),
        PoolAlgorithm::ConsistentHash { mask } => ("CONSISTENT_HASH", None, Some(mask)),
        PoolAlgorithm::Geo { fallback: GeoFallback::RoundRobin } => ("GEO", Some("ROUND_ROBIN"), None),
        PoolAlgorithm::Geo { fallback: GeoFallback::ConsistentHash { mask } } => {
            ("GEO", Some("CONSISTENT_HASH"), Some(mask))
        }
    };
    body.insert("algorithm".into(), json!(format!("GSLB_ALGORITHM_{name}")));
    if let Some(fallback) = fallback {
        body.insert("fallback_algorithm".into(), json!(format!("GSLB_ALGORITHM_{fallback}")));
    }
    if let Some(mask) = mask {
        body.insert("consistent_hash_mask".into(), json!(mask));
    }
}

fn member(member: &Member) -> Value {
    let mut body = Map::from_iter([
        ("enabled".to_owned(), json!(true)),
        ("ip".to_owned(), address(member.address)),
        ("ratio".to_owned(), json!(member.ratio)),
    ]);
    if let Some(uuid) = &member.cluster_uuid {
        body.insert("cluster_uuid".into(), json!(uuid));
    }
    if let Some(uuid) = &member.vs_uuid {
        body.insert("vs_uuid".into(), json!(uuid));
    }
    if let Some(public) = member.public_address {
        body.insert("public_ip".into(), json!({"ip": address(public)}));
    }
    Value::Object(body)
}

/// The type follows the address family (DB-30).
fn address(ip: IpAddr) -> Value {
    json!({"addr": ip.to_string(), "type": if ip.is_ipv4() { "V4" } else { "V6" }})
}
