//! What somebody else does just before a request is executed: the races of real life, on order.

use super::STRANGER;
use crate::avi::controller;
use crate::avi::inferred;
use crate::avi::kind::Kind;
use crate::avi::reply::Reply;
use crate::avi::request::Request;
use crate::avi::state::State;
use crate::avi::store::{ADMIN, path_of, text};
use serde_json::{Value, json};

/// One deed. Where what it needs (an object, a body) is not there, nothing happens.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::avi) enum Deed {
    /// All sessions are forgotten: this request and all others of before are answered 401.
    DropSessions,
    /// All sessions end with status 419.
    RevokeSessions,
    /// Another user sets these fields of the object that the request names; `null` removes one.
    Edit(Value),
    /// The same request with these fields in its body is executed first, and its answer thrown away. Without fields it
    /// is a request that a proxy delivers twice; with `created_by` it is somebody who was faster.
    SendFirst(Value),
    /// Another user creates a service of another name with the same domain names as that in the body.
    TakeDomains,
    /// Another user deletes the object that the request names.
    Delete,
    /// Another user deletes the object that the request names and makes it again: same content, another uuid.
    Recreate,
    /// A service of another user starts to use the health monitor that the request names; deleting what is in use is
    /// refused with this status.
    Refer(u16),
    /// Nothing of the request is done: the front proxy answers with this status.
    Refuse(u16),
}

impl Deed {
    /// An answer replaces the execution of the request.
    pub fn run(&self, state: &mut State, site: &str, request: &Request) -> Option<Reply> {
        match self {
            Self::Refuse(status) => return Some(Reply::html(*status, inferred::UNAVAILABLE_PAGE)),
            Self::DropSessions => {
                if let Some(site) = state.sites.get_mut(site) {
                    site.sessions.expire_all();
                }
            }
            Self::RevokeSessions => {
                if let Some(site) = state.sites.get_mut(site) {
                    site.sessions.revoke_all();
                }
            }
            Self::SendFirst(fields) => send_first(state, site, request, fields),
            Self::TakeDomains => {
                if let Some(Ok(body)) = &request.body {
                    let name = format!("{STRANGER}-{}", text(body, "name"));
                    let fields = json!({"name": name, "created_by": STRANGER, "health_monitor_refs": null});
                    send_first(state, site, request, &fields);
                }
            }
            Self::Edit(_) | Self::Delete | Self::Recreate | Self::Refer(_) => {
                if let Some((kind, uuid)) = target(request) {
                    self.to_object(state, site, (kind, &uuid));
                }
            }
        }
        None
    }

    fn to_object(&self, state: &mut State, site: &str, (kind, uuid): (Kind, &str)) {
        match self {
            Self::Edit(fields) => {
                state.edit(site, kind, uuid, |object| json_patch::merge(object, fields));
            }
            Self::Delete => {
                state.delete(site, kind, uuid);
            }
            Self::Recreate => {
                state.recreate(site, kind, uuid);
            }
            Self::Refer(status) if kind == Kind::HealthMonitor => {
                if let Some(site) = state.sites.get_mut(site) {
                    site.condition.in_use_status = Some(*status);
                }
                refer(state, site, uuid);
            }
            _ => {}
        }
    }

    /// Takes back what only the deed keeps going.
    pub fn end(&self, state: &mut State, site: &str) {
        if !matches!(self, Self::Refer(_)) {
            return;
        }
        let Some(controller) = state.sites.get_mut(site) else { return };
        controller.condition.in_use_status = None;
        let services = controller.store.all(Kind::GslbService);
        let users = services.filter(|service| text(service, "name").starts_with(&user_of("")));
        let users: Vec<String> = users.map(|service| text(service, "uuid").to_owned()).collect();
        for uuid in users {
            state.delete(site, Kind::GslbService, &uuid);
        }
    }
}

fn send_first(state: &mut State, site: &str, request: &Request, fields: &Value) {
    let mut first = request.clone();
    if let Some(Ok(body)) = &mut first.body {
        json_patch::merge(body, fields);
    }
    controller::answer(state, site, &first);
}

/// Type and uuid of the object that the request is about.
fn target(request: &Request) -> Option<(Kind, String)> {
    match request.api_segments()?[..] {
        [kind, uuid] => Some((Kind::of_path(kind)?, uuid.to_owned())),
        _ => None,
    }
}

/// Name of the service that uses a monitor.
fn user_of(monitor: &str) -> String {
    format!("{STRANGER}-uses-{monitor}")
}

fn refer(state: &mut State, site: &str, monitor: &str) {
    let Some(store) = state.sites.get(site).map(|site| &site.store) else { return };
    let name = user_of(monitor);
    if store.get(Kind::HealthMonitor, monitor).is_none() || store.named(Kind::GslbService, ADMIN, &name).is_some() {
        return;
    }
    let service = json!({
        "name": name, "domain_names": [format!("{monitor}.{STRANGER}.example")], "created_by": STRANGER,
        "tenant_ref": path_of(Kind::Tenant, ADMIN), "health_monitor_refs": [path_of(Kind::HealthMonitor, monitor)],
        "groups": [{"name": "pool", "members": [{"ip": {"addr": "203.0.113.99", "type": "V4"}}]}],
    });
    state.make(site, Kind::GslbService, service);
}
