//! The structural OpenAPI v3 schemas of custom resources: pruning, defaulting and validation.
//!
//! A write passes [`Schema::prune`], [`Schema::drop_nulls`], [`Schema::apply_defaults`] and [`Schema::validate`] in
//! this order. CEL rules (`x-kubernetes-validations`) are kept in [`Schema::source`] and never evaluated.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

mod defaults;
mod formats;
mod lists;
mod parse;
mod prune;
mod structure;
mod validate;
mod violation;

pub use structure::{Elements, Spot};

/// One violation, as it appears in the `causes` of a 422 Status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Path such as `spec.ports[0].name`.
    pub field: String,
    /// Cause reason such as `FieldValueInvalid`.
    pub reason: String,
    /// Text of the cause; the Status message puts `<field>: ` before it.
    pub message: String,
}

/// A parsed structural schema.
#[derive(Debug, Clone)]
pub struct Schema {
    root: Node,
    source: Value,
}

/// One node of a schema; absent keywords constrain nothing.
#[derive(Debug, Clone, Default)]
struct Node {
    type_: Option<String>,
    format: Option<String>,
    nullable: bool,
    int_or_string: bool,
    preserve_unknown: bool,
    embedded_resource: bool,
    properties: BTreeMap<String, Node>,
    additional: Additional,
    items: Option<Box<Node>>,
    required: Vec<String>,
    default: Option<Value>,
    choices: Option<Vec<Value>>,
    pattern: Option<Regex>,
    limits: Limits,
    list: ListType,
    /// A map that is one value.
    atomic: bool,
    all_of: Vec<Node>,
    any_of: Vec<Node>,
    one_of: Vec<Node>,
    not: Option<Box<Node>>,
}

/// What `additionalProperties` says.
#[derive(Debug, Clone, Default)]
enum Additional {
    #[default]
    None,
    Any,
    Of(Box<Node>),
}

/// What `x-kubernetes-list-type` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum ListType {
    #[default]
    Atomic,
    Set,
    Map(Vec<String>),
}

/// Bounds of numbers, texts, lists and maps.
#[derive(Debug, Clone, Default)]
struct Limits {
    minimum: Option<serde_json::Number>,
    maximum: Option<serde_json::Number>,
    exclusive_minimum: bool,
    exclusive_maximum: bool,
    multiple_of: Option<serde_json::Number>,
    min_length: Option<u64>,
    max_length: Option<u64>,
    min_items: Option<u64>,
    max_items: Option<u64>,
    min_properties: Option<u64>,
    max_properties: Option<u64>,
}

impl Schema {
    /// Parses an `openAPIV3Schema`.
    ///
    /// # Errors
    /// A text that names the first node that is not structural, such as
    /// `openAPIV3Schema.properties[spec].type: Required value: …`.
    pub fn parse(schema: &Value) -> Result<Self, String> {
        Ok(Self { root: parse::root(schema)?, source: schema.clone() })
    }

    /// The schema as it was given.
    pub fn source(&self) -> &Value {
        &self.source
    }

    /// Removes the fields that the schema does not know and returns their paths, sorted. `apiVersion`, `kind` and
    /// `metadata` of the object itself are left alone.
    pub fn prune(&self, object: &mut Value) -> Vec<String> {
        prune::unknown_fields(&self.root, object)
    }

    /// Removes nulls where null is neither allowed nor replaced by a default.
    pub fn drop_nulls(&self, object: &mut Value) {
        defaults::drop_nulls(&self.root, object);
    }

    /// Fills in the defaults of missing fields, and of nulls that are not allowed.
    pub fn apply_defaults(&self, object: &mut Value) {
        defaults::apply(&self.root, object);
    }

    /// Checks `new`; with `old`, violations in parts equal to the old object are ignored (ratcheting).
    pub fn validate(&self, new: &Value, old: Option<&Value>) -> Vec<FieldError> {
        validate::object(&self.root, new, old)
    }
}

impl Node {
    /// The schema of a field; none when the field is unknown or free-form.
    fn field(&self, name: &str) -> Option<&Node> {
        self.properties.get(name).or(match &self.additional {
            Additional::Of(node) => Some(node.as_ref()),
            Additional::None | Additional::Any => None,
        })
    }
}

/// Fields of every object that its schema never touches.
fn is_type_or_meta(name: &str) -> bool {
    matches!(name, "apiVersion" | "kind" | "metadata")
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests;
