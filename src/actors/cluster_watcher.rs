//! ClusterWatcher: the eyes on one member cluster.
//!
//! *Owns* the cluster's inventory and the tasks that watch it. *Is told* what the watches see. *Does* one thing: tells
//! the directory, per FQDN, everything that its cluster offers. *Fails* by being blind: an unreachable cluster, a
//! refused list or an undecodable object changes nothing that was known. Until every kind has been completely listed
//! once it says nothing at all, so that a half-read cluster never looks like an empty one.

use super::board::{Board, ClusterNotice};
use super::gs_directory::GsDirectoryMsg;
use super::link::Link;
use crate::core::endpoint::Kind;
use crate::core::inventory::{Inventory, ObjectId, Seen, Touched};
use crate::core::naming::Naming;
use crate::core::object::Namespace;
use crate::kubernetes::bounded::bounded;
use crate::kubernetes::members::MemberClients;
use crate::kubernetes::objects::{IngressObject, NamespaceObject, ServiceObject};
use crate::kubernetes::watch::{Watch, WatchEvent};
use crate::retry::{Backoff, RetryPolicy, pause};
use kube::api::Api;
use kube::core::DeserializeGuard;
use kube::runtime::watcher;
use kube::{Client, Resource};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::task::JoinSet;

/// What a ClusterWatcher is told.
#[derive(Debug)]
pub enum ClusterWatcherMsg {
    Objects(Kind, WatchEvent<Seen, ObjectId>),
    Namespaces(WatchEvent<Namespace, String>),
    /// No client could be made; it is tried again.
    Unreachable(String),
    /// Services are named in another way now.
    Naming(Arc<Naming>),
    /// The directory was restarted: say everything again.
    Republish,
    /// Test hook: fail as a bug would.
    Poison,
}

/// What a ClusterWatcher is made of.
pub struct ClusterWatcherArgs {
    /// kubeconfig context of the cluster.
    pub context: String,
    pub naming: Arc<Naming>,
    pub members: Arc<dyn MemberClients>,
    pub directory: Link<GsDirectoryMsg>,
    pub board: Board,
    pub retry: RetryPolicy,
    pub seed: u64,
}

/// The watched kinds; the cluster is seen once each has been listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Watched {
    Objects(Kind),
    Namespaces,
}

pub struct ClusterWatcherState {
    context: String,
    inventory: Inventory,
    unlisted: BTreeSet<Watched>,
    unreadable: BTreeMap<ObjectId, Unreadable>,
    /// Everything in the lists was known once. What appears later and cannot be read was never a member, and must not
    /// keep what is deleted beside it alive.
    was_complete: bool,
    directory: Link<GsDirectoryMsg>,
    board: Board,
    /// Aborted when the state is dropped.
    _watches: JoinSet<()>,
}

/// An object that exists and cannot be decoded.
struct Unreadable {
    /// Its name and what is wrong.
    trouble: String,
    /// It was there from the first list on and never readable: what it asks for is not known, and the cluster not
    /// completely seen.
    unknown: bool,
}

pub struct ClusterWatcher;

impl Actor for ClusterWatcher {
    type Msg = ClusterWatcherMsg;
    type State = ClusterWatcherState;
    type Arguments = ClusterWatcherArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<Self::Msg>,
        args: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        let ClusterWatcherArgs { context, naming, members, directory, board, retry, seed } = args;
        let mut watches = JoinSet::new();
        watches.spawn(watch_cluster(myself, context.clone(), members, retry, StdRng::seed_from_u64(seed)));
        board.post(|notices| notices.clusters.entry(context.clone()).or_default().synced = false);
        Ok(ClusterWatcherState {
            inventory: Inventory::new(&context, naming),
            unlisted: [Watched::Namespaces, Watched::Objects(Kind::Ingress), Watched::Objects(Kind::Service)].into(),
            unreadable: BTreeMap::new(),
            was_complete: false,
            context,
            directory,
            board,
            _watches: watches,
        })
    }

    async fn handle(
        &self,
        _myself: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let before = (state.is_listed(), state.is_complete());
        let touched = match message {
            ClusterWatcherMsg::Objects(kind, event) => state.on_objects(kind, event),
            ClusterWatcherMsg::Namespaces(event) => state.on_namespaces(event),
            ClusterWatcherMsg::Unreachable(error) => {
                state.fault(error);
                Touched::new()
            }
            ClusterWatcherMsg::Naming(naming) => {
                state.inventory.set_naming(naming);
                state.publish_everything();
                return Ok(());
            }
            ClusterWatcherMsg::Republish => {
                state.publish_everything();
                return Ok(());
            }
            ClusterWatcherMsg::Poison => return Err("poisoned by the test hook".into()),
        };
        state.was_complete |= state.is_complete();
        if before == (state.is_listed(), state.is_complete()) {
            state.publish(touched);
        } else {
            state.publish_everything();
        }
        Ok(())
    }
}

impl ClusterWatcherState {
    fn on_objects(&mut self, kind: Kind, event: WatchEvent<Seen, ObjectId>) -> Touched {
        match event {
            WatchEvent::Listed { objects, undecodable } => {
                self.unreadable.retain(|id, _| id.kind != kind || undecodable.contains(id));
                let touched = self.inventory.replace(kind, objects, undecodable);
                self.listed(Watched::Objects(kind));
                touched
            }
            WatchEvent::Applied(object) => {
                self.readable_again(&object.id());
                self.inventory.put(object)
            }
            WatchEvent::Deleted(id) => {
                self.readable_again(&id);
                self.inventory.remove(&id)
            }
            WatchEvent::Undecodable { id, object, error } => {
                let unknown = !self.was_complete && !self.inventory.contains(&id);
                let touched = self.undecodable(&object, &error);
                self.unreadable.insert(id, Unreadable { trouble: format!("{object}: {error}"), unknown });
                self.post_notice();
                touched
            }
            WatchEvent::Failed(error) => self.fault(format!("cannot watch {kind:?} objects: {error}")),
        }
    }

    fn on_namespaces(&mut self, event: WatchEvent<Namespace, String>) -> Touched {
        match event {
            WatchEvent::Listed { objects, .. } => {
                let touched = self.inventory.replace_namespaces(objects);
                self.listed(Watched::Namespaces);
                touched
            }
            WatchEvent::Applied(namespace) => self.inventory.put_namespace(namespace),
            WatchEvent::Deleted(name) => self.inventory.remove_namespace(&name),
            WatchEvent::Undecodable { object, error, .. } => self.undecodable(&object, &error),
            WatchEvent::Failed(error) => self.fault(format!("cannot watch Namespace objects: {error}")),
        }
    }

    fn readable_again(&mut self, id: &ObjectId) {
        if self.unreadable.remove(id).is_some() {
            self.post_notice();
        }
    }

    /// Every kind has been listed, so there is something to say.
    fn is_listed(&self) -> bool {
        self.unlisted.is_empty()
    }

    /// Everything in the lists is known, so what is not in them is gone.
    fn is_complete(&self) -> bool {
        self.is_listed() && !self.unreadable.values().any(|object| object.unknown)
    }

    fn listed(&mut self, kind: Watched) {
        self.unlisted.remove(&kind);
        self.post(|notice| notice.error = None);
    }

    fn undecodable(&self, object: &str, error: &str) -> Touched {
        tracing::warn!(cluster = self.context, object, error, "object cannot be decoded, its last known state stays");
        Touched::new()
    }

    fn fault(&self, error: String) -> Touched {
        tracing::warn!(cluster = self.context, error, "member cluster cannot be read, its last known members stay");
        self.post(|notice| notice.error = Some(error));
        Touched::new()
    }

    /// Tells the directory about FQDNs that look different now.
    fn publish(&self, touched: Touched) {
        if touched.is_empty() || !self.is_listed() {
            return;
        }
        self.post_notice();
        self.post(|notice| notice.error = None);
        for fqdn in touched {
            let offer = self.inventory.offer(&fqdn);
            self.directory.cast(GsDirectoryMsg::Offer { cluster: self.context.clone(), fqdn, offer });
        }
    }

    /// Tells the directory everything, once there is something to say.
    fn publish_everything(&self) {
        if !self.is_listed() {
            return;
        }
        self.post_notice();
        let offers = self.inventory.offers();
        let complete = self.is_complete();
        let naming = Arc::clone(self.inventory.naming());
        self.directory.cast(GsDirectoryMsg::ClusterSeen { cluster: self.context.clone(), offers, complete, naming });
    }

    fn post_notice(&self) {
        let refused = self.inventory.refusals().map(|r| format!("{}: {}", r.object, r.reason));
        let unreadable = self.unreadable.values().map(|object| object.trouble.clone());
        let refused = refused.chain(unreadable).collect();
        let (objects, listed) = (self.inventory.len(), self.is_listed());
        self.post(|notice| {
            notice.synced = listed;
            notice.objects = objects;
            notice.refused = refused;
        });
    }

    /// Changes the notice, which is gone once the cluster has left the configuration.
    fn post(&self, change: impl FnOnce(&mut ClusterNotice)) {
        self.board.post(|notices| notices.clusters.get_mut(&self.context).map(change).unwrap_or_default());
    }
}

/// Makes a client, however long that takes, and runs the watches of the cluster.
async fn watch_cluster(
    myself: ActorRef<ClusterWatcherMsg>,
    context: String,
    members: Arc<dyn MemberClients>,
    retry: RetryPolicy,
    mut rng: StdRng,
) {
    let mut backoff = Backoff::new(retry);
    let client = loop {
        match members.client(&context).await {
            Ok(client) => break client,
            Err(error) => {
                // The actor owns this task: when it is gone, so is the task.
                let _ = myself.cast(ClusterWatcherMsg::Unreachable(error.to_string()));
                pause(backoff.fail(None, &mut rng)).await;
            }
        }
    };
    let mut seeded = || StdRng::seed_from_u64(rng.random());
    let ingresses = watch::<IngressObject, Seen, ObjectId>(&client, retry, seeded(), |namespace, name| ObjectId {
        kind: Kind::Ingress,
        namespace: namespace.into(),
        name: name.into(),
    });
    let services = watch::<ServiceObject, Seen, ObjectId>(&client, retry, seeded(), |namespace, name| ObjectId {
        kind: Kind::Service,
        namespace: namespace.into(),
        name: name.into(),
    });
    let namespaces = watch::<NamespaceObject, Namespace, String>(&client, retry, seeded(), |_, name| name.to_owned());
    tokio::join!(
        namespaces.run(|event| drop(myself.cast(ClusterWatcherMsg::Namespaces(event)))),
        ingresses.run(|event| drop(myself.cast(ClusterWatcherMsg::Objects(Kind::Ingress, event)))),
        services.run(|event| drop(myself.cast(ClusterWatcherMsg::Objects(Kind::Service, event)))),
    );
}

/// A watch of one kind in all namespaces.
fn watch<K, P, I>(client: &Client, retry: RetryPolicy, rng: StdRng, identify: fn(&str, &str) -> I) -> Watch<K, P, I>
where
    K: Resource<DynamicType = ()> + DeserializeOwned,
    P: From<K>,
{
    let api: Api<DeserializeGuard<K>> = Api::all(bounded(client));
    let config = watcher::Config::default();
    Watch { api, config, project: P::from, identify, retry, rng }
}
