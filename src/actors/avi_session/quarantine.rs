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

    /// It is not in quarantine any more.
    pub fn forget(&mut self, fqdn: &Arc<str>) {
        self.errors.remove(fqdn);
    }

    /// The first ten of those `present`, each with its number of failures.
    pub fn shown<'a>(&mut self, present: impl ExactSizeIterator<Item = (&'a Arc<str>, u32)>) -> Vec<QuarantineNotice> {
        if present.len() == 0 {
            // Some are let out because they have not been heard of for long.
            self.errors.clear();
        }
        present
            .take(SHOWN)
            .map(|(fqdn, failures)| {
                let error = self.errors.get(fqdn).cloned().unwrap_or_default();
                QuarantineNotice { fqdn: Arc::clone(fqdn), failures, error }
            })
            .collect()
    }
}
