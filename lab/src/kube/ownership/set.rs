//! Sets of paths, and their form in `fieldsV1`.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value, json};

/// One step from a value to a part of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A member of an object.
    Field(String),
    /// The element of a list whose key fields are these, as JSON text.
    Key(String),
    /// This element of a set, as JSON text.
    Element(String),
}

/// A set of paths. A path may be in the set without those below it, and the other way round.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldSet {
    member: bool,
    below: BTreeMap<Step, FieldSet>,
}

impl FieldSet {
    pub fn is_member(&self) -> bool {
        self.member
    }

    pub fn add_itself(&mut self) {
        self.member = true;
    }

    /// Adds what is owned below one step; nothing when that is nothing.
    pub fn add_below(&mut self, step: Step, set: FieldSet) {
        if !set.is_empty() {
            self.below.entry(step).or_default().add(&set);
        }
    }

    pub fn below(&self) -> impl Iterator<Item = (&Step, &FieldSet)> {
        self.below.iter()
    }

    pub fn is_empty(&self) -> bool {
        !self.member && self.below.values().all(Self::is_empty)
    }

    pub fn add(&mut self, other: &Self) {
        self.member |= other.member;
        for (step, set) in &other.below {
            self.below.entry(step.clone()).or_default().add(set);
        }
    }

    /// The paths that `other` does not have.
    pub fn minus(&self, other: &Self) -> Self {
        let below = self.below.iter().map(|(step, set)| {
            let rest = other.below.get(step).map_or_else(|| set.clone(), |other| set.minus(other));
            (step.clone(), rest)
        });
        Self { member: self.member && !other.member, below: below.filter(|(_, set)| !set.is_empty()).collect() }
    }

    /// The paths that both have.
    pub fn and(&self, other: &Self) -> Self {
        let below = self.below.iter().filter_map(|(step, set)| Some((step.clone(), set.and(other.below.get(step)?))));
        Self { member: self.member && other.member, below: below.filter(|(_, set)| !set.is_empty()).collect() }
    }

    /// The same with every place on the way to a path.
    pub fn with_ancestors(&self) -> Self {
        let below = self.below.iter().map(|(step, set)| (step.clone(), Self { member: true, ..set.with_ancestors() }));
        Self { member: self.member, below: below.collect() }
    }

    /// Every path as people read it: `.spec.ports[port=80].name`.
    pub fn paths(&self) -> Vec<String> {
        let own = self.member.then(String::new);
        let below =
            self.below.iter().flat_map(|(step, set)| set.paths().into_iter().map(move |path| format!("{step}{path}")));
        own.into_iter().chain(below).collect()
    }

    /// The form in `fieldsV1`.
    pub fn to_json(&self) -> Value {
        let mut fields = Map::new();
        if self.member && !self.below.is_empty() {
            fields.insert(".".to_owned(), json!({}));
        }
        for (step, set) in &self.below {
            let key = match step {
                Step::Field(name) => format!("f:{name}"),
                Step::Key(key) => format!("k:{key}"),
                Step::Element(value) => format!("v:{value}"),
            };
            fields.insert(key, set.to_json());
        }
        Value::Object(fields)
    }

    /// Reads `fieldsV1`; `None` for anything else.
    pub fn from_json(value: &Value) -> Option<Self> {
        Self::part_from_json(value).map(|set| Self { member: false, ..set })
    }

    /// Below the root, an empty object stands for the place itself.
    fn part_from_json(value: &Value) -> Option<Self> {
        let fields = value.as_object()?;
        let mut set = Self { member: fields.is_empty(), below: BTreeMap::new() };
        for (key, part) in fields {
            let step = match key.split_once(':') {
                None if key == "." => {
                    set.member = true;
                    continue;
                }
                Some(("f", name)) => Step::Field(name.to_owned()),
                Some(("k", text)) => Step::Key(canonical(text)?),
                Some(("v", text)) => Step::Element(canonical(text)?),
                _ => return None,
            };
            set.below.insert(step, Self::part_from_json(part)?);
        }
        Some(set)
    }
}

/// The same JSON as this server writes it.
fn canonical(text: &str) -> Option<String> {
    serde_json::from_str::<Value>(text).ok().map(|value| value.to_string())
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Element(value) => write!(f, "[={value}]"),
            Self::Key(key) => {
                let fields: Map<String, Value> = serde_json::from_str(key).unwrap_or_default();
                let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
                write!(f, "[{}]", fields.join(","))
            }
        }
    }
}
