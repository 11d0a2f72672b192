//! Requests as the controllers see them: path cleaned, query decoded, headers picked.

use super::version::ApiVersion;
use http::HeaderMap;
use http::header::{COOKIE, HOST, REFERER};
use http::request::Parts;
use serde_json::Value;
use std::collections::BTreeMap;

/// The user and the secret of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub username: String,
    pub secret: String,
}

/// Which tenant's objects a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TenantChoice {
    Default,
    Name(String),
    Uuid(String),
    All,
}

impl TenantChoice {
    /// As in the header; `None` without one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Default => None,
            Self::All => Some("*"),
            Self::Name(name) | Self::Uuid(name) => Some(name),
        }
    }
}

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub method: String,
    pub path_and_query: String,
    /// The path without repeated and trailing slashes.
    pub path: String,
    /// Decoded parameters in order; the first of a repeated one counts.
    pub query: Vec<(String, String)>,
    /// The host the client used.
    pub host: String,
    pub version: Option<String>,
    pub tenant: TenantChoice,
    pub cookies: BTreeMap<String, String>,
    pub csrf: Option<String>,
    pub referer: Option<String>,
    pub credentials: Option<Credentials>,
    /// `None`: no body. `Some(Err)`: not JSON.
    pub body: Option<Result<Value, String>>,
}

impl Request {
    pub fn new(parts: &Parts, body: &[u8], credentials: Option<Credentials>) -> Self {
        let header = |name: &str| header_text(&parts.headers, name);
        let authority = || parts.uri.authority().map(ToString::to_string);
        Self {
            method: parts.method.to_string(),
            path_and_query: parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            path: clean(parts.uri.path()),
            query: form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect(),
            host: header(HOST.as_str()).or_else(authority).unwrap_or_default(),
            version: header("x-avi-version"),
            tenant: tenant_choice(header("x-avi-tenant"), header("x-avi-tenant-uuid")),
            cookies: cookies(&parts.headers),
            csrf: header("x-csrftoken"),
            referer: header(REFERER.as_str()),
            credentials,
            body: (!body.is_empty()).then(|| serde_json::from_slice(body).map_err(|error| error.to_string())),
        }
    }

    /// The first value of a query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn is_write(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }

    /// The path below `/api`, piece by piece; `None` for other paths.
    pub fn api_segments(&self) -> Option<Vec<&str>> {
        let rest = self.path.strip_prefix("/api")?;
        if !rest.is_empty() && !rest.starts_with('/') {
            return None;
        }
        Some(rest.split('/').filter(|piece| !piece.is_empty()).collect())
    }

    /// The version asked for; the legacy model without a header, `None` for a header that is no version.
    pub fn api_version(&self) -> Option<ApiVersion> {
        self.version.as_deref().map_or(Some(ApiVersion::LEGACY), |text| text.parse().ok())
    }
}

fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(ToOwned::to_owned)
}

fn clean(path: &str) -> String {
    let pieces: Vec<&str> = path.split('/').filter(|piece| !piece.is_empty()).collect();
    format!("/{}", pieces.join("/"))
}

fn tenant_choice(name: Option<String>, uuid: Option<String>) -> TenantChoice {
    match (name, uuid) {
        (Some(name), _) if name == "*" => TenantChoice::All,
        (Some(name), _) => TenantChoice::Name(name),
        (None, Some(uuid)) => TenantChoice::Uuid(uuid),
        (None, None) => TenantChoice::Default,
    }
}

/// Cookies by name. Of a name that occurs twice the last value counts, as real controllers do.
fn cookies(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned()))
        .collect()
}
