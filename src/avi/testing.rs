//! A small controller in process: it opens sessions, answers what it was told to, and remembers what it was asked.

use super::session::{AviClient, SessionSettings};
use super::transport::{AviTransport, TransportError};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderName, Request, Response, StatusCode};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

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

/// What comes back for one request.
#[derive(Debug, Clone)]
pub struct Prepared {
    status: u16,
    body: Bytes,
    headers: Vec<(&'static str, String)>,
}

/// An answer of JSON; nothing for `Null`, and a text as it is, as front proxies do.
pub fn prepared(status: u16, body: Value) -> Prepared {
    let body = match body {
        Value::Null => Bytes::new(),
        Value::String(text) => Bytes::from(text),
        json => Bytes::from(json.to_string()),
    };
    Prepared { status, body, headers: Vec::new() }
}

impl Prepared {
    pub fn with(mut self, header: &'static str, value: &str) -> Self {
        self.headers.push((header, value.to_owned()));
        self
    }

    pub fn bytes(status: u16, body: &'static [u8]) -> Self {
        Self { status, body: Bytes::from_static(body), headers: Vec::new() }
    }
}

pub type Outcome = Result<Prepared, TransportError>;

#[derive(Default)]
struct Inner {
    logins: u32,
    /// The sessions that are accepted.
    sessions: BTreeSet<String>,
    /// Beyond so many, logins are refused.
    most_sessions: Option<usize>,
    login_answer: Option<Prepared>,
    login_body: Option<Value>,
    /// Sessions, by the number of their login, that are refused however new they are.
    bad: BTreeSet<u32>,
    answers: BTreeMap<String, VecDeque<Outcome>>,
    faults: BTreeMap<String, TransportError>,
    latency: Duration,
    seen: Vec<Seen>,
    headers: Vec<HeaderMap>,
    under_way: BTreeMap<String, usize>,
    most_under_way: BTreeMap<String, usize>,
}

/// Clones are the same controller.
#[derive(Clone, Default)]
pub struct TestController {
    inner: Arc<Mutex<Inner>>,
}

impl TestController {
    /// Queues an answer to requests of this method, path and query; the last one is given again and again.
    pub fn on(&self, line: &str, status: u16, body: Value) -> &Self {
        self.on_exactly(line, Ok(prepared(status, body)))
    }

    /// The same, for an answer with headers or of bytes, or for a break of the connection.
    pub fn on_exactly(&self, line: &str, outcome: Outcome) -> &Self {
        self.inner.lock().answers.entry(line.to_owned()).or_default().push_back(outcome);
        self
    }

    /// Requests of this line never reach the controller, or their answers never reach the client.
    pub fn break_line(&self, line: &str, error: TransportError) -> &Self {
        self.inner.lock().faults.insert(line.to_owned(), error);
        self
    }

    /// Answers logins with this instead of a session.
    pub fn refuse_logins(&self, status: u16, body: Value) -> &Self {
        self.inner.lock().login_answer = Some(prepared(status, body));
        self
    }

    pub fn accept_logins(&self) -> &Self {
        self.inner.lock().login_answer = None;
        self
    }

    /// Body of the answers to logins that are accepted.
    pub fn login_body(&self, body: Value) -> &Self {
        self.inner.lock().login_body = Some(body);
        self
    }

    /// Allows an account only so many sessions.
    pub fn at_most(&self, sessions: usize) -> &Self {
        self.inner.lock().most_sessions = Some(sessions);
        self
    }

    /// Sessions opened so far are no longer known.
    pub fn forget_sessions(&self) -> &Self {
        self.inner.lock().sessions.clear();
        self
    }

    /// The sessions of these logins, counted from 1, are refused.
    pub fn bad_sessions(&self, logins: impl IntoIterator<Item = u32>) -> &Self {
        self.inner.lock().bad.extend(logins);
        self
    }

    pub fn good_sessions(&self) -> &Self {
        self.inner.lock().bad.clear();
        self
    }

    /// Time that each answer takes.
    pub fn latency(&self, latency: Duration) -> &Self {
        self.inner.lock().latency = latency;
        self
    }

    pub fn logins(&self) -> u32 {
        self.inner.lock().logins
    }

    /// The sessions that are open.
    pub fn sessions(&self) -> BTreeSet<String> {
        self.inner.lock().sessions.clone()
    }

    /// Most requests of this line that were under way at once.
    pub fn most_at_once(&self, line: &str) -> usize {
        self.inner.lock().most_under_way.get(line).copied().unwrap_or_default()
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

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let (parts, body) = request.into_parts();
        let tenant = parts.headers["x-avi-tenant"].to_str().unwrap().to_owned();
        let line = format!("{} {}", parts.method, parts.uri.path_and_query().unwrap());
        let _under_way = UnderWay::new(self, &line);
        // Lets parallel calls overlap.
        tokio::task::yield_now().await;
        let (fault, latency) = {
            let mut inner = self.inner.lock();
            inner.headers.push(parts.headers.clone());
            let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
            inner.seen.push(Seen { line: line.clone(), tenant, body });
            (inner.faults.get(&line).cloned(), inner.latency)
        };
        if !latency.is_zero() {
            crate::retry::pause(latency).await;
        }
        if let Some(error) = fault {
            return Err(error);
        }
        let answer = match line.as_str() {
            "POST /login" => self.inner.lock().login(),
            _ => self.inner.lock().answer(&line, &parts.headers)?,
        };
        tokio::task::yield_now().await;
        Ok(response(answer))
    }
}

impl AviTransport for TestController {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        self.exchange(request).boxed()
    }
}

impl Inner {
    fn login(&mut self) -> Prepared {
        self.logins += 1;
        if let Some(answer) = self.login_answer.clone() {
            return answer;
        }
        if self.most_sessions.is_some_and(|most| self.sessions.len() >= most) {
            return prepared(401, json!({"error": "Maximum concurrent sessions reached"}));
        }
        let session = format!("session-{}", self.logins);
        let body = self.login_body.clone().unwrap_or_else(|| json!({"session_cookie_name": "avi-sessionid"}));
        let csrf = format!("csrftoken=csrf-{}; Max-Age=31449600; Path=/; Secure", self.logins);
        let cookies = [csrf, format!("avi-sessionid={session}; HttpOnly"), format!("sessionid={session}; HttpOnly")];
        let mut answer = prepared(200, body);
        answer.headers.extend(cookies.map(|cookie| ("set-cookie", cookie)));
        if !self.bad.contains(&self.logins) {
            self.sessions.insert(session);
        }
        answer
    }

    fn answer(&mut self, line: &str, headers: &HeaderMap) -> Outcome {
        let cookies = headers.get("cookie").map_or("", |value| value.to_str().unwrap());
        let session = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("avi-sessionid="));
        let session = session.filter(|session| self.sessions.contains(*session)).map(str::to_owned);
        let open = session.is_some() || line == "GET /api/cluster/runtime";
        if !open {
            return Ok(prepared(401, json!({"detail": "Authentication credentials were not provided."})));
        }
        if let Some(session) = session.as_ref().filter(|_| line == "POST /logout") {
            self.sessions.remove(session);
        }
        let Some(queue) = self.answers.get_mut(line) else { return Ok(prepared(501, json!({"error": line}))) };
        let outcome = if queue.len() > 1 { queue.pop_front().unwrap() } else { queue[0].clone() };
        outcome.map(|mut answer| {
            let rotated =
                answer.headers.iter().any(|(name, value)| *name == "set-cookie" && value.starts_with("avi-sessionid="));
            // As on a real controller, each answer prolongs the session.
            if let Some(session) = session.filter(|_| !rotated) {
                answer.headers.push(("set-cookie", format!("avi-sessionid={session}")));
            }
            answer
        })
    }
}

fn response(answer: Prepared) -> Response<Bytes> {
    let mut response = Response::new(answer.body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap();
    for (name, value) in answer.headers {
        let name = HeaderName::from_static(name);
        debug_assert!(name == SET_COOKIE || !response.headers().contains_key(&name));
        response.headers_mut().append(name, value.parse().unwrap());
    }
    response
}

/// Counts a request while it is under way.
struct UnderWay {
    controller: TestController,
    line: String,
}

impl UnderWay {
    fn new(controller: &TestController, line: &str) -> Self {
        let mut inner = controller.inner.lock();
        let count = inner.under_way.entry(line.to_owned()).or_default();
        *count += 1;
        let count = *count;
        let most = inner.most_under_way.entry(line.to_owned()).or_default();
        *most = count.max(*most);
        Self { controller: controller.clone(), line: line.to_owned() }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        *self.controller.inner.lock().under_way.get_mut(&self.line).unwrap() -= 1;
    }
}
