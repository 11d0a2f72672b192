//! The three encodings in which clients send a login.

use super::request::Credentials;
use axum::body::Body;
use axum::extract::{FromRequest, Multipart};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde_json::Value;
use std::collections::BTreeMap;

/// Reads user and secret (password or token) from JSON, a form or multipart; `None` when they are not there.
pub(super) async fn credentials(parts: &Parts, body: Bytes) -> Option<Credentials> {
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let fields = if content_type.starts_with("multipart/form-data") {
        multipart(parts, body).await?
    } else if content_type.starts_with("application/x-www-form-urlencoded") {
        form_urlencoded::parse(&body).into_owned().collect()
    } else {
        json(&body)?
    };
    let username = fields.get("username")?.clone();
    let secret = fields.get("password").or_else(|| fields.get("token"))?.clone();
    Some(Credentials { username, secret })
}

fn json(body: &[u8]) -> Option<BTreeMap<String, String>> {
    let Value::Object(fields) = serde_json::from_slice(body).ok()? else { return None };
    Some(fields.into_iter().filter_map(|(key, value)| Some((key, value.as_str()?.to_owned()))).collect())
}

async fn multipart(parts: &Parts, body: Bytes) -> Option<BTreeMap<String, String>> {
    let request = http::Request::from_parts(parts.clone(), Body::from(body));
    let mut multipart = Multipart::from_request(request, &()).await.ok()?;
    let mut fields = BTreeMap::new();
    while let Ok(Some(field)) = multipart.next_field().await {
        let name = field.name().unwrap_or_default().to_owned();
        fields.insert(name, field.text().await.ok()?);
    }
    Some(fields)
}
