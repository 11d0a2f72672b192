//! Which clusters have been completely seen. What was seen under another naming of services says nothing about what is
//! there under the present one.

use crate::core::naming::Naming;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The clusters that were completely seen, and the present naming.
#[derive(Debug, Default)]
pub struct Sight {
    /// By kubeconfig context: how services were named when the cluster was last seen.
    seen: BTreeMap<Arc<str>, Arc<Naming>>,
    /// Those of them whose Routes cannot be listed.
    without_routes: BTreeSet<Arc<str>>,
    naming: Naming,
    /// Contexts that the kubeconfig lacks.
    unknown: BTreeSet<String>,
}

impl Sight {
    /// Services are named like this from now on.
    pub fn is_named(&mut self, naming: Naming) {
        self.naming = naming;
    }

    pub fn gain(&mut self, cluster: Arc<str>, naming: Arc<Naming>) {
        self.seen.insert(cluster, naming);
    }

    pub fn lose(&mut self, cluster: &str) {
        self.seen.remove(cluster);
    }

    /// Whether the Routes of the cluster are among what was seen.
    pub fn sees_routes(&mut self, cluster: Arc<str>, seen: bool) {
        if seen {
            self.without_routes.remove(&cluster);
        } else {
            self.without_routes.insert(cluster);
        }
    }

    pub fn lacks_routes(&self, cluster: &str) -> bool {
        self.without_routes.contains(cluster)
    }

    /// Forgets the clusters for which `keep` is false.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.seen.retain(|cluster, _| keep(cluster));
        self.without_routes.retain(|cluster| keep(cluster));
    }

    /// Whether the cluster is completely seen under the present naming.
    pub fn has_seen(&self, cluster: &str) -> bool {
        self.seen.get(cluster).is_some_and(|naming| **naming == self.naming)
    }

    /// Takes in whether the kubeconfig lacks a context. Answers whether that is news.
    pub fn context_is(&mut self, context: String, unknown: bool) -> bool {
        if unknown { self.unknown.insert(context) } else { self.unknown.remove(&context) }
    }

    pub fn is_unknown(&self, context: &str) -> bool {
        self.unknown.contains(context)
    }

    /// Whether the cluster was seen under another naming than this.
    pub fn saw_otherwise(&self, cluster: &str, naming: Option<&Naming>) -> bool {
        self.seen.get(cluster).is_some_and(|known| naming.is_some_and(|naming| **known != *naming))
    }

    /// Whether services are named like this at present.
    pub fn names(&self, naming: &Naming) -> bool {
        self.naming == *naming
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn under(domain: &str) -> Naming {
        Naming { custom_global_fqdn: false, default_domain: Some(domain.into()) }
    }

    /// DB-01, DB-28
    #[test]
    fn a_cluster_is_seen_only_under_the_naming_that_counts_now() {
        let mut sight = Sight::default();
        sight.is_named(under("old.org"));
        sight.gain("ctx-a".into(), Arc::new(under("old.org")));
        sight.gain("ctx-b".into(), Arc::new(under("new.org")));
        assert_eq!(["ctx-a", "ctx-b", "ctx-c"].map(|cluster| sight.has_seen(cluster)), [true, false, false]);
        sight.is_named(under("new.org"));
        assert_eq!(["ctx-a", "ctx-b", "ctx-c"].map(|cluster| sight.has_seen(cluster)), [false, true, false]);
        sight.lose("ctx-b");
        assert_eq!(["ctx-a", "ctx-b", "ctx-c"].map(|cluster| sight.has_seen(cluster)), [false, false, false]);
    }
}
