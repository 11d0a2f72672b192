//! A GSLB service in the form that the DNS service answers from.

use super::clients::Clients;
use super::wire;
use hickory_proto::rr::Name;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

/// Seconds that an answer may be cached when the service does not say: the default of the DNS application profile.
pub const DEFAULT_TTL: u32 = 30;

/// A GSLB service. Pools are sorted by falling priority; their members lie one after the other in `members`.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    pub uuid: String,
    pub pools: Vec<Pool>,
    pub members: Vec<Member>,
    /// Uuids of the monitors that probe the members.
    pub monitors: Vec<String>,
    /// Only members that are not virtual services of an Avi site are probed.
    pub probe_only_foreign: bool,
    /// The status of a member's own controller counts.
    pub control_status: bool,
    /// Addresses per answer; 0 means all.
    pub addresses_per_answer: usize,
    /// Seconds.
    pub ttl: u32,
    /// Lower-priority pools fill up while fewer members than this are usable; 0 means off.
    pub min_members: usize,
    pub down_response: DownResponse,
    /// Tells clients outside, who get public addresses, from those inside.
    pub clients: Arc<Clients>,
    /// Judge clients by their EDNS client subnet.
    pub client_subnet: bool,
    /// Host name that probes ask for when a member has none of its own.
    pub host: String,
}

/// A pool of one priority.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    pub name: String,
    pub algorithm: Algorithm,
    /// Takes over when `algorithm` finds nobody.
    pub fallback: Algorithm,
    /// Prefix lengths that a client address is cut to before hashing, for IPv4 and IPv6.
    pub hash_masks: (u8, u8),
    /// How many checks must pass for a member to be up; all when unset.
    pub min_monitors_up: Option<usize>,
    /// Its part of [`Service::members`].
    pub members: Range<usize>,
}

/// A member of a pool.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    pub address: IpAddr,
    /// Given to clients outside instead of `address`; probes never use it.
    pub public_address: Option<IpAddr>,
    /// The virtual service behind the member: `cluster_uuid` of its site, and its uuid.
    pub virtual_service: Option<(String, String)>,
    pub ratio: u32,
    /// Lowest wins under [`Algorithm::PreferenceOrder`].
    pub preference: u32,
    /// Member, pool and site are enabled, and the priority of the pool is not zero.
    pub enabled: bool,
    pub host: Option<String>,
}

/// How a pool chooses among its usable members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    RoundRobin,
    ConsistentHash,
    PreferenceOrder,
    /// Needs geographical or topology data, which this simulation does not have: it never finds anybody.
    NoData,
}

/// What to answer when no member is usable.
#[derive(Debug, Clone, PartialEq)]
pub enum DownResponse {
    /// Nothing at all.
    Silence,
    Empty,
    AllRecords,
    /// For A and AAAA queries.
    Fallback(Option<IpAddr>, Option<IpAddr>),
    Cname(Name),
}

/// What matters of a site to its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SiteRule {
    pub enabled: bool,
    /// Replaces the ratio of every member at the site.
    pub ratio: Option<u32>,
}

/// What the GSLB configuration says about its services and members.
#[derive(Debug, Clone, Default)]
pub struct GslbRules {
    /// By `cluster_uuid`.
    pub sites: BTreeMap<String, SiteRule>,
    pub clients: Arc<Clients>,
}

impl Service {
    /// Members of one pool with their positions in [`Self::members`].
    pub fn pool_of(&self, member: usize) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.members.contains(&member))
    }

    /// Whether the service's monitors probe this member.
    pub fn probes(&self, member: &Member) -> bool {
        !(self.probe_only_foreign && member.virtual_service.is_some())
    }

    /// The address at which the lab probes a member. A lab has IPv4 addresses of the machine's own (127.0.0.0/8) but
    /// only one of IPv6, so any other IPv6 member goes by its twin: the IPv4 member for the same virtual service. `None`
    /// without a twin; then the member is not probed, and what its controller says decides alone.
    pub fn probe_address(&self, member: &Member) -> Option<IpAddr> {
        if member.address.is_ipv4() || member.address.is_loopback() {
            return Some(member.address);
        }
        let twin = |other: &&Member| other.address.is_ipv4() && other.virtual_service == member.virtual_service;
        let twin = member.virtual_service.as_ref().and_then(|_| self.members.iter().find(twin));
        twin.map(|twin| twin.address)
    }

    /// Builds the service from the controller's object.
    pub fn compile(object: &wire::GslbService, rules: &GslbRules) -> Self {
        let mut groups: Vec<&wire::Group> = object.groups.iter().collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.priority));
        let (mut pools, mut members) = (Vec::new(), Vec::new());
        for group in groups {
            let first = members.len();
            members.extend(group.members.iter().filter_map(|member| compile_member(group, member, &rules.sites)));
            pools.push(compile_pool(group, first..members.len()));
        }
        Self {
            uuid: object.uuid.clone(),
            pools,
            members,
            monitors: object.health_monitor_refs.iter().map(|reference| wire::uuid_of(reference).into()).collect(),
            probe_only_foreign: object.health_monitor_scope.ends_with("ONLY_NON_AVI_MEMBERS"),
            control_status: object.controller_health_status_enabled,
            addresses_per_answer: object.num_dns_ip.unwrap_or(1),
            ttl: object.ttl.unwrap_or(DEFAULT_TTL),
            min_members: object.min_members,
            down_response: DownResponse::compile(object.down_response.as_ref()),
            clients: rules.clients.clone(),
            client_subnet: object.use_edns_client_subnet,
            host: object.domain_names.first().cloned().unwrap_or_else(|| object.name.clone()),
        }
    }
}

fn compile_pool(group: &wire::Group, members: Range<usize>) -> Pool {
    Pool {
        name: group.name.clone(),
        algorithm: Algorithm::parse(&group.algorithm),
        fallback: Algorithm::parse(&group.fallback_algorithm),
        hash_masks: (group.consistent_hash_mask.unwrap_or(32), group.consistent_hash_mask6.unwrap_or(128)),
        min_monitors_up: group.min_health_monitors_up,
        members,
    }
}

type Sites = BTreeMap<String, SiteRule>;

/// `None` for a member without an IP address: members by name are not simulated.
fn compile_member(group: &wire::Group, member: &wire::GroupMember, sites: &Sites) -> Option<Member> {
    let cluster = member.cluster_uuid.as_deref().filter(|uuid| !uuid.is_empty());
    let vs = member.vs_uuid.as_deref().filter(|uuid| !uuid.is_empty());
    let site = cluster.and_then(|uuid| sites.get(uuid));
    Some(Member {
        address: member.ip.ip()?,
        public_address: member.public_ip.as_ref().and_then(|public| public.ip.ip()),
        virtual_service: cluster.zip(vs).map(|(cluster, vs)| (cluster.into(), vs.into())),
        ratio: site.and_then(|site| site.ratio).unwrap_or(member.ratio).max(1),
        preference: member.preference_order,
        enabled: member.enabled && group.enabled && group.priority > 0 && site.is_none_or(|site| site.enabled),
        host: member.hostname.clone().filter(|host| !host.is_empty()),
    })
}

impl Algorithm {
    fn parse(text: &str) -> Self {
        match text {
            "GSLB_ALGORITHM_CONSISTENT_HASH" => Self::ConsistentHash,
            "GSLB_ALGORITHM_PREFERENCE_ORDER" => Self::PreferenceOrder,
            "GSLB_ALGORITHM_GEO" | "GSLB_ALGORITHM_TOPOLOGY" => Self::NoData,
            _ => Self::RoundRobin,
        }
    }
}

impl DownResponse {
    fn compile(object: Option<&wire::Down>) -> Self {
        let Some(down) = object else { return Self::Silence };
        match down.kind.as_str() {
            "GSLB_SERVICE_DOWN_RESPONSE_ALL_RECORDS" => Self::AllRecords,
            "GSLB_SERVICE_DOWN_RESPONSE_EMPTY" => Self::Empty,
            "GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP" => {
                let ip = |address: &Option<wire::Address>| address.as_ref().and_then(wire::Address::ip);
                Self::Fallback(ip(&down.fallback_ip), ip(&down.fallback_ip6))
            }
            "GSLB_SERVICE_DOWN_RESPONSE_CNAME" => {
                let name = down.fallback_cname.as_deref().and_then(|name| Name::from_ascii(name).ok());
                name.map_or(Self::Silence, |mut name| {
                    name.set_fqdn(true);
                    Self::Cname(name)
                })
            }
            _ => Self::Silence,
        }
    }
}
