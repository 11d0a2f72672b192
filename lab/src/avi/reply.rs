//! Answers before they become HTTP responses.

use super::body;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::{Value, json};

/// What the answer with a body that never comes promises.
const BROKEN_LENGTH: usize = 4096;

/// The content of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Empty,
    Json(Value),
    /// Content type and text.
    Text(&'static str, String),
    /// Content type and bytes.
    Bytes(&'static str, Bytes),
    /// A promise of a body that never comes.
    Broken,
    /// A promise of a body of which one half comes.
    Torn(&'static str, Bytes),
    /// A collection of this many objects, each of this many bytes.
    Huge {
        objects: u64,
        bytes: usize,
    },
    /// No answer: the connection is reset.
    Reset,
    /// No answer ever; whoever serves it has to wait.
    Silence,
}

/// In the extensions of a response: it must not be sent. A server resets the connection instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionReset;

/// An answer: status, content, extra headers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reply {
    /// 0 for one that is never sent.
    pub status: u16,
    pub content: Content,
    pub headers: Vec<(&'static str, String)>,
}

impl Reply {
    pub fn json(status: u16, body: Value) -> Self {
        Self { status, content: Content::Json(body), headers: Vec::new() }
    }

    pub fn empty(status: u16) -> Self {
        Self { status, content: Content::Empty, headers: Vec::new() }
    }

    pub fn text(status: u16, content_type: &'static str, text: &str) -> Self {
        Self { status, content: Content::Text(content_type, text.to_owned()), headers: Vec::new() }
    }

    pub fn html(status: u16, page: &str) -> Self {
        Self::text(status, "text/html", page)
    }

    /// 400 with an `error` text.
    pub fn refused(text: impl Into<String>) -> Self {
        Self::json(400, json!({"error": text.into()}))
    }

    pub fn broken() -> Self {
        Self { status: 200, content: Content::Broken, headers: Vec::new() }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn into_response(self) -> Response {
        self.trickling(None)
    }

    /// The response, its body at this many bytes per second.
    pub fn trickling(self, rate: Option<u64>) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let whole = |body: Bytes| match rate {
            Some(rate) => (body::trickled(body.clone(), rate), Some(body.len())),
            None => (Body::from(body), None),
        };
        let (content_type, (body, length)) = match self.content {
            Content::Empty | Content::Silence => (None, (Body::empty(), None)),
            Content::Json(body) => (Some("application/json"), whole(body.to_string().into())),
            Content::Text(content_type, text) => (Some(content_type), whole(text.into())),
            Content::Bytes(content_type, bytes) => (Some(content_type), whole(bytes)),
            Content::Broken => (Some("application/json"), (body::broken(), Some(BROKEN_LENGTH))),
            Content::Torn(content_type, bytes) => (Some(content_type), (body::torn(&bytes), Some(bytes.len()))),
            Content::Huge { objects, bytes } => (Some("application/json"), (body::huge(objects, bytes), None)),
            Content::Reset => {
                response.extensions_mut().insert(ConnectionReset);
                (None, (Body::empty(), None))
            }
        };
        *response.body_mut() = body;
        if let Some(content_type) = content_type {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        if let Some(length) = length {
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(HeaderName::from_static(name), value);
            }
        }
        response
    }
}
