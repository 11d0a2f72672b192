//! Pools and members of a GSLB service: see `docs/RULES.md#pools-and-members`.

#[cfg(test)]
mod tests;

use super::effective::Effective;
use super::{Origin, Placed};
use crate::core::endpoint::{Endpoint, VirtualServiceRef};
use crate::core::gslb::{Member, Pool};
use crate::core::host_rule::ThirdParty;
use crate::core::policy::TrafficShare;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The pools, and what is behind their members.
pub(super) struct Arrangement {
    /// One per priority, the highest first.
    pub pools: Vec<Pool>,
    /// One per member, in the order of the pools.
    pub placed: Vec<Placed>,
    /// Third-party members that are left out, in words.
    pub repeated: Vec<String>,
}

/// One member on its way to a pool.
struct Seat {
    placed: Placed,
    /// The virtual service that the controller is told of.
    named: Option<VirtualServiceRef>,
}

/// Members keep the order of `endpoints`, and third-party ones follow in that of the rule.
pub(super) fn arrange(endpoints: &[&Endpoint], effective: Effective<'_>, min_health_monitors_up: u32) -> Arrangement {
    let (third_party, repeated) = third_party(effective);
    let mut seats = kubernetes(endpoints, effective);
    seats.extend(third_party);
    seats.sort_by_key(|seat| Reverse(seat.placed.priority));
    let pool = |seats: &[Seat]| Pool {
        priority: seats.first().map_or(0, |seat| seat.placed.priority),
        algorithm: effective.algorithm(),
        min_health_monitors_up,
        members: seats.iter().map(member).collect(),
    };
    let pools = seats.chunk_by(|a, b| a.placed.priority == b.placed.priority).map(pool).collect();
    Arrangement { pools, placed: seats.into_iter().map(|seat| seat.placed).collect(), repeated }
}

/// One member per address. DB-26: the same address twice is one member, unless two virtual services or two clusters
/// have it. Those of a `syncVipOnly` cluster name no virtual service.
fn kubernetes(endpoints: &[&Endpoint], effective: Effective<'_>) -> Vec<Seat> {
    let mut known: BTreeSet<(bool, &str, IpAddr)> = BTreeSet::new();
    let mut seats = Vec::new();
    for &endpoint in endpoints {
        let cluster = endpoint.key.cluster.as_str();
        let named = endpoint.virtual_service.as_ref().filter(|_| !effective.sync_vip_only(cluster));
        for address in endpoint.addresses.iter() {
            let holder = named.map_or((false, cluster), |found| (true, found.vs_uuid.as_str()));
            if known.insert((holder.0, holder.1, address)) {
                let origin = Origin::Object(endpoint.key.clone());
                let public_address = effective.public_address(endpoint, address);
                let placed = placed(origin, address, public_address, effective.share(cluster));
                seats.push(Seat { placed, named: named.cloned() });
            }
        }
    }
    seats
}

/// The same address of one site twice is one member; another public address does not make two of it.
fn third_party(effective: Effective<'_>) -> (Vec<Seat>, Vec<String>) {
    let mut known: BTreeSet<(&str, IpAddr)> = BTreeSet::new();
    let (mut seats, mut repeated) = (Vec::new(), Vec::new());
    for ThirdParty { site, address, public_address } in effective.third_party() {
        if known.insert((site, *address)) {
            let origin = Origin::Site(site.clone());
            let placed = placed(origin, *address, *public_address, effective.share_of_site(site));
            seats.push(Seat { placed, named: None });
        } else {
            repeated.push(format!(
                "thirdPartyMembers names {address} of site {site} more than once; only the first entry is used, \
                 remove the others"
            ));
        }
    }
    (seats, repeated)
}

fn placed(origin: Origin, address: IpAddr, public_address: Option<IpAddr>, share: TrafficShare) -> Placed {
    Placed { origin, address, public_address, ratio: share.weight, priority: share.priority }
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
    }
}
