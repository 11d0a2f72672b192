//! Virtual addresses of one cluster: who holds which, and which is the next free one.

use ipnet::Ipv4Net;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

/// What an address is held for. All Ingress and Route hosts of a cluster share one, as on AKO's shared virtual service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    SharedIngress,
    Service { namespace: String, name: String },
}

/// The addresses a cluster may hand out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VipRange {
    network: Ipv4Net,
    first: Ipv4Addr,
}

impl VipRange {
    /// Hands out from `first` upwards, or from the first host address of `network` without it.
    pub fn new(network: Ipv4Net, first: Option<Ipv4Addr>) -> Self {
        let first = first.or_else(|| network.hosts().next()).unwrap_or(network.addr());
        Self { network, first }
    }

    pub fn contains(&self, address: Ipv4Addr) -> bool {
        address >= self.first && address <= self.last()
    }

    fn last(&self) -> Ipv4Addr {
        self.network.hosts().last().unwrap_or(self.network.addr())
    }

    fn first_free(&self, taken: &BTreeSet<Ipv4Addr>) -> Option<Ipv4Addr> {
        (u32::from(self.first)..=u32::from(self.last())).map(Ipv4Addr::from).find(|address| !taken.contains(address))
    }
}

/// Gives every holder an address: the one held before, else the one its object already shows, else the lowest free.
/// A holder is absent from the answer only when the range is used up.
pub fn assign(
    range: &VipRange,
    held: &BTreeMap<Holder, Ipv4Addr>,
    holders: &BTreeMap<Holder, Option<Ipv4Addr>>,
) -> BTreeMap<Holder, Ipv4Addr> {
    let mut given: BTreeMap<Holder, Ipv4Addr> =
        held.iter().filter(|(holder, _)| holders.contains_key(*holder)).map(|(h, a)| (h.clone(), *a)).collect();
    let mut taken: BTreeSet<Ipv4Addr> = given.values().copied().collect();
    for (holder, shown) in holders {
        if let Some(address) = shown
            && !given.contains_key(holder)
            && range.contains(*address)
            && taken.insert(*address)
        {
            given.insert(holder.clone(), *address);
        }
    }
    for holder in holders.keys() {
        if !given.contains_key(holder)
            && let Some(address) = range.first_free(&taken)
        {
            taken.insert(address);
            given.insert(holder.clone(), address);
        }
    }
    given
}
