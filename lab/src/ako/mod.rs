//! A stand-in for AKO, one per cluster: gives Ingress hosts, Route hosts and LoadBalancer Services an address from the
//! cluster's range, a virtual service on the controller of the site, and the status and annotations that AMKO reads.
//! An Ingress with the annotation [`object::DUAL_STACK`] shows an IPv6 address beside the IPv4 one. HostRules get their
//! verdict ([`host_rules`]). Routes and HostRules count where the cluster has their CRDs.
//!
//! The decisions are pure ([`decide`], [`vips`], [`object`]); [`Ako`] looks at the whole cluster, decides and carries
//! out, as often as something changes. It works on worlds in memory and needs no sockets.

pub mod decide;
pub mod host_rules;
pub mod object;
pub mod publish;
pub mod vips;

#[cfg(test)]
mod tests;

use crate::avi::{AviWorld, VirtualService};
use crate::demo::{DemoPort, DemoServers};
use crate::kube::{KubeWorld, Status};
use decide::{Delta, Placed, Placement};
use object::{Exposed, Kind, ObjectKey, Port};
use parking_lot::Mutex;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;
use vips::VipRange;

/// Pause before another try after a failed pass.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Servers that answer on the virtual addresses.
#[derive(Clone)]
pub struct DemoTarget {
    pub servers: DemoServers,
    /// What every virtual address of this cluster answers.
    pub message: String,
    /// Where a port of a virtual service is really served.
    pub port_map: fn(u16) -> u16,
}

/// Settings of the stand-in for one cluster.
#[derive(Clone)]
pub struct AkoConfig {
    /// Name of the cluster; prefix of the names of its virtual services.
    pub context: String,
    /// The Avi site that carries the virtual services.
    pub site: String,
    /// Completes the FQDN of Services that name none.
    pub zone: String,
    pub range: VipRange,
    /// `None` serves nothing, for worlds without sockets.
    pub demo: Option<DemoTarget>,
}

/// Why a pass did not get through. The next pass starts from the whole state again.
#[derive(Debug, thiserror::Error)]
pub enum AkoError {
    #[error("AKO of {context}: cannot write {key:?}: {status}")]
    Publish { context: String, key: Box<ObjectKey>, status: Box<Status> },
    #[error("AKO of {context}: cannot write the status of HostRule {rule}: {status}")]
    Judge { context: String, rule: String, status: Box<Status> },
    #[error("AKO of {context}: {address}: {source}")]
    Serve { context: String, address: Ipv4Addr, source: std::io::Error },
}

/// The stand-in for AKO in one cluster. Cheap to clone; clones share what is held.
#[derive(Clone)]
pub struct Ako {
    config: Arc<AkoConfig>,
    kube: KubeWorld,
    avi: AviWorld,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    placement: Placement,
    /// Addresses that really answer.
    served: BTreeMap<Ipv4Addr, BTreeSet<Port>>,
    /// Uuid of the virtual service of each FQDN.
    uuids: BTreeMap<String, String>,
}

impl Ako {
    pub fn new(config: AkoConfig, kube: KubeWorld, avi: AviWorld) -> Self {
        Self { config: Arc::new(config), kube, avi, held: Arc::default() }
    }

    /// The addresses in use now.
    pub fn addresses(&self) -> BTreeSet<Ipv4Addr> {
        self.held.lock().placement.vips.values().copied().collect()
    }

    /// Brings virtual services, statuses and annotations in line with the objects of the cluster, and returns how many
    /// objects it wrote. Synchronous, so that a simulation decides when it happens.
    ///
    /// # Errors
    /// When an object cannot be written or an address cannot be served. What could be done is done nevertheless.
    pub fn reconcile_once(&self) -> Result<usize, AkoError> {
        let mut held = self.held.lock();
        let objects = self.objects();
        let wanted = decide::place(&objects, &held.placement.vips, &self.config.range);
        self.warn_of_missing_addresses(&held.placement, &wanted);
        self.update_controller(&mut held, wanted);
        let served = self.update_servers(&mut held);
        let written = self.publish_all(&objects, &held)? + self.judge_host_rules()?;
        served.map(|()| written)
    }

    /// Reconciles after each change of the cluster, until the task is dropped.
    pub async fn run(self) {
        let mut revision = self.kube.revision();
        loop {
            revision.mark_unchanged();
            let passed = self.reconcile_once();
            if let Err(error) = passed {
                tracing::warn!(%error, "AKO pass failed");
                tokio::time::sleep(RETRY_PAUSE).await;
            } else if revision.changed().await.is_err() {
                return;
            }
        }
    }

    fn objects(&self) -> Vec<Exposed> {
        let of_kind = |kind: Kind| {
            let objects = self.kube.list(kind.resource());
            objects.into_iter().filter_map(move |object| Exposed::read(kind, &object, &self.config.zone))
        };
        [Kind::Ingress, Kind::Service, Kind::Route].into_iter().flat_map(of_kind).collect()
    }

    fn update_controller(&self, held: &mut Held, wanted: Placement) {
        let delta = Delta::between(&held.placement.services, &wanted.services);
        for (fqdn, placed) in &delta.set {
            let uuid = self.avi.upsert_virtual_service(&self.config.site, self.virtual_service(fqdn, placed));
            held.uuids.insert(fqdn.clone(), uuid);
        }
        for fqdn in &delta.drop {
            if let Some(uuid) = held.uuids.remove(fqdn) {
                self.avi.remove_virtual_service(&self.config.site, &uuid);
            }
        }
        held.placement = wanted;
    }

    fn virtual_service(&self, fqdn: &str, placed: &Placed) -> VirtualService {
        let port = |port: &Port| match *port {
            Port::Plain(number) | Port::Udp(number) => (number, false),
            Port::Tls(number) => (number, true),
        };
        VirtualService {
            name: format!("{}--{fqdn}", self.config.context),
            fqdns: vec![fqdn.to_owned()],
            address: IpAddr::V4(placed.address),
            ports: placed.ports.iter().map(port).collect(),
            enabled: true,
        }
    }

    /// Serves and closes addresses; tries all before it reports the first failure.
    fn update_servers(&self, held: &mut Held) -> Result<(), AkoError> {
        let Some(demo) = &self.config.demo else { return Ok(()) };
        let delta = Delta::between(&held.served, &held.placement.listening());
        for address in &delta.drop {
            demo.servers.remove(IpAddr::V4(*address));
            held.served.remove(address);
        }
        let mut outcome = Ok(());
        for (address, ports) in delta.set {
            match demo.serve(address, &ports) {
                Ok(()) => drop(held.served.insert(address, ports)),
                Err(source) => {
                    let context = self.config.context.clone();
                    outcome = outcome.and(Err(AkoError::Serve { context, address, source }));
                }
            }
        }
        outcome
    }

    fn publish_all(&self, objects: &[Exposed], held: &Held) -> Result<usize, AkoError> {
        let cluster_uuid = self.avi.cluster_uuid(&self.config.site).unwrap_or_default();
        let publications = decide::publications(objects, &held.placement, &held.uuids, &cluster_uuid);
        for (key, publication) in &publications {
            publish::publish(&self.kube, &self.config.context, key, publication).map_err(|status| {
                AkoError::Publish {
                    context: self.config.context.clone(),
                    key: Box::new(key.clone()),
                    status: Box::new(status),
                }
            })?;
        }
        Ok(publications.len())
    }

    fn judge_host_rules(&self) -> Result<usize, AkoError> {
        let verdicts = host_rules::verdicts(&self.kube.list(host_rules::RESOURCE));
        for verdict in &verdicts {
            let patch = json!({ "status": verdict.status });
            let (namespace, name) = (Some(verdict.namespace.as_str()), verdict.name.as_str());
            match self.kube.merge_patch(host_rules::RESOURCE, namespace, name, Some("status"), patch) {
                Err(status) if status.code != 404 => {
                    let (context, rule) = (self.config.context.clone(), format!("{}/{}", verdict.namespace, name));
                    return Err(AkoError::Judge { context, rule, status: Box::new(status) });
                }
                _ => {}
            }
        }
        Ok(verdicts.len())
    }

    fn warn_of_missing_addresses(&self, before: &Placement, now: &Placement) {
        if now.without_address != before.without_address && !now.without_address.is_empty() {
            let (cluster, waiting) = (&self.config.context, &now.without_address);
            tracing::warn!(cluster, ?waiting, "the address range is used up");
        }
    }
}

impl DemoTarget {
    fn serve(&self, address: Ipv4Addr, ports: &BTreeSet<Port>) -> std::io::Result<()> {
        let ports: Vec<DemoPort> = ports.iter().map(|port| self.port(*port)).collect();
        self.servers.ensure(IpAddr::V4(address), &ports, &self.message)
    }

    fn port(&self, port: Port) -> DemoPort {
        match port {
            Port::Plain(number) => DemoPort::Http((self.port_map)(number)),
            Port::Tls(number) => DemoPort::Https((self.port_map)(number)),
            Port::Udp(number) => DemoPort::Udp((self.port_map)(number)),
        }
    }
}
