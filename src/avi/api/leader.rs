//! Who leads, and whether the controller speaks our version: see `docs/RULES.md#who-leads`.

use super::malformed;
use crate::avi::call_error::CallError;
use crate::avi::session::AviClient;
use crate::avi::wire::{list, text};
use crate::core::references::GslbFacts;
use http::Method;
use serde_json::Value;
use std::net::IpAddr;

/// Port of a controller of which no other is known.
const HTTPS: u64 = 443;

/// Who leads, and nothing else.
const GSLB_PART: &str = "/api/gslb?fields=view_id,leader_cluster_uuid,maintenance_mode";

/// The part that a controller has among the GSLB sites, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaderStatus {
    /// Of this controller.
    pub cluster_uuid: String,
    /// `None` when it is in no GSLB.
    pub gslb: Option<Gslb>,
}

/// What a controller knows of the GSLB.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gslb {
    pub uuid: String,
    /// Grows by one with each change of leader; 0 before the first.
    pub view_id: u64,
    /// `cluster_uuid` of the site that leads.
    pub leader_uuid: String,
    /// Federated objects may be read and not written.
    pub maintenance: bool,
    pub sites: Vec<Site>,
    pub facts: GslbFacts,
}

/// An Avi controller that is a site of the GSLB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    pub cluster_uuid: String,
    pub name: String,
    /// Where its controller may be reached, as in [`crate::avi::session::SessionSettings::address`].
    pub addresses: Vec<String>,
}

impl LeaderStatus {
    /// Whether this controller says that it leads.
    pub fn leads(&self) -> bool {
        self.gslb.as_ref().is_some_and(|gslb| gslb.leader_uuid == self.cluster_uuid)
    }
}

impl Gslb {
    /// The site with this `cluster_uuid`.
    pub fn site(&self, cluster_uuid: &str) -> Option<&Site> {
        self.sites.iter().find(|site| site.cluster_uuid == cluster_uuid)
    }

    /// What people call a site: its name, or its `cluster_uuid` when the GSLB does not list it.
    pub fn name_of<'a>(&'a self, cluster_uuid: &'a str) -> &'a str {
        self.site(cluster_uuid).map_or(cluster_uuid, |site| &site.name)
    }
}

impl AviClient {
    /// Asks the controller who it is and who leads.
    pub async fn leader_status(&self) -> Result<LeaderStatus, CallError> {
        let cluster = self.get("/api/cluster", "admin").await?;
        let own = text(&cluster, "uuid").ok_or_else(|| malformed(&Method::GET, "/api/cluster", "there is no uuid"))?;
        let found = self.find("/api/gslb", "admin").await?;
        let no_leader = || malformed(&Method::GET, "/api/gslb", "there is no leader_cluster_uuid");
        let gslb = found.first().map(|found| gslb(found).ok_or_else(no_leader)).transpose()?;
        Ok(LeaderStatus { cluster_uuid: own.to_owned(), gslb })
    }

    /// Which GSLB it is, who leads it in which view, and whether it is in maintenance: without sites. `None` when the
    /// controller is in no GSLB.
    pub async fn gslb_part(&self) -> Result<Option<Gslb>, CallError> {
        let found = self.find(GSLB_PART, "admin").await?;
        let no_leader = || malformed(&Method::GET, GSLB_PART, "there is no leader_cluster_uuid");
        found.first().map(|found| gslb(found).ok_or_else(no_leader)).transpose()
    }

    /// Asks for something simple with the configured version: a controller that does not know the version refuses.
    pub async fn check_version(&self) -> Result<(), CallError> {
        self.request(Method::GET, "/api/cloud", "*", None).await.map(drop)
    }
}

fn gslb(found: &Value) -> Option<Gslb> {
    Some(Gslb {
        uuid: text(found, "uuid").unwrap_or_default().to_owned(),
        view_id: found.get("view_id").and_then(Value::as_u64).unwrap_or_default(),
        leader_uuid: text(found, "leader_cluster_uuid")?.to_owned(),
        maintenance: found.get("maintenance_mode").and_then(Value::as_bool).unwrap_or_default(),
        sites: list(found, "sites").iter().filter_map(site).collect(),
        facts: facts(found),
    })
}

/// What decides about services.
pub(super) fn facts(gslb: &Value) -> GslbFacts {
    let sites = list(gslb, "sites").iter().chain(list(gslb, "third_party_sites"));
    let domains = list(gslb, "dns_configs").iter().filter_map(|config| text(config, "domain_name"));
    let domains = domains.map(|domain| domain.trim_matches('.').to_ascii_lowercase());
    GslbFacts {
        sites: sites.filter_map(|site| text(site, "cluster_uuid")).map(str::to_owned).collect(),
        domains: domains.filter(|domain| !domain.is_empty()).collect(),
    }
}

fn site(found: &Value) -> Option<Site> {
    let port = found.get("port").and_then(Value::as_u64).unwrap_or(HTTPS);
    let listed = list(found, "ip_addresses").iter().filter_map(|address| text(address, "addr"));
    let mut addresses: Vec<String> = Vec::new();
    for address in listed.chain(text(found, "address")).filter(|address| !address.is_empty()) {
        let address = with_port(address, port);
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    let cluster_uuid = text(found, "cluster_uuid")?.to_owned();
    let name = text(found, "name").unwrap_or(&cluster_uuid).to_owned();
    Some(Site { cluster_uuid, name, addresses })
}

fn with_port(host: &str, port: u64) -> String {
    let host = match host.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => host.to_owned(),
    };
    if port == HTTPS { host } else { format!("{host}:{port}") }
}
