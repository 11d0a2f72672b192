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
pub use write_monitor::monitor_body;
pub use write_service::service_body;

pub(super) use field::{last_modified, list, text, texts};

use serde_json::Value;

/// The body of a PUT: with the version that was read, so that somebody else's change in between is refused with 412
/// instead of being overwritten.
pub fn with_last_modified(mut body: Value, last_modified: Option<&str>) -> Value {
    if let (Some(fields), Some(version)) = (body.as_object_mut(), last_modified) {
        fields.insert("_last_modified".into(), version.into());
    }
    body
}

fn tenant_ref(tenant: &str) -> String {
    format!("https:///api/tenant/?name={tenant}")
}

#[cfg(test)]
mod tests;
