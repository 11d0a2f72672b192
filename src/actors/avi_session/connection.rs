//! The phases: connecting, asking who leads, reading everything, and waiting while the controller cannot be used.

use super::api::AviApi;
use super::guard::guarded;
use super::phase::{ControllerState, Phase};
use super::queue::Queue;
use super::settings::ControllerSettings;
use super::work::concerns_controller;
use super::{AviSessionMsg, AviSessionState};
use crate::actors::board::ConnectionStatus;
use crate::actors::gs_directory::GsDirectoryMsg;
use crate::actors::policy_watcher::PolicyWatcherMsg;
use crate::avi::api::LeaderStatus;
use crate::avi::call_error::CallError;
use crate::avi::session::AviClient;
use crate::core::plan::Observed;
use ractor::ActorRef;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a stopping session waits for the controller to say goodbye.
const LOGOUT_PATIENCE: Duration = Duration::from_secs(2);

/// How often a controller that does not lead is asked again, at least.
const PASSIVE_POLL: Duration = Duration::from_secs(60);

impl AviSessionState {
    pub(super) fn configure(&mut self, myself: &ActorRef<AviSessionMsg>, settings: Option<Arc<ControllerSettings>>) {
        let same = match (&self.settings, &settings) {
            (Some(present), Some(new)) => present.same(new),
            (present, new) => present.is_none() && new.is_none(),
        };
        if same {
            return;
        }
        let same_session = matches!((&self.settings, &settings), (Some(old), Some(new)) if old.same_session(new));
        self.settings = settings;
        if same_session {
            self.adjust();
        } else {
            self.settings.clone().iter().for_each(|settings| self.concern(settings));
            self.restart_session(myself);
        }
    }

    /// Takes over what does not need another session.
    fn adjust(&mut self) {
        let Some(settings) = &self.settings else { return };
        self.deletions.adjust(&settings.deletions);
        if let Some(api) = &self.api {
            api.set_requests_per_second(settings.requests_per_second);
        }
        if let Phase::Ready { refresh_at } = &mut self.phase {
            *refresh_at = (*refresh_at).min(later(settings.refresh));
        }
    }

    pub(super) fn on_term(&mut self, myself: &ActorRef<AviSessionMsg>, term: Option<u64>) {
        let had = self.term.is_some();
        self.term = term;
        if had != term.is_some() {
            self.restart_session(myself);
        }
    }

    /// Starts over with the present settings: connects when there are some and this replica leads.
    pub(super) fn restart_session(&mut self, myself: &ActorRef<AviSessionMsg>) {
        self.generation += 1;
        if let Some(api) = self.api.take() {
            // What was decided for the earlier session is void, and what it was doing is unknown until the next list.
            self.calls.abort_all();
            self.queue = Queue::new(self.args.retry, Instant::now());
            self.args.directory.cast(GsDirectoryMsg::SessionRestarted);
            self.calls.spawn(log_out(api));
        }
        self.deletions.restart();
        self.adjust();
        self.questions.restart(Instant::now());
        self.phase = Phase::Idle;
        self.probing.reset();
        self.args.board.post(|notices| notices.avi_api.synced = false);
        self.open(myself);
    }

    /// Connects and asks who leads, when that is wanted.
    pub(super) fn open(&mut self, myself: &ActorRef<AviSessionMsg>) {
        let (Some(settings), Some(_)) = (self.settings.clone(), self.term) else { return };
        match self.connect(&settings) {
            Ok(api) => {
                self.api = Some(api);
                self.probe(myself);
            }
            Err(error) => self.stay_down(error, None),
        }
    }

    pub(super) fn connect(&self, settings: &ControllerSettings) -> Result<AviApi, String> {
        let transport = (self.args.transports)(&settings.tls)?;
        let transport = self.args.metrics.measured(transport);
        let client = AviClient::new(transport, settings.session.clone()).map_err(|error| error.to_string())?;
        client.set_requests_per_second(settings.requests_per_second);
        Ok(AviApi::new(client, settings.owner.clone()))
    }

    /// Asks who leads; the answer decides how it goes on.
    pub(super) fn probe(&mut self, myself: &ActorRef<AviSessionMsg>) {
        let Some(api) = self.api.clone() else { return };
        self.phase = self.phase.probing();
        let (myself, generation) = (myself.clone(), self.generation);
        self.calls.spawn(async move {
            let probed = |result| AviSessionMsg::Probed { generation, result: Box::new(result) };
            let message = guarded(api.probe()).await.map_or_else(AviSessionMsg::Crashed, probed);
            // The session owns this task: when it is gone, nobody waits for the answer.
            let _ = myself.cast(message);
        });
    }

    pub(super) fn on_probed(&mut self, myself: &ActorRef<AviSessionMsg>, result: Result<LeaderStatus, CallError>) {
        match result {
            Ok(LeaderStatus::Leader) => self.list(myself),
            Ok(LeaderStatus::NotInGslb) => self.stay_passive("the controller is in no GSLB"),
            Ok(LeaderStatus::Follower { leader_uuid, leader_name }) => {
                self.stay_passive(&format!("the GSLB leader is {}", leader_name.unwrap_or(leader_uuid)));
            }
            Err(error) => self.stay_down(error.to_string(), error.retry_after()),
        }
    }

    pub(super) fn list(&mut self, myself: &ActorRef<AviSessionMsg>) {
        let Some(api) = self.api.clone() else { return };
        self.phase = self.phase.listing();
        self.list_again = false;
        if self.phase == Phase::FirstList {
            self.tell(ControllerState::Syncing);
        }
        let (myself, generation, as_of) = (myself.clone(), self.generation, Instant::now());
        self.calls.spawn(async move {
            let listed = |result| AviSessionMsg::Listed { generation, as_of, result: Box::new(result) };
            let _ = myself.cast(guarded(api.list_own()).await.map_or_else(AviSessionMsg::Crashed, listed));
        });
    }

    pub(super) fn on_listed(
        &mut self,
        myself: &ActorRef<AviSessionMsg>,
        as_of: Instant,
        result: Result<BTreeMap<String, Observed>, CallError>,
    ) {
        match result {
            Ok(observed) => {
                tracing::info!(gslb_services = observed.len(), "controller read");
                let held = observed.iter().filter(|(_, observed)| observed.services().next().is_some());
                self.deletions.listed(held.map(|(fqdn, _)| fqdn.as_str().into()).collect(), Instant::now());
                self.args.directory.cast(GsDirectoryMsg::Observed { as_of, observed });
                let refresh = self.settings.as_ref().map_or(Duration::MAX, |settings| settings.refresh);
                self.phase = Phase::Ready { refresh_at: later(refresh) };
                self.args.board.post(|notices| {
                    notices.avi_api.connection_status = ConnectionStatus::Connected;
                    notices.avi_api.synced = true;
                });
                self.tell(ControllerState::Synced);
                self.questions.ask_all_again(Instant::now());
                if self.list_again {
                    self.list(myself);
                }
            }
            Err(error) => self.stay_down(error.to_string(), error.retry_after()),
        }
    }

    pub(super) fn resync(&mut self, myself: &ActorRef<AviSessionMsg>) {
        self.repeat_references();
        match self.phase {
            Phase::Ready { .. } => self.list(myself),
            // What it asks about may have happened after that read began.
            Phase::Relist => self.list_again = true,
            // A full read is to come.
            Phase::Idle | Phase::FirstProbe | Phase::FirstList | Phase::Reprobe | Phase::Down { .. } => {}
        }
    }

    /// Whether a failed call says more about the controller than about what the call was for; then everything stops
    /// until a probe succeeds.
    pub(super) fn is_controllers_trouble(&mut self, error: &CallError) -> bool {
        let concerned = concerns_controller(&error.failure);
        if concerned {
            self.on_controller_trouble(error);
        }
        concerned
    }

    /// A failure that concerns all calls: stop, and probe after the backoff.
    pub(super) fn on_controller_trouble(&mut self, error: &CallError) {
        if self.phase.may_write() {
            self.stay_down(error.to_string(), error.retry_after());
        }
    }

    pub(super) fn stay_down(&mut self, error: String, retry_after: Option<Duration>) {
        let delay = self.probing.fail(retry_after, &mut self.rng);
        tracing::warn!(error, retry_in = ?delay, "controller cannot be used, work waits");
        self.phase = Phase::Down { probe_at: later(delay) };
        self.args.board.post(|notices| {
            notices.avi_api.connection_status = ConnectionStatus::Disconnected;
            notices.avi_api.fail(error.clone());
        });
        self.tell(ControllerState::Unreachable(error));
    }

    pub(super) fn stay_passive(&mut self, status: &str) {
        tracing::warn!(status, "controller is not the GSLB leader, work waits");
        let refresh = self.settings.as_ref().map_or(PASSIVE_POLL, |settings| settings.refresh.min(PASSIVE_POLL));
        self.phase = Phase::Down { probe_at: later(refresh) };
        self.args.board.post(|notices| notices.avi_api.connection_status = ConnectionStatus::Connected);
        self.tell(ControllerState::NotLeader(status.to_owned()));
    }

    pub(super) fn tell(&mut self, state: ControllerState) {
        self.controller = Some(state.clone());
        self.args.policy.cast(PolicyWatcherMsg::Controller(state));
    }
}

/// `delay` from now, at most a year.
fn later(delay: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    Instant::now() + delay.min(YEAR)
}

/// Gives the session back to the controller, which allows an account only so many. It would idle out by itself, so a
/// failure harms nobody.
pub(super) async fn log_out(api: AviApi) {
    let _ = tokio::time::timeout(LOGOUT_PATIENCE, api.logout()).await;
}
