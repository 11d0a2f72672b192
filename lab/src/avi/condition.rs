//! What is wrong with a site, or differs from how controllers are shipped.

use super::kind::Kind;
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Everything about one site that a test may turn on and off.
#[derive(Debug, Clone, Default)]
pub(super) struct Condition {
    /// The controller starts: everything is answered 503 until then.
    pub starting_until: Option<Timestamp>,
    /// Configuration is refused.
    pub upgrading: bool,
    /// Names of the tenants that the user may not look into.
    pub forbidden_tenants: BTreeSet<String>,
    /// Names of the tenants that a fault has deleted.
    pub removed_tenants: Vec<String>,
    /// Status of the refusal to delete something in use, when it is not the usual one.
    pub in_use_status: Option<u16>,
    /// Largest number of objects by type.
    pub quotas: BTreeMap<Kind, usize>,
    /// Fields that a newer release adds to objects.
    pub new_fields: Vec<NewField>,
    pub references: References,
    /// Lists come in the opposite order.
    pub reversed_lists: bool,
    /// It has lost the lead and knows, but still shows itself as leader.
    pub demoted: bool,
    /// It neither sends nor takes copies.
    pub isolated: bool,
    /// Copies that arrive cannot be stored.
    pub copies_fail: bool,
}

/// How references are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct References {
    /// Host of all references; `None` is the host that the client used.
    pub host: Option<String>,
    /// Without names, even where names are asked for.
    pub nameless: bool,
}

/// A field with a default that the objects of a type have since an upgrade.
#[derive(Debug, Clone, PartialEq)]
pub struct NewField {
    pub kind: Kind,
    /// Names of the fields that lead to it, its own last. A list on the way means each of its items.
    pub path: Vec<String>,
    pub value: Value,
}

impl Condition {
    /// Adds what a newer release shows.
    pub fn with_new_fields(&self, kind: Kind, object: &mut Value) {
        for field in self.new_fields.iter().filter(|field| field.kind == kind) {
            add(object, &field.path, &field.value);
        }
    }

    /// What is left for the checks, which do not know the new fields.
    pub fn without_new_fields<'a>(&self, kind: Kind, sent: &'a Map<String, Value>) -> Cow<'a, Map<String, Value>> {
        if self.new_fields.is_empty() {
            return Cow::Borrowed(sent);
        }
        let mut sent = Value::Object(sent.clone());
        for field in self.new_fields.iter().filter(|field| field.kind == kind) {
            take(&mut sent, &field.path);
        }
        match sent {
            Value::Object(map) => Cow::Owned(map),
            _ => Cow::Owned(Map::new()),
        }
    }

    /// The order of lists as this site shows it.
    pub fn arrange(&self, object: &mut Value) {
        if self.reversed_lists {
            reverse(object);
        }
    }
}

fn add(object: &mut Value, path: &[String], value: &Value) {
    match (object, path) {
        (Value::Array(items), path) => items.iter_mut().for_each(|item| add(item, path, value)),
        (Value::Object(map), [last]) => {
            map.entry(last.clone()).or_insert_with(|| value.clone());
        }
        (Value::Object(map), [first, rest @ ..]) => {
            if let Some(inner) = map.get_mut(first) {
                add(inner, rest, value);
            }
        }
        _ => {}
    }
}

fn take(object: &mut Value, path: &[String]) {
    match (object, path) {
        (Value::Array(items), path) => items.iter_mut().for_each(|item| take(item, path)),
        (Value::Object(map), [last]) => {
            map.remove(last);
        }
        (Value::Object(map), [first, rest @ ..]) => {
            if let Some(inner) = map.get_mut(first) {
                take(inner, rest);
            }
        }
        _ => {}
    }
}

/// The order of lists of codes and of a monitor's settings carries no meaning either, but clients name none of them.
fn reverse(value: &mut Value) {
    match value {
        Value::Object(map) => map.values_mut().for_each(reverse),
        Value::Array(items) => {
            items.iter_mut().for_each(reverse);
            items.reverse();
        }
        _ => {}
    }
}
