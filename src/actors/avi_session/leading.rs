//! Finding out who leads the GSLB, and going there when that is wanted.

use super::breaker::{State, is_outage};
use super::connection::later;
use super::connector::Connection;
use super::guard::guarded;
use super::leadership::{Answer, Source, Verdict};
use super::phase::{ControllerState, Phase};
use super::trouble::concerns_everybody;
use super::{AviSessionMsg, AviSessionState};
use crate::avi::api::LeaderStatus;
use crate::avi::call_error::{CallError, Failure};
use crate::core::references::{Answer as References, GslbFacts, Question};
use futures::future::join_all;
use ractor::ActorRef;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How often a controller that does not lead is asked again, at least.
pub const PASSIVE_POLL: Duration = Duration::from_secs(20);

/// How long another site's controller is waited for at each of its addresses.
const PATIENCE: Duration = Duration::from_secs(15);

/// What the controllers of the other sites said.
#[derive(Debug, Default)]
pub struct Heard {
    pub answers: Vec<Answer>,
    /// By address.
    pub errors: BTreeMap<String, String>,
}

impl AviSessionState {
    /// Asks the controller in use who leads; the answer decides how it goes on.
    pub(super) fn probe(&mut self, myself: &ActorRef<AviSessionMsg>) {
        let Some(api) = self.api.clone() else { return };
        let may_be_down = self.breaker.state() != State::Closed || matches!(self.phase, Phase::Doubt { .. });
        if may_be_down {
            self.breaker.probe();
        }
        self.phase = self.phase.probing();
        self.round += 1;
        let (myself, round) = (myself.clone(), self.round);
        self.calls.spawn(async move {
            let probe = async { if may_be_down { api.probe_readiness().await } else { api.probe().await } };
            let probed = |result| AviSessionMsg::Probed { round, result: Box::new(result) };
            let message = guarded(probe).await.map_or_else(AviSessionMsg::Crashed, probed);
            // The session owns this task: when it is gone, nobody waits for the answer.
            let _ = myself.cast(message);
        });
    }

    pub(super) fn on_probed(&mut self, myself: &ActorRef<AviSessionMsg>, result: Result<LeaderStatus, CallError>) {
        let address = self.address().unwrap_or_default().to_owned();
        if let Ok(status) = &result {
            let source = if self.follows() { Source::InUse } else { Source::Only };
            self.leadership.learn(&Answer { address, status: status.clone() }, source);
        }
        let (others, barred) = if self.asks_others(&result) { self.others() } else { Default::default() };
        if others.is_empty() {
            return self.conclude(myself, result, Heard { answers: Vec::new(), errors: barred });
        }
        let (myself, round) = (myself.clone(), self.round);
        self.calls.spawn(async move {
            let asked = guarded(join_all(others.into_iter().map(ask_site))).await;
            let message = asked.map_or_else(AviSessionMsg::Crashed, |heard| {
                let mut all = Heard { answers: Vec::new(), errors: barred };
                for Heard { answers, mut errors } in heard {
                    all.answers.extend(answers);
                    all.errors.append(&mut errors);
                }
                AviSessionMsg::Surveyed { round, current: Box::new(result), heard: Box::new(all) }
            });
            let _ = myself.cast(message);
        });
    }

    /// A refused password is not tried on other controllers too, and one that leads and only seemed to be down need not
    /// be compared with them now.
    fn asks_others(&self, result: &Result<LeaderStatus, CallError>) -> bool {
        match result {
            Err(CallError { failure: Failure::InvalidCredentials(_) | Failure::AccountLocked(_), .. }) => false,
            Ok(status) if status.leads() && matches!(self.phase, Phase::Doubt { .. }) => false,
            _ => self.follows(),
        }
    }

    fn follows(&self) -> bool {
        self.settings.as_ref().is_some_and(|settings| settings.follow_leader)
    }

    /// Connections to the controllers that may lead beside the one in use, by site; and why there is none, by address.
    fn others(&mut self) -> (Vec<Vec<Connection>>, BTreeMap<String, String>) {
        let mut barred = BTreeMap::new();
        let (Some(current), Some(configured)) = (self.address(), self.configured_address()) else {
            return (Vec::new(), barred);
        };
        let sites = self.leadership.others(current, configured);
        let mut others = Vec::new();
        for site in sites {
            let mut connections = Vec::new();
            for address in site {
                match self.connect(&address) {
                    Ok(connection) => connections.push(connection),
                    Err(error) => drop(barred.insert(address, error)),
                }
            }
            if !connections.is_empty() {
                others.push(connections);
            }
        }
        (others, barred)
    }

    /// Everybody was asked.
    pub(super) fn conclude(
        &mut self,
        myself: &ActorRef<AviSessionMsg>,
        current: Result<LeaderStatus, CallError>,
        heard: Heard,
    ) {
        let Heard { answers: others, errors } = heard;
        self.note_errors(errors);
        others.iter().for_each(|answer| self.leadership.learn(answer, Source::Other));
        let address = self.address().unwrap_or_default().to_owned();
        let own = current.iter().map(|status| Answer { address: address.clone(), status: status.clone() });
        let answers: Vec<Answer> = own.chain(others).collect();
        let verdict = self.leadership.judge(&answers);
        self.args.memory.keep(self.configured_address().unwrap_or_default(), &self.leadership);
        let leader_site = self.leadership.leader().map(str::to_owned);
        self.args.board.post(|notices| notices.avi_api.leader_site = leader_site);
        self.args.metrics.session.conflict(matches!(verdict, Verdict::Conflict(_)));
        match &current {
            Err(error) if is_outage(&error.failure) => self.breaker.open(),
            _ => self.breaker.close(Instant::now()),
        }
        match (verdict, current) {
            (Verdict::Leader(leader), _) if leader.address == address => self.on_leader(myself, &leader),
            (Verdict::Leader(leader), _) => self.move_to(myself, &leader),
            (Verdict::Conflict(why) | Verdict::Former(why), _) => self.stay_passive(&why),
            (Verdict::Nobody, Ok(status)) => self.stay_passive(&self.who_leads(&status)),
            (Verdict::Nobody, Err(error)) => self.on_probe_failed(&error),
        }
    }

    /// Tells what is new; a site that is out of reach is asked often.
    fn note_errors(&mut self, errors: BTreeMap<String, String>) {
        for (controller, error) in &errors {
            if self.site_errors.get(controller) != Some(error) {
                tracing::warn!(controller, error, "another site's controller cannot be asked who leads");
                self.args.board.post(|notices| notices.avi_api.fail(format!("{controller}: {error}")));
            }
        }
        self.site_errors = errors;
    }

    fn who_leads(&self, status: &LeaderStatus) -> String {
        let Some(gslb) = &status.gslb else { return "the controller is in no GSLB".to_owned() };
        let leader = gslb.name_of(&gslb.leader_uuid);
        match self.follows() {
            true => format!("the GSLB leader is {leader}, whose controller does not say so; it is asked again"),
            false => format!("the GSLB leader is {leader}; with spec.gslbLeader.followLeader it would be followed"),
        }
    }

    /// The controller in use leads.
    fn on_leader(&mut self, myself: &ActorRef<AviSessionMsg>, leader: &Answer) {
        if let Some(connection) = self.current() {
            connection.forget_failures();
        }
        // A controller that tells neither sites nor domains says nothing about them.
        if let Some(gslb) = leader.status.gslb.as_ref().filter(|gslb| gslb.facts != GslbFacts::default()) {
            self.questions.learn(Question::Gslb, References::Gslb(gslb.facts.clone()));
        }
        match self.phase {
            _ if leader.status.gslb.as_ref().is_some_and(|gslb| gslb.maintenance) => {
                let why = "the GSLB system is in maintenance mode; leave it on the leader, what waits is then written";
                self.freeze(why, PASSIVE_POLL);
            }
            Phase::Doubt { refresh_at } => {
                self.phase = Phase::Ready { refresh_at };
                if self.controller != Some(ControllerState::Synced) {
                    self.tell(ControllerState::Synced);
                }
            }
            _ => self.list(myself),
        }
    }

    /// Another controller leads. It is read before anything is written there, and the present one is left at once.
    fn move_to(&mut self, myself: &ActorRef<AviSessionMsg>, leader: &Answer) {
        let from = self.address().unwrap_or_default().to_owned();
        let to = leader.address.clone();
        let site = self.leadership.leader().unwrap_or_default().to_owned();
        tracing::warn!(from, to, site, "the GSLB leadership has moved, and the operator follows it");
        self.begin_again();
        let configured = self.configured_address().unwrap_or_default().to_owned();
        self.leadership.found(&to, &configured);
        self.args.metrics.session.moved();
        self.args.board.post(|notices| notices.avi_api.controller = Some(to.clone()));
        match self.connect(&to) {
            Ok(connection) => {
                self.api = Some(connection.api);
                self.on_leader(myself, leader);
            }
            Err(error) => self.stay_down(error, None),
        }
    }

    /// Who leads is not known.
    fn on_probe_failed(&mut self, error: &CallError) {
        let goes_on = !concerns_everybody(&error.failure);
        match self.phase {
            Phase::Reprobe if goes_on => self.read_again_soon(error),
            // The controller answers after all, if not this question.
            Phase::Doubt { .. } if goes_on && !is_outage(&error.failure) => self.read_again_soon(error),
            _ => self.stop(error),
        }
    }

    fn stay_passive(&mut self, why: &str) {
        let refresh = self.settings.as_ref().map_or(PASSIVE_POLL, |settings| settings.refresh.min(PASSIVE_POLL));
        self.phase = Phase::Down { probe_at: later(refresh) };
        self.tell(ControllerState::NotLeader(why.to_owned()));
    }
}

/// Asks a controller at one address after the other, until there is an answer. After a refused password no other address
/// is tried: it may be that of the same account.
async fn ask_site(site: Vec<Connection>) -> Heard {
    let mut heard = Heard::default();
    for Connection { address, api, .. } in site {
        match tokio::time::timeout(PATIENCE, api.probe_readiness()).await {
            Ok(Ok(status)) => {
                return Heard { answers: vec![Answer { address, status }], ..Heard::default() };
            }
            Ok(Err(error)) => {
                let refused = matches!(error.failure, Failure::InvalidCredentials(_) | Failure::AccountLocked(_));
                heard.errors.insert(address, error.to_string());
                if refused {
                    break;
                }
            }
            Err(_) => drop(heard.errors.insert(address, format!("no answer in {PATIENCE:?}"))),
        }
    }
    heard
}
