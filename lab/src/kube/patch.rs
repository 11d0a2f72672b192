//! The patch formats: JSON patch, merge patch, strategic merge patch and apply.

use serde_json::Value;

use super::resource::Resource;
use super::status::Status;
use super::strategic;

/// One decoded PATCH body.
#[derive(Debug, Clone)]
pub enum Patch {
    Json(Value),
    Merge(Value),
    Strategic(Value),
    /// Server-side apply, which is more than a patch: see [`super::apply`].
    Apply(Value),
}

const JSON: &str = "application/json-patch+json";
const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";
const MAX_OPERATIONS: usize = 10_000;

impl Patch {
    /// Chooses the format by the media type (without parameters).
    ///
    /// # Errors
    /// 415 for a format that the resource does not take, 400 for a body that cannot be read.
    pub fn decode(resource: &Resource, media_type: &str, body: &[u8]) -> Result<Self, Status> {
        match media_type {
            JSON => Ok(Self::Json(parse_json(body)?)),
            MERGE => Ok(Self::Merge(parse_json(body)?)),
            STRATEGIC if resource.custom.is_none() => Ok(Self::Strategic(parse_json(body)?)),
            APPLY => Ok(Self::Apply(parse_yaml(body)?)),
            _ => Err(unsupported(resource)),
        }
    }

    /// The patched object. `current` is in the version of the request.
    ///
    /// # Errors
    /// 422 for a JSON patch that does not apply, 400 for a patch of the wrong shape.
    pub fn apply(&self, resource: &Resource, mut current: Value) -> Result<Value, Status> {
        match self {
            Self::Json(operations) => {
                apply_json(&mut current, operations)?;
                Ok(current)
            }
            Self::Merge(patch) | Self::Apply(patch) => {
                if !patch.is_object() {
                    return Err(Status::bad_request("a merge patch must be an object"));
                }
                json_patch::merge(&mut current, patch);
                Ok(current)
            }
            Self::Strategic(patch) => {
                strategic::merge(&resource.kind, current, patch.clone()).map_err(Status::bad_request)
            }
        }
    }
}

fn unsupported(resource: &Resource) -> Status {
    let formats: &[&str] =
        if resource.custom.is_some() { &[JSON, MERGE, APPLY] } else { &[JSON, MERGE, STRATEGIC, APPLY] };
    Status::unsupported_media_type(&formats.join(", "))
}

fn parse_json(body: &[u8]) -> Result<Value, Status> {
    serde_json::from_slice(body).map_err(|error| Status::bad_request(format!("error decoding patch: {error}")))
}

/// YAML or JSON: every JSON text is YAML.
pub fn parse_yaml(body: &[u8]) -> Result<Value, Status> {
    let bad = |error: String| Status::bad_request(format!("error decoding YAML: {error}"));
    let text = std::str::from_utf8(body).map_err(|error| bad(error.to_string()))?;
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| bad(error.to_string()));
    }
    serde_saphyr::from_str(text).map_err(|error| bad(error.to_string()))
}

/// Applies all operations, or fails with 422 and leaves the outcome unused.
fn apply_json(current: &mut Value, operations: &Value) -> Result<(), Status> {
    let list = operations.as_array().ok_or_else(|| Status::bad_request("a JSON patch must be a list of operations"))?;
    if list.len() > MAX_OPERATIONS {
        let message = format!("The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {}", list.len());
        return Err(Status::too_large_body(MAX_OPERATIONS)).map_err(|status| Status { message, ..status });
    }
    for operation in list {
        if tests_absence(current, operation) {
            continue;
        }
        let one: json_patch::Patch = serde_json::from_value(Value::Array(vec![operation.clone()]))
            .map_err(|error| Status::bad_request(format!("error decoding patch: {error}")))?;
        json_patch::patch(current, &one).map_err(|_| Status::unprocessable_patch())?;
    }
    Ok(())
}

/// A `test` for null on a missing path holds on the real server, and not in the patch library.
fn tests_absence(current: &Value, operation: &Value) -> bool {
    let path = operation["path"].as_str().unwrap_or_default();
    operation["op"] == "test" && operation.get("value").is_none_or(Value::is_null) && current.pointer(path).is_none()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_json_patch_test_for_null_holds_on_a_missing_path() {
        let mut object = json!({ "metadata": {} });
        let patch = json!([
            { "op": "test", "path": "/metadata/finalizers", "value": null },
            { "op": "add", "path": "/metadata/finalizers", "value": ["a/b"] },
        ]);
        apply_json(&mut object, &patch).unwrap();
        assert_eq!(object, json!({ "metadata": { "finalizers": ["a/b"] } }));
        assert_eq!(apply_json(&mut object, &patch), Err(Status::unprocessable_patch()));
    }
}
