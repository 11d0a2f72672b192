//! A small controller in process: it opens sessions, answers what it was told to, and remembers what it was asked.

use super::session::{AviClient, SessionSettings};
use super::transport::{AviTransport, TransportError};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use tower::ServiceExt as _;

pub const PASSWORD: &str = "pass-word-1";

/// One request, without what is the same in each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Method, path and query.
    pub line: String,
    pub tenant: String,
    /// `Null` when empty.
    pub body: Value,
}

pub fn seen(line: &str, tenant: &str, body: Value) -> Seen {
    Seen { line: line.to_owned(), tenant: tenant.to_owned(), body }
}

#[derive(Default)]
struct Inner {
    logins: u32,
    /// The session that is accepted.
    session: Option<String>,
    login_answer: Option<(u16, Value)>,
    answers: BTreeMap<String, VecDeque<(u16, Value)>>,
    faults: BTreeMap<String, TransportError>,
    seen: Vec<Seen>,
    headers: Vec<HeaderMap>,
}

/// Clones are the same controller.
#[derive(Clone, Default)]
pub struct TestController {
    inner: Arc<Mutex<Inner>>,
}

impl TestController {
    /// Queues an answer to requests of this method, path and query; the last one is given again and again.
    pub fn on(&self, line: &str, status: u16, body: Value) -> &Self {
        self.inner.lock().answers.entry(line.to_owned()).or_default().push_back((status, body));
        self
    }

    /// Requests of this line never reach the controller, or their answers never reach the client.
    pub fn break_line(&self, line: &str, error: TransportError) -> &Self {
        self.inner.lock().faults.insert(line.to_owned(), error);
        self
    }

    /// Answers logins with this instead of a session.
    pub fn refuse_logins(&self, status: u16, body: Value) -> &Self {
        self.inner.lock().login_answer = Some((status, body));
        self
    }

    pub fn accept_logins(&self) -> &Self {
        self.inner.lock().login_answer = None;
        self
    }

    /// Sessions opened so far are no longer known.
    pub fn forget_sessions(&self) -> &Self {
        self.inner.lock().session = None;
        self
    }

    pub fn logins(&self) -> u32 {
        self.inner.lock().logins
    }

    /// All requests except logins.
    pub fn seen(&self) -> Vec<Seen> {
        self.inner.lock().seen.iter().filter(|seen| seen.line != "POST /login").cloned().collect()
    }

    pub fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }

    /// All requests, logins too.
    pub fn everything(&self) -> Vec<(Seen, HeaderMap)> {
        let inner = self.inner.lock();
        inner.seen.iter().cloned().zip(inner.headers.iter().cloned()).collect()
    }

    pub fn client(&self) -> AviClient {
        let settings = SessionSettings {
            address: "avi.example.org".into(),
            username: "admin".into(),
            password: PASSWORD.into(),
            version: "30.2.1".into(),
        };
        AviClient::new(Arc::new(self.clone()), settings).unwrap()
    }

    fn router(&self) -> Router {
        Router::new().route("/login", post(login)).fallback(answer).with_state(self.clone())
    }

    async fn exchange(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        // Lets parallel calls overlap.
        tokio::task::yield_now().await;
        let (parts, body) = request.into_parts();
        let tenant = parts.headers["x-avi-tenant"].to_str().unwrap().to_owned();
        let line = format!("{} {}", parts.method, parts.uri.path_and_query().unwrap());
        let fault = {
            let mut inner = self.inner.lock();
            inner.headers.push(parts.headers.clone());
            let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
            inner.seen.push(Seen { line: line.clone(), tenant, body });
            inner.faults.get(&line).cloned()
        };
        if let Some(error) = fault {
            return Err(error);
        }
        let answer = self.router().oneshot(Request::from_parts(parts, Body::from(body))).await.unwrap();
        tokio::task::yield_now().await;
        let (parts, body) = answer.into_parts();
        Ok(http::Response::from_parts(parts, body.collect().await.unwrap().to_bytes()))
    }
}

impl AviTransport for TestController {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        self.exchange(request).boxed()
    }
}

async fn login(State(controller): State<TestController>) -> Response {
    let mut inner = controller.inner.lock();
    inner.logins += 1;
    if let Some((status, body)) = inner.login_answer.clone() {
        return reply(status, body);
    }
    let session = format!("session-{}", inner.logins);
    let mut answer = Json(json!({"session_cookie_name": "avi-sessionid"})).into_response();
    let csrf = format!("csrftoken=csrf-{}; Max-Age=31449600; Path=/; Secure", inner.logins);
    for cookie in [csrf, format!("avi-sessionid={session}; HttpOnly"), format!("sessionid={session}; HttpOnly")] {
        answer.headers_mut().append("set-cookie", cookie.parse().unwrap());
    }
    inner.session = Some(session);
    answer
}

async fn answer(State(controller): State<TestController>, request: Request) -> Response {
    let mut inner = controller.inner.lock();
    let cookies = request.headers().get("cookie").map_or("", |value| value.to_str().unwrap());
    let known = inner.session.as_ref().is_some_and(|session| cookies.contains(&format!("avi-sessionid={session}")));
    if !known {
        return reply(401, json!({"detail": "Authentication credentials were not provided."}));
    }
    let line = format!("{} {}", request.method(), request.uri().path_and_query().unwrap());
    let Some(queue) = inner.answers.get_mut(&line) else { return reply(501, json!({"error": line})) };
    let (status, body) = if queue.len() > 1 { queue.pop_front().unwrap() } else { queue[0].clone() };
    let mut answer = reply(status, body);
    if let Some(session) = &inner.session {
        // As on a real controller, each answer prolongs the session.
        answer.headers_mut().append("set-cookie", format!("avi-sessionid={session}").parse().unwrap());
    }
    answer
}

/// A text is sent as it is, as front proxies do.
fn reply(status: u16, body: Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    match body {
        Value::Null => status.into_response(),
        Value::String(text) => (status, [("content-type", "application/json")], text).into_response(),
        json => (status, Json(json)).into_response(),
    }
}
