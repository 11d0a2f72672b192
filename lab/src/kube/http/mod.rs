//! The HTTP face of a cluster: routes, negotiation, bodies and verbs.
//!
//! Resources are looked up when a request comes, so one route takes everything.

mod access;
mod answer;
mod body;
mod negotiate;
mod query;
mod read;
mod review;
mod route;
mod scale;
mod token;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::header::{ACCEPT, USER_AGENT};
use http::{Method, Request};
use serde_json::Value;

use self::answer::{Answer, Refusal};
use self::query::Query;
use self::route::{ResourcePath, Route};
use super::auth::{Peer, UserInfo, authenticate};
use super::resource::Resource;
use super::status::Status;
use super::world::Inner;
use super::{discovery, openapi};

#[derive(Clone)]
struct Server {
    world: Arc<Inner>,
    tokens: Option<Arc<BTreeMap<String, UserInfo>>>,
}

/// One request with everything that the handlers look at.
struct Call {
    world: Arc<Inner>,
    /// Present where the server asks who comes and what they may do.
    tokens: Option<Arc<BTreeMap<String, UserInfo>>>,
    user: UserInfo,
    method: Method,
    query: Query,
    headers: http::HeaderMap,
    body: Bytes,
}

impl Call {
    /// Whether the server asks who may do what.
    fn guarded(&self) -> bool {
        self.tokens.is_some()
    }

    /// The holder of a bearer token.
    fn user_of(&self, token: &str) -> Option<UserInfo> {
        let known = self.tokens.as_ref().and_then(|tokens| tokens.get(token)).cloned();
        known.or_else(|| self.world.state.lock().holder(token))
    }
}

/// Serves the cluster; without tokens, everybody may do everything.
pub fn router(world: Arc<Inner>, tokens: Option<BTreeMap<String, UserInfo>>) -> Router {
    Router::new().fallback(serve).with_state(Server { world, tokens: tokens.map(Arc::new) })
}

async fn serve(State(server): State<Server>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let query = Query::parse(&parts.uri);
    let agent = parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let indent = query.flag("pretty") || ["curl", "Wget", "Mozilla/5.0"].iter().any(|known| agent.starts_with(known));
    let path = parts.uri.path().to_owned();
    let call = Call {
        world: server.world.clone(),
        tokens: server.tokens.clone(),
        user: UserInfo::anonymous(),
        method: parts.method,
        query,
        headers: parts.headers,
        body: Bytes::new(),
    };
    let peer = parts.extensions.get::<Peer>().cloned().unwrap_or_default();
    match answer(call, peer, body, &path).await {
        Ok(answer) => answer.into_response(indent),
        Err(refusal) => refusal.into_response(indent),
    }
}

async fn answer(mut call: Call, peer: Peer, body: Body, path: &str) -> Result<Answer, Refusal> {
    if !*call.world.available.borrow() {
        return Err(Status::unavailable().into());
    }
    let route = Route::parse(path);
    match route {
        Route::Health => return Ok(Answer::Text("ok")),
        Route::Version => return Ok(Answer::Json(discovery::version())),
        _ => {}
    }
    if call.guarded() {
        call.user = authenticate(|token| call.user_of(token), &call.headers, peer)?;
        access::check(&call, &route, path)?;
    }
    call.body = body::read(body).await?;
    match route {
        Route::Resource(path) => resource_call(&call, &path).await,
        other => document(&call, &other),
    }
}

/// Discovery and OpenAPI.
fn document(call: &Call, route: &Route<'_>) -> Result<Answer, Refusal> {
    if call.method != Method::GET && call.method != Method::HEAD {
        return Err(Status::method_not_allowed().into());
    }
    let state = call.world.state.lock();
    let catalog = &state.catalog;
    let accept = call.headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let found: Option<Value> = match *route {
        Route::Core | Route::Groups if negotiate::wants_aggregated(accept) => {
            return Ok(Answer::Aggregated(discovery::aggregated(catalog, matches!(route, Route::Core))));
        }
        Route::Core => Some(discovery::core_versions()),
        Route::Groups => Some(discovery::group_list(catalog)),
        Route::Group(group) => discovery::group(catalog, group),
        Route::GroupVersion { group, version } => discovery::resource_list(catalog, group, version),
        Route::OpenApiV2 => return Ok(Answer::EmptyOpenApiV2),
        Route::OpenApiV3 => Some(openapi::v3_index(&discovery::openapi_docs(catalog))),
        Route::OpenApiV3Document { group, version } => discovery::openapi_docs(catalog)
            .iter()
            .find(|doc| doc.group == group && doc.version == version)
            .map(openapi::v3_document),
        Route::Health | Route::Version | Route::Resource(_) | Route::Unknown => None,
    };
    found.map(Answer::Json).ok_or(Refusal::NoSuchPath)
}

async fn resource_call(call: &Call, path: &ResourcePath<'_>) -> Result<Answer, Refusal> {
    let resource = find_resource(call, path)?;
    let method = call.method.clone();
    match (method.as_str(), path.name, path.subresource) {
        ("GET", None, _) if call.query.flag("watch") => read::watch(call, resource, path),
        ("GET", None, _) => read::list(call, &resource, path).await,
        ("GET" | "PUT" | "PATCH", Some(name), Some("scale")) => scale::answer(call, &resource, path, name),
        ("GET", Some(name), _) => read::get(call, &resource, path, name),
        ("POST", None, _) if resource.rules.verbs == super::resource::Verbs::CreateOnly => {
            review::answer(call, &resource)
        }
        ("POST", Some(name), Some("token")) => token::issue(call, &resource, path, name),
        ("POST", None, _) => write::create(call, &resource, path),
        ("DELETE", None, _) if allows(&resource, "deletecollection") => write::delete_collection(call, &resource, path),
        ("PUT", Some(name), _) => write::replace(call, &resource, path, name),
        ("PATCH", Some(name), _) => write::patch(call, &resource, path, name),
        ("DELETE", Some(name), None) => write::delete(call, &resource, path, name),
        _ => Err(Status::method_not_allowed().into()),
    }
}

fn allows(resource: &Resource, verb: &str) -> bool {
    resource.rules.verbs.names().contains(&verb)
}

/// The resource behind a path; also checks scope, subresource and verbs.
fn find_resource(call: &Call, path: &ResourcePath<'_>) -> Result<Arc<Resource>, Refusal> {
    let state = call.world.state.lock();
    let catalog = &state.catalog;
    let Some(resource) = catalog.find(path.group, path.version, path.plural) else {
        let is_builtin = catalog.group_version(path.group, path.version).iter().any(|known| known.custom.is_none());
        return Err(if is_builtin { Status::unknown_resource().into() } else { Refusal::NoSuchPath });
    };
    let reads_across = path.name.is_none() && call.method == Method::GET;
    let scope_fits = match path.namespace {
        Some(_) => resource.namespaced,
        None => !resource.namespaced || reads_across,
    };
    if !scope_fits && path.namespace.is_none() && path.name.is_none() {
        return Err(Status::method_not_allowed().into());
    }
    let known = path.subresource.is_none_or(|wanted| {
        discovery::subresources(&resource).iter().any(|sub| sub.name == wanted && takes(sub.verbs, &call.method))
    });
    if !scope_fits || !known {
        let missing = if resource.custom.is_some() { Refusal::NoSuchPath } else { Status::unknown_resource().into() };
        return Err(missing);
    }
    if resource.rules.verbs == super::resource::Verbs::CreateOnly && call.method != Method::POST {
        return Err(Status::method_not_allowed().into());
    }
    Ok(resource)
}

fn takes(verbs: &[&str], method: &Method) -> bool {
    let verb = match method.as_str() {
        "GET" => "get",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        _ => return false,
    };
    verbs.contains(&verb)
}
