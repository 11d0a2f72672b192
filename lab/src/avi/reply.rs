//! Answers before they become HTTP responses.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::{Value, json};
use std::io;

/// The content of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Empty,
    Json(Value),
    /// Content type and text.
    Text(&'static str, String),
    /// A promise of a body that never comes.
    Broken,
}

/// An answer: status, content, extra headers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reply {
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
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let content_type = match self.content {
            Content::Empty => None,
            Content::Json(body) => {
                *response.body_mut() = Body::from(body.to_string());
                Some("application/json")
            }
            Content::Text(content_type, text) => {
                *response.body_mut() = Body::from(text);
                Some(content_type)
            }
            Content::Broken => {
                *response.body_mut() = broken_body();
                response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("4096"));
                Some("application/json")
            }
        };
        if let Some(content_type) = content_type {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

/// One byte, then an error: the HTTP server closes the connection in the middle of the body.
fn broken_body() -> Body {
    let broken = io::Error::new(io::ErrorKind::ConnectionReset, "injected: connection broken in the body");
    Body::from_stream(stream::iter([Ok(Bytes::from_static(b"{")), Err(broken)]))
}
