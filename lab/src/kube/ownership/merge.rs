//! Putting an applied object into a stored one, and taking out what nobody applies any more.

use serde_json::{Map, Value};

use super::set::{FieldSet, Step};
use super::structure::{Place, steps};
use crate::kube::resource::Resource;

/// The stored object with everything that the applied one says.
pub(super) fn merged(resource: &Resource, stored: &Value, applied: &Value) -> Value {
    let (Value::Object(stored), Value::Object(applied)) = (stored, applied) else { return applied.clone() };
    let root = Place::root(resource);
    let place = |name: &str| if name == "metadata" { Place::metadata() } else { root.field(name) };
    Value::Object(merged_fields(&place, stored, applied))
}

fn merged_fields<'a>(
    place: &dyn Fn(&str) -> Place<'a>,
    stored: &Map<String, Value>,
    applied: &Map<String, Value>,
) -> Map<String, Value> {
    let mut result = stored.clone();
    for (name, value) in applied {
        let value = match stored.get(name) {
            Some(before) => merged_value(&place(name), before, value),
            None => value.clone(),
        };
        result.insert(name.clone(), value);
    }
    result
}

fn merged_value(place: &Place<'_>, stored: &Value, applied: &Value) -> Value {
    match (stored, applied) {
        (Value::Object(stored), Value::Object(applied)) if !place.is_atomic() => {
            Value::Object(merged_fields(&|name| place.field(name), stored, applied))
        }
        (Value::Array(stored), Value::Array(applied)) => match (steps(place, stored), steps(place, applied)) {
            (Some(stored), Some(applied)) => Value::Array(merged_elements(place, stored, applied)),
            _ => Value::Array(applied.clone()),
        },
        _ => applied.clone(),
    }
}

/// Stored elements keep their order; new ones follow in theirs.
fn merged_elements(place: &Place<'_>, stored: Vec<(Step, &Value)>, applied: Vec<(Step, &Value)>) -> Vec<Value> {
    let find = |list: &[(Step, &Value)], step: &Step| list.iter().position(|(other, _)| other == step);
    let mut result: Vec<Value> = stored
        .iter()
        .map(|(step, before)| match find(&applied, step) {
            Some(at) => merged_value(&place.element(), before, applied[at].1),
            None => (*before).clone(),
        })
        .collect();
    result.extend(applied.iter().filter(|(step, _)| find(&stored, step).is_none()).map(|(_, value)| (*value).clone()));
    result
}

/// Takes the paths of a set out of an object; a container that ends up empty goes when it is in the set too.
pub(super) fn take_out(resource: &Resource, object: &mut Value, doomed: &FieldSet) {
    let root = Place::root(resource);
    for (step, below) in doomed.below() {
        let Step::Field(name) = step else { continue };
        let place = if name == "metadata" { Place::metadata() } else { root.field(name) };
        take_field(&place, object, name, below);
    }
}

fn take_field(place: &Place<'_>, object: &mut Value, name: &str, doomed: &FieldSet) {
    let Some(fields) = object.as_object_mut() else { return };
    let Some(value) = fields.get_mut(name) else { return };
    take_below(place, value, doomed);
    let is_leaf = match value {
        Value::Object(fields) => fields.is_empty() || place.is_atomic(),
        Value::Array(list) => list.is_empty() || steps(place, list).is_none(),
        _ => true,
    };
    if doomed.is_member() && is_leaf {
        fields.remove(name);
    }
}

fn take_below(place: &Place<'_>, value: &mut Value, doomed: &FieldSet) {
    match value {
        Value::Object(_) if !place.is_atomic() => {
            for (step, below) in doomed.below() {
                if let Step::Field(name) = step {
                    take_field(&place.field(name), value, name, below);
                }
            }
        }
        Value::Array(list) => {
            let Some(steps) = steps(place, list) else { return };
            let steps: Vec<Step> = steps.into_iter().map(|(step, _)| step).collect();
            let find = |step: &Step| doomed.below().find(|(other, _)| *other == step).map(|(_, below)| below);
            let mut kept = Vec::with_capacity(list.len());
            for (step, mut element) in steps.iter().zip(list.drain(..)) {
                match find(step) {
                    Some(below) if below.is_member() => continue,
                    Some(below) => take_below(&place.element(), &mut element, below),
                    None => {}
                }
                kept.push(element);
            }
            *list = kept;
        }
        _ => {}
    }
}
