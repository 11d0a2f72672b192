//! A client of one watch that neither waits for ever nor asks without pause.
//!
//! kube bounds the time to connect and the silence of a running watch, and nothing else: a list that is accepted and
//! never answered hangs for ever, and a watch that the server ends at once is opened again at once, without an item of
//! the stream in which the caller could pause.

use super::ear::{Ear, Mouth, ear};
use crate::retry::pause;
use http::{Request, Response};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use tower::BoxError;

/// Longest wait for a page of a list, or for a watch to begin.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Two watches never begin closer together than this.
pub const MIN_ROUND: Duration = Duration::from_secs(1);

/// Why an answer is not waited for any longer.
#[derive(Debug, thiserror::Error)]
#[error("no answer to GET {path} in {PATIENCE:?}: the API server hangs, or something on the way swallows packets")]
struct NoAnswer {
    path: String,
}

/// The same client for the list and watch requests of one kind, bounded in both directions.
pub fn bounded(client: &Client) -> Client {
    audible(client).0
}

/// The same, and who hears of each watch that the API server accepts.
pub fn audible(client: &Client) -> (Client, Ear) {
    let (mouth, ear) = ear();
    (bounded_telling(client, mouth), ear)
}

fn bounded_telling(client: &Client, mouth: Mouth) -> Client {
    let (client, namespace) = (client.clone(), client.default_namespace().to_owned());
    let next_watch = Arc::new(Mutex::new(Instant::now()));
    let service = tower::service_fn(move |request: Request<Body>| {
        let (client, next_watch, mouth) = (client.clone(), Arc::clone(&next_watch), mouth.clone());
        async move {
            let is_watch = request.uri().query().is_some_and(|query| query.split('&').any(|part| part == "watch=true"));
            if is_watch {
                let turn = take_turn(&mut next_watch.lock());
                pause(turn).await;
            }
            let path = request.uri().path().to_owned();
            let answer = timeout(PATIENCE, exchange(&client, request, is_watch)).await;
            let answer = answer.unwrap_or_else(|_| Err(NoAnswer { path }.into()))?;
            if is_watch && answer.status().is_success() {
                mouth.accepted();
            }
            Ok::<_, BoxError>(answer)
        }
    });
    Client::new(service, namespace)
}

/// How long to wait for one's turn, which is then taken.
fn take_turn(next: &mut Instant) -> Duration {
    let now = Instant::now();
    let turn = (*next).max(now);
    *next = turn + MIN_ROUND;
    turn - now
}

/// A list is read to its end here, so that its whole transfer is bounded; a watch is handed on as it comes.
async fn exchange(client: &Client, request: Request<Body>, is_watch: bool) -> Result<Response<Body>, BoxError> {
    let answer = client.send(request).await?;
    if is_watch {
        return Ok(answer);
    }
    let (head, body) = answer.into_parts();
    Ok(Response::from_parts(head, Body::from(body.collect().await?.to_bytes())))
}
