//! The way to the controllers without sockets, with all that can go wrong on the way.

use amko::avi::transport::{AviTransport, TransportError};
use amko_lab::avi::{AviWorld, Certificate, ConnectionReset, Handshake};
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use http_body_util::BodyExt;
use std::time::Duration;
use tower::ServiceExt;

/// The limits of the transport of production.
const CONNECT: Duration = Duration::from_secs(5);
const READ: Duration = Duration::from_secs(60);
const WRITE: Duration = Duration::from_secs(120);
const MAX_BODY: usize = 4 * 1024 * 1024;

/// Controllers without sockets: the host of the URI names the site.
pub struct InProcessTransport(pub AviWorld);

impl AviTransport for InProcessTransport {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let limit = if request.method().is_safe() { READ } else { WRITE };
            let late = |_| TransportError::Timeout(format!("{limit:?} passed"));
            self.connect(request.uri().host().unwrap_or_default()).await?;
            tokio::time::timeout(limit, self.exchange(request)).await.map_err(late)?
        })
    }
}

impl InProcessTransport {
    /// What a TCP connection and a TLS handshake come to.
    async fn connect(&self, site: &str) -> Result<(), TransportError> {
        if !self.0.is_available(site) {
            return Err(TransportError::Connect(format!("no controller {site:?}")));
        }
        let connection = self.0.connection(site);
        if connection.refused {
            return Err(TransportError::Connect("connection refused".into()));
        }
        match connection.handshake {
            Some(Handshake::Stalls) => {
                tokio::time::sleep(CONNECT).await;
                return Err(TransportError::Connect(format!("no handshake in {CONNECT:?}")));
            }
            Some(Handshake::OldProtocol) => return Err(TransportError::Tls("no version in common".into())),
            None => {}
        }
        match connection.certificate {
            Certificate::Usual | Certificate::Renewed => Ok(()),
            Certificate::WrongName => Err(TransportError::Tls("certificate of another host".into())),
            Certificate::Expired => Err(TransportError::Tls("certificate expired".into())),
        }
    }

    async fn exchange(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let site = request.uri().host().unwrap_or_default().to_owned();
        let router = self.0.router(&site).ok_or_else(|| TransportError::Connect(format!("no controller {site:?}")))?;
        let Ok(answer) = router.oneshot(request.map(Body::from)).await;
        if answer.extensions().get::<ConnectionReset>().is_some() {
            return Err(TransportError::Interrupted("connection reset".into()));
        }
        let (parts, mut body) = answer.into_parts();
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| TransportError::Interrupted(error.to_string()))?;
            let Ok(data) = frame.into_data() else { continue };
            if whole.len() + data.len() > MAX_BODY {
                return Err(TransportError::TooLarge { limit: MAX_BODY });
            }
            whole.extend_from_slice(&data);
        }
        Ok(http::Response::from_parts(parts, whole.freeze()))
    }
}
