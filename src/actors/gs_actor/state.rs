//! The state of a GsActor, and what it decides from it.

use super::account::{Decided, Told};
use super::drift::Drifting;
use super::guarding::FormerBox;
use super::standing::Shape;
use super::{Context, GsMsg, Input, Knowledge};
use crate::actors::avi_session::slot::{Class, OwnSlot, Reading, Removal, Slot, Task, Work};
use crate::actors::avi_session::{AviSessionMsg, FullRead, SessionMark};
use crate::actors::event_writer::EventWriterMsg;
use crate::actors::gs_directory::GsDirectoryMsg;
use crate::actors::link::Link;
use crate::actors::offers::Offers;
use crate::actors::status_writer::StatusWriterMsg;
use crate::avi::urgency::Urgency;
use crate::core::build::{Built, Decision, Inputs, Placed, build};
use crate::core::guard::Loss;
use crate::core::host_rule::RuleState;
use crate::core::omission::Omissions;
use crate::core::plan::{Observed, Write, plan};
use crate::core::policy::DeploymentState;
use crate::core::report::WriteResult;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::time::Instant;

/// Whom a GsActor talks to.
#[derive(Debug, Clone)]
pub struct Links {
    pub session: Link<AviSessionMsg>,
    pub directory: Link<GsDirectoryMsg>,
    pub status: Link<StatusWriterMsg>,
    pub events: Link<EventWriterMsg>,
}

/// The state of a GsActor, a plain struct: it is also how a service that sleeps is kept.
#[derive(Debug)]
pub struct GsState {
    pub(super) fqdn: Arc<str>,
    pub(super) offers: Arc<Offers>,
    pub(super) rule: RuleState,
    aliases: Arc<[Arc<str>]>,
    pub(super) context: Arc<Context>,
    pub(super) knowledge: Knowledge,
    /// The last full read that it heard of; `None` since the session was restarted.
    pub(super) read: Option<FullRead>,
    spelled: Option<Box<str>>,
    pub(super) slot: OwnSlot,
    pub(super) links: Arc<Links>,
    /// When the last piece of work came back.
    pub(super) reported: Option<Instant>,
    pub(super) last_write: Option<(Timestamp, WriteResult)>,
    /// Since when it fails so.
    pub(super) last_error: Option<(String, Timestamp)>,
    pub(super) said: Said,
    /// What the EventWriter was told.
    pub(super) told: Told,
    /// Of what was decided and is not done yet.
    pub(super) urgency: Urgency,
    /// Of what was taken in since the last decision; work that is being done knows nothing of it.
    undecided: Urgency,
    /// It failed too often, and no write has succeeded since.
    pub(super) quarantined: bool,
    pub(super) drift: Drifting,
    /// What the controller refused of it; usually nothing.
    pub(super) omissions: Option<Box<Omissions>>,
    /// Clusters and sites that the rule kept switched off, until that is undone.
    pub(super) released: BTreeSet<String>,
    /// What the controller may have for a reason that has ended.
    pub(super) former: FormerBox,
    due: Due,
}

/// Whether something has been taken in that was not decided about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    /// Nothing was ever decided.
    First,
    Yes,
    No,
}

/// What the actor has said that need not be said again.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// That it follows the policy of the present context.
    in_sync: bool,
    /// Whether an object should carry the status of this service.
    pub(super) carrier: bool,
    /// Digest of how the service stands.
    pub(super) standing: Option<u64>,
    /// Digest of the domain names that it cannot have; 0 without any.
    pub(super) names: u64,
}

/// What the guard is to be told about the present decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wished {
    /// It takes nothing away.
    Nothing,
    /// What it knows.
    Same,
    News,
}

/// What is to be done, and inside which term and session.
struct Chosen {
    task: Task,
    term: u64,
    session: SessionMark,
}

/// What the service is called, names of the monitors that may exist, and tenants in which to look; `None` when nothing
/// says where to look.
fn what_to_read(spelled: Option<&str>, decision: &Decision, observed: &Observed) -> Option<Reading> {
    let mut name = observed.services().map(|service| service.content.name.as_str()).next().or(spelled);
    let mut monitors: BTreeSet<String> = observed.holdings().flat_map(|held| held.monitors.keys()).cloned().collect();
    let mut tenants: BTreeSet<String> = observed.holdings().map(|held| held.tenant.clone()).collect();
    if let Decision::Service(desired) = decision {
        tenants.insert(desired.service.tenant.clone());
        monitors.extend(desired.monitors.iter().map(|m| m.name.clone()));
        name = name.or(Some(desired.service.name.as_str()));
    }
    let name = name.map(str::to_owned);
    (!tenants.is_empty()).then_some(Reading { name, monitors, tenants })
}

/// What the state of an FQDN is made of.
pub struct GsArgs {
    pub fqdn: Arc<str>,
    pub offers: Arc<Offers>,
    pub rule: RuleState,
    pub aliases: Arc<[Arc<str>]>,
    pub context: Arc<Context>,
    pub knowledge: Knowledge,
    /// The full read that the knowledge is of.
    pub read: Option<FullRead>,
    /// What the controller calls the service, where it is known to spell the FQDN otherwise.
    pub spelled: Option<Box<str>>,
    /// Of the first decision.
    pub urgency: Urgency,
    pub links: Arc<Links>,
}

impl GsState {
    pub fn new(args: GsArgs) -> Self {
        let GsArgs { fqdn, offers, rule, aliases, context, knowledge, read, spelled, urgency, links } = args;
        let told = if context.settled { Told::default() } else { Told::nothing_new() };
        Self {
            slot: OwnSlot::new(Arc::clone(&fqdn)),
            fqdn,
            offers,
            rule,
            aliases,
            context,
            knowledge,
            read,
            spelled,
            links,
            reported: None,
            last_write: None,
            last_error: None,
            said: Said::default(),
            told,
            urgency,
            undecided: Urgency::Bulk,
            quarantined: false,
            drift: Drifting::default(),
            omissions: None,
            released: BTreeSet::new(),
            former: None,
            due: Due::First,
        }
    }

    /// Hears a message in its sleep: what is only taken in wakes nobody by itself. Answers what it must be awake for.
    pub fn listen(&mut self, message: GsMsg) -> Option<GsMsg> {
        match message {
            GsMsg::Input(input) => self.take_in(input),
            GsMsg::Observed { read, content } if self.due == Due::First => self.on_observed(read, content),
            // At once: what comes later is of the new session.
            GsMsg::SessionRestarted => {
                self.on_session_restarted();
                self.due = if self.due == Due::First { Due::First } else { Due::Yes };
            }
            awake => return Some(awake),
        }
        None
    }

    /// Takes something in without deciding.
    pub(super) fn take_in(&mut self, input: Input) {
        self.reconsider(&input);
        // While everything is new, nobody waits for one.
        let of_change = if self.context.settled { Urgency::Interactive } else { Urgency::Bulk };
        self.note_former(&input);
        let urgency = match input {
            Input::Offers { offers, urgency, .. } => {
                self.offers = offers;
                urgency
            }
            Input::Rule(rule) => {
                self.rule = rule;
                of_change
            }
            Input::Aliases(aliases) => {
                self.aliases = aliases;
                of_change
            }
            Input::Context(context) => {
                self.said.in_sync &= self.context.policy == context.policy;
                self.context = context;
                self.forget_removed_clusters();
                Urgency::Bulk
            }
        };
        self.undecided = urgency.min(self.undecided);
        self.due = if self.due == Due::First { Due::First } else { Due::Yes };
    }

    pub fn fqdn(&self) -> &Arc<str> {
        &self.fqdn
    }

    /// Where its work is left.
    pub fn slot(&self) -> Arc<Slot> {
        self.slot.share()
    }

    /// Of what is not done yet.
    pub fn urgency(&self) -> Urgency {
        self.urgency.min(self.undecided)
    }

    /// How urgently something waits to be decided that was taken in; `None` when nothing does. Before the first look at
    /// the clusters is over nothing can follow from a first decision.
    pub fn due(&self) -> Option<Urgency> {
        match self.due {
            Due::First if !self.context.settled => None,
            Due::First | Due::Yes => Some(self.urgency()),
            Due::No => None,
        }
    }

    /// Gives the state back to the directory.
    pub(super) fn go_home(self: Box<Self>, message: impl FnOnce(Box<Self>) -> GsDirectoryMsg) {
        let links = Arc::clone(&self.links);
        links.directory.cast(message(self));
    }

    /// Clusters that left the configuration take what they offered with them.
    fn forget_removed_clusters(&mut self) {
        let Some(installation) = &self.context.policy.installation else { return };
        let members = &installation.member_clusters;
        if !self.offers.clusters().all(|cluster| members.contains(cluster)) {
            let mut offers = (*self.offers).clone();
            offers.retain(|cluster| members.contains(cluster));
            self.note_former_offers(&offers, false);
            self.offers = Arc::new(offers);
        }
    }

    pub(super) fn report_again(&mut self) {
        self.said.carrier = false;
    }

    pub(super) fn tell_again(&mut self) {
        self.told.forget();
    }

    /// Decides anew and leaves what is to be done in the slot.
    pub(in crate::actors) fn decide(&mut self) {
        self.due = Due::No;
        if self.slot.is_taken() {
            return self.recall_removal();
        }
        // What somebody waits for stays urgent until it is done.
        self.urgency = self.urgency.min(std::mem::take(&mut self.undecided));
        let mut built = self.build_what_is_taken();
        let mut shape = Shape::of(&built);
        let questions = std::mem::take(&mut built.questions);
        if !questions.is_empty() {
            self.links.session.cast(AviSessionMsg::Ask(questions));
        }
        self.look_everywhere(&built.decision);
        self.tell_regained(&built.members);
        // Only what is reported is kept longer than it takes to plan.
        let reported = self.is_reported().then(|| built.clone());
        let waits = matches!(built.decision, Decision::Wait(_));
        let names = std::mem::take(&mut built.refused_names);
        let (chosen, wish) = self.choose(built.decision, &built.members);
        let mut decided = Decided { members: built.members, refused: built.refused, waits, done: false };
        match chosen {
            Some(Chosen { task, term, session }) => {
                let class = Class { urgency: self.urgency, removal: self.removal(&task) };
                let put = self.slot.put(Work { task, term, session, class });
                // Not before: what waited there may be what it was about.
                if put | (wish == Wished::Nothing && self.slot.wish(None)) | (wish == Wished::News) {
                    self.links.session.cast(AviSessionMsg::Enqueue(self.slot.share()));
                }
            }
            None => {
                let cleared = self.slot.clear();
                if cleared | (wish == Wished::Nothing && self.slot.wish(None)) | (wish == Wished::News) {
                    self.links.session.cast(AviSessionMsg::Enqueue(self.slot.share()));
                }
                let waits = waits || self.slot.kept().is_some();
                self.urgency = Urgency::Bulk;
                decided.done = true;
                if matches!(self.knowledge, Knowledge::Known(_)) && self.speaks() {
                    self.released.clear();
                }
                self.forget_errors(waits);
                self.tell_in_sync(waits);
                self.tell_drift_over();
                if self.is_settled_empty() {
                    self.links
                        .directory
                        .cast(GsDirectoryMsg::Empty { fqdn: Arc::clone(&self.fqdn), read: self.read.clone() });
                }
            }
        }
        if let Some(built) = reported {
            self.report(&built);
        }
        if self.slot.kept().is_some() {
            shape.add_kept(&self.kept_now(&self.build()));
        }
        self.tell_standing(shape, !decided.done);
        // What is withheld for a moment is no news.
        if !self.is_searching() {
            self.tell_names(names);
            self.tell_account(&decided);
        }
    }

    /// Inside of a term, and after the first look at the clusters.
    pub(super) fn speaks(&self) -> bool {
        self.context.settled && self.context.term.is_some()
    }

    /// A service that is being deleted may be wanted again before the controller is told: then it need not be deleted and
    /// created anew.
    fn recall_removal(&self) {
        if self.slot.is_removing() {
            let built = self.build();
            let task = self.task(|state, observed| state.weigh_again(&built, observed).decision);
            let still = task.is_some_and(|chosen| self.removal(&chosen.task) != Removal::No);
            self.slot.want(still);
        }
    }

    /// Whether the service goes away, and whether somebody said so. One that moves to another tenant goes away too: the
    /// controller may refuse it there.
    fn removal(&self, task: &Task) -> Removal {
        let Task::Write { writes, .. } = task else { return Removal::No };
        let goes = |write: &Write| matches!(write, Write::DeleteService { .. } | Write::MoveService { .. });
        let deletes = writes.iter().any(goes);
        let stays = writes.iter().any(|write| matches!(write, Write::UpdateService { .. }));
        match (&self.context.policy.deployment, deletes && !stays) {
            (_, false) => Removal::No,
            (DeploymentState::Absent, true) => Removal::Approved,
            (DeploymentState::InForce(_) | DeploymentState::Missing | DeploymentState::Unknown, true) => {
                Removal::Guarded
            }
        }
    }

    /// What failed is not wanted any more, when nothing is left to do.
    fn forget_errors(&mut self, waits: bool) {
        let decides = self.context.settled && self.context.term.is_some();
        if decides && !waits && matches!(self.knowledge, Knowledge::Known(_)) {
            self.last_error = None;
            if std::mem::take(&mut self.quarantined) {
                // The session still counts it.
                self.links.session.cast(AviSessionMsg::Enqueue(self.slot.share()));
            }
        }
    }

    /// Nothing is left to do: the service follows the policy, and the directory counts it.
    fn tell_in_sync(&mut self, waits: bool) {
        let speaks = self.context.settled && self.context.term.is_some();
        if speaks && !waits && !self.said.in_sync && matches!(self.knowledge, Knowledge::Known(_)) {
            self.said.in_sync = true;
            let (policy, fqdn) = (Arc::clone(&self.context.policy), Arc::clone(&self.fqdn));
            self.links.directory.cast(GsDirectoryMsg::InSync { policy, fqdn });
        }
    }

    /// The decision is made anew each time: keeping it would cost more memory than making it costs time.
    pub(super) fn build(&self) -> Built {
        self.build_without(self.omissions.as_deref().unwrap_or(Omissions::NONE))
    }

    pub(super) fn build_without(&self, omissions: &Omissions) -> Built {
        let inputs = Inputs {
            fqdn: &self.fqdn,
            policy: &self.context.policy,
            rule: &self.rule,
            aliases: &self.aliases,
            catalog: &self.context.catalog,
            present: self.knowledge.observed(),
            omissions,
            released: &self.released,
        };
        build(inputs, self.offers.endpoints().map(AsRef::as_ref))
    }

    /// Reading in no tenant would find nothing and prove nothing: only a full read tells what is there.
    fn look_everywhere(&mut self, decision: &Decision) {
        let lost =
            matches!(&self.knowledge, Knowledge::Stale(observed) if what_to_read(None, decision, observed).is_none());
        if lost {
            self.knowledge = Knowledge::Unknown;
            self.reported = None;
            self.links.session.cast(AviSessionMsg::Resync);
        }
    }

    /// What is to be done inside the present term, if anything.
    fn task(&self, decide: impl FnOnce(&Self, &Observed) -> Decision) -> Option<Chosen> {
        let term = self.context.term.filter(|_| self.context.settled)?;
        let session = self.read.as_ref()?.session.clone();
        let task = match &self.knowledge {
            Knowledge::Unknown => None,
            Knowledge::Stale(observed) => {
                what_to_read(self.spelled.as_deref(), &decide(self, observed), observed).map(Task::Read)
            }
            Knowledge::Known(observed) => {
                let writes = plan(&decide(self, observed), observed);
                (!writes.is_empty()).then(|| Task::Write { writes, observed: observed.clone() })
            }
        }?;
        Some(Chosen { task, term, session })
    }

    /// The same, and whether the guard must be told what it takes away.
    fn choose(&mut self, decision: Decision, members: &[Placed]) -> (Option<Chosen>, Wished) {
        let pools = match &decision {
            Decision::Service(desired) if self.former.is_some() => desired.service.pools.clone(),
            _ => Vec::new(),
        };
        let waits = matches!(decision, Decision::Wait(_));
        let mut wished = Wished::Nothing;
        let chosen = self.task(|state, observed| {
            if matches!(state.knowledge, Knowledge::Stale(_)) {
                wished = Wished::Same;
                return decision;
            }
            let held = |loss: Option<&Loss>| {
                if let Some(loss) = loss {
                    wished = if state.slot.wish(Some(loss.clone())) { Wished::News } else { Wished::Same };
                }
                state.slot.kept()
            };
            state.weigh(decision, members, observed, held).decision
        });
        if !waits {
            self.forget_former(&pools);
        }
        (chosen, wished)
    }

    /// Nothing is wanted, nothing is known to be there, nothing is on its way: the directory may forget this FQDN. If
    /// the next full read finds something after all, the directory starts an actor for it.
    pub(super) fn is_settled_empty(&self) -> bool {
        let nothing_there = match &self.knowledge {
            Knowledge::Unknown => true,
            // A monitor that it shares with others may be left.
            Knowledge::Known(observed) => plan(&Decision::Nothing, observed).is_empty(),
            Knowledge::Stale(_) => false,
        };
        self.offers.is_empty() && nothing_there
    }
}
