//! All GSLB services as one JSON document, sent as it is made: it never exists as a whole, and few are made at once.

use super::refuse;
use super::view::GsDocument;
use crate::actors::gs_directory::{fqdns, view_of_each};
use crate::actors::operator::Links;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use futures::{StreamExt, stream};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Documents that are sent at the same time.
const AT_ONCE: usize = 2;
/// How long a further request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone)]
struct Lists {
    links: Links,
    turns: Arc<Semaphore>,
}

pub fn router(links: Links) -> Router {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    Router::new().route("/api/gs", get(all_services)).with_state(Lists { links, turns })
}

async fn all_services(State(Lists { links, turns }): State<Lists>) -> Response {
    let Ok(Ok(turn)) = timeout(PATIENCE, turns.acquire_owned()).await else {
        let busy = refuse(StatusCode::SERVICE_UNAVAILABLE, "this list is being sent to others, ask again");
        return ([(header::RETRY_AFTER, "5")], busy).into_response();
    };
    let names = match fqdns(&links.directory).await {
        Ok(names) => names,
        Err(error) => return refuse(StatusCode::SERVICE_UNAVAILABLE, error),
    };
    let documents = view_of_each(links.directory.clone(), names).filter_map(|view| {
        // Own types with string keys: they cannot fail to serialise.
        std::future::ready(serde_json::to_vec(&GsDocument::from(view)).ok())
    });
    let parts = documents.enumerate().map(move |(index, document)| {
        let _held_until_the_end = &turn;
        let separator: &[u8] = if index == 0 { b"" } else { b"," };
        Bytes::from([separator, &document].concat())
    });
    let whole = stream::iter([Bytes::from_static(b"[")]).chain(parts).chain(stream::iter([Bytes::from_static(b"]")]));
    let body = Body::from_stream(whole.map(Ok::<_, Infallible>));
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
