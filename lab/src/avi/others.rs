//! What other users do on a controller, without going through its interface.

use super::kind::Kind;
use super::meddle::STRANGER;
use super::seed::{fill_defaults, new_uuid};
use super::state::{State, change_count, identified};
use super::store::{path_of, tenant_of, text};
use super::world::AviWorld;
use serde_json::Value;

impl State {
    /// Another user changes an object; nothing is checked. The answer tells whether it was there.
    pub fn edit(&mut self, site: &str, kind: Kind, uuid: &str, change: impl FnOnce(&mut Value)) -> bool {
        let Some(stored) = self.sites.get(site).and_then(|site| site.store.get(kind, uuid)) else { return false };
        let (mut object, changes) = (Value::clone(stored), change_count(stored));
        change(&mut object);
        let stamp = self.stamp();
        let object = self.put(site, kind, identified(object, kind, uuid, stamp, changes + 1));
        self.replicate_put(site, kind, &object);
        self.note_write(site, "update", kind, &object, STRANGER);
        true
    }

    /// Another user creates an object; references have their stored form. Returns its uuid.
    pub fn make(&mut self, site: &str, kind: Kind, mut object: Value) -> String {
        fill_defaults(kind.fields(), &mut object);
        let (uuid, stamp) = (new_uuid(self, kind), self.stamp());
        let object = self.put(site, kind, identified(object, kind, &uuid, stamp, 1));
        self.replicate_put(site, kind, &object);
        self.note_write(site, "create", kind, &object, STRANGER);
        uuid
    }

    /// Another user deletes an object, whoever uses it.
    pub fn delete(&mut self, site: &str, kind: Kind, uuid: &str) -> Option<Value> {
        let removed = self.remove(site, kind, uuid)?;
        self.replicate_delete(site, kind, &removed);
        self.note_write(site, "delete", kind, &removed, STRANGER);
        Some(Value::clone(&removed))
    }

    /// Another user deletes an object and makes it again; who referred to it refers to the new one. Returns the new
    /// uuid.
    pub fn recreate(&mut self, site: &str, kind: Kind, uuid: &str) -> Option<String> {
        let users: Vec<(Kind, String)> = self.sites.get(site)?.store.referrers(kind, uuid);
        let removed = self.delete(site, kind, uuid)?;
        let tenant = tenant_of(&removed).to_owned();
        let new = self.make(site, kind, removed);
        for (user_kind, name) in users {
            let store = &self.sites.get(site)?.store;
            let Some(user) = store.named(user_kind, &tenant, &name).map(ToOwned::to_owned) else { continue };
            let (old_path, new_path) = (path_of(kind, uuid), path_of(kind, &new));
            self.edit(site, user_kind, &user, |user| replace_text(user, &old_path, &new_path));
        }
        Some(new)
    }

    /// Uuid of the object with this name, in whichever tenant.
    fn uuid_of(&self, site: &str, kind: Kind, name: &str) -> Option<String> {
        let mut objects = self.sites.get(site)?.store.all(kind);
        objects.find(|object| text(object, "name") == name).map(|object| text(object, "uuid").to_owned())
    }
}

fn replace_text(value: &mut Value, old: &str, new: &str) {
    match value {
        Value::Object(map) => map.values_mut().for_each(|value| replace_text(value, old, new)),
        Value::Array(items) => items.iter_mut().for_each(|value| replace_text(value, old, new)),
        Value::String(text) if text == old => new.clone_into(text),
        _ => {}
    }
}

impl AviWorld {
    /// Another user changes the object with this name, without `_last_modified` and without checks. `false` when there
    /// is none.
    pub fn edit_object(&self, site: &str, kind: &str, name: &str, change: impl FnOnce(&mut Value)) -> bool {
        let Some(kind) = Kind::of_path(kind) else { return false };
        self.with(|state| match state.uuid_of(site, kind, name) {
            Some(uuid) => state.edit(site, kind, &uuid, change),
            None => false,
        })
    }

    /// Another user creates an object, without checks; references have the form `/api/<type>/<uuid>`. Returns its uuid,
    /// empty for an unknown site or type.
    pub fn create_object(&self, site: &str, kind: &str, object: Value) -> String {
        let Some(kind) = Kind::of_path(kind) else { return String::new() };
        self.with(|state| if state.sites.contains_key(site) { state.make(site, kind, object) } else { String::new() })
    }

    /// Another user deletes the object with this name, even when it is in use. `false` when there is none.
    pub fn delete_object(&self, site: &str, kind: &str, name: &str) -> bool {
        let Some(kind) = Kind::of_path(kind) else { return false };
        self.with(|state| {
            let uuid = state.uuid_of(site, kind, name);
            uuid.is_some_and(|uuid| state.delete(site, kind, &uuid).is_some())
        })
    }

    /// Another user deletes the object with this name and makes it again with another uuid, which is returned.
    pub fn recreate_object(&self, site: &str, kind: &str, name: &str) -> Option<String> {
        let kind = Kind::of_path(kind)?;
        self.with(|state| {
            let uuid = state.uuid_of(site, kind, name)?;
            state.recreate(site, kind, &uuid)
        })
    }
}
