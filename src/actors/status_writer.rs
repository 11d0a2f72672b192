//! StatusWriter: writes what the operator has to say into the AMKO objects.
//!
//! *Owns* the newest text for each object. *Is told* updates, each replacing the one before. *Does* one patch per
//! object at a time, of the status alone. *Fails* by trying again with backoff; an object that is gone is forgotten.

use crate::core::host_rule::RuleVerdict;
use crate::core::precedence::ObjectName;
use crate::crd::{AmkoCluster, GlobalDeploymentPolicy, GslbConfig, GslbHostRuleStatus};
use crate::retry::{Backoff, RetryPolicy, pause};
use kube::api::{Api, Patch, PatchParams};
use kube::{Client, Resource};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// An object that the operator may write to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    AmkoCluster(ObjectName),
    GslbConfig(ObjectName),
    GlobalDeploymentPolicy(ObjectName),
}

/// What to write. Never the spec.
#[derive(Debug, Clone, PartialEq)]
pub enum Update {
    Status(Value),
    Annotations(BTreeMap<String, String>),
}

impl Update {
    /// A status from its type. Fields that the type leaves out when empty are cleared.
    pub fn status(status: &impl Serialize) -> Self {
        // Our own status types have string keys only and cannot fail to serialise.
        Self::Status(serde_json::to_value(status).unwrap_or(Value::Null))
    }
}

/// What became of one GSLBHostRule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleReport {
    pub object: ObjectName,
    pub uid: Option<String>,
    /// Of the spec that the verdict is about.
    pub generation: Option<i64>,
    /// The status that the object has now.
    pub present: Option<GslbHostRuleStatus>,
    pub verdict: RuleVerdict,
    /// Made by this operator only to carry a status.
    pub managed: bool,
    /// A managed rule that nobody needs: to be deleted.
    pub superfluous: bool,
}

/// What the StatusWriter is told.
#[derive(Debug)]
pub enum StatusWriterMsg {
    /// The newest update for one object; an earlier one of the same kind that still waits is dropped.
    Write { target: Target, update: Update },
    /// The newest word on one GSLBHostRule.
    Rule(Box<RuleReport>),
    /// The GSLBHostRule does not exist any more.
    RuleGone(ObjectName),
    /// An attempt has ended; `left` is what must be tried again.
    Done { key: Key, left: Option<Attempt> },
    /// Test hook: fail as a bug would.
    Poison,
}

/// One stream of updates: object and what is written of it.
pub type Key = (Target, bool);

/// An update on its way, and its failures so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    update: Update,
    backoff: Backoff,
}

/// What the StatusWriter is made of.
#[derive(Clone)]
pub struct StatusWriterArgs {
    pub client: Client,
    pub retry: RetryPolicy,
    pub seed: u64,
}

pub struct StatusWriterState {
    args: StatusWriterArgs,
    /// `None` while its patch is on its way and nothing newer waits.
    waiting: BTreeMap<Key, Option<Update>>,
    rng: StdRng,
    /// Aborted when the state is dropped.
    patches: JoinSet<()>,
}

pub struct StatusWriter;

/// Longest wait for an answer of the API server.
const PATIENCE: Duration = Duration::from_secs(10);

impl Actor for StatusWriter {
    type Msg = StatusWriterMsg;
    type State = StatusWriterState;
    type Arguments = StatusWriterArgs;

    async fn pre_start(
        &self,
        _myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        let rng = StdRng::seed_from_u64(args.seed);
        Ok(StatusWriterState { args, waiting: BTreeMap::new(), rng, patches: JoinSet::new() })
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            StatusWriterMsg::Write { target, update } => {
                let key = (target, matches!(update, Update::Status(_)));
                match state.waiting.get_mut(&key) {
                    Some(waiting) => *waiting = Some(update),
                    None => state.attempt(&myself, key, Attempt { update, backoff: Backoff::new(state.args.retry) }),
                }
            }
            StatusWriterMsg::Done { key, left } => {
                let newer = state.waiting.remove(&key).flatten();
                match (newer, left) {
                    (Some(update), Some(left)) => state.attempt(&myself, key, Attempt { update, ..left }),
                    (Some(update), None) => {
                        state.attempt(&myself, key, Attempt { update, backoff: Backoff::new(state.args.retry) });
                    }
                    (None, Some(left)) => state.attempt(&myself, key, left),
                    (None, None) => {}
                }
            }
            StatusWriterMsg::Rule(_) | StatusWriterMsg::RuleGone(_) => {}
            StatusWriterMsg::Poison => return Err("poisoned by the test hook".into()),
        }
        while state.patches.try_join_next().is_some() {}
        Ok(())
    }
}

impl StatusWriterState {
    /// Patches once and reports. An update that fails is tried again for as long as no newer one takes its place; the
    /// pause after a failure is part of the attempt.
    fn attempt(&mut self, myself: &ActorRef<StatusWriterMsg>, key: Key, mut attempt: Attempt) {
        self.waiting.insert(key.clone(), None);
        let client = self.args.client.clone();
        let delay = attempt.backoff.fail(None, &mut self.rng);
        let myself = myself.clone();
        self.patches.spawn(async move {
            let done = match &key.0 {
                Target::AmkoCluster(name) => write::<AmkoCluster>(&client, name, &attempt.update).await,
                Target::GslbConfig(name) => write::<GslbConfig>(&client, name, &attempt.update).await,
                Target::GlobalDeploymentPolicy(name) => {
                    write::<GlobalDeploymentPolicy>(&client, name, &attempt.update).await
                }
            };
            if !done {
                pause(delay).await;
            }
            // The writer owns this task: when it is gone, so is the task.
            let _ = myself.cast(StatusWriterMsg::Done { key, left: (!done).then_some(attempt) });
        });
    }
}

/// Whether the update is done with: written, or its object is gone.
async fn write<K>(client: &Client, name: &ObjectName, update: &Update) -> bool
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
{
    let api: Api<K> = Api::namespaced(client.clone(), &name.namespace);
    let error = match timeout(PATIENCE, patch(&api, &name.name, update)).await {
        Ok(Ok(())) => return true,
        Ok(Err(kube::Error::Api(status))) if status.is_not_found() => return true,
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer in {PATIENCE:?}"),
    };
    let (kind, part) = (K::kind(&()), if matches!(update, Update::Status(_)) { "status" } else { "annotations" });
    let ObjectName { namespace, name } = name;
    tracing::warn!(
        %kind, namespace, name, part, error,
        "cannot patch the object, trying again; may the operator's service account patch it?"
    );
    false
}

/// Patches what the update is about. Under CRDs of upstream, which have no status subresource, `/status` is not found
/// and the status is an ordinary field.
async fn patch<K>(api: &Api<K>, name: &str, update: &Update) -> Result<(), kube::Error>
where
    K: Clone + DeserializeOwned + Debug,
{
    let params = PatchParams::default();
    match update {
        Update::Annotations(annotations) => {
            let patch = json!({ "metadata": { "annotations": annotations } });
            api.patch_metadata(name, &params, &Patch::Merge(patch)).await.map(drop)
        }
        Update::Status(status) => {
            let patch = Patch::Merge(json!({ "status": status }));
            match api.patch_status(name, &params, &patch).await {
                Err(kube::Error::Api(answer)) if answer.is_not_found() => {
                    api.patch(name, &params, &patch).await.map(drop)
                }
                other => other.map(drop),
            }
        }
    }
}
