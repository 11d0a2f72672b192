//! What an FQDN learns about the controller's side: from full reads, and from its own work.

use super::drift::Drifting;
use super::{GsState, Knowledge};
use crate::actors::avi_session::slot::Slot;
use crate::actors::avi_session::{FullRead, Report, Trouble};
use crate::avi::urgency::Urgency;
use crate::core::plan::Observed;
use crate::core::report::WriteResult;
use jiff::Timestamp;
use std::sync::Arc;
use tokio::time::Instant;

impl GsState {
    /// Hears in its sleep of a full read that found this. Answers whether that says nothing new: the same decision would
    /// follow, and nothing has to be said again.
    pub fn knows(&mut self, read: &FullRead, content: &Observed) -> bool {
        let known = matches!(&self.knowledge, Knowledge::Known(known) if **known == *content);
        // What it said of an earlier read may not have counted, and what is left out is tried again.
        let silent = known && !self.is_settled_empty() && self.omissions.is_none();
        if silent {
            self.read = Some(read.clone());
        }
        silent
    }

    /// Takes in what a full read found, unless something newer is known or on its way.
    pub(super) fn on_observed(&mut self, read: FullRead, content: Box<Observed>) {
        let outdated = self.reported.is_some_and(|at| at >= read.as_of);
        self.read = Some(read);
        if !outdated && !self.slot.is_taken() {
            self.note_drift(&content);
            self.knowledge = Knowledge::Known(content);
            self.try_omitted_again();
        }
    }

    pub(super) fn on_done(&mut self, slot: &Arc<Slot>, report: Report, at: Instant) {
        if !self.slot.is(slot) || !self.slot.finish(report.epoch) {
            return;
        }
        self.reported = Some(at);
        self.told.made(report.wrote && !self.knows_of_service());
        if report.wrote {
            let result = if report.trouble.is_none() { WriteResult::Complete } else { WriteResult::Incomplete };
            self.last_write = Some((Timestamp::now(), result));
        }
        let observed = match (report.observed, &self.knowledge) {
            (Some(observed), _) => observed,
            (None, Knowledge::Known(before) | Knowledge::Stale(before)) => before.clone(),
            (None, Knowledge::Unknown) => Box::default(),
        };
        self.drift.wrote(report.wrote);
        self.quarantined = report.standing.quarantined;
        match report.trouble {
            None => {
                // A read that succeeds says nothing about the write that failed.
                if report.wrote {
                    self.last_error = None;
                    self.urgency = Urgency::Bulk;
                    self.on_taken();
                }
                self.knowledge = Knowledge::Known(observed);
            }
            Some(Trouble { message, unclear, refusal }) => {
                self.knowledge = if unclear { Knowledge::Stale(observed) } else { Knowledge::Known(observed) };
                if refusal.is_some_and(|refusal| self.leave_out(refusal)) {
                    self.last_error = None;
                    self.urgency = Urgency::Interactive;
                    return;
                }
                tracing::warn!(gslb_service = %self.fqdn, error = message, "controller call failed");
                let since = self.last_error.take().filter(|(before, _)| *before == message).map(|(_, since)| since);
                self.last_error = Some((message, since.unwrap_or_else(Timestamp::now)));
                if report.standing.patient {
                    // Nobody waits for what is tried again in minutes.
                    self.urgency = Urgency::Bulk;
                }
            }
        }
    }

    /// Whether the controller is known to hold a service for the FQDN.
    fn knows_of_service(&self) -> bool {
        match &self.knowledge {
            Knowledge::Known(observed) | Knowledge::Stale(observed) => {
                observed.holdings().any(|holding| holding.service.is_some())
            }
            Knowledge::Unknown => false,
        }
    }

    pub(super) fn on_session_restarted(&mut self) {
        self.slot.reset();
        self.reported = None;
        self.read = None;
        self.quarantined = false;
        self.drift = Drifting::default();
        // The session reads everything before it writes anything.
        self.knowledge = Knowledge::Unknown;
    }
}
