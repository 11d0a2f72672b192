//! Reading everything that belongs to the installation.

use super::breaker::is_outage;
use super::connection::later;
use super::guard::guarded;
use super::phase::{ControllerState, Phase};
use super::trouble::concerns_everybody;
use super::{AviSessionMsg, AviSessionState, FullRead};
use crate::actors::gs_directory::GsDirectoryMsg;
use crate::avi::call_error::CallError;
use crate::core::knowledge::in_words;
use crate::core::plan::Observed;
use ractor::ActorRef;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

impl AviSessionState {
    pub(super) fn list(&mut self, myself: &ActorRef<AviSessionMsg>) {
        let Some(api) = self.api.clone() else { return };
        self.phase = self.phase.listing();
        self.list_again = false;
        if self.phase == Phase::FirstList {
            self.tell(ControllerState::Syncing);
        }
        self.round += 1;
        let (myself, round, as_of) = (myself.clone(), self.round, Instant::now());
        if let Some(earlier) = self.listing.take() {
            earlier.abort();
        }
        let listing = self.calls.spawn(async move {
            let listed = |result| AviSessionMsg::Listed { round, as_of, result: Box::new(result) };
            let _ = myself.cast(guarded(api.list_own()).await.map_or_else(AviSessionMsg::Crashed, listed));
        });
        self.listing = Some(listing);
    }

    pub(super) fn on_listed(
        &mut self,
        myself: &ActorRef<AviSessionMsg>,
        as_of: Instant,
        result: Result<BTreeMap<String, Observed>, CallError>,
    ) {
        self.args.metrics.session.full_read(result.is_ok());
        match result {
            Ok(observed) => {
                tracing::info!(gslb_services = observed.len(), "controller read");
                let held = observed.iter().filter(|(_, observed)| observed.services().next().is_some());
                self.losses.listed(held.map(|(fqdn, _)| fqdn.as_str().into()).collect(), Instant::now());
                let read = FullRead { session: self.mark.clone(), as_of };
                self.args.directory.cast(GsDirectoryMsg::Observed { read, observed });
                let refresh = self.settings.as_ref().map_or(Duration::MAX, |settings| settings.refresh);
                self.phase = Phase::Ready { refresh_at: later(refresh) };
                self.relisting.reset();
                self.args.board.post(|notices| notices.avi_api.synced = true);
                self.tell(ControllerState::Synced);
                self.questions.ask_all_again(Instant::now());
                if self.list_again {
                    self.list(myself);
                }
            }
            Err(error) if self.phase == Phase::Relist && !concerns_everybody(&error.failure) => {
                self.read_again_soon(&error);
            }
            Err(error) => self.stop(&error),
        }
    }

    /// What is known stays in use, and the controller is asked and read again with growing pauses: a part of it that
    /// fails holds up nothing else.
    pub(super) fn read_again_soon(&mut self, error: &CallError) {
        let delay = self.relisting.fail(error.retry_after(), &mut self.rng);
        let outage = is_outage(&error.failure);
        tracing::warn!(%error, retry_in = in_words(delay), outage, "controller cannot be read again, work goes on with what is known");
        self.phase = Phase::Ready { refresh_at: later(delay) };
        self.args.board.post(|notices| notices.avi_api.fail(error.to_string()));
    }

    pub(super) fn resync(&mut self, myself: &ActorRef<AviSessionMsg>) {
        self.repeat_references();
        match &mut self.phase {
            Phase::Ready { .. } => self.list(myself),
            // What it asks about may have happened after that read began.
            Phase::Relist => self.list_again = true,
            Phase::Doubt { refresh_at } | Phase::Resting { refresh_at, .. } => *refresh_at = Instant::now(),
            // A full read is to come.
            Phase::Idle | Phase::FirstProbe | Phase::FirstList | Phase::Reprobe => {}
            Phase::Frozen { .. } | Phase::Down { .. } => {}
        }
    }
}
