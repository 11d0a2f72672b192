//! Server-side apply.

use serde_json::Value;

use super::builtin;
use super::meta;
use super::ownership::Managers;
use super::resource::Resource;
use super::state::State;
use super::status::Status;
use super::view;
use super::write::{Proposal, Target, WriteOptions, Written, applier};

impl State {
    /// Applies an object: creates what is missing, else merges it in and settles who owns what.
    ///
    /// # Errors
    /// As a PATCH; 409 when another manager owns a field with another value, 500 for fields that the kind does not
    /// know.
    pub(super) fn apply(
        &mut self,
        resource: &Resource,
        target: Target<'_>,
        applied: Value,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        let stored = self.store.get(&resource.storage_key(), &target.key()).cloned();
        let applied = on_its_path(resource, target, applied);
        check_fields(resource, target, &applied)?;
        let current = match &stored {
            Some(stored) => view::present(resource, stored).into_owned(),
            None => check_creation(resource, target, &applied).map(|()| Value::Null)?,
        };
        let now = meta::time_text(self.clock.now());
        let applier = applier(options, target.subresource, &now);
        let mut owners = Managers::of(&current).unwrap_or_default();
        let applied_object = owners.apply(resource, &current, &applied, &applier);
        let mut object = applied_object.map_err(|conflicts| conflicts.status())?;
        if resource.custom.is_none() {
            drop_nulls(&mut object);
        }
        let Some(stored) = stored else {
            return self.create_named(resource, target, Proposal { object, owners: Some(owners) }, options);
        };
        let locked = applied.pointer("/metadata/resourceVersion").filter(|revision| !revision.is_null());
        let revision = locked.unwrap_or(&stored["metadata"]["resourceVersion"]).clone();
        object["metadata"]["resourceVersion"] = revision;
        self.update_proposed(resource, target, Proposal { object, owners: Some(owners) }, options)
    }
}

/// The part of an applied object that its path takes.
fn on_its_path(resource: &Resource, target: Target<'_>, mut applied: Value) -> Value {
    let Some(fields) = applied.as_object_mut() else { return applied };
    match target.subresource {
        Some(part) => {
            fields.retain(|name, _| ["apiVersion", "kind", "metadata", part].contains(&name.as_str()));
            if let Some(meta) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
                meta.retain(|name, _| ["name", "namespace", "uid", "resourceVersion"].contains(&name.as_str()));
            }
        }
        None if resource.rules.status => {
            fields.remove("status");
        }
        None => {}
    }
    applied
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

fn check_fields(resource: &Resource, target: Target<'_>, applied: &Value) -> Result<(), Status> {
    let mut known = applied.clone();
    let unknown = match &resource.custom {
        Some(custom) => view::with_bare_body(&mut known, |body| custom.schema.prune(body)),
        None => builtin::prune(resource, &mut known),
    };
    let unknown = unknown.first().map(|path| format!(".{path}: field not declared in schema"));
    let Some(wrong) = unknown.or_else(|| Managers::duplicate(resource, applied)) else { return Ok(()) };
    let (namespace, name) = (meta::text(applied, "namespace"), target.name);
    let Resource { group, version, kind, .. } = resource;
    let object = format!("{namespace}/{name}; {group}/{version}, Kind={kind}");
    Err(Status::internal(format!("failed to create typed patch object ({object}): {wrong}")))
}

/// Something that is not there can be applied when the object says its name and expects no other object.
fn check_creation(resource: &Resource, target: Target<'_>, applied: &Value) -> Result<(), Status> {
    if target.subresource.is_some() {
        return Err(Status::not_found(resource.subject(target.name)));
    }
    if meta::text(applied, "name").is_empty() {
        let name = target.name;
        let message = format!("the name of the object ({name} based on URL) was undeterminable: name must be provided");
        return Err(Status::bad_request(message));
    }
    let uid = meta::text(applied, "uid");
    if !uid.is_empty() {
        let why = format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
        return Err(Status::conflict(resource.subject(target.name), &why));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    #[test]
    fn the_status_path_takes_the_status_and_no_labels() {
        let resource = super::super::catalog::Catalog::default().by_qualified_name("services").unwrap();
        let target = Target { namespace: Some("a"), name: "s", subresource: Some("status") };
        let applied = json!({
            "metadata": { "name": "s", "labels": { "a": "b" } }, "spec": { "type": null }, "status": {},
        });
        let expected: Map<String, Value> =
            [("metadata".to_owned(), json!({ "name": "s" })), ("status".to_owned(), json!({}))].into_iter().collect();
        assert_eq!(on_its_path(&resource, target, applied), Value::Object(expected));
    }
}
