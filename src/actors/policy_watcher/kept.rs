//! The objects of one kind, as a watch has reported them so far.

use crate::core::precedence::ObjectName;
use crate::kubernetes::watch::WatchEvent;
use kube::{Resource, ResourceExt};
use std::collections::{BTreeMap, BTreeSet};

/// The objects of one kind. Empty and not listed are different things.
#[derive(Debug)]
pub struct Kept<K> {
    pub objects: BTreeMap<ObjectName, K>,
    /// Objects that exist and have never been readable: what they say is not known.
    pub unreadable: BTreeSet<ObjectName>,
    /// Whether a complete list has come in.
    pub listed: bool,
}

impl<K> Default for Kept<K> {
    fn default() -> Self {
        Self { objects: BTreeMap::new(), unreadable: BTreeSet::new(), listed: false }
    }
}

impl<K: Resource<DynamicType = ()>> Kept<K> {
    /// Takes an event in. Answers whether anything may look different now; trouble is logged and changes nothing.
    pub fn take(&mut self, event: WatchEvent<K, ObjectName>) -> bool {
        match event {
            WatchEvent::Listed { objects, undecodable } => {
                let mut kept: BTreeMap<_, _> = objects.into_iter().map(|object| (name_of(&object), object)).collect();
                self.unreadable.clear();
                for name in undecodable {
                    match self.objects.remove(&name) {
                        Some(object) => drop(kept.insert(name, object)),
                        None => drop(self.unreadable.insert(name)),
                    }
                }
                self.objects = kept;
                self.listed = true;
                true
            }
            WatchEvent::Applied(object) => {
                let name = name_of(&object);
                self.unreadable.remove(&name);
                self.objects.insert(name, object);
                true
            }
            WatchEvent::Deleted(name) => {
                let unreadable = self.unreadable.remove(&name);
                self.objects.remove(&name).is_some() || unreadable
            }
            WatchEvent::Undecodable { id, object, error, .. } => {
                tracing::warn!(object, error, "object cannot be decoded, its last known state stays in force");
                !self.objects.contains_key(&id) && self.unreadable.insert(id)
            }
            WatchEvent::Failed(error) => {
                tracing::warn!(kind = %K::kind(&()), error, "cannot watch the configuration, it stays as last seen");
                false
            }
        }
    }
}

fn name_of<K: Resource<DynamicType = ()>>(object: &K) -> ObjectName {
    ObjectName { namespace: object.namespace().unwrap_or_default(), name: object.name_any() }
}
