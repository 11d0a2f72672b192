//! The body of a GSLB service: see `docs/RULES.md#bodies-of-services` and EX-01.

use super::reference_to;
use crate::core::gslb::{DownResponse, GeoFallback, GslbService, Member, Pool, PoolAlgorithm};
use crate::core::owner::Owner;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::net::IpAddr;

/// Complete body for POST; for PUT see [`super::Versioned`].
#[derive(Debug, Clone, Copy)]
pub struct ServiceBody<'a> {
    pub service: &'a GslbService,
    pub owner: &'a Owner,
    /// Whether the controller's version knows PKI profiles: it would refuse the whole service for one.
    pub tells_pki: bool,
}

/// The same of every service.
const FLAGS: [(&str, bool); 5] = [
    ("controller_health_status_enabled", true),
    ("is_federated", true),
    ("resolve_cname", false),
    ("use_edns_client_subnet", true),
    ("wildcard_match", false),
];

struct PoolBody<'a>(&'a Pool);

struct MemberBody<'a>(&'a Member);

struct DownBody(DownResponse);

/// The type follows the address family (DB-30).
struct Address(IpAddr);

/// An address in a field of its own.
#[derive(Serialize)]
struct Public {
    ip: Address,
}

/// To be compared with what the controller tells.
pub fn service_body(service: &GslbService, owner: &Owner) -> Value {
    // All keys are text, so nothing can go wrong.
    serde_json::to_value(ServiceBody { service, owner, tells_pki: true }).unwrap_or_default()
}

impl Serialize for ServiceBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { service, owner, .. } = *self;
        let mut body = serializer.serialize_map(None)?;
        for (field, value) in FLAGS {
            body.serialize_entry(field, &value)?;
        }
        body.serialize_entry("enabled", &service.enabled)?;
        body.serialize_entry("created_by", owner.as_str())?;
        body.serialize_entry("health_monitor_scope", "GSLB_SERVICE_HEALTH_MONITOR_ALL_MEMBERS")?;
        body.serialize_entry("min_members", &0)?;
        body.serialize_entry("pool_algorithm", "GSLB_SERVICE_ALGORITHM_PRIORITY")?;
        body.serialize_entry("name", &service.name)?;
        body.serialize_entry("domain_names", &service.domain_names)?;
        body.serialize_entry("description", &service.description)?;
        body.serialize_entry("tenant_ref", &super::tenant_ref(&service.tenant))?;
        body.serialize_entry("groups", &service.pools.iter().map(PoolBody).collect::<Vec<_>>())?;
        self.optional(&mut body)?;
        body.end()
    }
}

impl ServiceBody<'_> {
    fn optional<M: SerializeMap>(&self, body: &mut M) -> Result<(), M::Error> {
        let service = self.service;
        if let Some(ttl) = service.ttl {
            body.serialize_entry("ttl", &ttl)?;
        }
        if !service.monitors.is_empty() {
            let named = |name: &String| reference_to("healthmonitor", name);
            body.serialize_entry("health_monitor_refs", &service.monitors.iter().map(named).collect::<Vec<_>>())?;
        }
        if let Some(response) = service.down_response {
            body.serialize_entry("down_response", &DownBody(response))?;
        }
        body.serialize_entry("site_persistence_enabled", &service.persistence.is_some())?;
        let Some(persistence) = &service.persistence else { return Ok(()) };
        let profile = reference_to("applicationpersistenceprofile", &persistence.profile);
        body.serialize_entry("application_persistence_profile_ref", &profile)?;
        match &persistence.pki_profile {
            Some(pki) if self.tells_pki => body.serialize_entry("pki_profile_ref", &reference_to("pkiprofile", pki)),
            _ => Ok(()),
        }
    }
}

impl Serialize for DownBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = match self.0 {
            DownResponse::None => "NONE",
            DownResponse::AllRecords => "ALL_RECORDS",
            DownResponse::Empty => "EMPTY",
            DownResponse::FallbackIp(_) => "FALLBACK_IP",
        };
        let mut body = serializer.serialize_map(None)?;
        body.serialize_entry("type", &format!("GSLB_SERVICE_DOWN_RESPONSE_{kind}"))?;
        if let DownResponse::FallbackIp(ip) = self.0 {
            // The model has a field of its own for IPv6.
            let field = if ip.is_ipv4() { "fallback_ip" } else { "fallback_ip6" };
            body.serialize_entry(field, &Address(ip))?;
        }
        body.end()
    }
}

impl Serialize for PoolBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pool = self.0;
        let (algorithm, fallback, mask) = words(pool.algorithm);
        let mut body = serializer.serialize_map(None)?;
        body.serialize_entry("name", &format!("amko-gs-group-{}", pool.priority))?;
        body.serialize_entry("priority", &pool.priority)?;
        body.serialize_entry("enabled", &pool.enabled)?;
        body.serialize_entry("min_health_monitors_up", &pool.min_health_monitors_up)?;
        body.serialize_entry("members", &pool.members.iter().map(MemberBody).collect::<Vec<_>>())?;
        body.serialize_entry("algorithm", algorithm)?;
        if let Some(fallback) = fallback {
            body.serialize_entry("fallback_algorithm", fallback)?;
        }
        if let Some(mask) = mask {
            body.serialize_entry("consistent_hash_mask", &mask)?;
        }
        body.end()
    }
}

/// Algorithm, fallback and mask.
fn words(algorithm: PoolAlgorithm) -> (&'static str, Option<&'static str>, Option<u32>) {
    const ROUND_ROBIN: &str = "GSLB_ALGORITHM_ROUND_ROBIN";
    const CONSISTENT_HASH: &str = "GSLB_ALGORITHM_CONSISTENT_HASH";
    const GEO: &str = "GSLB_ALGORITHM_GEO";
    match algorithm {
        PoolAlgorithm::RoundRobin => (ROUND_ROBIN, None, None),
        PoolAlgorithm::Topology => ("GSLB_ALGORITHM_TOPOLOGY", None, None),
        PoolAlgorithm::ConsistentHash { mask } => (CONSISTENT_HASH, None, Some(mask)),
        PoolAlgorithm::Geo { fallback: GeoFallback::RoundRobin } => (GEO, Some(ROUND_ROBIN), None),
        PoolAlgorithm::Geo { fallback: GeoFallback::ConsistentHash { mask } } => {
            (GEO, Some(CONSISTENT_HASH), Some(mask))
        }
    }
}

impl Serialize for MemberBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let member = self.0;
        let mut body = serializer.serialize_map(None)?;
        body.serialize_entry("enabled", &member.enabled)?;
        body.serialize_entry("ip", &Address(member.address))?;
        body.serialize_entry("ratio", &member.ratio)?;
        if let Some(uuid) = &member.cluster_uuid {
            body.serialize_entry("cluster_uuid", uuid)?;
        }
        if let Some(uuid) = &member.vs_uuid {
            body.serialize_entry("vs_uuid", uuid)?;
        }
        if let Some(public) = member.public_address {
            body.serialize_entry("public_ip", &Public { ip: Address(public) })?;
        }
        body.end()
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_map(Some(2))?;
        body.serialize_entry("addr", &self.0)?;
        body.serialize_entry("type", if self.0.is_ipv4() { "V4" } else { "V6" })?;
        body.end()
    }
}
