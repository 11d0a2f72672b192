//! What somebody else does to a controller just before it executes a request: the races of real life, on order.

use super::controller;
use super::kind::Kind;
use super::request::Request;
use super::state::State;
use super::store::text;
use serde_json::{Value, json};

/// Owner of what strangers create.
pub const STRANGER: &str = "somebody";

/// One deed. What it needs and does not find (an object, a body) makes it do nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Meddling {
    /// All sessions are forgotten: this request and all others of before are answered 401.
    DropSessions,
    /// All sessions end with status 419.
    RevokeSessions,
    /// Another user sets these fields of the object that the request names; `null` removes one.
    Edit(Value),
    /// The same request with these fields in its body is executed first, its answer thrown away. Without fields it is a
    /// request that a proxy delivers twice; with `created_by` it is somebody who was faster.
    SendFirst(Value),
    /// Another user deletes the object that the request names.
    Delete,
    /// Another user deletes the object that the request names and makes it again: same content, another uuid.
    Recreate,
    /// A service of a stranger starts to use the health monitor that the request names.
    Refer,
}

/// Does it.
pub(super) fn run(state: &mut State, site: &str, request: &Request, meddling: &Meddling) {
    match meddling {
        Meddling::DropSessions => {
            if let Some(site) = state.sites.get_mut(site) {
                site.sessions.expire_all();
            }
        }
        Meddling::RevokeSessions => {
            if let Some(site) = state.sites.get_mut(site) {
                site.sessions.revoke_all();
            }
        }
        Meddling::SendFirst(fields) => {
            let mut first = request.clone();
            if let Some(Ok(body)) = &mut first.body {
                json_patch::merge(body, fields);
            }
            controller::answer(state, site, &first);
        }
        Meddling::Edit(fields) => {
            if let Some((kind, uuid)) = target(request) {
                state.edit(site, kind, &uuid, |object| json_patch::merge(object, fields));
            }
        }
        Meddling::Delete => {
            if let Some((kind, uuid)) = target(request) {
                state.delete(site, kind, &uuid);
            }
        }
        Meddling::Recreate => {
            if let Some((kind, uuid)) = target(request) {
                state.recreate(site, kind, &uuid);
            }
        }
        Meddling::Refer => {
            if let Some((Kind::HealthMonitor, uuid)) = target(request) {
                refer(state, site, &uuid);
            }
        }
    }
}

/// Type and uuid of the object that the request is about.
fn target(request: &Request) -> Option<(Kind, String)> {
    match request.api_segments()?[..] {
        [kind, uuid] => Some((Kind::of_path(kind)?, uuid.to_owned())),
        _ => None,
    }
}

fn refer(state: &mut State, site: &str, monitor: &str) {
    let Some(site_state) = state.sites.get(site) else { return };
    let Some(object) = site_state.store.get(Kind::HealthMonitor, monitor) else { return };
    let name = format!("{STRANGER}-{}", text(object, "uuid"));
    if site_state.store.named(Kind::GslbService, super::store::ADMIN, &name).is_some() {
        return;
    }
    let service = json!({
        "name": name, "domain_names": [format!("{STRANGER}.{monitor}.example")], "created_by": STRANGER,
        "tenant_ref": "/api/tenant/admin", "health_monitor_refs": [super::store::path_of(Kind::HealthMonitor, monitor)],
        "groups": [{"name": "pool", "members": [{"ip": {"addr": "203.0.113.99", "type": "V4"}}]}],
    });
    state.make(site, Kind::GslbService, service);
}
