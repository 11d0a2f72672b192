//! StatusWriter: writes what the operator has to say into the AMKO objects.
//!
//! *Owns* the newest text for each object. *Is told* updates, each replacing the one before. *Does* one patch per
//! object at a time, of the status alone. *Fails* by trying again with backoff; an object that is gone is forgotten.

use crate::core::precedence::ObjectName;
use crate::crd::{GlobalDeploymentPolicy, GslbConfig};
use crate::retry::{Backoff, RetryPolicy, pause};
use kube::api::{Api, Patch, PatchParams};
use kube::{Client, Resource};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
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

/// What the StatusWriter is told.
#[derive(Debug)]
pub enum StatusWriterMsg {
    /// The newest update for one object; an earlier one of the same kind that still waits is dropped.
    Write {
        target: Target,
        update: Update,
    },
    Done(Key),
    /// Test hook: fail as a bug would.
    Poison,
}

/// One stream of updates: object and what is written of it.
pub type Key = (Target, bool);

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
/// Attempts for one update; the object's next change brings the next update anyway.
const ATTEMPTS: u32 = 8;

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
                let busy = state.waiting.contains_key(&key);
                if busy {
                    state.waiting.insert(key, Some(update));
                } else {
                    state.waiting.insert(key.clone(), None);
                    state.start(&myself, key, update);
                }
            }
            StatusWriterMsg::Done(key) => {
                if let Some(Some(update)) = state.waiting.insert(key.clone(), None) {
                    state.start(&myself, key, update);
                } else {
                    state.waiting.remove(&key);
                }
            }
            StatusWriterMsg::Poison => return Err("poisoned by the test hook".into()),
        }
        while state.patches.try_join_next().is_some() {}
        Ok(())
    }
}

impl StatusWriterState {
    fn start(&mut self, myself: &ActorRef<StatusWriterMsg>, key: Key, update: Update) {
        let (client, retry) = (self.args.client.clone(), self.args.retry);
        let rng = StdRng::seed_from_u64(self.rng.random());
        let myself = myself.clone();
        self.patches.spawn(async move {
            match &key.0 {
                Target::GslbConfig(name) => write::<GslbConfig>(&client, name, &update, retry, rng).await,
                Target::GlobalDeploymentPolicy(name) => {
                    write::<GlobalDeploymentPolicy>(&client, name, &update, retry, rng).await;
                }
            }
            // The writer owns this task: when it is gone, so is the task.
            let _ = myself.cast(StatusWriterMsg::Done(key));
        });
    }
}

async fn write<K>(client: &Client, name: &ObjectName, update: &Update, retry: RetryPolicy, mut rng: StdRng)
where
    K: Resource<DynamicType = (), Scope = k8s_openapi::NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
{
    let api: Api<K> = Api::namespaced(client.clone(), &name.namespace);
    let mut backoff = Backoff::new(retry);
    while backoff.failures() < ATTEMPTS {
        let error = match timeout(PATIENCE, patch(&api, &name.name, update)).await {
            Ok(Ok(())) => return,
            Ok(Err(kube::Error::Api(status))) if status.is_not_found() => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer in {PATIENCE:?}"),
        };
        let kind = K::kind(&());
        tracing::warn!(%kind, namespace = name.namespace, name = name.name, error, "cannot write the status, trying again");
        pause(backoff.fail(None, &mut rng)).await;
    }
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
