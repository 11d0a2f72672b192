//! A simulated controller on a socket of its own, over HTTP or HTTPS, that takes orders from a script: faults, expired
//! sessions, connections that break, the log of what was asked.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use amko_lab::avi::{AviWorld, AviWorldConfig, Fault, FaultAnswer, SiteConfig};
use amko_lab::chance::Chance;
use amko_lab::clock::Clock;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use axum::routing::post;
use axum::{Json, Router};
use axum_server::tls_rustls::RustlsConfig;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tower::ServiceExt;

const SITE: &str = "alpha";
const BODY_MOST: usize = 16 * 1024 * 1024;

/// How the controller is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Http,
    /// With a certificate that is signed by itself.
    Https,
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Http { "http" } else { "https" })
    }
}

/// A served controller; it ends when this is dropped.
pub struct Served {
    pub url: String,
    task: JoinHandle<std::io::Result<()>>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A one-site world on a port of its own, with the orders of the script beside the controller.
pub async fn serve(scheme: Scheme) -> Served {
    let site = SiteConfig { name: SITE.into(), address: "127.0.0.1".into() };
    let world = AviWorld::new(AviWorldConfig::new(vec![site], Clock::real(), Chance::seeded(1)));
    let door = Door::new(&world);
    let app = orders(&world, &door).fallback(move |request| door.clone().answer(request));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let service = app.into_make_service();
    let task = match scheme {
        Scheme::Http => tokio::spawn(axum_server::from_tcp(listener).unwrap().serve(service)),
        Scheme::Https => {
            let server = axum_server::from_tcp_rustls(listener, self_signed().await).unwrap();
            tokio::spawn(server.serve(service))
        }
    };
    Served { url: format!("{scheme}://{address}"), task }
}

async fn self_signed() -> RustlsConfig {
    // Another test of this program may have installed the same provider before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    RustlsConfig::from_pem(certificate.into_bytes(), key.into_bytes()).await.unwrap()
}

/// What a request looked like.
#[derive(Debug, Clone)]
struct Heard {
    line: String,
    headers: BTreeMap<String, String>,
    body: String,
}

/// A connection that breaks without an answer, some times.
#[derive(Debug, Clone, Default)]
struct Break {
    path_prefix: String,
    times: u64,
    /// Whether the controller does what it was asked before the connection breaks.
    after_commit: bool,
}

/// Stands before the controller: listens, and breaks connections.
#[derive(Clone)]
struct Door {
    controller: Router,
    heard: Arc<Mutex<Vec<Heard>>>,
    breaks: Arc<Mutex<Break>>,
}

impl Door {
    fn new(world: &AviWorld) -> Self {
        Self { controller: world.router(SITE).unwrap(), heard: Arc::default(), breaks: Arc::default() }
    }

    async fn answer(self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, BODY_MOST).await.unwrap_or_default();
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let line = format!("{} {}", parts.method, parts.uri.path_and_query().map_or("/", |path| path.as_str()));
        self.heard.lock().push(Heard {
            line,
            headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: String::from_utf8_lossy(&body).into_owned(),
        });
        let broken = self.strikes(parts.uri.path());
        if broken == Some(false) {
            hang_up();
        }
        let Ok(answer) = self.controller.oneshot(Request::from_parts(parts, Body::from(body))).await;
        if broken == Some(true) {
            hang_up();
        }
        answer
    }

    /// Whether the connection breaks, and whether that is after the controller did its work.
    fn strikes(&self, path: &str) -> Option<bool> {
        let mut breaks = self.breaks.lock();
        if breaks.times == 0 || !path.replace("//", "/").starts_with(&breaks.path_prefix) {
            return None;
        }
        breaks.times -= 1;
        Some(breaks.after_commit)
    }
}

/// Ends the task of this connection, which closes it before a byte of an answer was sent. Unlike a panic it says
/// nothing on standard error.
fn hang_up() {
    std::panic::resume_unwind(Box::new("the connection breaks on order"));
}

/// Every order reads its body: a connection that is closed over unread bytes is reset.
fn orders(world: &AviWorld, door: &Door) -> Router {
    let (expiring, calming, failing) = (world.clone(), world.clone(), world.clone());
    let (counting, listing) = (door.heard.clone(), door.heard.clone());
    let (breaking, mending) = (door.breaks.clone(), door.breaks.clone());
    let expire = async move |Json::<Value>(_)| Json(json!(expiring.expire_sessions(SITE)));
    let calm = async move |Json::<Value>(_)| {
        *mending.lock() = Break::default();
        Json(json!(calming.clear_faults()))
    };
    let fail = async move |Json(order): Json<Value>| Json(json!(failing.inject(fault(&order))));
    let hang_up = async move |Json(order): Json<Value>| {
        *breaking.lock() = Break {
            path_prefix: order["path_prefix"].as_str().unwrap_or_default().to_owned(),
            times: order["times"].as_u64().unwrap_or_default(),
            after_commit: order["after_commit"] == true,
        };
        Json(json!({}))
    };
    let count = async move |Json::<Value>(_)| Json(json!(counting.lock().len()));
    let requests = async move |Json(order): Json<Value>| {
        let since = usize::try_from(order["since"].as_u64().unwrap_or_default()).unwrap();
        Json(listing.lock().iter().skip(since).map(document).collect::<Value>())
    };
    Router::new()
        .route("/sim/expire", post(expire))
        .route("/sim/calm", post(calm))
        .route("/sim/fault", post(fail))
        .route("/sim/break", post(hang_up))
        .route("/sim/count", post(count))
        .route("/sim/requests", post(requests))
}

fn document(heard: &Heard) -> Value {
    json!({ "line": heard.line, "headers": heard.headers, "body": heard.body })
}

fn fault(order: &Value) -> Fault {
    let text = |field: &str| order[field].as_str().unwrap_or_default();
    let number = |field: &str| order[field].as_u64().unwrap_or_default();
    let answer = match text("answer") {
        "broken" => FaultAnswer::BrokenBody,
        "truth" => FaultAnswer::Truth,
        _ => FaultAnswer::Status { status: number("status").try_into().unwrap(), body: text("body").to_owned() },
    };
    Fault {
        method: order["method"].as_str().map(ToOwned::to_owned),
        answer,
        times: number("times").try_into().unwrap(),
        after_commit: order["after_commit"] == true,
        delay: Duration::from_secs(number("delay")),
        ..Fault::once(SITE, text("path_prefix"), 0, "")
    }
}
