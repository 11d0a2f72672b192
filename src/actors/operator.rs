//! The operator: the root of the supervision tree.
//!
//! *Owns* all long-lived actors and the links between them. *Is told* which clusters are members. *Does* one thing:
//! keeps every child running, and after a restart asks its neighbours to say everything again. *Fails* only with the
//! process.

mod children;

use super::avi_session::{AviSessionMsg, BEAT, Memory, Transports};
use super::board::Board;
use super::cluster_watcher::ClusterWatcherMsg;
use super::event_writer::EventWriterMsg;
use super::ever_listed::EverListed;
use super::federation::FederationMsg;
use super::gs_directory::{AWAKE, GsDirectoryMsg};
use super::identities::Identities;
use super::link::Link;
use super::members_watcher::MembersWatcherMsg;
use super::policy_watcher::{LogLevels, PolicyWatcherMsg, WallClock};
use super::status_writer::StatusWriterMsg;
use super::supervisor::restart::RestartPolicy;
use super::supervisor::{Children, arrange};
use crate::core::address::Clients;
use crate::core::naming::Naming;
use crate::kubernetes::members::MemberClients;
use crate::retry::RetryPolicy;
use crate::telemetry::metrics::Metrics;
use jiff::Timestamp;
use kube::Client;
use ractor::{Actor, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// What the root is told.
#[derive(Debug)]
pub enum OperatorMsg {
    /// The member clusters, and how services are named; `None` while that is not known, so that it stays as it was.
    Members {
        contexts: BTreeSet<String>,
        naming: Option<Arc<Naming>>,
    },
    /// These contexts of the members' kubeconfig lead elsewhere now, are new, or gone.
    Exchanged {
        contexts: BTreeSet<String>,
        moved: BTreeSet<String>,
    },
    Restart {
        child: Child,
        generation: u64,
    },
    /// Test hook: fail a child as a bug would.
    Poison(Child),
}

/// A child of the root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Child {
    AviSession,
    EventWriter,
    Federation,
    GsDirectory,
    MembersWatcher,
    PolicyWatcher,
    StatusWriter,
    ClusterWatcher(String),
}

impl fmt::Display for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AviSession => f.write_str("avi-session"),
            Self::EventWriter => f.write_str("event-writer"),
            Self::Federation => f.write_str("federation"),
            Self::GsDirectory => f.write_str("gs-directory"),
            Self::MembersWatcher => f.write_str("members-watcher"),
            Self::PolicyWatcher => f.write_str("policy-watcher"),
            Self::StatusWriter => f.write_str("status-writer"),
            Self::ClusterWatcher(context) => write!(f, "cluster-watcher/{context}"),
        }
    }
}

impl Child {
    /// The child that [`fmt::Display`] writes like this.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "avi-session" => Some(Self::AviSession),
            "event-writer" => Some(Self::EventWriter),
            "federation" => Some(Self::Federation),
            "gs-directory" => Some(Self::GsDirectory),
            "members-watcher" => Some(Self::MembersWatcher),
            "policy-watcher" => Some(Self::PolicyWatcher),
            "status-writer" => Some(Self::StatusWriter),
            other => other.strip_prefix("cluster-watcher/").map(|context| Self::ClusterWatcher(context.to_owned())),
        }
    }
}

/// The outside, as the operator reaches it: two seams, chance and time.
#[derive(Clone)]
pub struct Outside {
    /// The cluster that holds the AMKO objects.
    pub client: Client,
    pub members: Arc<dyn MemberClients>,
    pub transports: Transports,
    /// Everything that is left to chance follows from this.
    pub seed: u64,
    pub log_levels: LogLevels,
}

/// Settings that do not change while the process runs.
#[derive(Clone)]
pub struct Settings {
    /// Namespace of the AMKO objects.
    pub namespace: String,
    /// PEM to trust instead of the credentials Secret's `ca.crt`.
    pub controller_ca: Option<Vec<u8>>,
    pub retry: RetryPolicy,
    /// FQDNs written at the same time.
    pub concurrency: usize,
    /// GSLB service actors that are awake at the same time, at least one.
    pub awake: usize,
    /// Time between two looks at an idle controller; `None` for none.
    pub heartbeat: Option<Duration>,
    /// Whether AKO's MultiClusterIngresses are watched; off unless asked for, as upstream has it.
    pub multi_cluster_ingress: bool,
    /// Who has to reach the members.
    pub clients: Clients,
    /// Read for what outlives the process, and nothing else.
    pub wall: WallClock,
}

impl Settings {
    /// The defaults for a namespace: eight FQDNs at a time, as many as upstream has sessions.
    pub fn in_namespace(namespace: &str) -> Self {
        Self {
            namespace: namespace.into(),
            controller_ca: None,
            retry: RetryPolicy::default(),
            concurrency: 8,
            awake: AWAKE,
            heartbeat: Some(BEAT),
            multi_cluster_ingress: false,
            clients: Clients::default(),
            wall: Arc::new(Timestamp::now),
        }
    }
}

/// Links to every actor and the shared notices: what the HTTP server and tests hold of a running operator.
#[derive(Clone, Default)]
pub struct Links {
    pub operator: Link<OperatorMsg>,
    pub session: Link<AviSessionMsg>,
    pub directory: Link<GsDirectoryMsg>,
    pub federation: Link<FederationMsg>,
    pub policy: Link<PolicyWatcherMsg>,
    pub status: Link<StatusWriterMsg>,
    pub events: Link<EventWriterMsg>,
    pub members: Link<MembersWatcherMsg>,
    pub board: Board,
    pub metrics: Arc<Metrics>,
}

pub struct OperatorArgs {
    pub outside: Outside,
    pub settings: Settings,
    pub links: Links,
}

pub struct OperatorState {
    args: OperatorArgs,
    children: Children<Child>,
    members: BTreeMap<String, Link<ClusterWatcherMsg>>,
    /// By cluster, for the successors of its watcher.
    ever_listed: BTreeMap<String, EverListed>,
    /// For the successors of the PolicyWatcher.
    policies_listed: EverListed,
    /// Which cluster stands behind which context.
    identities: Identities,
    /// For the successors of the AviSession.
    memory: Memory,
    naming: Arc<Naming>,
    terms: Arc<AtomicU64>,
    rng: StdRng,
}

pub struct Operator;

/// Starts an operator. The handle ends when the root does, which it never does by itself.
///
/// # Errors
/// When the root actor cannot be spawned.
pub async fn start(
    outside: Outside,
    settings: Settings,
    links: Links,
) -> Result<(ActorRef<OperatorMsg>, tokio::task::JoinHandle<()>), SpawnErr> {
    Actor::spawn(None, Operator, OperatorArgs { outside, settings, links }).await
}

/// How long the children have to end. What has begun at the controller may take four seconds of it.
const STOP: Duration = Duration::from_millis(4500);

/// Window in which the failures of one actor count together.
const WINDOW: Duration = Duration::from_secs(300);
/// A GSLB service actor that fails more often than this inside the window is tried rarely.
const SERVICE_LIMIT: usize = 5;

impl Actor for Operator {
    type Msg = OperatorMsg;
    type State = OperatorState;
    type Arguments = OperatorArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        // Before the children: what they say to the root must not get lost.
        args.links.operator.point_at(myself.clone());
        let mut rng = StdRng::seed_from_u64(args.outside.seed);
        let policy = RestartPolicy { backoff: args.settings.retry, window: WINDOW, limit: None };
        let children = Children::new(policy, StdRng::seed_from_u64(rng.random()));
        let mut state = OperatorState {
            args,
            children,
            members: BTreeMap::new(),
            ever_listed: BTreeMap::new(),
            policies_listed: EverListed::default(),
            identities: Identities::default(),
            memory: Memory::default(),
            naming: Arc::default(),
            terms: Arc::new(AtomicU64::new(0)),
            rng,
        };
        // Receivers before senders, so that the first messages find somebody.
        for child in [
            Child::EventWriter,
            Child::StatusWriter,
            Child::GsDirectory,
            Child::AviSession,
            Child::Federation,
            Child::PolicyWatcher,
        ] {
            state.start_child(&myself, child).await;
        }
        if state.args.outside.members.kubeconfig().is_some() {
            state.start_child(&myself, Child::MembersWatcher).await;
        }
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            OperatorMsg::Members { contexts, naming } => state.on_members(&myself, contexts, naming).await,
            OperatorMsg::Exchanged { contexts, moved } => {
                // What another server has served says nothing about this one.
                state.ever_listed.retain(|context, _| !moved.contains(context));
                state.on_exchanged(&myself, contexts).await;
            }
            OperatorMsg::Restart { child, generation } => {
                if state.children.wants_restart(&child, generation) {
                    state.start_child(&myself, child.clone()).await;
                    state.introduce(&child);
                }
            }
            OperatorMsg::Poison(child) => state.poison(&child),
        }
        state.post_children();
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<Self::Msg>,
        event: SupervisionEvent,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        if let Some(fallen) = state.children.on_event(event) {
            arrange(&myself, &fallen, |child, generation| OperatorMsg::Restart { child, generation });
            state.post_children();
        }
        Ok(())
    }

    /// Stops the tree in order: ractor would kill the children of a stopped parent.
    async fn post_stop(&self, myself: ActorRef<Self::Msg>, _state: &mut Self::State) -> Result<(), ActorProcessingErr> {
        myself.stop_children_and_wait(None, Some(STOP)).await;
        Ok(())
    }
}

impl OperatorState {
    async fn on_members(
        &mut self,
        myself: &ActorRef<OperatorMsg>,
        members: BTreeSet<String>,
        naming: Option<Arc<Naming>>,
    ) {
        if let Some(naming) = naming.filter(|naming| self.naming != *naming) {
            self.naming = naming;
            for member in self.members.values() {
                member.cast(ClusterWatcherMsg::Naming(Arc::clone(&self.naming)));
            }
        }
        let gone: Vec<String> = self.members.keys().filter(|m| !members.contains(*m)).cloned().collect();
        for context in gone {
            tracing::info!(cluster = context, "cluster left the configuration");
            self.children.dismiss(&Child::ClusterWatcher(context.clone()));
            self.members.remove(&context);
            self.ever_listed.remove(&context);
            self.args.links.board.post(|notices| drop(notices.clusters.remove(&context)));
            self.args.links.events.cast(EventWriterMsg::Left(context));
        }
        for context in members {
            if !self.members.contains_key(&context) {
                self.members.insert(context.clone(), Link::default());
                self.start_child(myself, Child::ClusterWatcher(context)).await;
            }
        }
    }

    /// Watchers begin anew where another server or user is meant. What the cluster offered stays with the directory until
    /// the new one has seen everything.
    async fn on_exchanged(&mut self, myself: &ActorRef<OperatorMsg>, contexts: BTreeSet<String>) {
        for context in
            contexts.iter().filter(|context| self.members.contains_key(*context)).cloned().collect::<Vec<_>>()
        {
            tracing::info!(cluster = context, "the way to the cluster has changed, it is watched anew");
            let child = Child::ClusterWatcher(context);
            self.children.retire(&child).await;
            self.start_child(myself, child).await;
        }
        self.args.links.events.cast(EventWriterMsg::Exchanged(contexts));
        self.args.links.federation.cast(FederationMsg::Exchanged);
    }

    /// After a restart: asks those who know to tell the new incarnation.
    fn introduce(&self, child: &Child) {
        let links = &self.args.links;
        match child {
            Child::GsDirectory => {
                links.policy.cast(PolicyWatcherMsg::Republish);
                links.federation.cast(FederationMsg::Republish);
                for member in self.members.values() {
                    member.cast(ClusterWatcherMsg::Republish);
                }
                links.session.cast(AviSessionMsg::Resync);
            }
            Child::AviSession => {
                links.directory.cast(GsDirectoryMsg::SessionRestarted);
                links.policy.cast(PolicyWatcherMsg::Republish);
                links.federation.cast(FederationMsg::Republish);
            }
            Child::StatusWriter => {
                links.policy.cast(PolicyWatcherMsg::Republish);
                links.directory.cast(GsDirectoryMsg::StatusWriterRestarted);
            }
            Child::EventWriter => {
                links.directory.cast(GsDirectoryMsg::EventWriterRestarted);
                for member in self.members.values() {
                    member.cast(ClusterWatcherMsg::TellAgain);
                }
            }
            Child::Federation => links.policy.cast(PolicyWatcherMsg::Republish),
            Child::PolicyWatcher => {
                links.federation.cast(FederationMsg::Republish);
                links.session.cast(AviSessionMsg::Republish);
            }
            // It lists its cluster, or looks at the kubeconfig, and says everything by itself.
            Child::ClusterWatcher(_) | Child::MembersWatcher => {}
        }
    }

    fn poison(&self, child: &Child) {
        let links = &self.args.links;
        match child {
            Child::GsDirectory => links.directory.cast(GsDirectoryMsg::Poison(None)),
            Child::MembersWatcher => links.members.cast(MembersWatcherMsg::Poison),
            Child::AviSession => links.session.cast(AviSessionMsg::Poison),
            Child::Federation => links.federation.cast(FederationMsg::Poison),
            Child::PolicyWatcher => links.policy.cast(PolicyWatcherMsg::Poison),
            Child::EventWriter => links.events.cast(EventWriterMsg::Poison),
            Child::StatusWriter => links.status.cast(StatusWriterMsg::Poison),
            Child::ClusterWatcher(context) => {
                if let Some(member) = self.members.get(context) {
                    member.cast(ClusterWatcherMsg::Poison);
                }
            }
        }
    }

    fn post_children(&self) {
        let view = self.children.view().into_iter().map(|(child, view)| (child.to_string(), view)).collect();
        self.args.links.board.post(|notices| notices.actors = view);
    }
}
