//! StatusWriter: writes what the operator has to say into the AMKO objects.
//!
//! *Owns* the newest text for each object, and for each GSLBHostRule what is known about it and about the service of
//! its FQDN. *Is told* full states, each replacing the one before. *Does* one patch per object at a time, of the status
//! alone, and makes and removes the objects that only carry a status. *Fails* by trying again with backoff; an object
//! that is gone is forgotten.

mod patch;
mod rules;

pub use crate::core::report::{RuleReport, ServiceReport, Sight};
pub use patch::Outcome;
pub use rules::Call;

use crate::core::precedence::ObjectName;
use crate::crd::{GslbHostRule, GslbHostRuleStatus};
use crate::kubernetes::discovery::{ABSENT_RETRY, StatusHeld, status_held};
use crate::retry::{Backoff, RetryPolicy, pause};
use jiff::Timestamp;
use kube::Client;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rules::{Author, Rules};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// An object that the operator may write to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    AmkoCluster(ObjectName),
    GslbConfig(ObjectName),
    GlobalDeploymentPolicy(ObjectName),
}

/// What to write. Never the spec.
#[derive(Debug, Clone, PartialEq)]
pub enum Update {
    Status(Value),
    /// `None` takes one away.
    Annotations(BTreeMap<String, Option<String>>),
}

impl Update {
    /// A status from its type. Fields that the type leaves out when empty stay as they are.
    pub fn status(status: &impl Serialize) -> Self {
        // Our own status types have string keys only and cannot fail to serialise.
        Self::Status(serde_json::to_value(status).unwrap_or(Value::Null))
    }
}

/// What the StatusWriter is told.
#[derive(Debug)]
pub enum StatusWriterMsg {
    /// The newest update for one object; an earlier one of the same kind that still waits is dropped.
    Write { target: Target, update: Update },
    /// An attempt has ended; `left` is what must be tried again.
    Done { key: Key, left: Option<Attempt> },
    /// What is known about a GSLBHostRule. Told only inside a term.
    Rule(Box<RuleReport>),
    /// Status and generation that a GSLBHostRule has now, and nothing else about it is another.
    Restated { rule: ObjectName, generation: Option<i64>, status: Box<GslbHostRuleStatus> },
    /// The GSLBHostRule was deleted.
    RuleGone(ObjectName),
    /// All there are, each to be reported anew: the first report after a restart, or of a term.
    OnlyRules(BTreeSet<ObjectName>),
    /// How the service of a rule in force is doing.
    Service { rule: ObjectName, report: Box<ServiceReport> },
    /// Nobody owns this FQDN any more.
    ServiceGone(Arc<str>),
    /// The directory was restarted, and with it everybody who speaks for a service.
    ServicesUnknown,
    /// Whether the service of an FQDN should have an object that only carries its status.
    Carrier { fqdn: Arc<str>, wanted: bool },
    /// What can be said of absent things.
    Sight(Sight),
    /// A call about a GSLBHostRule has ended.
    Called { object: ObjectName, call: Call, outcome: Outcome },
    /// What was passing may have passed.
    Calm(ObjectName),
    /// The pause after a failure is over.
    Rested(ObjectName),
    /// A status that was put right may be put right again.
    Uncontested(ObjectName),
    /// Some rules' status was written as a field; is it held apart by now?
    AskAboutStatus,
    /// The answer; `None` when there was none.
    StatusOfRules(Option<StatusHeld>),
    /// Test hook: fail as a bug would.
    Poison,
}

/// One stream of updates: object and what is written of it.
pub type Key = (Target, bool);

/// An update on its way, and its failures so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    update: Update,
    backoff: Backoff,
}

/// What the StatusWriter is made of.
#[derive(Clone)]
pub struct StatusWriterArgs {
    pub client: Client,
    /// Namespace of the AMKO objects.
    pub namespace: String,
    pub retry: RetryPolicy,
    pub seed: u64,
}

pub struct StatusWriterState {
    args: StatusWriterArgs,
    /// `None` while its patch is on its way and nothing newer waits.
    waiting: BTreeMap<Key, Option<Update>>,
    rules: Rules,
    lane: Lane,
    /// Whether an [`StatusWriterMsg::AskAboutStatus`] is on its way, or its answer.
    asking: bool,
    rng: StdRng,
    /// Aborted when the state is dropped.
    patches: JoinSet<()>,
}

/// Which GSLBHostRules are being written, and which wait for it. Only names wait; what is written is decided when a
/// name's turn comes.
#[derive(Debug, Default)]
struct Lane {
    in_flight: BTreeSet<ObjectName>,
    queue: VecDeque<ObjectName>,
    queued: BTreeSet<ObjectName>,
    /// With something to say that may be over in a moment.
    calming: BTreeSet<ObjectName>,
    /// Failures in a row.
    failures: BTreeMap<ObjectName, Backoff>,
    /// Waiting for the end of the pause after a failure.
    resting: BTreeSet<ObjectName>,
    /// Put right a short while ago, after it was written elsewhere.
    contested: BTreeSet<ObjectName>,
}

pub struct StatusWriter;

/// Longest wait for an answer of the API server.
const PATIENCE: Duration = Duration::from_secs(10);
/// GSLBHostRules written at the same time.
const WIDTH: usize = 16;
/// How often a status is put right that is written elsewhere as well: two writers must not answer each other.
const CONTESTED: Duration = Duration::from_secs(60);
/// How long something passing is not worth a patch.
const MOMENT: Duration = Duration::from_secs(1);

impl Actor for StatusWriter {
    type Msg = StatusWriterMsg;
    type State = StatusWriterState;
    type Arguments = StatusWriterArgs;

    async fn pre_start(
        &self,
        _myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(StatusWriterState {
            waiting: BTreeMap::new(),
            rules: Rules::new(args.namespace.clone()),
            lane: Lane::default(),
            asking: false,
            rng: StdRng::seed_from_u64(args.seed),
            patches: JoinSet::new(),
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
            StatusWriterMsg::Write { target, update } => state.on_write(&myself, target, update),
            StatusWriterMsg::Done { key, left } => state.on_done(&myself, key, left),
            StatusWriterMsg::Rule(report) => {
                let touched = state.rules.on_rule(*report);
                state.look_at_all(&myself, touched);
            }
            StatusWriterMsg::Restated { rule, generation, status } => {
                match state.rules.on_restated(&rule, generation, *status) {
                    Author::Here => state.look_at(&myself, rule, false),
                    Author::Elsewhere => state.contest(&myself, rule),
                }
            }
            StatusWriterMsg::RuleGone(name) => {
                let touched = state.rules.on_gone(name);
                state.look_at_all(&myself, touched);
            }
            StatusWriterMsg::OnlyRules(names) => {
                let touched = state.rules.on_only(&names);
                state.look_at_all(&myself, touched);
            }
            StatusWriterMsg::Service { rule, report } => {
                let name = state.rules.on_service(rule, report);
                state.look_at(&myself, name, false);
            }
            StatusWriterMsg::ServiceGone(fqdn) => {
                let touched = state.rules.on_service_gone(&fqdn);
                state.look_at_all(&myself, touched);
            }
            StatusWriterMsg::ServicesUnknown => state.rules.on_services_unknown(),
            StatusWriterMsg::Carrier { fqdn, wanted } => {
                let name = state.rules.on_carrier(fqdn, wanted);
                state.look_at(&myself, name, false);
            }
            StatusWriterMsg::Sight(sight) => {
                let touched = state.rules.on_sight(sight);
                state.look_at_all(&myself, touched);
            }
            StatusWriterMsg::Called { object, call, outcome } => state.on_called(&myself, object, call, outcome),
            StatusWriterMsg::Calm(name) => {
                state.lane.calming.remove(&name);
                state.look_at(&myself, name, true);
            }
            StatusWriterMsg::Uncontested(name) => {
                state.lane.contested.remove(&name);
                if state.rules.due(&name, Timestamp::now()).is_some() {
                    state.contest(&myself, name);
                }
            }
            StatusWriterMsg::Rested(name) => {
                state.lane.resting.remove(&name);
                state.look_at(&myself, name, true);
            }
            StatusWriterMsg::AskAboutStatus => state.ask_about_status(&myself),
            StatusWriterMsg::StatusOfRules(held) => state.on_status_of_rules(&myself, held),
            StatusWriterMsg::Poison => return Err("poisoned by the test hook".into()),
        }
        while state.patches.try_join_next().is_some() {}
        Ok(())
    }
}

impl StatusWriterState {
    fn on_write(&mut self, myself: &ActorRef<StatusWriterMsg>, target: Target, update: Update) {
        let key = (target, matches!(update, Update::Status(_)));
        match self.waiting.get_mut(&key) {
            Some(waiting) => *waiting = Some(update),
            None => self.attempt(myself, key, Attempt { update, backoff: Backoff::new(self.args.retry) }),
        }
    }

    fn on_done(&mut self, myself: &ActorRef<StatusWriterMsg>, key: Key, left: Option<Attempt>) {
        let newer = self.waiting.remove(&key).flatten();
        match (newer, left) {
            (Some(update), Some(left)) => self.attempt(myself, key, Attempt { update, ..left }),
            (Some(update), None) => {
                self.attempt(myself, key, Attempt { update, backoff: Backoff::new(self.args.retry) });
            }
            (None, Some(left)) => self.attempt(myself, key, left),
            (None, None) => {}
        }
    }

    /// Patches once and reports. An update that fails is tried again for as long as no newer one takes its place; the
    /// pause after a failure is part of the attempt.
    fn attempt(&mut self, myself: &ActorRef<StatusWriterMsg>, key: Key, mut attempt: Attempt) {
        self.waiting.insert(key.clone(), None);
        let client = self.args.client.clone();
        let delay = attempt.backoff.fail(None, &mut self.rng);
        let myself = myself.clone();
        self.patches.spawn(async move {
            let done = patch::write(&client, &key.0, &attempt.update).await != Outcome::Failed;
            if !done {
                pause(delay).await;
            }
            // The writer owns this task: when it is gone, so is the task.
            let _ = myself.cast(StatusWriterMsg::Done { key, left: (!done).then_some(attempt) });
        });
    }

    fn look_at_all(&mut self, myself: &ActorRef<StatusWriterMsg>, names: Vec<ObjectName>) {
        for name in names {
            self.look_at(myself, name, false);
        }
    }

    /// Queues a GSLBHostRule when something is to be done about it. One that is being written, or rests after a
    /// failure, is looked at again afterwards.
    fn look_at(&mut self, myself: &ActorRef<StatusWriterMsg>, name: ObjectName, waited: bool) {
        if self.lane.in_flight.contains(&name) || self.lane.resting.contains(&name) {
            return;
        }
        let Some(due) = self.rules.due(&name, Timestamp::now()) else { return };
        if due.passing && !waited {
            if self.lane.calming.insert(name.clone()) {
                // Not cancelled: when there is nothing left to say by then, nothing is said.
                drop(myself.send_after(MOMENT, || StatusWriterMsg::Calm(name)));
            }
            return;
        }
        if self.lane.queued.insert(name.clone()) {
            self.lane.queue.push_back(name);
        }
        self.fill_lane(myself);
    }

    /// Puts a status right that was written elsewhere, now or when that was not done for a while.
    fn contest(&mut self, myself: &ActorRef<StatusWriterMsg>, name: ObjectName) {
        if self.lane.contested.insert(name.clone()) {
            let again = name.clone();
            // Not cancelled: when there is nothing to put right by then, nothing is written.
            drop(myself.send_after(CONTESTED, || StatusWriterMsg::Uncontested(again)));
            self.look_at(myself, name, false);
        }
    }

    fn fill_lane(&mut self, myself: &ActorRef<StatusWriterMsg>) {
        while self.lane.in_flight.len() < WIDTH {
            let Some(object) = self.lane.queue.pop_front() else { return };
            self.lane.queued.remove(&object);
            let Some(due) = self.rules.due(&object, Timestamp::now()) else { continue };
            self.lane.in_flight.insert(object.clone());
            self.rules.on_begun(&object, &due.call);
            let (client, myself, call) = (self.args.client.clone(), myself.clone(), due.call);
            self.patches.spawn(async move {
                let outcome = patch::call(&client, &object, &call).await;
                // The writer owns this task: when it is gone, so is the task.
                let _ = myself.cast(StatusWriterMsg::Called { object, call, outcome });
            });
        }
    }

    fn on_called(&mut self, myself: &ActorRef<StatusWriterMsg>, object: ObjectName, call: Call, outcome: Outcome) {
        self.lane.in_flight.remove(&object);
        match outcome {
            Outcome::Settled | Outcome::AsField => {
                self.lane.failures.remove(&object);
                self.rules.on_settled(&object, call, outcome);
                if outcome == Outcome::AsField {
                    self.ask_later(myself);
                }
                self.look_at(myself, object, false);
            }
            Outcome::Failed => {
                self.rules.on_failed(&object);
                let retry = self.args.retry;
                let backoff = self.lane.failures.entry(object.clone()).or_insert_with(|| Backoff::new(retry));
                let delay = backoff.fail(None, &mut self.rng);
                self.lane.resting.insert(object.clone());
                drop(myself.send_after(delay, || StatusWriterMsg::Rested(object)));
            }
        }
        self.fill_lane(myself);
    }

    /// A definition that holds the status apart may come at any time.
    fn ask_later(&mut self, myself: &ActorRef<StatusWriterMsg>) {
        if !std::mem::replace(&mut self.asking, true) {
            drop(myself.send_after(ABSENT_RETRY, || StatusWriterMsg::AskAboutStatus));
        }
    }

    fn ask_about_status(&mut self, myself: &ActorRef<StatusWriterMsg>) {
        let (client, myself) = (self.args.client.clone(), myself.clone());
        self.patches.spawn(async move {
            let answer = timeout(PATIENCE, status_held::<GslbHostRule>(&client)).await;
            // The writer owns this task: when it is gone, so is the task.
            let _ = myself.cast(StatusWriterMsg::StatusOfRules(answer.ok().and_then(Result::ok)));
        });
    }

    /// What the field had no room for is written again where there is room now.
    fn on_status_of_rules(&mut self, myself: &ActorRef<StatusWriterMsg>, held: Option<StatusHeld>) {
        self.asking = false;
        if held != Some(StatusHeld::Apart) {
            return self.ask_later(myself);
        }
        let touched = self.rules.on_status_apart();
        self.look_at_all(myself, touched);
    }
}
