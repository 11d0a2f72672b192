//! Pools and members of a GSLB service: see `docs/RULES.md#pools-and-members`.

#[cfg(test)]
mod tests;

use super::effective::Effective;
use super::held::Held;
use super::omitted::Limits;
use super::selection::kept;
use super::staying::Staying;
use super::{Origin, Placed};
use crate::core::address::usable;
use crate::core::endpoint::{Endpoint, EndpointKey, VirtualServiceRef};
use crate::core::gslb::{Member, Place, Pool};
use crate::core::host_rule::ThirdParty;
use crate::core::object::Created;
use crate::core::policy::TrafficShare;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The pools, and what is behind their members.
pub(super) struct Arrangement {
    /// One per priority, the highest first.
    pub pools: Vec<Pool>,
    /// One per member, in the order of the pools.
    pub placed: Vec<Placed>,
    /// Third-party members that are left out, or stay what they are, in words.
    pub left_out: Vec<String>,
    /// Objects whose members stay what they are, and why.
    pub refused: Vec<(EndpointKey, String)>,
}

/// One member on its way to a pool.
struct Seat {
    placed: Placed,
    /// The virtual service that the controller is told of.
    named: Option<VirtualServiceRef>,
    /// Of the object behind it; `None` of a third-party member.
    created: Option<Created>,
}

/// Members keep the order of `endpoints`, and third-party ones follow in that of the rule. `min_up` tells how many
/// monitors have to be up in a pool, and is asked whether a member of it is without a virtual service.
pub(super) fn arrange(
    endpoints: &[&Endpoint],
    effective: Effective<'_>,
    held: Held<'_>,
    limits: Limits<'_>,
    min_up: impl Fn(bool) -> u32,
) -> Arrangement {
    let (third_party, mut left_out) = third_party(effective, held);
    let mut seats = kubernetes(endpoints, effective, held);
    seats.extend(third_party);
    let mut seats = once_each(seats, &mut left_out);
    let mut refused = Vec::new();
    if limits.keep(&mut seats, &mut left_out, &mut refused) {
        seats = once_each(seats, &mut left_out);
    }
    seats.sort_by_key(|seat| Reverse(seat.placed.priority));
    let pool = |seats: &[Seat]| Pool {
        priority: seats.first().map_or(0, |seat| seat.placed.priority),
        algorithm: effective.algorithm(),
        min_health_monitors_up: min_up(seats.iter().any(|seat| seat.named.is_none())),
        members: seats.iter().map(member).collect(),
        enabled: true,
    };
    let pools = seats.chunk_by(|a, b| a.placed.priority == b.placed.priority).map(pool).collect();
    Arrangement { pools, placed: seats.into_iter().map(|seat| seat.placed).collect(), left_out, refused }
}

impl Limits<'_> {
    /// Has members that are there stay what they are where their change cannot be had. Answers whether there are some.
    fn keep(self, seats: &mut [Seat], left_out: &mut Vec<String>, refused: &mut Vec<(EndpointKey, String)>) -> bool {
        let strange = |seat: &Seat| seat.named.as_ref().is_some_and(|named| self.is_stranger(&named.cluster_uuid));
        if self.before.is_none() || (self.omissions.is_empty() && !seats.iter().any(strange)) {
            return false;
        }
        let wanted = seats.iter().map(Seat::place).collect();
        let mut some = false;
        for seat in seats {
            let Seat { placed, .. } = &*seat;
            let Some(staying) = self.staying(&placed.origin, placed.priority, &member(seat), &wanted) else { continue };
            some = true;
            match &placed.origin {
                Origin::Object(key) => {
                    refused.push((key.clone(), format!("its address {} {}", placed.address, staying.why)));
                }
                Origin::Site(site) => {
                    left_out.push(format!("the member {} of site {site} {}", placed.address, staying.why));
                }
            }
            seat.stay(staying);
        }
        some
    }
}

/// One member per address and public address in a pool (DB-26): that of the oldest object, then the first by key; a
/// third-party one only where no cluster has it.
fn once_each(seats: Vec<Seat>, left_out: &mut Vec<String>) -> Vec<Seat> {
    let mut holders: BTreeMap<Place, usize> = BTreeMap::new();
    for (index, seat) in seats.iter().enumerate() {
        let holder = holders.entry(seat.place()).or_insert(index);
        if seats.get(*holder).is_some_and(|before| seat.rank() < before.rank()) {
            *holder = index;
        }
    }
    if holders.len() == seats.len() {
        return seats;
    }
    let kept: BTreeSet<usize> = holders.into_values().collect();
    let mut once = Vec::with_capacity(kept.len());
    for (index, seat) in seats.into_iter().enumerate() {
        match &seat.placed.origin {
            _ if kept.contains(&index) => once.push(seat),
            Origin::Site(site) => left_out.push(format!(
                "thirdPartyMembers names {} of site {site}, which is a member of the same pool already; it counts once, \
                 remove the entry or give the site another priority in trafficSplit",
                seat.placed.address
            )),
            Origin::Object(_) => {}
        }
    }
    once
}

/// Every address of every endpoint. Those of a `syncVipOnly` cluster name no virtual service.
fn kubernetes(endpoints: &[&Endpoint], effective: Effective<'_>, held: Held<'_>) -> Vec<Seat> {
    let mut seats = Vec::new();
    for &endpoint in endpoints {
        let cluster = endpoint.key.cluster.as_str();
        let named = endpoint.virtual_service.as_ref().filter(|_| !effective.sync_vip_only(cluster));
        for address in endpoint.addresses.iter().chain(kept(endpoint, held)) {
            let origin = Origin::Object(endpoint.key.clone());
            let public_address = effective.public_address(endpoint, address);
            let public_address = public_address.filter(|public| is_public(*public, held));
            let placed = placed(origin, address, public_address, effective.share(cluster));
            seats.push(Seat { placed, named: named.cloned(), created: Some(endpoint.created) });
        }
    }
    seats
}

/// The same address of one site twice is one member; another public address does not make two of it.
fn third_party(effective: Effective<'_>, held: Held<'_>) -> (Vec<Seat>, Vec<String>) {
    let mut known: BTreeSet<(&str, IpAddr)> = BTreeSet::new();
    let (mut seats, mut left_out) = (Vec::new(), Vec::new());
    for ThirdParty { site, address, public_address } in effective.third_party() {
        if let Err(useless) = usable(*address)
            && !held.has_member(*address)
        {
            left_out.push(format!("vip of the third-party member at site {site}: {useless}: not used; correct it"));
        } else if known.insert((site, *address)) {
            let origin = Origin::Site(site.clone());
            let public_address = public_address.filter(|public| is_public(*public, held));
            let placed = placed(origin, *address, public_address, effective.share_of_site(site));
            seats.push(Seat { placed, named: None, created: None });
        } else {
            left_out.push(format!(
                "thirdPartyMembers names {address} of site {site} more than once; only the first entry is used, \
                 remove the others"
            ));
        }
    }
    (seats, left_out)
}

/// Whether clients are told of this public address: not of a useless one that the controller does not tell already.
fn is_public(address: IpAddr, held: Held<'_>) -> bool {
    usable(address).is_ok() || held.has_public(address)
}

impl Seat {
    fn place(&self) -> Place {
        let Placed { priority, address, public_address, .. } = self.placed;
        (priority, address, public_address)
    }

    fn stay(&mut self, staying: Staying) {
        let Staying { priority, member, .. } = staying;
        let Member { ratio, cluster_uuid, vs_uuid, public_address, .. } = member;
        let named = cluster_uuid.zip(vs_uuid);
        self.named = named.map(|(cluster_uuid, vs_uuid)| VirtualServiceRef { vs_uuid, cluster_uuid });
        self.placed = Placed { priority, ratio, public_address, ..self.placed.clone() };
    }

    /// The smallest has the place; of equals the one that comes first.
    fn rank(&self) -> (bool, Option<Created>) {
        (self.created.is_none(), self.created)
    }
}

fn placed(origin: Origin, address: IpAddr, public_address: Option<IpAddr>, share: TrafficShare) -> Placed {
    Placed { origin, address, public_address, ratio: share.weight, priority: share.priority, drained: None }
}

fn member(seat: &Seat) -> Member {
    let Placed { address, public_address, ratio, .. } = seat.placed;
    let named = seat.named.as_ref();
    Member {
        address,
        ratio,
        cluster_uuid: named.map(|found| found.cluster_uuid.clone()),
        vs_uuid: named.map(|found| found.vs_uuid.clone()),
        public_address,
        enabled: true,
    }
}
