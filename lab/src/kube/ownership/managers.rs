//! The owners of an object's fields, and what a write does to them.

use serde_json::{Value, json};

use super::merge;
use super::set::FieldSet;
use super::walk::{self, Difference};
use crate::kube::meta;
use crate::kube::resource::Resource;
use crate::kube::status::Status;

/// Owner of what was there before anybody applied anything.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";
/// Owner of what many others updated long ago.
const ANCIENT: &str = "ancient-changes";
/// More managers that update than this are put together, the oldest first.
const MOST_UPDATERS: usize = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Operation {
    Apply,
    Update,
}

/// What one manager owns.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    manager: String,
    operation: Operation,
    api_version: String,
    /// RFC 3339, of its last change; empty where the client said none.
    time: String,
    /// Empty for the main path.
    subresource: String,
    fields: FieldSet,
}

/// Who writes, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applier<'a> {
    pub manager: &'a str,
    pub subresource: Option<&'a str>,
    /// RFC 3339.
    pub now: &'a str,
    /// Takes fields from other managers instead of giving up.
    pub force: bool,
}

impl Applier<'_> {
    fn entry(&self, resource: &Resource, operation: Operation, fields: FieldSet) -> Entry {
        Entry {
            manager: self.manager.to_owned(),
            operation,
            api_version: resource.api_version(),
            time: self.now.to_owned(),
            subresource: self.subresource.unwrap_or_default().to_owned(),
            fields,
        }
    }
}

impl Entry {
    /// One manager applies in whatever version, and updates in each version by itself.
    fn is_same_owner(&self, other: &Self) -> bool {
        let version = |entry: &Self| (entry.operation == Operation::Update).then(|| entry.api_version.clone());
        (&self.manager, self.operation, &self.subresource) == (&other.manager, other.operation, &other.subresource)
            && version(self) == version(other)
    }

    fn read(value: &Value) -> Option<Self> {
        let text = |field: &str| value[field].as_str().unwrap_or_default().to_owned();
        let operation = match value["operation"].as_str()? {
            "Apply" => Operation::Apply,
            "Update" => Operation::Update,
            _ => return None,
        };
        let fields = FieldSet::from_json(&value["fieldsV1"])?;
        let (manager, api_version, time) = (text("manager"), text("apiVersion"), text("time"));
        Some(Self { manager, operation, api_version, time, subresource: text("subresource"), fields })
    }

    fn to_json(&self) -> Value {
        let operation = match self.operation {
            Operation::Apply => "Apply",
            Operation::Update => "Update",
        };
        let mut entry = json!({
            "manager": self.manager, "operation": operation, "apiVersion": self.api_version,
            "fieldsType": "FieldsV1", "fieldsV1": self.fields.to_json(),
        });
        if !self.time.is_empty() {
            entry["time"] = json!(self.time);
        }
        if !self.subresource.is_empty() {
            entry["subresource"] = json!(self.subresource);
        }
        entry
    }

    fn describe(&self) -> String {
        let through = match self.subresource.as_str() {
            "" => String::new(),
            subresource => format!(" with subresource \"{subresource}\""),
        };
        let version = match self.operation {
            Operation::Apply => String::new(),
            Operation::Update => format!(" using {}", self.api_version),
        };
        format!("\"{}\"{through}{version}", self.manager)
    }
}

/// The owners of one object's fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Managers(Vec<Entry>);

/// Fields that other managers own with another value: who, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflicts(Vec<(String, Vec<String>)>);

impl Managers {
    /// What an object's `managedFields` say; `None` where they say nothing that can be understood.
    pub fn of(object: &Value) -> Option<Self> {
        let list = object.pointer("/metadata/managedFields")?.as_array()?;
        let entries: Option<Vec<Entry>> = list.iter().map(Entry::read).collect();
        entries.filter(|entries| !entries.is_empty()).map(Self)
    }

    /// Whether a client asks to forget all owners: an empty list, or one empty entry.
    pub fn are_cleared(object: &Value) -> bool {
        let list = object.pointer("/metadata/managedFields").and_then(Value::as_array);
        list.is_some_and(|list| list.is_empty() || *list == [json!({})])
    }

    /// Which elements of a keyed list or set of an applied object have one key.
    pub fn duplicate(resource: &Resource, applied: &Value) -> Option<String> {
        walk::duplicate(resource, applied)
    }

    /// Writes `managedFields`, in the order of a real server.
    pub fn record(mut self, object: &mut Value) {
        let Some(meta) = meta::metadata_mut(object) else { return };
        if self.0.is_empty() {
            meta.remove("managedFields");
            return;
        }
        let rank = |entry: &Entry| {
            let Entry { manager, operation, api_version, time, subresource, .. } = entry.clone();
            (operation, time, manager, api_version, subresource)
        };
        self.0.sort_by_key(rank);
        meta.insert("managedFields".to_owned(), self.0.iter().map(Entry::to_json).collect());
    }

    /// Applies an object to a stored one (null where there is none) and settles who owns what.
    ///
    /// # Errors
    /// The conflicts, unless they are forced.
    pub fn apply(
        &mut self,
        resource: &Resource,
        stored: &Value,
        applied: &Value,
        applier: &Applier<'_>,
    ) -> Result<Value, Conflicts> {
        if self.0.is_empty() && !stored.is_null() {
            let before = Applier { manager: BEFORE_FIRST_APPLY, subresource: None, ..*applier };
            self.0.push(before.entry(resource, Operation::Update, walk::paths(resource, stored)));
        }
        let new = applier.entry(resource, Operation::Apply, walk::paths(resource, applied));
        let (own, mut others): (Vec<Entry>, Vec<Entry>) = self.0.drain(..).partition(|entry| entry.is_same_owner(&new));
        let mut object = merge::merged(resource, stored, applied);
        let changed = Difference::between(resource, stored, &object).changed.and(&new.fields);
        let conflicts = Conflicts::of(&others, &changed);
        if !conflicts.0.is_empty() && !applier.force {
            return Err(conflicts);
        }
        for other in &mut others {
            other.fields = other.fields.minus(&changed);
        }
        if let Some(last) = own.first() {
            let mut kept = new.fields.with_ancestors();
            others.iter().for_each(|other| kept.add(&other.fields.with_ancestors()));
            merge::take_out(resource, &mut object, &last.fields.with_ancestors().minus(&kept));
        }
        let same = |last: &Entry| last.fields == new.fields && last.api_version == new.api_version;
        let unchanged = own.into_iter().find(same);
        others.push(unchanged.unwrap_or(new));
        others.retain(|entry| !entry.fields.is_empty());
        self.0 = others;
        Ok(object)
    }

    /// Records what a write other than an apply changed.
    pub fn update(&mut self, resource: &Resource, old: &Value, new: &Value, applier: &Applier<'_>) {
        let Difference { changed, removed } = Difference::between(resource, old, new);
        if changed.is_empty() && removed.is_empty() {
            return;
        }
        let mut entry = applier.entry(resource, Operation::Update, changed.clone());
        for other in &mut self.0 {
            if other.is_same_owner(&entry) {
                let before = other.fields.clone();
                entry.fields.add(&other.fields);
                entry.fields = entry.fields.minus(&removed);
                if entry.fields == before {
                    entry.time.clone_from(&other.time);
                }
                other.fields = FieldSet::default();
            } else {
                other.fields = other.fields.minus(&changed).minus(&removed);
            }
        }
        self.0.push(entry);
        self.0.retain(|entry| !entry.fields.is_empty());
        self.join_old_updaters();
    }

    fn join_old_updaters(&mut self) {
        let (mut updaters, mut rest): (Vec<Entry>, Vec<Entry>) =
            self.0.drain(..).partition(|entry| entry.operation == Operation::Update && entry.subresource.is_empty());
        updaters.sort_by(|a, b| a.time.cmp(&b.time));
        while updaters.len() > MOST_UPDATERS {
            let oldest = updaters.remove(0);
            updaters[0].fields.add(&oldest.fields);
            ANCIENT.clone_into(&mut updaters[0].manager);
        }
        rest.extend(updaters);
        self.0 = rest;
    }
}

impl Conflicts {
    fn of(others: &[Entry], changed: &FieldSet) -> Self {
        let contested = others.iter().map(|other| (other.describe(), other.fields.and(changed).paths()));
        Self(contested.filter(|(_, paths)| !paths.is_empty()).collect())
    }

    /// The 409 that tells them.
    pub fn status(&self) -> Status {
        let count: usize = self.0.iter().map(|(_, paths)| paths.len()).sum();
        let texts: Vec<String> = self
            .0
            .iter()
            .map(|(owner, paths)| match paths.as_slice() {
                [path] => format!("conflict with {owner}: {path}"),
                paths => format!("conflicts with {owner}:\n- {}", paths.join("\n- ")),
            })
            .collect();
        let causes: Vec<Value> = self
            .0
            .iter()
            .flat_map(|(owner, paths)| {
                let message = format!("conflict with {owner}");
                let cause = move |path| json!({ "reason": "FieldManagerConflict", "message": message, "field": path });
                paths.iter().map(cause)
            })
            .collect();
        let noun = if count == 1 { "conflict" } else { "conflicts" };
        Status::new(409, "Conflict", format!("Apply failed with {count} {noun}: {}", texts.join("\n")))
            .with_details(json!({ "causes": causes }))
    }
}
