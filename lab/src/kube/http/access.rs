//! Whether the user of a request may do what it asks for.

use http::Method;

use super::Call;
use super::route::{ResourcePath, Route};
use crate::kube::rbac::{self, Attributes};
use crate::kube::status::Status;

/// # Errors
/// 403 where the server asks who may do what, and this user may not.
pub(super) fn check(call: &Call, route: &Route<'_>, path: &str) -> Result<(), Status> {
    if !call.guarded() || rbac::may_do_everything(&call.user) {
        return Ok(());
    }
    let attributes = match route {
        Route::Resource(path) => of_resource(call, path),
        _ => Attributes {
            verb: call.method.as_str().to_ascii_lowercase(),
            path: path.to_owned(),
            ..Attributes::default()
        },
    };
    check_attributes(call, &attributes)
}

/// An apply that creates needs the right to create, too.
///
/// # Errors
/// As [`check`].
pub(super) fn check_creation(call: &Call, path: &ResourcePath<'_>) -> Result<(), Status> {
    if !call.guarded() || rbac::may_do_everything(&call.user) {
        return Ok(());
    }
    check_attributes(call, &Attributes { verb: "create".to_owned(), ..of_resource(call, path) })
}

fn check_attributes(call: &Call, attributes: &Attributes) -> Result<(), Status> {
    let decision = rbac::decide(&call.world.state.lock().store, &call.user, attributes);
    if decision.allowed { Ok(()) } else { Err(attributes.forbidden(&call.user)) }
}

fn of_resource(call: &Call, path: &ResourcePath<'_>) -> Attributes {
    let verb = match (call.method.as_str(), path.name.is_some()) {
        ("GET" | "HEAD", true) => "get",
        ("GET" | "HEAD", false) if call.query.flag("watch") => "watch",
        ("GET" | "HEAD", false) => "list",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", false) => "deletecollection",
        _ => "delete",
    };
    let resource = match path.subresource {
        Some(subresource) => format!("{}/{subresource}", path.plural),
        None => path.plural.to_owned(),
    };
    // A namespace lies in itself.
    let own = path.name.filter(|_| path.group.is_empty() && path.plural == "namespaces");
    Attributes {
        verb: verb.to_owned(),
        group: path.group.to_owned(),
        resource,
        name: path.name.or_else(|| selected_name(call)).unwrap_or_default().to_owned(),
        namespace: path.namespace.or(own).unwrap_or_default().to_owned(),
        path: String::new(),
    }
}

/// The one name that a list or watch selects.
fn selected_name(call: &Call) -> Option<&str> {
    if call.method != Method::GET {
        return None;
    }
    let terms = call.query.text("fieldSelector").split(',');
    terms.filter_map(|term| term.strip_prefix("metadata.name=")).map(|name| name.trim_start_matches('=')).next()
}
