//! What a simulated GSLB is built from.

use crate::chance::Chance;
use crate::clock::Clock;
use std::net::IpAddr;
use std::time::Duration;

/// One Avi controller that is a site of the GSLB.
#[derive(Debug, Clone)]
pub struct SiteConfig {
    pub name: String,
    /// `host` or `host:port` under which the other sites and the clients reach this controller. It is published in
    /// `gslb.sites[]` and used nowhere else.
    pub address: String,
}

/// Settings of one GSLB and of all its controllers.
#[derive(Debug, Clone)]
pub struct AviWorldConfig {
    pub sites: Vec<SiteConfig>,
    /// Names of the sites that are passive members: without GSLB configuration, answering no DNS. All others are
    /// active.
    pub passive: Vec<String>,
    /// Name of the site that leads at the start.
    pub leader: String,
    /// The subdomain in `gslb.dns_configs` that every FQDN must fall in; empty accepts any FQDN.
    pub domain: String,
    pub username: String,
    pub password: String,
    /// Newest API version that the controllers speak; three numbers, anything else counts as `30.2.1`.
    pub version: String,
    pub clock: Clock,
    pub chance: Chance,
    /// Median of a log-normal delay before each answer; zero means none.
    pub latency: Duration,
    /// Time from a write on the leader until a follower shows it.
    pub replication_delay: Duration,
    /// Refuse members whose `cluster_uuid` is no site of the GSLB, as a real controller does.
    pub check_cluster_uuids: bool,
    /// How many requests [`super::AviWorld::requests`] remembers; the oldest are forgotten first.
    pub request_log: usize,
}

impl AviWorldConfig {
    /// Settings with user `admin`, password `avi123`, version 30.2.1, no latency and immediate replication. The first
    /// site leads.
    pub fn new(sites: Vec<SiteConfig>, clock: Clock, chance: Chance) -> Self {
        Self {
            leader: sites.first().map(|site| site.name.clone()).unwrap_or_default(),
            sites,
            passive: Vec::new(),
            domain: String::new(),
            username: "admin".into(),
            password: "avi123".into(),
            version: "30.2.1".into(),
            clock,
            chance,
            latency: Duration::ZERO,
            replication_delay: Duration::ZERO,
            check_cluster_uuids: true,
            request_log: 100_000,
        }
    }
}

/// A local virtual service of one site, the target of a pool member's `vs_uuid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualService {
    pub name: String,
    pub fqdns: Vec<String>,
    pub address: IpAddr,
    /// Port and whether it speaks TLS.
    pub ports: Vec<(u16, bool)>,
    pub enabled: bool,
}
