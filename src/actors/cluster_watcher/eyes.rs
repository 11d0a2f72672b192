//! The tasks of a ClusterWatcher: they make a client, watch each kind, ask again for kinds that are not served, and look
//! whether the cluster is the one that is meant.

use super::ClusterWatcherMsg;
use super::kinds::Watched;
use super::platform::Platform;
use crate::core::endpoint::Kind;
use crate::core::inventory::{ObjectId, Seen};
use crate::core::object::{AkoHostRule, Namespace};
use crate::core::precedence::ObjectName;
use crate::kubernetes::bounded::bounded;
use crate::kubernetes::discovery::{ABSENT_RETRY, is_served};
use crate::kubernetes::heard::{Hearing, overheard};
use crate::kubernetes::identity::{Identity, Judge};
use crate::kubernetes::members::{MemberClients, MemberError};
use crate::kubernetes::objects::{ClusterVersionObject, HostRuleObject, MultiClusterIngressObject, RouteObject};
use crate::kubernetes::objects::{IngressObject, NamespaceObject, ServiceObject};
use crate::kubernetes::watch::{NotServed, Watch, WatchEvent, source};
use crate::retry::{Backoff, RetryPolicy, pause};
use kube::api::Api;
use kube::runtime::watcher;
use kube::{Client, Resource};
use ractor::ActorRef;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::sync::Arc;
use tokio::sync::watch::{Receiver, Sender};

/// What the eyes need.
pub struct EyesArgs {
    pub myself: ActorRef<ClusterWatcherMsg>,
    /// kubeconfig context of the cluster.
    pub context: String,
    pub members: Arc<dyn MemberClients>,
    /// Told when the cluster has answered.
    pub hearing: Hearing,
    pub retry: RetryPolicy,
    pub rng: StdRng,
    /// Whether MultiClusterIngresses are watched too.
    pub multi_cluster_ingress: bool,
    /// Whether the Ingresses of this cluster have counted before.
    pub ingresses_have_counted: bool,
    /// Decides whether it is the cluster that is meant.
    pub judge: Judge,
}

struct Eyes {
    myself: ActorRef<ClusterWatcherMsg>,
    client: Client,
    retry: RetryPolicy,
    identity: Identity,
}

/// Makes a client, however long that takes, and watches everything in the cluster until dropped.
pub async fn watch_cluster(args: EyesArgs) {
    let EyesArgs { myself, context, members, hearing, retry, mut rng, multi_cluster_ingress, .. } = args;
    let EyesArgs { ingresses_have_counted, judge, .. } = args;
    let mut backoff = Backoff::new(retry);
    let client = loop {
        match members.client(&context).await {
            Ok(client) => {
                let _ = myself.cast(ClusterWatcherMsg::Context { unknown: false });
                break client;
            }
            Err(error) => {
                let unknown = matches!(error, MemberError::UnknownContext { .. });
                let _ = myself.cast(ClusterWatcherMsg::Context { unknown });
                // The actor owns this task: when it is gone, so is the task.
                let _ = myself.cast(ClusterWatcherMsg::Unreachable(error.to_string()));
                pause(backoff.fail(None, &mut rng)).await;
            }
        }
    };
    let client = overheard(&client, hearing);
    let eyes = Eyes { myself, identity: Identity::new(&client, judge), client, retry };
    let mut seeded = || StdRng::seed_from_u64(rng.random());
    let (counted, count) = tokio::sync::watch::channel(ingresses_have_counted);
    let multi_cluster_ingresses = async |rng| {
        if multi_cluster_ingress {
            eyes.multi_cluster_ingresses(rng).await;
        }
    };
    tokio::join!(
        eyes.namespaces(seeded()),
        eyes.services(seeded()),
        eyes.ingresses(seeded(), count),
        eyes.routes(seeded()),
        eyes.platform(seeded(), &counted),
        eyes.identity.look(seeded()),
        eyes.host_rules(seeded()),
        multi_cluster_ingresses(seeded()),
    );
}

impl Eyes {
    async fn namespaces(&self, rng: StdRng) {
        let watch: Watch<NamespaceObject, Namespace, String> = self.watch(rng, |_, name| name.to_owned());
        watch.run(|event| self.tell(ClusterWatcherMsg::Namespaces(event))).await;
    }

    async fn services(&self, rng: StdRng) {
        let identify = |namespace: &str, name: &str| object_id(Kind::Service, namespace, name);
        let watch: Watch<ServiceObject, Seen, ObjectId> = self.watch(rng, identify);
        watch.run(|event| self.tell(ClusterWatcherMsg::Objects(Kind::Service, event))).await;
    }

    /// Ingresses are watched from the moment on from which they count.
    async fn ingresses(&self, rng: StdRng, mut count: Receiver<bool>) {
        // The sender lives as long as this future.
        let _ = count.wait_for(|count| *count).await;
        let identify = |namespace: &str, name: &str| object_id(Kind::Ingress, namespace, name);
        let watch: Watch<IngressObject, Seen, ObjectId> = self.watch(rng, identify);
        watch.run(|event| self.tell(ClusterWatcherMsg::Objects(Kind::Ingress, event))).await;
    }

    /// Asks again and again what the cluster is; once that is known, no answer changes nothing.
    async fn platform(&self, mut rng: StdRng, counted: &Sender<bool>) {
        let client = bounded(&self.client);
        let mut backoff = Backoff::new(self.retry);
        let mut known = false;
        loop {
            match is_served::<ClusterVersionObject>(&client).await {
                Ok(served) => {
                    known = true;
                    backoff.reset();
                    let platform = Platform::of(served);
                    let count = platform.ingresses_count(*counted.borrow());
                    self.tell(ClusterWatcherMsg::Platform(platform, count));
                    counted.send_if_modified(|counted| std::mem::replace(counted, count) != count);
                    pause(ABSENT_RETRY).await;
                }
                Err(error) => {
                    if !known {
                        self.tell(ClusterWatcherMsg::PlatformUnknown(error.to_string()));
                    }
                    pause(backoff.fail(None, &mut rng)).await;
                }
            }
        }
    }

    async fn routes(&self, rng: StdRng) {
        let identify = |namespace: &str, name: &str| object_id(Kind::Route, namespace, name);
        self.optional::<RouteObject, Seen, ObjectId>(Watched::Objects(Kind::Route), rng, identify, |sight| {
            sight.told(|event| ClusterWatcherMsg::Objects(Kind::Route, event))
        })
        .await;
    }

    async fn host_rules(&self, rng: StdRng) {
        let identify = |namespace: &str, name: &str| ObjectName { namespace: namespace.into(), name: name.into() };
        self.optional::<HostRuleObject, AkoHostRule, ObjectName>(Watched::HostRules, rng, identify, |sight| {
            sight.told(ClusterWatcherMsg::HostRules)
        })
        .await;
    }

    async fn multi_cluster_ingresses(&self, rng: StdRng) {
        let kind = Kind::MultiClusterIngress;
        let identify = |namespace: &str, name: &str| object_id(Kind::MultiClusterIngress, namespace, name);
        self.optional::<MultiClusterIngressObject, Seen, ObjectId>(Watched::Objects(kind), rng, identify, |sight| {
            sight.told(|event| ClusterWatcherMsg::Objects(kind, event))
        })
        .await;
    }

    /// Watches a kind that the cluster may not serve, now or later.
    async fn optional<K, P, I>(
        &self,
        kind: Watched,
        mut rng: StdRng,
        identify: fn(&str, &str) -> I,
        wrap: impl Fn(Sight<P, I>) -> Option<ClusterWatcherMsg>,
    ) where
        K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
        P: From<K>,
    {
        let tell = |sight| self.tell(wrap(sight).unwrap_or(ClusterWatcherMsg::Absent(kind)));
        let client = bounded(&self.client);
        let mut backoff = Backoff::new(self.retry);
        let mut watch: Watch<K, P, I> = self.watch(StdRng::seed_from_u64(rng.random()), identify);
        loop {
            match is_served::<K>(&client).await {
                Ok(false) => {
                    backoff.reset();
                    tell(Sight::Absent);
                    pause(ABSENT_RETRY).await;
                    continue;
                }
                Ok(true) => {
                    let mut listed = false;
                    let told = |event| {
                        listed |= matches!(event, WatchEvent::Listed { .. });
                        tell(Sight::Event(event));
                    };
                    let NotServed(error) = watch.run_while_served(told).await;
                    if listed {
                        backoff.reset();
                    }
                    tell(Sight::Event(WatchEvent::Failed(error)));
                }
                Err(error) => tell(Sight::Event(WatchEvent::Failed(error.to_string()))),
            }
            pause(backoff.fail(None, &mut rng)).await;
        }
    }

    /// A watch of one kind in all namespaces.
    fn watch<K, P, I>(&self, rng: StdRng, identify: fn(&str, &str) -> I) -> Watch<K, P, I>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
        P: From<K>,
    {
        let (api, ear) = source(&self.client, Api::all);
        let (config, identity) = (watcher::Config::default(), Some(self.identity.clone()));
        Watch { api, ear, config, project: P::from, identify, retry: self.retry, rng, identity }
    }

    fn tell(&self, message: ClusterWatcherMsg) {
        // The actor owns this task: when it is gone, so is the task.
        let _ = self.myself.cast(message);
    }
}

/// What is seen of a kind that may not be served.
enum Sight<P, I> {
    Event(WatchEvent<P, I>),
    Absent,
}

impl<P, I> Sight<P, I> {
    fn told(self, wrap: impl Fn(WatchEvent<P, I>) -> ClusterWatcherMsg) -> Option<ClusterWatcherMsg> {
        match self {
            Self::Event(event) => Some(wrap(event)),
            Self::Absent => None,
        }
    }
}

fn object_id(kind: Kind, namespace: &str, name: &str) -> ObjectId {
    ObjectId { kind, namespace: namespace.into(), name: name.into() }
}
