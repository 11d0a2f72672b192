//! The paths of a value, and those in which two values differ.

use std::collections::BTreeMap;

use serde_json::Value;

use super::set::{FieldSet, Step};
use super::structure::{Place, steps};
use crate::kube::resource::Resource;

/// Metadata that nobody owns.
const UNOWNED: &[&str] = &[
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// The members of an object that can be owned, each with its place.
fn owned_members<'v, 'p>(
    resource: &'p Resource,
    object: &'v Value,
) -> impl Iterator<Item = (&'v String, &'v Value, Place<'p>)> + use<'v, 'p> {
    let root = Place::root(resource);
    let fields = object.as_object().into_iter().flatten();
    fields.filter(|(name, _)| !matches!(name.as_str(), "apiVersion" | "kind")).map(move |(name, value)| {
        let place = if name == "metadata" { Place::metadata() } else { root.field(name) };
        (name, value, place)
    })
}

/// Every path of an object that can be owned.
pub(super) fn paths(resource: &Resource, object: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    for (name, value, place) in owned_members(resource, object) {
        set.add_below(Step::Field(name.clone()), paths_below(&place, value, name == "metadata"));
    }
    set
}

/// The first list whose elements do not differ, in the words of a real server.
pub(super) fn duplicate(resource: &Resource, object: &Value) -> Option<String> {
    owned_members(resource, object).find_map(|(name, value, place)| duplicate_below(&place, value, &format!(".{name}")))
}

fn duplicate_below(place: &Place<'_>, value: &Value, path: &str) -> Option<String> {
    match value {
        Value::Object(fields) if !place.is_atomic() => fields
            .iter()
            .find_map(|(name, value)| duplicate_below(&place.field(name), value, &format!("{path}.{name}"))),
        Value::Array(list) => {
            let steps = steps(place, list)?;
            let twice = steps.iter().enumerate().find(|(at, (step, _))| steps[..*at].iter().any(|(s, _)| s == step));
            if let Some((_, (step, _))) = twice {
                return Some(format!("{path}: duplicate entries for key {step}"));
            }
            steps
                .iter()
                .find_map(|(step, element)| duplicate_below(&place.element(), element, &format!("{path}{step}")))
        }
        _ => None,
    }
}

fn paths_below(place: &Place<'_>, value: &Value, is_metadata: bool) -> FieldSet {
    let mut set = FieldSet::default();
    match value {
        Value::Object(fields) if is_metadata => {
            for (name, value) in fields.iter().filter(|(name, _)| !UNOWNED.contains(&name.as_str())) {
                set.add_below(Step::Field(name.clone()), paths_below(&place.field(name), value, false));
            }
        }
        Value::Object(fields) if !fields.is_empty() && !place.is_atomic() => {
            for (name, value) in fields {
                let mut below = paths_below(&place.field(name), value, false);
                if place.names_itself(name) {
                    below.add_itself();
                }
                set.add_below(Step::Field(name.clone()), below);
            }
        }
        Value::Array(list) => match steps(place, list) {
            None => set.add_itself(),
            Some(elements) => {
                for (step, element) in elements {
                    let mut own = paths_below(&place.element(), element, false);
                    own.add_itself();
                    set.add_below(step, own);
                }
            }
        },
        _ => set.add_itself(),
    }
    set
}

/// The paths of a value that was not there before: also the maps and lists on the way.
fn added(place: &Place<'_>, value: &Value, is_metadata: bool) -> FieldSet {
    let mut set = paths_below(place, value, is_metadata);
    let part = |name: &str| if is_metadata { Place::metadata().field(name) } else { place.field(name) };
    match value {
        Value::Object(fields) if !place.is_atomic() => {
            for (name, value) in fields.iter().filter(|(name, _)| !(is_metadata && UNOWNED.contains(&name.as_str()))) {
                set.add_below(Step::Field(name.clone()), added(&part(name), value, false));
            }
        }
        Value::Array(list) => {
            for (step, element) in steps(place, list).unwrap_or_default() {
                set.add_below(step, added(&place.element(), element, false));
            }
        }
        _ => return set,
    }
    if !is_metadata && place.is_recorded_whole(value) {
        set.add_itself();
    }
    set
}

/// In which paths two states of an object differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// Added, or with another value.
    pub(super) changed: FieldSet,
    pub(super) removed: FieldSet,
}

impl Difference {
    pub(super) fn between(resource: &Resource, old: &Value, new: &Value) -> Self {
        let members = |object| -> BTreeMap<Step, (&Value, Place<'_>)> {
            owned_members(resource, object)
                .map(|(name, value, place)| (Step::Field(name.clone()), (value, place)))
                .collect()
        };
        let mut difference = Self::default();
        let (old, new) = (members(old), members(new));
        for step in old.keys().chain(new.keys().filter(|step| !old.contains_key(*step))) {
            let is_metadata = *step == Step::Field("metadata".to_owned());
            let place = old.get(step).or(new.get(step)).map(|(_, place)| place.clone());
            let Some(place) = place else { continue };
            let sides = (old.get(step).map(|(value, _)| *value), new.get(step).map(|(value, _)| *value));
            difference.add_below(step, Self::of_values(&place, sides, is_metadata));
        }
        difference
    }

    fn add_below(&mut self, step: &Step, part: Self) {
        self.changed.add_below(step.clone(), part.changed);
        self.removed.add_below(step.clone(), part.removed);
    }

    fn of_values(place: &Place<'_>, sides: (Option<&Value>, Option<&Value>), is_metadata: bool) -> Self {
        let mut difference = Self::default();
        match sides {
            (None, None) => {}
            (Some(old), Some(new)) if old == new => {}
            (None, Some(new)) => difference.changed = added(place, new, is_metadata),
            (Some(old), None) => difference.removed = paths_below(place, old, is_metadata),
            (Some(Value::Object(old)), Some(Value::Object(new)))
                if is_metadata || !(place.is_atomic() || old.is_empty() || new.is_empty()) =>
            {
                for name in old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))) {
                    if is_metadata && UNOWNED.contains(&name.as_str()) {
                        continue;
                    }
                    let part = Self::of_values(&place.field(name), (old.get(name), new.get(name)), false);
                    difference.add_below(&Step::Field(name.clone()), part);
                }
            }
            (Some(Value::Array(old)), Some(Value::Array(new))) => match (steps(place, old), steps(place, new)) {
                (Some(old), Some(new)) => difference.of_elements(place, old, new),
                _ => difference.changed.add_itself(),
            },
            (Some(old), Some(new)) => {
                difference.changed = paths_below(place, new, false);
                difference.removed = paths_below(place, old, false).minus(&difference.changed);
            }
        }
        difference
    }

    fn of_elements(&mut self, place: &Place<'_>, old: Vec<(Step, &Value)>, new: Vec<(Step, &Value)>) {
        let (old, new): (BTreeMap<_, _>, BTreeMap<_, _>) = (old.into_iter().collect(), new.into_iter().collect());
        for step in old.keys().chain(new.keys().filter(|step| !old.contains_key(*step))) {
            let (before, after) = (old.get(step).copied(), new.get(step).copied());
            let mut part = Self::of_values(&place.element(), (before, after), false);
            match (before, after) {
                (None, Some(_)) => part.changed.add_itself(),
                (Some(_), None) => part.removed.add_itself(),
                _ => {}
            }
            self.add_below(step, part);
        }
    }
}
