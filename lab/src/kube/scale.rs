//! The scale subresource: an `autoscaling/v1` Scale that stands for the replicas of its parent.

use serde_json::{Value, json};

use super::meta;
use super::resource::{Resource, ScalePaths};
use super::status::{Status, invalid_value};

/// The Scale of an object.
///
/// # Errors
/// 404 where there is none, 500 for a custom resource without a number of replicas.
pub fn of(resource: &Resource, parent: &Value) -> Result<Value, Status> {
    let paths = paths(resource)?;
    let replicas = parent.pointer(&paths.spec_replicas).and_then(Value::as_i64);
    if replicas.is_none() && resource.custom.is_some() {
        let path = paths.spec_replicas.replace('/', ".");
        return Err(Status::internal(format!("the spec replicas field \"{path}\" does not exist")));
    }
    let known = ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"];
    let metadata = known.iter().filter_map(|&field| Some((field.to_owned(), parent["metadata"].get(field)?.clone())));
    let mut status = json!({ "replicas": parent.pointer(&paths.status_replicas).and_then(Value::as_i64).unwrap_or(0) });
    if let Some(selector) = selector(paths, parent) {
        status["selector"] = json!(selector);
    }
    Ok(json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": Value::Object(metadata.collect()),
        // A workload that does not say how many replicas it wants, wants one.
        "spec": { "replicas": replicas.unwrap_or(1) }, "status": status,
    }))
}

/// The parent with the replicas and the optimistic lock of a Scale.
///
/// # Errors
/// 400 for a body that is no Scale, 422 for a number below 0.
pub fn put(resource: &Resource, mut parent: Value, scale: &Value) -> Result<Value, Status> {
    let paths = paths(resource)?;
    if scale["kind"].as_str().is_some_and(|kind| kind != "Scale") {
        return Err(Status::bad_request("the body of a scale request must be a Scale"));
    }
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
    if replicas < 0 {
        let error = invalid_value("spec.replicas", &json!(replicas), "must be greater than or equal to 0");
        return Err(Status::invalid("autoscaling", "Scale", meta::text(&parent, "name"), &[error]));
    }
    let (place, field) = paths.spec_replicas.rsplit_once('/').unwrap_or_default();
    if let Some(fields) = parent.pointer_mut(place).and_then(Value::as_object_mut) {
        fields.insert(field.to_owned(), json!(replicas));
    }
    let locked = meta::text(scale, "resourceVersion");
    if !locked.is_empty() {
        parent["metadata"]["resourceVersion"] = json!(locked);
    }
    Ok(parent)
}

fn paths(resource: &Resource) -> Result<&ScalePaths, Status> {
    resource.scale.as_ref().ok_or_else(Status::unknown_resource)
}

/// Text where a definition names a path, else the labels of the workload's selector.
fn selector(paths: &ScalePaths, parent: &Value) -> Option<String> {
    if let Some(path) = &paths.selector {
        return parent.pointer(path)?.as_str().map(str::to_owned);
    }
    let labels = parent.pointer("/spec/selector/matchLabels")?.as_object()?.iter();
    let terms: Vec<String> =
        labels.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    Some(terms.join(","))
}
