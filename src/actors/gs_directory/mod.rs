//! GsDirectory: which actor owns which FQDN.
//!
//! *Owns* the GsActors, the states of those that sleep, and what was last said to each: the offers of every cluster
//! (shared with them, not copied), the policy, the rules, who has which alias, the clusters not seen, the term. *Is told*
//! all of these by the watchers. *Does* routing, by FQDN, and nothing else. *Fails* with its children; restarted, it is told everything again and the controller is read again.

mod census;
mod clusters;
mod entry;
mod inputs;
mod names;
mod rest;
mod sight;
#[cfg(test)]
mod tests;
mod views;

pub use rest::AWAKE;
pub use views::{fqdns, view, view_of_each, views};

use super::avi_session::slot::Slot;
use super::avi_session::{AviSessionMsg, FullRead, Report};
use super::board::Board;
use super::event_writer::EventWriterMsg;
use super::gs_actor::{Context, GsMsg, GsState, GsView, Input, Knowledge, Links};
use super::link::Link;
use super::policy_watcher::PolicyWatcherMsg;
use super::rollout::{Rollout, Step};
use super::status_writer::StatusWriterMsg;
use super::supervisor::Children;
use super::supervisor::restart::RestartPolicy;
use crate::avi::urgency::Urgency;
use crate::core::aliases::AliasTable;
use crate::core::census::{Census, Headway};
use crate::core::host_rule::{RuleState, RuleTable};
use crate::core::inventory::Offer;
use crate::core::naming::Naming;
use crate::core::plan::{Observed, Unseen, relevant_unseen, routes_of};
use crate::core::policy::{DeploymentState, PolicySnapshot};
use crate::core::references::Catalog;
use crate::core::report::SyncState;
use census::Clock;
use entry::Entry;
use names::RefusedNames;
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rest::Rest;
use sight::Sight;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What the directory is told.
#[derive(Debug)]
pub enum GsDirectoryMsg {
    /// What a cluster offers for one FQDN now.
    Offer {
        cluster: String,
        fqdn: String,
        offer: Offer,
    },
    /// Everything that a listed cluster offers. `complete` unless it holds an object that was never readable: then
    /// what is missing here is not known to be gone.
    ClusterSeen {
        cluster: String,
        offers: BTreeMap<String, Offer>,
        complete: bool,
        /// Whether its Routes are among them, or there are none.
        routes: bool,
        /// Under which they were named.
        naming: Arc<Naming>,
    },
    Policy(Arc<PolicySnapshot>),
    /// All GSLBHostRules, once they have been listed.
    Rules(Arc<RuleTable>),
    /// What is in force for one FQDN now, when the rest stays.
    RuleOf {
        fqdn: String,
        rule: RuleState,
    },
    /// What is known about the objects on the controller that policies refer to.
    References(Arc<Catalog>),
    /// The leadership term, while there is one.
    Term(Option<u64>),
    /// A full read of the controller: what it holds of this installation, by FQDN.
    Observed {
        read: FullRead,
        observed: BTreeMap<String, Observed>,
    },
    /// The session was restarted and forgot its queue.
    SessionRestarted,
    /// A GsActor has brought its FQDN into line with this policy.
    InSync {
        policy: Arc<PolicySnapshot>,
        fqdn: Arc<str>,
    },
    /// How a service stands, and its members by cluster.
    Stands {
        fqdn: Arc<str>,
        state: SyncState,
        members: Vec<(String, u16)>,
    },
    /// All services are to be counted.
    Count,
    /// Services that are behind the policy for longer than a moment are told now.
    RolloutDue,
    /// The StatusWriter was restarted and forgot what it was told.
    StatusWriterRestarted,
    /// The EventWriter was restarted and forgot what it was told.
    EventWriterRestarted,
    /// A GsActor has nothing left to do, as of this full read.
    Empty {
        fqdn: Arc<str>,
        read: Option<FullRead>,
    },
    /// Domain names that the service cannot have, and why: all of them.
    RefusedNames {
        fqdn: Arc<str>,
        names: Vec<(String, String)>,
    },
    /// A GsActor gives its state back.
    Asleep {
        actor: ActorId,
        state: Box<GsState>,
    },
    /// Work from the slot of an FQDN has been done, or not.
    Done {
        slot: Arc<Slot>,
        report: Report,
        at: Instant,
    },
    /// The guard has said something about what a decision would take away.
    Ruled(Arc<str>),
    /// Whether the kubeconfig lacks the context of a member cluster.
    ContextUnknown {
        cluster: String,
        unknown: bool,
    },
    Restart {
        fqdn: Arc<str>,
        generation: u64,
    },
    /// Somebody may sleep by now, so that others can wake.
    MakeRoom,
    /// Clusters that were not seen by now are not waited for any more.
    SettlingOver,
    View(String, RpcReplyPort<Option<GsView>>),
    List(RpcReplyPort<Vec<Arc<str>>>),
    /// Test hook: fail one GsActor, or the directory itself.
    Poison(Option<String>),
}

/// What the directory is made of.
pub struct GsDirectoryArgs {
    pub session: Link<AviSessionMsg>,
    pub policy: Link<PolicyWatcherMsg>,
    pub status: Link<StatusWriterMsg>,
    pub events: Link<EventWriterMsg>,
    /// The directory's own address, for its children.
    pub link: Link<GsDirectoryMsg>,
    pub board: Board,
    /// Actors that are awake at the same time, at least one.
    pub awake: usize,
    pub restart: RestartPolicy,
    pub seed: u64,
}

pub struct GsDirectoryState {
    entries: BTreeMap<Arc<str>, Entry>,
    /// One allocation per cluster name, shared by all entries.
    clusters: BTreeSet<Arc<str>>,
    sight: Sight,
    aliases: AliasTable,
    /// By FQDN; usually empty.
    refused_names: RefusedNames,
    /// `None` until the GSLBHostRules have been listed.
    rules: Option<Arc<RuleTable>>,
    policy: Arc<PolicySnapshot>,
    catalog: Arc<Catalog>,
    term: Option<u64>,
    settling: Settling,
    context: Arc<Context>,
    /// The last full read of the controller that has come in since the session began: from the first on, an FQDN that it
    /// did not name is known absent.
    last_read: Option<FullRead>,
    rollout: Rollout,
    census: Census,
    clock: Clock,
    /// As of the last count.
    progress: Headway,
    children: Children<Arc<str>>,
    rest: Rest<Arc<Slot>>,
    /// A timer for [`GsDirectoryMsg::MakeRoom`] runs.
    looks: bool,
    /// Whom every GsActor talks to.
    links: Arc<Links>,
    args: GsDirectoryArgs,
}

/// At the start, services are written once every member cluster has been seen, instead of once per cluster; but a
/// cluster that cannot be reached holds nobody up for longer than [`SETTLE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settling {
    NotStarted,
    Running,
    Over,
}

/// How long the first writes wait for clusters that have not been seen.
const SETTLE: Duration = Duration::from_secs(10);

pub struct GsDirectory;

impl Actor for GsDirectory {
    type Msg = GsDirectoryMsg;
    type State = GsDirectoryState;
    type Arguments = GsDirectoryArgs;

    async fn pre_start(
        &self,
        _myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        args.status.cast(StatusWriterMsg::ServicesUnknown);
        let policy = Arc::new(PolicySnapshot { installation: None, deployment: DeploymentState::Unknown });
        let catalog = Arc::new(Catalog::default());
        let context = Arc::new(Context {
            policy: Arc::clone(&policy),
            catalog: Arc::clone(&catalog),
            unseen: Unseen::new(),
            unheard: Unseen::new(),
            unknown: Unseen::new(),
            term: None,
            settled: false,
        });
        Ok(GsDirectoryState {
            entries: BTreeMap::new(),
            clusters: BTreeSet::new(),
            sight: Sight::default(),
            aliases: AliasTable::default(),
            refused_names: RefusedNames::default(),
            rules: None,
            rollout: Rollout::new(Arc::clone(&policy)),
            census: Census::default(),
            clock: Clock::start(),
            progress: Headway::default(),
            policy,
            catalog,
            term: None,
            settling: Settling::NotStarted,
            context,
            last_read: None,
            children: Children::new(args.restart.clone(), StdRng::seed_from_u64(args.seed)),
            rest: Rest::new(args.awake),
            looks: false,
            links: Arc::new(Links {
                session: args.session.clone(),
                directory: args.link.clone(),
                status: args.status.clone(),
                events: args.events.clone(),
            }),
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
            GsDirectoryMsg::Offer { cluster, fqdn, offer } => state.on_offer(&cluster, &fqdn, offer),
            GsDirectoryMsg::ClusterSeen { cluster, offers, complete, routes, naming } => {
                let name = state.cluster_name(&cluster);
                state.sight.sees_routes(name, routes);
                state.on_cluster_seen(&cluster, offers, complete.then_some(naming));
            }
            GsDirectoryMsg::Policy(policy) => {
                state.rollout.begin(&policy, state.entries.keys());
                // Until then names may have been others, and clusters were seen under those only.
                if !state.policy.deployment.is_decided() {
                    state.settling = Settling::NotStarted;
                }
                state.policy = policy;
                // Nor is it known how services are named while the policy is not; nothing is decided then.
                if state.policy.deployment.is_decided() {
                    state.sight.is_named(state.policy.naming());
                }
                state.forget_removed_clusters();
                state.begin_settling(&myself);
                state.announce();
                state.forget_removed_claims();
                state.settle_names();
                state.give_all_another_chance();
            }
            GsDirectoryMsg::Rules(rules) => state.on_rules(rules),
            GsDirectoryMsg::RuleOf { fqdn, rule } => state.on_rule(fqdn, rule),
            GsDirectoryMsg::References(catalog) => {
                // A doubt decides nothing here.
                let decides = !state.catalog.answers_as(&catalog);
                state.catalog = catalog;
                if decides {
                    state.announce();
                }
            }
            GsDirectoryMsg::Term(term) => {
                state.term = term;
                // Before those who speak inside of it.
                state.args.events.cast(EventWriterMsg::Term(term));
                state.tell_refused_names();
                state.announce();
            }
            GsDirectoryMsg::Observed { read, observed } => state.on_observed(read, observed),
            GsDirectoryMsg::SessionRestarted => {
                state.last_read = None;
                state.tell_all(|| GsMsg::SessionRestarted);
            }
            // What a later full read found is on its way to the actor, who will decide about it.
            GsDirectoryMsg::Empty { read, .. } if read != state.last_read => {}
            GsDirectoryMsg::Empty { fqdn, .. } => {
                state.on_empty(&fqdn);
                let renamed = state.settle_name(&fqdn);
                state.tell_aliases(renamed);
            }
            GsDirectoryMsg::RefusedNames { fqdn, names } => state.on_refused_names(fqdn, names),
            GsDirectoryMsg::Asleep { actor, state: service } => state.on_asleep(actor, service),
            GsDirectoryMsg::Done { slot, report, at } => {
                let fqdn = Arc::clone(&slot.fqdn);
                state.tell(&fqdn, GsMsg::Done { slot, report, at });
            }
            GsDirectoryMsg::Ruled(fqdn) => state.tell(&fqdn, GsMsg::Ruled),
            GsDirectoryMsg::ContextUnknown { cluster, unknown } => {
                if state.sight.context_is(cluster, unknown) {
                    state.announce();
                }
            }
            GsDirectoryMsg::InSync { policy, fqdn } => state.rollout.in_sync(&policy, &fqdn),
            GsDirectoryMsg::Stands { fqdn, state: stands, members } => {
                state.on_stands(&myself, &fqdn, stands, &members);
            }
            GsDirectoryMsg::Count => state.count(&myself),
            GsDirectoryMsg::RolloutDue => state.rollout.be_due(),
            GsDirectoryMsg::StatusWriterRestarted => {
                state.rollout.forget_sight();
                state.tell_all(|| GsMsg::ReportAgain);
            }
            GsDirectoryMsg::EventWriterRestarted => {
                state.args.events.cast(EventWriterMsg::Term(state.term));
                state.tell_refused_names();
                state.tell_all(|| GsMsg::TellAgain);
            }
            GsDirectoryMsg::Restart { fqdn, generation } => {
                if state.children.wants_restart(&fqdn, generation) {
                    state.begin(&fqdn, state.after_restart(), Urgency::Bulk);
                }
            }
            GsDirectoryMsg::MakeRoom => state.looks = false,
            GsDirectoryMsg::SettlingOver => {
                state.settling = Settling::Over;
                state.announce();
            }
            // Without an FQDN of that name the question is dropped, which answers it.
            GsDirectoryMsg::View(fqdn, reply) => state.tell(&fqdn, GsMsg::View(reply)),
            GsDirectoryMsg::List(reply) => {
                let _ = reply.send(state.entries.keys().cloned().collect());
            }
            GsDirectoryMsg::Poison(Some(fqdn)) => state.tell(&fqdn, GsMsg::Poison),
            GsDirectoryMsg::Poison(None) => return Err("poisoned by the test hook".into()),
        }
        state.wake_some(&myself).await;
        state.tell_progress(&myself);
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<Self::Msg>,
        event: SupervisionEvent,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        if let Some(fallen) = state.children.on_event(event) {
            state.on_fallen(&myself, &fallen);
            state.wake_some(&myself).await;
        }
        Ok(())
    }
}

impl GsDirectoryState {
    fn on_observed(&mut self, read: FullRead, mut observed: BTreeMap<String, Observed>) {
        self.last_read = Some(read.clone());
        let known: Vec<Arc<str>> = self.entries.keys().cloned().collect();
        for fqdn in known {
            let content = Box::new(observed.remove(&*fqdn).unwrap_or_default());
            self.note_spelling(&fqdn, &content);
            self.tell(&fqdn, GsMsg::Observed { read: read.clone(), content });
        }
        for (fqdn, content) in observed {
            let fqdn: Arc<str> = fqdn.into();
            self.note_spelling(&fqdn, &content);
            self.begin(&fqdn, Knowledge::Known(Box::new(content)), Urgency::Bulk);
        }
        self.settle_names();
    }

    fn note_spelling(&mut self, fqdn: &Arc<str>, content: &Observed) {
        let name = content.services().map(|service| service.content.name.as_str()).find(|name| *name != &**fqdn);
        let known = self.entries.get(fqdn).and_then(|entry| entry.spelled.as_deref());
        if known != name {
            self.entries.entry(Arc::clone(fqdn)).or_default().spelled = name.map(Box::from);
        }
    }

    fn on_empty(&mut self, fqdn: &Arc<str>) {
        let empty = self.entries.get(fqdn).is_some_and(|entry| entry.offers.is_empty());
        if empty {
            self.end(fqdn);
            self.rollout.leave(fqdn);
            self.args.status.cast(StatusWriterMsg::ServiceGone(Arc::clone(fqdn)));
        }
    }

    /// What a new actor of an FQDN that nobody had an actor for knows about the controller.
    fn fresh(&self) -> Knowledge {
        if self.last_read.is_some() { Knowledge::Known(Box::default()) } else { Knowledge::Unknown }
    }

    /// What the successor of a failed actor knows: its writes may have been half done.
    fn after_restart(&self) -> Knowledge {
        if self.last_read.is_some() { Knowledge::Stale(Box::default()) } else { Knowledge::Unknown }
    }

    /// New input is a reason to try an FQDN again that failed too often.
    fn give_another_chance(&mut self, fqdn: &str) {
        let Some((fqdn, _)) = self.entries.get_key_value(fqdn) else { return };
        let fqdn = Arc::clone(fqdn);
        if self.children.rests(&fqdn) {
            self.children.forgive(&fqdn);
            self.begin(&fqdn, self.after_restart(), Urgency::Bulk);
        }
    }

    /// So is a new policy, which may even be what leaves nothing to do but to delete.
    fn give_all_another_chance(&mut self) {
        let given_up: Vec<Arc<str>> = self.entries.keys().filter(|fqdn| self.children.rests(fqdn)).cloned().collect();
        for fqdn in given_up {
            self.give_another_chance(&fqdn);
        }
    }

    fn begin_settling(&mut self, myself: &ActorRef<GsDirectoryMsg>) {
        if self.settling == Settling::NotStarted && self.policy.installation.is_some() {
            self.settling = Settling::Running;
            // Not cancelled: when all clusters are seen earlier, its message changes nothing.
            drop(myself.send_after(SETTLE, || GsDirectoryMsg::SettlingOver));
        }
    }

    /// Tells every actor the context, if it has changed.
    fn announce(&mut self) {
        let members = self.policy.installation.iter().flat_map(|i| &i.member_clusters);
        let unheard: Unseen = members.clone().filter(|cluster| !self.sight.has_seen(cluster)).cloned().collect();
        let partly: Unseen = members.filter(|cluster| self.sight.lacks_routes(cluster)).cloned().collect();
        if self.policy.installation.is_some() && unheard.is_empty() {
            self.settling = Settling::Over;
        }
        let mut unseen = relevant_unseen(&unheard, &self.policy);
        unseen.extend(relevant_unseen(&partly, &self.policy).iter().map(|cluster| routes_of(cluster)));
        let settled = self.settling == Settling::Over;
        let catalog = Arc::clone(&self.catalog);
        let unknown = unheard.iter().filter(|cluster| self.sight.is_unknown(cluster)).cloned().collect();
        let policy = Arc::clone(&self.policy);
        let context = Context { policy, catalog, unseen, unheard, unknown, term: self.term, settled };
        if *self.context != context {
            self.context = Arc::new(context);
            let context = Arc::clone(&self.context);
            self.tell_all(|| GsMsg::Input(Input::Context(Arc::clone(&context))));
        }
    }

    /// Tells the StatusWriter what can be said of absent things, and the PolicyWatcher whether the policy is carried out.
    fn tell_progress(&mut self, myself: &ActorRef<GsDirectoryMsg>) {
        let ready = self.last_read.is_some() && self.context.settled && self.context.term.is_some();
        if let Some(sight) = self.rollout.sight(ready, self.context.unseen.is_empty(), self.rest.is_rested()) {
            self.args.status.cast(StatusWriterMsg::Sight(sight));
        }
        match self.rollout.step(ready) {
            Step::Nothing => {}
            Step::WaitAMoment(moment) => drop(myself.send_after(moment, || GsDirectoryMsg::RolloutDue)),
            Step::Tell(behind) => {
                let policy = Arc::clone(&self.policy);
                let of = self.progress.of.max(self.entries.len());
                let progress = Headway { open: self.progress.open.max(behind), behind, of, ..self.progress };
                self.args.policy.cast(PolicyWatcherMsg::Programmed { policy, progress });
            }
        }
    }

    fn post_restarts(&self) {
        let restarted = self.children.troubled().into_iter().map(|(fqdn, view)| (fqdn.to_string(), view)).collect();
        self.args.board.post(|notices| notices.restarted_services = restarted);
    }
}
