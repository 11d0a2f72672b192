//! Connections to controllers, each with the count of its failures.

use super::api::AviApi;
use super::breaker::Exchange;
use super::{AviSessionArgs, ControllerSettings};
use crate::avi::session::{AviClient, SessionSettings};
use crate::avi::transport::{AviTransport, TransportError};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A client of one controller.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Where the controller is.
    pub address: String,
    pub api: AviApi,
    row: Arc<AtomicU32>,
}

impl Connection {
    /// Sends nothing yet.
    ///
    /// # Errors
    /// When the address or the CA cannot be used.
    pub fn new(args: &AviSessionArgs, settings: &ControllerSettings, address: &str) -> Result<Self, String> {
        let transport = args.metrics.measured((args.transports)(&settings.tls)?);
        let row = Arc::new(AtomicU32::new(0));
        let transport = Arc::new(Counting { transport, row: Arc::clone(&row) });
        let session = SessionSettings { address: address.to_owned(), ..settings.session.clone() };
        let client = AviClient::new(transport, session).map_err(|error| error.to_string())?;
        client.set_requests_per_second(settings.requests_per_second);
        Ok(Self { address: address.to_owned(), api: AviApi::new(client, settings.owner.clone()), row })
    }

    /// How many exchanges have failed since the last answer.
    pub fn row(&self) -> u32 {
        self.row.load(Ordering::Relaxed)
    }

    /// What failed so far says nothing any more.
    pub fn forget_failures(&self) {
        self.row.store(0, Ordering::Relaxed);
    }
}

/// A transport that counts the exchanges that fail in a row.
struct Counting {
    transport: Arc<dyn AviTransport>,
    row: Arc<AtomicU32>,
}

impl AviTransport for Counting {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        async move {
            let answer = self.transport.send(request).await;
            let exchange = Exchange::of(answer.as_ref().map(http::Response::status));
            let _ = self.row.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |row| Some(exchange.extend(row)));
            answer
        }
        .boxed()
    }
}
