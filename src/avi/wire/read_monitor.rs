//! A health monitor as the controller tells it.

use super::faithful::covers;
use super::field::{filled, last_modified, list, number, text, texts};
use super::legacy_name::{LegacyName, legacy_name};
use super::reference::RefNames;
use super::write_monitor::monitor_body;
use crate::core::gslb::{HealthMonitor, HttpProbe, Probe};
use crate::core::owner::{MARKER_KEY, MONITOR_PREFIX, Owner};
use crate::core::plan::ObservedMonitor;
use serde_json::{Value, json};

/// Which monitor it is, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonitorIdentity {
    pub tenant: String,
    pub name: String,
    /// The GSLB service it was made for, from its description or its legacy name.
    pub gs_name: Option<String>,
    /// Where `gs_name` is not certain: names of which one may be it, if there is a service of that name.
    pub candidates: Vec<String>,
}

/// `None` when it is not a monitor that this installation may touch: its name starts with `amko--`, and its owner
/// marker is this installation's or missing (`docs/RULES.md#ownership`).
pub fn parse_monitor(object: &Value, owner: &Owner, names: &RefNames) -> Option<ObservedMonitor> {
    let marker = monitor_owner(object);
    let name = text(object, "name")?;
    if !name.starts_with(MONITOR_PREFIX) || marker.is_some_and(|marker| marker != owner.as_str()) {
        return None;
    }
    let content = content(object, names);
    let faithful = marker.is_some() && content.as_ref().is_some_and(|monitor| is_faithful(object, monitor, owner));
    let uuid = filled(object, "uuid")?;
    Some(ObservedMonitor { uuid, last_modified: last_modified(object), content, faithful })
}

/// Value of the `created-by` marker.
pub fn monitor_owner(object: &Value) -> Option<&str> {
    let marker = list(object, "markers").iter().find(|marker| text(marker, "key") == Some(MARKER_KEY))?;
    list(marker, "values").first()?.as_str()
}

/// `None` when it has no name.
pub fn monitor_identity(object: &Value, names: &RefNames) -> Option<MonitorIdentity> {
    let name = filled(object, "name")?;
    let tenant = tenant(object, names);
    let own = |name: &str| Some(name.to_owned());
    let (gs_name, candidates) = match text(object, "description").and_then(described_gs_name) {
        Some(described) => (own(described), Vec::new()),
        None => match legacy_name(&name) {
            LegacyName::Certain(gs_name) => (own(gs_name), Vec::new()),
            LegacyName::OneOf(readings) => (None, readings.into_iter().map(str::to_owned).collect()),
            LegacyName::Nothing => (None, Vec::new()),
        },
    };
    Some(MonitorIdentity { tenant, name, gs_name, candidates })
}

fn tenant(object: &Value, names: &RefNames) -> String {
    names.resolve_field(object, "tenant_ref").unwrap_or_else(|| "admin".to_owned())
}

/// An FQDN holds neither a comma nor a space, so the first comma ends it whatever the path after it looks like.
fn described_gs_name(description: &str) -> Option<&str> {
    let (_, rest) = description.strip_prefix("created by: amko")?.split_once("gsname: ")?;
    let name = rest.split(',').next()?.trim();
    (!name.is_empty()).then_some(name)
}

fn is_faithful(object: &Value, monitor: &HealthMonitor, owner: &Owner) -> bool {
    let mut written = monitor_body(monitor, owner);
    if let Some(fields) = written.as_object_mut() {
        // Checked by name and by owner; other markers are the administrator's.
        fields.retain(|key, _| key != "tenant_ref" && key != "markers");
    }
    covers(object, &written, default_of)
}

fn default_of(key: &str) -> Option<Value> {
    match key {
        "send_interval" => Some(json!(10)),
        "receive_timeout" => Some(json!(4)),
        "successful_checks" | "failed_checks" => Some(json!(2)),
        _ => None,
    }
}

fn content(object: &Value, names: &RefNames) -> Option<HealthMonitor> {
    Some(HealthMonitor {
        tenant: tenant(object, names),
        name: filled(object, "name")?,
        description: text(object, "description").unwrap_or_default().to_owned(),
        port: number(object, "monitor_port")?.try_into().ok()?,
        probe: match text(object, "type")? {
            "HEALTH_MONITOR_HTTP" => Probe::Http(http(object.get("http_monitor")?)),
            "HEALTH_MONITOR_HTTPS" => Probe::Https(http(object.get("https_monitor")?)),
            "HEALTH_MONITOR_TCP" => Probe::Tcp,
            "HEALTH_MONITOR_UDP" => Probe::Udp,
            _ => return None,
        },
    })
}

fn http(section: &Value) -> HttpProbe {
    HttpProbe {
        request: text(section, "http_request").unwrap_or("GET / HTTP/1.0").to_owned(),
        response_codes: texts(section, "http_response_code"),
    }
}
