//! Carries the leader's objects to the followers: reads what each has, and writes what differs.

use crate::core::federation::copy::{Change, Found, Original, Wish, changes};
use crate::core::federation::kind::Kind;
use crate::core::federation::trouble::Trouble;
use crate::crd::{GlobalDeploymentPolicy, GslbConfig};
use crate::kubernetes::is_not_found;
use futures::future::join_all;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, ListParams, PostParams, Preconditions};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// Who the followers' API servers see in `managedFields`.
pub const FIELD_MANAGER: &str = "AMKO-Federator";
/// Longest wait for one answer of an API server.
const PATIENCE: Duration = Duration::from_secs(10);

/// A cluster, and the one namespace in it that counts.
#[derive(Clone)]
pub struct Place {
    pub context: String,
    pub client: Client,
    pub namespace: String,
}

/// What came of one kind.
#[derive(Debug)]
pub struct Carried {
    pub kind: Kind,
    /// The troubles of single clusters, or what ended the run.
    pub result: Result<Vec<Trouble>, Trouble>,
    /// Whether everything is as wished; otherwise it is tried again.
    pub settled: bool,
    /// `None` when it could not be made out.
    pub wish: Option<Wish>,
    /// The followers, and whether each has what is wished for.
    pub members: Vec<(String, bool)>,
}

impl Carried {
    fn failed(kind: Kind, trouble: Trouble) -> Self {
        Self { kind, result: Err(trouble), settled: false, wish: None, members: Vec::new() }
    }
}

/// Fulfils the wishes one kind after the other, everywhere at once, until one cannot be made out.
pub async fn carry(wishes: Vec<(Kind, Result<Wish, Trouble>)>, home: &Place, members: &[Place]) -> Vec<Carried> {
    let mut all = Vec::new();
    for (kind, wish) in wishes {
        let carried = match wish {
            Ok(wish) => one_kind(kind, wish, home, members).await,
            Err(trouble) => Carried::failed(kind, trouble),
        };
        let ended = carried.result.is_err();
        all.push(carried);
        if ended {
            break;
        }
    }
    all
}

async fn one_kind(kind: Kind, wish: Wish, home: &Place, members: &[Place]) -> Carried {
    if wish == Wish::Clear {
        // The watch says that the leader has none. A deletion everywhere deserves a second look.
        match list(kind, home).await {
            Ok(objects) if objects.is_empty() => {}
            Ok(_) => {
                return Carried { kind, result: Ok(Vec::new()), settled: false, wish: None, members: Vec::new() };
            }
            Err(trouble) => return Carried::failed(kind, trouble),
        }
        tracing::warn!(kind = kind.name(), "the leader has none any more, deleting those of the followers");
    }
    let results = join_all(members.iter().map(|member| to_member(kind, &wish, member))).await;
    let contexts = members.iter().map(|member| member.context.clone());
    let members = contexts.zip(results.iter().map(Result::is_ok)).collect();
    let troubles: Vec<Trouble> = results.into_iter().filter_map(Result::err).collect();
    Carried { kind, settled: troubles.is_empty(), result: Ok(troubles), wish: Some(wish), members }
}

/// Ends at the first change that fails: what should replace an object comes before that one goes.
async fn to_member(kind: Kind, wish: &Wish, member: &Place) -> Result<(), Trouble> {
    if *wish == Wish::Leave {
        return Ok(());
    }
    let objects = list(kind, member).await?;
    let found: Vec<Found> = objects.iter().map(found).collect();
    for change in changes(kind, wish, &found) {
        tracing::info!(cluster = member.context, kind = kind.name(), change = change.verb(), "federating");
        match (change, wish) {
            (Change::Create, Wish::Copy(original)) => create(kind, original, member).await?,
            (Change::Replace { spec, annotations }, Wish::Copy(original)) => {
                let present = objects.iter().find(|object| object.name_any() == original.name).cloned();
                let Some(mut object) = present else { continue };
                object.data["spec"] = spec;
                object.annotations_mut().extend(annotations);
                replace(kind, &object, member).await?;
            }
            (Change::Delete { name }, wish) => {
                let uid = objects.iter().find(|object| object.name_any() == name).and_then(ResourceExt::uid);
                delete(kind, &name, uid, wish, member).await?;
            }
            (Change::Create | Change::Replace { .. }, Wish::Clear | Wish::Leave) => {}
        }
    }
    Ok(())
}

async fn list(kind: Kind, place: &Place) -> Result<Vec<DynamicObject>, Trouble> {
    let list = bounded(api(kind, place).list(&ListParams::default())).await;
    let Place { context, namespace, .. } = place;
    let trouble = |error| Trouble::NoList { kind, namespace: namespace.clone(), cluster: context.clone(), error };
    list.map(|list| list.items).map_err(trouble)
}

async fn create(kind: Kind, original: &Original, member: &Place) -> Result<(), Trouble> {
    let resource = resource(kind);
    let mut object = DynamicObject::new(&original.name, &resource).within(&member.namespace);
    object.metadata.labels = Some(original.labels.clone()).filter(|labels| !labels.is_empty());
    object.metadata.annotations = Some(original.annotations.clone()).filter(|annotations| !annotations.is_empty());
    // Dropped by an API server that keeps the status apart, stored by one that does not.
    object.data = match &original.status {
        Value::Null => json!({ "spec": original.spec }),
        status => json!({ "spec": original.spec, "status": status }),
    };
    let created = bounded(api(kind, member).create(&post(), &object)).await;
    let object = format!("{}/{}", member.namespace, original.name);
    created.map(drop).map_err(|error| Trouble::NotCreated { kind, object, cluster: member.context.clone(), error })
}

/// Carries the version that was read: somebody else's change in between is not overwritten but read first.
async fn replace(kind: Kind, object: &DynamicObject, member: &Place) -> Result<(), Trouble> {
    let name = object.name_any();
    let replaced = bounded(api(kind, member).replace(&name, &post(), object)).await;
    let object = format!("{}/{name}", member.namespace);
    replaced.map(drop).map_err(|error| Trouble::NotReplaced { object, cluster: member.context.clone(), error })
}

async fn delete(kind: Kind, name: &str, uid: Option<String>, wish: &Wish, member: &Place) -> Result<(), Trouble> {
    // The object that was read, not one that was made under its name since.
    let preconditions = Preconditions { uid, ..Preconditions::default() };
    let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
    let gone = async {
        match api(kind, member).delete(name, &params).await {
            Err(error) if is_not_found(&error) => Ok(()),
            other => other.map(drop),
        }
    };
    let Err(error) = bounded(gone).await else { return Ok(()) };
    let (cluster, namespace) = (member.context.clone(), member.namespace.clone());
    Err(match wish {
        Wish::Clear => Trouble::NotCleared { kind, namespace, cluster, error },
        _ => Trouble::NotDeleted { kind, object: format!("{namespace}/{name}"), cluster, error },
    })
}

fn found(object: &DynamicObject) -> Found {
    Found { name: object.name_any(), annotations: object.annotations().clone(), spec: object.data["spec"].clone() }
}

/// Untyped, so that an object that nobody can read can still be replaced or deleted, and nothing of it gets lost.
fn api(kind: Kind, place: &Place) -> Api<DynamicObject> {
    Api::namespaced_with(place.client.clone(), &place.namespace, &resource(kind))
}

fn resource(kind: Kind) -> ApiResource {
    match kind {
        Kind::GslbConfig => ApiResource::erase::<GslbConfig>(&()),
        Kind::GlobalDeploymentPolicy => ApiResource::erase::<GlobalDeploymentPolicy>(&()),
    }
}

fn post() -> PostParams {
    PostParams { field_manager: Some(FIELD_MANAGER.into()), ..PostParams::default() }
}

async fn bounded<T>(call: impl Future<Output = Result<T, kube::Error>>) -> Result<T, String> {
    match timeout(PATIENCE, call).await {
        Ok(result) => result.map_err(|error| super::said(&error)),
        Err(_) => Err(format!("no answer in {PATIENCE:?}")),
    }
}
