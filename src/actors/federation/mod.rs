//! FederationActor: who may write, and that all clusters of the federation have the leader's configuration.
//!
//! *Owns* the leadership term. *Is told* the AMKOClusters, GSLBConfigs and GlobalDeploymentPolicies of its own cluster.
//! *Does* one thing, a run, after each change, after a failure and every minute: asks the other clusters who leads
//! there, grants a term when nobody else does, and inside it copies what differs. A run of every minute compares copies
//! only when the last comparison was ten minutes ago, or the others answer otherwise than then. *Fails* to the safe
//! side: without a clear answer at home, or with another leader in sight, there is no term. A cluster that cannot be
//! reached is left out and tried again.
//!
//! `role` holds what follows for everybody else, `run` what a run is made of, `ask` and `carry` its two tasks.

mod ask;
mod carry;
mod role;
mod run;
#[cfg(test)]
mod tests;

use super::avi_session::AviSessionMsg;
use super::board::Board;
use super::gs_directory::GsDirectoryMsg;
use super::link::Link;
use super::policy_watcher::PolicyWatcherMsg;
use super::status_writer::StatusWriterMsg;
use crate::core::federation::copied::Copies;
use crate::core::federation::copy::Originals;
use crate::core::federation::{FederationMember, Role, conditions_at_home, decide};
use crate::core::precedence::ObjectName;
use crate::crd::AmkoCluster;
use crate::kubernetes::members::MemberClients;
use crate::retry::{Backoff, RetryPolicy};
use kube::Client;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use rand::SeedableRng;
use rand::rngs::StdRng;
use run::{InFlight, Known, Progress};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

/// The others are asked who leads at least this often: one of them may have been made a leader as well.
const LOOK: Duration = Duration::from_secs(60);

/// Copies are compared at least this often: a follower may have changed without anybody here being told (rule DB-37).
const RESYNC: Duration = Duration::from_secs(600);

/// What the FederationActor is told.
#[derive(Debug)]
pub enum FederationMsg {
    /// All AMKOCluster objects of the operator's namespace.
    AmkoClusters(BTreeMap<ObjectName, AmkoCluster>),
    /// All objects of the kinds that are copied, each from a complete list.
    Policies { configs: Originals, policies: Originals },
    /// The kubeconfig of the other clusters is another one.
    Exchanged,
    /// A task of the run with this number is done.
    Progress { run: u64, progress: Box<Progress> },
    /// A task ended by a bug.
    Crashed(String),
    /// It is time for a run.
    Due,
    /// Somebody was restarted: say everything again.
    Republish,
    /// Test hook: fail as a bug would.
    Poison,
}

/// What the FederationActor is made of.
#[derive(Clone)]
pub struct FederationArgs {
    pub namespace: String,
    /// The operator's own cluster.
    pub client: Client,
    pub members: Arc<dyn MemberClients>,
    pub session: Link<AviSessionMsg>,
    pub directory: Link<GsDirectoryMsg>,
    pub policy: Link<PolicyWatcherMsg>,
    pub status: Link<StatusWriterMsg>,
    pub board: Board,
    /// Number of the last term; outlives the actor, so that terms only ever grow.
    pub terms: Arc<AtomicU64>,
    pub retry: RetryPolicy,
    pub seed: u64,
}

pub struct FederationState {
    args: FederationArgs,
    /// The AMKOClusters at home as they were told last.
    clusters: BTreeMap<ObjectName, AmkoCluster>,
    /// What they say; nothing before the first word.
    members: Option<Vec<FederationMember>>,
    known: Option<Known>,
    /// What the followers have of it.
    copies: Copies,
    /// What a run up to this number has copied may be elsewhere now.
    forgotten: u64,
    /// Those that the last run could copy to.
    followers: Vec<String>,
    role: Option<Role>,
    term: Option<u64>,
    /// What the AMKOCluster's status should say, and of which generation.
    conditions: run::Conditions,
    run: Option<InFlight>,
    /// Number of the last run.
    runs: u64,
    /// Something changed while a run was on its way.
    again: bool,
    /// When copies are compared next at the latest; `None` when that is due.
    compare_at: Option<Instant>,
    backoff: Backoff,
    rng: StdRng,
    timer: Option<AbortHandle>,
    /// Aborted when the state is dropped.
    tasks: JoinSet<()>,
}

pub struct FederationActor;

impl Actor for FederationActor {
    type Msg = FederationMsg;
    type State = FederationState;
    type Arguments = FederationArgs;

    async fn pre_start(
        &self,
        _myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(FederationState {
            clusters: BTreeMap::new(),
            members: None,
            known: None,
            copies: Copies::default(),
            forgotten: 0,
            followers: Vec::new(),
            role: None,
            term: None,
            conditions: run::Conditions::default(),
            run: None,
            runs: 0,
            again: false,
            compare_at: None,
            backoff: Backoff::new(args.retry),
            rng: StdRng::seed_from_u64(args.seed),
            timer: None,
            tasks: JoinSet::new(),
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
            FederationMsg::AmkoClusters(clusters) => state.on_clusters(&myself, clusters),
            FederationMsg::Policies { configs, policies } => state.on_policies(&myself, configs, policies),
            FederationMsg::Exchanged => {
                // Another server may be meant, also by the run on its way.
                state.copies.forget();
                state.forgotten = state.runs;
                if state.candidate().is_some() {
                    state.trigger(&myself);
                }
            }
            FederationMsg::Progress { run, progress } => state.on_progress(&myself, run, *progress),
            FederationMsg::Crashed(text) => return Err(text.into()),
            FederationMsg::Due => state.on_due(&myself),
            FederationMsg::Republish => state.publish(),
            FederationMsg::Poison => return Err("poisoned by the test hook".into()),
        }
        while state.tasks.try_join_next().is_some() {}
        Ok(())
    }

    async fn post_stop(&self, _myself: ActorRef<Self::Msg>, state: &mut Self::State) -> Result<(), ActorProcessingErr> {
        state.disarm();
        Ok(())
    }
}

impl FederationState {
    fn on_clusters(&mut self, myself: &ActorRef<FederationMsg>, clusters: BTreeMap<ObjectName, AmkoCluster>) {
        let members: Vec<FederationMember> = clusters.iter().map(member).collect();
        let changed = self.members.as_ref() != Some(&members);
        let role = decide(&members, &self.args.namespace);
        let at_home = conditions_at_home(&members, &self.args.namespace);
        self.clusters = clusters;
        self.members = Some(members);
        match role {
            // The others have a word in it: the role is set when they have been asked.
            Role::Leader { .. } if changed => self.trigger(myself),
            Role::Leader { .. } => self.write_status(),
            decided => {
                self.cancel();
                self.set_role(decided);
                self.conditions = run::Conditions { list: at_home, generation: self.generation() };
                self.write_status();
            }
        }
    }

    fn on_policies(&mut self, myself: &ActorRef<FederationMsg>, configs: Originals, policies: Originals) {
        let changed = match &mut self.known {
            Some(known) => known.update(configs, policies),
            None => {
                self.known = Some(Known::new(configs, policies));
                true
            }
        };
        self.post_copies();
        if changed && self.candidate().is_some() {
            self.trigger(myself);
        }
    }

    /// The AMKOCluster at home, when it alone would make this replica the leader.
    fn candidate(&self) -> Option<FederationMember> {
        let members = self.members.as_deref()?;
        let leads = matches!(decide(members, &self.args.namespace), Role::Leader { .. });
        members.first().filter(|_| leads).cloned()
    }
}

fn member((name, cluster): (&ObjectName, &AmkoCluster)) -> FederationMember {
    FederationMember {
        namespace: name.namespace.clone(),
        uid: cluster.metadata.uid.clone().unwrap_or_default(),
        is_leader: cluster.spec.is_leader,
        context: cluster.spec.cluster_context.clone(),
        version: cluster.spec.version.clone(),
        clusters: cluster.spec.clusters.clone(),
    }
}

/// What an API server, or the way to it, has to say. kube's own words repeat everything in a form for programmers.
fn said(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if !status.message.is_empty() => status.message.clone(),
        kube::Error::Api(status) => format!("HTTP status {}", status.code),
        other => crate::kubernetes::cause::said(other),
    }
}
