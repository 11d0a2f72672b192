//! PATCH: `add`, `replace` and `delete` of top-level fields, and JSON patches.

use super::admit::{Admission, OWNED};
use super::kind::Kind;
use serde_json::{Map, Value};

/// The whole object that results from applying `changes` to `stored`.
pub(super) fn merge(
    kind: Kind,
    stored: &Value,
    changes: &Map<String, Value>,
    admission: &Admission<'_>,
) -> Result<Map<String, Value>, String> {
    let mut merged = stored.as_object().cloned().unwrap_or_default();
    merged.retain(|key, _| !OWNED.contains(&key.as_str()));
    for (operation, payload) in changes {
        match (operation.as_str(), payload) {
            ("_last_modified", _) => {
                merged.insert("_last_modified".to_owned(), payload.clone());
            }
            ("json_patch", _) => merged = json_patched(merged, payload)?,
            ("add" | "replace" | "delete", Value::Object(fields)) => {
                if let Some(stamp) = fields.get("_last_modified") {
                    merged.insert("_last_modified".to_owned(), stamp.clone());
                }
                apply(&mut merged, operation, admission.present(kind.fields(), fields)?);
            }
            _ => return Err(format!("PATCH does not know the operation '{operation}'")),
        }
    }
    Ok(merged)
}

fn apply(merged: &mut Map<String, Value>, operation: &str, fields: Map<String, Value>) {
    for (key, value) in fields {
        match (operation, merged.get_mut(&key), value) {
            ("add", Some(Value::Array(have)), Value::Array(more)) => {
                for item in more {
                    if !have.contains(&item) {
                        have.push(item);
                    }
                }
            }
            ("delete", Some(Value::Array(have)), Value::Array(less)) => have.retain(|item| !less.contains(item)),
            ("delete", _, _) => {
                merged.remove(&key);
            }
            (_, _, value) => {
                merged.insert(key, value);
            }
        }
    }
}

fn json_patched(merged: Map<String, Value>, operations: &Value) -> Result<Map<String, Value>, String> {
    let refused = |error: String| format!("json_patch cannot be applied: {error}");
    let patch: json_patch::Patch =
        serde_json::from_value(operations.clone()).map_err(|error| refused(error.to_string()))?;
    let mut object = Value::Object(merged);
    json_patch::patch(&mut object, &patch).map_err(|error| refused(error.to_string()))?;
    match object {
        Value::Object(map) => Ok(map),
        _ => Err(refused("the result is not an object".to_owned())),
    }
}
