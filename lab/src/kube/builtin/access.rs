//! Role bindings.

use serde_json::{Value, json};

use super::set_default;
use crate::kube::schema::FieldError;
use crate::kube::status::invalid_value;

const GROUP: &str = "rbac.authorization.k8s.io";

/// Users and groups belong to the API group of roles.
pub(super) fn binding_defaults(object: &mut Value) {
    for subject in object.get_mut("subjects").and_then(Value::as_array_mut).into_iter().flatten() {
        if matches!(subject["kind"].as_str(), Some("User" | "Group")) {
            set_default(subject, "apiGroup", json!(GROUP));
        }
    }
    if object["roleRef"].is_object() {
        set_default(&mut object["roleRef"], "apiGroup", json!(GROUP));
    }
}

pub(super) fn validate_binding(object: &Value, stored: Option<&Value>) -> Vec<FieldError> {
    let role = &object["roleRef"];
    if stored.is_none_or(|stored| stored["roleRef"] == *role) {
        return Vec::new();
    }
    let shown = json!({ "APIGroup": role["apiGroup"], "Kind": role["kind"], "Name": role["name"] });
    vec![invalid_value("roleRef", &shown, "cannot change roleRef")]
}
