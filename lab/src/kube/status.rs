//! The `v1` Status: every failure of the API server, with the code, reason and message that clients look at.

use serde_json::{Map, Value, json};
use thiserror::Error;

use super::schema::FieldError;

/// A failed request, as the client sees it.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{message} ({code} {reason})")]
pub struct Status {
    /// HTTP status code.
    pub code: u16,
    /// Machine-readable reason such as `NotFound`; empty for plain errors.
    pub reason: String,
    pub message: String,
    /// The `details` object; absent where the real server has none.
    pub details: Option<Value>,
}

/// What an error is about: the resource's group and plural, and the object's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject<'a> {
    pub group: &'a str,
    pub plural: &'a str,
    pub name: &'a str,
}

impl Subject<'_> {
    /// `widgets.example.com "w1"`; core resources have no suffix.
    fn text(&self) -> String {
        format!("{} \"{}\"", qualified(self.plural, self.group), self.name)
    }

    fn details(&self) -> Map<String, Value> {
        details(self.name, self.group, self.plural)
    }
}

/// `ingresses.networking.k8s.io`, or the bare word in the core group.
pub fn qualified(word: &str, group: &str) -> String {
    if group.is_empty() { word.to_owned() } else { format!("{word}.{group}") }
}

fn details(name: &str, group: &str, kind: &str) -> Map<String, Value> {
    let mut details = Map::new();
    for (key, value) in [("name", name), ("group", group), ("kind", kind)] {
        if !value.is_empty() {
            details.insert(key.to_owned(), json!(value));
        }
    }
    details
}

impl Status {
    pub fn new(code: u16, reason: &str, message: impl Into<String>) -> Self {
        Self { code, reason: reason.to_owned(), message: message.into(), details: None }
    }

    pub fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    pub fn not_found(subject: Subject<'_>) -> Self {
        Self::new(404, "NotFound", format!("{} not found", subject.text()))
            .with_details(Value::Object(subject.details()))
    }

    /// The group version exists and the resource in it does not.
    pub fn unknown_resource() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource").with_details(json!({}))
    }

    pub fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(405, "MethodNotAllowed", message).with_details(json!({}))
    }

    pub fn not_acceptable() -> Self {
        let message = "only the following media types are accepted: application/json, application/yaml, \
                       application/vnd.kubernetes.protobuf";
        Self::new(406, "NotAcceptable", message).with_details(json!({}))
    }

    pub fn already_exists(subject: Subject<'_>) -> Self {
        Self::new(409, "AlreadyExists", format!("{} already exists", subject.text()))
            .with_details(Value::Object(subject.details()))
    }

    pub fn conflict(subject: Subject<'_>, why: &str) -> Self {
        Self::new(409, "Conflict", format!("Operation cannot be fulfilled on {}: {why}", subject.text()))
            .with_details(Value::Object(subject.details()))
    }

    pub fn stale(subject: Subject<'_>) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(subject, why)
    }

    pub fn forbidden(subject: Subject<'_>, why: &str) -> Self {
        Self::new(403, "Forbidden", format!("{} is forbidden: {why}", subject.text()))
            .with_details(Value::Object(subject.details()))
    }

    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// A resourceVersion that the server has not reached.
    pub fn too_large_resource_version(wanted: u64, current: u64) -> Self {
        let message = format!("Timeout: Too large resource version: {wanted}, current: {current}");
        let cause = json!({ "reason": "ResourceVersionTooLarge", "message": "Too large resource version" });
        Self::new(504, "Timeout", message).with_details(json!({ "causes": [cause], "retryAfterSeconds": 1 }))
    }

    pub fn too_large_body(limit: usize) -> Self {
        Self::new(413, "RequestEntityTooLarge", format!("Request entity too large: limit is {limit}"))
    }

    pub fn unsupported_media_type(accepted: &str) -> Self {
        let message =
            format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// A 422 for an object; `kind` is the Kind, not the plural.
    pub fn invalid(group: &str, kind: &str, name: &str, errors: &[FieldError]) -> Self {
        let texts: Vec<String> = errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
        let text = if let [one] = texts.as_slice() { one.clone() } else { format!("[{}]", texts.join(", ")) };
        let causes: Vec<Value> = errors
            .iter()
            .map(|error| json!({ "reason": error.reason, "message": error.message, "field": error.field }))
            .collect();
        let mut details = details(name, group, kind);
        details.insert("causes".to_owned(), json!(causes));
        Self::new(422, "Invalid", format!("{} \"{name}\" is invalid: {text}", qualified(kind, group)))
            .with_details(Value::Object(details))
    }

    /// A json-patch that does not apply.
    pub fn unprocessable_patch() -> Self {
        let message = "the server rejected our request due to an error in our request";
        Self::new(422, "Invalid", message).with_details(json!({}))
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "", message)
    }

    pub fn unavailable() -> Self {
        Self::new(503, "ServiceUnavailable", "apiserver is shutting down").with_details(json!({
            "retryAfterSeconds": 1
        }))
    }

    /// The JSON body of the answer.
    pub fn to_json(&self) -> Value {
        let mut body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if !self.reason.is_empty() {
            body["reason"] = json!(self.reason);
        }
        if let Some(details) = &self.details {
            body["details"] = details.clone();
        }
        body
    }

    /// Seconds for the `Retry-After` header, where the details ask for one.
    pub fn retry_after(&self) -> Option<u64> {
        self.details.as_ref()?.get("retryAfterSeconds")?.as_u64()
    }
}

/// A cause of a 422, in the words that the real server uses.
pub fn field_error(field: &str, reason: &str, message: impl Into<String>) -> FieldError {
    FieldError { field: field.to_owned(), reason: reason.to_owned(), message: message.into() }
}

/// The field is missing; `detail` may be empty.
pub fn required(field: &str, detail: &str) -> FieldError {
    let message = if detail.is_empty() { "Required value".to_owned() } else { format!("Required value: {detail}") };
    field_error(field, "FieldValueRequired", message)
}

/// The value is not allowed, and why.
pub fn invalid_value(field: &str, value: &Value, detail: &str) -> FieldError {
    field_error(field, "FieldValueInvalid", format!("Invalid value: {value}: {detail}"))
}

/// The field may not be set (this way), and why.
pub fn forbidden_field(field: &str, detail: &str) -> FieldError {
    field_error(field, "FieldValueForbidden", format!("Forbidden: {detail}"))
}

/// The value is not one of the allowed ones.
pub fn unsupported_value(field: &str, value: &str, supported: &[&str]) -> FieldError {
    let list: Vec<String> = supported.iter().map(|value| format!("\"{value}\"")).collect();
    let message = format!("Unsupported value: \"{value}\": supported values: {}", list.join(", "));
    field_error(field, "FieldValueNotSupported", message)
}
