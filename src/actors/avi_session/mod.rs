//! AviSession: the only way to the controller.
//!
//! *Owns* the authenticated client, the queue of FQDNs with work, and the phase the controller is in. *Is told* which
//! controller to use, and the term inside which writes are allowed. *Does* the waiting work, a bounded number of FQDNs
//! at a time and each FQDN in order, and beside it finds out what others ask about the controller; no handler awaits the
//! network, calls run in tasks that report back. *Fails* by waiting: while the controller cannot be used work stays in
//! its slots, newest state only, questions stay open, and a probe with backoff finds out when it goes on.

mod api;
mod asking;
pub mod breaker;
mod connection;
mod connector;
mod full_read;
mod guard;
mod heartbeat;
mod lanes;
mod leadership;
mod leading;
mod lookups;
mod losses;
mod pace;
pub mod phase;
mod pump;
mod quarantine;
mod questions;
pub mod queue;
mod reading;
mod reason;
mod settings;
pub mod slot;
#[cfg(test)]
mod tests;
mod trouble;
mod work;

pub use full_read::{FullRead, SessionMark};
pub use heartbeat::BEAT;
pub use leadership::Memory;
pub use settings::{ControllerSettings, DeletionPolicy, Transports};
pub use work::{Completed, Ended};

use super::board::Board;
use super::gs_directory::GsDirectoryMsg;
use super::link::Link;
use super::policy_watcher::PolicyWatcherMsg;
use crate::avi::api::{Gslb, LeaderStatus};
use crate::avi::call_error::CallError;
use crate::core::omission::Refusal;
use crate::core::plan::{DriftCounts, Observed};
use crate::core::references::{Answer, Question};
use crate::retry::{Backoff, RetryPolicy};
use crate::telemetry::metrics::Metrics;
use api::AviApi;
use breaker::Breaker;
use connector::Connection;
pub use connector::Handshake;
use heartbeat::Pulse;
use leadership::Leadership;
use leading::Heard;
use lookups::Lookups;
use losses::Losses;
use phase::{ControllerState, Phase};
use quarantine::Quarantine;
use questions::Questions;
use queue::{Queue, Standing};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use rand::SeedableRng;
use rand::rngs::StdRng;
use slot::Slot;
use std::collections::{BTreeMap, BTreeSet};
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
    /// A slot has work, or has none any more.
    Enqueue(Arc<Slot>),
    /// Members are back that had been let go.
    Regained(Arc<str>),
    /// Somebody's decision needs to know this about the controller.
    Ask(BTreeSet<Question>),
    /// What these were asked for was changed: the answers have to be those of now.
    AskAgain(BTreeSet<Question>),
    /// The directory was restarted and needs to know what the controller holds.
    Resync,
    /// The policy watcher was restarted and needs to know what is known of the objects that policies refer to, and
    /// what is held.
    Republish,
    /// The controller in use said who leads, or did not.
    Probed {
        round: u64,
        result: Box<Result<LeaderStatus, CallError>>,
    },
    /// So did those of the other sites.
    Surveyed {
        round: u64,
        current: Box<Result<LeaderStatus, CallError>>,
        heard: Box<Heard>,
    },
    /// What a look at the idle controller found; nothing when it did not have its turn.
    Beat {
        generation: u64,
        result: Box<Option<Result<Option<Gslb>, CallError>>>,
    },
    Listed {
        round: u64,
        as_of: Instant,
        result: Box<Result<BTreeMap<String, Observed>, CallError>>,
    },
    /// The controller answered a question, or did not.
    Answered {
        generation: u64,
        question: Question,
        result: Box<Result<Answer, CallError>>,
    },
    Finished {
        generation: u64,
        slot: Arc<Slot>,
        completed: Box<Completed>,
    },
    /// What somebody else changed on the controller was noticed, or put right.
    Drift(DriftCounts),
    /// A call of the session itself panicked.
    Crashed(String),
    /// Something may be due.
    Tick,
    /// Test hook: fail as a bug would.
    Poison,
}

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
    /// How the session treats the FQDN from now on.
    pub standing: Standing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub message: String,
    /// The controller may hold something else than `observed` says.
    pub unclear: bool,
    /// The controller found the object itself invalid.
    pub refusal: Option<Refusal>,
}

/// What the session is made of.
pub struct AviSessionArgs {
    pub transports: Transports,
    pub directory: Link<GsDirectoryMsg>,
    pub policy: Link<PolicyWatcherMsg>,
    pub board: Board,
    pub metrics: Arc<Metrics>,
    /// What earlier incarnations knew of the GSLB.
    pub memory: Memory,
    pub retry: RetryPolicy,
    /// FQDNs that are worked on at the same time.
    pub concurrency: usize,
    /// Time between two looks at an idle controller; `None` looks only at full reads.
    pub heartbeat: Option<Duration>,
    pub seed: u64,
}

pub struct AviSessionState {
    args: AviSessionArgs,
    settings: Option<Arc<ControllerSettings>>,
    term: Option<u64>,
    phase: Phase,
    /// Of the controller in use.
    api: Option<AviApi>,
    /// To the controller in use and to those that were asked who leads, by address.
    connections: BTreeMap<String, Connection>,
    leadership: Leadership,
    breaker: Breaker,
    /// Counts configurations: answers to an earlier one are dropped.
    generation: u64,
    /// Of what is observed now, and of the work that follows from it.
    mark: SessionMark,
    /// Counts probes and full reads: of these, only the answer to the last one counts.
    round: u64,
    queue: Queue<Arc<str>, Arc<Slot>>,
    quarantine: Quarantine,
    losses: Losses,
    questions: Questions,
    /// What was told last, for a restarted policy watcher.
    controller: Option<ControllerState>,
    /// In one word, and since when.
    said: Option<(&'static str, Instant)>,
    /// Since when it cannot be used.
    troubled_since: Option<Instant>,
    /// How they fare, for people.
    lookups: Lookups,
    /// Somebody asked for a full read while one was on its way already.
    list_again: bool,
    /// The full read that is on its way, if any.
    listing: Option<AbortHandle>,
    pulse: Pulse,
    /// What was told of the last handshake.
    handshake: Handshake,
    /// Grows until a write succeeds: a controller that answers probes and refuses every write is not asked more often
    /// than one that is gone.
    probing: Backoff,
    /// Grows until a full read after the first one succeeds.
    relisting: Backoff,
    /// What kept the controllers of other sites from saying who leads, by address.
    site_errors: BTreeMap<String, String>,
    timer: Option<(Instant, AbortHandle)>,
    rng: StdRng,
    /// Aborted when the state is dropped.
    calls: JoinSet<()>,
    /// The ends of earlier connections.
    goodbyes: JoinSet<()>,
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
            connections: BTreeMap::new(),
            leadership: Leadership::default(),
            breaker: Breaker::default(),
            generation: 0,
            mark: SessionMark::default(),
            round: 0,
            queue: Queue::new(args.retry, Instant::now()),
            listing: None,
            pulse: Pulse::Still,
            handshake: Handshake::None,
            quarantine: Quarantine::default(),
            losses: Losses::new(Instant::now()),
            questions: Questions::new(args.retry, Instant::now()),
            controller: None,
            said: None,
            troubled_since: None,
            lookups: Lookups::default(),
            list_again: false,
            probing: Backoff::new(args.retry),
            relisting: Backoff::new(args.retry),
            site_errors: BTreeMap::new(),
            timer: None,
            rng: StdRng::seed_from_u64(args.seed),
            calls: JoinSet::new(),
            goodbyes: JoinSet::new(),
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
            AviSessionMsg::Enqueue(slot) => state.on_enqueue(slot),
            AviSessionMsg::Regained(fqdn) => state.losses.regained(&fqdn),
            AviSessionMsg::Ask(questions) => state.on_ask(questions),
            AviSessionMsg::AskAgain(questions) => state.on_ask_again(&questions),
            AviSessionMsg::Answered { generation, question, result } => {
                if generation == state.generation {
                    state.on_answered(question, *result);
                }
            }
            AviSessionMsg::Resync => state.resync(&myself),
            AviSessionMsg::Republish => state.repeat(),
            AviSessionMsg::Probed { round, result } => {
                if round == state.round && state.phase.is_probing() {
                    state.on_probed(&myself, *result);
                }
            }
            AviSessionMsg::Surveyed { round, current, heard } => {
                if round == state.round && state.phase.is_probing() {
                    state.conclude(&myself, *current, *heard);
                }
            }
            AviSessionMsg::Beat { generation, result } => {
                if generation == state.generation {
                    state.on_beat(&myself, *result);
                }
            }
            AviSessionMsg::Listed { round, as_of, result } => {
                if round == state.round && state.phase.is_listing() {
                    state.on_listed(&myself, as_of, *result);
                }
            }
            AviSessionMsg::Finished { generation, slot, completed } => {
                // Otherwise its owner hears that the session was restarted.
                if generation == state.generation {
                    state.on_finished(slot, *completed);
                }
            }
            AviSessionMsg::Drift(counts) => state.args.metrics.queue.drift(counts),
            AviSessionMsg::Crashed(panic) => return Err(panic.into()),
            AviSessionMsg::Tick => state.timer = None,
            AviSessionMsg::Poison => return Err("poisoned by the test hook".into()),
        }
        state.go_on(&myself);
        state.tell_handshake();
        state.measure();
        Ok(())
    }

    async fn post_stop(&self, _: ActorRef<Self::Msg>, state: &mut Self::State) -> Result<(), ActorProcessingErr> {
        state.calls.shutdown().await;
        state.say_goodbye().await;
        Ok(())
    }
}
