//! The objects of one kind, as a watch has reported them so far.

use crate::core::precedence::ObjectName;
use crate::kubernetes::watch::WatchEvent;
use kube::core::object::{HasSpec, HasStatus};
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

impl<K> Kept<K>
where
    K: Resource<DynamicType = ()> + HasSpec<Spec: PartialEq> + HasStatus<Status: PartialEq>,
{
    /// Takes an event in. Answers whether anything may look different now; trouble is logged and changes nothing.
    pub fn take(&mut self, event: WatchEvent<K, ObjectName>) -> bool {
        match event {
            WatchEvent::Listed { objects, undecodable } => {
                let mut kept: BTreeMap<_, _> =
                    objects.into_iter().map(|object| (name_of(&object), self.as_decided(object))).collect();
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
                let object = self.as_decided(object);
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
            WatchEvent::Failed(_) | WatchEvent::Reopened => false,
        }
    }

    /// The object with the generation of the last change that was not one of its status alone. Under the CRDs of
    /// upstream every write of a status raises the generation; to answer that with the new number would never end
    /// (DB-04). A lower one is that of an object from a backup.
    fn as_decided(&self, mut object: K) -> K {
        let known = self.objects.get(&name_of(&object)).filter(|known| {
            let same = known.meta().uid == object.meta().uid && known.spec() == object.spec();
            // A list shows again what was decided already.
            let again = known.resource_version() == object.resource_version();
            let restored = object.meta().generation < known.meta().generation;
            same && !restored && (again || known.status() != object.status())
        });
        if let Some(known) = known {
            object.meta_mut().generation = known.meta().generation;
        }
        object
    }
}

fn name_of<K: Resource<DynamicType = ()>>(object: &K) -> ObjectName {
    ObjectName { namespace: object.namespace().unwrap_or_default(), name: object.name_any() }
}
