//! Everything that one cluster knows, behind one lock, and what its controllers do after each write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::auth::IssuedToken;
use super::builtin::Allocator;
use super::catalog::Catalog;
use super::crd;
use super::meta;
use super::resource::{ObjectKey, Resource};
use super::store::Store;
use super::write::WriteOptions;
use crate::chance::Chance;
use crate::clock::Clock;

pub const NAMESPACES: &str = "namespaces";
pub const CRDS: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// The state of one cluster.
#[derive(Debug)]
pub struct State {
    pub store: Store,
    pub catalog: Catalog,
    pub clock: Clock,
    pub chance: Chance,
    pub allocator: Allocator,
    /// Namespaces that wait for their contents to go.
    pub terminating_namespaces: BTreeSet<String>,
    /// CRDs that wait for their objects to go.
    pub terminating_crds: BTreeSet<String>,
    /// Dependents go with the last of their owners.
    pub collects_garbage: bool,
    /// Tokens of service accounts.
    pub tokens: BTreeMap<String, IssuedToken>,
    /// Every write records who owns what it changed, and not only writes to objects that somebody applied.
    pub tracks_updates: bool,
}

impl State {
    /// An empty cluster with the four namespaces that every cluster has.
    pub fn new(history: usize, clock: Clock, chance: Chance) -> Self {
        let mut state = Self {
            store: Store::new(history),
            catalog: Catalog::default(),
            clock,
            chance,
            allocator: Allocator::default(),
            terminating_namespaces: BTreeSet::new(),
            terminating_crds: BTreeSet::new(),
            collects_garbage: false,
            tokens: BTreeMap::new(),
            tracks_updates: false,
        };
        if let Some(namespaces) = state.catalog.by_qualified_name(NAMESPACES) {
            for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
                let namespace = json!({ "metadata": { "name": name } });
                if let Err(status) = state.create(&namespaces, None, namespace, &WriteOptions::default()) {
                    tracing::error!(namespace = name, %status, "cannot create the namespace of a new cluster");
                }
            }
        }
        state
    }

    /// The controllers' work after a write: CRDs become served, terminating things end.
    pub fn settle(&mut self, resource: &Resource, key: &ObjectKey) {
        if resource.storage_key() == CRDS {
            self.settle_crd(&key.name);
        }
        self.finish_namespaces();
        self.finish_crds();
    }

    fn settle_crd(&mut self, name: &str) {
        let key = ObjectKey::new(None, name);
        let Some(stored) = self.store.get(CRDS, &key).cloned() else {
            self.stop_serving(name);
            return;
        };
        let others: Vec<Arc<Value>> = self.store.objects(CRDS, None).into_iter().map(|(_, crd)| crd).collect();
        let now = meta::time_text(self.clock.now());
        let mut latest = stored;
        // Two writes, as on a real server: a client may see the names accepted before the resource is served.
        for status in crd::next_statuses(&latest, &others, &now) {
            let mut object = latest.as_ref().clone();
            object["status"] = status;
            if object != *latest {
                latest = self.store.put(CRDS, key.clone(), object);
            }
        }
        if !crd::is_established(&latest) {
            return;
        }
        let versions = crd::resources(&latest);
        if self.catalog.custom(name).iter().map(AsRef::as_ref).ne(versions.iter()) {
            self.catalog.set_custom(name, versions);
            self.store.end_watches(name);
        }
    }

    fn stop_serving(&mut self, name: &str) {
        if !self.catalog.custom(name).is_empty() {
            self.catalog.remove_custom(name);
            self.store.end_watches(name);
        }
    }

    fn finish_namespaces(&mut self) {
        for name in self.terminating_namespaces.clone() {
            let mut left = false;
            for resource in self.store.resources() {
                left |= self.delete_all(&resource, Some(&name));
            }
            let key = ObjectKey::new(None, &name);
            let held = self.store.get(NAMESPACES, &key).is_some_and(|object| !meta::finalizers(object).is_empty());
            if !left && !held {
                self.terminating_namespaces.remove(&name);
                self.store.remove(NAMESPACES, &key);
            }
        }
    }

    fn finish_crds(&mut self) {
        for name in self.terminating_crds.clone() {
            if !self.delete_all(&name, None) {
                self.terminating_crds.remove(&name);
                self.store.remove(CRDS, &ObjectKey::new(None, &name));
                self.stop_serving(&name);
            }
        }
    }

    /// Deletes the objects of a resource, in one namespace or all; whether some remain for their finalizers.
    fn delete_all(&mut self, resource: &str, namespace: Option<&str>) -> bool {
        let mut left = false;
        for (key, object) in self.store.objects(resource, namespace) {
            if meta::finalizers(&object).is_empty() {
                self.store.remove(resource, &key);
                continue;
            }
            left = true;
            if !meta::is_deleting(&object) {
                let marked = self.marked_for_deletion(&object);
                self.store.put(resource, key, marked);
            }
        }
        left
    }
}
