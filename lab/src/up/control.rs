//! The control interface of a running lab: plain HTTP on loopback, one small JSON answer each.
//!
//! `GET /lab` is `lab.json`; `GET /faults` lists what is broken on purpose; `GET /requests?since=N` lists what the
//! controllers were asked after request number N; `POST /blackout/NAME`, `POST /restore/NAME|all` and
//! `POST /promote/SITE` change the lab.

use super::lab::{Lab, LabError};
use crate::avi::RequestRecord;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The answer to a command: what was done, or why it was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub message: String,
}

/// Something that is broken on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveFault {
    /// What `fault clear` takes.
    pub id: String,
    pub fault: String,
    pub target: String,
}

/// One request to a controller, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControllerRequest {
    /// Grows by one with each request to any controller.
    pub seq: u64,
    pub site: String,
    pub method: String,
    /// Path and query.
    pub path: String,
    pub status: u16,
}

impl From<RequestRecord> for ControllerRequest {
    fn from(record: RequestRecord) -> Self {
        let RequestRecord { seq, site, method, path_and_query, status, .. } = record;
        Self { seq, site, method, path: path_and_query, status }
    }
}

#[derive(Debug, Deserialize)]
struct Since {
    #[serde(default)]
    since: u64,
}

/// The routes over this lab.
pub fn router(lab: Arc<Lab>) -> Router {
    Router::new()
        .route("/lab", get(report))
        .route("/faults", get(faults).post(unavailable))
        .route("/requests", get(requests))
        .route("/blackout/{name}", post(black_out))
        .route("/restore/{name}", post(restore))
        .route("/promote/{site}", post(promote))
        .with_state(lab)
}

async fn report(State(lab): State<Arc<Lab>>) -> Response {
    Json(lab.report().await).into_response()
}

async fn faults(State(lab): State<Arc<Lab>>) -> Json<Vec<ActiveFault>> {
    let fault = |target: String| ActiveFault { id: target.clone(), fault: "blackout".into(), target };
    Json(lab.dark().await.into_iter().map(fault).collect())
}

/// Oldest first; the controllers remember a bounded number.
async fn requests(State(lab): State<Arc<Lab>>, Query(Since { since }): Query<Since>) -> Json<Vec<ControllerRequest>> {
    let records = lab.worlds().avi.requests().into_iter();
    Json(records.filter(|record| record.seq > since).map(ControllerRequest::from).collect())
}

async fn unavailable() -> Response {
    answer(StatusCode::NOT_IMPLEMENTED, "not available yet".into())
}

async fn black_out(State(lab): State<Arc<Lab>>, Path(name): Path<String>) -> Response {
    let done = lab.black_out(&name).await;
    outcome(done, || format!("{name} is blacked out; `amko-lab restore {name}` brings it back"))
}

async fn restore(State(lab): State<Arc<Lab>>, Path(name): Path<String>) -> Response {
    outcome(lab.restore(&name).await, || format!("{name} answers again"))
}

async fn promote(State(lab): State<Arc<Lab>>, Path(site): Path<String>) -> Response {
    let done = lab.promote(&site).await;
    outcome(done, || format!("{site} is the GSLB leader now; gc-1 must name its address to be followed"))
}

fn outcome(done: Result<(), LabError>, message: impl FnOnce() -> String) -> Response {
    match done {
        Ok(()) => answer(StatusCode::OK, message()),
        Err(error) => answer(status(&error), error.to_string()),
    }
}

fn status(error: &LabError) -> StatusCode {
    match error {
        LabError::Target(_) => StatusCode::NOT_FOUND,
        LabError::Promote { .. } | LabError::Serve(_) => StatusCode::CONFLICT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn answer(status: StatusCode, message: String) -> Response {
    (status, Json(Answer { message })).into_response()
}
