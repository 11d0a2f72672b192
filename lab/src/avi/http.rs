//! The HTTP face of one site: delay, faults, the answer, the record of it.

use super::controller;
use super::faults::{Fault, FaultAnswer};
use super::inferred;
use super::login;
use super::record::RequestRecord;
use super::reply::Reply;
use super::request::{Request, TenantChoice};
use super::state::State;
use super::world::AviWorld;
use axum::Router;
use axum::body::to_bytes;
use axum::response::Response;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Larger bodies are refused, as a front proxy would.
const BODY_MOST: usize = 64 * 1024 * 1024;
/// Spread of the log-normal latency.
const LATENCY_SIGMA: f64 = 0.5;

/// A router that answers for `site`.
pub(super) fn router(world: &AviWorld, site: &str) -> Router {
    let (world, site): (AviWorld, Arc<str>) = (world.clone(), site.into());
    Router::new().fallback(move |request: axum::extract::Request| {
        let (world, site) = (world.clone(), Arc::clone(&site));
        async move { serve(&world, &site, request).await }
    })
}

async fn serve(world: &AviWorld, site: &str, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_MOST).await else {
        return Reply::html(413, "<html><body>Request Entity Too Large</body></html>").into_response();
    };
    let is_login = parts.uri.path().trim_matches('/') == "login";
    let credentials = if is_login { login::credentials(&parts, body.clone()).await } else { None };
    let request = Request::new(&parts, &body, credentials);
    let (fault, delay) = world.with(|state| plan(state, site, &request));
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    world.with(|state| answer(state, site, request, fault)).into_response()
}

/// The fault that strikes the request, and how long its answer takes.
fn plan(state: &mut State, site: &str, request: &Request) -> (Option<Fault>, Duration) {
    let fault = state.faults.strike(site, &request.method, &request.path);
    let latency = state.config.chance.latency(state.config.latency, LATENCY_SIGMA);
    let extra = fault.as_ref().map_or(Duration::ZERO, |fault| fault.delay);
    (fault, latency + extra)
}

fn answer(state: &mut State, site: &str, request: Request, fault: Option<Fault>) -> Reply {
    let reply = match fault {
        Some(Fault { answer: FaultAnswer::Truth, .. }) | None => controller::answer(state, site, &request),
        Some(fault) => {
            if fault.after_commit {
                controller::answer(state, site, &request);
            }
            faulty(fault.answer)
        }
    };
    record(state, site, request, reply.status);
    reply
}

fn faulty(answer: FaultAnswer) -> Reply {
    match answer {
        FaultAnswer::BrokenBody => Reply::broken(),
        FaultAnswer::Status { status, body } if body.starts_with('{') => Reply::text(status, "application/json", &body),
        FaultAnswer::Status { status, body } => Reply::text(status, "text/html", &body),
        FaultAnswer::Truth => Reply::html(500, inferred::UNAVAILABLE_PAGE),
    }
}

fn record(state: &mut State, site: &str, request: Request, status: u16) {
    let mut body = request.body.and_then(Result::ok);
    if let Some(body) = &mut body {
        hide_secrets(body);
    }
    let tenant = match request.tenant {
        TenantChoice::Default => None,
        TenantChoice::All => Some("*".to_owned()),
        TenantChoice::Name(name) | TenantChoice::Uuid(name) => Some(name),
    };
    state.log.push(RequestRecord {
        seq: 0,
        site: site.to_owned(),
        method: request.method,
        path_and_query: request.path_and_query,
        tenant,
        status,
        body,
    });
}

fn hide_secrets(value: &mut Value) {
    match value {
        Value::Object(map) => map.iter_mut().for_each(|(key, value)| match key.as_str() {
            "password" | "token" => *value = inferred::HIDDEN_PASSWORD.into(),
            _ => hide_secrets(value),
        }),
        Value::Array(items) => items.iter_mut().for_each(hide_secrets),
        _ => {}
    }
}
