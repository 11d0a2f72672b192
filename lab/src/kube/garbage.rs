//! The garbage collector: dependents go with the last of their owners.

use std::sync::Arc;

use serde_json::Value;

use super::meta;
use super::resource::ObjectKey;
use super::state::{CRDS, NAMESPACES, State};

impl State {
    /// Deletes what only the removed object owned, and what only that owned, and so on. Namespaces and definitions
    /// are left alone.
    pub(super) fn collect_dependents(&mut self, removed: &Value) {
        let mut gone = vec![meta::text(removed, "uid").to_owned()];
        while let Some(uid) = gone.pop() {
            for (resource, key, object) in self.dependents(&uid) {
                if self.has_other_owner(&object, &uid) {
                    self.disown(&resource, key, &object, &uid);
                } else if meta::finalizers(&object).is_empty() {
                    self.store.remove(&resource, &key);
                    gone.push(meta::text(&object, "uid").to_owned());
                } else if !meta::is_deleting(&object) {
                    let marked = self.marked_for_deletion(&object);
                    self.store.put(&resource, key, marked);
                }
            }
        }
    }

    /// Takes the owner out of its dependents: they stay when it goes.
    pub(super) fn orphan_dependents(&mut self, owner: &Value) {
        let uid = meta::text(owner, "uid");
        for (resource, key, object) in self.dependents(uid) {
            self.disown(&resource, key, &object, uid);
        }
    }

    fn dependents(&self, uid: &str) -> Vec<(String, ObjectKey, Arc<Value>)> {
        let resources = self.store.resources().into_iter().filter(|name| name != NAMESPACES && name != CRDS);
        let objects = resources.flat_map(|resource| {
            let objects = self.store.objects(&resource, None);
            objects.into_iter().map(move |(key, object)| (resource.clone(), key, object))
        });
        objects.filter(|(_, _, object)| owners(object).any(|owner| owner == uid)).collect()
    }

    fn has_other_owner(&self, object: &Value, uid: &str) -> bool {
        let mut others = owners(object).filter(|owner| *owner != uid).peekable();
        if others.peek().is_none() {
            return false;
        }
        let others: Vec<&str> = others.collect();
        self.store.resources().iter().any(|resource| {
            let objects = self.store.objects(resource, None);
            objects.iter().any(|(_, live)| others.contains(&meta::text(live, "uid")))
        })
    }

    fn disown(&mut self, resource: &str, key: ObjectKey, object: &Value, uid: &str) {
        let mut object = object.clone();
        if let Some(list) = object.pointer_mut("/metadata/ownerReferences").and_then(Value::as_array_mut) {
            list.retain(|owner| owner["uid"] != uid);
        }
        meta::tidy(&mut object);
        self.store.put(resource, key, object);
    }
}

/// The uids of the owners.
fn owners(object: &Value) -> impl Iterator<Item = &str> {
    let list = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|owner| owner["uid"].as_str())
}
