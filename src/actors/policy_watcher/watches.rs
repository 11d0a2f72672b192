//! The watches that feed the PolicyWatcher. It owns their tasks: when it is gone, so are they.

use super::credentials::{Credentials, Watched};
use super::rule_object::{HostRuleObject, SeenRule};
use super::{PolicyWatcherMsg, PolicyWatcherState};
use crate::core::precedence::ObjectName;
use crate::core::report::carrier::is_name;
use crate::crd::GlobalDeploymentPolicy;
use crate::kubernetes::bounded::bounded;
use crate::kubernetes::discovery::{ABSENT_RETRY, is_served};
use crate::kubernetes::ear::Ear;
use crate::kubernetes::readable::Readable;
use crate::kubernetes::watch::{NotServed, Watch, WatchEvent, source};
use crate::retry::{Backoff, pause};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Secret;
use kube::api::Api;
use kube::runtime::watcher;
use kube::{Client, Resource};
use ractor::ActorRef;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::de::DeserializeOwned;
use std::fmt::Debug;

impl PolicyWatcherState {
    /// Watches a kind in the operator's namespace.
    pub(super) fn watch<K>(
        &mut self,
        myself: &ActorRef<PolicyWatcherMsg>,
        wrap: fn(WatchEvent<K, ObjectName>) -> PolicyWatcherMsg,
    ) where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
        K: Clone + DeserializeOwned + Debug + Send + Sync + 'static,
    {
        let asked = source(&self.args.client, |client| Api::namespaced(client, &self.args.namespace));
        self.run(myself, Source { asked, project: K::from, identify: object_name, wrap });
    }

    /// Watches a kind in all namespaces of the operator's own cluster.
    pub(super) fn watch_everywhere<K, P, I>(
        &mut self,
        myself: &ActorRef<PolicyWatcherMsg>,
        identify: fn(&str, &str) -> I,
        wrap: fn(WatchEvent<P, I>) -> PolicyWatcherMsg,
    ) where
        K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
        P: From<K> + Send + 'static,
        I: Send + 'static,
    {
        let asked = source(&self.args.client, Api::all);
        self.run(myself, Source { asked, project: P::from, identify, wrap });
    }

    /// Watches the GlobalDeploymentPolicies, which stay as last seen while their CRD is away. A 404 that was not meant does
    /// no harm here: it protects.
    pub(super) fn watch_policies(&mut self, myself: &ActorRef<PolicyWatcherMsg>) {
        let asked = source(&self.args.client, |client| Api::namespaced(client, &self.args.namespace));
        let watch = self.watch_of(asked, GlobalDeploymentPolicy::from, object_name);
        let told = PolicyWatcherMsg::PoliciesNotServed;
        self.run_served(myself, watch, PolicyWatcherMsg::Policies, NotFound { absent: told, unclear: told });
    }

    /// Watches the GSLBHostRules of all namespaces, whose CRD may be missing.
    pub(super) fn watch_rules(&mut self, myself: &ActorRef<PolicyWatcherMsg>) {
        let watch: Watch<HostRuleObject, _, _> =
            self.watch_of(source(&self.args.client, Api::all), SeenRule::from, object_name);
        let not_found = NotFound {
            absent: |_| PolicyWatcherMsg::RulesNotServed,
            unclear: |error| PolicyWatcherMsg::Rules(WatchEvent::Failed(error)),
        };
        self.run_served(myself, watch, PolicyWatcherMsg::Rules, not_found);
    }

    fn run_served<K, P>(
        &mut self,
        myself: &ActorRef<PolicyWatcherMsg>,
        watch: Watch<K, P, ObjectName>,
        wrap: fn(WatchEvent<P, ObjectName>) -> PolicyWatcherMsg,
        not_found: NotFound,
    ) where
        K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
        P: Send + 'static,
    {
        let (myself, client) = (myself.clone(), bounded(&self.args.client));
        self.watches.spawn(watch_served(watch, client, wrap, not_found, move |message| drop(myself.cast(message))));
    }

    fn run<K, P, I>(&mut self, myself: &ActorRef<PolicyWatcherMsg>, source: Source<K, P, I>)
    where
        K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
        P: Send + 'static,
        I: Send + 'static,
    {
        let Source { asked, project, identify, wrap } = source;
        let watch = self.watch_of(asked, project, identify);
        let myself = myself.clone();
        self.watches.spawn(watch.run(move |event| drop(myself.cast(wrap(event)))));
    }

    /// A watch of all objects that `api` has.
    fn watch_of<K: Resource, P, I>(
        &mut self,
        (api, ear): (Api<Readable<K>>, Ear),
        project: fn(K) -> P,
        identify: fn(&str, &str) -> I,
    ) -> Watch<K, P, I> {
        Watch {
            api,
            ear,
            config: watcher::Config::default(),
            project,
            identify,
            retry: self.args.retry,
            rng: StdRng::seed_from_u64(self.rng.random()),
            identity: None,
        }
    }

    /// Watches the Secret of this name only; no other is ever read.
    pub(super) fn watch_secret(&mut self, myself: &ActorRef<PolicyWatcherMsg>, name: &str) {
        if self.secret.as_ref().is_some_and(|watched| watched.name == name) {
            return;
        }
        if let Some(watched) = self.secret.take() {
            watched.watch.abort();
        }
        if !is_name(name) {
            // It would be read as a selector of its own; nothing has such a name.
            let watch = self.watches.spawn(std::future::pending());
            self.secret = Some(Watched { name: name.to_owned(), listed: true, credentials: None, watch });
            return;
        }
        let (api, ear) = source::<Secret>(&self.args.client, |client| Api::namespaced(client, &self.args.namespace));
        let watch = Watch {
            api,
            ear,
            config: watcher::Config::default().fields(&format!("metadata.name={name}")),
            project: Credentials::from,
            identify: |_: &str, name: &str| name.to_owned(),
            retry: self.args.retry,
            rng: StdRng::seed_from_u64(self.rng.random()),
            identity: None,
        };
        let (myself, watched) = (myself.clone(), name.to_owned());
        let tell = move |event| drop(myself.cast(PolicyWatcherMsg::Secret(watched.clone(), event)));
        let watch = self.watches.spawn(watch.run(tell));
        self.secret = Some(Watched { name: name.to_owned(), listed: false, credentials: None, watch });
    }

    pub(super) fn on_secret(&mut self, name: &str, event: WatchEvent<Credentials, String>) -> bool {
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
            WatchEvent::Failed(_) | WatchEvent::Reopened => return false,
        }
        true
    }
}

/// One kind, and how it reaches the PolicyWatcher.
struct Source<K: Resource, P, I> {
    asked: (Api<Readable<K>>, Ear),
    project: fn(K) -> P,
    identify: fn(&str, &str) -> I,
    wrap: fn(WatchEvent<P, I>) -> PolicyWatcherMsg,
}

/// What a 404 is told as.
struct NotFound {
    /// Discovery does not know the kind.
    absent: fn(String) -> PolicyWatcherMsg,
    /// Discovery knows it, or does not answer: the server may be starting.
    unclear: fn(String) -> PolicyWatcherMsg,
}

/// Watches a kind that may go and come, until dropped.
async fn watch_served<K, P>(
    mut watch: Watch<K, P, ObjectName>,
    client: Client,
    wrap: fn(WatchEvent<P, ObjectName>) -> PolicyWatcherMsg,
    not_found: NotFound,
    tell: impl Fn(PolicyWatcherMsg),
) where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let mut rng = StdRng::seed_from_u64(watch.rng.random());
    let mut backoff = Backoff::new(watch.retry);
    loop {
        let NotServed(error) = watch.run_while_served(|event| tell(wrap(event))).await;
        match is_served::<K>(&client).await {
            Ok(false) => {
                backoff.reset();
                tell((not_found.absent)(error));
                pause(ABSENT_RETRY).await;
                continue;
            }
            Ok(true) => tell((not_found.unclear)(error)),
            Err(failed) => tell((not_found.unclear)(failed.to_string())),
        }
        pause(backoff.fail(None, &mut rng)).await;
    }
}

pub(super) fn object_name(namespace: &str, name: &str) -> ObjectName {
    ObjectName { namespace: namespace.into(), name: name.into() }
}
