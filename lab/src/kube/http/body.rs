//! Request bodies: JSON, YAML and protobuf.

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::kube::patch::parse_yaml;
use crate::kube::protobuf::{self, DecodeError};
use crate::kube::status::Status;

/// 3 MiB.
const LARGEST_BODY: usize = 3 * 1024 * 1024;
const ACCEPTED: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

/// Reads the whole body.
///
/// # Errors
/// 413 when it is larger than 3 MiB.
pub(super) async fn read(body: Body) -> Result<Bytes, Status> {
    axum::body::to_bytes(body, LARGEST_BODY).await.map_err(|_| Status::too_large_body(LARGEST_BODY))
}

/// The media type without parameters; empty when the header is missing.
pub(super) fn media_type(headers: &HeaderMap) -> &str {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

/// Decodes an object by its media type; none means JSON.
///
/// # Errors
/// 400 for a body that cannot be read, 415 for a type (or a kind in protobuf) that is not known here.
pub(super) fn decode(media_type: &str, body: &[u8]) -> Result<Value, Status> {
    match media_type {
        "" | "application/json" => serde_json::from_slice(body)
            .map_err(|error| Status::bad_request(format!("couldn't get version/kind; json parse error: {error}"))),
        "application/yaml" => parse_yaml(body),
        "application/vnd.kubernetes.protobuf" => protobuf::decode(body).map_err(|error| match error {
            DecodeError::UnsupportedKind { .. } => Status::unsupported_media_type(&format!("{ACCEPTED} ({error})")),
            other => Status::bad_request(other.to_string()),
        }),
        _ => Err(Status::unsupported_media_type(ACCEPTED)),
    }
}
