//! Members that stay what they are. Where the controller cannot have what would become of one that is there, or refused
//! it, the member that it has stays: its address is as good as before.

use super::Origin;
use super::omitted::{Limits, refused_by_controller};
use crate::core::gslb::{Member, Place};
use crate::core::omission::{Part, counterpart};
use std::collections::BTreeSet;

/// A member as it is on the controller.
pub(super) struct Staying {
    /// Of its pool.
    pub priority: u32,
    pub member: Member,
    /// Why it does not become what is wanted, for people.
    pub why: String,
}

impl Limits<'_> {
    /// What stays in place of a wanted member; `wanted` are the places of all. `None` where it may be had as it is wanted,
    /// or is not there yet.
    pub fn staying(self, origin: &Origin, priority: u32, member: &Member, wanted: &BTreeSet<Place>) -> Option<Staying> {
        let same = self.same_controller(origin, member);
        let member = same.as_ref().map_or(member, |(member, _)| member);
        let refused = || {
            let part = (!self.omissions.is_empty()).then(|| Part::member(priority, member))?;
            let words = self.omissions.why(&part)?;
            let (priority, held) = counterpart(priority, member, wanted, self.before?)?;
            let why = format!("stays as it is on the controller: {}", refused_by_controller(words));
            Some(Staying { priority, member: held.clone(), why })
        };
        refused().or_else(|| {
            let (member, why) = same.clone()?;
            Some(Staying { priority, member, why: format!("stays the member that it was: {why}") })
        })
    }

    /// The member with the virtual service that it has, where it would become one of a controller that is no site. Clusters
    /// may have overlapping address plans (DB-26): only of an object that is behind the service already.
    fn same_controller(self, origin: &Origin, member: &Member) -> Option<(Member, String)> {
        let (before, why) = (self.before?, self.of_no_site(member)?);
        let Origin::Object(key) = origin else { return None };
        if !before.description.split(',').any(|entry| entry == key.describe()) {
            return None;
        }
        let held = before.members().find(|held| {
            (held.address, held.public_address) == (member.address, member.public_address)
                && (held.cluster_uuid.is_none() || self.is_of_site(held))
        })?;
        let (cluster_uuid, vs_uuid) = (held.cluster_uuid.clone(), held.vs_uuid.clone());
        Some((Member { cluster_uuid, vs_uuid, ..member.clone() }, why))
    }
}
