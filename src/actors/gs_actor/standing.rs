//! How a service stands, told to the directory, which counts.

use super::{GsState, Knowledge};
use crate::actors::gs_directory::GsDirectoryMsg;
use crate::core::build::{Built, Decision, Origin};
use crate::core::guard::{Kept, Party};
use crate::core::occurrence::digest;
use crate::core::policy::DeploymentState;
use crate::core::report::SyncState;
use crate::core::select::is_selected;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What of a decision matters for how the service stands.
pub(super) struct Shape {
    waits: bool,
    /// There is to be no service.
    nothing: bool,
    /// By cluster.
    members: Vec<(String, u16)>,
}

impl Shape {
    pub(super) fn of(built: &Built) -> Self {
        let nothing = matches!(built.decision, Decision::Nothing);
        let waits = matches!(built.decision, Decision::Wait(_));
        let mut members = BTreeMap::<&str, u16>::new();
        if !nothing && !waits {
            for placed in &built.members {
                if let Origin::Object(key) = &placed.origin {
                    let count = members.entry(&key.cluster).or_default();
                    *count = count.saturating_add(1);
                }
            }
        }
        let members = members.into_iter().map(|(cluster, count)| (cluster.to_owned(), count)).collect();
        Self { waits, nothing, members }
    }

    /// Counts members that stay although they are not wanted any more.
    pub(super) fn add_kept(&mut self, kept: &[Kept]) {
        for party in kept.iter().filter_map(|kept| kept.party.as_ref()) {
            let Party::Cluster(cluster) = party else { continue };
            match self.members.iter_mut().find(|(known, _)| **known == **cluster) {
                Some((_, count)) => *count = count.saturating_add(1),
                None => self.members.push((cluster.to_string(), 1)),
            }
        }
    }
}

impl GsState {
    /// Tells the directory how the service stands, if that has changed. `queued`: work waits for the controller.
    pub(super) fn tell_standing(&mut self, shape: Shape, queued: bool) {
        let state = self.standing(&shape, queued);
        let told = digest(&(state.label(), &shape.members));
        if self.said.standing != Some(told) {
            self.said.standing = Some(told);
            let fqdn = Arc::clone(&self.fqdn);
            self.links.directory.cast(GsDirectoryMsg::Stands { fqdn, state, members: shape.members });
        }
    }

    fn standing(&self, shape: &Shape, queued: bool) -> SyncState {
        let speaks = self.context.settled && self.context.term.is_some();
        match &self.knowledge {
            _ if self.quarantined => SyncState::Quarantined,
            _ if self.last_error.is_some() => SyncState::Failing,
            _ if queued => SyncState::Queued,
            Knowledge::Unknown | Knowledge::Stale(_) => SyncState::Unread,
            Knowledge::Known(_) if speaks && self.slot.kept().is_some() => SyncState::Held,
            Knowledge::Known(_) if shape.waits || !speaks => SyncState::Waiting,
            Knowledge::Known(_) => self.at_rest(shape.nothing),
        }
    }

    /// How a service stands for which nothing is left to do.
    pub(super) fn at_rest(&self, nothing: bool) -> SyncState {
        let held = match &self.knowledge {
            Knowledge::Known(observed) | Knowledge::Stale(observed) => observed.services().next().is_some(),
            Knowledge::Unknown => false,
        };
        match nothing && !held && !self.offers.is_empty() {
            true if self.selects_any() => SyncState::NoMembers,
            true => SyncState::NotSelected,
            false => SyncState::InSync,
        }
    }

    /// Whether the policy picks any of the objects.
    fn selects_any(&self) -> bool {
        match &self.context.policy.deployment {
            DeploymentState::InForce(policy) => self.offers.endpoints().any(|endpoint| is_selected(endpoint, policy)),
            _ => false,
        }
    }
}
