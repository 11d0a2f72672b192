//! ClusterWatcher: the eyes on one member cluster.
//!
//! *Owns* the cluster's inventory and the tasks that watch it. *Is told* what the watches see. *Does* one thing: tells
//! the directory, per FQDN, everything that its cluster offers. *Fails* by being blind: an unreachable cluster, a
//! refused list or an undecodable object changes nothing that was known. Until every kind has been completely listed
//! once, or turned out not to be served, it says nothing at all, so that a half-read cluster never looks like an empty
//! one. A kind that stops being served keeps its objects until a later list lacks them.
//!
//! A cluster that serves ClusterVersions is OpenShift: there Routes count and Ingresses do not. Elsewhere Routes add to
//! Ingresses. What has counted goes on counting, whatever discovery says later.

mod events;
mod eyes;
mod kinds;
mod platform;
mod trouble;
mod unreadable;

pub use kinds::Watched;

use super::board::{Board, ClusterNotice};
use super::event_writer::EventWriterMsg;
use super::ever_listed::EverListed;
use super::gs_directory::GsDirectoryMsg;
use super::identities::Identities;
use super::link::Link;
use super::policy_watcher::PolicyWatcherMsg;
use crate::core::address::Clients;
use crate::core::endpoint::Kind;
use crate::core::inventory::{Inventory, ObjectId, Seen, Touched};
use crate::core::naming::Naming;
use crate::core::object::{AkoHostRule, Namespace};
use crate::core::outage::Outage;
use crate::core::precedence::ObjectName;
use crate::kubernetes::heard::Hearing;
use crate::kubernetes::members::MemberClients;
use crate::kubernetes::watch::WatchEvent;
use crate::retry::RetryPolicy;
use eyes::{EyesArgs, watch_cluster};
use kinds::Kinds;
use platform::Platform;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use unreadable::{Trouble, Unreadable};

/// What a ClusterWatcher is told.
#[derive(Debug)]
pub enum ClusterWatcherMsg {
    Objects(Kind, WatchEvent<Seen, ObjectId>),
    Namespaces(WatchEvent<Namespace, String>),
    HostRules(WatchEvent<AkoHostRule, ObjectName>),
    /// The cluster does not serve this kind at present.
    Absent(Watched),
    /// What the cluster is, and whether its Ingresses count.
    Platform(Platform, bool),
    /// That cannot be found out, and why.
    PlatformUnknown(String),
    /// The cluster is not known to be the one that it was, or is again; `None` when there is nothing to say.
    Identity(Option<String>),
    /// Whether the kubeconfig lacks the context.
    Context {
        unknown: bool,
    },
    /// No client could be made; it is tried again.
    Unreachable(String),
    /// Services are named in another way now.
    Naming(Arc<Naming>),
    /// The directory was restarted: say everything again.
    Republish,
    /// The EventWriter was restarted: tell it again.
    TellAgain,
    /// Test hook: fail as a bug would.
    Poison,
}

/// What a ClusterWatcher is made of.
pub struct ClusterWatcherArgs {
    /// kubeconfig context of the cluster.
    pub context: String,
    pub naming: Arc<Naming>,
    pub members: Arc<dyn MemberClients>,
    pub directory: Link<GsDirectoryMsg>,
    pub events: Link<EventWriterMsg>,
    /// Told when another cluster stands behind a context, or a first one.
    pub policy: Link<PolicyWatcherMsg>,
    pub identities: Identities,
    pub board: Board,
    pub retry: RetryPolicy,
    /// Whether MultiClusterIngresses are watched too.
    pub multi_cluster_ingress: bool,
    /// Who has to reach the members.
    pub clients: Clients,
    /// What earlier watchers of this cluster have listed.
    pub ever_listed: EverListed,
    pub seed: u64,
}

pub struct ClusterWatcherState {
    context: String,
    inventory: Inventory,
    kinds: Kinds,
    /// What is known of the platform, and what there is to say about it.
    platform: Option<Platform>,
    notes: Notes,
    /// What the log has been told of.
    outage: Outage,
    /// When this watcher began.
    began: Instant,
    /// The kubeconfig lacks its context.
    context_unknown: bool,
    unreadable: Unreadable,
    /// Everything in the lists was known once. What appears later and cannot be read was never a member, and must not
    /// keep what is deleted beside it alive.
    was_complete: bool,
    directory: Link<GsDirectoryMsg>,
    events: Link<EventWriterMsg>,
    /// Something is wrong with the cluster, as was posted last.
    troubled: bool,
    /// Digest of what the EventWriter was told; `None` when there was nothing to tell.
    told_unusable: Option<u64>,
    board: Board,
    /// Aborted when the state is dropped.
    _watches: JoinSet<()>,
}

/// What a person should know of the cluster.
#[derive(Debug, Default)]
struct Notes {
    platform: Option<&'static str>,
    identity: Option<String>,
}

pub struct ClusterWatcher;

impl Actor for ClusterWatcher {
    type Msg = ClusterWatcherMsg;
    type State = ClusterWatcherState;
    type Arguments = ClusterWatcherArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        let ClusterWatcherArgs { context, naming, members, directory, events, board, retry, .. } = args;
        let ClusterWatcherArgs { multi_cluster_ingress, clients, ever_listed, seed, policy, identities, .. } = args;
        let mut watches = JoinSet::new();
        let rng = StdRng::seed_from_u64(seed);
        let hearing = hearing(&board, &context);
        let ingresses_have_counted = Kinds::ingresses_have_counted(&ever_listed);
        let judge = trouble::judge(context.clone(), identities, policy, myself.clone());
        let eyes = EyesArgs {
            myself,
            context: context.clone(),
            members,
            hearing,
            retry,
            rng,
            multi_cluster_ingress,
            ingresses_have_counted,
            judge,
        };
        watches.spawn(watch_cluster(eyes));
        board.post(|notices| notices.clusters.entry(context.clone()).or_default().synced = false);
        let mut state = ClusterWatcherState {
            inventory: Inventory::new(&context, naming).reached_by(clients),
            kinds: Kinds::new(multi_cluster_ingress, ever_listed),
            platform: None,
            notes: Notes::default(),
            outage: Outage::default(),
            began: Instant::now(),
            context_unknown: false,
            unreadable: Unreadable::default(),
            was_complete: false,
            context,
            directory,
            events,
            troubled: false,
            told_unusable: None,
            board,
            _watches: watches,
        };
        state.post_kinds();
        Ok(state)
    }

    async fn handle(
        &self,
        _myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let before = state.completeness();
        let touched = match message {
            ClusterWatcherMsg::Objects(kind, event) => state.on_objects(kind, event),
            ClusterWatcherMsg::Namespaces(event) => state.on_namespaces(event),
            ClusterWatcherMsg::HostRules(event) => state.on_host_rules(event),
            ClusterWatcherMsg::Absent(kind) => state.on_absent(kind),
            ClusterWatcherMsg::Platform(platform, ingresses_count) => state.on_platform(platform, ingresses_count),
            ClusterWatcherMsg::PlatformUnknown(error) => {
                state.kinds.platform_unknown(error.clone());
                state.failed(&error)
            }
            ClusterWatcherMsg::Identity(note) => state.on_identity(note),
            ClusterWatcherMsg::Context { unknown } => {
                state.tell_context(unknown);
                return Ok(());
            }
            ClusterWatcherMsg::Unreachable(error) => {
                state.kinds.unreachable(error.clone());
                state.failed(&error)
            }
            ClusterWatcherMsg::Naming(naming) => {
                state.inventory.set_naming(naming);
                state.publish_everything();
                state.tell_unusable();
                return Ok(());
            }
            ClusterWatcherMsg::TellAgain => {
                state.told_unusable = None;
                Touched::new()
            }
            ClusterWatcherMsg::Republish => {
                state.tell_context(state.context_unknown);
                state.publish_everything();
                return Ok(());
            }
            ClusterWatcherMsg::Poison => return Err("poisoned by the test hook".into()),
        };
        state.was_complete |= state.is_complete();
        if before == state.completeness() {
            state.publish(touched);
        } else {
            state.publish_everything();
        }
        state.tell_unusable();
        Ok(())
    }
}

impl ClusterWatcherState {
    fn on_objects(&mut self, kind: Kind, event: WatchEvent<Seen, ObjectId>) -> Touched {
        let watched = Watched::Objects(kind);
        match event {
            WatchEvent::Listed { objects, undecodable } => {
                let unreadable: Vec<ObjectName> = undecodable.iter().map(name).collect();
                let touched = self.inventory.replace(kind, objects, undecodable);
                self.listed(watched, &unreadable);
                touched
            }
            WatchEvent::Applied(object) => {
                self.readable_again(watched, &name(&object.id()));
                self.inventory.put(object)
            }
            WatchEvent::Deleted(id) => {
                self.readable_again(watched, &name(&id));
                self.inventory.remove(&id)
            }
            WatchEvent::Undecodable { id, uid, object, error } => {
                let known = self.inventory.contains(&id);
                self.undecodable(watched, name(&id), known, Trouble { uid, object, error })
            }
            WatchEvent::Failed(error) => self.fault(watched, &error),
            WatchEvent::Reopened => self.reopened(watched),
        }
    }

    fn on_host_rules(&mut self, event: WatchEvent<AkoHostRule, ObjectName>) -> Touched {
        let watched = Watched::HostRules;
        match event {
            WatchEvent::Listed { objects, undecodable } => {
                self.listed(watched, &undecodable);
                self.inventory.replace_host_rules(objects, undecodable)
            }
            WatchEvent::Applied(rule) => {
                let name = ObjectName { namespace: rule.namespace.clone(), name: rule.name.clone() };
                self.readable_again(watched, &name);
                self.inventory.put_host_rule(rule)
            }
            WatchEvent::Deleted(name) => {
                self.readable_again(watched, &name);
                self.inventory.remove_host_rule(&name)
            }
            WatchEvent::Undecodable { id, uid, object, error } => {
                self.undecodable(watched, id, false, Trouble { uid, object, error })
            }
            WatchEvent::Failed(error) => self.fault(watched, &error),
            WatchEvent::Reopened => self.reopened(watched),
        }
    }

    fn on_namespaces(&mut self, event: WatchEvent<Namespace, String>) -> Touched {
        let watched = Watched::Namespaces;
        match event {
            WatchEvent::Listed { objects, undecodable } => {
                self.listed(watched, &[]);
                self.inventory.replace_namespaces(objects, &undecodable)
            }
            WatchEvent::Applied(namespace) => {
                self.works(watched);
                self.inventory.put_namespace(namespace)
            }
            WatchEvent::Deleted(name) => {
                self.works(watched);
                self.inventory.remove_namespace(&name)
            }
            WatchEvent::Undecodable { object, error, .. } => {
                self.warn_of(&object, &error);
                Touched::new()
            }
            WatchEvent::Failed(error) => self.fault(watched, &error),
            WatchEvent::Reopened => self.reopened(watched),
        }
    }

    /// Nothing is taken away: objects that were listed before stay, others there are none.
    fn on_absent(&mut self, kind: Watched) -> Touched {
        let none_left = match kind {
            Watched::Objects(kind) => !self.inventory.holds(kind),
            Watched::HostRules => !self.inventory.holds_host_rules(),
            Watched::Namespaces => false,
        };
        let before = self.kinds.notice(kind);
        if self.kinds.absent(kind, none_left) {
            // What only can be asked about again is told with its cluster.
            if self.kinds.notice(kind) != before {
                tracing::info!(
                    cluster = self.context,
                    kind = kind.name(),
                    "the cluster does not serve this kind at present"
                );
            }
            self.post_kinds();
        }
        Touched::new()
    }

    fn listed(&mut self, kind: Watched, unreadable: &[ObjectName]) {
        self.unreadable.retain(kind, unreadable);
        self.kinds.listed(kind);
        self.post_kinds();
    }

    fn readable_again(&mut self, kind: Watched, name: &ObjectName) {
        self.works(kind);
        if self.unreadable.remove(kind, name) {
            self.post_notice();
        }
    }

    fn works(&mut self, kind: Watched) {
        if self.kinds.works(kind) {
            self.post_kinds();
        }
    }

    /// `known`: it was readable once, and stays as it was then.
    fn undecodable(&mut self, kind: Watched, id: ObjectName, known: bool, trouble: Trouble) -> Touched {
        self.warn_of(&trouble.object, &trouble.error);
        let unknown = !self.was_complete && !known;
        self.unreadable.insert(kind, id, trouble, unknown);
        self.post_notice();
        Touched::new()
    }

    fn warn_of(&self, object: &str, error: &str) {
        tracing::warn!(cluster = self.context, object, error, "object cannot be decoded, its last known state stays");
    }

    fn fault(&mut self, kind: Watched, error: &str) -> Touched {
        self.kinds.failed(kind, error.to_owned());
        self.failed(error)
    }

    fn reopened(&mut self, kind: Watched) -> Touched {
        self.works(kind);
        Touched::new()
    }

    /// Every kind has been listed or is absent, so there is something to say.
    fn is_listed(&self) -> bool {
        self.kinds.can_speak()
    }

    /// Everything in the lists is known, so what is not in them is gone.
    fn is_complete(&self) -> bool {
        self.is_listed() && !self.unreadable.holds_unknown()
    }

    /// What there is to say, as a whole: listed, complete, with Routes.
    fn completeness(&self) -> (bool, bool, bool) {
        (self.is_listed(), self.is_complete(), self.kinds.are_all_known())
    }

    /// Tells the directory about FQDNs that look different now.
    fn publish(&self, touched: Touched) {
        if touched.is_empty() || !self.is_listed() {
            return;
        }
        self.post_notice();
        for fqdn in touched {
            let offer = self.inventory.offer(&fqdn);
            self.directory.cast(GsDirectoryMsg::Offer { cluster: self.context.clone(), fqdn, offer });
        }
    }

    /// Tells the directory whether the kubeconfig lacks the context.
    fn tell_context(&mut self, unknown: bool) {
        self.context_unknown = unknown;
        let cluster = self.context.clone();
        self.directory.cast(GsDirectoryMsg::ContextUnknown { cluster, unknown });
    }

    /// Tells the directory everything, once there is something to say.
    fn publish_everything(&self) {
        if !self.is_listed() {
            return;
        }
        self.post_notice();
        let offers = self.inventory.offers();
        let complete = self.is_complete();
        let naming = Arc::clone(self.inventory.naming());
        let (cluster, routes) = (self.context.clone(), self.kinds.are_all_known());
        self.directory.cast(GsDirectoryMsg::ClusterSeen { cluster, offers, complete, routes, naming });
    }

    fn post_notice(&self) {
        let refused = self.inventory.refusals().map(|r| format!("{}: {}", r.object, r.reason));
        let refused = refused.chain(self.unreadable.troubles()).collect();
        let (objects, synced) = (self.inventory.len(), self.kinds.are_all_known());
        self.post(|notice| {
            notice.synced = synced;
            notice.objects = objects;
            notice.refused = refused;
        });
    }

    fn post_kinds(&mut self) {
        let (kinds, error) = (self.kinds.notices(), self.kinds.trouble(&self.context));
        if error.is_none() {
            self.well();
        }
        if std::mem::replace(&mut self.troubled, error.is_some()) && error.is_none() {
            self.events.cast(EventWriterMsg::Returned(self.context.clone()));
        }
        self.post(|notice| {
            notice.kinds = kinds;
            notice.failing = error.as_ref().map(|_| notice.failing.unwrap_or_else(Instant::now));
            notice.error = error;
        });
    }

    /// Changes the notice, which is gone once the cluster has left the configuration.
    fn post(&self, change: impl FnOnce(&mut ClusterNotice)) {
        let seen = self.is_listed();
        self.board.post(|notices| {
            if let Some(notice) = notices.clusters.get_mut(&self.context) {
                change(notice);
                notices.cluster_seen |= seen;
            }
        });
    }
}

/// Notes on the board when the cluster has answered.
fn hearing(board: &Board, context: &str) -> Hearing {
    let (board, context) = (board.clone(), context.to_owned());
    Arc::new(move |now| {
        board
            .post(|notices| notices.clusters.get_mut(&context).into_iter().for_each(|notice| notice.heard = Some(now)));
    })
}

fn name(id: &ObjectId) -> ObjectName {
    ObjectName { namespace: id.namespace.clone(), name: id.name.clone() }
}
