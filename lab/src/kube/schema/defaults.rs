//! Nulls and defaults.

use serde_json::Value;

use super::{Node, is_type_or_meta};

pub(super) fn drop_nulls(root: &Node, object: &mut Value) {
    without_meta(object, |object| drop_nulls_below(root, object));
}

pub(super) fn apply(root: &Node, object: &mut Value) {
    without_meta(object, |object| apply_below(root, object));
}

/// Runs `change` on an object whose apiVersion, kind and metadata are set aside.
fn without_meta(object: &mut Value, change: impl FnOnce(&mut Value)) {
    let mut aside = Vec::new();
    if let Value::Object(fields) = object {
        for name in ["apiVersion", "kind", "metadata"] {
            aside.extend(fields.remove_entry(name));
        }
    }
    change(object);
    if let Value::Object(fields) = object {
        fields.extend(aside);
    }
}

fn drop_nulls_below(node: &Node, value: &mut Value) {
    match value {
        Value::Object(fields) => fields.retain(|name, value| {
            let Some(schema) = node.field(name) else { return true };
            if value.is_null() && !schema.nullable && schema.default.is_none() {
                return false;
            }
            drop_nulls_below(schema, value);
            true
        }),
        Value::Array(items) => {
            let Some(schema) = &node.items else { return };
            items.iter_mut().for_each(|item| drop_nulls_below(schema, item));
        }
        _ => {}
    }
}

fn apply_below(node: &Node, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, schema) in
                node.properties.iter().filter(|(name, _)| !is_type_or_meta(name) || !node.embedded_resource)
            {
                let Some(default) = &schema.default else { continue };
                let missing = fields.get(name).is_none_or(|value| value.is_null() && !schema.nullable);
                if missing {
                    fields.insert(name.clone(), default.clone());
                }
            }
            for (name, value) in fields.iter_mut() {
                if let Some(schema) = node.field(name) {
                    apply_below(schema, value);
                }
            }
        }
        Value::Array(items) => {
            let Some(schema) = &node.items else { return };
            items.iter_mut().for_each(|item| apply_below(schema, item));
        }
        _ => {}
    }
}
