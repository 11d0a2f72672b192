//! Data-plane health: what the service engines of each DNS site find when they probe the members.

use super::HealthBoard;
use crate::avi::AviWorld;

/// Settings of the probes.
#[derive(Debug, Clone)]
pub struct ProbeConfig {
    /// The sites whose DNS service probes, by name.
    pub sites: Vec<String>,
    /// Where the lab really serves a port: it cannot bind 80 without being root.
    pub port_map: fn(u16) -> u16,
}

/// Starts the probes of all DNS sites.
pub struct Prober;

/// Running probes.
pub struct ProbeHandle {}

impl Prober {
    /// Probes every member with every monitor of its service, and follows changes of the services, until the handle
    /// is stopped.
    pub fn start(_config: ProbeConfig, _world: AviWorld, _board: HealthBoard) -> ProbeHandle {
        ProbeHandle {}
    }
}

impl ProbeHandle {
    /// Ends all probes and waits for them.
    pub async fn stop(self) {}
}
