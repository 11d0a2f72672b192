//! Which port each part of the lab listens on.

use serde::Deserialize;

/// The default of `--port-base`.
pub const DEFAULT_BASE: u16 = 18440;
/// Room for this many API servers, and for as many controllers.
const BLOCK: usize = 20;

/// Ports set by hand; what is absent follows from [`PortPlan::new`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Ports {
    pub dns: Option<u16>,
    /// Plain HTTP of the demo application.
    pub http: Option<u16>,
    /// HTTPS of the demo application.
    pub https: Option<u16>,
    /// The control interface of the lab itself.
    pub control: Option<u16>,
}

/// The ports of one lab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortPlan {
    base: u16,
    pub control: u16,
    pub dns: u16,
    pub http: u16,
    pub https: u16,
}

impl PortPlan {
    /// Lays ports out from `base`: API servers, then controllers 20 higher, the control interface at 40, DNS at 53,
    /// HTTP at 80, HTTPS at 81. With `privileged`, DNS, HTTP and HTTPS take their well-known ports instead.
    pub fn new(base: u16, privileged: bool, set: &Ports) -> Self {
        let pick = |well_known: u16, offset: u16| if privileged { well_known } else { base.saturating_add(offset) };
        Self {
            base,
            control: set.control.unwrap_or(base.saturating_add(40)),
            dns: set.dns.unwrap_or(pick(53, 53)),
            http: set.http.unwrap_or(pick(80, 80)),
            https: set.https.unwrap_or(pick(443, 81)),
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

    fn in_block(&self, offset: usize, nth: usize) -> Option<u16> {
        if nth >= BLOCK {
            return None;
        }
        self.base.checked_add(u16::try_from(offset + nth).ok()?)
    }
}
