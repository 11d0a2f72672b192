//! What others changed on the controller behind the operator's back (DB-10): noticed, told, and put right like any other
//! difference.

use super::{GsState, Knowledge};
use crate::actors::avi_session::AviSessionMsg;
use crate::core::plan::{Drift, DriftCounts, Observed, drift};

/// What was found and is not put right yet.
#[derive(Debug, Default)]
pub(super) struct Drifting {
    found: DriftCounts,
    /// Something was written since.
    wrote: bool,
}

impl Drifting {
    pub(super) fn wrote(&mut self, wrote: bool) {
        self.wrote |= wrote;
    }
}

impl GsState {
    /// A full read found this; what was known before is what was written last.
    pub(super) fn note_drift(&mut self, now: &Observed) {
        let Knowledge::Known(before) = &self.knowledge else { return };
        // What is still to be repaired was counted when it was found.
        let drifts = drift(before, now);
        if drifts.is_empty() {
            return;
        }
        for Drift { kind, tenant, name, fields } in &drifts {
            tracing::info!(fqdn = %self.fqdn, ?kind, tenant, name, ?fields, "changed on the controller by somebody else");
        }
        let counts = DriftCounts::of(&drifts);
        self.links.session.cast(AviSessionMsg::Drift(counts));
        let DriftCounts { services, monitors, .. } = self.drift.found;
        let (services, monitors) = (services + counts.services, monitors + counts.monitors);
        self.drift = Drifting { found: DriftCounts { services, monitors, ..counts }, wrote: false };
    }

    /// Nothing is left to do. Without a write, the change was what is wanted.
    pub(super) fn tell_drift_over(&mut self) {
        let speaks = self.context.settled && self.context.term.is_some();
        if self.drift.found.is_empty() || !speaks || !matches!(self.knowledge, Knowledge::Known(_)) {
            return;
        }
        let Drifting { found, wrote } = std::mem::take(&mut self.drift);
        if wrote {
            self.links.session.cast(AviSessionMsg::Drift(DriftCounts { repaired: true, ..found }));
        }
    }
}
