//! Events, in the form in which they are stored.

use serde_json::Value;

use crate::kube::meta;
use crate::kube::schema::FieldError;
use crate::kube::status::{invalid_value, required};

/// An Event lies in the namespace of what it is about, or in `default`.
pub(super) fn validate_new(object: &Value, is_core: bool) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (namespace, about) = (meta::text(object, "namespace"), &object["involvedObject"]["namespace"]);
    let expected = about.as_str().filter(|about| !about.is_empty()).unwrap_or("default");
    if namespace != expected {
        let shown = Value::from(about.as_str().unwrap_or_default());
        errors.push(invalid_value("involvedObject.namespace", &shown, "does not match event.namespace"));
    }
    if is_core {
        return errors;
    }
    if object["eventTime"].as_str().unwrap_or_default().is_empty() {
        errors.push(required("eventTime", ""));
    }
    let kind = object["type"].as_str().unwrap_or_default();
    if !["Normal", "Warning"].contains(&kind) {
        errors.push(invalid_value("type", &kind.into(), &format!("has invalid value: {kind}")));
    }
    errors
}
