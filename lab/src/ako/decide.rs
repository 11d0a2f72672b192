//! The decisions of the stand-in for AKO, from whole states to whole states: no I/O, no clock, no chance.

use super::object::{Exposed, Kind, ObjectKey, Port, Publication};
use super::vips::{Holder, VipRange, assign};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};

/// One virtual service on the controller of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub address: Ipv4Addr,
    pub ports: BTreeSet<Port>,
}

/// What one cluster should have: addresses by holder, virtual services by FQDN.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placement {
    pub vips: BTreeMap<Holder, Ipv4Addr>,
    pub services: BTreeMap<String, Placed>,
    /// Holders that got no address because the range is used up.
    pub without_address: BTreeSet<Holder>,
}

impl Placement {
    /// Every address in use with the ports of all virtual services on it.
    pub fn listening(&self) -> BTreeMap<Ipv4Addr, BTreeSet<Port>> {
        let mut listening: BTreeMap<Ipv4Addr, BTreeSet<Port>> = BTreeMap::new();
        for placed in self.services.values() {
            listening.entry(placed.address).or_default().extend(&placed.ports);
        }
        listening
    }
}

/// What turns one map into another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta<K, V> {
    /// Entries that are new or different.
    pub set: BTreeMap<K, V>,
    pub drop: BTreeSet<K>,
}

impl<K: Ord + Clone, V: PartialEq + Clone> Delta<K, V> {
    /// The steps from `old` to `new`.
    pub fn between(old: &BTreeMap<K, V>, new: &BTreeMap<K, V>) -> Self {
        let differs = |(key, value): &(&K, &V)| old.get(*key) != Some(*value);
        Self {
            set: new.iter().filter(differs).map(|(key, value)| (key.clone(), value.clone())).collect(),
            drop: old.keys().filter(|key| !new.contains_key(*key)).cloned().collect(),
        }
    }
}

/// The IPv6 address of a host with this IPv4 address: the same number below a documentation prefix. Nothing listens
/// there.
pub fn twin(address: Ipv4Addr) -> Ipv6Addr {
    Ipv6Addr::from((0x2001_0db8_u128 << 96) | u128::from(u32::from(address)))
}

/// Places every object: hosts of Ingresses and Routes on the shared address, each Service on its own. Addresses `held` before stay
/// with their holder. An FQDN that several objects name belongs to the first of them in key order.
pub fn place(objects: &[Exposed], held: &BTreeMap<Holder, Ipv4Addr>, range: &VipRange) -> Placement {
    let wanted = holders(objects);
    let vips = assign(range, held, &wanted);
    let without_address = wanted.into_keys().filter(|holder| !vips.contains_key(holder)).collect();
    let mut services: BTreeMap<String, Placed> = BTreeMap::new();
    for object in in_key_order(objects) {
        let Some(&address) = vips.get(&holder(&object.key)) else { continue };
        for host in &object.hosts {
            let placed = services.entry(host.clone()).or_insert(Placed { address, ports: BTreeSet::new() });
            if placed.address == address {
                placed.ports.extend(&object.ports);
            }
        }
    }
    Placement { vips, services, without_address }
}

/// The objects that must be written, with what they are to show. An object that wants nothing and shows nothing of
/// AKO's is left alone.
pub fn publications(
    objects: &[Exposed],
    placement: &Placement,
    uuids: &BTreeMap<String, String>,
    cluster_uuid: &str,
) -> Vec<(ObjectKey, Publication)> {
    let wanted = |object: &Exposed| {
        let mut publication = Publication::default();
        for host in &object.hosts {
            if let (Some(placed), Some(uuid)) = (placement.services.get(host), uuids.get(host)) {
                publication.addresses.insert(host.clone(), placed.address);
                publication.uuids.insert(host.clone(), uuid.clone());
                if object.dual_stack {
                    publication.twins.insert(host.clone(), twin(placed.address));
                }
            }
        }
        publication.cluster_uuid = (!publication.uuids.is_empty()).then(|| cluster_uuid.to_owned());
        publication
    };
    in_key_order(objects)
        .into_iter()
        .map(|object| (object, wanted(object)))
        .filter(|(object, wanted)| object.published != *wanted)
        .map(|(object, wanted)| (object.key.clone(), wanted))
        .collect()
}

fn holder(key: &ObjectKey) -> Holder {
    match key.kind {
        Kind::Ingress | Kind::Route => Holder::SharedIngress,
        Kind::Service => Holder::Service { namespace: key.namespace.clone(), name: key.name.clone() },
    }
}

/// Who wants an address, with the one that the object shows already: after a restart nothing should move.
fn holders(objects: &[Exposed]) -> BTreeMap<Holder, Option<Ipv4Addr>> {
    let mut wanted: BTreeMap<Holder, Option<Ipv4Addr>> = BTreeMap::new();
    for object in in_key_order(objects).into_iter().filter(|object| !object.hosts.is_empty()) {
        let shown = object.published.addresses.values().next().copied();
        let entry = wanted.entry(holder(&object.key)).or_default();
        *entry = entry.or(shown);
    }
    wanted
}

fn in_key_order(objects: &[Exposed]) -> Vec<&Exposed> {
    let mut ordered: Vec<_> = objects.iter().collect();
    ordered.sort_by(|a, b| a.key.cmp(&b.key));
    ordered
}
