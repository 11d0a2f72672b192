//! What a lab consists of: sites with an Avi controller and a GSLB DNS each, clusters that belong to a site, addresses.

use super::ports::Ports;
use ipnet::Ipv4Net;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};

/// The whole plan of a lab. Every field can be set in the YAML file of `--config`; what is left out keeps its default.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Topology {
    /// The zone that the DNS of every site answers for, without a final dot.
    pub zone: String,
    /// Namespace of AMKO's own objects.
    pub namespace: String,
    /// Where the operator serves its HTTP interface.
    pub operator_http: SocketAddr,
    /// Ports that differ from what `--port-base` gives.
    pub ports: Ports,
    pub sites: Vec<Site>,
    pub clusters: Vec<Cluster>,
    pub policy: Policy,
}

/// One Avi controller and the GSLB DNS beside it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Site {
    pub name: String,
    /// Address of the DNS of this site, in 127.0.0.0/8.
    pub dns: Ipv4Addr,
    /// Whether this controller leads the GSLB at the start; exactly one site does.
    #[serde(default)]
    pub leader: bool,
}

/// One Kubernetes cluster with the range that its virtual services get their addresses from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cluster {
    /// Name of the kubeconfig context; the identity of the cluster everywhere.
    pub context: String,
    /// The site whose controller carries the virtual services.
    pub site: String,
    /// Range of virtual addresses, inside 127.0.0.0/8.
    pub vip_cidr: Ipv4Net,
    /// The first address handed out; default is the first host address of the range.
    #[serde(default)]
    pub first_vip: Option<Ipv4Addr>,
    /// What the demo application answers in this cluster.
    pub message: String,
    /// Share of the traffic among clusters of equal priority, 1 to 20.
    #[serde(default = "one")]
    pub weight: u32,
    /// Whether AMKO's objects live here; at most one cluster, default the first.
    #[serde(default)]
    pub leader: bool,
}

/// What goes into the pre-loaded GlobalDeploymentPolicy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Policy {
    /// Seconds that DNS answers may be kept, 0 to 86400.
    pub ttl: u32,
    /// Priority of the one pool that holds every cluster, 0 to 100.
    pub priority: u32,
    /// First label of the demo application's host name.
    pub app: String,
}

fn one() -> u32 {
    1
}

impl Default for Policy {
    fn default() -> Self {
        Self { ttl: 10, priority: 10, app: "hello".into() }
    }
}

impl Default for Topology {
    fn default() -> Self {
        Self {
            zone: "avi.iberia.local".into(),
            namespace: "avi-system".into(),
            operator_http: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            ports: Ports::default(),
            sites: default_sites(),
            clusters: default_clusters(),
            policy: Policy::default(),
        }
    }
}

fn default_sites() -> Vec<Site> {
    [("neutral", [127, 10, 24, 186]), ("site1", [127, 10, 24, 41]), ("site2", [127, 20, 24, 186])]
        .into_iter()
        .map(|(name, dns)| Site { name: name.into(), dns: dns.into(), leader: name == "neutral" })
        .collect()
}

fn default_clusters() -> Vec<Cluster> {
    [
        ("s1az1", "site1", [127, 10, 25, 0], 6, "SITE1 AZ1"),
        ("s1az2", "site1", [127, 10, 26, 0], 4, "SITE1 AZ2"),
        ("s2", "site2", [127, 20, 25, 0], 2, "SITE2"),
    ]
    .into_iter()
    .map(|(context, site, network, weight, place)| Cluster {
        context: context.into(),
        site: site.into(),
        vip_cidr: Ipv4Net::new_assert(network.into(), 24),
        first_vip: Some([network[0], network[1], network[2], 46].into()),
        message: format!("This service resides in {place}"),
        weight,
        leader: context == "s1az1",
    })
    .collect()
}

/// A field of the topology that cannot be right, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field {field}: {problem}")]
pub struct TopologyError {
    pub field: String,
    pub problem: String,
}

fn refuse<T>(field: impl Into<String>, problem: impl Into<String>) -> Result<T, TopologyError> {
    Err(TopologyError { field: field.into(), problem: problem.into() })
}

impl Topology {
    /// Context of the cluster that holds AMKO's objects.
    pub fn config_cluster(&self) -> &str {
        let chosen = self.clusters.iter().find(|cluster| cluster.leader).or(self.clusters.first());
        chosen.map_or("", |cluster| cluster.context.as_str())
    }

    /// Name of the site that leads the GSLB at the start.
    pub fn gslb_leader(&self) -> &str {
        self.sites.iter().find(|site| site.leader).map_or("", |site| site.name.as_str())
    }

    pub fn cluster(&self, context: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| cluster.context == context)
    }

    /// Host name of the demo application.
    pub fn demo_host(&self) -> String {
        format!("{}.{}", self.policy.app, self.zone)
    }

    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn validate(&self) -> Result<(), TopologyError> {
        self.validate_sites()?;
        self.validate_clusters()?;
        self.validate_policy()
    }

    fn validate_sites(&self) -> Result<(), TopologyError> {
        let mut names = BTreeSet::new();
        for (at, site) in self.sites.iter().enumerate() {
            if site.name.is_empty() || !names.insert(&site.name) {
                return refuse(format!("sites[{at}].name"), format!("{:?} is empty or used twice", site.name));
            }
            loopback(&format!("sites[{at}].dns"), site.dns)?;
            if self.sites[..at].iter().any(|other| other.dns == site.dns) {
                return refuse(format!("sites[{at}].dns"), format!("{} belongs to another site", site.dns));
            }
        }
        match self.sites.iter().filter(|site| site.leader).count() {
            1 => Ok(()),
            leaders => refuse("sites[].leader", format!("exactly one site must lead, {leaders} do")),
        }
    }

    fn validate_clusters(&self) -> Result<(), TopologyError> {
        if self.clusters.is_empty() {
            return refuse("clusters", "at least one cluster is needed");
        }
        if self.clusters.iter().filter(|cluster| cluster.leader).count() > 1 {
            return refuse("clusters[].leader", "only one cluster can hold AMKO's objects");
        }
        (0..self.clusters.len()).try_for_each(|at| self.validate_cluster(at))
    }

    fn validate_cluster(&self, at: usize) -> Result<(), TopologyError> {
        let (cluster, before) = (&self.clusters[at], &self.clusters[..at]);
        let field = |name: &str| format!("clusters[{at}].{name}");
        if cluster.context.is_empty() || before.iter().any(|other| other.context == cluster.context) {
            return refuse(field("context"), format!("{:?} is empty or used twice", cluster.context));
        }
        if self.sites.iter().any(|site| site.name == cluster.context) {
            return refuse(field("context"), format!("{:?} is the name of a site", cluster.context));
        }
        if !self.sites.iter().any(|site| site.name == cluster.site) {
            return refuse(field("site"), format!("{:?} is not one of sites[].name", cluster.site));
        }
        loopback(&field("vipCidr"), cluster.vip_cidr.network())?;
        if before.iter().any(|other| overlap(other.vip_cidr, cluster.vip_cidr)) {
            return refuse(field("vipCidr"), format!("{} overlaps the range of another cluster", cluster.vip_cidr));
        }
        if let Some(first) = cluster.first_vip
            && !cluster.vip_cidr.contains(&first)
        {
            return refuse(field("firstVip"), format!("{first} is not in {}", cluster.vip_cidr));
        }
        if !(1..=20).contains(&cluster.weight) {
            return refuse(field("weight"), format!("{} is not in 1 to 20", cluster.weight));
        }
        Ok(())
    }

    fn validate_policy(&self) -> Result<(), TopologyError> {
        if self.policy.ttl > 86_400 {
            return refuse("policy.ttl", format!("{} is not in 0 to 86400", self.policy.ttl));
        }
        if self.policy.priority > 100 {
            return refuse("policy.priority", format!("{} is not in 0 to 100", self.policy.priority));
        }
        Ok(())
    }
}

/// Everything in a lab stays on this machine.
fn loopback(field: &str, address: Ipv4Addr) -> Result<(), TopologyError> {
    if address.is_loopback() { Ok(()) } else { refuse(field, format!("{address} is outside 127.0.0.0/8")) }
}

fn overlap(a: Ipv4Net, b: Ipv4Net) -> bool {
    a.contains(&b.network()) || b.contains(&a.network())
}
