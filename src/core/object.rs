//! The parts of Kubernetes objects that decide anything, as plain data.
//!
//! The watch boundary converts into these and drops the rest, so that memory per object is small and the core never
//! sees a Kubernetes type.

use super::dns_name::into_normal;
use super::pairs::Pairs;
use jiff::Timestamp;
use uuid::Uuid;

/// When an object was created, to the second as Kubernetes tells it; the older is the smaller. An object without a date
/// counts as the youngest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Created(u32);

impl Default for Created {
    fn default() -> Self {
        Self(u32::MAX)
    }
}

impl From<Timestamp> for Created {
    fn from(time: Timestamp) -> Self {
        Self(u32::try_from(time.as_second().max(0)).unwrap_or(u32::MAX))
    }
}

/// Name, labels and the annotations that AMKO reads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meta {
    pub namespace: String,
    pub name: String,
    /// For Events about the object.
    pub uid: Option<Uuid>,
    /// Of several objects that cannot all have something, the oldest has it.
    pub created: Created,
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

/// A `route.openshift.io/v1` Route.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Route {
    pub meta: Meta,
    /// `spec.host`; may be empty.
    pub host: String,
    /// `spec.subdomain`; may be empty.
    pub subdomain: String,
    /// `spec.path`; may be empty.
    pub path: String,
    /// `spec.tls.termination`, when there is a `spec.tls`; may then be empty.
    pub termination: Option<String>,
    pub admissions: Vec<RouteAdmission>,
}

/// One entry of a Route's `status.ingress[]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RouteAdmission {
    pub router_name: String,
    pub host: String,
    pub conditions: Vec<RouteCondition>,
}

/// One entry of `status.ingress[].conditions[]`. AKO puts data into the texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RouteCondition {
    pub reason: String,
    pub message: String,
}

/// An `ako.vmware.com/v1alpha1` MultiClusterIngress.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MultiClusterIngress {
    pub meta: Meta,
    /// `spec.hostname`.
    pub hostname: String,
    /// `spec.secretName`; may be empty.
    pub secret_name: String,
    /// `spec.config[].path` as written.
    pub paths: Vec<String>,
    pub addresses: Vec<LoadBalancerAddress>,
}

/// An `ako.vmware.com/v1beta1` HostRule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AkoHostRule {
    pub namespace: String,
    pub name: String,
    pub created: Option<Timestamp>,
    /// For Events about it.
    pub uid: Option<Uuid>,
    /// `status.status`, for instance `Accepted`.
    pub status: String,
    /// `spec.virtualhost.fqdn`.
    pub fqdn: String,
    /// `spec.virtualhost.gslb.fqdn`; may be empty.
    pub global_fqdn: String,
    /// `spec.virtualhost.gslb.includeAliases`.
    pub include_aliases: bool,
    pub aliases: Vec<String>,
    /// `spec.virtualhost.tls.sslKeyCertificate.name`; may be empty.
    pub certificate: String,
}

impl AkoHostRule {
    /// With its names in their normal form (OBJ-08).
    pub fn with_normal_names(mut self) -> Self {
        self.fqdn = into_normal(self.fqdn);
        self.global_fqdn = into_normal(self.global_fqdn);
        self.aliases.iter_mut().for_each(|alias| *alias = into_normal(std::mem::take(alias)));
        self
    }
}

/// A core `v1` Namespace of a member cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Namespace {
    pub name: String,
    pub labels: Pairs,
    /// Annotation `ako.vmware.com/tenant-name`, when present and not empty.
    pub tenant: Option<String>,
}
