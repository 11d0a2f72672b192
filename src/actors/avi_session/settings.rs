//! Which controller the session is with.

use crate::avi::session::SessionSettings;
use crate::avi::transport::{AviTransport, TlsSettings};
use crate::core::owner::Owner;
use secrecy::ExposeSecret;
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
}

impl ControllerSettings {
    /// Whether both lead to the same session with the same controller for the same owner.
    pub fn same(&self, other: &Self) -> bool {
        let Self { session, tls, owner, refresh } = self;
        session.address == other.session.address
            && session.username == other.session.username
            && session.password.expose_secret() == other.session.password.expose_secret()
            && session.version == other.session.version
            && *tls == other.tls
            && *owner == other.owner
            && *refresh == other.refresh
    }
}

/// Makes the transport to a controller; the seam to the outside.
pub type Transports = Arc<dyn Fn(&TlsSettings) -> Result<Arc<dyn AviTransport>, String> + Send + Sync>;
