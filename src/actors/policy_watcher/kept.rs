//! The objects of one kind, as a watch has reported them so far.

use crate::core::precedence::ObjectName;
use crate::kubernetes::watch::WatchEvent;
use kube::{Resource, ResourceExt};
use std::collections::BTreeMap;

/// The objects of one kind. Empty and not listed are different things.
#[derive(Debug)]
pub struct Kept<K> {
    pub objects: BTreeMap<ObjectName, K>,
    /// Whether a complete list has come in.
    pub listed: bool,
}

impl<K> Default for Kept<K> {
    fn default() -> Self {
        Self { objects: BTreeMap::new(), listed: false }
    }
}

impl<K: Resource<DynamicType = ()>> Kept<K> {
    /// Takes an event in. Answers whether anything may look different now; trouble is logged and changes nothing.
    pub fn take(&mut self, event: WatchEvent<K, ObjectName>) -> bool {
        match event {
            WatchEvent::Listed { objects, undecodable } => {
                let mut kept: BTreeMap<_, _> = objects.into_iter().map(|object| (name_of(&object), object)).collect();
                for name in undecodable {
                    if let Some(object) = self.objects.remove(&name) {
                        kept.insert(name, object);
                    }
                }
                self.objects = kept;
                self.listed = true;
                true
            }
            WatchEvent::Applied(object) => {
                self.objects.insert(name_of(&object), object);
                true
            }
            WatchEvent::Deleted(name) => self.objects.remove(&name).is_some(),
            WatchEvent::Undecodable { object, error } => {
                tracing::warn!(object, error, "object cannot be decoded, its last known state stays in force");
                false
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
