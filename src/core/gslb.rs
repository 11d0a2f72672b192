//! A GSLB service and its health monitors as the operator thinks of them, without the controller's wire format.

use std::net::IpAddr;

/// Everything the operator decides about one GSLB service. The fields that are the same for every service
/// (`is_federated`, `pool_algorithm`, …) are added by the wire format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GslbService {
    pub tenant: String,
    pub name: String,
    /// Sorted bytewise, never empty.
    pub domain_names: Vec<String>,
    /// The Kubernetes objects behind the members, joined by commas (rule GS-05).
    pub description: String,
    /// Descending priority, never empty.
    pub pools: Vec<Pool>,
    /// Names of the health monitors, in the order in which they are referenced.
    pub monitors: Vec<String>,
    /// Seconds, 0 to 86400.
    pub ttl: Option<u32>,
    pub down_response: Option<DownResponse>,
    pub persistence: Option<SitePersistence>,
    /// Whether it answers at all; somebody may have switched it off on the controller.
    pub enabled: bool,
}

impl GslbService {
    /// Of all pools.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.pools.iter().flat_map(|pool| &pool.members)
    }

    /// With the priorities of their pools.
    pub fn placed_members(&self) -> impl Iterator<Item = (u32, &Member)> {
        self.pools.iter().flat_map(|pool| pool.members.iter().map(|member| (pool.priority, member)))
    }
}

/// What a member is known by: the priority of its pool, its address and its public address.
pub type Place = (u32, IpAddr, Option<IpAddr>);

impl Member {
    /// In a pool of this priority.
    pub fn place(&self, priority: u32) -> Place {
        (priority, self.address, self.public_address)
    }
}

/// One pool per distinct priority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// 0 to 100, larger is preferred.
    pub priority: u32,
    pub algorithm: PoolAlgorithm,
    pub min_health_monitors_up: u32,
    pub members: Vec<Member>,
    /// The same for its members.
    pub enabled: bool,
}

/// How a pool chooses among its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolAlgorithm {
    RoundRobin,
    Topology,
    /// Prefix length, 1 to 31.
    ConsistentHash {
        mask: u32,
    },
    Geo {
        fallback: GeoFallback,
    },
}

/// What a GEO pool does for a client whose location is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeoFallback {
    RoundRobin,
    ConsistentHash { mask: u32 },
}

/// One address in a pool.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    pub address: IpAddr,
    /// Weight, 1 to 20.
    pub ratio: u32,
    pub cluster_uuid: Option<String>,
    pub vs_uuid: Option<String>,
    pub public_address: Option<IpAddr>,
    /// The same for it alone.
    pub enabled: bool,
}

/// What DNS answers when no member is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DownResponse {
    None,
    AllRecords,
    Empty,
    FallbackIp(IpAddr),
}

/// Cookie persistence across sites: see `docs/RULES.md#site-persistence`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitePersistence {
    pub profile: String,
    pub pki_profile: Option<String>,
}

/// A health monitor that belongs to this installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthMonitor {
    pub tenant: String,
    pub name: String,
    pub description: String,
    /// 1 to 65535.
    pub port: u16,
    pub probe: Probe,
}

/// What a health monitor sends; decides its `type`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    Http(HttpProbe),
    Https(HttpProbe),
    Tcp,
    Udp,
}

/// Request line and accepted answers of a path monitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpProbe {
    /// For instance `HEAD / HTTP/1.0`.
    pub request: String,
    /// For instance `HTTP_2XX`.
    pub response_codes: Vec<String>,
}
