//! An endpoint: what one object of one member cluster offers for one FQDN.
//!
//! Endpoints know nothing of policy; whether one becomes a member is decided in [`super::select`] and
//! [`super::build`].

use super::dns_name::NAMELESS;
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
    /// The local hostname, in its normal form; [`NAMELESS`] when the object names none.
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

/// The addresses of an endpoint: at most one per family; IPv4 first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Addresses {
    first: Option<IpAddr>,
    /// Only beside an IPv4 address.
    second: Option<Ipv6Addr>,
}

/// What of an object makes no member, whatever the policy says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Withheld {
    /// Addresses of which an earlier version would have made members: one that the controller has stays while the
    /// object offers it.
    pub addresses: Addresses,
    /// Why, and what to do, for the owner of the object.
    pub reason: Box<str>,
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
    /// Empty only beside something that is withheld.
    pub addresses: Addresses,
    pub withheld: Option<Box<Withheld>>,
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
            (Some(v4), second) => Some(Self { first: Some(v4.into()), second }),
            (None, Some(v6)) => Some(Self { first: Some(v6.into()), second: None }),
            (None, None) => None,
        }
    }

    pub fn is_empty(self) -> bool {
        self.first.is_none()
    }

    pub fn first(self) -> Option<IpAddr> {
        self.first
    }

    /// In the order of their families.
    pub fn iter(self) -> impl Iterator<Item = IpAddr> {
        self.first.into_iter().chain(self.second.map(IpAddr::from))
    }
}

impl From<IpAddr> for Addresses {
    fn from(address: IpAddr) -> Self {
        Self { first: Some(address), second: None }
    }
}

impl Endpoint {
    /// Name of the GSLB service to which it belongs, in its normal form.
    pub fn gs_name(&self) -> &str {
        self.global_fqdn.as_deref().unwrap_or(&self.key.hostname)
    }

    /// Where only one of several can have something, the smallest has it: the oldest object, then the first by key.
    pub fn seniority(&self) -> (Created, &EndpointKey) {
        (self.created, &self.key)
    }

    /// Whether the object names no host, so that there is no service to which it could belong.
    pub fn is_nameless(&self) -> bool {
        self.key.hostname == NAMELESS
    }

    /// Whether there is no address at all, not even one that is withheld.
    pub fn is_bare(&self) -> bool {
        self.addresses.is_empty() && self.withheld_addresses().next().is_none()
    }

    /// Withholds all addresses.
    pub fn withhold(&mut self, reason: &str) {
        let addresses = std::mem::take(&mut self.addresses);
        let before = self.withheld.take().unwrap_or_default();
        let reason =
            if before.reason.is_empty() { reason.into() } else { format!("{reason}; {}", before.reason).into() };
        let addresses = if addresses.is_empty() { before.addresses } else { addresses };
        self.withheld = Some(Box::new(Withheld { addresses, reason }));
    }

    /// Addresses that make no new members, while members of them may be there.
    pub fn withheld_addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.withheld.as_deref().map(|withheld| withheld.addresses).unwrap_or_default().iter()
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
