//! What is said of one FQDN: to the StatusWriter, and to people.

use super::{GsState, GsView, Knowledge};
use crate::actors::status_writer::StatusWriterMsg;
use crate::core::build::{Built, Decision};
use crate::core::host_rule::RuleState;
use crate::core::plan::{Observed, plan};
use crate::core::report::{Subject, SyncState};
use std::sync::Arc;

impl GsState {
    /// Whether what is decided goes into the status of an object. Before the first look at the clusters is over, and
    /// outside of a term, nothing is said.
    pub(super) fn is_reported(&self) -> bool {
        let all = self.context.policy.installation.as_ref().is_some_and(|installation| installation.status_for_all);
        let speaks = self.context.settled && self.context.term.is_some();
        speaks && (all || self.said.carrier || matches!(self.rule, RuleState::InForce(_)))
    }

    /// Tells the StatusWriter how the service is doing.
    pub(super) fn report(&mut self, built: &Built) {
        let observed = self.knowledge.observed();
        let planned = match observed {
            Some(observed) => self.weigh_again(built, observed).decision,
            None => built.decision.clone(),
        };
        if let RuleState::InForce(rule) = &self.rule {
            let subject = Subject {
                fqdn: &self.fqdn,
                state: self.shown_state(built),
                built,
                planned: &planned,
                held: observed.and_then(|observed| observed.services().next()).map(|service| &service.content),
                last_write: self.last_write,
                last_error: self.last_error.as_ref().map(|(message, since)| (message.as_str(), *since)),
            };
            let report = Box::new(subject.report());
            self.links.status.cast(StatusWriterMsg::Service { rule: rule.object.clone(), report });
        }
        let there = observed.is_some_and(|observed| observed.services().next().is_some());
        self.tell_carrier(&planned, there);
    }

    /// Says whether an object should carry the status of this service (`statusObjects: All`). Nothing is said while
    /// nothing is decided; a service that is to go keeps its object until it is gone.
    fn tell_carrier(&mut self, planned: &Decision, on_controller: bool) {
        let all = self.context.policy.installation.as_ref().is_some_and(|installation| installation.status_for_all);
        let (free, carried) = match &self.rule {
            RuleState::Unknown(_) => return,
            RuleState::None => (true, false),
            RuleState::InForce(rule) => (rule.managed, rule.managed),
        };
        let exists = match planned {
            Decision::Wait(_) => return,
            Decision::Nothing => on_controller && (carried || self.said.carrier),
            Decision::Service(_) => true,
        };
        let wanted = all && free && exists;
        if wanted != self.said.carrier || (carried && !wanted) {
            self.said.carrier = wanted;
            let fqdn = Arc::clone(&self.fqdn);
            self.links.status.cast(StatusWriterMsg::Carrier { fqdn, wanted });
        }
    }

    /// Nothing to do is not the same for a service, for objects that nobody selects, and for those that cannot be members.
    fn shown_state(&self, built: &Built) -> SyncState {
        match self.sync_state(built) {
            SyncState::InSync => self.at_rest(matches!(built.decision, Decision::Nothing)),
            state => state,
        }
    }

    fn sync_state(&self, built: &Built) -> SyncState {
        match (&self.knowledge, &built.decision) {
            // Until a write succeeds, whatever is tried meanwhile.
            _ if self.quarantined => SyncState::Quarantined,
            _ if self.slot.is_taken() => SyncState::Writing,
            _ if self.last_error.is_some() => SyncState::Failing,
            _ if !self.slot.is_empty() => SyncState::Queued,
            (Knowledge::Unknown | Knowledge::Stale(_), _) => SyncState::Unread,
            _ if self.slot.kept().is_some() => SyncState::Held,
            (_, Decision::Wait(_)) => SyncState::Waiting,
            (Knowledge::Known(observed), _) if !self.would_write_nothing(built, observed) => SyncState::Waiting,
            _ => SyncState::InSync,
        }
    }

    pub(super) fn would_write_nothing(&self, built: &Built, observed: &Observed) -> bool {
        plan(&self.weigh_again(built, observed).decision, observed).is_empty()
    }

    pub(super) fn view(&self) -> GsView {
        let built = self.build();
        let kept = self.kept_now(&built);
        GsView {
            fqdn: Arc::clone(&self.fqdn),
            state: self.shown_state(&built),
            built,
            kept,
            rule: self.rule.clone(),
            knowledge: self.knowledge.clone(),
            last_write: self.last_write.map(|(time, _)| time),
            last_error: self.last_error.as_ref().map(|(message, _)| message.clone()),
        }
    }
}
