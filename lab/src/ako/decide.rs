//! The decisions of the stand-in for AKO, from whole states to whole states: no I/O, no clock, no chance.

use super::object::{Exposed, Kind, ObjectKey, Publication};
use super::vips::{Holder, VipRange, assign};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

/// One virtual service on the controller of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub address: Ipv4Addr,
    /// Port and whether it speaks TLS.
    pub ports: BTreeSet<(u16, bool)>,
}

/// What one cluster should have: addresses by holder, virtual services by FQDN.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placement {
    pub vips: BTreeMap<Holder, Ipv4Addr>,
    pub services: BTreeMap<String, Placed>,
    /// Holders that got no address because the range is used up.
    pub without_address: BTreeSet<Holder>,
}

/// What turns one set of virtual services into another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    pub upsert: BTreeMap<String, Placed>,
    pub remove: BTreeSet<String>,
    pub open: BTreeSet<Ipv4Addr>,
    pub close: BTreeSet<Ipv4Addr>,
}

/// Places every object: hosts of Ingresses on the shared address, each Service on its own. Addresses `held` before stay
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

/// The steps from `current` to `wanted`.
pub fn changes(current: &Placement, wanted: &Placement) -> Changes {
    let addresses = |placement: &Placement| placement.vips.values().copied().collect::<BTreeSet<_>>();
    let (before, after) = (addresses(current), addresses(wanted));
    let fresh = wanted.services.iter().filter(|(fqdn, placed)| current.services.get(*fqdn) != Some(placed));
    let gone = current.services.keys().filter(|fqdn| !wanted.services.contains_key(*fqdn));
    Changes {
        upsert: fresh.map(|(fqdn, placed)| (fqdn.clone(), placed.clone())).collect(),
        remove: gone.cloned().collect(),
        open: after.difference(&before).copied().collect(),
        close: before.difference(&after).copied().collect(),
    }
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
        Kind::Ingress => Holder::SharedIngress,
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
