//! `lab.json`: what other programs need to know about a running lab.

use super::kubeconfig::Access;
use super::topology::{Site, Topology};
use crate::avi::{AviWorldConfig, SiteConfig};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

/// The content of `lab.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabReport {
    pub clusters: Vec<ClusterReport>,
    pub controllers: Vec<ControllerReport>,
    pub dns: Vec<DnsReport>,
    pub operators: Vec<OperatorReport>,
    /// URL of the control interface.
    pub control: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterReport {
    pub context: String,
    /// URL of the API server.
    pub server: String,
    pub vip_cidr: String,
    pub site: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControllerReport {
    pub site: String,
    pub url: String,
    pub username: String,
    pub password: String,
    pub role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Leader,
    Follower,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsReport {
    pub site: String,
    /// `host:port`, UDP and TCP.
    pub address: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorReport {
    pub context: String,
    /// `host:port` of the operator's HTTP interface.
    pub http: String,
}

impl LabReport {
    /// Describes clusters, controllers and DNS; the control interface and the operator are added by the methods below.
    pub fn new(
        topology: &Topology,
        avi: &AviWorldConfig,
        accesses: &[Access],
        dns: &BTreeMap<String, SocketAddr>,
    ) -> Self {
        let cluster = |access: &Access| {
            let cluster = topology.cluster(&access.context)?;
            Some(ClusterReport {
                context: access.context.clone(),
                server: access.server.clone(),
                vip_cidr: cluster.vip_cidr.to_string(),
                site: cluster.site.clone(),
            })
        };
        let controller = |site: &SiteConfig| ControllerReport {
            site: site.name.clone(),
            url: format!("https://{}", site.address),
            username: avi.username.clone(),
            password: avi.password.clone(),
            role: if site.name == avi.leader { Role::Leader } else { Role::Follower },
        };
        let server = |site: &Site| {
            let address = dns.get(&site.name)?.to_string();
            Some(DnsReport { site: site.name.clone(), address })
        };
        Self {
            clusters: accesses.iter().filter_map(cluster).collect(),
            controllers: avi.sites.iter().map(controller).collect(),
            dns: topology.sites.iter().filter_map(server).collect(),
            operators: Vec::new(),
            control: String::new(),
        }
    }

    /// Adds the control interface on this port of localhost.
    pub fn with_control(mut self, port: u16) -> Self {
        self.control = format!("http://{}", SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        self
    }

    /// Adds the operator of this topology, when there is to be one.
    pub fn with_operator(mut self, topology: Option<&Topology>) -> Self {
        let operator = |topology: &Topology| OperatorReport {
            context: topology.config_cluster().to_owned(),
            http: topology.operator_http.to_string(),
        };
        self.operators.extend(topology.map(operator));
        self
    }

    /// Names this site as the one that leads.
    pub fn set_leader(&mut self, site: &str) {
        for controller in &mut self.controllers {
            controller.role = if controller.site == site { Role::Leader } else { Role::Follower };
        }
    }
}
