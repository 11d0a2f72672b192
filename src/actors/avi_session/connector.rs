//! Connections to controllers, each with the count of its failures.

use super::api::AviApi;
use super::breaker::Exchange;
use super::{AviSessionArgs, ControllerSettings};
use crate::avi::session::{AviClient, SessionSettings};
use crate::avi::transport::{AviTransport, TransportError};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// A client of one controller.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Where the controller is.
    pub address: String,
    pub api: AviApi,
    row: Arc<AtomicU32>,
    answers: Arc<AtomicU64>,
    handshake: Arc<Mutex<Handshake>>,
}

/// What came of the last TLS handshake with a controller.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Handshake {
    /// There was none.
    #[default]
    None,
    Done,
    Failed(String),
}

impl Connection {
    /// Sends nothing yet.
    ///
    /// # Errors
    /// When the address or the CA cannot be used.
    pub fn new(args: &AviSessionArgs, settings: &ControllerSettings, address: &str) -> Result<Self, String> {
        let transport = args.metrics.measured((args.transports)(&settings.tls)?);
        let row = Arc::new(AtomicU32::new(0));
        let answers = Arc::new(AtomicU64::new(0));
        let handshake = Arc::new(Mutex::new(Handshake::None));
        let transport = Arc::new(Counting {
            transport,
            row: Arc::clone(&row),
            answers: Arc::clone(&answers),
            handshake: Arc::clone(&handshake),
        });
        let session = SessionSettings { address: address.to_owned(), ..settings.session.clone() };
        let client = AviClient::new(transport, session).map_err(|error| error.to_string())?;
        client.set_requests_per_second(settings.requests_per_second);
        Ok(Self {
            address: address.to_owned(),
            api: AviApi::new(client, settings.owner.clone()),
            row,
            answers,
            handshake,
        })
    }

    /// How many exchanges have failed since the last answer.
    pub fn row(&self) -> u32 {
        self.row.load(Ordering::Relaxed)
    }

    /// How many exchanges were answered so far.
    pub fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    pub fn handshake(&self) -> Handshake {
        self.handshake.lock().clone()
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
    answers: Arc<AtomicU64>,
    handshake: Arc<Mutex<Handshake>>,
}

impl Counting {
    fn shake(&self, answer: &Result<http::Response<Bytes>, TransportError>) {
        let seen = match answer {
            Ok(_) => Handshake::Done,
            Err(TransportError::Tls(why)) => Handshake::Failed(why.clone()),
            // None came about, or it says nothing of it.
            Err(_) => return,
        };
        let mut handshake = self.handshake.lock();
        if *handshake != seen {
            *handshake = seen;
        }
    }
}

impl AviTransport for Counting {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        async move {
            let answer = self.transport.send(request).await;
            self.shake(&answer);
            let exchange = Exchange::of(answer.as_ref().map(http::Response::status));
            let _ = self.row.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |row| Some(exchange.extend(row)));
            self.answers.fetch_add(u64::from(exchange == Exchange::Answered), Ordering::Relaxed);
            answer
        }
        .boxed()
    }
}
