//! The parts of Kubernetes objects that decide anything, as plain data.
//!
//! The watch boundary converts into these and drops the rest, so that memory per object is small and the core never
//! sees a Kubernetes type.

use super::pairs::Pairs;

/// Name, labels and the annotations that AMKO reads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meta {
    pub namespace: String,
    pub name: String,
    pub labels: Pairs,
    pub annotations: Pairs,
}

/// One entry of `status.loadBalancer.ingress[]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoadBalancerAddress {
    pub ip: Option<String>,
    pub hostname: Option<String>,
}

/// A `networking.k8s.io/v1` Ingress.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ingress {
    pub meta: Meta,
    pub rules: Vec<IngressRule>,
    /// All hosts of all `spec.tls[]` entries.
    pub tls_hosts: Vec<String>,
    pub addresses: Vec<LoadBalancerAddress>,
}

/// One entry of `spec.rules[]`; a rule without host has an empty `host`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IngressRule {
    pub host: String,
    /// `http.paths[].path` as written; empty when there is no `http` section.
    pub paths: Vec<String>,
}

/// A core `v1` Service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Service {
    pub meta: Meta,
    /// `spec.type`, for instance `LoadBalancer`.
    pub service_type: String,
    pub ports: Vec<ServicePort>,
    pub addresses: Vec<LoadBalancerAddress>,
}

/// One entry of `spec.ports[]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServicePort {
    pub port: u16,
    /// `TCP`, `UDP`, `SCTP` as written; may be empty.
    pub protocol: String,
}

/// A core `v1` Namespace of a member cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Namespace {
    pub name: String,
    pub labels: Pairs,
    /// Annotation `ako.vmware.com/tenant-name`, when present and not empty.
    pub tenant: Option<String>,
}
