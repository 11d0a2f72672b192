//! The objects of one controller, in creation order, with the indexes that writes need.

use super::kind::Kind;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The uuid of the tenant that every controller has.
pub(super) const ADMIN: &str = "admin";

/// Objects of one type.
#[derive(Debug, Clone, Default)]
struct Shelf {
    by_order: BTreeMap<u64, Arc<Value>>,
    order: HashMap<String, u64>,
    /// (tenant uuid, name) to uuid.
    names: HashMap<(String, String), String>,
}

/// All objects of one controller.
#[derive(Debug, Clone, Default)]
pub(super) struct Store {
    shelves: BTreeMap<Kind, Shelf>,
    /// FQDN in lower case to the uuid of the GSLB service that has it.
    domains: HashMap<String, String>,
    /// Stored reference to the objects that hold it, as (type, place in the order).
    users: HashMap<String, BTreeSet<(Kind, u64)>>,
    next: u64,
}

impl Store {
    pub fn get(&self, kind: Kind, uuid: &str) -> Option<&Arc<Value>> {
        let shelf = self.shelves.get(&kind)?;
        shelf.by_order.get(shelf.order.get(uuid)?)
    }

    pub fn all(&self, kind: Kind) -> impl Iterator<Item = &Arc<Value>> {
        self.shelves.get(&kind).into_iter().flat_map(|shelf| shelf.by_order.values())
    }

    /// The uuid of the object with this name in this tenant.
    pub fn named(&self, kind: Kind, tenant: &str, name: &str) -> Option<&str> {
        let shelf = self.shelves.get(&kind)?;
        shelf.names.get(&(tenant.to_owned(), name.to_owned())).map(String::as_str)
    }

    /// The uuid of the GSLB service that has this FQDN.
    pub fn domain_owner(&self, domain: &str) -> Option<&str> {
        self.domains.get(&domain.to_ascii_lowercase()).map(String::as_str)
    }

    /// Stores an object under its `uuid`; one that is there already keeps its place in the order.
    pub fn put(&mut self, kind: Kind, object: Arc<Value>) {
        let uuid = text(&object, "uuid").to_owned();
        let place = self.take_out(kind, &uuid).map(|(place, _)| place);
        let place = place.unwrap_or_else(|| {
            self.next += 1;
            self.next
        });
        if kind == Kind::GslbService {
            for domain in domains(&object) {
                self.domains.insert(domain, uuid.clone());
            }
        }
        for reference in references(&object) {
            self.users.entry(reference.to_owned()).or_default().insert((kind, place));
        }
        let shelf = self.shelves.entry(kind).or_default();
        shelf.names.insert(name_key(&object), uuid.clone());
        shelf.order.insert(uuid, place);
        shelf.by_order.insert(place, object);
    }

    pub fn remove(&mut self, kind: Kind, uuid: &str) -> Option<Arc<Value>> {
        self.take_out(kind, uuid).map(|(_, object)| object)
    }

    fn take_out(&mut self, kind: Kind, uuid: &str) -> Option<(u64, Arc<Value>)> {
        let shelf = self.shelves.get_mut(&kind)?;
        let place = shelf.order.remove(uuid)?;
        let object = shelf.by_order.remove(&place)?;
        shelf.names.remove(&name_key(&object));
        if kind == Kind::GslbService {
            for domain in domains(&object) {
                self.domains.remove(&domain);
            }
        }
        for reference in references(&object) {
            if let Some(users) = self.users.get_mut(reference) {
                users.remove(&(kind, place));
                if users.is_empty() {
                    self.users.remove(reference);
                }
            }
        }
        Some((place, object))
    }

    /// The GSLB configuration; every site of a world has one.
    pub fn gslb(&self) -> Option<&Arc<Value>> {
        self.all(Kind::Gslb).next()
    }

    /// Cluster uuid of the site that leads, as far as this controller knows.
    pub fn leader(&self) -> &str {
        self.gslb().map_or("", |gslb| text(gslb, "leader_cluster_uuid"))
    }

    /// Objects that hold a reference to this one, as (type, name).
    pub fn referrers(&self, kind: Kind, uuid: &str) -> Vec<(Kind, String)> {
        let users = self.users.get(&path_of(kind, uuid)).into_iter().flatten();
        let objects = users.filter_map(|(user, place)| Some((*user, self.shelves.get(user)?.by_order.get(place)?)));
        objects
            .filter(|(_, object)| text(object, "uuid") != uuid)
            .map(|(user, object)| (user, text(object, "name").to_owned()))
            .collect()
    }
}

/// The stored form of a reference.
pub(super) fn path_of(kind: Kind, uuid: &str) -> String {
    format!("/api/{}/{uuid}", kind.path())
}

/// Type and uuid of a stored reference.
pub(super) fn target_of(path: &str) -> Option<(Kind, &str)> {
    let (kind, uuid) = path.strip_prefix("/api/")?.split_once('/')?;
    Some((Kind::of_path(kind)?, uuid))
}

/// A text field; empty when absent.
pub(super) fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// The uuid of the tenant an object belongs to.
pub(super) fn tenant_of(object: &Value) -> &str {
    text(object, "tenant_ref").rsplit('/').next().filter(|uuid| !uuid.is_empty()).unwrap_or(ADMIN)
}

fn name_key(object: &Value) -> (String, String) {
    (tenant_of(object).to_owned(), text(object, "name").to_owned())
}

pub(super) fn domains(object: &Value) -> impl Iterator<Item = String> {
    let names = object.get("domain_names").and_then(Value::as_array).into_iter().flatten();
    names.filter_map(Value::as_str).map(str::to_ascii_lowercase)
}

/// Every stored reference that an object holds, however deep; its own `url` is none.
fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(fields) => {
            fields.iter().filter(|(key, _)| *key != "url").flat_map(|(_, value)| references(value)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::String(text) if target_of(text).is_some() => vec![text],
        _ => Vec::new(),
    }
}
