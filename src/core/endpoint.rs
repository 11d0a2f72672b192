//! An endpoint: what one object of one member cluster offers for one FQDN.
//!
//! Endpoints know nothing of policy; whether one becomes a member is decided in [`super::select`] and
//! [`super::build`].

use super::object::Created;
use super::pairs::Pairs;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use uuid::Uuid;

/// Kind of the object behind an endpoint, in the order in which kinds are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Ingress,
    Route,
    Service,
    MultiClusterIngress,
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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Backend {
    /// HTTP paths, in the order written, without duplicates, never empty.
    Paths { paths: Vec<String>, tls: bool },
    /// A Route that hands TLS through to the pods; probed by connecting to port 443.
    Passthrough,
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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VirtualServiceRef {
    pub vs_uuid: String,
    pub cluster_uuid: String,
}

/// The addresses of an endpoint: at least one, at most one per family; IPv4 first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Addresses {
    first: IpAddr,
    /// Only beside an IPv4 address.
    second: Option<Ipv6Addr>,
}

/// What one object offers for one FQDN.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    pub key: EndpointKey,
    /// Name of the service when a HostRule gives another than the local hostname.
    pub global_fqdn: Option<Box<str>>,
    /// Of the object, for Events about it.
    pub uid: Option<Uuid>,
    /// Of the object.
    pub created: Created,
    pub addresses: Addresses,
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

impl Addresses {
    /// `None` when there is no address at all.
    pub fn new(v4: Option<Ipv4Addr>, v6: Option<Ipv6Addr>) -> Option<Self> {
        match (v4, v6) {
            (Some(v4), second) => Some(Self { first: v4.into(), second }),
            (None, Some(v6)) => Some(Self { first: v6.into(), second: None }),
            (None, None) => None,
        }
    }

    pub fn first(self) -> IpAddr {
        self.first
    }

    /// In the order of their families.
    pub fn iter(self) -> impl Iterator<Item = IpAddr> {
        std::iter::once(self.first).chain(self.second.map(IpAddr::from))
    }
}

impl From<IpAddr> for Addresses {
    fn from(address: IpAddr) -> Self {
        Self { first: address, second: None }
    }
}

impl Endpoint {
    /// Name of the GSLB service to which it belongs.
    pub fn gs_name(&self) -> &str {
        self.global_fqdn.as_deref().unwrap_or(&self.key.hostname)
    }

    /// Where only one of several can have something, the smallest has it: the oldest object, then the first by key.
    pub fn seniority(&self) -> (Created, &EndpointKey) {
        (self.created, &self.key)
    }
}

impl EndpointKey {
    /// The entry of this object in a GSLB service's `description` (rule GS-05).
    pub fn describe(&self) -> String {
        let Self { cluster, kind, namespace, name, hostname } = self;
        match kind {
            Kind::Ingress => format!("INGRESS/{cluster}/{namespace}/{name}/{hostname}"),
            Kind::Route => format!("ROUTE/{cluster}/{namespace}/{name}"),
            Kind::Service => format!("LBSVC/{cluster}/{namespace}/{name}"),
            Kind::MultiClusterIngress => format!("MCI/{cluster}/{namespace}/{name}/{hostname}"),
        }
    }

    /// The object within its cluster, for people: `Ingress shop/web`.
    pub fn object(&self) -> String {
        let kind = match self.kind {
            Kind::Ingress => "Ingress",
            Kind::Route => "Route",
            Kind::Service => "Service",
            Kind::MultiClusterIngress => "MultiClusterIngress",
        };
        format!("{kind} {}/{}", self.namespace, self.name)
    }
}

impl fmt::Display for EndpointKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}
