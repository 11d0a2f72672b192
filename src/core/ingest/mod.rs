//! Kubernetes objects to endpoints: see `docs/RULES.md#objects`.

pub mod annotations;
pub mod ingress;
pub mod service;
#[cfg(test)]
mod tests;

use super::endpoint::{Backend, Endpoint, EndpointKey, Kind};
use super::object::{LoadBalancerAddress, Meta, Namespace};
use annotations::VirtualServices;
use std::net::IpAddr;

/// What one object offers, and what about it was refused.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ingested {
    pub endpoints: Vec<Endpoint>,
    pub refusals: Vec<Refusal>,
}

/// A part of an object that cannot be used, in words for its owner. What is merely not ready yet (no status) is no
/// refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// `Ingress shop/web`, for instance.
    pub object: String,
    /// What is wrong and what to do.
    pub reason: String,
}

/// Where an object was seen.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// kubeconfig context of the cluster.
    pub cluster: &'a str,
    /// `None` while the namespace has not been seen; its labels then count as empty.
    pub namespace: Option<&'a Namespace>,
}

/// An object on its way to endpoints: what all kinds have in common.
struct Intake<'a> {
    kind: Kind,
    meta: &'a Meta,
    place: Place<'a>,
    virtual_services: VirtualServices,
    ingested: Ingested,
}

impl<'a> Intake<'a> {
    fn new(kind: Kind, meta: &'a Meta, place: Place<'a>) -> Self {
        let virtual_services = VirtualServices::default();
        let mut intake = Self { kind, meta, place, virtual_services, ingested: Ingested::default() };
        match VirtualServices::read(meta) {
            Ok(found) => intake.virtual_services = found,
            Err(reason) => intake.refuse(reason),
        }
        intake
    }

    fn refuse(&mut self, reason: String) {
        let kind = match self.kind {
            Kind::Ingress => "Ingress",
            Kind::Route => "Route",
            Kind::Service => "Service",
            Kind::MultiClusterIngress => "MultiClusterIngress",
        };
        let object = format!("{kind} {}/{}", self.meta.namespace, self.meta.name);
        self.ingested.refusals.push(Refusal { object, reason });
    }

    /// The IP of a status entry; one that does not parse is refused, none is merely not ready.
    fn address(&mut self, entry: &LoadBalancerAddress) -> Option<IpAddr> {
        let text = entry.ip.as_deref().filter(|ip| !ip.is_empty())?;
        let address = text.parse().ok();
        if address.is_none() {
            self.refuse(format!(
                "status.loadBalancer.ingress[].ip {text:?} is not an IP address; check the controller that writes \
                 this status"
            ));
        }
        address
    }

    fn offer(&mut self, hostname: &str, address: IpAddr, backend: Backend) {
        let Meta { namespace, name, labels, .. } = self.meta;
        self.ingested.endpoints.push(Endpoint {
            key: EndpointKey {
                cluster: self.place.cluster.to_owned(),
                kind: self.kind,
                namespace: namespace.clone(),
                name: name.clone(),
                hostname: hostname.to_owned(),
            },
            global_fqdn: None,
            uid: None,
            addresses: address.into(),
            backend,
            virtual_service: self.virtual_services.for_host(hostname),
            labels: labels.clone(),
            namespace_labels: self.place.namespace.map(|found| found.labels.clone()).unwrap_or_default(),
            namespace_tenant: self.place.namespace.and_then(|found| found.tenant.clone()),
            object_tenant: annotations::filled(self.meta, annotations::TENANT).map(str::to_owned),
        });
    }
}

/// The hostname of a status entry, when it has one.
fn hostname(entry: &LoadBalancerAddress) -> Option<&str> {
    entry.hostname.as_deref().filter(|hostname| !hostname.is_empty())
}
