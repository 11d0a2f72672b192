//! Who sends a request: a table of bearer tokens.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::status::Status;

/// The user behind a bearer token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserInfo {
    pub username: String,
    pub uid: String,
    pub groups: Vec<String>,
}

impl UserInfo {
    /// Everybody, where there is no authentication.
    pub fn anonymous() -> Self {
        Self {
            username: "system:anonymous".to_owned(),
            uid: String::new(),
            groups: vec!["system:unauthenticated".to_owned()],
        }
    }
}

/// Finds the user of a request.
///
/// # Errors
/// 401 without a bearer token of the table.
pub fn authenticate(tokens: Option<&BTreeMap<String, UserInfo>>, headers: &HeaderMap) -> Result<UserInfo, Status> {
    let Some(tokens) = tokens else { return Ok(UserInfo::anonymous()) };
    let sent = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = sent.and_then(|value| value.strip_prefix("Bearer "));
    token.and_then(|token| tokens.get(token.trim())).cloned().ok_or_else(Status::unauthorized)
}
