//! Which parts of the lab do not answer, as a plain set of names with the consequences worked out.

use super::topology::Topology;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The sites and clusters that are blacked out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Darkness(BTreeSet<String>);

/// A name that is neither a site nor a cluster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is neither a site nor a cluster; known are {known}")]
pub struct UnknownTarget {
    pub name: String,
    pub known: String,
}

impl Darkness {
    /// Adds a site or a cluster.
    ///
    /// # Errors
    /// When the topology has no such name.
    pub fn add(&mut self, topology: &Topology, name: &str) -> Result<(), UnknownTarget> {
        check(topology, name)?;
        self.0.insert(name.to_owned());
        Ok(())
    }

    /// Takes a site or a cluster out, or everything with `all`.
    ///
    /// # Errors
    /// When the topology has no such name.
    pub fn remove(&mut self, topology: &Topology, name: &str) -> Result<(), UnknownTarget> {
        if name == "all" {
            self.0.clear();
            return Ok(());
        }
        check(topology, name)?;
        self.0.remove(name);
        Ok(())
    }

    pub fn names(&self) -> &BTreeSet<String> {
        &self.0
    }

    /// Whether the controller and the DNS of the site are dark.
    pub fn site(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Whether the API server of the cluster is dark: by itself or with its site.
    pub fn cluster(&self, topology: &Topology, context: &str) -> bool {
        self.0.contains(context) || topology.cluster(context).is_some_and(|cluster| self.site(&cluster.site))
    }

    /// Whether a virtual address is dark, which it is with its cluster.
    pub fn address(&self, topology: &Topology, address: IpAddr) -> bool {
        let IpAddr::V4(address) = address else { return false };
        let mut clusters = topology.clusters.iter();
        clusters.any(|cluster| cluster.vip_cidr.contains(&address) && self.cluster(topology, &cluster.context))
    }
}

fn check(topology: &Topology, name: &str) -> Result<(), UnknownTarget> {
    let sites = topology.sites.iter().map(|site| site.name.as_str());
    let known: Vec<&str> = sites.chain(topology.clusters.iter().map(|cluster| cluster.context.as_str())).collect();
    if known.contains(&name) {
        return Ok(());
    }
    Err(UnknownTarget { name: name.to_owned(), known: known.join(", ") })
}
