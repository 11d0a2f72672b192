//! What is shown of the FQDNs that keep failing (REST-01).

use crate::actors::board::QuarantineNotice;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many are shown.
const SHOWN: usize = 10;

/// The latest error of each FQDN in quarantine.
#[derive(Debug, Default)]
pub struct Quarantine {
    errors: BTreeMap<Arc<str>, Arc<str>>,
}

impl Quarantine {
    /// It failed once more.
    pub fn note(&mut self, fqdn: &Arc<str>, error: &str) {
        if self.errors.get(fqdn).is_none_or(|known| **known != *error) {
            self.errors.insert(Arc::clone(fqdn), error.into());
        }
    }

    /// The first ten of those `present`, by name, each with its number of failures. Forgets those that are not.
    pub fn shown<'a>(&mut self, present: impl ExactSizeIterator<Item = (&'a Arc<str>, u32)>) -> Vec<QuarantineNotice> {
        if present.len() == 0 {
            self.errors.clear();
            return Vec::new();
        }
        let present: BTreeMap<&Arc<str>, u32> = present.collect();
        self.errors.retain(|fqdn, _| present.contains_key(fqdn));
        let shown = present.into_iter().take(SHOWN);
        shown
            .map(|(fqdn, failures)| {
                let error = self.errors.get(fqdn).cloned().unwrap_or_default();
                QuarantineNotice { fqdn: Arc::clone(fqdn), failures, error }
            })
            .collect()
    }
}
