//! Which kinds have been listed since the process started: remembered for the successors of the actor that watches
//! them, which would otherwise take a kind whose CRD is gone at that moment for one that never was.

use parking_lot::RwLock;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Kinds by their Kubernetes name. Clones share what they know.
#[derive(Debug, Clone, Default)]
pub struct EverListed(Arc<RwLock<BTreeSet<&'static str>>>);

impl EverListed {
    pub fn add(&self, kind: &'static str) {
        self.0.write().insert(kind);
    }

    /// Nothing is left of it that could be missed.
    pub fn remove(&self, kind: &'static str) {
        self.0.write().remove(kind);
    }

    pub fn contains(&self, kind: &'static str) -> bool {
        self.0.read().contains(kind)
    }
}
