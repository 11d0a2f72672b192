//! Removal of unknown fields.

use serde_json::{Map, Value};

use super::{Additional, Node, is_type_or_meta, join};

pub(super) fn unknown_fields(root: &Node, object: &mut Value) -> Vec<String> {
    let mut removed = Vec::new();
    if let Value::Object(fields) = object {
        prune_fields(root, fields, Object { path: "", keeps_meta: true }, &mut removed);
    }
    removed.sort();
    removed
}

/// The object being pruned.
#[derive(Clone, Copy)]
struct Object<'a> {
    path: &'a str,
    /// True for whole API objects: the root and embedded resources.
    keeps_meta: bool,
}

fn prune_value(node: &Node, value: &mut Value, path: &str, removed: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            prune_fields(node, fields, Object { path, keeps_meta: node.embedded_resource }, removed);
        }
        Value::Array(items) => {
            let Some(schema) = &node.items else { return };
            for (at, item) in items.iter_mut().enumerate() {
                prune_value(schema, item, &format!("{path}[{at}]"), removed);
            }
        }
        _ => {}
    }
}

fn prune_fields(node: &Node, fields: &mut Map<String, Value>, object: Object<'_>, removed: &mut Vec<String>) {
    let keeps_unknown = node.preserve_unknown || matches!(node.additional, Additional::Any);
    fields.retain(|name, value| {
        if object.keeps_meta && is_type_or_meta(name) {
            return true;
        }
        let path = join(object.path, name);
        match node.field(name) {
            Some(schema) => prune_value(schema, value, &path, removed),
            None if keeps_unknown => {}
            None => {
                removed.push(path);
                return false;
            }
        }
        true
    });
}
