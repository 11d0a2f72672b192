//! PolicyWatcher: reads the objects that say what the operator should do.
//!
//! *Owns* the watches of GSLBConfig, GlobalDeploymentPolicy, GSLBHostRule, AMKOCluster, the namespaces of its own
//! cluster and the credentials Secret. *Is told* how the controller answers, and what is there of the objects that
//! policies refer to. *Does* one thing after each change: works out which configuration and which policy are in force
//! and tells everyone concerned, as immutable values; and what the objects' status should say. *Fails* by keeping what
//! was in force: an object that cannot be read, or an update that is invalid, changes nothing.

mod absence;
mod candidates;
mod certificate;
mod config;
mod credentials;
mod dark;
mod deployment;
mod events;
mod federated;
mod identities;
mod kept;
mod rule_object;
mod rules;
mod settings;
mod status;
mod telling;
mod tenants;
mod watches;

pub use rule_object::SeenRule;

use super::avi_session::phase::ControllerState;
use super::avi_session::{AviSessionMsg, ControllerSettings, Handshake};
use super::board::Board;
use super::event_writer::EventWriterMsg;
use super::ever_listed::EverListed;
use super::federation::FederationMsg;
use super::gs_directory::GsDirectoryMsg;
use super::identities::Identities;
use super::link::Link;
use super::operator::OperatorMsg;
use super::status_writer::StatusWriterMsg;
use crate::core::census::Headway;
use crate::core::guard::{HeldChanges, News};
use crate::core::knowledge::Knowledge;
use crate::core::naming::Naming;
use crate::core::object::Namespace;
use crate::core::policy::presence::{GRACE, Presence, Standing};
use crate::core::policy::{DeploymentState, Installation, PolicySnapshot};
use crate::core::precedence::ObjectName;
use crate::core::references::{Catalog, Question, Referrers};
use crate::crd::{AmkoCluster, GlobalDeploymentPolicy, GslbConfig};
use crate::kubernetes::objects::NamespaceObject;
use crate::kubernetes::watch::WatchEvent;
use crate::retry::RetryPolicy;
use absence::Confirmation;
use credentials::{Credentials, Watched};
use dark::Dark;
use jiff::Timestamp;
use kept::Kept;
use kube::Client;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rules::{Reports, Rules, Scope};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tenants::Tenants;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What the PolicyWatcher is told.
#[derive(Debug)]
pub enum PolicyWatcherMsg {
    Configs(WatchEvent<GslbConfig, ObjectName>),
    Policies(WatchEvent<GlobalDeploymentPolicy, ObjectName>),
    /// The API server may not know the kind of the policies; its words.
    PoliciesNotServed(String),
    AmkoClusters(WatchEvent<AmkoCluster, ObjectName>),
    /// Of all namespaces.
    Rules(WatchEvent<SeenRule, ObjectName>),
    /// The API server does not know the kind of the rules.
    RulesNotServed,
    /// Of the operator's own cluster.
    Namespaces(WatchEvent<Namespace, String>),
    /// About the Secret of this name.
    Secret(String, WatchEvent<Credentials, String>),
    /// What is known about the objects on the controller that policies refer to.
    References(Arc<Catalog>),
    /// What came of the last handshake with the controller.
    Handshake(Handshake),
    /// How the controller answers.
    Controller(ControllerState),
    /// What waits for an approval.
    Held(Vec<Arc<HeldChanges>>),
    /// What became of something that waited for one.
    HeldNews(News),
    /// An approval under this name was for nothing.
    ApprovalNeedless(String),
    /// How many GSLB services do not follow this policy yet: told when there are none any more, or some again, and now and
    /// then while there are.
    Programmed {
        policy: Arc<PolicySnapshot>,
        progress: Headway,
    },
    /// It has changed which clusters stand behind the contexts, or which of them do not count.
    Identities,
    /// The leadership term; objects are written only while there is one.
    Term(Option<u64>),
    /// What is known of the member clusters may be another.
    Look,
    /// It is time for the list that confirms the absence of the policy.
    ListPolicies,
    /// The names in that list, which began this long after the actor; or why there is none.
    PoliciesListed {
        began: Duration,
        policies: Result<BTreeSet<ObjectName>, String>,
    },
    /// Somebody was restarted: say everything again.
    Republish,
    /// Test hook: fail as a bug would.
    Poison,
}

/// The time of day.
pub type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

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
    pub events: Link<EventWriterMsg>,
    /// Which clusters stand behind the contexts.
    pub identities: Identities,
    pub board: Board,
    /// What earlier incarnations have listed.
    pub ever_listed: EverListed,
    pub log_levels: LogLevels,
    pub wall: WallClock,
    pub retry: RetryPolicy,
    pub seed: u64,
}

pub struct PolicyWatcherState {
    args: PolicyWatcherArgs,
    born: Instant,
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
    /// Of the object that last said something valid.
    uid_in_force: Option<String>,
    deployment: DeploymentState,
    presence: Presence,
    /// What the last look at the policies gave; `None` before the first.
    standing: Option<Standing>,
    /// `spec.deletionGuard.policyGraceSeconds` of the last GSLBConfig that said something.
    grace: Duration,
    confirmation: Confirmation,
    rules: Rules,
    tenants: Tenants,
    /// What the policy refers to on the controller.
    policy_questions: BTreeSet<Question>,
    /// What objects refer to that were changed, and the controller has to be asked about again.
    edited: BTreeSet<Question>,
    /// When the policies were changed.
    policy_referrers: Referrers,
    /// `None` until the controller has answered anything.
    catalog: Option<Arc<Catalog>>,
    /// The UUID that the active config had last, or that was made for it when it had none.
    last_uuid: Option<(ObjectName, uuid::Uuid)>,
    controller: Option<ControllerState>,
    handshake: Handshake,
    /// What the session holds; `None` until it has said so.
    held: Option<Vec<Arc<HeldChanges>>>,
    /// What is known of the member clusters.
    known: Knowledge,
    /// Of which policy the directory spoke last, and how many services were behind it.
    programmed: Option<(Arc<PolicySnapshot>, Headway)>,
    term: Option<u64>,
    /// What was told last, so that only changes travel.
    told: Told,
    dark: Dark,
    rng: StdRng,
    /// Aborted when the state is dropped.
    watches: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Told {
    policy: Option<Arc<PolicySnapshot>>,
    settings: Option<Arc<ControllerSettings>>,
    members: Option<(BTreeSet<String>, Option<Naming>)>,
    log_level: Option<String>,
    /// Whether the directory has the table of rules; from then on it is told what differs.
    rules: bool,
    /// `None` when all are to be told.
    reports: Option<Reports>,
    questions: BTreeSet<Question>,
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
            born: Instant::now(),
            configs: Kept::default(),
            policies: Kept::default(),
            amko_clusters: Kept::default(),
            secret: None,
            active_config: None,
            installation: None,
            settings: None,
            policy_in_force: None,
            uid_in_force: None,
            deployment: DeploymentState::Unknown,
            presence: Presence::default(),
            standing: None,
            grace: GRACE,
            confirmation: Confirmation::new(args.retry),
            rules: Rules::new(args.ever_listed.clone()),
            tenants: Tenants::default(),
            policy_questions: BTreeSet::new(),
            edited: BTreeSet::new(),
            policy_referrers: Referrers::default(),
            catalog: None,
            last_uuid: None,
            controller: None,
            handshake: Handshake::None,
            held: None,
            known: Knowledge::default(),
            programmed: None,
            term: None,
            told: Told::default(),
            dark: Dark::default(),
            rng: StdRng::seed_from_u64(args.seed),
            watches: JoinSet::new(),
            args,
        };
        state.watch(&myself, PolicyWatcherMsg::Configs);
        state.watch_policies(&myself);
        state.watch(&myself, PolicyWatcherMsg::AmkoClusters);
        state.watch_rules(&myself);
        let by_name = |_: &str, name: &str| name.to_owned();
        state.watch_everywhere::<NamespaceObject, _, _>(&myself, by_name, PolicyWatcherMsg::Namespaces);
        look_later(&myself);
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        state.dark.note(&message);
        let (certainty, mut copied) = (state.certainty(), false);
        let are_listed = matches!(&message, PolicyWatcherMsg::Policies(WatchEvent::Listed { .. }));
        let changed = match message {
            PolicyWatcherMsg::Configs(event) => {
                copied = state.configs.take(event);
                copied
            }
            PolicyWatcherMsg::Policies(event) => {
                copied = state.policies.take(event);
                copied
            }
            PolicyWatcherMsg::PoliciesNotServed(_) => {
                state.presence.not_served();
                true
            }
            PolicyWatcherMsg::AmkoClusters(event) => {
                let changed = state.amko_clusters.take(event);
                if changed {
                    state.tell_federation();
                }
                changed
            }
            PolicyWatcherMsg::Rules(event) => {
                let changed = state.rules.take(event);
                state.post_rules();
                if changed {
                    state.reconsider_rules();
                }
                state.tell_restated();
                false
            }
            PolicyWatcherMsg::RulesNotServed => {
                let changed = state.rules.not_served();
                state.post_rules();
                changed
            }
            PolicyWatcherMsg::Namespaces(event) => state.tenants.take(event),
            PolicyWatcherMsg::Secret(name, event) => state.on_secret(&name, event),
            PolicyWatcherMsg::References(catalog) => {
                let changed = state.catalog.as_ref() != Some(&catalog);
                state.catalog = Some(catalog);
                changed
            }
            PolicyWatcherMsg::Controller(controller) => {
                state.controller = Some(controller);
                true
            }
            PolicyWatcherMsg::Handshake(handshake) => {
                state.handshake = handshake;
                true
            }
            PolicyWatcherMsg::Held(held) => {
                state.held = Some(held);
                true
            }
            PolicyWatcherMsg::HeldNews(news) => {
                state.tell_of_held(&news);
                false
            }
            PolicyWatcherMsg::ApprovalNeedless(id) => {
                state.tell_of_needless(&id);
                false
            }
            PolicyWatcherMsg::Programmed { policy, progress } => {
                state.programmed = Some((policy, progress));
                true
            }
            PolicyWatcherMsg::Identities => true,
            PolicyWatcherMsg::Term(term) => {
                state.term = term;
                true
            }
            PolicyWatcherMsg::Look => {
                look_later(&myself);
                state.look()
            }
            PolicyWatcherMsg::ListPolicies => {
                state.list_policies(&myself);
                false
            }
            PolicyWatcherMsg::PoliciesListed { began, policies } => {
                state.on_policies_listed(began, policies);
                true
            }
            PolicyWatcherMsg::Republish => {
                state.told = Told::default();
                state.tell_federation();
                copied = true;
                true
            }
            PolicyWatcherMsg::Poison => return Err("poisoned by the test hook".into()),
        };
        if changed {
            state.reconsider(&myself);
            // Afterwards: whether the policies that are there are what somebody wishes for is known by then.
            state.tell_federated_if(copied || state.certainty() != certainty);
        }
        if are_listed {
            state.presence.served();
        }
        Ok(())
    }
}

/// How often what is known of the clusters is looked at: it has to be said within a minute.
const LOOK: Duration = Duration::from_secs(5);

fn look_later(myself: &ActorRef<PolicyWatcherMsg>) {
    // Not cancelled: when the watcher is gone, nobody looks.
    drop(myself.send_after(LOOK, || PolicyWatcherMsg::Look));
}

impl PolicyWatcherState {
    /// Works out what is in force, and tells what has changed.
    fn reconsider(&mut self, myself: &ActorRef<PolicyWatcherMsg>) {
        if !self.configs.listed {
            return;
        }
        self.look();
        let activation = self.take_over_config(myself);
        let installation = self.installation.clone();
        if let Some(installation) = &installation {
            self.decide_policy(myself, installation);
        }
        self.tell_status(&activation);
        let Some(installation) = installation else { return };
        self.decide_rules(&installation, Scope::All);
        let members = installation.member_clusters.clone();
        // The directory first: it takes no word about a cluster that it has not been told of.
        self.tell_policy(installation);
        self.tell_rules();
        self.tell_members(members);
        self.tell_settings();
        self.tell_questions();
    }

    /// The same after a change of rules alone, which decides nothing about the rest.
    fn reconsider_rules(&mut self) {
        let Some(installation) = self.installation.take() else { return };
        self.decide_rules(&installation, Scope::Touched);
        self.installation = Some(installation);
        self.tell_rules();
        self.tell_questions();
    }

    /// What is known of the objects on the controller.
    fn known(&self) -> &Catalog {
        self.catalog.as_deref().unwrap_or(Catalog::EMPTY)
    }
}
