//! Between the controller's JSON and the types of [`crate::core`].
//!
//! Writing is exact: the key sets and values of EX-01, nothing more. Reading is lenient: the controller fills in
//! defaults, spells references its own way and adds fields with each release.

mod faithful;
mod field;
mod legacy_name;
mod read_monitor;
mod read_service;
mod reference;
mod write_monitor;
mod write_service;

pub use read_monitor::{MonitorIdentity, monitor_identity, monitor_owner, parse_monitor};
pub use read_service::parse_service;
pub use reference::RefNames;
pub use write_monitor::{MonitorBody, monitor_body};
pub use write_service::{ServiceBody, service_body};

pub(super) use field::{last_modified, list, text, texts};

use bytes::Bytes;
use serde::Serialize;

/// The body of a PUT: with the version that was read, so that somebody else's change in between is refused with 412
/// instead of being overwritten.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Versioned<'a, B> {
    #[serde(flatten)]
    pub body: B,
    #[serde(rename = "_last_modified", skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<&'a str>,
}

/// A body as it is sent.
pub fn text_of(body: &impl Serialize) -> Bytes {
    // All keys of what is sent are text, so nothing can go wrong.
    serde_json::to_vec(body).map(Bytes::from).unwrap_or_default()
}

fn tenant_ref(tenant: &str) -> String {
    format!("https:///api/tenant/?name={}", reference::encoded(tenant))
}

/// A reference to the object of this name.
fn reference_to(collection: &str, name: &str) -> String {
    format!("/api/{collection}?name={}", reference::encoded(name))
}

#[cfg(test)]
mod tests;
