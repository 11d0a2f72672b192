//! What one member cluster offers, kept by FQDN while its objects come and go.
//!
//! A watcher feeds objects in; each change answers which FQDNs look different now, so that an event costs one message
//! per FQDN that it touches and an event without effect costs none.

use super::aliases::Claims;
use super::endpoint::{Endpoint, Kind};
use super::ingest::{self, Ingested, Place, Refusal};
use super::naming::Naming;
use super::object::{AkoHostRule, Ingress, MultiClusterIngress, Namespace, Route, Service};
use super::precedence::ObjectName;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An object that was seen, as its projection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    Ingress(Ingress),
    Route(Route),
    Service(Service),
    MultiClusterIngress(MultiClusterIngress),
}

/// Identity of an object inside one cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    pub kind: Kind,
    pub namespace: String,
    pub name: String,
}

/// What one cluster offers for one FQDN.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offer {
    /// In the order of their keys.
    pub endpoints: Arc<[Arc<Endpoint>]>,
    /// Domain names that HostRules of the cluster want the service to have.
    pub aliases: Claims,
}

impl Offer {
    pub fn is_empty(&self) -> bool {
        self.endpoints.is_empty() && self.aliases.is_empty()
    }
}

/// FQDNs whose offer changed.
pub type Touched = BTreeSet<String>;

#[derive(Debug)]
struct Entry {
    object: Seen,
    endpoints: Vec<Arc<Endpoint>>,
}

/// The objects of one member cluster and their endpoints.
#[derive(Debug)]
pub struct Inventory {
    cluster: String,
    naming: Arc<Naming>,
    namespaces: BTreeMap<String, Namespace>,
    /// Boxed, because the nodes of a map are half empty.
    objects: BTreeMap<ObjectId, Box<Entry>>,
    offers: BTreeMap<String, Offer>,
    /// Only of objects that have any: usually empty.
    refusals: BTreeMap<ObjectId, Vec<Refusal>>,
}

impl Seen {
    pub fn id(&self) -> ObjectId {
        let (kind, meta) = match self {
            Self::Ingress(ingress) => (Kind::Ingress, &ingress.meta),
            Self::Route(route) => (Kind::Route, &route.meta),
            Self::Service(service) => (Kind::Service, &service.meta),
            Self::MultiClusterIngress(mci) => (Kind::MultiClusterIngress, &mci.meta),
        };
        ObjectId { kind, namespace: meta.namespace.clone(), name: meta.name.clone() }
    }

    fn ingest(&self, place: Place<'_>) -> Ingested {
        match self {
            Self::Ingress(ingress) => ingest::ingress::ingest(ingress, place),
            Self::Service(service) => ingest::service::ingest(service, place),
            Self::Route(_) | Self::MultiClusterIngress(_) => Ingested::default(),
        }
    }
}

impl Inventory {
    /// An empty inventory of the cluster with this kubeconfig context.
    pub fn new(cluster: &str, naming: Arc<Naming>) -> Self {
        Self {
            cluster: cluster.to_owned(),
            naming,
            namespaces: BTreeMap::new(),
            objects: BTreeMap::new(),
            offers: BTreeMap::new(),
            refusals: BTreeMap::new(),
        }
    }

    /// How services are named; what was offered under another naming says nothing about this one.
    pub fn naming(&self) -> &Arc<Naming> {
        &self.naming
    }

    /// Names everything anew.
    pub fn set_naming(&mut self, naming: Arc<Naming>) {
        self.naming = naming;
    }

    /// On OpenShift, Routes count and Ingresses do not.
    pub fn set_openshift(&mut self) -> Touched {
        Touched::new()
    }

    /// Takes in an added or changed HostRule, which may name services, give them aliases and make members secure.
    pub fn put_host_rule(&mut self, _rule: AkoHostRule) -> Touched {
        Touched::new()
    }

    /// Drops a deleted HostRule.
    pub fn remove_host_rule(&mut self, _id: &ObjectName) -> Touched {
        Touched::new()
    }

    /// Takes in a complete list of HostRules; one that is there but could not be read stays as it was last seen.
    pub fn replace_host_rules(&mut self, _rules: Vec<AkoHostRule>, _unreadable: Vec<ObjectName>) -> Touched {
        Touched::new()
    }

    /// Takes in an added or changed object.
    pub fn put(&mut self, object: Seen) -> Touched {
        let id = object.id();
        if self.objects.get(&id).is_some_and(|entry| entry.object == object) {
            return Touched::new();
        }
        let Ingested { endpoints, refusals } = self.ingest(&object);
        if refusals.is_empty() {
            self.refusals.remove(&id);
        } else {
            self.refusals.insert(id.clone(), refusals);
        }
        let before = self.objects.remove(&id).map(|entry| entry.endpoints).unwrap_or_default();
        let endpoints = share(endpoints, &before);
        let touched = self.offer_instead(&before, &endpoints);
        self.objects.insert(id, Box::new(Entry { object, endpoints }));
        touched
    }

    /// Drops a deleted object.
    pub fn remove(&mut self, id: &ObjectId) -> Touched {
        self.refusals.remove(id);
        match self.objects.remove(id) {
            Some(entry) => self.offer_instead(&entry.endpoints, &[]),
            None => Touched::new(),
        }
    }

    /// Takes in a complete list of one kind: what it does not name is gone. An object that is there but could not be
    /// read stays as it was last seen.
    pub fn replace(&mut self, kind: Kind, objects: Vec<Seen>, unreadable: Vec<ObjectId>) -> Touched {
        let listed: BTreeSet<ObjectId> = objects.iter().map(Seen::id).chain(unreadable).collect();
        let gone: Vec<ObjectId> =
            self.objects.keys().filter(|id| id.kind == kind && !listed.contains(id)).cloned().collect();
        let mut touched = Touched::new();
        for id in &gone {
            touched.append(&mut self.remove(id));
        }
        for object in objects {
            touched.append(&mut self.put(object));
        }
        touched
    }

    /// Takes in an added or changed namespace, whose labels and tenant count for every object in it.
    pub fn put_namespace(&mut self, namespace: Namespace) -> Touched {
        let name = namespace.name.clone();
        if self.namespaces.get(&name) == Some(&namespace) {
            return Touched::new();
        }
        self.namespaces.insert(name.clone(), namespace);
        self.again(&name)
    }

    /// Drops a namespace; its objects are deleted by events of their own.
    pub fn remove_namespace(&mut self, name: &str) -> Touched {
        if self.namespaces.remove(name).is_none() {
            return Touched::new();
        }
        self.again(name)
    }

    /// Takes in a complete list of namespaces.
    pub fn replace_namespaces(&mut self, namespaces: Vec<Namespace>) -> Touched {
        let listed: BTreeSet<&str> = namespaces.iter().map(|n| n.name.as_str()).collect();
        let gone: Vec<String> = self.namespaces.keys().filter(|n| !listed.contains(n.as_str())).cloned().collect();
        let mut touched = Touched::new();
        for name in &gone {
            touched.append(&mut self.remove_namespace(name));
        }
        for namespace in namespaces {
            touched.append(&mut self.put_namespace(namespace));
        }
        touched
    }

    /// What the cluster offers for `fqdn`, in key order; empty when nothing.
    pub fn offer(&self, fqdn: &str) -> Offer {
        self.offers.get(fqdn).cloned().unwrap_or_default()
    }

    /// Everything that the cluster offers.
    pub fn offers(&self) -> BTreeMap<String, Offer> {
        self.offers.clone()
    }

    /// Parts of objects that cannot be used, in the order of the objects.
    pub fn refusals(&self) -> impl Iterator<Item = &Refusal> {
        self.refusals.values().flatten()
    }

    /// Whether the object was ever seen in a readable state.
    pub fn contains(&self, id: &ObjectId) -> bool {
        self.objects.contains_key(id)
    }

    /// Number of objects held.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    fn ingest(&self, object: &Seen) -> Ingested {
        let namespace = self.namespaces.get(&object.id().namespace);
        object.ingest(Place { cluster: &self.cluster, namespace })
    }

    fn again(&mut self, namespace: &str) -> Touched {
        let ids: Vec<ObjectId> = self.objects.keys().filter(|id| id.namespace == namespace).cloned().collect();
        let mut touched = Touched::new();
        for id in ids {
            let Some(entry) = self.objects.get(&id) else { continue };
            let endpoints = share(self.ingest(&entry.object).endpoints, &entry.endpoints);
            let Some(entry) = self.objects.get_mut(&id) else { continue };
            let before = std::mem::replace(&mut entry.endpoints, endpoints.clone());
            touched.append(&mut self.offer_instead(&before, &endpoints));
        }
        touched
    }

    /// Puts the endpoints that an object has now in the place of those that it had.
    fn offer_instead(&mut self, before: &[Arc<Endpoint>], after: &[Arc<Endpoint>]) -> Touched {
        let touched = difference(before, after);
        for fqdn in &touched {
            let others = self.offer(fqdn);
            let others = others.endpoints.iter().filter(|known| !before.iter().any(|gone| gone.key == known.key));
            let own = after.iter().filter(|endpoint| endpoint.gs_name() == fqdn);
            let mut endpoints: Vec<_> = others.chain(own).cloned().collect();
            endpoints.sort_by(|a, b| a.key.cmp(&b.key));
            if endpoints.is_empty() {
                self.offers.remove(fqdn);
            } else {
                self.offers.insert(fqdn.clone(), Offer { endpoints: endpoints.into(), aliases: Claims::default() });
            }
        }
        touched
    }
}

/// The endpoints, in the memory of an equal one from before where there is one: it is offered already.
fn share(endpoints: Vec<Endpoint>, before: &[Arc<Endpoint>]) -> Vec<Arc<Endpoint>> {
    let known = |endpoint: &Endpoint| before.iter().find(|known| ***known == *endpoint).cloned();
    endpoints.into_iter().map(|endpoint| known(&endpoint).unwrap_or_else(|| Arc::new(endpoint))).collect()
}

/// FQDNs of endpoints that are in one list and not, or not equal, in the other.
fn difference(before: &[Arc<Endpoint>], after: &[Arc<Endpoint>]) -> Touched {
    let one_way = |from: &[Arc<Endpoint>], to: &[Arc<Endpoint>]| -> Vec<String> {
        from.iter().filter(|e| !to.contains(e)).map(|e| e.gs_name().to_owned()).collect()
    };
    one_way(before, after).into_iter().chain(one_way(after, before)).collect()
}

#[cfg(test)]
mod tests;
