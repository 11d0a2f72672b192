//! Which cluster stands behind which context, shared by those who look at clusters and the one who remembers: what one
//! of them finds out decides at once about all. It outlives them.

use crate::core::cluster_identity::Register;
use parking_lot::Mutex;
use std::sync::Arc;

/// The register. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Identities(Arc<Mutex<Register>>);

impl Identities {
    /// Looks at the register, or changes it.
    pub fn with<T>(&self, look: impl FnOnce(&mut Register) -> T) -> T {
        look(&mut self.0.lock())
    }
}
