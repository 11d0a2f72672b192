//! The HTTP server: liveness, readiness, metrics, and what the operator knows about each GSLB service.

mod list;
mod server;
#[cfg(test)]
mod tests;
mod view;

pub use server::{Limits, serve};

use crate::actors::board::Board;
use crate::actors::gs_directory::{GsDirectoryMsg, view as view_of};
use crate::actors::link::Link;
use crate::actors::operator::{Child, Links, OperatorMsg};
use crate::core::dns_name::normal;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;
use view::GsDocument;

/// Whether routes exist that break the operator on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestHooks {
    Off,
    /// `POST /test/poison/{actor}` makes an actor fail as a bug would.
    On,
}

/// All routes of a running operator.
pub fn router(links: Links, hooks: TestHooks) -> Router {
    probes(links.clone(), hooks).merge(api(links))
}

/// What is known of the services: names and addresses, which not everybody need see.
pub fn api(links: Links) -> Router {
    let router = Router::new().route("/api/status", get(status)).route("/api/gs/{fqdn}", get(one_service));
    router.with_state(links.clone()).merge(list::router(links))
}

/// What kubelet and Prometheus ask.
pub fn probes(links: Links, hooks: TestHooks) -> Router {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics));
    let router = match hooks {
        TestHooks::Off => router,
        TestHooks::On => router.route("/test/poison/{*actor}", post(poison)),
    };
    router.with_state(links)
}

async fn ready(State(links): State<Links>) -> (StatusCode, String) {
    match links.board.readiness() {
        Ok(why) => (StatusCode::OK, format!("ready: {why}\n")),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")),
    }
}

async fn metrics(State(links): State<Links>) -> impl IntoResponse {
    let text = links.metrics.render(&links.board.read());
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
}

async fn status(State(links): State<Links>) -> impl IntoResponse {
    Json(Board::read(&links.board))
}

async fn one_service(State(links): State<Links>, Path(fqdn): Path<String>) -> Response {
    match view_of(&links.directory, normal(&fqdn).into_owned()).await {
        Ok(Some(view)) => Json(GsDocument::from(view)).into_response(),
        Ok(None) => refuse(StatusCode::NOT_FOUND, &format!("no object of any cluster asks for {fqdn}")),
        Err(error) => refuse(StatusCode::SERVICE_UNAVAILABLE, error),
    }
}

/// `gs/<fqdn>` fails one GSLB service actor; any other name is that of a child of the root in `/api/status`.
async fn poison(State(links): State<Links>, Path(actor): Path<String>) -> Response {
    if let Some(fqdn) = actor.strip_prefix("gs/") {
        let directory: &Link<GsDirectoryMsg> = &links.directory;
        directory.cast(GsDirectoryMsg::Poison(Some(normal(fqdn).into_owned())));
        return StatusCode::ACCEPTED.into_response();
    }
    match Child::parse(&actor) {
        Some(child) => {
            links.operator.cast(OperatorMsg::Poison(child));
            StatusCode::ACCEPTED.into_response()
        }
        None => refuse(StatusCode::NOT_FOUND, &format!("no actor {actor:?}; see `actors` in /api/status")),
    }
}

fn refuse(code: StatusCode, error: &str) -> Response {
    (code, Json(json!({ "error": error }))).into_response()
}
