//! Objects that exist and cannot be decoded.

use super::kinds::Watched;
use crate::core::precedence::ObjectName;
use std::collections::BTreeMap;

/// What is wrong with an object.
#[derive(Debug)]
pub struct Trouble {
    pub uid: Option<String>,
    /// Kind and name.
    pub object: String,
    pub error: String,
}

/// An object that exists and cannot be decoded.
#[derive(Debug)]
struct Object {
    trouble: Trouble,
    /// It was there from the first list on and never readable: what it asks for is not known, and the cluster not
    /// completely seen.
    unknown: bool,
}

/// The unreadable objects of a cluster: usually none.
#[derive(Debug, Default)]
pub struct Unreadable(BTreeMap<(Watched, ObjectName), Object>);

impl Unreadable {
    pub fn insert(&mut self, kind: Watched, name: ObjectName, trouble: Trouble, unknown: bool) {
        self.0.insert((kind, name), Object { trouble, unknown });
    }

    /// The object was deleted, or is readable now. Answers whether that is news.
    pub fn remove(&mut self, kind: Watched, name: &ObjectName) -> bool {
        !self.0.is_empty() && self.0.remove(&(kind, name.clone())).is_some()
    }

    /// A complete list holds no others than these.
    pub fn retain(&mut self, kind: Watched, still: &[ObjectName]) {
        self.0.retain(|(known, name), _| *known != kind || still.contains(name));
    }

    pub fn holds_unknown(&self) -> bool {
        self.0.values().any(|object| object.unknown)
    }

    /// In the order of the objects, for people.
    pub fn troubles(&self) -> impl Iterator<Item = String> {
        self.0.values().map(|object| format!("{}: {}", object.trouble.object, object.trouble.error))
    }

    /// Kind, name, uid and what is wrong.
    pub fn objects(&self) -> impl Iterator<Item = (Watched, &ObjectName, Option<&str>, &str)> {
        self.0
            .iter()
            .map(|((kind, name), Object { trouble, .. })| (*kind, name, trouble.uid.as_deref(), trouble.error.as_str()))
    }
}
