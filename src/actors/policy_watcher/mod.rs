//! PolicyWatcher: reads the objects that say what the operator should do.
//!
//! *Owns* the watches of GSLBConfig, GlobalDeploymentPolicy, AMKOCluster and the credentials Secret. *Is told* how the
//! controller answers. *Does* one thing after each change: works out which configuration and which policy are in force
//! and tells everyone concerned, as immutable values; and what the objects' status should say. *Fails* by keeping what
//! was in force: an object that cannot be read, or an update that is invalid, changes nothing.

mod candidates;
mod credentials;
mod kept;
mod settings;
mod status;

use super::avi_session::phase::ControllerState;
use super::avi_session::{AviSessionMsg, ControllerSettings};
use super::board::Board;
use super::federation::FederationMsg;
use super::gs_directory::GsDirectoryMsg;
use super::link::Link;
use super::operator::OperatorMsg;
use super::status_writer::{StatusWriterMsg, Target, Update};
use crate::core::activation::{self, Facts, Problem, Progress, UUID_ANNOTATION};
use crate::core::naming::Naming;
use crate::core::owner::Owner;
use crate::core::policy::{ACCEPTED, ANOTHER_EXISTS, DeploymentState, Installation, PolicySnapshot};
use crate::core::policy::{choose as choose_policy, validate};
use crate::core::precedence::ObjectName;
use crate::core::references::Catalog;
use crate::crd::{AmkoCluster, GlobalDeploymentPolicy, GslbConfig};
use crate::kubernetes::bounded::bounded;
use crate::kubernetes::watch::{Watch, WatchEvent};
use crate::retry::RetryPolicy;
use candidates::{config_candidates, policy_candidates};
use credentials::{Credentials, Watched};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Secret;
use kept::Kept;
use kube::api::Api;
use kube::core::DeserializeGuard;
use kube::runtime::watcher;
use kube::{Client, Resource, ResourceExt};
use ractor::{Actor, ActorProcessingErr, ActorRef, Message};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;
use tokio::task::JoinSet;

/// What the PolicyWatcher is told.
#[derive(Debug)]
pub enum PolicyWatcherMsg {
    Configs(WatchEvent<GslbConfig, ObjectName>),
    Policies(WatchEvent<GlobalDeploymentPolicy, ObjectName>),
    AmkoClusters(WatchEvent<AmkoCluster, ObjectName>),
    /// About the Secret of this name.
    Secret(String, WatchEvent<Credentials, String>),
    /// What is known about the objects on the controller that policies refer to.
    References(Arc<Catalog>),
    /// How the controller answers.
    Controller(ControllerState),
    /// How many GSLB services do not follow this policy yet: told when there are none any more, or some again.
    Programmed {
        policy: Arc<PolicySnapshot>,
        behind: usize,
    },
    /// The leadership term; objects are written only while there is one.
    Term(Option<u64>),
    /// Somebody was restarted: say everything again.
    Republish,
    /// Test hook: fail as a bug would.
    Poison,
}

/// Applies a log level of a GSLBConfig.
pub type LogLevels = Arc<dyn Fn(&str) + Send + Sync>;

/// What the PolicyWatcher is made of.
#[derive(Clone)]
pub struct PolicyWatcherArgs {
    pub client: Client,
    /// Namespace of the AMKO objects.
    pub namespace: String,
    /// PEM to trust instead of the Secret's `ca.crt`.
    pub controller_ca: Option<Vec<u8>>,
    pub operator: Link<OperatorMsg>,
    pub session: Link<AviSessionMsg>,
    pub directory: Link<GsDirectoryMsg>,
    pub federation: Link<FederationMsg>,
    pub status: Link<StatusWriterMsg>,
    pub board: Board,
    pub log_levels: LogLevels,
    pub retry: RetryPolicy,
    pub seed: u64,
}

pub struct PolicyWatcherState {
    args: PolicyWatcherArgs,
    configs: Kept<GslbConfig>,
    policies: Kept<GlobalDeploymentPolicy>,
    amko_clusters: Kept<AmkoCluster>,
    secret: Option<Watched>,
    active_config: Option<ObjectName>,
    /// The last usable one: a GSLBConfig that is gone or broken changes nothing on the controller (rule DEL-03).
    installation: Option<Installation>,
    /// The last usable ones, likewise.
    settings: Option<Arc<ControllerSettings>>,
    policy_in_force: Option<ObjectName>,
    deployment: DeploymentState,
    /// The UUID made for a config that had none, until it shows on the object.
    made_uuid: Option<(ObjectName, uuid::Uuid)>,
    controller: Option<ControllerState>,
    /// Of which policy the directory spoke last, and how many services were behind it.
    programmed: Option<(Arc<PolicySnapshot>, usize)>,
    term: Option<u64>,
    /// What was told last, so that only changes travel.
    told: Told,
    rng: StdRng,
    /// Aborted when the state is dropped.
    watches: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Told {
    policy: Option<Arc<PolicySnapshot>>,
    settings: Option<Arc<ControllerSettings>>,
    members: Option<(BTreeSet<String>, Naming)>,
    log_level: Option<String>,
}

pub struct PolicyWatcher;

impl Actor for PolicyWatcher {
    type Msg = PolicyWatcherMsg;
    type State = PolicyWatcherState;
    type Arguments = PolicyWatcherArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        let mut state = PolicyWatcherState {
            configs: Kept::default(),
            policies: Kept::default(),
            amko_clusters: Kept::default(),
            secret: None,
            active_config: None,
            installation: None,
            settings: None,
            policy_in_force: None,
            deployment: DeploymentState::Unknown,
            made_uuid: None,
            controller: None,
            programmed: None,
            term: None,
            told: Told::default(),
            rng: StdRng::seed_from_u64(args.seed),
            watches: JoinSet::new(),
            args,
        };
        state.watch(&myself, PolicyWatcherMsg::Configs);
        state.watch(&myself, PolicyWatcherMsg::Policies);
        state.watch(&myself, PolicyWatcherMsg::AmkoClusters);
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let changed = match message {
            PolicyWatcherMsg::Configs(event) => state.configs.take(event),
            PolicyWatcherMsg::Policies(event) => state.policies.take(event),
            PolicyWatcherMsg::AmkoClusters(event) => {
                if state.amko_clusters.take(event) {
                    state.tell_federation();
                }
                false
            }
            PolicyWatcherMsg::Secret(name, event) => state.on_secret(&name, event),
            PolicyWatcherMsg::References(_) => false,
            PolicyWatcherMsg::Controller(controller) => {
                state.controller = Some(controller);
                true
            }
            PolicyWatcherMsg::Programmed { policy, behind } => {
                state.programmed = Some((policy, behind));
                true
            }
            PolicyWatcherMsg::Term(term) => {
                state.term = term;
                true
            }
            PolicyWatcherMsg::Republish => {
                state.told = Told::default();
                state.tell_federation();
                true
            }
            PolicyWatcherMsg::Poison => return Err("poisoned by the test hook".into()),
        };
        if changed {
            state.reconsider(&myself);
        }
        Ok(())
    }
}

/// What can be said of the active GSLBConfig.
struct Activation {
    installation: Option<Installation>,
    settings: Option<ControllerSettings>,
    problem: Option<Problem>,
}

impl PolicyWatcherState {
    fn watch<K, M>(&mut self, myself: &ActorRef<M>, wrap: fn(WatchEvent<K, ObjectName>) -> M)
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
        K: Clone + DeserializeOwned + Debug + Send + Sync + 'static,
        M: Message,
    {
        let api: Api<DeserializeGuard<K>> = Api::namespaced(bounded(&self.args.client), &self.args.namespace);
        let identify = |namespace: &str, name: &str| ObjectName { namespace: namespace.into(), name: name.into() };
        let watch = Watch {
            api,
            config: watcher::Config::default(),
            project: K::from,
            identify,
            retry: self.args.retry,
            rng: StdRng::seed_from_u64(self.rng.random()),
        };
        let myself = myself.clone();
        // The actor owns the task: when it is gone, so is the task.
        self.watches.spawn(watch.run(move |event| drop(myself.cast(wrap(event)))));
    }

    /// Watches the Secret of this name only; no other is ever read.
    fn watch_secret(&mut self, myself: &ActorRef<PolicyWatcherMsg>, name: &str) {
        if self.secret.as_ref().is_some_and(|watched| watched.name == name) {
            return;
        }
        if let Some(watched) = self.secret.take() {
            watched.watch.abort();
        }
        let api: Api<DeserializeGuard<Secret>> = Api::namespaced(bounded(&self.args.client), &self.args.namespace);
        let watch = Watch {
            api,
            config: watcher::Config::default().fields(&format!("metadata.name={name}")),
            project: Credentials::from,
            identify: |_: &str, name: &str| name.to_owned(),
            retry: self.args.retry,
            rng: StdRng::seed_from_u64(self.rng.random()),
        };
        let (myself, watched) = (myself.clone(), name.to_owned());
        let tell = move |event| drop(myself.cast(PolicyWatcherMsg::Secret(watched.clone(), event)));
        let watch = self.watches.spawn(watch.run(tell));
        self.secret = Some(Watched { name: name.to_owned(), listed: false, credentials: None, watch });
    }

    fn on_secret(&mut self, name: &str, event: WatchEvent<Credentials, String>) -> bool {
        let Some(watched) = self.secret.as_mut().filter(|watched| watched.name == name) else { return false };
        match event {
            WatchEvent::Listed { mut objects, .. } => {
                watched.listed = true;
                watched.credentials = objects.pop();
            }
            WatchEvent::Applied(credentials) => watched.credentials = Some(credentials),
            // The session goes on with what it has; a missing Secret is told in the status.
            WatchEvent::Deleted(_) => watched.credentials = None,
            // The error may quote what it could not decode.
            WatchEvent::Undecodable { object, .. } => {
                tracing::warn!(object, "credentials cannot be decoded, the last ones stay in use");
                return false;
            }
            WatchEvent::Failed(error) => {
                tracing::warn!(secret = name, error, "cannot watch the credentials Secret");
                return false;
            }
        }
        true
    }

    fn tell_federation(&self) {
        if self.amko_clusters.listed {
            let clusters = self.amko_clusters.objects.clone();
            self.args.federation.cast(FederationMsg::AmkoClusters(clusters));
        }
    }

    /// Works out what is in force, and tells what has changed.
    fn reconsider(&mut self, myself: &ActorRef<PolicyWatcherMsg>) {
        if !self.configs.listed {
            return;
        }
        let candidates = config_candidates(&self.configs);
        let choice = activation::choose(&candidates, self.active_config.as_ref(), &self.args.namespace);
        for (other, problem) in &choice.others {
            self.write_config_status(&other.object, problem.to_string(), None);
        }
        self.active_config = choice.active.map(|candidate| candidate.object.clone());
        let activation = self.activate(myself);
        self.tell_status(&activation);
        if activation.installation.is_some() {
            self.installation = activation.installation;
        }
        if activation.settings.is_some() {
            self.settings = activation.settings.map(Arc::new);
        }
        let Some(installation) = self.installation.clone() else { return };
        self.decide_policy(&installation.member_clusters);
        let members = installation.member_clusters.clone();
        // The directory first: it takes no word about a cluster that it has not been told of.
        self.tell_policy(installation);
        self.tell_members(members);
        self.tell_settings();
    }

    /// Checks the active GSLBConfig and gathers what follows from it.
    fn activate(&mut self, myself: &ActorRef<PolicyWatcherMsg>) -> Activation {
        let nothing = Activation { installation: None, settings: None, problem: None };
        let Some(name) = self.active_config.clone() else { return nothing };
        let Some(config) = self.configs.objects.get(&name).cloned() else { return nothing };
        let leader = &config.spec.gslb_leader;
        let facts = Facts {
            uuid: config.annotations().get(UUID_ANNOTATION).map(String::as_str),
            controller_ip: &leader.controller_ip,
            credentials: &leader.credentials,
            controller_version: &leader.controller_version,
        };
        self.set_log_level(config.spec.log_level.as_deref().unwrap_or_default());
        let uuid = match activation::check(facts) {
            Ok(Some(uuid)) => uuid,
            Ok(None) => {
                self.make_uuid(&name);
                return nothing;
            }
            Err(problem) => return Activation { problem: Some(problem), ..nothing },
        };
        let owner = Owner::from_uuid(uuid);
        self.watch_secret(myself, &leader.credentials);
        let (settings, problem) = self.settings(&config, owner.clone());
        let installation = Installation {
            owner,
            default_tenant: leader.tenant.clone().filter(|t| !t.is_empty()).unwrap_or_else(|| "admin".into()),
            member_clusters: config.spec.member_clusters.iter().map(|m| m.cluster_context.clone()).collect(),
            custom_global_fqdn: config.spec.use_custom_global_fqdn.unwrap_or(false),
            status_for_all: config.spec.status_objects.as_deref() == Some("All"),
        };
        Activation { installation: Some(installation), settings, problem }
    }

    fn settings(&self, config: &GslbConfig, owner: Owner) -> (Option<ControllerSettings>, Option<Problem>) {
        let Some(watched) = &self.secret else { return (None, None) };
        let Some(credentials) = &watched.credentials else {
            let problem = watched.listed.then(|| Problem::NoSecret(watched.name.clone()));
            return (None, problem);
        };
        match settings::settings(config, credentials, self.args.controller_ca.as_deref(), owner) {
            Ok(settings) => (Some(settings), None),
            Err(problem) => (None, Some(problem)),
        }
    }

    /// Asks for a UUID on a GSLBConfig that has none. Activation goes on when the object shows it: a UUID that is not
    /// stored would orphan every service at the next start.
    fn make_uuid(&mut self, name: &ObjectName) {
        if self.term.is_none() {
            return;
        }
        let uuid = match &self.made_uuid {
            Some((made_for, uuid)) if made_for == name => *uuid,
            _ => self.new_uuid(),
        };
        self.made_uuid = Some((name.clone(), uuid));
        let annotations = [(UUID_ANNOTATION.to_owned(), uuid.hyphenated().to_string())].into();
        let target = Target::GslbConfig(name.clone());
        self.args.status.cast(StatusWriterMsg::Write { target, update: Update::Annotations(annotations) });
    }

    /// A version 1 UUID, as upstream makes them: time and node from chance, so that a seeded run repeats.
    fn new_uuid(&mut self) -> uuid::Uuid {
        let ticks = self.rng.random::<u64>() >> 4;
        let counter = self.rng.random::<u16>();
        let mut node: [u8; 6] = self.rng.random();
        // The multicast bit marks a node id that is no hardware address (RFC 9562, 6.10).
        node[0] |= 1;
        uuid::Uuid::new_v1(uuid::Timestamp::from_gregorian_time(ticks, counter), &node)
    }

    fn decide_policy(&mut self, known_clusters: &BTreeSet<String>) {
        if !self.policies.listed {
            return;
        }
        let candidates = policy_candidates(&self.policies);
        let precedence = choose_policy(&candidates, self.policy_in_force.as_ref(), &self.args.namespace);
        for other in &precedence.others {
            self.write_policy_status(&other.object, ANOTHER_EXISTS);
        }
        let first = precedence.first.map(|candidate| candidate.object.clone());
        // One that cannot be read may be the one that counts; only the one in force goes before all others.
        if let Some(unreadable) = self.policies.unreadable.first()
            && (first.is_none() || first != self.policy_in_force)
        {
            let ObjectName { namespace, name } = unreadable;
            let text = format!("GlobalDeploymentPolicy {namespace}/{name} cannot be decoded: correct it or delete it");
            self.policy_in_force = None;
            self.deployment = DeploymentState::Unknown;
            self.args.board.post(|notices| notices.deployment_policy = text);
            return;
        }
        let Some(policy) = first.as_ref().and_then(|name| self.policies.objects.get(name)) else {
            self.policy_in_force = None;
            self.deployment = DeploymentState::Absent;
            self.args.board.post(|notices| notices.deployment_policy = "no GlobalDeploymentPolicy".into());
            return;
        };
        let text = match validate(&policy.spec, known_clusters) {
            Ok(valid) => {
                self.deployment = DeploymentState::InForce(valid);
                ACCEPTED.to_owned()
            }
            // Rule GDP-07: the policy that was in force stays.
            Err(text) => {
                if self.policy_in_force != first {
                    self.deployment = DeploymentState::Unknown;
                }
                text
            }
        };
        if let Some(name) = &first {
            self.write_policy_status(name, &text);
        }
        self.policy_in_force = first;
        self.args.board.post(|notices| notices.deployment_policy = text);
    }

    fn tell_status(&self, activation: &Activation) {
        let Some(name) = &self.active_config else {
            self.args.board.post(|notices| notices.gslb_config = "no GSLBConfig".into());
            return;
        };
        let state = match (&activation.problem, &self.controller) {
            (Some(problem), _) => problem.to_string(),
            (None, None) => return,
            (None, Some(ControllerState::Unreachable(error))) => {
                Problem::ControllerUnreachable(error.clone()).to_string()
            }
            (None, Some(ControllerState::NotLeader(_))) => Problem::NotLeader.to_string(),
            (None, Some(ControllerState::Syncing)) => Progress::Syncing.state().to_owned(),
            (None, Some(ControllerState::Synced)) => Progress::Accepted.state().to_owned(),
        };
        self.args.board.post(|notices| notices.gslb_config = state.clone());
        let verified = activation.settings.as_ref().map(|settings| !settings.tls.insecure_skip_verify);
        self.write_config_status(name, state, verified);
    }

    fn write_config_status(&self, name: &ObjectName, state: String, verified: Option<bool>) {
        let Some(config) = self.configs.objects.get(name).filter(|_| self.term.is_some()) else { return };
        if let Some(status) = status::of_config(config, state, verified) {
            let target = Target::GslbConfig(name.clone());
            self.args.status.cast(StatusWriterMsg::Write { target, update: Update::status(&status) });
        }
    }

    fn write_policy_status(&self, name: &ObjectName, text: &str) {
        let Some(policy) = self.policies.objects.get(name).filter(|_| self.term.is_some()) else { return };
        // What was said of another policy says nothing of this one.
        let told = self.programmed.as_ref().filter(|(policy, _)| policy.deployment == self.deployment);
        let behind = told.map(|(_, behind)| *behind);
        if let Some(status) = status::of_policy(policy, text, behind) {
            let target = Target::GlobalDeploymentPolicy(name.clone());
            self.args.status.cast(StatusWriterMsg::Write { target, update: Update::status(&status) });
        }
    }

    fn tell_members(&mut self, contexts: BTreeSet<String>) {
        let naming = self.told.policy.as_ref().map(|policy| policy.naming()).unwrap_or_default();
        let members = (contexts, naming);
        if self.told.members.as_ref() != Some(&members) {
            let (contexts, naming) = members.clone();
            self.told.members = Some(members);
            self.args.operator.cast(OperatorMsg::Members { contexts, naming: Arc::new(naming) });
        }
    }

    fn tell_policy(&mut self, installation: Installation) {
        let snapshot = PolicySnapshot { installation: Some(installation), deployment: self.deployment.clone() };
        if self.told.policy.as_deref() != Some(&snapshot) {
            let snapshot = Arc::new(snapshot);
            self.told.policy = Some(Arc::clone(&snapshot));
            self.args.directory.cast(GsDirectoryMsg::Policy(snapshot));
        }
    }

    fn tell_settings(&mut self) {
        let Some(settings) = self.settings.clone() else { return };
        if self.told.settings.as_ref().is_some_and(|told| told.same(&settings)) {
            return;
        }
        if settings.tls.insecure_skip_verify {
            tracing::warn!(
                controller = settings.session.address,
                "the controller's certificate is NOT verified (spec.gslbLeader.insecureSkipVerify): anybody on the path \
                 can pose as the controller; put its CA into key ca.crt of the credentials Secret instead"
            );
        }
        self.told.settings = Some(Arc::clone(&settings));
        self.args.session.cast(AviSessionMsg::Configure(Some(settings)));
    }

    fn set_log_level(&mut self, level: &str) {
        if self.told.log_level.as_deref() != Some(level) {
            self.told.log_level = Some(level.to_owned());
            (self.args.log_levels)(level);
        }
    }
}
