//! How the values of a schema merge: which lists are sets or maps, and which maps are one whole.

use serde_json::Value;

use super::{ListType, Node, Schema};

/// A place in a schema; below free-form fields nothing is known.
#[derive(Debug, Clone, Copy)]
pub struct Spot<'a>(Option<&'a Node>);

/// How the elements of a list are told apart.
#[derive(Debug, Clone, PartialEq)]
pub enum Elements {
    /// Not at all: the list is one value.
    Atomic,
    /// By themselves.
    Set,
    /// By these fields and, where an element has none, their defaults.
    Map(Vec<(String, Option<Value>)>),
}

impl Schema {
    /// The whole object.
    pub fn root(&self) -> Spot<'_> {
        Spot(Some(&self.root))
    }
}

impl<'a> Spot<'a> {
    pub fn field(self, name: &str) -> Self {
        Self(self.0.and_then(|node| node.field(name)))
    }

    pub fn element(self) -> Self {
        Self(self.0.and_then(|node| node.items.as_deref()))
    }

    /// Whether the schema names the field itself, and not only the kind of all fields.
    pub fn declares(self, name: &str) -> bool {
        self.0.is_some_and(|node| node.properties.contains_key(name))
    }

    /// Whether a map is one value.
    pub fn is_atomic(self) -> bool {
        self.0.is_some_and(|node| node.atomic)
    }

    pub fn elements(self) -> Elements {
        match self.0.map(|node| &node.list) {
            None | Some(ListType::Atomic) => Elements::Atomic,
            Some(ListType::Set) => Elements::Set,
            Some(ListType::Map(keys)) => {
                let default = |key: &String| self.element().field(key).0.and_then(|node| node.default.clone());
                Elements::Map(keys.iter().map(|key| (key.clone(), default(key))).collect())
            }
        }
    }
}
