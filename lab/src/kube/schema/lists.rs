//! Lists that are sets or maps: unique elements, and which old element a new one stands for.

use serde_json::{Map, Value};

use super::{FieldError, ListType, Node, violation};

/// The part of an element that must be unique in its list.
fn identity(node: &Node, item: &Value) -> Option<Value> {
    match &node.list {
        ListType::Atomic => None,
        ListType::Set => Some(item.clone()),
        ListType::Map(keys) => {
            let value = |key: &String| item.get(key).map(|value| (key.clone(), value.clone()));
            Some(Value::Object(keys.iter().filter_map(value).collect::<Map<_, _>>()))
        }
    }
}

pub(super) fn duplicates(node: &Node, items: &[Value], path: &str) -> Vec<FieldError> {
    let mut seen = Vec::new();
    let mut errors = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let Some(identity) = identity(node, item) else { continue };
        if seen.contains(&identity) {
            errors.push(violation::duplicate(&format!("{path}[{at}]"), &identity));
        } else {
            seen.push(identity);
        }
    }
    errors
}

/// The old element with the same keys. Elements of other lists have no identity over time.
pub(super) fn counterpart<'a>(node: &Node, item: &Value, old: Option<&'a Value>) -> Option<&'a Value> {
    let ListType::Map(_) = node.list else { return None };
    let wanted = identity(node, item)?;
    old?.as_array()?.iter().find(|candidate| identity(node, candidate).as_ref() == Some(&wanted))
}
