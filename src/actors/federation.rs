//! FederationActor: who may write.
//!
//! *Owns* the leadership term. *Is told* the AMKOCluster objects of its own cluster. *Does* one thing: grants a new
//! term when this cluster is the leader, ends it when it is not any more, and tells everyone who writes. *Fails* to the
//! safe side: without a clear answer there is no term. The copying of configuration to the other clusters is not part
//! of it yet.

use super::avi_session::AviSessionMsg;
use super::board::{Board, RoleNotice};
use super::gs_directory::GsDirectoryMsg;
use super::link::Link;
use super::policy_watcher::PolicyWatcherMsg;
use crate::core::federation::{FederationMember, Role, decide};
use crate::core::precedence::ObjectName;
use crate::crd::AmkoCluster;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the FederationActor is told.
#[derive(Debug)]
pub enum FederationMsg {
    /// All AMKOCluster objects of the operator's namespace.
    AmkoClusters(BTreeMap<ObjectName, AmkoCluster>),
    /// Somebody was restarted: say everything again.
    Republish,
    /// Test hook: fail as a bug would.
    Poison,
}

/// What the FederationActor is made of.
#[derive(Clone)]
pub struct FederationArgs {
    pub namespace: String,
    pub session: Link<AviSessionMsg>,
    pub directory: Link<GsDirectoryMsg>,
    pub policy: Link<PolicyWatcherMsg>,
    pub board: Board,
    /// Number of the last term; outlives the actor, so that terms only ever grow.
    pub terms: Arc<AtomicU64>,
}

pub struct FederationState {
    args: FederationArgs,
    role: Option<Role>,
    term: Option<u64>,
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
        Ok(FederationState { args, role: None, term: None })
    }

    async fn handle(
        &self,
        _myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            FederationMsg::AmkoClusters(clusters) => state.on_clusters(&clusters),
            FederationMsg::Republish => state.publish(),
            FederationMsg::Poison => return Err("poisoned by the test hook".into()),
        }
        Ok(())
    }
}

impl FederationState {
    fn on_clusters(&mut self, clusters: &BTreeMap<ObjectName, AmkoCluster>) {
        let members: Vec<FederationMember> = clusters.iter().map(member).collect();
        let role = decide(&members, &self.args.namespace);
        if self.role.as_ref() == Some(&role) {
            return;
        }
        self.term = match &role {
            Role::Leader { context } => {
                let term = self.args.terms.fetch_add(1, Ordering::Relaxed) + 1;
                tracing::info!(context, term, "this cluster leads");
                Some(term)
            }
            Role::Follower => {
                tracing::info!("another cluster leads, standing by");
                None
            }
            Role::Undecided(reason) => {
                tracing::warn!(reason, "no role, nothing is written");
                None
            }
        };
        self.role = Some(role);
        self.publish();
    }

    fn publish(&self) {
        let Some(role) = &self.role else { return };
        let notice = match (role, self.term) {
            (Role::Leader { .. }, Some(term)) => RoleNotice::Leader { term },
            (Role::Follower, _) => RoleNotice::Follower,
            (Role::Undecided(reason), _) => RoleNotice::Undecided { reason: reason.clone() },
            (Role::Leader { .. }, None) => RoleNotice::Starting,
        };
        self.args.board.post(|notices| notices.role = notice);
        self.args.session.cast(AviSessionMsg::Term(self.term));
        self.args.directory.cast(GsDirectoryMsg::Term(self.term));
        self.args.policy.cast(PolicyWatcherMsg::Term(self.term));
    }
}

fn member((name, cluster): (&ObjectName, &AmkoCluster)) -> FederationMember {
    FederationMember {
        namespace: name.namespace.clone(),
        is_leader: cluster.spec.is_leader,
        context: cluster.spec.cluster_context.clone(),
        version: cluster.spec.version.clone(),
        clusters: cluster.spec.clusters.clone(),
    }
}
