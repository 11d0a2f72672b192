//! The control interface of a running lab: plain HTTP on loopback, one small JSON answer each.
//!
//! `GET /lab` is `lab.json`; `GET /faults` lists what is broken on purpose; `GET /requests?since=N` lists what the
//! controllers were asked after request number N; `POST /blackout/NAME`, `POST /restore/NAME|all` and
//! `POST /promote/SITE` change the lab. `POST /faults` with a JSON object of `name`, `target` and `options` adds a
//! fault, `DELETE /faults/ID|all` mends it.

use super::lab::{Lab, LabError};
use crate::avi::{FaultListing, FaultOrder, RequestRecord};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The answer to a command: what was done, or why it was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub message: String,
    /// Of a fault that was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// Something that is broken on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveFault {
    /// What `fault clear` takes.
    pub id: String,
    pub fault: String,
    /// Site or cluster; `all` for every controller.
    pub target: String,
    /// Those that were set.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// Requests struck so far.
    #[serde(default)]
    pub struck: u64,
}

impl ActiveFault {
    fn blackout(target: String) -> Self {
        Self { id: target.clone(), fault: "blackout".into(), target, options: BTreeMap::new(), struck: 0 }
    }
}

impl From<FaultListing> for ActiveFault {
    fn from(listing: FaultListing) -> Self {
        let FaultListing { id, name, target, options, struck } = listing;
        Self { id: id.to_string(), fault: name, target: target.unwrap_or_else(|| "all".into()), options, struck }
    }
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
        .route("/faults", get(faults).post(add_fault))
        .route("/faults/{id}", delete(clear_fault))
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
    let blackouts = lab.dark().await.into_iter().map(ActiveFault::blackout);
    Json(blackouts.chain(lab.worlds().avi.faults().into_iter().map(ActiveFault::from)).collect())
}

async fn add_fault(State(lab): State<Arc<Lab>>, Json(order): Json<FaultOrder>) -> Response {
    match lab.worlds().avi.add_fault(&order) {
        Ok(id) => {
            let at = order.target.unwrap_or_else(|| "all controllers".into());
            let message = format!("fault {id}: {} of {at}; `amko-lab fault clear {id}` mends it", order.name);
            (StatusCode::OK, Json(Answer { message, id: Some(id.to_string()) })).into_response()
        }
        Err(problem) => answer(StatusCode::BAD_REQUEST, problem),
    }
}

async fn clear_fault(State(lab): State<Arc<Lab>>, Path(id): Path<String>) -> Response {
    outcome(lab.clear_fault(&id).await, || if id == "all" { "all mended".into() } else { format!("{id} mended") })
}

/// Oldest first; the controllers remember a bounded number.
async fn requests(State(lab): State<Arc<Lab>>, Query(Since { since }): Query<Since>) -> Json<Vec<ControllerRequest>> {
    let records = lab.worlds().avi.requests().into_iter();
    Json(records.filter(|record| record.seq > since).map(ControllerRequest::from).collect())
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
        LabError::Target(_) | LabError::NoFault(_) => StatusCode::NOT_FOUND,
        LabError::Promote { .. } | LabError::Serve(_) => StatusCode::CONFLICT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn answer(status: StatusCode, message: String) -> Response {
    (status, Json(Answer { message, id: None })).into_response()
}
