//! Who sends a request: a table of bearer tokens.

/// The user behind a bearer token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserInfo {
    pub username: String,
    pub uid: String,
    pub groups: Vec<String>,
}
