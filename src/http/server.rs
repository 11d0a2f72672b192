//! The connections of the HTTP server: so many and no more, none of them for ever, and always room for a probe.
//!
//! When all places are taken, a new connection takes that of the oldest one which has no request under way: whoever opens
//! connections and says nothing keeps nobody out.

#[cfg(test)]
mod tests;

use crate::retry::pause;
use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::timeout;
use tower::ServiceExt;

/// What a client may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// At the same time.
    pub connections: usize,
    /// Until the header of a request has come in, and between two requests.
    pub silence: Duration,
    /// Of one connection: beyond it, the answer under way is the last one.
    pub life: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 256, silence: Duration::from_secs(10), life: Duration::from_secs(300) }
    }
}

/// Bytes of a header, and of an answer that wait to be sent.
const BUFFER: usize = 64 * 1024;
/// After the kernel refused a connection, for instance because the process has no file descriptor left.
const REST: Duration = Duration::from_millis(100);

/// Answers until dropped, and with it every connection.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits) {
    let (mut places, mut connections) = (Places::default(), JoinSet::new());
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    while places.taken() >= limits.connections.max(1) {
                        places.make_room();
                    }
                    let requests = Arc::default();
                    let talk = talk(stream, router.clone(), Arc::clone(&requests), limits);
                    places.take(connections.spawn(talk), requests);
                }
                Err(error) => {
                    tracing::debug!(%error, "a connection to the HTTP server was lost before it was accepted");
                    pause(REST).await;
                }
            },
            Some(ended) = connections.join_next_with_id() => {
                let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
                places.leave(id);
            }
        }
    }
}

/// One connection, from its acceptance to its end.
async fn talk(stream: TcpStream, router: Router, requests: Arc<AtomicUsize>, limits: Limits) {
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let (router, underway) = (router.clone(), Underway::begin(&requests));
        async move {
            let answer = router.oneshot(request.map(Body::new)).await;
            drop(underway);
            answer
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.silence).max_buf_size(BUFFER);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    // What ended it is the client's business.
    if timeout(limits.life, connection.as_mut()).await.is_err() {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(limits.silence, connection).await;
    }
}

/// A request that was read and not answered yet.
struct Underway(Arc<AtomicUsize>);

impl Underway {
    fn begin(requests: &Arc<AtomicUsize>) -> Self {
        requests.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(requests))
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The connections there are, oldest first.
#[derive(Debug, Default)]
struct Places(VecDeque<(AbortHandle, Arc<AtomicUsize>)>);

impl Places {
    fn taken(&self) -> usize {
        self.0.len()
    }

    fn take(&mut self, connection: AbortHandle, requests: Arc<AtomicUsize>) {
        self.0.push_back((connection, requests));
    }

    fn leave(&mut self, id: Id) {
        self.0.retain(|(connection, _)| connection.id() != id);
    }

    /// Ends the oldest connection without a request under way; when each has one, the oldest.
    fn make_room(&mut self) {
        let idle = self.0.iter().position(|(_, requests)| requests.load(Ordering::Relaxed) == 0);
        if let Some((connection, _)) = self.0.remove(idle.unwrap_or(0)) {
            connection.abort();
        }
    }
}
