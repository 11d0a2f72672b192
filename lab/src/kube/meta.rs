//! Object metadata: reading it, and the rules of the parts that only the server writes.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::schema::FieldError;
use super::status::{field_error, invalid_value, required};

/// Metadata that clients cannot change after creation.
const SERVER_OWNED: &[&str] =
    &["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"];

/// A text field of the metadata; absent reads as empty.
pub fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get("metadata").and_then(|meta| meta.get(field)).and_then(Value::as_str).unwrap_or_default()
}

pub fn finalizers(object: &Value) -> Vec<&str> {
    let list = object.pointer("/metadata/finalizers").and_then(Value::as_array);
    list.map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

/// Whether deletion was asked for and waits for finalizers.
pub fn is_deleting(object: &Value) -> bool {
    object.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null())
}

/// The metadata map, made when it is missing.
pub fn metadata_mut(object: &mut Value) -> Option<&mut Map<String, Value>> {
    object.as_object_mut()?.entry("metadata").or_insert_with(|| json!({})).as_object_mut()
}

/// RFC 3339 in whole seconds, as all metadata times are written.
pub fn time_text(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Gives a new object its identity.
pub fn begin(object: &mut Value, uid: &str, now: Timestamp, counts_generation: bool) {
    let Some(meta) = metadata_mut(object) else { return };
    for field in SERVER_OWNED.iter().chain(&["resourceVersion", "managedFields", "selfLink"]) {
        meta.remove(*field);
    }
    meta.insert("uid".to_owned(), json!(uid));
    meta.insert("creationTimestamp".to_owned(), json!(time_text(now)));
    if counts_generation {
        meta.insert("generation".to_owned(), json!(1));
    }
}

/// Carries the server's part of the metadata over from the stored object.
pub fn carry_over(object: &mut Value, stored: &Value) {
    let Some(meta) = metadata_mut(object) else { return };
    for field in ["managedFields", "selfLink"] {
        meta.remove(field);
    }
    for field in SERVER_OWNED.iter().chain(&["resourceVersion"]) {
        match stored["metadata"].get(*field) {
            Some(value) => meta.insert((*field).to_owned(), value.clone()),
            None => meta.remove(*field),
        };
    }
}

/// Drops empty and null metadata members, which a typed server does not keep.
pub fn tidy(object: &mut Value) {
    let Some(meta) = metadata_mut(object) else { return };
    let optional = ["labels", "annotations", "finalizers", "ownerReferences", "generateName"];
    meta.retain(|key, value| {
        let empty = match value {
            Value::Null => true,
            Value::Object(map) => map.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::String(text) => text.is_empty(),
            _ => false,
        };
        !(empty && (value.is_null() || optional.contains(&key.as_str())))
    });
}

/// Adds one to the generation.
pub fn bump_generation(object: &mut Value) {
    let next = object.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or(0) + 1;
    object["metadata"]["generation"] = json!(next);
}

/// Labels, annotations, owner references and finalizers of the right shape.
pub fn validate(object: &Value) -> Vec<FieldError> {
    let meta = &object["metadata"];
    let mut errors = Vec::new();
    for (field, checks_values) in [("labels", true), ("annotations", false)] {
        let path = format!("metadata.{field}");
        for (key, value) in meta[field].as_object().into_iter().flatten() {
            errors.extend(key_error(&path, key));
            match value.as_str() {
                None => errors.push(invalid_value(&path, value, "must be a string")),
                Some(text) if checks_values => errors.extend(label_value_error(&path, text)),
                Some(_) => {}
            }
        }
    }
    errors.extend(owner_errors(meta));
    errors
}

fn owner_errors(meta: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let owners = meta["ownerReferences"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (index, owner) in owners.iter().enumerate() {
        for field in ["apiVersion", "kind", "name", "uid"] {
            if owner[field].as_str().unwrap_or_default().is_empty() {
                errors.push(required(&format!("metadata.ownerReferences[{index}].{field}"), ""));
            }
        }
    }
    if owners.iter().filter(|owner| owner["controller"] == json!(true)).count() > 1 {
        let detail = "Only one reference can have Controller set to true";
        errors.push(invalid_value("metadata.ownerReferences", &meta["ownerReferences"], detail));
    }
    errors
}

fn key_error(path: &str, key: &str) -> Option<FieldError> {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let good = is_qualified_name(name) && prefix.is_none_or(is_subdomain);
    let detail = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
                  alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
                  '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    (!good).then(|| invalid_value(path, &json!(key), detail))
}

fn label_value_error(path: &str, value: &str) -> Option<FieldError> {
    let detail = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and \
                  must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', \
                  regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
    (!value.is_empty() && !is_qualified_name(value)).then(|| invalid_value(path, &json!(value), detail))
}

/// 1–63 letters, digits, `-`, `_`, `.`, with a letter or digit at both ends.
fn is_qualified_name(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 63 && text.chars().all(inner) && edge(text.chars().next()) && edge(text.chars().next_back())
}

/// RFC 1123 label, at most 63 characters.
pub fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_dns_label(text)
}

fn is_dns_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// RFC 1123 subdomain, at most 253 characters.
pub fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_dns_label)
}

/// How the names of a resource must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameRule {
    /// RFC 1123 subdomain.
    Subdomain,
    /// RFC 1123 label.
    Label,
    /// RFC 1035 label: starts with a letter.
    Rfc1035,
    /// Anything that fits into a URL path segment.
    PathSegment,
}

impl NameRule {
    /// Why `name` is not a good name, if it is not.
    pub fn check(self, name: &str) -> Option<FieldError> {
        let (good, detail) = match self {
            Self::Subdomain => (is_subdomain(name), SUBDOMAIN_RULE),
            Self::Label => (is_label(name), LABEL_RULE),
            Self::Rfc1035 => (is_label(name) && name.starts_with(|c: char| c.is_ascii_lowercase()), RFC1035_RULE),
            Self::PathSegment => (!name.contains(['/', '%']) && name != "." && name != "..", "may not contain '/'"),
        };
        (!good).then(|| field_error("metadata.name", "FieldValueInvalid", format!("Invalid value: {name:?}: {detail}")))
    }
}

const SUBDOMAIN_RULE: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' \
    or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_RULE: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and \
    must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const RFC1035_RULE: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
    alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for \
    validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
