//! One request to one controller, from the front door to the answer.

use super::call::Call;
use super::kind::Kind;
use super::reply::Reply;
use super::request::Request;
use super::state::State;
use super::{events, inferred, limits, portal, read, runtime, siteops, sites, tokens, write};
use serde_json::json;

/// Answers a request that has arrived at `site`.
pub(super) fn answer(state: &mut State, site: &str, request: &Request) -> Reply {
    if !state.sites.get(site).is_some_and(|site| site.up && !site.is_starting(state.now())) {
        return Reply::html(503, inferred::UNAVAILABLE_PAGE);
    }
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/login") => portal::login(state, site, request),
        ("POST", "/logout") => portal::logout(state, site, request),
        ("GET", "/api/initial-data") => portal::initial_data(state, site),
        ("GET", "/api/cluster/status") => Reply::json(200, json!({"status": "CLUSTER_UP_NO_HA"})),
        ("GET", "/api/cluster/runtime") => match state.sites.get(site) {
            Some(site) => Reply::json(200, runtime::cluster(site)),
            None => Reply::html(404, inferred::NO_SUCH_PAGE),
        },
        _ => authenticated(state, site, request),
    }
}

fn authenticated(state: &mut State, site: &str, request: &Request) -> Reply {
    let Some(segments) = request.api_segments() else { return Reply::html(404, inferred::NO_SUCH_PAGE) };
    let id = match portal::authenticate(state, site, request) {
        Ok(id) => id,
        Err(refusal) => return refusal,
    };
    let reply = Call::new(state, site, request).and_then(|call| route(state, &call, &segments));
    let reply = reply.unwrap_or_else(|refusal| refusal);
    portal::with_session_headers(reply, request, &id, state.controllers_now())
}

fn route(state: &mut State, call: &Call<'_>, segments: &[&str]) -> Result<Reply, Reply> {
    let method = call.request.method.as_str();
    match (method, segments) {
        ("GET", ["cluster", "version"]) => Ok(Reply::json(200, portal::version(state, call.site))),
        ("GET", ["gslbservice-inventory"]) => read::inventory(state, call, None),
        ("GET", ["gslbservice-inventory", uuid]) => read::inventory(state, call, Some(uuid)),
        ("GET", ["gslb-inventory"]) => sites::inventory(state, call, None),
        ("GET", ["gslb-inventory", uuid]) => sites::inventory(state, call, Some(uuid)),
        ("GET", ["analytics", "logs"]) => events::logs(state, call),
        ("GET", ["alert"]) => events::alerts(state, call, None),
        ("GET", ["alert", uuid]) => events::alerts(state, call, Some(uuid)),
        ("GET", ["systemlimits"]) => Ok(Reply::json(200, limits::published())),
        (_, ["user-token", rest @ ..]) => tokens::answer(state, call, rest),
        (_, ["gslbsiteops", operation, ..]) => siteops::run(state, call, operation),
        (_, [first, rest @ ..]) => match Kind::of_path(first) {
            Some(kind) => objects(state, call, kind, rest),
            None => Err(Reply::html(404, inferred::NO_SUCH_PAGE)),
        },
        (_, []) => Err(Reply::html(404, inferred::NO_SUCH_PAGE)),
    }
}

fn objects(state: &mut State, call: &Call<'_>, kind: Kind, rest: &[&str]) -> Result<Reply, Reply> {
    let method = call.request.method.as_str();
    let writable = kind.created_by_clients();
    if method != "GET" && call.here(state)?.condition.upgrading {
        return Err(Reply::json(403, inferred::upgrading()));
    }
    match (method, rest) {
        ("GET", []) => read::collection(state, call, kind),
        ("GET", [uuid]) => read::object(state, call, kind, uuid),
        ("GET", pieces) => read::below(state, call, kind, pieces),
        ("POST", []) if writable => write::create(state, call, kind),
        ("PUT", [uuid]) if writable || kind == Kind::Gslb => write::replace(state, call, kind, uuid),
        ("PATCH", [uuid]) if writable || kind == Kind::Gslb => write::patch(state, call, kind, uuid),
        ("DELETE", [uuid]) if writable => write::delete(state, call, kind, uuid),
        _ => Err(Reply::json(405, inferred::method_not_allowed(method))),
    }
}
