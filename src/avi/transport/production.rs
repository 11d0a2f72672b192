//! The transport of production: reqwest over rustls, one connection pool for one controller.

use super::tls::{CertificateRefused, TlsSettings, client_config};
use super::{AviTransport, TransportError};
use crate::causes::causes;
use bytes::{Bytes, BytesMut};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use std::error::Error as StdError;
use std::time::Duration;

/// Answers above this size are refused while they arrive. As a tree, text of this size takes about thirty times as much
/// memory, which has to fit into that of a pod. Lists that are larger are asked for in smaller pages.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// Time limits of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// TCP and TLS.
    pub connect: Duration,
    /// A whole exchange that reads.
    pub read: Duration,
    /// A whole exchange that writes; longer, because a write that is given up leaves its outcome unknown.
    pub write: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), read: Duration::from_secs(60), write: Duration::from_secs(120) }
    }
}

/// Why no transport could be made.
#[derive(Debug, thiserror::Error)]
pub enum TransportSetupError {
    #[error("the controller CA is not usable: {0}; give PEM certificates in key ca.crt or with --controller-ca")]
    Ca(String),
    #[error("cannot set up the HTTP client: {0}")]
    Client(#[source] reqwest::Error),
}

/// Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    timeouts: Timeouts,
    max_body: usize,
}

impl ReqwestTransport {
    /// Proxies from the environment are not used: the controller is reached directly, as the address says.
    pub fn new(tls: &TlsSettings, timeouts: Timeouts) -> Result<Self, TransportSetupError> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(client_config(tls)?)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .http1_only()
            .connect_timeout(timeouts.connect)
            .build()
            .map_err(TransportSetupError::Client)?;
        Ok(Self { client, timeouts, max_body: MAX_BODY })
    }

    /// A smaller limit for answers.
    #[cfg(test)]
    pub(super) fn with_max_body(self, max_body: usize) -> Self {
        Self { max_body, ..self }
    }

    async fn exchange(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let limit = if request.method().is_safe() { self.timeouts.read } else { self.timeouts.write };
        let mut request = reqwest::Request::try_from(request).map_err(|e| translate(&e))?;
        *request.timeout_mut() = Some(limit);
        let mut answer = self.client.execute(request).await.map_err(|e| translate(&e))?;
        let body = self.body(&mut answer).await?;
        let mut response = http::Response::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }

    async fn body(&self, answer: &mut reqwest::Response) -> Result<Bytes, TransportError> {
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| translate(&e))? {
            if body.len() + chunk.len() > self.max_body {
                return Err(TransportError::TooLarge { limit: self.max_body });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

impl AviTransport for ReqwestTransport {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        self.exchange(request).boxed()
    }
}

/// What happened matters less than whether the request left this process: everything that is not known to have
/// failed before that counts as possibly executed.
fn translate(error: &reqwest::Error) -> TransportError {
    let causes = causes(error);
    if let Some(refused) = causes.iter().find_map(|cause| certificate_refused(*cause)) {
        return TransportError::Tls(refused.to_string());
    }
    let text = causes.last().map_or_else(|| error.to_string(), ToString::to_string);
    if error.is_builder() {
        TransportError::Unsendable(text)
    } else if error.is_connect() {
        match causes.iter().find_map(|cause| rustls_error(*cause)) {
            Some(tls) => TransportError::Tls(tls.to_string()),
            None => TransportError::Connect(text),
        }
    } else if error.is_timeout() {
        TransportError::Timeout(text)
    } else {
        TransportError::Interrupted(text)
    }
}

fn rustls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    error.downcast_ref()
}

fn certificate_refused<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a CertificateRefused> {
    match rustls_error(error)? {
        rustls::Error::Other(other) => (*other.0).downcast_ref(),
        _ => None,
    }
}
