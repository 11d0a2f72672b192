//! The HTTP face of one site: delay, faults, the answer, the record of it.

use super::controller;
use super::faults::effect::{Effect, Phase};
use super::faults::{Arrival, Struck};
use super::inferred;
use super::login;
use super::meddle;
use super::portal;
use super::record::RequestRecord;
use super::reply::{Content, Reply};
use super::request::Request;
use super::state::State;
use super::world::AviWorld;
use axum::Router;
use axum::body::to_bytes;
use axum::response::Response;
use serde_json::{Value, json};
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
    let (struck, latency) = world.with(|state| {
        let struck = strike(state, site, &request);
        (struck, state.config.chance.latency(state.config.latency, LATENCY_SIGMA))
    });
    pause(latency + delay(&struck, false)).await;
    let reply = world.with(|state| answer(state, site, request, &struck));
    if reply.content == Content::Silence {
        std::future::pending::<()>().await;
    }
    pause(delay(&struck, true)).await;
    reply.trickling(struck.iter().find_map(|struck| match struck.effect {
        Effect::Slow { trickle, .. } => trickle,
        _ => None,
    }))
}

async fn pause(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}

/// The faults that strike the request.
fn strike(state: &mut State, site: &str, request: &Request) -> Vec<Struck> {
    if state.faults.is_empty() {
        return Vec::new();
    }
    let sessions = state.sites.get(site).map(|site| &site.sessions);
    let session = sessions.zip(portal::session_id(request)).and_then(|(sessions, id)| sessions.rank(id));
    let (method, path) = (request.method.as_str(), request.path.as_str());
    let now = state.now();
    let arrival = Arrival { site, now, method, path, tenant: request.tenant.text(), session };
    state.faults.strike(&arrival, &state.config.chance)
}

/// How long the faults hold the request up, before or after it is executed.
fn delay(struck: &[Struck], after: bool) -> Duration {
    let each = struck.iter().map(|struck| match &struck.effect {
        Effect::Once { delay, .. } if !after => *delay,
        Effect::Slow { delay, .. } if (struck.phase == Phase::AfterCommit) == after => *delay,
        _ => Duration::ZERO,
    });
    each.sum()
}

fn answer(state: &mut State, site: &str, request: Request, struck: &[Struck]) -> Reply {
    let instead = struck.iter().find_map(|struck| match &struck.effect {
        Effect::Once { instead, .. } => instead.as_ref().map(|instead| (instead, struck)),
        Effect::Instead(instead) => Some((instead, struck)),
        _ => None,
    });
    let reply = match instead {
        Some((instead, Struck { phase, nth, .. })) => {
            let truth = match phase {
                Phase::AfterCommit => execute(state, site, &request, struck),
                Phase::BeforeCommit => {
                    // Only the use of the session counts.
                    let _ = portal::authenticate(state, site, &request);
                    Reply::json(200, json!({}))
                }
                Phase::BeforeRead => Reply::json(200, json!({})),
            };
            instead.reply(*nth, truth, &request)
        }
        None => execute(state, site, &request, struck),
    };
    record(state, site, request, reply.status);
    state.end_used_faults();
    reply
}

/// What the controller does with the request, after everything that is done to its state before, and its answer with
/// everything that is done to that.
fn execute(state: &mut State, site: &str, request: &Request, struck: &[Struck]) -> Reply {
    for struck in struck {
        if let Effect::Meddle(meddling) = &struck.effect
            && let Some(reply) = meddle::run(state, site, request, meddling)
        {
            return reply;
        }
    }
    let changes: Vec<_> = struck.iter().filter_map(|struck| struck.effect.change()).collect();
    if changes.is_empty() {
        return controller::answer(state, site, request);
    }
    let mut changed = request.clone();
    changes.iter().for_each(|change| change.request(&mut changed));
    let reply = controller::answer(state, site, &changed);
    changes.iter().fold(reply, |reply, change| change.reply(state, site, &changed, reply))
}

fn record(state: &mut State, site: &str, request: Request, status: u16) {
    let mut body = request.body.and_then(Result::ok);
    if let Some(body) = &mut body {
        hide_secrets(body);
    }
    let tenant = request.tenant.text().map(str::to_owned);
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
