//! The role, told to everyone who writes, and the status of the AMKOCluster.

use super::FederationState;
use crate::actors::avi_session::AviSessionMsg;
use crate::actors::board::RoleNotice;
use crate::actors::gs_directory::GsDirectoryMsg;
use crate::actors::policy_watcher::PolicyWatcherMsg;
use crate::actors::status_writer::{StatusWriterMsg, Target, Update};
use crate::core::federation::Role;
use crate::core::precedence::ObjectName;
use crate::crd::{AmkoCluster, AmkoClusterStatus};
use std::sync::atomic::Ordering;

impl FederationState {
    /// Takes a role. A new leadership is a new term; any other role ends the term at once.
    pub(super) fn set_role(&mut self, role: Role) {
        if self.role.as_ref() == Some(&role) {
            return;
        }
        self.term = match &role {
            Role::Leader { context } => {
                let term = self.args.terms.fetch_add(1, Ordering::Relaxed) + 1;
                tracing::info!(context, term, "this cluster leads");
                if let Some(known) = &mut self.known {
                    known.begin_again();
                }
                Some(term)
            }
            Role::Follower => {
                tracing::info!("another cluster leads, standing by");
                None
            }
            Role::Undecided(reason) => {
                tracing::warn!(reason, "no role, nothing is written");
                None
            }
        };
        self.role = Some(role);
        self.publish();
    }

    pub(super) fn publish(&self) {
        let Some(role) = &self.role else { return };
        let notice = match (role, self.term) {
            (Role::Leader { .. }, Some(term)) => RoleNotice::Leader { term },
            (Role::Follower, _) => RoleNotice::Follower,
            (Role::Undecided(reason), _) => RoleNotice::Undecided { reason: reason.clone() },
            (Role::Leader { .. }, None) => RoleNotice::Starting,
        };
        self.args.board.post(|notices| notices.role = notice);
        self.args.session.cast(AviSessionMsg::Term(self.term));
        self.args.directory.cast(GsDirectoryMsg::Term(self.term));
        self.args.policy.cast(PolicyWatcherMsg::Term(self.term));
    }

    /// Writes the conditions, unless the AMKOCluster has them already or a run is about to change them. Its own
    /// AMKOCluster is the one object that a replica writes without a term: it says why there is none.
    pub(super) fn write_status(&self) {
        let Some((name, cluster)) = self.own().filter(|_| self.run.is_none()) else { return };
        let wanted = &self.conditions;
        let present = cluster.status.clone().unwrap_or_default();
        // An API server with upstream's schema drops the generation; that is no difference.
        let same_generation = present.observed_generation.is_none_or(|seen| Some(seen) == wanted.generation);
        if wanted.list.is_empty() || (present.conditions == wanted.list && same_generation) {
            return;
        }
        let status = AmkoClusterStatus { conditions: wanted.list.clone(), observed_generation: wanted.generation };
        let target = Target::AmkoCluster(name.clone());
        self.args.status.cast(StatusWriterMsg::Write { target, update: Update::status(&status) });
    }

    /// Generation of the AMKOCluster as told last.
    pub(super) fn generation(&self) -> Option<i64> {
        self.own().and_then(|(_, cluster)| cluster.metadata.generation)
    }

    /// The AMKOCluster, when there is exactly one.
    fn own(&self) -> Option<(&ObjectName, &AmkoCluster)> {
        self.clusters.first_key_value().filter(|_| self.clusters.len() == 1)
    }
}
