//! An endpoint: what one object of one member cluster offers for one FQDN.
//!
//! Endpoints know nothing of policy; whether one becomes a member is decided in [`super::select`] and
//! [`super::build`].

use super::pairs::Pairs;
use std::fmt;
use std::net::IpAddr;

/// Kind of the object behind an endpoint, in the order in which kinds are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Ingress,
    Route,
    Service,
}

/// Identity of an endpoint. The order of the fields is the order of members in a GSLB service, so that the same
/// objects give the same service whatever the order of their events.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointKey {
    /// kubeconfig context of the member cluster.
    pub cluster: String,
    pub kind: Kind,
    pub namespace: String,
    pub name: String,
    /// The local hostname.
    pub hostname: String,
}

/// What is behind an endpoint, as far as health monitors care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backend {
    /// HTTP paths of an Ingress, in the order written, without duplicates, never empty.
    Paths { paths: Vec<String>, tls: bool },
    /// The port of a LoadBalancer Service that the monitor probes.
    Port { port: u16, protocol: Protocol },
}

/// Transport protocol of a Service port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    Tcp,
    Udp,
}

/// The virtual service that AKO made for the object, read from its annotations (rule OBJ-03).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualServiceRef {
    pub vs_uuid: String,
    pub cluster_uuid: String,
}

/// What one object offers for one FQDN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub key: EndpointKey,
    pub address: IpAddr,
    pub backend: Backend,
    pub virtual_service: Option<VirtualServiceRef>,
    /// Labels of the object itself, for `appSelector`.
    pub labels: Pairs,
    /// Labels of its namespace, for `namespaceSelector`; empty while the namespace is unknown.
    pub namespace_labels: Pairs,
    /// Tenant annotation of the namespace, when present and not empty.
    pub namespace_tenant: Option<String>,
    /// Tenant annotation of the object, when present and not empty.
    pub object_tenant: Option<String>,
}

impl EndpointKey {
    /// The entry of this object in a GSLB service's `description` (rule GS-05).
    pub fn describe(&self) -> String {
        let Self { cluster, kind, namespace, name, hostname } = self;
        match kind {
            Kind::Ingress => format!("INGRESS/{cluster}/{namespace}/{name}/{hostname}"),
            Kind::Route => format!("ROUTE/{cluster}/{namespace}/{name}"),
            Kind::Service => format!("LBSVC/{cluster}/{namespace}/{name}"),
        }
    }
}

impl fmt::Display for EndpointKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}
