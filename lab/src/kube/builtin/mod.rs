//! Defaults and validation of the built-in kinds: as much as the operator and its tests can notice.

mod access;
mod event;
mod fields;
mod ingress;
mod service;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::crd;
use super::meta::NameRule;
use super::resource::Resource;
use super::schema::FieldError;
use super::status::{forbidden_field, invalid_value, required};

pub use service::Allocator;

const LARGEST_DATA: usize = 1024 * 1024;

/// How objects of this resource may be called.
pub fn name_rule(resource: &Resource) -> NameRule {
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "Namespace") => NameRule::Label,
        ("", "Service") => NameRule::Rfc1035,
        ("rbac.authorization.k8s.io", _) => NameRule::PathSegment,
        _ => NameRule::Subdomain,
    }
}

/// Removes the fields that the kind does not know, where its fields are known here; returns their paths.
pub fn prune(resource: &Resource, object: &mut Value) -> Vec<String> {
    if ["", "networking.k8s.io"].contains(&resource.group.as_str()) {
        fields::prune(&resource.kind, object)
    } else {
        Vec::new()
    }
}

/// Why the object cannot be read as its kind at all, where that is known here.
pub fn unreadable(resource: &Resource, object: &Value) -> Option<String> {
    let kind = resource.kind.as_str();
    let texts = |field: &str| object.get(field).and_then(Value::as_object).into_iter().flatten();
    if !resource.group.is_empty() || !["ConfigMap", "Secret"].contains(&kind) {
        return None;
    }
    if let Some((_, odd)) =
        texts("data").chain(texts("stringData")).find(|(_, value)| !value.is_string() && !value.is_null())
    {
        let found = match odd {
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::Array(_) => "array",
            _ => "object",
        };
        return Some(format!("json: cannot unmarshal {found} into Go struct field {kind}.data of type string"));
    }
    let is_base64 = |value: &Value| value.as_str().is_none_or(|text| STANDARD.decode(text).is_ok());
    let bad = kind == "Secret" && texts("data").any(|(_, value)| !is_base64(value));
    bad.then(|| "illegal base64 data".to_owned())
}

/// Completes an object; `stored` is what it replaces.
pub fn fill_defaults(resource: &Resource, object: &mut Value, stored: Option<&Value>, allocator: &mut Allocator) {
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "Namespace") => namespace_defaults(object),
        ("", "Service") => service::fill_defaults(object, stored, allocator),
        ("", "Secret") => secret_defaults(object),
        ("networking.k8s.io", "Ingress") => set_default(object, "status", json!({ "loadBalancer": {} })),
        ("apiextensions.k8s.io", _) => crd::fill_defaults(object, stored),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => access::binding_defaults(object),
        _ => {}
    }
}

/// Violations of an object that has its defaults.
pub fn validate(resource: &Resource, object: &Value, stored: Option<&Value>) -> Vec<FieldError> {
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "Service") => service::validate(object, stored),
        ("", "Secret" | "ConfigMap") => data_errors(object, stored, resource.kind == "Secret"),
        ("networking.k8s.io", "Ingress") => ingress::validate(object),
        ("networking.k8s.io", "IngressClass") => ingress::validate_class(object),
        ("coordination.k8s.io", "Lease") => lease_errors(object),
        (group, "Event") if stored.is_none() => event::validate_new(object, group.is_empty()),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => access::validate_binding(object, stored),
        _ => Vec::new(),
    }
}

/// Sets `field` of an object when it is absent or null.
fn set_default(object: &mut Value, field: &str, value: Value) {
    if let Some(fields) = object.as_object_mut()
        && fields.get(field).is_none_or(Value::is_null)
    {
        fields.insert(field.to_owned(), value);
    }
}

fn namespace_defaults(object: &mut Value) {
    let name = object["metadata"]["name"].clone();
    set_default(&mut object["metadata"], "labels", json!({}));
    object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
    set_default(object, "spec", json!({}));
    set_default(&mut object["spec"], "finalizers", json!(["kubernetes"]));
    set_default(object, "status", json!({}));
    set_default(&mut object["status"], "phase", json!("Active"));
}

/// `stringData` goes into `data` and is never returned.
fn secret_defaults(object: &mut Value) {
    set_default(object, "type", json!("Opaque"));
    let Some(fields) = object.as_object_mut() else { return };
    let Some(Value::Object(texts)) = fields.remove("stringData") else { return };
    let data = fields.entry("data").or_insert_with(|| json!({}));
    if let Some(data) = data.as_object_mut() {
        for (key, text) in texts {
            data.insert(key, json!(STANDARD.encode(text.as_str().unwrap_or_default())));
        }
    }
}

fn data_errors(object: &Value, stored: Option<&Value>, base64: bool) -> Vec<FieldError> {
    let empty = Map::new();
    let data = object.get("data").and_then(Value::as_object).unwrap_or(&empty);
    let mut errors = Vec::new();
    let mut size = 0;
    for value in data.values() {
        size += value.as_str().map_or(0, str::len);
    }
    let largest = if base64 { LARGEST_DATA / 3 * 4 } else { LARGEST_DATA };
    if size > largest {
        let message = format!("Too long: may not be more than {LARGEST_DATA} bytes");
        errors.push(super::status::field_error("data", "FieldValueTooLong", message));
    }
    if let Some(stored) = stored {
        errors.extend(immutability_errors(object, stored, base64));
    }
    errors
}

fn immutability_errors(object: &Value, stored: &Value, is_secret: bool) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if is_secret && object["type"] != stored["type"] {
        errors.push(invalid_value("type", &object["type"], "field is immutable"));
    }
    if stored["immutable"] == json!(true) {
        for field in ["data", "immutable"] {
            if object.get(field) != stored.get(field) {
                errors.push(forbidden_field(field, "field is immutable when `immutable` is set"));
            }
        }
    }
    errors
}

fn lease_errors(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let spec = &object["spec"];
    if spec["leaseDurationSeconds"].as_i64().is_some_and(|seconds| seconds <= 0) {
        let value = &spec["leaseDurationSeconds"];
        errors.push(invalid_value("spec.leaseDurationSeconds", value, "must be greater than 0"));
    }
    if spec["leaseTransitions"].as_i64().is_some_and(|count| count < 0) {
        errors.push(invalid_value(
            "spec.leaseTransitions",
            &spec["leaseTransitions"],
            "must be greater than or equal to 0",
        ));
    }
    errors
}

/// The text member is there and not empty.
fn require_text(object: &Value, field: &str, path: &str) -> Option<FieldError> {
    object[field].as_str().unwrap_or_default().is_empty().then(|| required(path, ""))
}
