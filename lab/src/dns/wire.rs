//! The fields of the controller's objects that DNS and probes need, as the controller writes them.
//!
//! Everything is optional or has the controller's default, so that an object with surprises is still served.

use serde::Deserialize;
use std::net::IpAddr;

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}

fn default_priority() -> u32 {
    10
}

/// `IpAddr` of the controller. The `type` next to it is ignored: clients write `V4` beside IPv6 addresses too.
#[derive(Debug, Default, Deserialize)]
pub struct Address {
    #[serde(default)]
    pub addr: String,
}

impl Address {
    /// The address; `None` for host names and nonsense.
    pub fn ip(&self) -> Option<IpAddr> {
        self.addr.parse().ok()
    }
}

#[derive(Debug, Deserialize)]
pub struct PublicAddress {
    pub ip: Address,
}

#[derive(Debug, Deserialize)]
pub struct GslbService {
    pub uuid: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub domain_names: Vec<String>,
    #[serde(default)]
    pub groups: Vec<Group>,
    #[serde(default = "yes")]
    pub enabled: bool,
    #[serde(default)]
    pub health_monitor_refs: Vec<String>,
    #[serde(default)]
    pub health_monitor_scope: String,
    #[serde(default = "yes")]
    pub controller_health_status_enabled: bool,
    #[serde(default)]
    pub min_members: usize,
    pub num_dns_ip: Option<usize>,
    pub ttl: Option<u32>,
    pub down_response: Option<Down>,
    #[serde(default = "yes")]
    pub use_edns_client_subnet: bool,
    #[serde(default)]
    pub wildcard_match: bool,
}

#[derive(Debug, Deserialize)]
pub struct Group {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub algorithm: String,
    #[serde(default)]
    pub fallback_algorithm: String,
    pub consistent_hash_mask: Option<u8>,
    pub consistent_hash_mask6: Option<u8>,
    #[serde(default = "default_priority")]
    pub priority: u32,
    #[serde(default = "yes")]
    pub enabled: bool,
    #[serde(default)]
    pub members: Vec<GroupMember>,
    pub min_health_monitors_up: Option<usize>,
}

#[derive(Debug, Deserialize)]
pub struct GroupMember {
    #[serde(default)]
    pub ip: Address,
    pub public_ip: Option<PublicAddress>,
    pub hostname: Option<String>,
    pub cluster_uuid: Option<String>,
    pub vs_uuid: Option<String>,
    #[serde(default = "one")]
    pub ratio: u32,
    #[serde(default = "yes")]
    pub enabled: bool,
    #[serde(default = "one")]
    pub preference_order: u32,
}

#[derive(Debug, Deserialize)]
pub struct Down {
    #[serde(default, rename = "type")]
    pub kind: String,
    pub fallback_ip: Option<Address>,
    pub fallback_ip6: Option<Address>,
    pub fallback_cname: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Gslb {
    #[serde(default)]
    pub sites: Vec<Site>,
    #[serde(default)]
    pub third_party_sites: Vec<Site>,
    #[serde(default)]
    pub dns_configs: Vec<DnsDomain>,
    pub send_interval: Option<u64>,
    pub clear_on_max_retries: Option<u64>,
    pub client_ip_addr_group: Option<ClientGroup>,
}

#[derive(Debug, Default, Deserialize)]
pub struct ClientGroup {
    #[serde(default, rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub addrs: Vec<Address>,
    #[serde(default)]
    pub prefixes: Vec<AddressPrefix>,
    #[serde(default)]
    pub ranges: Vec<AddressRange>,
}

#[derive(Debug, Deserialize)]
pub struct AddressPrefix {
    pub ip_addr: Address,
    pub mask: u8,
}

#[derive(Debug, Deserialize)]
pub struct AddressRange {
    pub begin: Address,
    pub end: Address,
}

#[derive(Debug, Deserialize)]
pub struct Site {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub cluster_uuid: String,
    #[serde(default = "yes")]
    pub enabled: bool,
    pub ratio: Option<u32>,
    #[serde(default)]
    pub dns_vses: Vec<DnsVs>,
}

#[derive(Debug, Deserialize)]
pub struct DnsVs {
    #[serde(default)]
    pub domain_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct DnsDomain {
    #[serde(default)]
    pub domain_name: String,
}

#[derive(Debug, Deserialize)]
pub struct VirtualService {
    pub uuid: String,
    #[serde(default = "yes")]
    pub enabled: bool,
    #[serde(default = "yes")]
    pub traffic_enabled: bool,
}

fn ten_seconds() -> u64 {
    10
}

fn four_seconds() -> u64 {
    4
}

fn two_checks() -> u32 {
    2
}

#[derive(Debug, Deserialize)]
pub struct HealthMonitor {
    pub uuid: String,
    #[serde(default, rename = "type")]
    pub kind: String,
    #[serde(default = "ten_seconds")]
    pub send_interval: u64,
    #[serde(default = "four_seconds")]
    pub receive_timeout: u64,
    #[serde(default = "two_checks")]
    pub successful_checks: u32,
    #[serde(default = "two_checks")]
    pub failed_checks: u32,
    pub monitor_port: Option<u16>,
    #[serde(default)]
    pub disable_quickstart: bool,
    pub http_monitor: Option<HttpPart>,
    pub https_monitor: Option<HttpPart>,
    pub tcp_monitor: Option<TcpPart>,
    pub udp_monitor: Option<UdpPart>,
}

#[derive(Debug, Default, Deserialize)]
pub struct HttpPart {
    #[serde(default)]
    pub http_request: String,
    #[serde(default)]
    pub http_response_code: Vec<String>,
    #[serde(default)]
    pub http_response: String,
    #[serde(default)]
    pub exact_http_request: bool,
}

#[derive(Debug, Default, Deserialize)]
pub struct TcpPart {
    #[serde(default)]
    pub tcp_request: String,
    #[serde(default)]
    pub tcp_response: String,
}

#[derive(Debug, Default, Deserialize)]
pub struct UdpPart {
    #[serde(default)]
    pub udp_request: String,
    #[serde(default)]
    pub udp_response: String,
}

/// The uuid in a reference such as `/api/healthmonitor/healthmonitor-1#name`.
pub fn uuid_of(reference: &str) -> &str {
    let path = reference.split(['#', '?']).next().unwrap_or(reference);
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}
