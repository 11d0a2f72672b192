//! Starting the children: what each is made of.

use super::{Child, OperatorMsg, OperatorState, Outside, SERVICE_LIMIT, WINDOW};
use crate::actors::avi_session::{AviSession, AviSessionArgs};
use crate::actors::cluster_watcher::{ClusterWatcher, ClusterWatcherArgs};
use crate::actors::event_writer::{EventWriter, EventWriterArgs};
use crate::actors::federation::{FederationActor, FederationArgs};
use crate::actors::gs_directory::{GsDirectory, GsDirectoryArgs};
use crate::actors::link::Link;
use crate::actors::members_watcher::{MembersWatcher, MembersWatcherArgs};
use crate::actors::policy_watcher::{PolicyWatcher, PolicyWatcherArgs};
use crate::actors::status_writer::{StatusWriter, StatusWriterArgs};
use crate::actors::supervisor::arrange;
use crate::actors::supervisor::restart::RestartPolicy;
use ractor::{Actor, ActorCell, ActorRef, Message, SpawnErr};
use rand::RngExt;
use std::sync::Arc;

impl OperatorState {
    /// Starts one child and points its link at it. A child that cannot start is treated like one that failed.
    pub(super) async fn start_child(&mut self, myself: &ActorRef<OperatorMsg>, child: Child) {
        let started = match &child {
            Child::EventWriter => self.start_event_writer(myself).await,
            Child::StatusWriter => self.start_status_writer(myself).await,
            Child::GsDirectory => self.start_directory(myself).await,
            Child::MembersWatcher => self.start_members_watcher(myself).await,
            Child::AviSession => self.start_session(myself).await,
            Child::Federation => self.start_federation(myself).await,
            Child::PolicyWatcher => self.start_policy_watcher(myself).await,
            Child::ClusterWatcher(context) => self.start_cluster_watcher(myself, context.clone()).await,
        };
        match started {
            Ok(cell) => {
                self.children.started(&child, cell);
            }
            Err(error) => {
                let fallen = self.children.failed_to_start(&child, error.to_string());
                arrange(myself, &fallen, |child, generation| OperatorMsg::Restart { child, generation });
            }
        }
    }

    async fn start_status_writer(&mut self, myself: &ActorRef<OperatorMsg>) -> Result<ActorCell, SpawnErr> {
        let args = StatusWriterArgs {
            client: self.args.outside.client.clone(),
            namespace: self.args.settings.namespace.clone(),
            retry: self.args.settings.retry,
            seed: self.rng.random(),
        };
        spawn(myself, StatusWriter, args, &self.args.links.status).await
    }

    async fn start_event_writer(&mut self, myself: &ActorRef<OperatorMsg>) -> Result<ActorCell, SpawnErr> {
        let args = EventWriterArgs {
            client: self.args.outside.client.clone(),
            members: Arc::clone(&self.args.outside.members),
            board: self.args.links.board.clone(),
            metrics: Arc::clone(&self.args.links.metrics),
            retry: self.args.settings.retry,
            seed: self.rng.random(),
        };
        spawn(myself, EventWriter, args, &self.args.links.events).await
    }

    async fn start_members_watcher(&mut self, myself: &ActorRef<OperatorMsg>) -> Result<ActorCell, SpawnErr> {
        let Outside { client, members, .. } = &self.args.outside;
        let Some(members) = members.kubeconfig() else {
            return Err(SpawnErr::StartupFailed("no kubeconfig that could change".into()));
        };
        let args = MembersWatcherArgs {
            client: client.clone(),
            members,
            operator: self.args.links.operator.clone(),
            board: self.args.links.board.clone(),
            retry: self.args.settings.retry,
            seed: self.rng.random(),
        };
        spawn(myself, MembersWatcher, args, &self.args.links.members).await
    }

    async fn start_directory(&mut self, myself: &ActorRef<OperatorMsg>) -> Result<ActorCell, SpawnErr> {
        let links = &self.args.links;
        let args = GsDirectoryArgs {
            session: links.session.clone(),
            policy: links.policy.clone(),
            status: links.status.clone(),
            events: links.events.clone(),
            link: links.directory.clone(),
            board: links.board.clone(),
            awake: self.args.settings.awake,
            restart: RestartPolicy { backoff: self.args.settings.retry, window: WINDOW, limit: Some(SERVICE_LIMIT) },
            seed: self.rng.random(),
        };
        spawn(myself, GsDirectory, args, &self.args.links.directory).await
    }

    async fn start_session(&mut self, myself: &ActorRef<OperatorMsg>) -> Result<ActorCell, SpawnErr> {
        let links = &self.args.links;
        let args = AviSessionArgs {
            transports: Arc::clone(&self.args.outside.transports),
            directory: links.directory.clone(),
            policy: links.policy.clone(),
            board: links.board.clone(),
            metrics: Arc::clone(&links.metrics),
            memory: self.memory.clone(),
            retry: self.args.settings.retry,
            concurrency: self.args.settings.concurrency,
            heartbeat: self.args.settings.heartbeat,
            seed: self.rng.random(),
        };
        spawn(myself, AviSession, args, &self.args.links.session).await
    }

    async fn start_federation(&mut self, myself: &ActorRef<OperatorMsg>) -> Result<ActorCell, SpawnErr> {
        let links = &self.args.links;
        let args = FederationArgs {
            namespace: self.args.settings.namespace.clone(),
            client: self.args.outside.client.clone(),
            members: Arc::clone(&self.args.outside.members),
            session: links.session.clone(),
            directory: links.directory.clone(),
            policy: links.policy.clone(),
            status: links.status.clone(),
            board: links.board.clone(),
            terms: Arc::clone(&self.terms),
            retry: self.args.settings.retry,
            seed: self.rng.random(),
        };
        spawn(myself, FederationActor, args, &self.args.links.federation).await
    }

    async fn start_policy_watcher(&mut self, myself: &ActorRef<OperatorMsg>) -> Result<ActorCell, SpawnErr> {
        let links = &self.args.links;
        let args = PolicyWatcherArgs {
            client: self.args.outside.client.clone(),
            namespace: self.args.settings.namespace.clone(),
            controller_ca: self.args.settings.controller_ca.clone(),
            operator: links.operator.clone(),
            session: links.session.clone(),
            directory: links.directory.clone(),
            federation: links.federation.clone(),
            status: links.status.clone(),
            events: links.events.clone(),
            board: links.board.clone(),
            identities: self.identities.clone(),
            ever_listed: self.policies_listed.clone(),
            log_levels: Arc::clone(&self.args.outside.log_levels),
            wall: Arc::clone(&self.args.settings.wall),
            retry: self.args.settings.retry,
            seed: self.rng.random(),
        };
        spawn(myself, PolicyWatcher, args, &self.args.links.policy).await
    }

    async fn start_cluster_watcher(
        &mut self,
        myself: &ActorRef<OperatorMsg>,
        context: String,
    ) -> Result<ActorCell, SpawnErr> {
        let link = self.members.entry(context.clone()).or_default().clone();
        let ever_listed = self.ever_listed.entry(context.clone()).or_default().clone();
        let args = ClusterWatcherArgs {
            context,
            naming: Arc::clone(&self.naming),
            members: Arc::clone(&self.args.outside.members),
            directory: self.args.links.directory.clone(),
            events: self.args.links.events.clone(),
            policy: self.args.links.policy.clone(),
            identities: self.identities.clone(),
            board: self.args.links.board.clone(),
            retry: self.args.settings.retry,
            multi_cluster_ingress: self.args.settings.multi_cluster_ingress,
            clients: self.args.settings.clients,
            ever_listed,
            seed: self.rng.random(),
        };
        spawn(myself, ClusterWatcher, args, &link).await
    }
}

async fn spawn<A>(
    parent: &ActorRef<OperatorMsg>,
    actor: A,
    args: A::Arguments,
    link: &Link<A::Msg>,
) -> Result<ActorCell, SpawnErr>
where
    A: Actor,
    A::Msg: Message,
{
    let (started, _) = Actor::spawn_linked(None, actor, args, parent.get_cell()).await?;
    let cell = started.get_cell();
    link.point_at(started);
    Ok(cell)
}
