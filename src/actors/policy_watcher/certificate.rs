//! What the GSLBConfig's status says of the controller's certificate: what the last handshake did.

use super::status::CERTIFICATE_VERIFIED;
use crate::actors::avi_session::Handshake;
use crate::avi::transport::TlsSettings;
use crate::core::report::condition::Statement;

/// Before the first handshake.
pub const NOT_SEEN: &str = "the controller has not been connected to yet";

/// What is known of the controller's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certificate {
    /// There was no handshake yet.
    NotSeen,
    Verified {
        /// The GSLBConfig asks for no verification, and is not listened to.
        ignores_config: bool,
    },
    /// The last handshake failed, for this reason.
    Refused(String),
    /// Nobody looks at it.
    Skipped,
}

impl Certificate {
    /// From what is configured, and what came of the last handshake. `asks_to_skip` is the GSLBConfig's wish.
    pub fn of(tls: &TlsSettings, handshake: &Handshake, asks_to_skip: bool) -> Self {
        match handshake {
            _ if tls.insecure_skip_verify => Self::Skipped,
            Handshake::None => Self::NotSeen,
            Handshake::Done => Self::Verified { ignores_config: asks_to_skip },
            Handshake::Failed(why) => Self::Refused(why.clone()),
        }
    }

    /// The condition.
    pub fn statement(&self) -> Statement {
        match self {
            Self::NotSeen => Statement::new(CERTIFICATE_VERIFIED, false, "NotConnected", NOT_SEEN),
            Self::Verified { ignores_config: false } => {
                Statement::new(CERTIFICATE_VERIFIED, true, "Verified", "the controller's certificate is verified")
            }
            Self::Verified { ignores_config: true } => Statement::new(
                CERTIFICATE_VERIFIED,
                true,
                "Verified",
                "the controller's certificate is verified; spec.gslbLeader.insecureSkipVerify is ignored, because a CA is \
                 given",
            ),
            Self::Refused(why) => Statement::new(CERTIFICATE_VERIFIED, false, "NotTrusted", why),
            Self::Skipped => Statement::new(
                CERTIFICATE_VERIFIED,
                false,
                "InsecureSkipVerify",
                "spec.gslbLeader.insecureSkipVerify is set: anybody on the path can pose as the controller",
            ),
        }
    }
}
