//! A look at an idle controller, every few seconds: whether it answers, and whether it still leads.
//!
//! One request that costs the controller next to nothing. What it finds is looked into by a probe, and what is wrong is
//! waited for as after any other failure: a beat decides nothing by itself and is never repeated.

use super::breaker::is_outage;
use super::guard::guarded;
use super::phase::{ControllerState, Phase};
use super::reason::obstacle;
use super::{AviSessionMsg, AviSessionState};
use crate::avi::api::Gslb;
use crate::avi::call_error::{CallError, Failure};
use crate::avi::transport::TransportError;
use ractor::ActorRef;
use std::time::Duration;
use tokio::time::Instant;

/// Time between two beats, and how long one is waited for.
pub const BEAT: Duration = Duration::from_secs(10);

/// When the next beat is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulse {
    /// Not before the controller is in use.
    Still,
    DueAt(Instant),
    /// One is on its way.
    Beating,
}

impl AviSessionState {
    /// Sends a beat that is due.
    pub(super) fn beat(&mut self, myself: &ActorRef<AviSessionMsg>, now: Instant) {
        let Some(pause) = self.args.heartbeat else { return };
        let looks = matches!(self.phase, Phase::Ready { .. }) && self.relisting.failures() == 0;
        match self.pulse {
            Pulse::Beating => {}
            _ if !looks => self.pulse = Pulse::Still,
            Pulse::Still => self.pulse = Pulse::DueAt(now + pause),
            Pulse::DueAt(at) if at > now => {}
            Pulse::DueAt(_) => self.send_beat(myself),
        }
    }

    fn send_beat(&mut self, myself: &ActorRef<AviSessionMsg>) {
        let (Some(api), Some(connection)) = (self.api.clone(), self.current().cloned()) else { return };
        self.pulse = Pulse::Beating;
        let (myself, generation, answered) = (myself.clone(), self.generation, connection.answers());
        self.calls.spawn(async move {
            let beat = |result| AviSessionMsg::Beat { generation, result: Box::new(result) };
            let message = match tokio::time::timeout(BEAT, guarded(api.gslb())).await {
                Ok(Ok(result)) => beat(Some(result)),
                Ok(Err(panic)) => AviSessionMsg::Crashed(panic),
                // Others were answered meanwhile, and this one waited for its turn.
                Err(_) if connection.answers() != answered => beat(None),
                Err(_) => beat(Some(Err(no_answer()))),
            };
            // The session owns this task: when it is gone, nobody waits for the answer.
            let _ = myself.cast(message);
        });
    }

    /// A beat came back, or did not have its turn.
    pub(super) fn on_beat(
        &mut self,
        myself: &ActorRef<AviSessionMsg>,
        result: Option<Result<Option<Gslb>, CallError>>,
    ) {
        self.pulse = Pulse::Still;
        let Phase::Ready { refresh_at } = self.phase else { return };
        match result {
            None => {}
            Some(Ok(gslb)) if self.leads_as_before(gslb.as_ref()) => {}
            Some(Ok(_)) => {
                tracing::info!("the controller's part in the GSLB has changed, it is asked who leads");
                self.probe(myself);
            }
            Some(Err(error)) if is_outage(&error.failure) => {
                tracing::debug!(%error, "the controller does not answer, it is asked whether it is well");
                self.args.board.post(|notices| notices.avi_api.fail(error.to_string()));
                self.tell(ControllerState::Unusable(obstacle(&error.failure), error.to_string()));
                self.phase = Phase::Doubt { refresh_at };
                self.probe(myself);
            }
            Some(Err(error)) if self.is_controllers_trouble(&error) => {}
            Some(Err(error)) => {
                tracing::warn!(%error, "the controller does not say who leads, it is asked again");
                self.probe(myself);
            }
        }
    }

    fn leads_as_before(&self, gslb: Option<&Gslb>) -> bool {
        gslb.is_some_and(|gslb| self.leadership.is_as_known(gslb) && !gslb.maintenance)
    }
}

fn no_answer() -> CallError {
    let failure =
        Failure::Transport(TransportError::Timeout(format!("the controller is silent for {} s", BEAT.as_secs())));
    CallError { what: "GET /api/gslb in tenant admin".into(), write: false, half_done: false, failure }
}
