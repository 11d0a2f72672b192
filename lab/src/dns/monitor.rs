//! Health monitors in the form that the probes run them.

use super::wire;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// One health monitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Monitor {
    pub uuid: String,
    pub check: Check,
    /// Unset for members that say their own port; then the default port of the protocol is probed.
    pub port: Option<u16>,
    /// Time between the starts of two checks.
    pub interval: Duration,
    /// A check without a verdict by then has failed.
    pub timeout: Duration,
    /// Good checks in a row until a member that was down is up.
    pub successful_checks: u32,
    /// Bad checks in a row until a member is down.
    pub failed_checks: u32,
    /// The first good check of a new member suffices.
    pub quick_start: bool,
}

/// What to do and what to expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    Http(HttpCheck),
    Https(HttpCheck),
    /// Connect; with a request, send it; with a response, wait for it.
    Tcp {
        request: String,
        response: String,
    },
    /// Send; with a response, wait for it; without one, only a refused port is a failure.
    Udp {
        request: String,
        response: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpCheck {
    /// Request line, and headers on further lines.
    pub request: String,
    /// Accepted status codes divided by 100; empty accepts all.
    pub classes: Vec<u16>,
    /// Text that has to occur in the beginning of the response.
    pub keyword: String,
    /// Send the request as it is, without a Host header.
    pub exact: bool,
}

/// The monitors of a site that can be run, by uuid.
pub type Monitors = BTreeMap<String, Arc<Monitor>>;

/// Compiles the controller's monitors. Kinds that need more than plain sockets (ping, scripts, mail) are left out, so
/// they do not count for the health of a member.
pub fn compile(objects: &[Arc<Value>]) -> Monitors {
    let parsed = objects.iter().filter_map(|object| wire::HealthMonitor::deserialize(&**object).ok());
    parsed.filter_map(Monitor::compile).map(|monitor| (monitor.uuid.clone(), Arc::new(monitor))).collect()
}

impl Monitor {
    fn compile(object: wire::HealthMonitor) -> Option<Self> {
        Some(Self {
            port: object.monitor_port,
            interval: Duration::from_secs(object.send_interval.clamp(1, 3600)),
            timeout: Duration::from_secs(object.receive_timeout.clamp(1, 2400)),
            successful_checks: object.successful_checks.max(1),
            failed_checks: object.failed_checks.max(1),
            quick_start: !object.disable_quickstart,
            uuid: object.uuid.clone(),
            check: Check::compile(object)?,
        })
    }

    /// The port to probe.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.check {
            Check::Https(_) => 443,
            Check::Http(_) | Check::Tcp { .. } => 80,
            Check::Udp { .. } => 53,
        })
    }
}

impl Check {
    fn compile(object: wire::HealthMonitor) -> Option<Self> {
        match object.kind.as_str() {
            "HEALTH_MONITOR_HTTP" => Some(Self::Http(HttpCheck::compile(object.http_monitor))),
            "HEALTH_MONITOR_HTTPS" => Some(Self::Https(HttpCheck::compile(object.https_monitor))),
            "HEALTH_MONITOR_TCP" => {
                let part = object.tcp_monitor.unwrap_or_default();
                Some(Self::Tcp { request: part.tcp_request, response: part.tcp_response })
            }
            "HEALTH_MONITOR_UDP" => {
                let part = object.udp_monitor.unwrap_or_default();
                Some(Self::Udp { request: part.udp_request, response: part.udp_response })
            }
            _ => None,
        }
    }
}

impl HttpCheck {
    fn compile(part: Option<wire::HttpPart>) -> Self {
        let part = part.unwrap_or_default();
        let request = if part.http_request.is_empty() { "GET / HTTP/1.0".into() } else { part.http_request };
        let any = part.http_response_code.iter().any(|code| code == "HTTP_ANY");
        let classes = if any { Vec::new() } else { classes(&part.http_response_code) };
        Self { request, classes, keyword: part.http_response, exact: part.exact_http_request }
    }

    /// Whether a response with this status passes.
    pub fn accepts(&self, status: u16) -> bool {
        self.classes.is_empty() || self.classes.contains(&(status / 100))
    }
}

/// `HTTP_2XX` is 2.
fn classes(codes: &[String]) -> Vec<u16> {
    codes.iter().filter_map(|code| code.strip_prefix("HTTP_")?.strip_suffix("XX")?.parse().ok()).collect()
}
