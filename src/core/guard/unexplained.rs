//! Members that nothing explains: no object, no third-party site of a rule and no description. A person may have added
//! them by hand, which is undone; but those that were there before this process looked may have been asked for by
//! something that is gone since, or may be held over a restart, and count as lost.

use super::attribution::Former;
use super::loss::{Scene, missing};
use crate::core::build::{Origin, Placed};
use crate::core::gslb::{GslbService, Member};
use crate::core::plan::{Observed, leaving};
use std::collections::BTreeSet;
use std::net::IpAddr;

impl Former {
    /// Notes the members that were there at the first look, and that nothing wanted explained then.
    pub fn note_found<'a>(&mut self, members: impl IntoIterator<Item = &'a Member>) {
        let known: BTreeSet<IpAddr> = self.found.iter().copied().collect();
        let new = members.into_iter().map(|member| member.address).filter(|address| !known.contains(address));
        self.found.extend(new);
    }

    fn has_found(&self, member: &Member) -> bool {
        self.found.contains(&member.address)
    }
}

/// Objects that have another address than the controller knows; each may have had that of one member that leaves.
pub(super) struct Moved<'a> {
    /// Of the members with the new addresses.
    controllers: Vec<Option<&'a str>>,
}

impl<'a> Moved<'a> {
    /// `service` is what the controller has in place of what is wanted with these members.
    pub fn of(wanted: Option<&'a GslbService>, service: &GslbService, members: &[Placed]) -> Self {
        let described: BTreeSet<&str> = service.description.split(',').collect();
        let known = |placed: &Placed| match &placed.origin {
            Origin::Object(key) => described.contains(key.describe().as_str()),
            Origin::Site(_) => false,
        };
        let moved = |member: &&Member| {
            !service.members().any(|there| there.address == member.address)
                && members.iter().any(|placed| placed.address == member.address && known(placed))
        };
        let new = wanted.into_iter().flat_map(GslbService::members).filter(moved);
        Self { controllers: new.map(|member| member.cluster_uuid.as_deref()).collect() }
    }

    /// Whether the member may be the old one of such an object, which explains no other one then.
    fn explains(&mut self, member: &Member) -> bool {
        let named = member.cluster_uuid.as_deref();
        let same = self.controllers.iter().position(|controller| *controller == named);
        // A member that names a controller is of an object, which may be at another one by now.
        let place = same.or_else(|| named.and_then(|_| self.controllers.len().checked_sub(1)));
        place.map(|place| self.controllers.swap_remove(place)).is_some()
    }
}

impl Scene<'_> {
    /// The addresses of those that a service which stays would lose.
    pub(super) fn unexplained(
        &self,
        wanted: &GslbService,
        members: &[Placed],
        observed: &Observed,
    ) -> BTreeSet<IpAddr> {
        let Some(service) = observed.in_tenant(&wanted.tenant).and_then(|held| held.service.as_deref()) else {
            return BTreeSet::new();
        };
        let (service, missing) = (&service.content, missing(Some(wanted), &service.content));
        let mut moved = Moved::of(Some(wanted), service, members);
        let leaving = leaving(&wanted.pools, &service.pools).into_iter();
        let unexplained = leaving
            .filter(|member| self.evidence(member, &missing).is_empty() && self.is_unexplained(member, &mut moved));
        unexplained.map(|member| member.address).collect()
    }

    /// Whether a member for which there is no evidence counts as lost when it leaves a service that stays.
    pub(super) fn is_unexplained(&self, member: &Member, moved: &mut Moved<'_>) -> bool {
        self.former.is_some_and(|former| former.has_found(member))
            && !self.is_of_offering_controller(member)
            && !moved.explains(member)
    }

    /// Whether something is offered of the controller that the member names: a cluster whose objects are known.
    fn is_of_offering_controller(&self, member: &Member) -> bool {
        let of = |controller: &String| {
            let mut named = self.offered.iter().filter_map(|endpoint| endpoint.virtual_service.as_ref());
            named.any(|named| named.cluster_uuid == *controller)
        };
        member.cluster_uuid.as_ref().is_some_and(of)
    }
}
