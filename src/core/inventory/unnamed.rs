//! Local hostnames that have an address and wait for a HostRule to name their service.

use super::ObjectId;
use std::collections::{BTreeMap, BTreeSet};

/// The objects by hostname; empty while hostnames name the services themselves.
#[derive(Debug, Default)]
pub(super) struct Unnamed(BTreeMap<String, BTreeSet<ObjectId>>);

impl Unnamed {
    /// Puts the hostnames that wait in an object now in the place of those that did.
    pub(super) fn replace(&mut self, id: &ObjectId, before: &[String], after: &[String]) {
        for hostname in before.iter().filter(|hostname| !after.contains(hostname)) {
            let Some(objects) = self.0.get_mut(hostname) else { continue };
            objects.remove(id);
            if objects.is_empty() {
                self.0.remove(hostname);
            }
        }
        for hostname in after {
            self.0.entry(hostname.clone()).or_default().insert(id.clone());
        }
    }

    pub(super) fn objects(&self, hostname: &str) -> impl Iterator<Item = &ObjectId> {
        self.0.get(hostname).into_iter().flatten()
    }

    pub(super) fn hostnames(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
