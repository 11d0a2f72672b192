//! GET: one object, a list, a watch.

use std::sync::Arc;
use std::time::Duration;

use http::header::ACCEPT;

use super::answer::{Answer, Refusal};
use super::route::ResourcePath;
use super::{Call, negotiate};
use crate::kube::list::{Continue, ListOptions, Read, invalid_options, parse_read, parse_revision};
use crate::kube::render::Renderer;
use crate::kube::resource::{ObjectKey, Resource};
use crate::kube::selector::Selector;
use crate::kube::status::{Status, forbidden_field};
use crate::kube::table::IncludeObject;
use crate::kube::view;
use crate::kube::watch::{self, WatchOptions};

/// How long a read waits for a revision that the server has not reached.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) fn get(call: &Call, resource: &Resource, path: &ResourcePath<'_>, name: &str) -> Result<Answer, Refusal> {
    let renderer = renderer(call)?;
    let key = ObjectKey::new(path.namespace, name);
    let stored = call.world.state.lock().store.get(&resource.storage_key(), &key).cloned();
    let stored = stored.ok_or_else(|| Status::not_found(resource.subject(name)))?;
    Ok(Answer::Json(renderer.object(resource, view::present(resource, &stored)).into_owned()))
}

pub(super) async fn list(call: &Call, resource: &Resource, path: &ResourcePath<'_>) -> Result<Answer, Refusal> {
    let renderer = renderer(call)?;
    if call.query.get("sendInitialEvents").is_some() {
        let detail = "sendInitialEvents is forbidden for list";
        return Err(invalid_options(&[forbidden_field("sendInitialEvents", detail)]).into());
    }
    let options = list_options(call, resource, path)?;
    if let Read::NotOlderThan(revision) | Read::Exactly(revision) = options.read {
        wait_for(call, revision).await?;
    }
    let snapshot = call.world.state.lock().snapshot(resource, &options)?;
    Ok(Answer::List(renderer.list(resource, snapshot.page(resource, &options))))
}

/// Reads the query of a list.
pub(super) fn list_options(call: &Call, resource: &Resource, path: &ResourcePath<'_>) -> Result<ListOptions, Status> {
    let query = &call.query;
    let limit = usize::try_from(query.number("limit")?.unwrap_or(0)).unwrap_or(usize::MAX);
    let token = query.text("continue");
    let page = if token.is_empty() { None } else { Some(Continue::decode(token)?) };
    let read = parse_read(query.text("resourceVersion"), query.text("resourceVersionMatch"), limit, page.is_some())?;
    let namespace = path.namespace.map(str::to_owned);
    Ok(ListOptions { namespace, selector: selector(call, resource)?, limit, page, read })
}

async fn wait_for(call: &Call, revision: u64) -> Result<(), Status> {
    let mut current = call.world.state.lock().store.subscribe();
    let reached = tokio::time::timeout(PATIENCE, current.wait_for(|current| *current >= revision)).await.is_ok();
    if reached { Ok(()) } else { Err(Status::too_large_resource_version(revision, *current.borrow())) }
}

pub(super) fn watch(call: &Call, resource: Arc<Resource>, path: &ResourcePath<'_>) -> Result<Answer, Refusal> {
    let renderer = renderer(call)?;
    let query = &call.query;
    let initial = watch::parse_initial(query.get("sendInitialEvents"), query.get("resourceVersionMatch"))?;
    let revision = match query.text("resourceVersion") {
        "" => None,
        text => Some(parse_revision(text)?),
    };
    let options = WatchOptions {
        namespace: path.namespace.map(str::to_owned),
        selector: selector(call, &resource)?,
        revision,
        timeout: query.number("timeoutSeconds")?.filter(|seconds| *seconds > 0).map(Duration::from_secs),
        bookmarks: query.flag("allowWatchBookmarks"),
        initial,
    };
    Ok(Answer::Watch(Box::pin(watch::start(call.world.clone(), resource, options, renderer))))
}

fn selector(call: &Call, resource: &Resource) -> Result<Selector, Status> {
    Selector::parse(resource, call.query.text("labelSelector"), call.query.text("fieldSelector"))
}

/// The form that the client accepts.
pub(super) fn renderer(call: &Call) -> Result<Renderer, Status> {
    let accept = call.headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let include_object = match call.query.text("includeObject") {
        "" | "Metadata" => IncludeObject::Metadata,
        "None" => IncludeObject::None,
        "Object" => IncludeObject::Object,
        other => return Err(Status::bad_request(format!("unrecognized includeObject value: {other:?}"))),
    };
    Ok(Renderer { form: negotiate::form(accept)?, include_object, clock: call.world.clock })
}
