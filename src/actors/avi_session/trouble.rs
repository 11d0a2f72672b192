//! What a failed call means for all others: see `docs/RULES.md#what-a-failure-means`.

use super::api::AviApi;
use super::breaker::is_outage;
use super::connection::later;
use super::heartbeat::BEAT;
use super::phase::{ControllerState, Phase};
use super::reason::obstacle;
use super::{AviSessionMsg, AviSessionState};
use crate::avi::call_error::{CallError, Failure, Remedy};
use crate::core::knowledge::{Obstacle, in_words};
use crate::retry::slow;
use ractor::ActorRef;
use std::time::Duration;
use tokio::time::Instant;

/// The longest pause until a controller that does not answer is asked again, unless it asks for more itself: as long as it
/// may have been away unnoticed.
const LONGEST: Duration = BEAT;

/// Whether the next call, about another FQDN, would fail for the same reason. Of failures that may be those of a part of
/// the controller, the breaker decides.
pub fn concerns_everybody(failure: &Failure) -> bool {
    match failure {
        Failure::NotLeader(_) | Failure::Maintenance(_) | Failure::Upgrade(_) => true,
        Failure::InvalidCredentials(_) | Failure::SessionLimit(_) | Failure::NoSession | Failure::BadSession(_) => true,
        Failure::RateLimited { .. } | Failure::InvalidVersion(_) => true,
        Failure::AccountLocked(_) | Failure::NotReady(_) => true,
        Failure::Transport(_) | Failure::ServerError { .. } => false,
        Failure::NotFound(_) | Failure::AlreadyExists(_) | Failure::OwnedElsewhere { .. } => false,
        Failure::DomainConflict(_) | Failure::StaleWrite(_) | Failure::InUse(_) | Failure::UnknownTenant(_) => false,
        Failure::Forbidden(_) | Failure::BadRequest(_) | Failure::Unexpected { .. } => false,
        Failure::Malformed(_) | Failure::UnstableList | Failure::Quota(_) | Failure::Redirected(_) => false,
        Failure::Withdrawn | Failure::Recalled | Failure::MoveBroken { .. } => false,
    }
}

impl AviSessionState {
    /// Ends what is over by now, and doubts the controller when there is reason to.
    pub(super) fn look_after(&mut self, myself: &ActorRef<AviSessionMsg>, now: Instant) {
        match self.phase {
            Phase::Down { probe_at } | Phase::Frozen { probe_at } if probe_at <= now => match self.api {
                Some(_) => self.probe(myself),
                None => self.open(myself),
            },
            Phase::Ready { refresh_at } if refresh_at <= now => {
                if self.relisting.failures() == 0 {
                    // It has been quiet for that long.
                    self.probing.reset();
                }
                self.probe(myself);
            }
            Phase::Resting { until, refresh_at } if until <= now => self.phase = Phase::Ready { refresh_at },
            _ => {}
        }
        if self.doubts(now)
            && let Some(refresh_at) = self.phase.refresh_at(now)
        {
            let is_asked = self.phase == Phase::Reprobe;
            tracing::warn!("many calls to the controller have failed in a row, it is asked whether it is well");
            self.phase = Phase::Doubt { refresh_at };
            if is_asked { self.breaker.probe() } else { self.probe(myself) }
        }
    }

    /// Whether so many exchanges have failed in a row that the whole controller may have.
    fn doubts(&self, now: Instant) -> bool {
        let row = self.current().map_or(0, |connection| connection.row());
        self.phase.may_write() && self.breaker.doubts(row, now)
    }

    /// Whether a failed call says more about the controller than about what the call was for.
    pub(super) fn is_controllers_trouble(&mut self, error: &CallError) -> bool {
        if error.failure == Failure::Withdrawn {
            return true;
        }
        if concerns_everybody(&error.failure) {
            if self.phase.is_synced() || matches!(self.phase, Phase::Frozen { .. }) {
                self.stop(error);
            }
            return true;
        }
        is_outage(&error.failure) && (!self.phase.may_read() || self.doubts(Instant::now()))
    }

    /// Stops all work after a failure that concerns everybody, for as long as it makes sense.
    pub(super) fn stop(&mut self, error: &CallError) {
        if let (Failure::RateLimited { .. }, Phase::Resting { until, .. }) = (&error.failure, &mut self.phase) {
            // Sent before the pause began: no reason to make it longer than the controller asks for.
            *until = (*until).max(later(error.retry_after().unwrap_or_default()));
            return;
        }
        let delay = self.pause_after(error);
        match (&error.failure, self.phase.refresh_at(Instant::now())) {
            (Failure::RateLimited { .. }, Some(refresh_at)) => self.rest(error, delay, refresh_at),
            // What it refuses is a read.
            (Failure::Maintenance(_) | Failure::Upgrade(_), _) if !matches!(self.phase, Phase::Frozen { .. }) => {
                self.freeze(&error.to_string(), delay);
            }
            (Failure::NotLeader(_), _) => {
                self.phase = Phase::Down { probe_at: later(delay) };
                self.args.board.post(|notices| notices.avi_api.fail(error.to_string()));
                self.tell(ControllerState::NotLeader(error.to_string()));
            }
            _ => {
                tracing::debug!(%error, retry_in = in_words(delay), "controller cannot be used, work waits");
                self.phase = Phase::Down { probe_at: later(delay) };
                self.args.board.post(|notices| notices.avi_api.fail(error.to_string()));
                self.tell(ControllerState::Unusable(obstacle(&error.failure), error.to_string()));
            }
        }
    }

    /// The controller asked for a pause, which is an answer: it is well.
    fn rest(&mut self, error: &CallError, delay: Duration, refresh_at: Instant) {
        tracing::warn!(%error, pause = in_words(delay), "the controller asks for fewer requests, work waits");
        self.breaker.close(Instant::now());
        self.phase = Phase::Resting { until: later(delay), refresh_at };
        self.args.board.post(|notices| notices.avi_api.fail(format!("{error}; work waits for {}", in_words(delay))));
    }

    /// Writes wait, reads go on.
    pub(super) fn freeze(&mut self, why: &str, delay: Duration) {
        tracing::debug!(why, retry_in = in_words(delay), "the controller takes no writes, they wait");
        self.phase = Phase::Frozen { probe_at: later(delay) };
        self.args.board.post(|notices| notices.avi_api.fail(why.to_owned()));
        self.tell(ControllerState::Unusable(Obstacle::Maintenance, why.to_owned()));
    }

    /// How long nothing is sent.
    fn pause_after(&mut self, error: &CallError) -> Duration {
        match (&error.failure, error.remedy()) {
            // Who leads is asked at once, unless the answer was of no use the last time.
            (Failure::NotLeader(_), _) => {
                let first = self.probing.failures() == 0;
                let delay = self.probing.fail(None, &mut self.rng);
                if first { Duration::ZERO } else { delay }
            }
            (Failure::RateLimited { .. }, _) => self.probing.fail(error.retry_after(), &mut self.rng),
            // Before that no login is sent, so nothing else is announced.
            (Failure::InvalidCredentials(_) | Failure::AccountLocked(_), _) => {
                let until = self.api.as_ref().and_then(AviApi::refused_until);
                until.map_or_else(|| slow(&mut self.rng), |until| until.saturating_duration_since(Instant::now()))
            }
            (_, Remedy::Slow | Remedy::Human) => slow(&mut self.rng),
            (_, Remedy::Backoff | Remedy::Reread) => {
                let delay = self.probing.fail(error.retry_after(), &mut self.rng);
                if error.retry_after().is_some() { delay } else { delay.min(LONGEST) }
            }
        }
    }
}
