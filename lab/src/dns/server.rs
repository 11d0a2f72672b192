//! The DNS service of one site on UDP and TCP.

use super::HealthBoard;
use crate::avi::AviWorld;
use std::io;
use std::net::SocketAddr;

/// What to do with queries for names that do not exist in the zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorResponse {
    /// NXDOMAIN with the SOA of the zone.
    Nxdomain,
    /// No answer.
    Drop,
}

/// Settings of one DNS service.
#[derive(Debug, Clone)]
pub struct DnsConfig {
    /// Name of the Avi site.
    pub site: String,
    /// The zone that it is authoritative for, such as `avi.iberia.local`.
    pub zone: String,
    /// Port 0 picks a free one, the same for UDP and TCP.
    pub address: SocketAddr,
    pub error_response: ErrorResponse,
}

/// Starts DNS services.
pub struct DnsServer;

/// A running DNS service.
pub struct DnsHandle {
    address: SocketAddr,
}

impl DnsServer {
    /// Binds the address and answers until the handle is stopped or dropped.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(config: DnsConfig, _world: AviWorld, _board: HealthBoard) -> io::Result<DnsHandle> {
        Ok(DnsHandle { address: config.address })
    }
}

impl DnsHandle {
    /// The address that it really listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `false` simulates a blackout: queries arrive and nothing comes back.
    pub fn set_enabled(&self, _enabled: bool) {}

    /// Closes the sockets.
    pub async fn stop(self) {}
}
