//! Whether what a call is for is still wanted when its turn comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Shared by whoever makes the calls and whoever wants them. Clones are one.
#[derive(Debug, Clone)]
pub struct Wanted(Arc<AtomicBool>);

impl Default for Wanted {
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Wanted {
    pub fn set(&self, wanted: bool) {
        self.0.store(wanted, Ordering::Release);
    }

    pub fn is_wanted(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
