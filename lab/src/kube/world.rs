//! One simulated cluster: the server for clients, and direct access for tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::watch;

use super::auth::UserInfo;
use super::delete::DeleteOptions;
use super::http;
use super::meta;
use super::patch::Patch;
use super::resource::{ObjectKey, Resource, split_api_version};
use super::state::State;
use super::status::Status;
use super::store::Backup;
use super::view;
use super::write::{FieldValidation, Target, WriteOptions};
use crate::chance::Chance;
use crate::clock::Clock;

/// How a simulated cluster starts.
#[derive(Debug, Clone)]
pub struct KubeWorldConfig {
    /// Name of the cluster, for logs and for nothing else.
    pub name: String,
    pub clock: Clock,
    pub chance: Chance,
    /// How many changes each resource keeps for watches that resume; an older resourceVersion gets 410. A running
    /// watch that falls behind by more gets 410 too, so a test that writes in bulk wants this above its bulk.
    pub history: usize,
}

/// A handle to one simulated cluster. Cheap to clone.
#[derive(Debug, Clone)]
pub struct KubeWorld {
    inner: Arc<Inner>,
}

/// What all handles and running watches of a cluster share.
#[derive(Debug)]
pub struct Inner {
    pub name: String,
    pub clock: Clock,
    pub state: Mutex<State>,
    pub available: watch::Sender<bool>,
    /// Moves when running watches are cut.
    pub cuts: watch::Sender<u64>,
}

const ADMINISTRATOR: WriteOptions = WriteOptions {
    dry_run: false,
    validation: FieldValidation::Ignore,
    administrative: true,
    manager: None,
    force: false,
};

impl KubeWorld {
    /// A cluster with the namespaces default, kube-system, kube-public and kube-node-lease.
    pub fn new(config: KubeWorldConfig) -> Self {
        let KubeWorldConfig { name, clock, chance, history } = config;
        let state = Mutex::new(State::new(history, clock, chance));
        let (available, cuts) = (watch::Sender::new(true), watch::Sender::new(0));
        Self { inner: Arc::new(Inner { name, clock, state, available, cuts }) }
    }

    /// Records with every write who owns what it changed, as a real server does. Without this, only objects that
    /// somebody applied have `managedFields`, which costs other writes nothing.
    pub fn track_field_managers(&self) {
        self.inner.state.lock().tracks_updates = true;
    }

    /// From now on dependents go with the last of their owners, as the controller manager's garbage collector does it.
    pub fn collect_garbage(&self) {
        self.inner.state.lock().collects_garbage = true;
    }

    /// The API server without authentication.
    pub fn router(&self) -> Router {
        http::router(self.inner.clone(), None)
    }

    /// The API server for holders of one of these bearer tokens, of tokens of service accounts and of client
    /// certificates (see [`super::Peer`]), who may do what roles and bindings say; health and version stay open.
    pub fn router_with_tokens(&self, tokens: BTreeMap<String, UserInfo>) -> Router {
        http::router(self.inner.clone(), Some(tokens))
    }

    /// Creates the object or replaces it, status included. A namespaced object without a namespace goes to `default`.
    ///
    /// # Errors
    /// The Status that a client would get; 404 when nothing serves the apiVersion and kind.
    pub fn apply(&self, object: Value) -> Result<Value, Status> {
        let mut state = self.inner.state.lock();
        let (group, version) = split_api_version(object["apiVersion"].as_str().unwrap_or_default());
        let resource = state.catalog.by_kind(group, version, object["kind"].as_str().unwrap_or_default());
        let resource = resource.ok_or_else(Status::unknown_resource)?;
        let namespace = match meta::text(&object, "namespace") {
            "" if resource.namespaced => Some("default".to_owned()),
            "" => None,
            namespace => Some(namespace.to_owned()),
        };
        let name = meta::text(&object, "name").to_owned();
        let target = Target { namespace: namespace.as_deref(), name: &name, subresource: None };
        let written = if state.store.get(&resource.storage_key(), &target.key()).is_some() {
            state.update(&resource, target, object, &ADMINISTRATOR)
        } else {
            state.create(&resource, namespace.as_deref(), object, &ADMINISTRATOR)
        }?;
        Ok(view::present(&resource, &written.object).into_owned())
    }

    /// `resource` is `services` or `ingresses.networking.k8s.io`.
    pub fn get(&self, resource: &str, namespace: Option<&str>, name: &str) -> Option<Value> {
        let state = self.inner.state.lock();
        let resource = state.catalog.by_qualified_name(resource)?;
        let stored = state.store.get(&resource.storage_key(), &ObjectKey::new(namespace, name))?;
        Some(view::present(&resource, stored).into_owned())
    }

    /// All objects of the resource, by namespace and name; none when nothing serves it.
    pub fn list(&self, resource: &str) -> Vec<Value> {
        let state = self.inner.state.lock();
        let Some(resource) = state.catalog.by_qualified_name(resource) else { return Vec::new() };
        let objects = state.store.objects(&resource.storage_key(), None);
        objects.iter().map(|(_, stored)| view::present(&resource, stored).into_owned()).collect()
    }

    /// Merge patch (RFC 7386), optionally through a subresource such as `status`.
    ///
    /// # Errors
    /// The Status that a client would get.
    pub fn merge_patch(
        &self,
        resource: &str,
        namespace: Option<&str>,
        name: &str,
        subresource: Option<&str>,
        patch: Value,
    ) -> Result<(), Status> {
        let mut state = self.inner.state.lock();
        let resource = lookup(&state, resource)?;
        let target = Target { namespace, name, subresource };
        let options = WriteOptions { administrative: false, ..ADMINISTRATOR };
        state.patch(&resource, target, &Patch::Merge(patch), &options)?;
        Ok(())
    }

    /// Deletes; an object with finalizers is only marked.
    ///
    /// # Errors
    /// The Status that a client would get.
    pub fn delete(&self, resource: &str, namespace: Option<&str>, name: &str) -> Result<(), Status> {
        let mut state = self.inner.state.lock();
        let resource = lookup(&state, resource)?;
        state.delete(&resource, &ObjectKey::new(namespace, name), &DeleteOptions::default())?;
        Ok(())
    }

    /// Removes an object so that no watch tells of it, as when an event gets lost.
    ///
    /// # Errors
    /// 404 when nothing serves the resource.
    pub fn lose(&self, resource: &str, namespace: Option<&str>, name: &str) -> Result<(), Status> {
        let mut state = self.inner.state.lock();
        let resource = lookup(&state, resource)?;
        state.store.lose(&resource.storage_key(), &ObjectKey::new(namespace, name));
        Ok(())
    }

    /// A backup of everything.
    pub fn backup(&self) -> Backup {
        self.inner.state.lock().store.backup()
    }

    /// Goes back to a backup, as when etcd is restored: the revision too. Running watches are cut.
    pub fn restore(&self, backup: &Backup) {
        self.inner.state.lock().store.restore(backup);
        self.inner.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Moves with every write.
    pub fn revision(&self) -> watch::Receiver<u64> {
        self.inner.state.lock().store.subscribe()
    }

    /// Forgets the watch history: a watch from an older resourceVersion gets 410, a page of an older list too.
    pub fn compact(&self) {
        self.inner.state.lock().store.compact();
    }

    /// `false`: every request gets 503 and running watches are cut.
    pub fn set_available(&self, up: bool) {
        tracing::info!(cluster = self.inner.name, up, "API server availability");
        self.inner.available.send_replace(up);
        if !up {
            self.inner.cuts.send_modify(|cuts| *cuts += 1);
        }
    }
}

fn lookup(state: &State, resource: &str) -> Result<Arc<Resource>, Status> {
    state.catalog.by_qualified_name(resource).ok_or_else(Status::unknown_resource)
}
