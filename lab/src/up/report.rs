//! `lab.json`: what other programs need to know about a running lab.

use serde::{Deserialize, Serialize};

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
