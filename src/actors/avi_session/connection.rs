//! The connections: opened with the settings in force, closed with them.

use super::api::AviApi;
use super::breaker::Breaker;
use super::connector::Connection;
use super::heartbeat::Pulse;
use super::phase::{ControllerState, Phase};
use super::queue::Queue;
use super::settings::ControllerSettings;
use super::{AviSessionMsg, AviSessionState, SessionMark};
use crate::actors::board::Reached;
use crate::actors::gs_directory::GsDirectoryMsg;
use crate::actors::policy_watcher::PolicyWatcherMsg;
use crate::core::knowledge::{Obstacle, in_words};
use ractor::ActorRef;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long what has begun may go on after the session has ended.
const FINISH: Duration = Duration::from_secs(4);

/// How long a session waits for the controller to say goodbye.
const LOGOUT_PATIENCE: Duration = Duration::from_secs(2);

/// How long the session of an operator that stops may take for both.
const STOP: Duration = Duration::from_millis(4300);

impl AviSessionState {
    pub(super) fn configure(&mut self, myself: &ActorRef<AviSessionMsg>, settings: Option<Arc<ControllerSettings>>) {
        let same = match (&self.settings, &settings) {
            (Some(present), Some(new)) => present.same(new),
            (present, new) => present.is_none() && new.is_none(),
        };
        if same {
            return;
        }
        let old = std::mem::replace(&mut self.settings, settings);
        match (old.as_deref(), self.settings.clone().as_deref()) {
            (Some(old), Some(new)) if old.same_session(new) => {
                self.adjust();
                self.adjust_following(myself, old.follow_leader, new.follow_leader);
                if old.secret_version != new.secret_version {
                    self.try_again(myself);
                }
            }
            (old, new) => {
                if old.map(|old| &old.session.address) != new.map(|new| &new.session.address) {
                    self.leadership = new.map(|new| self.args.memory.recall(&new.session.address)).unwrap_or_default();
                }
                if new.is_some_and(|new| !new.follow_leader) {
                    self.leadership.go_home();
                }
                new.iter().for_each(|settings| self.concern(settings));
                self.restart_session(myself);
            }
        }
    }

    /// Somebody saved the Secret: what the controller refused is worth a try.
    fn try_again(&mut self, myself: &ActorRef<AviSessionMsg>) {
        let current = self.current().is_some_and(|connection| connection.api.is_refused());
        self.connections.retain(|_, connection| !connection.api.is_refused());
        if current {
            tracing::info!("the credentials Secret was saved, the login is tried again");
            self.restart_session(myself);
        }
    }

    /// Takes over what does not need another session.
    fn adjust(&mut self) {
        let Some(settings) = &self.settings else { return };
        self.losses.adjust(&settings.deletions);
        self.args.metrics.session.limit(settings.requests_per_second);
        for connection in self.connections.values() {
            connection.api.set_requests_per_second(settings.requests_per_second);
        }
        if let Phase::Ready { refresh_at } = &mut self.phase {
            *refresh_at = (*refresh_at).min(later(settings.refresh));
        }
    }

    fn adjust_following(&mut self, myself: &ActorRef<AviSessionMsg>, followed: bool, follows: bool) {
        match (followed, follows) {
            (true, false) if self.address() != self.configured_address() => {
                self.leadership.go_home();
                self.restart_session(myself);
            }
            (true, false) => self.leave_others(),
            (false, true) => {
                if let Phase::Down { probe_at } = &mut self.phase {
                    *probe_at = Instant::now();
                }
            }
            _ => {}
        }
    }

    pub(super) fn on_term(&mut self, myself: &ActorRef<AviSessionMsg>, term: Option<u64>) {
        let had = self.term.is_some();
        self.term = term;
        if had != term.is_some() {
            // Who leads says nothing about a password: what was refused is not tried again for that.
            let connections = std::mem::take(&mut self.connections).into_iter();
            let (refused, used): (BTreeMap<_, _>, BTreeMap<_, _>) =
                connections.partition(|(_, connection)| connection.api.is_refused());
            self.connections = used;
            self.close_session();
            // Earlier sessions of theirs may still be open.
            for connection in refused.values() {
                self.goodbyes.spawn(log_out(connection.api.clone()));
            }
            self.connections = refused;
            self.open(myself);
        }
        if term.is_none() {
            self.forget_losses();
        }
    }

    /// Starts over with the present settings: connects when there are some and this replica leads.
    pub(super) fn restart_session(&mut self, myself: &ActorRef<AviSessionMsg>) {
        self.close_session();
        self.open(myself);
    }

    fn close_session(&mut self) {
        self.begin_again();
        for connection in std::mem::take(&mut self.connections).into_values() {
            self.goodbyes.spawn(leave(connection.api));
        }
    }

    /// What was decided for the earlier session is void, and what it was doing is unknown until the next list.
    pub(super) fn begin_again(&mut self) {
        self.generation += 1;
        self.mark = SessionMark::default();
        self.round += 1;
        if self.api.take().is_some() {
            self.calls.abort_all();
            self.queue = Queue::new(self.args.retry, Instant::now());
            self.args.directory.cast(GsDirectoryMsg::SessionRestarted);
        }
        self.losses.restart();
        self.args.metrics.session.conflict(false);
        self.adjust();
        self.questions.restart(Instant::now());
        self.phase = Phase::Idle;
        self.breaker = Breaker::default();
        self.probing.reset();
        self.relisting.reset();
        self.pulse = Pulse::Still;
        self.args.board.post(|notices| notices.avi_api.synced = false);
    }

    /// Connects and asks who leads, when that is wanted.
    pub(super) fn open(&mut self, myself: &ActorRef<AviSessionMsg>) {
        let wanted = self.settings.is_some() && self.term.is_some();
        let address = self.address().map(str::to_owned).filter(|_| wanted);
        self.args.board.post(|notices| notices.avi_api.controller.clone_from(&address));
        let Some(address) = address else {
            // Nothing is asked of it, so nothing is known of it.
            (self.said, self.troubled_since) = (None, None);
            self.args.board.post(|notices| notices.avi_api.known = None);
            return;
        };
        match self.connect(&address) {
            Ok(connection) => {
                self.api = Some(connection.api);
                self.probe(myself);
            }
            Err(error) => self.stay_down(error, None),
        }
    }

    /// The connection to the controller at this address: one for all purposes, so that a refused password is known.
    pub(super) fn connect(&mut self, address: &str) -> Result<Connection, String> {
        if let Some(connection) = self.connections.get(address) {
            return Ok(connection.clone());
        }
        let settings = self.settings.clone().ok_or("there is no GSLBConfig")?;
        if settings.controllers.as_ref().is_some_and(|listed| !listed.contains(address)) {
            return Err(format!(
                "key controllers of the credentials Secret does not list {address}, so its login does not go there; add the \
                 address to the key"
            ));
        }
        let connection = Connection::new(&self.args, &settings, address)?;
        self.connections.insert(address.to_owned(), connection.clone());
        Ok(connection)
    }

    pub(super) fn configured_address(&self) -> Option<&str> {
        self.settings.as_ref().map(|settings| settings.session.address.as_str())
    }

    /// Where the controller in use is.
    pub(super) fn address(&self) -> Option<&str> {
        self.configured_address().map(|configured| self.leadership.address(configured))
    }

    /// The connection to the controller in use.
    pub(super) fn current(&self) -> Option<&Connection> {
        self.connections.get(self.address()?)
    }

    /// Closes the sessions with all controllers but the one in use.
    fn leave_others(&mut self) {
        let address = self.address().unwrap_or_default().to_owned();
        let kept = self.connections.remove(&address).map(|kept| (address, kept));
        let others = std::mem::replace(&mut self.connections, kept.into_iter().collect());
        for connection in others.into_values() {
            self.goodbyes.spawn(leave(connection.api));
        }
    }

    /// Waits for something that has failed without saying why in a way that the operator understands.
    pub(super) fn stay_down(&mut self, error: String, retry_after: Option<Duration>) {
        let delay = self.probing.fail(retry_after, &mut self.rng);
        tracing::debug!(error, retry_in = in_words(delay), "controller cannot be used, work waits");
        self.phase = Phase::Down { probe_at: later(delay) };
        self.args.board.post(|notices| notices.avi_api.fail(error.clone()));
        self.tell(ControllerState::Unusable(Obstacle::SettingsUnusable, error));
    }

    /// Says in what state the controller is: to the policy watcher and on the board each time, in the log when that is
    /// another than before.
    pub(super) fn tell(&mut self, state: ControllerState) {
        let now = Instant::now();
        let before = self.said.filter(|(reason, _)| *reason == state.reason());
        if before.is_none() {
            self.log(&state, now);
        }
        let (reason, since) = before.unwrap_or((state.reason(), now));
        self.said = Some((reason, since));
        let known = Reached { reason, answers: state.answers(), since };
        self.args.board.post(|notices| notices.avi_api.known = Some(known));
        self.controller = Some(state.clone());
        self.args.policy.cast(PolicyWatcherMsg::Controller(state));
    }

    /// One line when trouble begins, or becomes another, and one when it is over.
    fn log(&mut self, state: &ControllerState, now: Instant) {
        let controller = self.address().unwrap_or_default().to_owned();
        match state {
            ControllerState::Unusable(obstacle, error) => {
                self.troubled_since.get_or_insert(now);
                let reason = obstacle.reason();
                tracing::warn!(
                    controller,
                    reason,
                    error,
                    "the controller cannot be used: work waits, and it is tried again"
                );
            }
            ControllerState::NotLeader(why) => {
                self.troubled_since.get_or_insert(now);
                tracing::warn!(
                    controller,
                    reason = "NotLeader",
                    why,
                    "the controller does not lead the GSLB: work waits"
                );
            }
            ControllerState::Syncing => {}
            ControllerState::Synced => match self.troubled_since.take() {
                Some(since) => {
                    let after = in_words(now.saturating_duration_since(since));
                    tracing::info!(controller, after, "the controller is in use again");
                }
                None => tracing::info!(controller, "the controller is in use"),
            },
        }
    }

    /// Tells what came of the last handshake with the controller in use, when that has changed.
    pub(super) fn tell_handshake(&mut self) {
        let Some(handshake) = self.current().map(Connection::handshake) else { return };
        if self.handshake != handshake {
            self.handshake = handshake.clone();
            self.args.policy.cast(PolicyWatcherMsg::Handshake(handshake));
        }
    }

    /// What the metrics say of the session.
    pub(super) fn measure(&self) {
        let sessions = self.connections.values().map(|connection| connection.api.sessions());
        self.args.metrics.session.set(sessions, self.breaker.state());
    }

    /// Ends all sessions, after what has begun.
    pub(super) async fn say_goodbye(&mut self) {
        for connection in self.connections.values() {
            self.goodbyes.spawn(leave(connection.api.clone()));
        }
        let goodbyes = std::mem::take(&mut self.goodbyes);
        let _ = tokio::time::timeout(STOP, goodbyes.join_all()).await;
    }
}

/// `delay` from now, at most a year.
pub(super) fn later(delay: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    Instant::now() + delay.min(YEAR)
}

/// Lets what has begun come to its end, and gives the session back.
async fn leave(api: AviApi) {
    api.finish(FINISH).await;
    log_out(api).await;
}

/// Gives the session back to the controller, which allows an account only so many. It would idle out by itself, so a
/// failure harms nobody.
async fn log_out(api: AviApi) {
    let _ = tokio::time::timeout(LOGOUT_PATIENCE, api.logout()).await;
}
