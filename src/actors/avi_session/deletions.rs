//! Deletions of whole services on their way to the queue.

use super::settings::DeletionPolicy;
use super::slot::Slot;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::time::Instant;

/// What is known of the own services, and the deletions that are held.
#[derive(Debug, Default)]
pub struct Deletions {
    own: BTreeSet<Arc<str>>,
}

impl Deletions {
    /// A full read found these services.
    pub fn listed(&mut self, own: BTreeSet<Arc<str>>) {
        self.own = own;
    }

    /// Work for an FQDN has ended, and the controller holds a service for it, or not.
    pub fn finished(&mut self, fqdn: &Arc<str>, exists: bool) {
        if exists {
            self.own.insert(Arc::clone(fqdn));
        } else {
            self.own.remove(fqdn);
        }
    }

    pub fn adjust(&mut self, _policy: &DeletionPolicy) {}

    /// The session starts over: what was held is void.
    pub fn restart(&mut self) {}

    /// Takes a slot that wants its service deleted; gives it back when that may be done at once.
    pub fn hold(&mut self, slot: Arc<Slot>, _now: Instant) -> Option<Arc<Slot>> {
        Some(slot)
    }

    /// Those that may go on.
    pub fn release(&mut self, _now: Instant) -> Vec<Arc<Slot>> {
        Vec::new()
    }

    /// When [`Deletions::release`] has to be asked again.
    pub fn next_deadline(&self) -> Option<Instant> {
        None
    }
}
