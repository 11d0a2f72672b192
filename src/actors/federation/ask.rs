//! Asks the other clusters who leads there: all at once, and nobody for long.

use crate::core::federation::survey::{Answer, Peer};
use crate::crd::AmkoCluster;
use crate::kubernetes::is_not_found;
use crate::kubernetes::members::{MemberClients, MemberError};
use futures::future::join_all;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, ListParams, ObjectList};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Longest wait for all answers together: until then a new leader has no term.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// The answers in the order of the questions, and a client of each cluster that could be asked.
#[derive(Default)]
pub struct Asked {
    /// Why nobody could be asked: which clusters there are is not known.
    pub blind: Option<String>,
    pub answers: Vec<(String, Answer)>,
    pub clients: BTreeMap<String, Client>,
}

impl fmt::Debug for Asked {
    /// A client has nothing to show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Asked").field(&self.answers).finish()
    }
}

/// The operator's own cluster.
pub struct Home {
    pub client: Client,
    /// UID of its AMKOCluster.
    pub uid: String,
}

/// Lists the AMKOClusters in `namespace` of each of these contexts.
pub async fn ask(members: &dyn MemberClients, namespace: &str, contexts: &[String], home: &Home) -> Asked {
    let deadline = Instant::now() + PATIENCE;
    let blind = match timeout_at(deadline, members.known()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(format!("the kubeconfig of the member clusters could not be read in {PATIENCE:?}")),
    };
    if blind.is_some() {
        return Asked { blind, ..Asked::default() };
    }
    let asked = contexts.iter().map(|context| one(members, (namespace, context), home, deadline));
    let mut all = Asked::default();
    for (context, (answer, client)) in contexts.iter().zip(join_all(asked).await) {
        all.answers.push((context.clone(), answer));
        all.clients.extend(client.map(|client| (context.clone(), client)));
    }
    all
}

async fn one(
    members: &dyn MemberClients,
    (namespace, context): (&str, &str),
    home: &Home,
    deadline: Instant,
) -> (Answer, Option<Client>) {
    let client = match timeout_at(deadline, members.client(context)).await {
        Ok(Ok(client)) => client,
        Ok(Err(MemberError::UnknownContext { .. })) => return (Answer::UnknownContext, None),
        Ok(Err(error)) => return (Answer::NoClient(error.to_string()), None),
        Err(_) => return (Answer::NoClient(format!("no client in {PATIENCE:?}")), None),
    };
    let api = clusters(&client, namespace);
    match timeout_at(deadline, api.list(&ListParams::default())).await {
        Ok(Ok(list)) if timeout_at(deadline, is_home(&list, &api, home, namespace)).await.unwrap_or(false) => {
            (Answer::Own, None)
        }
        Ok(Ok(list)) => (Answer::Peers(list.items.iter().map(peer).collect()), Some(client)),
        Ok(Err(error)) if is_not_found(&error) => (Answer::NoKind(super::said(&error)), None),
        Ok(Err(error)) => (Answer::NoList(super::said(&error)), None),
        Err(_) => (Answer::NoList(format!("no answer in {PATIENCE:?}")), None),
    }
}

/// Untyped: an object that is odd elsewhere must not hide that it leads.
fn clusters(client: &Client, namespace: &str) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), namespace, &ApiResource::erase::<AmkoCluster>(&()))
}

/// Whether this is the own cluster under another name. The UID alone does not say so: a cluster that was restored from a
/// backup of this one has it too, and an AMKO of its own. But its versions go their own way, and those of the same
/// cluster lie between two that are asked for before and after.
async fn is_home(listed: &ObjectList<DynamicObject>, there: &Api<DynamicObject>, home: &Home, namespace: &str) -> bool {
    let same = |object: &DynamicObject| object.metadata.uid.as_ref() == Some(&home.uid);
    if !listed.items.iter().any(same) {
        return false;
    }
    let here = clusters(&home.client, namespace);
    let (before, between, after) = (version(&here).await, version(there).await, version(&here).await);
    let Some(((before, between), after)) = before.zip(between).zip(after) else { return false };
    before <= between && between <= after
}

/// The version of everything in the cluster; `None` when it does not say.
async fn version(api: &Api<DynamicObject>) -> Option<u64> {
    let list = api.list(&ListParams::default()).await.ok()?;
    list.metadata.resource_version?.parse().ok()
}

fn peer(object: &DynamicObject) -> Peer {
    let spec = &object.data["spec"];
    Peer {
        is_leader: spec["isLeader"].as_bool().unwrap_or(false),
        version: spec["version"].as_str().unwrap_or_default().to_owned(),
    }
}
