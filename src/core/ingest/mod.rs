//! Kubernetes objects to endpoints: see `docs/RULES.md#objects`.

pub mod annotations;
mod families;
pub mod ingress;
pub mod multi_cluster_ingress;
mod paths;
pub mod route;
pub mod service;
mod silence;
#[cfg(test)]
mod tests;
mod virtual_services;

use super::address::Clients;
use super::dns_name::{self, NAMELESS, normal};
use super::endpoint::{Addresses, Backend, Endpoint, EndpointKey, Kind};
use super::naming::Naming;
use super::object::{LoadBalancerAddress, Meta, Namespace};
use families::Families;
use std::net::IpAddr;
use virtual_services::VirtualServices;

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

/// Where an object was seen, and what beside it decides its hostnames.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// kubeconfig context of the cluster.
    pub cluster: &'a str,
    pub naming: &'a Naming,
    /// `None` while the namespace has not been seen; its labels then count as empty.
    pub namespace: Option<&'a Namespace>,
    /// Who has to reach the members.
    pub clients: Clients,
}

/// An object on its way to endpoints: what all kinds have in common.
struct Intake<'a> {
    kind: Kind,
    meta: &'a Meta,
    place: Place<'a>,
    virtual_services: VirtualServices,
    /// Which the object says it is of.
    tenant: Option<String>,
    /// Something stands where an address should, and that was refused.
    has_unreadable_address: bool,
    ingested: Ingested,
}

impl<'a> Intake<'a> {
    fn new(kind: Kind, meta: &'a Meta, place: Place<'a>) -> Self {
        let mut intake = Self {
            kind,
            meta,
            place,
            virtual_services: VirtualServices::default(),
            tenant: annotations::filled(meta, annotations::TENANT).map(str::to_owned),
            has_unreadable_address: false,
            ingested: Ingested::default(),
        };
        let annotation = |key| meta.annotations.get(key);
        match VirtualServices::read(annotation(annotations::VS_UUID_MAP), annotation(annotations::CLUSTER_UUID)) {
            Ok(found) => intake.know(found, "annotation"),
            Err(reason) => intake.refuse(format!("annotation {reason}")),
        }
        intake
    }

    /// Takes over what AKO says of the virtual services, `wherever` it says so.
    fn know(&mut self, found: VirtualServices, wherever: &str) {
        if let Some(odd) = found.odd() {
            self.refuse(format!("{wherever} {odd}"));
        }
        self.virtual_services = found;
    }

    fn refuse(&mut self, reason: String) {
        let object = format!("{:?} {}/{}", self.kind, self.meta.namespace, self.meta.name);
        self.ingested.refusals.push(Refusal { object, reason });
    }

    /// The IP of a status entry; one that does not parse is refused, none is merely not ready.
    fn address(&mut self, entry: &LoadBalancerAddress) -> Option<IpAddr> {
        self.address_of(entry.ip.as_deref().filter(|ip| !ip.is_empty())?)
    }

    fn address_of(&mut self, text: &str) -> Option<IpAddr> {
        let address = text.parse().ok();
        if address.is_none() {
            self.has_unreadable_address = true;
            self.refuse(format!(
                "status.loadBalancer.ingress[].ip {text:?} is not an IP address; check the controller that writes \
                 this status"
            ));
        }
        address
    }

    /// The hostname of the first status entry, with its address and that of the first later entry of the other family
    /// that names the same hostname or none. When that entry has been written and gives nothing, `host` is told so, the
    /// one that the object has beside its status.
    fn first_entry<'b>(&mut self, entries: &'b [LoadBalancerAddress], host: &str) -> Option<(&'b str, Families)> {
        let (first, later) = entries.split_first()?;
        let (Some(hostname), Some(ip)) = (hostname(first), first.ip.as_deref().filter(|ip| !ip.is_empty())) else {
            if let Some(why) = silence::of_entries(std::slice::from_ref(first)) {
                let host = if host.is_empty() { self::hostname(first).unwrap_or(NAMELESS) } else { host };
                self.withhold(host, &why);
            }
            return None;
        };
        let mut families = Families::of(self.place.clients);
        families.first(self.address_of(ip)?);
        for entry in
            later.iter().filter(|entry| self::hostname(entry).is_none_or(|named| dns_name::same(named, hostname)))
        {
            if families.are_both_known() {
                break;
            }
            if let Some(address) = self.address(entry) {
                families.first(address);
            }
        }
        Some((hostname, families))
    }

    /// Offers what was found for a hostname; nothing, when no address was.
    fn offer(&mut self, hostname: &str, families: Families, backend: Backend) {
        let Some((addresses, withheld)) = families.split() else { return };
        let mut endpoint = Endpoint { addresses, withheld, ..self.endpoint(hostname, backend) };
        if let Err(why) = dns_name::check(&endpoint.key.hostname) {
            endpoint.withhold(&why.to_string());
        }
        self.ingested.endpoints.push(endpoint);
    }

    /// Without addresses.
    fn endpoint(&self, hostname: &str, backend: Backend) -> Endpoint {
        let Meta { namespace, name, labels, .. } = self.meta;
        let hostname = normal(hostname).into_owned();
        Endpoint {
            global_fqdn: None,
            uid: self.meta.uid,
            created: self.meta.created,
            addresses: Addresses::default(),
            withheld: None,
            backend,
            virtual_service: self.virtual_services.for_host(&hostname),
            labels: labels.clone(),
            namespace_labels: self.place.namespace.map(|found| found.labels.clone()).unwrap_or_default(),
            namespace_tenant: self.place.namespace.and_then(|found| found.tenant.clone()),
            object_tenant: self.tenant.clone(),
            key: EndpointKey {
                cluster: self.place.cluster.to_owned(),
                kind: self.kind,
                namespace: namespace.clone(),
                name: name.clone(),
                hostname,
            },
        }
    }
}

/// The hostname of a status entry, when it has one.
fn hostname(entry: &LoadBalancerAddress) -> Option<&str> {
    entry.hostname.as_deref().filter(|hostname| !hostname.is_empty())
}
