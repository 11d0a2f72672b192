//! Merging and ordering of lists.

use serde_json::{Map, Value};

use super::rules::{self, MergeKey};
use super::{PATCH, Place, objects};

/// Merges a patch list into the live list at `place`.
pub(super) fn merge(place: Place<'_>, current: Vec<Value>, patch: Vec<Value>) -> Result<Vec<Value>, String> {
    match rules::merge_key(place.kind, place.path) {
        None => patch
            .into_iter()
            .filter(|item| directive(item).is_none())
            .map(|item| without_directives(place, item))
            .collect(),
        Some(MergeKey::Itself) => Ok(union(current, patch)),
        Some(MergeKey::Field(key)) => by_key(place, current, patch, key),
    }
}

fn directive(item: &Value) -> Option<&str> {
    item.get(PATCH).and_then(Value::as_str)
}

/// A new element may carry directives for its own fields: merging it into nothing strips them.
fn without_directives(place: Place<'_>, item: Value) -> Result<Value, String> {
    match item {
        Value::Object(fields) => objects(place, Map::new(), fields).map(Value::Object),
        other => Ok(other),
    }
}

fn union(mut current: Vec<Value>, patch: Vec<Value>) -> Vec<Value> {
    for item in patch {
        if !current.contains(&item) {
            current.push(item);
        }
    }
    current
}

fn by_key(place: Place<'_>, current: Vec<Value>, patch: Vec<Value>, key: &str) -> Result<Vec<Value>, String> {
    let replaces = patch.iter().any(|item| directive(item) == Some("replace") && item.get(key).is_none());
    let mut merged = if replaces { Vec::new() } else { current };
    for item in patch {
        let Some(id) = item.get(key).cloned() else {
            if directive(&item) == Some("replace") {
                continue;
            }
            return Err(format!("apply strategic merge patch at {:?}: {item} lacks the merge key {key:?}", place.path));
        };
        let at = merged.iter().position(|live| live.get(key) == Some(&id));
        if directive(&item) == Some("delete") {
            merged.retain(|live| live.get(key) != Some(&id));
        } else if let (Some(at), Value::Object(fields)) = (at, &item) {
            let before = merged[at].as_object().cloned().unwrap_or_default();
            merged[at] = Value::Object(objects(place, before, fields.clone())?);
        } else {
            merged.push(without_directives(place, item)?);
        }
    }
    Ok(merged)
}

/// Orders `items` as `$setElementOrder` asks. Elements that the order does not name stay before the elements that
/// they preceded in the live list.
pub(super) fn reorder(items: &mut Vec<Value>, live: &[Value], order: &[Value], key: Option<MergeKey>) {
    let id = |item: &Value| match key {
        Some(MergeKey::Field(key)) => item.get(key).cloned(),
        _ => Some(item.clone()),
    };
    let place_in = |list: &[Value], item: &Value| list.iter().position(|other| id(other) == id(item));
    let (mut named, unnamed): (Vec<Value>, Vec<Value>) =
        items.drain(..).partition(|item| place_in(order, item).is_some());
    named.sort_by_key(|item| place_in(order, item));
    let mut named = named.into_iter().peekable();
    for extra in unnamed {
        let extra_at = place_in(live, &extra);
        while let Some(next) =
            named.next_if(|next| place_in(live, next).is_none_or(|at| extra_at.is_none_or(|extra_at| at < extra_at)))
        {
            items.push(next);
        }
        items.push(extra);
    }
    items.extend(named);
}
