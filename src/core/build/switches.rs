//! What is switched off stays off (DB-10): a person did that on the controller, or the rule asks for it.

#[cfg(test)]
mod tests;

use super::effective::Effective;
use super::{Drained, Origin, Placed};
use crate::core::gslb::{GslbService, Member, Pool};
use std::collections::BTreeSet;

/// Sets the switches of the service, its pools and members, and tells in `placed`, which stands for the members, whose
/// are off. `before` is what the controller has. The members of a cluster or site in `released` are on again: a rule kept
/// them off until now.
pub(super) fn apply(
    service: &mut GslbService,
    placed: &mut [Placed],
    before: &[&GslbService],
    effective: Effective<'_>,
    released: &BTreeSet<String>,
) {
    let pools = || before.iter().flat_map(|before| &before.pools);
    let known: Vec<&Member> = pools().flat_map(|pool| &pool.members).collect();
    service.enabled = before.iter().all(|before| before.enabled);
    let mut placed = placed.iter_mut();
    for Pool { priority, enabled, members, .. } in &mut service.pools {
        *enabled = pools().filter(|before| before.priority == *priority).all(|before| before.enabled);
        for member in members {
            let Some(place) = placed.next() else { return };
            let name = match &place.origin {
                Origin::Object(key) => &key.cluster,
                Origin::Site(site) => site,
            };
            let by_rule = effective.drains(name);
            let by_person = !released.contains(name) && is_off(&known, member);
            member.enabled = !by_rule && !by_person;
            place.drained = match (by_rule, by_person || !*enabled || !service.enabled) {
                (true, _) => Some(Drained::ByRule),
                (false, true) => Some(Drained::OnController),
                (false, false) => None,
            };
        }
    }
}

/// Whether the controller has the member switched off: the one of this address, else the one of this virtual service,
/// whose address has changed then.
fn is_off(known: &[&Member], member: &Member) -> bool {
    let by_address = |known: &&&Member| known.address == member.address;
    let by_service = |known: &&&Member| {
        let named = known.vs_uuid.is_some() && known.vs_uuid == member.vs_uuid;
        named && known.cluster_uuid == member.cluster_uuid && known.address.is_ipv4() == member.address.is_ipv4()
    };
    let mut found: Vec<&&Member> = known.iter().filter(by_address).collect();
    if found.is_empty() {
        found = known.iter().filter(by_service).collect();
    }
    !found.is_empty() && found.iter().all(|known| !known.enabled)
}
