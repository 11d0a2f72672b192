//! POST, PUT, PATCH and DELETE.

use http::StatusCode;
use http::header::USER_AGENT;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::read::{list_options, renderer};
use super::route::ResourcePath;
use super::{Call, access, body};
use crate::kube::delete::{DeleteOptions, Deleted};
use crate::kube::meta;
use crate::kube::patch::Patch;
use crate::kube::render::Renderer;
use crate::kube::resource::{ObjectKey, Resource, split_api_version};
use crate::kube::status::{Status, forbidden_field, required};
use crate::kube::view;
use crate::kube::write::{Target, WriteOptions, Written};

pub(super) fn create(call: &Call, resource: &Resource, path: &ResourcePath<'_>) -> Result<Answer, Refusal> {
    let renderer = renderer(call)?;
    let options = options(call, "CreateOptions")?;
    let object = body::decode(body::media_type(&call.headers), &call.body)?;
    let written = call.world.state.lock().create(resource, path.namespace, object, &options)?;
    Ok(written_answer(resource, &renderer, written))
}

pub(super) fn replace(
    call: &Call,
    resource: &Resource,
    path: &ResourcePath<'_>,
    name: &str,
) -> Result<Answer, Refusal> {
    let renderer = renderer(call)?;
    let options = options(call, "UpdateOptions")?;
    let object = body::decode(body::media_type(&call.headers), &call.body)?;
    let target = Target { namespace: path.namespace, name, subresource: path.subresource };
    let written = call.world.state.lock().update(resource, target, object, &options)?;
    Ok(written_answer(resource, &renderer, written))
}

pub(super) fn patch(call: &Call, resource: &Resource, path: &ResourcePath<'_>, name: &str) -> Result<Answer, Refusal> {
    let renderer = renderer(call)?;
    let options = options(call, "PatchOptions")?;
    let patch = decode_patch(call, resource)?;
    let target = Target { namespace: path.namespace, name, subresource: path.subresource };
    let is_missing = || call.world.state.lock().store.get(&resource.storage_key(), &target.key()).is_none();
    if call.guarded() && matches!(patch, Patch::Apply(_)) && is_missing() {
        access::check_creation(call, path)?;
    }
    let written = call.world.state.lock().patch(resource, target, &patch, &options)?;
    Ok(written_answer(resource, &renderer, written))
}

/// The query of a write; without a named manager, the client's own name owns what it writes.
pub(super) fn options(call: &Call, kind: &str) -> Result<WriteOptions, Status> {
    let mut options = call.query.write_options(kind)?;
    if options.manager.is_none() {
        let agent = call.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        let program = agent.split('/').next().filter(|program| !program.is_empty());
        options.manager = program.map(str::to_owned);
    }
    Ok(options)
}

/// The patch of a request whose parameters fit it.
pub(super) fn decode_patch(call: &Call, resource: &Resource) -> Result<Patch, Status> {
    let patch = Patch::decode(resource, body::media_type(&call.headers), &call.body)?;
    let invalid = |error| Status::invalid("meta.k8s.io", "PatchOptions", "", &[error]);
    match &patch {
        Patch::Apply(object) => {
            if call.query.text("fieldManager").is_empty() {
                return Err(invalid(required("fieldManager", "is required for apply patch")));
            }
            check_applied(resource, object)?;
        }
        _ if call.query.get("force").is_some() => {
            return Err(invalid(forbidden_field("force", "may not be specified for non-apply patch")));
        }
        _ => {}
    }
    Ok(patch)
}

fn check_applied(resource: &Resource, object: &Value) -> Result<(), Status> {
    if object.pointer("/metadata/managedFields").and_then(Value::as_array).is_some_and(|list| !list.is_empty()) {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    let (sent, expected) = (object["apiVersion"].as_str().unwrap_or_default(), resource.api_version());
    let kind = object["kind"].as_str().unwrap_or_default();
    if sent == expected && kind == resource.kind {
        return Ok(());
    }
    let (group, version) = split_api_version(sent);
    Err(Status::bad_request(format!("invalid object type: {group}/{version}, Kind={kind}")))
}

fn written_answer(resource: &Resource, renderer: &Renderer, written: Written) -> Answer {
    let body = renderer.object(resource, view::present(resource, &written.object)).into_owned();
    let code = if written.created { StatusCode::CREATED } else { StatusCode::OK };
    Answer::Written { code, body, warnings: written.warnings }
}

pub(super) fn delete(call: &Call, resource: &Resource, path: &ResourcePath<'_>, name: &str) -> Result<Answer, Refusal> {
    let renderer = renderer(call)?;
    let (world, options) = (call.world.clone(), delete_options(call)?);
    let key = ObjectKey::new(path.namespace, name);
    let deleted = world.state.lock().delete(resource, &key, &options)?;
    Ok(Answer::Json(match deleted {
        Deleted::Pending(object) => renderer.object(resource, view::present(resource, &object)).into_owned(),
        Deleted::Gone(object) if resource.rules.returns_deleted => {
            renderer.object(resource, view::present(resource, &object)).into_owned()
        }
        Deleted::Gone(object) => success(resource, &object),
    }))
}

fn success(resource: &Resource, object: &Value) -> Value {
    let mut details = json!({
        "name": object["metadata"]["name"], "kind": resource.plural, "uid": object["metadata"]["uid"],
    });
    if !resource.group.is_empty() {
        details["group"] = json!(resource.group);
    }
    json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details })
}

/// Deletes each selected object by itself; answers with the objects as they were.
pub(super) fn delete_collection(call: &Call, resource: &Resource, path: &ResourcePath<'_>) -> Result<Answer, Refusal> {
    let renderer = renderer(call)?;
    let selection = list_options(call, resource, path)?;
    let (world, options) = (call.world.clone(), delete_options(call)?);
    let mut state = world.state.lock();
    let page = state.snapshot(resource, &selection)?.page(resource, &selection);
    for object in &page.items {
        let key = ObjectKey::new(Some(meta::text(object, "namespace")), meta::text(object, "name"));
        match state.delete(resource, &key, &options) {
            // A deletion before it may have taken this object along.
            Err(status) if status.code != 404 => return Err(status.into()),
            _ => {}
        }
    }
    drop(state);
    Ok(Answer::List(renderer.list(resource, page)))
}

/// From the body, or else from the query.
fn delete_options(call: &Call) -> Result<DeleteOptions, Status> {
    let from_query = call.query.write_options("DeleteOptions")?;
    if call.body.is_empty() {
        let orphans = call.query.text("propagationPolicy") == "Orphan";
        return Ok(DeleteOptions { dry_run: from_query.dry_run, orphans, ..DeleteOptions::default() });
    }
    let options = body::decode(body::media_type(&call.headers), &call.body)?;
    let precondition = |field: &str| options["preconditions"][field].as_str().map(str::to_owned);
    let dry_run = options["dryRun"].as_array().is_some_and(|list| !list.is_empty());
    Ok(DeleteOptions {
        uid: precondition("uid"),
        resource_version: precondition("resourceVersion"),
        dry_run: dry_run || from_query.dry_run,
        orphans: options["propagationPolicy"] == "Orphan",
    })
}
