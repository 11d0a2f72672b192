//! One request and its answer.

use super::AviClient;
use super::pool::Session;
use crate::avi::call_error::{CallError, Failure};
use crate::avi::classify::{explanation, retry_after};
use crate::avi::transport::TransportError;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, REFERER, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use serde::Deserialize;
use serde::de::{DeserializeSeed, IgnoredAny};
use serde_json::Value;
use std::sync::OnceLock;
use tokio::time::Instant;

/// What is asked. The body of a login holds the password, so there is no `Debug`.
pub struct Call<'a> {
    pub method: Method,
    pub target: &'a str,
    pub tenant: &'a str,
    pub body: Option<&'a Bytes>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    bytes: Bytes,
    /// Read when somebody asks for all of it.
    body: OnceLock<Body>,
    unusable: OnceLock<Option<&'static str>>,
}

#[derive(Debug, Clone)]
enum Body {
    Json(Value),
    /// Also when the answer calls itself JSON: some plain texts do.
    Text(String),
}

impl Call<'_> {
    pub fn error(&self, failure: impl Into<Failure>) -> CallError {
        let what = format!("{} {} in tenant {}", self.method, self.target, self.tenant);
        CallError::new(what, self.is_write(), failure)
    }

    pub fn is_read(&self) -> bool {
        self.method == Method::GET
    }

    pub(super) fn is_write(&self) -> bool {
        !self.method.is_safe() && self.target.starts_with("/api/")
    }
}

impl Response {
    /// The body, when it is JSON.
    pub fn json(&self) -> Option<&Value> {
        match self.body() {
            Body::Json(value) => Some(value),
            Body::Text(_) => None,
        }
    }

    /// What `T` takes of the body, when it is such JSON. The rest is only looked at, which costs far less.
    pub fn part<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        serde_json::from_slice(&self.bytes).ok()
    }

    /// What `seed` makes of the body while it is read, so that the whole of it is never in memory as a tree.
    ///
    /// # Errors
    /// When the body is not JSON, or not such JSON.
    pub fn stream<'a, S: DeserializeSeed<'a>>(&'a self, seed: S) -> Result<S::Value, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_slice(&self.bytes);
        let value = seed.deserialize(&mut reader)?;
        reader.end()?;
        Ok(value)
    }

    /// Whether there is no body.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Like [`Response::json`], without a copy.
    pub fn into_json(mut self) -> Option<Value> {
        self.body();
        match self.body.take() {
            Some(Body::Json(value)) => Some(value),
            Some(Body::Text(_)) | None => None,
        }
    }

    /// What the body is, when it is not JSON. It is looked through and not taken into memory.
    pub fn unusable(&self) -> Option<&'static str> {
        let bytes = &self.bytes;
        *self.unusable.get_or_init(|| {
            if std::str::from_utf8(bytes).is_err() {
                return Some(NOT_UTF8);
            }
            serde_json::from_slice::<IgnoredAny>(bytes).err().map(|error| instead_of_json(bytes, &error))
        })
    }

    /// What the controller says about an error.
    pub(super) fn explanation(&self) -> String {
        match self.body() {
            Body::Json(value) => explanation(Some(value), &value.to_string()),
            Body::Text(text) => explanation(None, text),
        }
    }

    fn from_http(answer: http::Response<Bytes>) -> Self {
        let (parts, bytes) = answer.into_parts();
        Self { status: parts.status, headers: parts.headers, bytes, body: OnceLock::new(), unusable: OnceLock::new() }
    }

    fn body(&self) -> &Body {
        let bytes = &self.bytes;
        self.body.get_or_init(|| match serde_json::from_slice(bytes) {
            Ok(value) => Body::Json(value),
            Err(_) => Body::Text(String::from_utf8_lossy(bytes).into_owned()),
        })
    }
}

impl AviClient {
    /// Sends `call` with the cookies of `session` and keeps the cookies that come back. Any status is an answer; one
    /// that asks for fewer requests slows all calls down.
    pub(super) async fn send(&self, call: &Call<'_>, session: Option<&Session>) -> Result<Response, CallError> {
        let request = self.http_request(call, session).map_err(|e| call.error(e))?;
        let sent = Instant::now();
        let mut answer = self.shared.transport.send(request).await.map_err(|e| call.error(e))?;
        if let Some(session) = session {
            session.jar.lock().absorb(answer.headers());
            // An answer that somebody prints must not hold the session.
            answer.headers_mut().remove(SET_COOKIE);
        }
        // A 503 that asks for a pause may be that of a part of the controller: only its caller waits.
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            self.shared.pacer.refused(sent, retry_after(answer.headers()));
        }
        Ok(Response::from_http(answer))
    }

    /// With the headers that every call needs: see `docs/RULES.md#sessions`.
    fn http_request(&self, call: &Call<'_>, session: Option<&Session>) -> Result<Request<Bytes>, TransportError> {
        let body = call.body.cloned().unwrap_or_default();
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(self.shared.base.url(call.target))
            .header(CONTENT_TYPE, "application/json")
            .header(REFERER, self.shared.base.url("/"))
            .header("x-avi-tenant", call.tenant.as_bytes())
            .header("x-avi-useragent", "AMKO");
        if let Some(session) = session {
            // Before the login nobody knows which version the controller accepts.
            request = request.header("x-avi-version", self.shared.version.header());
            let jar = session.jar.lock();
            request = request.header(COOKIE, secret(&jar.header())?).header("x-csrftoken", secret(jar.csrf_token())?);
        }
        request.body(body).map_err(|e| TransportError::Unsendable(e.to_string()))
    }
}

const NOT_UTF8: &str = "the body is not UTF-8";

/// What a body is that cannot be read as JSON.
fn instead_of_json(bytes: &[u8], error: &serde_json::Error) -> &'static str {
    if bytes.is_empty() {
        "the body is empty"
    } else if std::str::from_utf8(bytes).is_err() {
        NOT_UTF8
    } else if bytes.starts_with(b"\xef\xbb\xbf") {
        "the body starts with a byte order mark"
    } else if bytes.trim_ascii_start().starts_with(b"<") {
        "the body is HTML and not JSON"
    } else if error.is_eof() {
        "the body ends in the middle of the JSON"
    } else {
        "the body is not JSON"
    }
}

/// A header value that HTTP libraries leave out of their logs.
fn secret(value: &str) -> Result<HeaderValue, TransportError> {
    let mut value =
        HeaderValue::from_str(value).map_err(|_| TransportError::Unsendable("a cookie is not printable".into()))?;
    value.set_sensitive(true);
    Ok(value)
}
