//! The body of a health monitor: see `docs/RULES.md#bodies-of-monitors` and EX-01.

use crate::core::gslb::{HealthMonitor, HttpProbe, Probe};
use crate::core::owner::{MARKER_KEY, Owner};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// Complete body for POST; for PUT see [`super::Versioned`].
#[derive(Debug, Clone, Copy)]
pub struct MonitorBody<'a> {
    pub monitor: &'a HealthMonitor,
    pub owner: &'a Owner,
}

#[derive(Serialize)]
struct Marker<'a> {
    key: &'static str,
    values: [&'a str; 1],
}

/// What belongs to the type; the section's name is that of the type.
#[derive(Serialize)]
#[serde(untagged)]
enum Section<'a> {
    Http { http_request: &'a str, http_response_code: &'a [String] },
    Tcp { tcp_half_open: bool },
    Udp { udp_request: &'static str },
}

/// To be compared with what the controller tells.
pub fn monitor_body(monitor: &HealthMonitor, owner: &Owner) -> Value {
    // All keys are text, so nothing can go wrong.
    serde_json::to_value(MonitorBody { monitor, owner }).unwrap_or_default()
}

impl Serialize for MonitorBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { monitor, owner } = *self;
        let (kind, name, section) = section(&monitor.probe);
        let mut body = serializer.serialize_map(None)?;
        body.serialize_entry("name", &monitor.name)?;
        body.serialize_entry("description", &monitor.description)?;
        body.serialize_entry("monitor_port", &monitor.port)?;
        body.serialize_entry("tenant_ref", &super::tenant_ref(&monitor.tenant))?;
        body.serialize_entry("is_federated", &true)?;
        body.serialize_entry("allow_duplicate_monitors", &true)?;
        for (field, value) in
            [("send_interval", 10), ("receive_timeout", 4), ("successful_checks", 3), ("failed_checks", 3)]
        {
            body.serialize_entry(field, &value)?;
        }
        body.serialize_entry("markers", &[Marker { key: MARKER_KEY, values: [owner.as_str()] }])?;
        body.serialize_entry("type", kind)?;
        body.serialize_entry(name, &section)?;
        body.end()
    }
}

/// Type, name of the section, section.
fn section(probe: &Probe) -> (&'static str, &'static str, Section<'_>) {
    match probe {
        Probe::Http(http) => ("HEALTH_MONITOR_HTTP", "http_monitor", http_section(http)),
        Probe::Https(http) => ("HEALTH_MONITOR_HTTPS", "https_monitor", http_section(http)),
        Probe::Tcp => ("HEALTH_MONITOR_TCP", "tcp_monitor", Section::Tcp { tcp_half_open: false }),
        Probe::Udp => {
            let udp_request = "created_by: amko, request string not required";
            ("HEALTH_MONITOR_UDP", "udp_monitor", Section::Udp { udp_request })
        }
    }
}

fn http_section(probe: &HttpProbe) -> Section<'_> {
    Section::Http { http_request: &probe.request, http_response_code: &probe.response_codes }
}
