//! What stands before a controller: notes every request when it arrives, lets it wait, and notes the answer.

use crate::parameters::Parameters;
use amko_lab::chance::Chance;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{Method, StatusCode};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Spread of the log-normal latency, as the lab's own.
const SIGMA: f64 = 0.5;

/// One request.
#[derive(Debug, Clone)]
pub struct Seen {
    /// When all of it had arrived, before any delay.
    pub at: Instant,
    /// When its answer was ready; `None` while it is not, or when the connection broke before.
    pub answered: Option<Instant>,
    /// 0 without an answer.
    pub status: u16,
    pub method: Method,
    pub path_and_query: String,
    pub body: Bytes,
}

impl Seen {
    /// Whether it asked for a change; a login is none.
    pub fn is_write(&self) -> bool {
        self.path_and_query.starts_with("/api/") && !self.method.is_safe()
    }

    /// Whether it is a login or a logout.
    pub fn is_session(&self) -> bool {
        self.path_and_query.starts_with("/log")
    }
}

/// The requests of one controller. Clones share them.
#[derive(Debug, Clone)]
pub struct Recorder(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    seen: Mutex<Vec<Seen>>,
    write_latency: Duration,
    read_latency: Duration,
    chance: Chance,
}

impl Recorder {
    pub fn new(parameters: &Parameters, chance: Chance) -> Self {
        let Parameters { write_latency, read_latency, .. } = *parameters;
        Self(Arc::new(Shared { seen: Mutex::default(), write_latency, read_latency, chance }))
    }

    /// Puts the recorder before a controller.
    pub fn before(&self, router: Router) -> Router {
        let recorder = self.clone();
        router.layer(from_fn(move |request: Request, next: Next| {
            let recorder = recorder.clone();
            async move { recorder.pass(request, next).await }
        }))
    }

    async fn pass(&self, request: Request, next: Next) -> Response {
        let (parts, body) = request.into_parts();
        let Ok(body) = to_bytes(body, usize::MAX).await else { return StatusCode::BAD_REQUEST.into_response() };
        let path_and_query = parts.uri.path_and_query().map_or_else(String::new, ToString::to_string);
        let seen = Seen {
            at: Instant::now(),
            answered: None,
            status: 0,
            method: parts.method.clone(),
            path_and_query,
            body: body.clone(),
        };
        let median = if seen.is_write() { self.0.write_latency } else { self.0.read_latency };
        let place = self.note(seen);
        let delay = self.0.chance.latency(median, SIGMA);
        if !delay.is_zero() {
            sleep(delay).await;
        }
        let response = next.run(Request::from_parts(parts, Body::from(body))).await;
        if let Some(seen) = self.0.seen.lock().get_mut(place) {
            seen.answered = Some(Instant::now());
            seen.status = response.status().as_u16();
        }
        response
    }

    fn note(&self, seen: Seen) -> usize {
        let mut all = self.0.seen.lock();
        all.push(seen);
        all.len() - 1
    }

    /// How many requests there were so far: what [`Self::since`] takes.
    pub fn mark(&self) -> usize {
        self.0.seen.lock().len()
    }

    pub fn since(&self, mark: usize) -> Vec<Seen> {
        self.0.seen.lock().get(mark..).unwrap_or_default().to_vec()
    }

    /// When anything last arrived or was answered.
    pub fn last_sign(&self) -> Option<Instant> {
        let seen = self.0.seen.lock();
        // Answers come out of order, but never far: as many as there are connections.
        seen.iter().rev().take(1000).filter_map(|seen| seen.answered.max(Some(seen.at))).max()
    }
}
