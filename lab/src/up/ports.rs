//! Which port each part of the lab listens on.

use serde::Deserialize;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, UdpSocket};

/// The default of `--port-base`.
pub const DEFAULT_BASE: u16 = 18440;
/// Room for this many API servers, and for as many controllers.
const BLOCK: usize = 20;

/// Added to ports below 1024 when the lab may not open those.
const SHIFT: u16 = 8000;

/// From a port of a virtual service to the port that it is really served on.
pub type PortMap = fn(u16) -> u16;

/// Ports set by hand; what is absent follows from [`PortPlan::new`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Ports {
    pub dns: Option<u16>,
    /// The control interface of the lab itself.
    pub control: Option<u16>,
    /// Whether DNS and virtual addresses use ports below 1024; default: when this process may open them.
    pub well_known: Option<bool>,
}

/// The ports of one lab.
#[derive(Debug, Clone)]
pub struct PortPlan {
    base: u16,
    pub control: u16,
    pub dns: u16,
    /// Where a port of a virtual service is really served.
    pub served: PortMap,
}

impl PortPlan {
    /// Lays ports out from `base`: API servers, then controllers 20 higher, the control interface at 40. DNS and the
    /// virtual addresses have addresses of their own and therefore need no base: they use their well-known ports, or
    /// those moved up by 8000 unless `privileged`.
    pub fn new(base: u16, privileged: bool, set: &Ports) -> Self {
        let served: PortMap = if set.well_known.unwrap_or(privileged) { unmoved } else { moved_up };
        Self {
            base,
            control: set.control.unwrap_or(base.saturating_add(40)),
            dns: set.dns.unwrap_or_else(|| served(53)),
            served,
        }
    }

    /// Port of the API server of the n-th cluster, counted from zero; `None` when the block of 20 is full.
    pub fn api_server(&self, nth: usize) -> Option<u16> {
        self.in_block(0, nth)
    }

    /// Port of the controller of the n-th site, counted from zero; `None` when the block of 20 is full.
    pub fn controller(&self, nth: usize) -> Option<u16> {
        self.in_block(BLOCK, nth)
    }

    /// Whether ports below 1024 are moved up.
    pub fn moves_ports(&self) -> bool {
        (self.served)(80) != 80
    }

    fn in_block(&self, offset: usize, nth: usize) -> Option<u16> {
        if nth >= BLOCK {
            return None;
        }
        self.base.checked_add(u16::try_from(offset + nth).ok()?)
    }
}

fn unmoved(port: u16) -> u16 {
    port
}

fn moved_up(port: u16) -> u16 {
    if port < 1024 { port + SHIFT } else { port }
}

/// Whether this process may open ports below 1024, found out by trying one on `address`.
pub fn may_open_well_known_ports(address: Ipv4Addr) -> bool {
    match UdpSocket::bind((address, 53)) {
        Ok(_) => true,
        Err(error) => error.kind() != ErrorKind::PermissionDenied,
    }
}
