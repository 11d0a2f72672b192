//! What one member cluster offers, kept by FQDN while its objects come and go.
//!
//! A watcher feeds objects in; each change answers which FQDNs look different now, so that an event costs one message
//! per FQDN that it touches and an event without effect costs none.

mod host_rules;
mod offers;
#[cfg(test)]
mod tests;
mod unnamed;

use super::address::Clients;
use super::aliases::Claims;
use super::endpoint::{Endpoint, EndpointKey, Kind};
use super::ingest::{self, Ingested, Place, Refusal};
use super::naming::Naming;
use super::object::{AkoHostRule, Ingress, Meta, MultiClusterIngress, Namespace, Route, Service};
use super::precedence::ObjectName;
use host_rules::{Changes, HostRules, Named};
use offers::{Offers, share};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use unnamed::Unnamed;
use uuid::Uuid;

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
    endpoints: Box<[Arc<Endpoint>]>,
    /// Hostnames with an address and without a service.
    unnamed: Box<[String]>,
}

/// The objects of one member cluster and their endpoints.
#[derive(Debug)]
pub struct Inventory {
    cluster: String,
    clients: Clients,
    naming: Arc<Naming>,
    namespaces: BTreeMap<String, Namespace>,
    host_rules: HostRules,
    /// Boxed, because the nodes of a map are half empty.
    objects: BTreeMap<ObjectId, Box<Entry>>,
    offers: Offers,
    unnamed: Unnamed,
    /// Only of objects that have any: usually empty.
    refusals: BTreeMap<ObjectId, Vec<Refusal>>,
}

impl Seen {
    fn meta(&self) -> (Kind, &Meta) {
        match self {
            Self::Ingress(ingress) => (Kind::Ingress, &ingress.meta),
            Self::Route(route) => (Kind::Route, &route.meta),
            Self::Service(service) => (Kind::Service, &service.meta),
            Self::MultiClusterIngress(mci) => (Kind::MultiClusterIngress, &mci.meta),
        }
    }

    pub fn id(&self) -> ObjectId {
        let (kind, meta) = self.meta();
        ObjectId { kind, namespace: meta.namespace.clone(), name: meta.name.clone() }
    }

    fn ingest(&self, place: Place<'_>) -> Ingested {
        match self {
            Self::Ingress(ingress) => ingest::ingress::ingest(ingress, place),
            Self::Route(route) => ingest::route::ingest(route, place),
            Self::Service(service) => ingest::service::ingest(service, place),
            Self::MultiClusterIngress(mci) => ingest::multi_cluster_ingress::ingest(mci, place),
        }
    }
}

impl From<&EndpointKey> for ObjectId {
    /// The object behind an endpoint.
    fn from(key: &EndpointKey) -> Self {
        Self { kind: key.kind, namespace: key.namespace.clone(), name: key.name.clone() }
    }
}

impl Inventory {
    /// An empty inventory of the cluster with this kubeconfig context.
    pub fn new(cluster: &str, naming: Arc<Naming>) -> Self {
        Self {
            cluster: cluster.to_owned(),
            clients: Clients::default(),
            namespaces: BTreeMap::new(),
            host_rules: HostRules::new(naming.custom_global_fqdn),
            objects: BTreeMap::new(),
            offers: Offers::default(),
            unnamed: Unnamed::default(),
            refusals: BTreeMap::new(),
            naming,
        }
    }

    /// The same for members that these clients have to reach.
    #[must_use]
    pub fn reached_by(self, clients: Clients) -> Self {
        Self { clients, ..self }
    }

    /// How services are named; what was offered under another naming says nothing about this one.
    pub fn naming(&self) -> &Arc<Naming> {
        &self.naming
    }

    /// Names everything anew: services, aliases, and the hostnames of Routes below the default domain (DB-28).
    pub fn set_naming(&mut self, naming: Arc<Naming>) {
        if self.naming == naming {
            return;
        }
        let mut services = self.host_rules.all_services();
        self.host_rules.set_custom(naming.custom_global_fqdn);
        self.naming = naming;
        services.append(&mut self.host_rules.all_services());
        let ids: Vec<ObjectId> = self.objects.keys().cloned().collect();
        self.derive_all(&ids);
        self.claim(services);
    }

    /// Takes in an added or changed HostRule, which may name services, give them aliases and make members secure.
    pub fn put_host_rule(&mut self, rule: AkoHostRule) -> Touched {
        let changes = self.host_rules.changes([rule]);
        self.change_host_rules(changes)
    }

    /// Drops a deleted HostRule.
    pub fn remove_host_rule(&mut self, id: &ObjectName) -> Touched {
        self.change_host_rules(vec![(id.clone(), None)])
    }

    /// Takes in a complete list of HostRules; one that is there but could not be read stays as it was last seen.
    pub fn replace_host_rules(&mut self, rules: Vec<AkoHostRule>, unreadable: Vec<ObjectName>) -> Touched {
        let listed: BTreeSet<ObjectName> = rules.iter().map(host_rules::name).chain(unreadable).collect();
        let gone = self.host_rules.names().filter(|name| !listed.contains(name)).cloned();
        let gone: Changes = gone.map(|name| (name, None)).collect();
        let changes = self.host_rules.changes(rules).into_iter().chain(gone).collect();
        self.change_host_rules(changes)
    }

    /// Takes in an added or changed object.
    pub fn put(&mut self, object: Seen) -> Touched {
        let id = object.id();
        match self.objects.get_mut(&id) {
            Some(entry) if entry.object == object => return Touched::new(),
            Some(entry) => entry.object = object,
            None => {
                let entry = Entry { object, endpoints: Box::default(), unnamed: Box::default() };
                self.objects.insert(id.clone(), Box::new(entry));
            }
        }
        self.derive(&id)
    }

    /// Drops a deleted object.
    pub fn remove(&mut self, id: &ObjectId) -> Touched {
        self.refusals.remove(id);
        let Some(entry) = self.objects.remove(id) else { return Touched::new() };
        self.unnamed.replace(id, &entry.unnamed, &[]);
        self.offers.replace(&entry.endpoints, &[])
    }

    /// Takes in a complete list of one kind: what it does not name is gone. An object that is there but could not be
    /// read stays as it was last seen.
    pub fn replace(&mut self, kind: Kind, objects: Vec<Seen>, unreadable: Vec<ObjectId>) -> Touched {
        let listed: BTreeSet<ObjectId> = objects.iter().map(Seen::id).chain(unreadable).collect();
        let gone: Vec<ObjectId> =
            self.objects.keys().filter(|id| id.kind == kind && !listed.contains(id)).cloned().collect();
        // Not `append`: that builds the whole set anew for every object.
        let mut touched = Touched::new();
        for id in &gone {
            touched.extend(self.remove(id));
        }
        for object in objects {
            touched.extend(self.put(object));
        }
        touched
    }

    /// Whether any object of this kind is known.
    pub fn holds(&self, kind: Kind) -> bool {
        self.objects.keys().any(|id| id.kind == kind)
    }

    /// Whether any usable HostRule is known.
    pub fn holds_host_rules(&self) -> bool {
        self.host_rules.names().next().is_some()
    }

    /// Takes in an added or changed namespace, whose labels and tenant count for every object in it (rule NS-01).
    pub fn put_namespace(&mut self, namespace: Namespace) -> Touched {
        let name = namespace.name.clone();
        if self.namespaces.get(&name) == Some(&namespace) {
            return Touched::new();
        }
        self.namespaces.insert(name.clone(), namespace);
        self.derive_namespace(&name)
    }

    /// Drops a namespace, and what its objects offered (rule NS-02).
    pub fn remove_namespace(&mut self, name: &str) -> Touched {
        if self.namespaces.remove(name).is_none() {
            return Touched::new();
        }
        self.derive_namespace(name)
    }

    /// Takes in a complete list of namespaces; one that is there but could not be read stays as it was last seen.
    pub fn replace_namespaces(&mut self, namespaces: Vec<Namespace>, unreadable: &[String]) -> Touched {
        let listed: BTreeSet<&str> = namespaces.iter().map(|n| &n.name).chain(unreadable).map(String::as_str).collect();
        let gone: Vec<String> = self.namespaces.keys().filter(|n| !listed.contains(n.as_str())).cloned().collect();
        let mut touched = Touched::new();
        for name in &gone {
            touched.extend(self.remove_namespace(name));
        }
        for namespace in namespaces {
            touched.extend(self.put_namespace(namespace));
        }
        touched
    }

    /// What the cluster offers for `fqdn`, in key order; empty when nothing.
    pub fn offer(&self, fqdn: &str) -> Offer {
        self.offers.get(fqdn)
    }

    /// Everything that the cluster offers.
    pub fn offers(&self) -> BTreeMap<String, Offer> {
        self.offers.all().clone()
    }

    /// Parts of objects that cannot be used, in the order of the objects; then HostRules that cannot.
    pub fn refusals(&self) -> impl Iterator<Item = &Refusal> {
        self.refusals.values().flatten().chain(self.host_rules.refusals())
    }

    /// Objects of which parts cannot be used, with uid and all reasons, in their order; HostRules are not among them.
    pub fn refused(&self) -> impl Iterator<Item = (&ObjectId, Option<Uuid>, &[Refusal])> {
        self.refusals.iter().map(|(id, refusals)| {
            let uid = self.objects.get(id).and_then(|entry| entry.object.meta().1.uid);
            (id, uid, refusals.as_slice())
        })
    }

    /// Local hostnames that have an address and no service, because with custom names no usable HostRule of the
    /// cluster names one; sorted. Without custom names there are none. Counting them is cheap.
    pub fn unnamed(&self) -> impl ExactSizeIterator<Item = &str> {
        self.unnamed.hostnames()
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

    /// Derives what one object offers now from everything that decides it.
    fn derive(&mut self, id: &ObjectId) -> Touched {
        let Some(entry) = self.objects.get_mut(id) else { return Touched::new() };
        let namespace = self.namespaces.get(&id.namespace);
        let place = Place { cluster: &self.cluster, naming: &self.naming, namespace, clients: self.clients };
        // Labels and tenant of a namespace that has not been seen are not known, so nothing can be said (rule TEN-09).
        let known = namespace.is_some();
        let Ingested { endpoints, refusals } = if known { entry.object.ingest(place) } else { Ingested::default() };
        if refusals.is_empty() {
            self.refusals.remove(id);
        } else {
            self.refusals.insert(id.clone(), refusals);
        }
        let Named { endpoints, unnamed } = self.host_rules.name(endpoints);
        let waited = std::mem::replace(&mut entry.unnamed, unnamed);
        self.unnamed.replace(id, &waited, &entry.unnamed);
        let endpoints = share(endpoints, &entry.endpoints);
        let before = std::mem::replace(&mut entry.endpoints, endpoints);
        self.offers.replace(&before, &entry.endpoints)
    }

    fn derive_all<'a>(&mut self, ids: impl IntoIterator<Item = &'a ObjectId>) -> Touched {
        ids.into_iter().flat_map(|id| self.derive(id)).collect()
    }

    fn derive_namespace(&mut self, namespace: &str) -> Touched {
        let kinds = [Kind::Ingress, Kind::Route, Kind::Service, Kind::MultiClusterIngress];
        let first = |kind| ObjectId { kind, namespace: namespace.to_owned(), name: String::new() };
        let of = |kind| {
            let from_first = self.objects.range(first(kind)..).map(|(id, _)| id);
            from_first.take_while(move |id| id.kind == kind && id.namespace == namespace).cloned()
        };
        let ids: Vec<ObjectId> = kinds.into_iter().flat_map(of).collect();
        self.derive_all(&ids)
    }

    /// Every hostname's objects are found before the change, under the service that they had until then.
    fn change_host_rules(&mut self, changes: Changes) -> Touched {
        let hostnames = self.host_rules.hostnames(&changes);
        let objects: BTreeSet<ObjectId> = hostnames.iter().flat_map(|hostname| self.objects_of(hostname)).collect();
        let mut services = self.host_rules.services(&hostnames);
        self.host_rules.apply(changes);
        services.append(&mut self.host_rules.services(&hostnames));
        let mut touched = self.derive_all(&objects);
        touched.append(&mut self.claim(services));
        touched
    }

    /// The objects with an address for this local hostname. No index of its own is needed: either the hostname's
    /// service has them, or they wait for one.
    fn objects_of(&self, hostname: &str) -> BTreeSet<ObjectId> {
        let offer = self.host_rules.service_of(hostname).and_then(|service| self.offers.all().get(service));
        let offered = offer.into_iter().flat_map(|offer| offer.endpoints.iter());
        let offered = offered.filter(|endpoint| endpoint.key.hostname == hostname);
        offered.map(|endpoint| ObjectId::from(&endpoint.key)).chain(self.unnamed.objects(hostname).cloned()).collect()
    }

    /// Takes over what the HostRules claim for these services; returns those with other claims than before.
    fn claim(&mut self, services: BTreeSet<String>) -> Touched {
        let Self { host_rules, offers, cluster, .. } = self;
        services.into_iter().filter(|fqdn| offers.set_aliases(fqdn, host_rules.claims(cluster, fqdn))).collect()
    }
}
