//! One simulated cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use serde_json::Value;
use tokio::sync::watch;

use super::auth::UserInfo;
use super::status::Status;
use crate::chance::Chance;
use crate::clock::Clock;

/// How a simulated cluster starts.
#[derive(Debug, Clone)]
pub struct KubeWorldConfig {
    /// Name of the cluster, for logs and for nothing else.
    pub name: String,
    pub clock: Clock,
    pub chance: Chance,
    /// How many events each resource keeps for watches that resume; an older resourceVersion gets 410.
    pub history: usize,
}

/// A handle to one simulated cluster. Cheap to clone.
#[derive(Debug, Clone)]
pub struct KubeWorld {
    revision: Arc<watch::Sender<u64>>,
}

impl KubeWorld {
    pub fn new(_config: KubeWorldConfig) -> Self {
        Self { revision: Arc::new(watch::Sender::new(1000)) }
    }

    /// The API server without authentication.
    pub fn router(&self) -> Router {
        Router::new()
    }

    /// The API server for holders of one of these bearer tokens; health and version stay open.
    pub fn router_with_tokens(&self, _tokens: BTreeMap<String, UserInfo>) -> Router {
        Router::new()
    }

    /// Creates the object or replaces it, status included.
    ///
    /// # Errors
    /// The Status that a client would get.
    pub fn apply(&self, object: Value) -> Result<Value, Status> {
        Ok(object)
    }

    /// `resource` is `services` or `ingresses.networking.k8s.io`.
    pub fn get(&self, _resource: &str, _namespace: Option<&str>, _name: &str) -> Option<Value> {
        None
    }

    /// All objects of the resource, by namespace and name.
    pub fn list(&self, _resource: &str) -> Vec<Value> {
        Vec::new()
    }

    /// Merge patch (RFC 7386), optionally through a subresource such as `status`.
    ///
    /// # Errors
    /// The Status that a client would get.
    pub fn merge_patch(
        &self,
        _resource: &str,
        _namespace: Option<&str>,
        _name: &str,
        _subresource: Option<&str>,
        patch: Value,
    ) -> Result<Value, Status> {
        Ok(patch)
    }

    /// Deletes; an object with finalizers is only marked.
    ///
    /// # Errors
    /// The Status that a client would get.
    pub fn delete(&self, _resource: &str, _namespace: Option<&str>, _name: &str) -> Result<(), Status> {
        Ok(())
    }

    /// Moves with every write.
    pub fn revision(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// Forgets the watch history: a watch from an older resourceVersion gets 410.
    pub fn compact(&self) {}

    /// `false`: every request gets 503 and running watches are cut.
    pub fn set_available(&self, _up: bool) {}
}
