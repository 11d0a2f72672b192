//! Who sends a request: bearer tokens of a table, tokens of service accounts, client certificates.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use jiff::Timestamp;

use super::meta;
use super::resource::ObjectKey;
use super::state::State;
use super::status::Status;

/// The user behind a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserInfo {
    pub username: String,
    pub uid: String,
    pub groups: Vec<String>,
}

const ANONYMOUS: &str = "system:anonymous";
const AUTHENTICATED: &str = "system:authenticated";

impl UserInfo {
    /// Everybody, where there is no authentication.
    pub fn anonymous() -> Self {
        Self { username: ANONYMOUS.to_owned(), uid: String::new(), groups: vec!["system:unauthenticated".to_owned()] }
    }

    pub fn service_account(key: &ObjectKey, uid: &str) -> Self {
        let ObjectKey { namespace, name } = key;
        Self {
            username: format!("system:serviceaccount:{namespace}:{name}"),
            uid: uid.to_owned(),
            groups: vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")],
        }
    }

    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|own| own == group)
    }

    /// The same with the group of everybody who could say who they are.
    pub fn authenticated(mut self) -> Self {
        if !self.is_in(AUTHENTICATED) {
            self.groups.push(AUTHENTICATED.to_owned());
        }
        self
    }
}

/// The user of the client certificate of a connection, if it showed one. Whoever takes the connection puts this into
/// the extensions of its requests.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Peer(pub Option<UserInfo>);

/// A token that the server gave out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedToken {
    account: ObjectKey,
    /// Of the account; its successor of the same name is somebody else.
    uid: String,
    expires: Timestamp,
}

const TOKEN_ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const TOKEN_LENGTH: usize = 64;

impl State {
    /// A new token of a service account.
    pub fn issue_token(&mut self, account: ObjectKey, uid: &str, expires: Timestamp) -> String {
        let token = self.chance.text(TOKEN_ALPHABET, TOKEN_LENGTH);
        self.tokens.insert(token.clone(), IssuedToken { account, uid: uid.to_owned(), expires });
        token
    }

    /// The user of a token that this server gave out, while it lasts and its account exists.
    pub fn holder(&self, token: &str) -> Option<UserInfo> {
        let IssuedToken { account, uid, expires } = self.tokens.get(token)?;
        let live = self.store.get("serviceaccounts", account)?;
        (meta::text(live, "uid") == uid && *expires > self.clock.now()).then(|| UserInfo::service_account(account, uid))
    }
}

/// The bearer token of a request.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let sent = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    sent.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim)
}

/// Finds the user of a request. A bearer token counts before a certificate.
///
/// # Errors
/// 401 for a token that nobody knows, and for a request without any of both.
pub fn authenticate(
    holder: impl FnOnce(&str) -> Option<UserInfo>,
    headers: &HeaderMap,
    peer: Peer,
) -> Result<UserInfo, Status> {
    let user = match bearer(headers) {
        Some(token) => holder(token),
        None => peer.0,
    };
    user.map(UserInfo::authenticated).ok_or_else(Status::unauthorized)
}
