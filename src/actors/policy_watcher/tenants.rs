//! The tenants that the namespaces of the operator's own cluster name (rules TEN-06, TEN-09 and NS-03).

use super::PolicyWatcherState;
use crate::core::object::Namespace;
use crate::core::policy::Installation;
use crate::kubernetes::watch::WatchEvent;
use std::collections::BTreeMap;

/// What is known about the namespaces.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Tenants {
    /// No answer so far: nothing is decided.
    #[default]
    Unheard,
    /// They cannot be listed, and never could be: all count as of the default tenant.
    Unreadable,
    /// By namespace, where one is named.
    Known(BTreeMap<String, String>),
}

impl Tenants {
    /// Takes an event in. Answers whether any tenant may be another now.
    pub fn take(&mut self, event: WatchEvent<Namespace, String>) -> bool {
        match event {
            WatchEvent::Listed { objects, undecodable } => {
                let mut tenants: BTreeMap<_, _> = objects.into_iter().filter_map(named).collect();
                if let Self::Known(before) = self {
                    let kept = undecodable.into_iter().filter_map(|name| before.remove_entry(&name));
                    tenants.extend(kept.collect::<Vec<_>>());
                }
                self.replace(Self::Known(tenants))
            }
            WatchEvent::Applied(namespace) => {
                let Self::Known(tenants) = self else { return false };
                let name = namespace.name.clone();
                let before = tenants.remove(&name);
                tenants.extend(named(namespace));
                before.as_ref() != tenants.get(&name)
            }
            WatchEvent::Deleted(name) => {
                let Self::Known(tenants) = self else { return false };
                tenants.remove(&name).is_some()
            }
            WatchEvent::Undecodable { object, error, .. } => {
                tracing::warn!(object, error, "namespace cannot be decoded, it keeps the tenant that it had");
                false
            }
            WatchEvent::Failed(_) => *self == Self::Unheard && self.replace(Self::Unreadable),
            WatchEvent::Reopened => false,
        }
    }

    /// `None` while it is not known.
    fn of<'a>(&'a self, namespace: &str, default: &'a str) -> Option<&'a str> {
        match self {
            Self::Unheard => None,
            Self::Unreadable => Some(default),
            Self::Known(tenants) => Some(tenants.get(namespace).map_or(default, String::as_str)),
        }
    }

    fn replace(&mut self, new: Self) -> bool {
        let changed = *self != new;
        *self = new;
        changed
    }
}

impl PolicyWatcherState {
    /// The tenant in which an object of this namespace looks names up: that of the namespace when the own cluster is a
    /// member, else the default tenant. `None` while it is not known.
    pub(super) fn tenant_of<'a>(&'a self, namespace: &str, installation: &'a Installation) -> Option<&'a str> {
        if !self.amko_clusters.listed {
            return None;
        }
        let default = installation.default_tenant.as_str();
        let mut own = self.amko_clusters.objects.values().map(|cluster| cluster.spec.cluster_context.as_str());
        if own.any(|context| installation.member_clusters.contains(context)) {
            return self.tenants.of(namespace, default);
        }
        Some(default)
    }
}

fn named(namespace: Namespace) -> Option<(String, String)> {
    namespace.tenant.map(|tenant| (namespace.name, tenant))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespace(name: &str, tenant: Option<&str>) -> Namespace {
        Namespace { name: name.into(), tenant: tenant.map(str::to_owned), ..Namespace::default() }
    }

    fn listed(objects: Vec<Namespace>) -> WatchEvent<Namespace, String> {
        WatchEvent::Listed { objects, undecodable: Vec::new() }
    }

    /// TEN-09: no answer is not "no tenant", a refusal is; and what was known outlives a failure.
    #[test]
    fn a_tenant_is_unknown_until_the_first_answer_and_default_when_that_is_a_refusal() {
        let mut tenants = Tenants::default();
        assert_eq!(tenants.of("shop", "admin"), None);
        assert!(tenants.take(WatchEvent::Failed("403".into())));
        assert_eq!(tenants.of("shop", "admin"), Some("admin"));
        assert!(!tenants.take(WatchEvent::Failed("403".into())));
        assert!(tenants.take(listed(vec![namespace("shop", Some("blue")), namespace("bank", None)])));
        assert_eq!((tenants.of("shop", "admin"), tenants.of("bank", "admin")), (Some("blue"), Some("admin")));
        assert!(!tenants.take(WatchEvent::Failed("500".into())));
        assert_eq!(tenants.of("shop", "admin"), Some("blue"));
    }

    /// NS-03.
    #[test]
    fn only_a_change_of_tenant_is_a_change() {
        let mut tenants = Tenants::default();
        assert!(!tenants.take(WatchEvent::Applied(namespace("shop", Some("blue")))), "no complete list yet");
        assert!(tenants.take(listed(vec![namespace("shop", Some("blue"))])));
        assert!(!tenants.take(listed(vec![namespace("shop", Some("blue")), namespace("bank", None)])));
        assert!(!tenants.take(WatchEvent::Applied(namespace("shop", Some("blue")))));
        assert!(tenants.take(WatchEvent::Applied(namespace("shop", Some("red")))));
        assert_eq!(tenants.of("shop", "admin"), Some("red"));
        assert!(!tenants.take(WatchEvent::Applied(namespace("bank", None))));
        assert!(tenants.take(WatchEvent::Deleted("shop".into())));
        assert_eq!(tenants.of("shop", "admin"), Some("admin"));
        assert!(!tenants.take(WatchEvent::Deleted("bank".into())));
    }
}
