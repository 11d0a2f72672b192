//! Which controller the session is with, and how it is treated.

use crate::avi::session::SessionSettings;
use crate::avi::transport::{AviTransport, TlsSettings};
use crate::core::owner::Owner;
use secrecy::ExposeSecret;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Which controller, as whom, for whom.
#[derive(Debug, Clone)]
pub struct ControllerSettings {
    pub session: SessionSettings,
    pub tls: TlsSettings,
    pub owner: Owner,
    /// Time between two full reads of the controller.
    pub refresh: Duration,
    /// On average; 0 means no limit.
    pub requests_per_second: u32,
    /// Whether to go where the leadership went.
    pub follow_leader: bool,
    /// The addresses to which the login may go; `None`: any.
    pub controllers: Option<Arc<BTreeSet<String>>>,
    /// Version of the Secret with the login: another one is worth a new try of what was refused.
    pub secret_version: Option<String>,
    pub deletions: DeletionPolicy,
}

/// When deletions are held, and what somebody has approved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeletionPolicy {
    /// Percentage of the own services that one round may delete.
    pub max_percent: u32,
    /// Number of services that one round may delete, whatever the percentage.
    pub max_count: usize,
    /// Value of the approving annotation.
    pub approved: Option<String>,
}

impl ControllerSettings {
    /// Whether both lead to the same session with the same controller for the same owner. What else differs is taken
    /// over without a new login.
    pub fn same_session(&self, other: &Self) -> bool {
        let Self { session, tls, owner, controllers, .. } = self;
        session.address == other.session.address
            && session.username == other.session.username
            && session.password.expose_secret() == other.session.password.expose_secret()
            && session.version == other.session.version
            && *tls == other.tls
            && *owner == other.owner
            && *controllers == other.controllers
    }

    /// Whether nothing differs.
    pub fn same(&self, other: &Self) -> bool {
        self.same_session(other)
            && self.refresh == other.refresh
            && self.requests_per_second == other.requests_per_second
            && self.follow_leader == other.follow_leader
            && self.deletions == other.deletions
            && self.secret_version == other.secret_version
    }
}

/// Makes the transport to a controller; the seam to the outside.
pub type Transports = Arc<dyn Fn(&TlsSettings) -> Result<Arc<dyn AviTransport>, String> + Send + Sync>;
