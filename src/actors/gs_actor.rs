//! GsActor: the owner of one FQDN.
//!
//! *Owns* the endpoints, the policy it last saw and what the controller is known to hold. *Is told* each of these as a
//! full state. *Does* one thing after each: decides anew and, when the controller differs, leaves the writes in its
//! slot of the session's queue. While a write is in flight it only listens, so any number of changes become one next
//! write. *Fails* alone: what it knew is given to it again, and the controller's side is read again before it writes.

mod account;
mod drift;
mod reporting;

use super::avi_session::slot::{Class, Reading, Removal, Slot, Task, Work};
use super::avi_session::{AviSessionMsg, Report, Trouble};
use super::event_writer::EventWriterMsg;
use super::gs_directory::GsDirectoryMsg;
use super::link::Link;
use super::offers::Offers;
use super::status_writer::StatusWriterMsg;
use crate::avi::urgency::Urgency;
use crate::core::build::{Built, Decision, Inputs, build};
use crate::core::host_rule::RuleState;
use crate::core::inventory::Offer;
use crate::core::plan::{Observed, Unseen, Write, keep_unseen, plan};
use crate::core::policy::{DeploymentState, PolicySnapshot};
use crate::core::references::Catalog;
pub use crate::core::report::SyncState;
use crate::core::report::WriteResult;
use account::{Decided, Told};
use drift::Drifting;
use jiff::Timestamp;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::time::Instant;

/// What a GsActor is told.
#[derive(Debug)]
pub enum GsMsg {
    /// What one cluster offers for this FQDN; empty when nothing any more.
    Offer {
        cluster: Arc<str>,
        offer: Offer,
        urgency: Urgency,
    },
    /// The GSLBHostRule of this FQDN.
    Rule(RuleState),
    /// The further domain names that belong to this service, sorted.
    Aliases(Arc<[Arc<str>]>),
    /// The policy, the clusters that were never completely seen, and the leadership term.
    Context(Arc<Context>),
    /// A full read of the controller, begun at `as_of`, says that it holds this.
    Observed {
        as_of: Instant,
        content: Box<Observed>,
    },
    /// The work that was in the slot has been done, or not.
    Done(Report),
    /// The session was restarted: work that it held is lost, and what it was doing is unknown.
    SessionRestarted,
    /// The StatusWriter was restarted: report again.
    ReportAgain,
    /// The EventWriter was restarted: tell it again how things are.
    TellAgain,
    View(RpcReplyPort<GsView>),
    /// Test hook: fail as a bug would.
    Poison,
}

/// What is the same for every FQDN.
#[derive(Debug, PartialEq, Eq)]
pub struct Context {
    pub policy: Arc<PolicySnapshot>,
    /// What is known about the objects on the controller that policies refer to.
    pub catalog: Arc<Catalog>,
    pub unseen: Unseen,
    /// All member clusters that were never completely seen, whether the policy picks them or not.
    pub unheard: Unseen,
    /// Writes are decided inside a term, and are refused outside of it.
    pub term: Option<u64>,
    /// Whether the first look at all clusters is over; before, nothing is written.
    pub settled: bool,
}

/// What the actor knows about the controller's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Knowledge {
    /// No full read has come in since the session began.
    Unknown,
    Known(Box<Observed>),
    /// Something happened in between (an unclear answer, a conflict, a restart): read again before deciding.
    Stale(Box<Observed>),
}

/// What a GsActor is made of.
pub struct GsArgs {
    pub fqdn: Arc<str>,
    pub offers: Offers,
    pub rule: RuleState,
    pub aliases: Arc<[Arc<str>]>,
    pub context: Arc<Context>,
    pub knowledge: Knowledge,
    /// Of the first decision.
    pub urgency: Urgency,
    pub session: Link<AviSessionMsg>,
    pub directory: Link<GsDirectoryMsg>,
    pub status: Link<StatusWriterMsg>,
    pub events: Link<EventWriterMsg>,
}

/// What is shown of one FQDN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GsView {
    pub fqdn: Arc<str>,
    pub built: Built,
    pub rule: RuleState,
    pub knowledge: Knowledge,
    pub state: SyncState,
    pub last_write: Option<Timestamp>,
    pub last_error: Option<String>,
}

/// The state of a GsActor, a plain struct.
pub struct GsState {
    fqdn: Arc<str>,
    offers: Offers,
    rule: RuleState,
    aliases: Arc<[Arc<str>]>,
    context: Arc<Context>,
    knowledge: Knowledge,
    slot: Arc<Slot>,
    session: Link<AviSessionMsg>,
    directory: Link<GsDirectoryMsg>,
    status: Link<StatusWriterMsg>,
    events: Link<EventWriterMsg>,
    /// When the last piece of work came back.
    reported: Option<Instant>,
    last_write: Option<(Timestamp, WriteResult)>,
    /// Since when it fails so.
    last_error: Option<(String, Timestamp)>,
    said: Said,
    /// What the EventWriter was told.
    told: Told,
    /// Of what is not done yet.
    urgency: Urgency,
    /// Of what came while work was being done; that work knows nothing of it.
    meanwhile: Urgency,
    /// It failed too often, and no write has succeeded since.
    quarantined: bool,
    drift: Drifting,
}

/// What the actor has said that need not be said again.
#[derive(Debug, Default)]
struct Said {
    /// That it follows the policy of the present context.
    in_sync: bool,
    /// Whether an object should carry the status of this service.
    carrier: bool,
}

pub struct GsActor;

impl Actor for GsActor {
    type Msg = GsMsg;
    type State = GsState;
    type Arguments = GsArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        let GsArgs { fqdn, offers, rule, aliases, context, knowledge, urgency, session, directory, status, events } =
            args;
        let slot = Arc::new(Slot::new(Arc::clone(&fqdn), myself));
        let mut state = GsState {
            fqdn,
            offers,
            rule,
            aliases,
            context,
            knowledge,
            slot,
            session,
            directory,
            status,
            events,
            reported: None,
            last_write: None,
            last_error: None,
            said: Said::default(),
            told: Told::default(),
            urgency,
            meanwhile: Urgency::Bulk,
            quarantined: false,
            drift: Drifting::default(),
        };
        state.decide();
        Ok(state)
    }

    async fn handle(
        &self,
        _myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let mut urgency = Urgency::Bulk;
        // While everything is new, nobody waits for one.
        let of_change = if state.context.settled { Urgency::Interactive } else { Urgency::Bulk };
        match message {
            GsMsg::Offer { cluster, offer, urgency: of_offer } => {
                urgency = of_offer;
                state.offers.set(cluster, offer);
            }
            GsMsg::Rule(rule) => {
                urgency = of_change;
                state.rule = rule;
            }
            GsMsg::Aliases(aliases) => {
                urgency = of_change;
                state.aliases = aliases;
            }
            GsMsg::Context(context) => {
                state.offers.retain(|cluster| is_member(&context, cluster));
                state.said.in_sync &= state.context.policy == context.policy;
                state.context = context;
            }
            GsMsg::Observed { as_of, content } => state.on_observed(as_of, content),
            GsMsg::Done(report) => state.on_done(report),
            GsMsg::SessionRestarted => state.on_session_restarted(),
            GsMsg::ReportAgain => state.said.carrier = false,
            GsMsg::TellAgain => state.told.forget(),
            GsMsg::View(reply) => {
                // The asker may have gone; that is its own business.
                let _ = reply.send(state.view());
                return Ok(());
            }
            GsMsg::Poison => return Err("poisoned by the test hook".into()),
        }
        state.is_urgent(urgency);
        state.decide();
        Ok(())
    }
}

/// Whether a cluster still belongs to the installation. Without an installation nothing is known to have left it.
fn is_member(context: &Context, cluster: &str) -> bool {
    context.policy.installation.as_ref().is_none_or(|i| i.member_clusters.contains(cluster))
}

/// Names of the monitors that may exist, and tenants in which to look; `None` when nothing says where to look.
fn what_to_read(decision: &Decision, observed: &Observed) -> Option<Reading> {
    let mut monitors: BTreeSet<String> = observed.holdings().flat_map(|held| held.monitors.keys()).cloned().collect();
    let mut tenants: BTreeSet<String> = observed.holdings().map(|held| held.tenant.clone()).collect();
    if let Decision::Service(desired) = decision {
        tenants.insert(desired.service.tenant.clone());
        monitors.extend(desired.monitors.iter().map(|m| m.name.clone()));
    }
    (!tenants.is_empty()).then_some(Reading { monitors, tenants })
}

impl GsState {
    /// Decides anew and leaves what is to be done in the slot.
    fn decide(&mut self) {
        if self.slot.is_taken() {
            return;
        }
        let mut built = self.build();
        let questions = std::mem::take(&mut built.questions);
        if !questions.is_empty() {
            self.session.cast(AviSessionMsg::Ask(questions));
        }
        self.look_everywhere(&built.decision);
        // Only what is reported is kept longer than it takes to plan.
        let reported = self.is_reported().then(|| built.clone());
        let waits = matches!(built.decision, Decision::Wait(_));
        let mut decided = Decided { members: built.members, refused: built.refused, waits, done: false };
        match self.task(built.decision) {
            Some((task, term)) => {
                let class = Class { urgency: self.urgency, removal: self.removal(&task) };
                if self.slot.put(Work { task, term, class }) {
                    self.session.cast(AviSessionMsg::Enqueue(Arc::clone(&self.slot)));
                }
            }
            None => {
                if self.slot.clear() {
                    self.session.cast(AviSessionMsg::Enqueue(Arc::clone(&self.slot)));
                }
                self.urgency = Urgency::Bulk;
                decided.done = true;
                self.forget_errors(waits);
                self.tell_in_sync(waits);
                self.tell_drift_over();
                if self.is_settled_empty() {
                    self.directory.cast(GsDirectoryMsg::Empty(Arc::clone(&self.fqdn)));
                }
            }
        }
        if let Some(built) = reported {
            self.report(&built);
        }
        self.tell_account(&decided);
    }

    /// Whether the service goes away, and whether somebody said so. One that moves to another tenant goes away too: the
    /// controller may refuse it there.
    fn removal(&self, task: &Task) -> Removal {
        let Task::Write { writes, .. } = task else { return Removal::No };
        let deletes = writes.iter().any(|write| matches!(write, Write::DeleteService { .. }));
        let stays = writes.iter().any(|write| matches!(write, Write::UpdateService { .. }));
        match (&self.context.policy.deployment, deletes && !stays) {
            (_, false) => Removal::No,
            (DeploymentState::Absent, true) => Removal::Approved,
            (DeploymentState::InForce(_) | DeploymentState::Unknown, true) => Removal::Guarded,
        }
    }

    /// What failed is not wanted any more, when nothing is left to do.
    fn forget_errors(&mut self, waits: bool) {
        let decides = self.context.settled && self.context.term.is_some();
        if decides && !waits && matches!(self.knowledge, Knowledge::Known(_)) {
            self.last_error = None;
            if std::mem::take(&mut self.quarantined) {
                // The session still counts it.
                self.session.cast(AviSessionMsg::Enqueue(Arc::clone(&self.slot)));
            }
        }
    }

    /// Nothing is left to do: the service follows the policy, and the directory counts it.
    fn tell_in_sync(&mut self, waits: bool) {
        let speaks = self.context.settled && self.context.term.is_some();
        if speaks && !waits && !self.said.in_sync && matches!(self.knowledge, Knowledge::Known(_)) {
            self.said.in_sync = true;
            let (policy, fqdn) = (Arc::clone(&self.context.policy), Arc::clone(&self.fqdn));
            self.directory.cast(GsDirectoryMsg::InSync { policy, fqdn });
        }
    }

    /// The decision is made anew each time: keeping it would cost more memory than making it costs time.
    fn build(&self) -> Built {
        let inputs = Inputs {
            fqdn: &self.fqdn,
            policy: &self.context.policy,
            rule: &self.rule,
            aliases: &self.aliases,
            catalog: &self.context.catalog,
        };
        build(inputs, self.offers.endpoints().map(AsRef::as_ref))
    }

    /// Reading in no tenant would find nothing and prove nothing: only a full read tells what is there.
    fn look_everywhere(&mut self, decision: &Decision) {
        let lost = matches!(&self.knowledge, Knowledge::Stale(observed) if what_to_read(decision, observed).is_none());
        if lost {
            self.knowledge = Knowledge::Unknown;
            self.reported = None;
            self.session.cast(AviSessionMsg::Resync);
        }
    }

    /// What is to be done inside the present term, if anything.
    fn task(&self, decision: Decision) -> Option<(Task, u64)> {
        let term = self.context.term.filter(|_| self.context.settled)?;
        match &self.knowledge {
            Knowledge::Unknown => None,
            Knowledge::Stale(observed) => what_to_read(&decision, observed).map(|reading| (Task::Read(reading), term)),
            Knowledge::Known(observed) => {
                let writes = self.plan(decision, observed);
                (!writes.is_empty()).then(|| (Task::Write { writes, observed: observed.clone() }, term))
            }
        }
    }

    fn plan(&self, decision: Decision, observed: &Observed) -> Vec<Write> {
        plan(&keep_unseen(decision, observed, &self.context.unseen), observed)
    }

    /// Takes in what a full read found, unless something newer is known or on its way.
    fn on_observed(&mut self, as_of: Instant, content: Box<Observed>) {
        let outdated = self.reported.is_some_and(|at| at >= as_of);
        if !outdated && !self.slot.is_taken() {
            self.note_drift(&content);
            self.knowledge = Knowledge::Known(content);
        }
    }

    fn on_done(&mut self, report: Report) {
        if !self.slot.finish(report.epoch) {
            return;
        }
        self.reported = Some(Instant::now());
        self.told.wrote(report.wrote);
        if report.wrote {
            let result = if report.trouble.is_none() { WriteResult::Complete } else { WriteResult::Incomplete };
            self.last_write = Some((Timestamp::now(), result));
        }
        let observed = match (report.observed, &self.knowledge) {
            (Some(observed), _) => observed,
            (None, Knowledge::Known(before) | Knowledge::Stale(before)) => before.clone(),
            (None, Knowledge::Unknown) => Box::default(),
        };
        self.drift.wrote(report.wrote);
        self.quarantined = report.standing.quarantined;
        match report.trouble {
            None => {
                // A read that succeeds says nothing about the write that failed.
                if report.wrote {
                    self.last_error = None;
                    self.urgency = Urgency::Bulk;
                }
                self.knowledge = Knowledge::Known(observed);
            }
            Some(Trouble { message, unclear }) => {
                tracing::warn!(gslb_service = %self.fqdn, error = message, "controller call failed");
                let since = self.last_error.take().filter(|(before, _)| *before == message).map(|(_, since)| since);
                self.last_error = Some((message, since.unwrap_or_else(Timestamp::now)));
                self.knowledge = if unclear { Knowledge::Stale(observed) } else { Knowledge::Known(observed) };
                if report.standing.patient {
                    // Nobody waits for what is tried again in minutes.
                    self.urgency = Urgency::Bulk;
                }
            }
        }
        self.urgency = self.urgency.min(std::mem::take(&mut self.meanwhile));
    }

    /// What somebody waits for stays urgent until it is done.
    fn is_urgent(&mut self, urgency: Urgency) {
        let of = if self.slot.is_taken() { &mut self.meanwhile } else { &mut self.urgency };
        *of = urgency.min(*of);
    }

    fn on_session_restarted(&mut self) {
        self.slot.reset();
        self.reported = None;
        self.quarantined = false;
        self.drift = Drifting::default();
        // The session reads everything before it writes anything.
        self.knowledge = Knowledge::Unknown;
    }

    /// Nothing is wanted, nothing is known to be there, nothing is on its way: the directory may forget this FQDN. If
    /// the next full read finds something after all, the directory starts an actor for it.
    fn is_settled_empty(&self) -> bool {
        let nothing_there = match &self.knowledge {
            Knowledge::Unknown => true,
            // A monitor that it shares with others may be left.
            Knowledge::Known(observed) => plan(&Decision::Nothing, observed).is_empty(),
            Knowledge::Stale(_) => false,
        };
        self.offers.is_empty() && nothing_there
    }
}
