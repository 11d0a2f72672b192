//! The seam to the controller's network: everything above it works with any [`AviTransport`].

mod production;
mod tls;

pub use production::{ReqwestTransport, Timeouts, TransportSetupError};
pub use tls::TlsSettings;

use bytes::Bytes;
use futures::future::BoxFuture;

/// Sends one HTTP request with an absolute `https` URI and returns the whole answer. No redirects, no cookies, no
/// retries: each call is at most one request on the wire.
pub trait AviTransport: Send + Sync + 'static {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>>;
}

/// Why there is no HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Name resolution or the TCP connection failed.
    #[error("cannot connect: {0}; nothing was sent")]
    Connect(String),
    /// The TLS handshake failed, mostly because the certificate is not trusted.
    #[error("TLS handshake failed: {0}; nothing was sent")]
    Tls(String),
    /// The request is not valid HTTP, for instance because of a line break in a tenant name.
    #[error("request cannot be built: {0}; nothing was sent")]
    Unsendable(String),
    #[error("no complete answer in time: {0}; the controller may have executed the request")]
    Timeout(String),
    /// Reset, or closed before the answer was complete.
    #[error("connection lost: {0}; the controller may have executed the request")]
    Interrupted(String),
    #[error("answer is larger than {limit} bytes and was dropped; the controller executed the request")]
    TooLarge { limit: usize },
}

impl TransportError {
    /// Whether the controller may have acted on the request.
    pub fn may_have_been_executed(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Tls(_) | Self::Unsendable(_) => false,
            Self::Timeout(_) | Self::Interrupted(_) | Self::TooLarge { .. } => true,
        }
    }
}

#[cfg(test)]
mod tests;
