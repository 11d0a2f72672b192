//! Strategic merge patch for the built-in kinds.
//!
//! Objects merge key by key and null deletes, as in RFC 7386. Lists replace, unless [`rules`] gives them a merge
//! key. Directives (`$patch`, `$retainKeys`, `$setElementOrder/<list>`, `$deleteFromPrimitiveList/<list>`) never
//! reach the result.

use serde_json::{Map, Value};

mod lists;
mod rules;

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const SET_ELEMENT_ORDER: &str = "$setElementOrder/";
const DELETE_FROM_PRIMITIVE_LIST: &str = "$deleteFromPrimitiveList/";

/// Where in the object a merge stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    kind: &'a str,
    /// Field names joined by dots, list elements left out.
    path: &'a str,
}

impl Place<'_> {
    fn child(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

/// Applies a strategic merge patch to an object of a built-in kind.
///
/// # Errors
/// A text for a 400 answer when a directive has the wrong shape or a list element lacks its merge key.
pub fn merge(kind: &str, current: Value, patch: Value) -> Result<Value, String> {
    match (current, patch) {
        (Value::Object(current), Value::Object(patch)) => {
            objects(Place { kind, path: "" }, current, patch).map(Value::Object)
        }
        _ => Err(format!("apply strategic merge patch to {kind}: object and patch must both be JSON objects")),
    }
}

fn objects(
    place: Place<'_>,
    mut current: Map<String, Value>,
    mut patch: Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    match patch.remove(PATCH).as_ref().map(|directive| directive.as_str().unwrap_or_default()) {
        None | Some("merge") => {}
        Some("replace") => return Ok(patch),
        Some("delete") => return Ok(Map::new()),
        Some(other) => {
            return Err(format!("apply strategic merge patch at {:?}: unknown $patch {other:?}", place.path));
        }
    }
    if let Some(keys) = patch.remove(RETAIN_KEYS) {
        let keys = list(place, RETAIN_KEYS, keys)?;
        current.retain(|name, _| keys.iter().any(|key| key == name));
    }
    let orders = take_directives(place, &mut patch, SET_ELEMENT_ORDER)?;
    for (name, gone) in take_directives(place, &mut patch, DELETE_FROM_PRIMITIVE_LIST)? {
        if let Some(Value::Array(items)) = current.get_mut(&name) {
            items.retain(|item| !gone.contains(item));
        }
    }
    let live = current.clone();
    for (name, value) in patch {
        field(place, &mut current, name, value)?;
    }
    for (name, order) in orders {
        let before = live.get(&name).and_then(Value::as_array).cloned().unwrap_or_default();
        if let Some(Value::Array(items)) = current.get_mut(&name) {
            let key = rules::merge_key(place.kind, &place.child(&name));
            lists::reorder(items, &before, &order, key);
        }
    }
    Ok(current)
}

fn field(place: Place<'_>, current: &mut Map<String, Value>, name: String, value: Value) -> Result<(), String> {
    let path = place.child(&name);
    let place = Place { kind: place.kind, path: &path };
    let merged = match value {
        Value::Null => {
            current.remove(&name);
            return Ok(());
        }
        Value::Object(patch) => {
            let before = match current.remove(&name) {
                Some(Value::Object(fields)) => fields,
                _ => Map::new(),
            };
            Value::Object(objects(place, before, patch)?)
        }
        Value::Array(patch) => {
            let before = match current.remove(&name) {
                Some(Value::Array(items)) => items,
                _ => Vec::new(),
            };
            Value::Array(lists::merge(place, before, patch)?)
        }
        scalar => scalar,
    };
    current.insert(name, merged);
    Ok(())
}

/// Removes the directives with a prefix from the patch: name of the list they are about, and their values.
fn take_directives(
    place: Place<'_>,
    patch: &mut Map<String, Value>,
    prefix: &str,
) -> Result<Vec<(String, Vec<Value>)>, String> {
    let names: Vec<String> = patch.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        if let Some(value) = patch.remove(&name) {
            found.push((name[prefix.len()..].to_owned(), list(place, &name, value)?));
        }
    }
    Ok(found)
}

fn list(place: Place<'_>, directive: &str, value: Value) -> Result<Vec<Value>, String> {
    match value {
        Value::Array(items) => Ok(items),
        other => {
            Err(format!("apply strategic merge patch at {:?}: {directive} must be a list, not {other}", place.path))
        }
    }
}

#[cfg(test)]
mod tests;
