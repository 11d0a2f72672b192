//! Faults of connections: what a client meets before its first request.

use std::time::Duration;

/// What is wrong with the connections of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::avi) enum ConnectionFault {
    Refused,
    Certificate(Certificate),
    Handshake(Handshake),
    /// Connections without a request are closed after this time.
    IdleClose(Duration),
}

/// Which certificate a site shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Certificate {
    #[default]
    Usual,
    /// Another one, as good as the usual one and of the same CA.
    Renewed,
    /// Of the same CA, for another host.
    WrongName,
    /// Of the same CA, whose time is over.
    Expired,
}

/// How a TLS handshake goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handshake {
    /// The client's first message is never answered.
    Stalls,
    /// The client's first message is answered with an alert: no version in common.
    OldProtocol,
}

/// How connections to a site fare now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConnectionState {
    /// Nobody listens.
    pub refused: bool,
    pub certificate: Certificate,
    pub handshake: Option<Handshake>,
    /// Connections without a request are closed after this time.
    pub idle_close: Option<Duration>,
}

impl ConnectionState {
    /// With one more fault; of two of a kind the later one counts.
    pub(super) fn with(mut self, fault: ConnectionFault) -> Self {
        match fault {
            ConnectionFault::Refused => self.refused = true,
            ConnectionFault::Certificate(certificate) => self.certificate = certificate,
            ConnectionFault::Handshake(handshake) => self.handshake = Some(handshake),
            ConnectionFault::IdleClose(after) => self.idle_close = Some(after),
        }
        self
    }
}
