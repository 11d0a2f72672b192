//! The body of a health monitor: see `docs/RULES.md#bodies-of-monitors` and EX-01.

use super::tenant_ref;
use crate::core::gslb::{HealthMonitor, HttpProbe, Probe};
use crate::core::owner::{MARKER_KEY, Owner};
use serde_json::{Value, json};

/// Complete body for POST; for PUT add [`super::with_last_modified`].
pub fn monitor_body(monitor: &HealthMonitor, owner: &Owner) -> Value {
    let mut body = json!({
        "name": monitor.name,
        "description": monitor.description,
        "monitor_port": monitor.port,
        "tenant_ref": tenant_ref(&monitor.tenant),
        "is_federated": true,
        "allow_duplicate_monitors": true,
        "send_interval": 10,
        "receive_timeout": 4,
        "successful_checks": 3,
        "failed_checks": 3,
        "markers": [{"key": MARKER_KEY, "values": [owner.as_str()]}],
    });
    let (kind, section, content) = probe(&monitor.probe);
    body["type"] = json!(kind);
    body[section] = content;
    body
}

fn probe(probe: &Probe) -> (&'static str, &'static str, Value) {
    match probe {
        Probe::Http(http) => ("HEALTH_MONITOR_HTTP", "http_monitor", http_section(http)),
        Probe::Https(http) => ("HEALTH_MONITOR_HTTPS", "https_monitor", http_section(http)),
        Probe::Tcp => ("HEALTH_MONITOR_TCP", "tcp_monitor", json!({"tcp_half_open": false})),
        Probe::Udp => {
            let request = "created_by: amko, request string not required";
            ("HEALTH_MONITOR_UDP", "udp_monitor", json!({"udp_request": request}))
        }
    }
}

fn http_section(probe: &HttpProbe) -> Value {
    json!({"http_request": probe.request, "http_response_code": probe.response_codes})
}
