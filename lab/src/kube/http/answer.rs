//! Answers and refusals as HTTP responses.

use std::pin::Pin;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::Stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, RETRY_AFTER, WARNING};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::Value;

use crate::kube::render::Listing;
use crate::kube::status::Status;
use crate::kube::watch::Cut;

pub(super) type Events = Pin<Box<dyn Stream<Item = Result<Bytes, Cut>> + Send>>;

/// A successful answer.
pub(super) enum Answer {
    Text(&'static str),
    Json(Value),
    List(Listing),
    Written {
        code: StatusCode,
        body: Value,
        warnings: Vec<String>,
    },
    Aggregated(Value),
    /// A valid empty OpenAPI v2 document: clients that ask for it are content with that.
    EmptyOpenApiV2,
    Watch(Events),
}

/// Why there is none.
pub(super) enum Refusal {
    Status(Status),
    /// Nothing is served under the path; the real server says that in plain text.
    NoSuchPath,
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

const JSON: &str = "application/json";
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const OPENAPI_V2: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

impl Answer {
    pub(super) fn into_response(self, indent: bool) -> Response {
        match self {
            Self::Text(text) => response(StatusCode::OK, "text/plain; charset=utf-8", text),
            Self::Json(value) => json(StatusCode::OK, JSON, &value, indent),
            Self::List(list) => json(StatusCode::OK, JSON, &list, indent),
            Self::Aggregated(value) => json(StatusCode::OK, AGGREGATED, &value, indent),
            Self::EmptyOpenApiV2 => response(StatusCode::OK, OPENAPI_V2, Body::empty()),
            Self::Watch(events) => response(StatusCode::OK, JSON, Body::from_stream(events)),
            Self::Written { code, body, warnings } => {
                let mut response = json(code, JSON, &body, indent);
                for warning in warnings {
                    let text = format!("299 - {warning:?}");
                    if let Ok(value) = HeaderValue::from_str(&text) {
                        response.headers_mut().append(WARNING, value);
                    }
                }
                response
            }
        }
    }
}

impl Refusal {
    pub(super) fn into_response(self, indent: bool) -> Response {
        let status = match self {
            Self::NoSuchPath => {
                return response(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "404 page not found\n");
            }
            Self::Status(status) => status,
        };
        let code = StatusCode::from_u16(status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = json(code, JSON, &status.to_json(), indent);
        if let Some(seconds) = status.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

fn json(code: StatusCode, content_type: &'static str, value: &impl Serialize, indent: bool) -> Response {
    let text = if indent { serde_json::to_vec_pretty(value) } else { serde_json::to_vec(value) };
    // All keys are text, so nothing can go wrong.
    let mut text = text.unwrap_or_default();
    text.push(b'\n');
    response(code, content_type, text)
}

fn response(code: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = code;
    let headers: [(HeaderName, &'static str); 2] = [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-cache, private")];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
