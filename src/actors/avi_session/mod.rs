//! AviSession: the only way to the controller.
//!
//! *Owns* the authenticated client, the queue of FQDNs with work, and the phase the controller is in. *Is told* which
//! controller to use, and the term inside which writes are allowed. *Does* the waiting work, a bounded number of FQDNs
//! at a time and each FQDN in order; no handler awaits the network, calls run in tasks that report back. *Fails* by
//! waiting: while the controller cannot be used work stays in its slots, newest state only, and a probe with backoff
//! finds out when it goes on.

mod api;
pub mod phase;
pub mod queue;
pub mod slot;
mod work;

use super::board::{Board, ConnectionStatus, QueueNotice};
use super::gs_actor::GsMsg;
use super::gs_directory::GsDirectoryMsg;
use super::link::Link;
use super::policy_watcher::PolicyWatcherMsg;
use crate::avi::api::LeaderStatus;
use crate::avi::call_error::CallError;
use crate::avi::session::{AviClient, SessionSettings};
use crate::avi::transport::{AviTransport, TlsSettings};
use crate::core::owner::Owner;
use crate::core::plan::Observed;
use crate::core::references::Question;
use crate::retry::{Backoff, RetryPolicy};
use crate::telemetry::metrics::Metrics;
use api::AviApi;
use futures::FutureExt as _;
use phase::{ControllerState, Phase};
use queue::{Outcome, Queue};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use rand::SeedableRng;
use rand::rngs::StdRng;
use secrecy::ExposeSecret;
use slot::Slot;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

/// What the session is told.
#[derive(Debug)]
pub enum AviSessionMsg {
    /// Which controller to use, and as whom; `None` when there is no usable GSLBConfig.
    Configure(Option<Arc<ControllerSettings>>),
    /// The leadership term, while there is one.
    Term(Option<u64>),
    /// A slot has work.
    Enqueue(Arc<Slot>),
    /// Somebody's decision needs to know this about the controller.
    Ask(BTreeSet<Question>),
    /// The directory was restarted and needs to know what the controller holds.
    Resync,
    Probed {
        generation: u64,
        result: Box<Result<LeaderStatus, CallError>>,
    },
    Listed {
        generation: u64,
        as_of: Instant,
        result: Box<Result<BTreeMap<String, Observed>, CallError>>,
    },
    Finished {
        generation: u64,
        fqdn: Arc<str>,
        outcome: Outcome,
        controller: Option<Box<CallError>>,
    },
    /// A call of the session itself panicked.
    Crashed(String),
    /// Something may be due.
    Tick,
    /// Test hook: fail as a bug would.
    Poison,
}

/// Which controller, as whom, for whom.
#[derive(Debug, Clone)]
pub struct ControllerSettings {
    pub session: SessionSettings,
    pub tls: TlsSettings,
    pub owner: Owner,
    /// Time between two full reads of the controller.
    pub refresh: Duration,
}

impl ControllerSettings {
    /// Whether both lead to the same session with the same controller for the same owner.
    pub fn same(&self, other: &Self) -> bool {
        let Self { session, tls, owner, refresh } = self;
        session.address == other.session.address
            && session.username == other.session.username
            && session.password.expose_secret() == other.session.password.expose_secret()
            && session.version == other.session.version
            && *tls == other.tls
            && *owner == other.owner
            && *refresh == other.refresh
    }
}

/// Makes the transport to a controller; the seam to the outside.
pub type Transports = Arc<dyn Fn(&TlsSettings) -> Result<Arc<dyn AviTransport>, String> + Send + Sync>;

/// How a piece of work ended, for its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Mark of the slot from which the work was taken.
    pub epoch: u64,
    /// Whether at least one call changed something.
    pub wrote: bool,
    /// What the controller holds now, as far as is known; `None` when nothing was learnt about it.
    pub observed: Option<Box<Observed>>,
    pub trouble: Option<Trouble>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub message: String,
    /// The controller may hold something else than `observed` says.
    pub unclear: bool,
}

/// What the session is made of.
pub struct AviSessionArgs {
    pub transports: Transports,
    pub directory: Link<GsDirectoryMsg>,
    pub policy: Link<PolicyWatcherMsg>,
    pub board: Board,
    pub metrics: Arc<Metrics>,
    pub retry: RetryPolicy,
    /// FQDNs that are worked on at the same time.
    pub concurrency: usize,
    pub seed: u64,
}

pub struct AviSessionState {
    args: AviSessionArgs,
    settings: Option<Arc<ControllerSettings>>,
    term: Option<u64>,
    phase: Phase,
    api: Option<AviApi>,
    /// Counts configurations: answers to an earlier one are dropped.
    generation: u64,
    queue: Queue<Arc<Slot>>,
    /// Somebody asked for a full read while one was on its way already.
    list_again: bool,
    /// Grows until a write succeeds: a controller that answers probes and refuses every write is not asked more often
    /// than one that is gone.
    probing: Backoff,
    timer: Option<(Instant, AbortHandle)>,
    rng: StdRng,
    /// Aborted when the state is dropped.
    calls: JoinSet<()>,
}

pub struct AviSession;

impl Actor for AviSession {
    type Msg = AviSessionMsg;
    type State = AviSessionState;
    type Arguments = AviSessionArgs;

    async fn pre_start(
        &self,
        _myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(AviSessionState {
            settings: None,
            term: None,
            phase: Phase::Idle,
            api: None,
            generation: 0,
            queue: Queue::new(args.retry, Instant::now()),
            list_again: false,
            probing: Backoff::new(args.retry),
            timer: None,
            rng: StdRng::seed_from_u64(args.seed),
            calls: JoinSet::new(),
            args,
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            AviSessionMsg::Configure(settings) => state.configure(&myself, settings),
            AviSessionMsg::Term(term) => state.on_term(&myself, term),
            // Left before its owner heard that the session is over; it will hear, and decide again.
            AviSessionMsg::Enqueue(slot) if state.api.is_none() => slot.discard(),
            AviSessionMsg::Enqueue(slot) => state.queue.push(Arc::clone(&slot.fqdn), slot, Instant::now()),
            AviSessionMsg::Ask(_) => {}
            AviSessionMsg::Resync => state.resync(&myself),
            AviSessionMsg::Probed { generation, result } => {
                if generation == state.generation && state.phase.is_probing() {
                    state.on_probed(&myself, *result);
                }
            }
            AviSessionMsg::Listed { generation, as_of, result } => {
                if generation == state.generation && state.phase.is_listing() {
                    state.on_listed(&myself, as_of, *result);
                }
            }
            AviSessionMsg::Finished { generation, fqdn, outcome, controller } => {
                if generation == state.generation {
                    state.on_finished(&fqdn, outcome, controller.as_deref());
                }
            }
            AviSessionMsg::Crashed(panic) => return Err(panic.into()),
            AviSessionMsg::Tick => state.timer = None,
            AviSessionMsg::Poison => return Err("poisoned by the test hook".into()),
        }
        state.go_on(&myself);
        Ok(())
    }

    async fn post_stop(&self, _: ActorRef<Self::Msg>, state: &mut Self::State) -> Result<(), ActorProcessingErr> {
        state.calls.shutdown().await;
        if let Some(api) = &state.api {
            log_out(api.clone()).await;
        }
        Ok(())
    }
}

/// How long a stopping session waits for the controller to say goodbye.
const LOGOUT_PATIENCE: Duration = Duration::from_secs(2);

impl AviSessionState {
    fn configure(&mut self, myself: &ActorRef<AviSessionMsg>, settings: Option<Arc<ControllerSettings>>) {
        let same = match (&self.settings, &settings) {
            (Some(present), Some(new)) => present.same(new),
            (present, new) => present.is_none() && new.is_none(),
        };
        if !same {
            self.settings = settings;
            self.restart_session(myself);
        }
    }

    fn on_term(&mut self, myself: &ActorRef<AviSessionMsg>, term: Option<u64>) {
        let had = self.term.is_some();
        self.term = term;
        if had != term.is_some() {
            self.restart_session(myself);
        }
    }

    /// Starts over with the present settings: connects when there are some and this replica leads.
    fn restart_session(&mut self, myself: &ActorRef<AviSessionMsg>) {
        self.generation += 1;
        if let Some(api) = self.api.take() {
            // What was decided for the earlier session is void, and what it was doing is unknown until the next list.
            self.calls.abort_all();
            self.queue = Queue::new(self.args.retry, Instant::now());
            self.args.directory.cast(GsDirectoryMsg::SessionRestarted);
            self.calls.spawn(log_out(api));
        }
        self.phase = Phase::Idle;
        self.probing.reset();
        self.args.board.post(|notices| notices.avi_api.synced = false);
        self.open(myself);
    }

    /// Connects and asks who leads, when that is wanted.
    fn open(&mut self, myself: &ActorRef<AviSessionMsg>) {
        let (Some(settings), Some(_)) = (self.settings.clone(), self.term) else { return };
        match self.connect(&settings) {
            Ok(api) => {
                self.api = Some(api);
                self.probe(myself);
            }
            Err(error) => self.stay_down(error, None),
        }
    }

    fn connect(&self, settings: &ControllerSettings) -> Result<AviApi, String> {
        let transport = (self.args.transports)(&settings.tls)?;
        let transport = self.args.metrics.measured(transport);
        let client = AviClient::new(transport, settings.session.clone()).map_err(|error| error.to_string())?;
        Ok(AviApi::new(client, settings.owner.clone()))
    }

    /// Asks who leads; the answer decides how it goes on.
    fn probe(&mut self, myself: &ActorRef<AviSessionMsg>) {
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

    fn on_probed(&mut self, myself: &ActorRef<AviSessionMsg>, result: Result<LeaderStatus, CallError>) {
        match result {
            Ok(LeaderStatus::Leader) => self.list(myself),
            Ok(LeaderStatus::NotInGslb) => self.stay_passive("the controller is in no GSLB"),
            Ok(LeaderStatus::Follower { leader_uuid, leader_name }) => {
                self.stay_passive(&format!("the GSLB leader is {}", leader_name.unwrap_or(leader_uuid)));
            }
            Err(error) => self.stay_down(error.to_string(), error.retry_after()),
        }
    }

    fn list(&mut self, myself: &ActorRef<AviSessionMsg>) {
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

    fn on_listed(
        &mut self,
        myself: &ActorRef<AviSessionMsg>,
        as_of: Instant,
        result: Result<BTreeMap<String, Observed>, CallError>,
    ) {
        match result {
            Ok(observed) => {
                tracing::info!(gslb_services = observed.len(), "controller read");
                self.args.directory.cast(GsDirectoryMsg::Observed { as_of, observed });
                let refresh = self.settings.as_ref().map_or(Duration::MAX, |settings| settings.refresh);
                self.phase = Phase::Ready { refresh_at: later(refresh) };
                self.args.board.post(|notices| {
                    notices.avi_api.connection_status = ConnectionStatus::Connected;
                    notices.avi_api.synced = true;
                });
                self.tell(ControllerState::Synced);
                if self.list_again {
                    self.list(myself);
                }
            }
            Err(error) => self.stay_down(error.to_string(), error.retry_after()),
        }
    }

    fn resync(&mut self, myself: &ActorRef<AviSessionMsg>) {
        match self.phase {
            Phase::Ready { .. } => self.list(myself),
            // What it asks about may have happened after that read began.
            Phase::Relist => self.list_again = true,
            // A full read is to come.
            Phase::Idle | Phase::FirstProbe | Phase::FirstList | Phase::Reprobe | Phase::Down { .. } => {}
        }
    }

    fn on_finished(&mut self, fqdn: &Arc<str>, outcome: Outcome, controller: Option<&CallError>) {
        self.queue.finished(fqdn, outcome, Instant::now(), &mut self.rng);
        if outcome == Outcome::Done {
            self.probing.reset();
        }
        // A failure that concerns all calls: stop, and probe after the backoff.
        if let Some(error) = controller.filter(|_| self.phase.may_write()) {
            self.stay_down(error.to_string(), error.retry_after());
        }
    }

    fn stay_down(&mut self, error: String, retry_after: Option<Duration>) {
        let delay = self.probing.fail(retry_after, &mut self.rng);
        tracing::warn!(error, retry_in = ?delay, "controller cannot be used, work waits");
        self.phase = Phase::Down { probe_at: later(delay) };
        self.args.board.post(|notices| {
            notices.avi_api.connection_status = ConnectionStatus::Disconnected;
            notices.avi_api.fail(error.clone());
        });
        self.tell(ControllerState::Unreachable(error));
    }

    fn stay_passive(&mut self, status: &str) {
        tracing::warn!(status, "controller is not the GSLB leader, work waits");
        let refresh = self.settings.as_ref().map_or(PASSIVE_POLL, |settings| settings.refresh.min(PASSIVE_POLL));
        self.phase = Phase::Down { probe_at: later(refresh) };
        self.args.board.post(|notices| notices.avi_api.connection_status = ConnectionStatus::Connected);
        self.tell(ControllerState::NotLeader(status.to_owned()));
    }

    fn tell(&self, state: ControllerState) {
        self.args.policy.cast(PolicyWatcherMsg::Controller(state));
    }

    /// Does what is due, starts what may start, and arranges to be woken for the rest.
    fn go_on(&mut self, myself: &ActorRef<AviSessionMsg>) {
        let now = Instant::now();
        match self.phase {
            Phase::Down { probe_at } if probe_at <= now => match self.api {
                Some(_) => self.probe(myself),
                None => self.open(myself),
            },
            Phase::Ready { refresh_at } if refresh_at <= now => {
                // It has been quiet for that long.
                self.probing.reset();
                self.probe(myself);
            }
            _ => {}
        }
        self.queue.ripen(now);
        self.pump(myself, now);
        self.arm(myself);
        while self.calls.try_join_next().is_some() {}
        let notice =
            QueueNotice { waiting: self.queue.waiting(), delayed: self.queue.delayed(), in_flight: self.queue.busy() };
        self.args.board.post(|notices| notices.queue = notice);
        self.args.metrics.queue(notice);
    }

    fn pump(&mut self, myself: &ActorRef<AviSessionMsg>, now: Instant) {
        let (Some(api), Some(term)) = (self.api.clone(), self.term) else { return };
        while self.phase.may_write() && self.queue.busy() < self.args.concurrency {
            let Some((fqdn, slot)) = self.queue.pop() else { return };
            match slot.take(term) {
                Some(taken) => {
                    drop(self.calls.spawn(work_on(myself.clone(), self.generation, api.clone(), slot, taken)))
                }
                None => self.queue.finished(&fqdn, Outcome::Interrupted, now, &mut self.rng),
            }
        }
    }

    /// Keeps one timer, for the earliest thing that becomes due.
    fn arm(&mut self, myself: &ActorRef<AviSessionMsg>) {
        let due = [self.phase.due(), self.queue.next_deadline()].into_iter().flatten().min();
        if self.timer.as_ref().map(|(at, _)| *at) == due {
            return;
        }
        if let Some((_, timer)) = self.timer.take() {
            timer.abort();
        }
        if let Some(at) = due {
            let wait = at.saturating_duration_since(Instant::now());
            let timer = myself.send_after(wait, || AviSessionMsg::Tick).abort_handle();
            self.timer = Some((at, timer));
        }
    }
}

/// How often a controller that does not lead is asked again, at least.
const PASSIVE_POLL: Duration = Duration::from_secs(60);

/// `delay` from now, at most a year.
fn later(delay: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    Instant::now() + delay.min(YEAR)
}

async fn work_on(myself: ActorRef<AviSessionMsg>, generation: u64, api: AviApi, slot: Arc<Slot>, taken: slot::Taken) {
    let epoch = taken.epoch;
    let completed = guarded(work::run(&api, &slot.fqdn, taken.work.task, epoch)).await;
    let completed = completed.unwrap_or_else(|panic| work::crashed(panic, epoch));
    slot.report(GsMsg::Done(completed.report));
    let finished = AviSessionMsg::Finished {
        generation,
        fqdn: Arc::clone(&slot.fqdn),
        outcome: completed.outcome,
        controller: completed.controller.map(Box::new),
    };
    let _ = myself.cast(finished);
}

/// A panic as an error: a task that died silently would be waited for for ever.
async fn guarded<T>(call: impl Future<Output = T>) -> Result<T, String> {
    AssertUnwindSafe(call).catch_unwind().await.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        format!("a bug: panic during a controller call: {}", text.unwrap_or_else(|| "no message".into()))
    })
}

/// Gives the session back to the controller, which allows an account only so many. It would idle out by itself, so a
/// failure harms nobody.
async fn log_out(api: AviApi) {
    let _ = tokio::time::timeout(LOGOUT_PATIENCE, api.logout()).await;
}
