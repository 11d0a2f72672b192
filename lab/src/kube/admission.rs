//! Checks between a request's body and the stored object, and what each path may change.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::builtin;
use super::meta;
use super::resource::{Resource, split_api_version};
use super::schema::FieldError;
use super::status::{Status, field_error, forbidden_field, invalid_value};
use super::write::WriteOptions;

/// Checks apiVersion, kind and namespace of a body against the URL, and fills them in.
pub(super) fn check_envelope(resource: &Resource, namespace: Option<&str>, mut object: Value) -> Result<Value, Status> {
    let Some(fields) = object.as_object() else {
        return Err(Status::bad_request("the object provided is unrecognized (must be a JSON object)"));
    };
    let expected = resource.api_version();
    let sent = fields.get("apiVersion").and_then(Value::as_str).unwrap_or(&expected);
    if sent != expected {
        let message =
            format!("the API version in the data ({sent}) does not match the expected API version ({expected})");
        return Err(Status::bad_request(message));
    }
    if resource.custom.is_some() && fields.get("kind").is_none() {
        let kind = &resource.kind;
        let message = format!("the object provided is unrecognized (must be of type {kind}): Object 'Kind' is missing");
        return Err(Status::bad_request(message));
    }
    let kind = fields.get("kind").and_then(Value::as_str).unwrap_or(&resource.kind);
    if kind != resource.kind {
        let (group, version) = split_api_version(&expected);
        let message =
            format!("{kind} in version \"{version}\" cannot be handled as a {} of \"{group}\"", resource.kind);
        return Err(Status::bad_request(message));
    }
    let version = &resource.version;
    if let Some(why) = builtin::unreadable(resource, &object) {
        return Err(Status::bad_request(format!(
            "{kind} in version \"{version}\" cannot be handled as a {kind}: {why}"
        )));
    }
    object["apiVersion"] = json!(expected);
    object["kind"] = json!(resource.kind);
    let Some(meta) = meta::metadata_mut(&mut object) else {
        return Err(Status::bad_request("metadata must be an object"));
    };
    let sent = meta.get("namespace").and_then(Value::as_str).unwrap_or_default();
    match namespace {
        Some(namespace) if sent.is_empty() => {
            meta.insert("namespace".to_owned(), json!(namespace));
        }
        Some(namespace) if sent == namespace => {}
        None if sent.is_empty() => {
            meta.remove("namespace");
        }
        _ => {
            let message = "the namespace of the provided object does not match the namespace sent on the request";
            return Err(Status::bad_request(message));
        }
    }
    Ok(object)
}

pub(super) fn check_name(object: &Value, name: &str) -> Result<(), Status> {
    let sent = meta::text(object, "name");
    if sent.is_empty() || sent == name {
        return Ok(());
    }
    let message = format!("the name of the object ({sent}) does not match the name on the URL ({name})");
    Err(Status::bad_request(message))
}

/// The uid and the resourceVersion in the body hold.
pub(super) fn check_preconditions(
    resource: &Resource,
    object: &Value,
    stored: &Value,
    options: &WriteOptions,
) -> Result<(), Status> {
    let name = meta::text(stored, "name");
    let (uid, stored_uid) = (meta::text(object, "uid"), meta::text(stored, "uid"));
    if options.administrative {
        return Ok(());
    }
    if !uid.is_empty() && uid != stored_uid {
        let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {stored_uid}");
        return Err(Status::conflict(resource.subject(name), &why));
    }
    let revision = meta::text(object, "resourceVersion");
    if revision.is_empty() && !resource.rules.unconditional {
        let error = field_error(
            "metadata.resourceVersion",
            "FieldValueInvalid",
            "Invalid value: 0: must be specified for an update",
        );
        return Err(Status::invalid(&resource.group, &resource.plural, name, &[error]));
    }
    if !revision.is_empty() && revision != meta::text(stored, "resourceVersion") {
        return Err(Status::stale(resource.subject(name)));
    }
    Ok(())
}

/// Joins the new and the stored object by what the path may change.
pub(super) fn merge_by_path(
    resource: &Resource,
    subresource: Option<&str>,
    mut object: Value,
    stored: &Value,
    options: &WriteOptions,
) -> Value {
    match subresource {
        Some("status") => with_status_only(object, stored),
        Some("finalize") => with_part(stored.clone(), "/spec/finalizers", object.pointer("/spec/finalizers").cloned()),
        _ => {
            object["metadata"]["name"] = stored["metadata"]["name"].clone();
            let keeps_status = resource.rules.status && !(options.administrative && object.get("status").is_some());
            if !keeps_status {
                return object;
            }
            with_part(object, "/status", stored.get("status").cloned())
        }
    }
}

/// The stored object with the status of the new one. The rest of what a client sends is mostly what is stored, and to
/// compare costs less than to copy.
fn with_status_only(mut object: Value, stored: &Value) -> Value {
    let (Some(fields), Some(kept)) = (object.as_object_mut(), stored.as_object()) else { return stored.clone() };
    fields.retain(|field, _| field == "status" || kept.contains_key(field));
    for (field, value) in kept {
        if field != "status" && fields.get(field) != Some(value) {
            fields.insert(field.clone(), value.clone());
        }
    }
    object
}

/// The object with the member at `/a` or `/a/b` set or removed.
fn with_part(mut object: Value, pointer: &str, part: Option<Value>) -> Value {
    let (parent, field) = pointer.rsplit_once('/').unwrap_or(("", pointer));
    if let Some(fields) = object.pointer_mut(parent).and_then(Value::as_object_mut) {
        match part {
            Some(part) => fields.insert(field.to_owned(), part),
            None => fields.remove(field),
        };
    }
    object
}

pub(super) fn remove_status(object: &mut Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
}

pub(super) fn refuse_invalid(resource: &Resource, name: &str, errors: Vec<FieldError>) -> Result<(), Status> {
    if errors.is_empty() { Ok(()) } else { Err(Status::invalid(&resource.group, &resource.kind, name, &errors)) }
}

pub(super) fn already_exists(resource: &Resource, existing: &Value) -> Status {
    let mut status = Status::already_exists(resource.subject(meta::text(existing, "name")));
    if meta::is_deleting(existing) {
        status.message = format!("object is being deleted: {}", status.message);
    }
    status
}

/// A patch cannot change who an object is.
pub(super) fn changed_uid(object: &Value, stored: &Value) -> Vec<FieldError> {
    let uid = &object["metadata"]["uid"];
    let same = uid.is_null() || *uid == stored["metadata"]["uid"];
    if same { Vec::new() } else { vec![invalid_value("metadata.uid", uid, "field is immutable")] }
}

pub(super) fn new_finalizers_while_deleting(object: &Value, stored: &Value) -> Vec<FieldError> {
    if !meta::is_deleting(stored) {
        return Vec::new();
    }
    let before = meta::finalizers(stored);
    let new: Vec<&str> = meta::finalizers(object).into_iter().filter(|name| !before.contains(name)).collect();
    if new.is_empty() {
        return Vec::new();
    }
    let list: Vec<String> = new.iter().map(|name| format!("{name:?}")).collect();
    let detail = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        list.join(", ")
    );
    vec![forbidden_field("metadata.finalizers", &detail)]
}

/// Whether anything outside the metadata (and the status, where it is a subresource) differs.
pub(super) fn changes_generation(resource: &Resource, object: &Value, stored: &Value) -> bool {
    let counted = |key: &str| key != "metadata" && !(key == "status" && resource.rules.status);
    let part = |value| -> BTreeMap<&str, &Value> { fields_of(value).filter(|(key, _)| counted(key)).collect() };
    part(object) != part(stored)
}

fn fields_of(object: &Value) -> impl Iterator<Item = (&str, &Value)> {
    object.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}
