//! `/api/user-token`: tokens that stand in for the password at login.

use super::call::Call;
use super::inferred;
use super::reply::Reply;
use super::state::State;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const LENGTH: usize = 40;

/// One token. Without an end it opens one session and is used up.
#[derive(Debug, Clone)]
struct Token {
    secret: String,
    end: Option<Timestamp>,
}

/// The tokens of one controller, by uuid.
#[derive(Debug, Clone, Default)]
pub(super) struct Tokens(BTreeMap<String, Token>);

impl Tokens {
    /// Whether this is a token that still counts. One for single use is gone afterwards.
    pub fn accepts(&mut self, secret: &str, now: Timestamp) -> bool {
        self.0.retain(|_, token| token.end.is_none_or(|end| end > now));
        let Some(uuid) = self.0.iter().find(|(_, token)| token.secret == secret).map(|(uuid, _)| uuid.clone()) else {
            return false;
        };
        if self.0.get(&uuid).is_some_and(|token| token.end.is_none()) {
            self.0.remove(&uuid);
        }
        true
    }
}

/// GET, POST and DELETE.
pub(super) fn answer(state: &mut State, call: &Call<'_>, rest: &[&str]) -> Result<Reply, Reply> {
    let now = state.now();
    let missing = || Reply::html(404, inferred::NO_SUCH_PAGE);
    match (call.request.method.as_str(), rest) {
        ("GET", []) => {
            let tokens = &call.here(state)?.tokens.0;
            let results: Vec<Value> = tokens.iter().map(|(uuid, token)| shown(state, uuid, token)).collect();
            Ok(Reply::json(200, json!({"count": results.len(), "results": results})))
        }
        ("POST", []) => {
            let hours = hours(call.body()?.get("hours"))?;
            let chance = &state.config.chance;
            let end = now.checked_add(SignedDuration::from_hours(hours)).ok().filter(|_| hours > 0);
            let token = Token { secret: chance.text(LETTERS, LENGTH), end };
            let uuid = format!("usertoken-{}", chance.uuid());
            let mut made = shown(state, &uuid, &token);
            made["token"] = token.secret.as_str().into();
            made["hours"] = hours.into();
            if let Some(site) = state.sites.get_mut(call.site) {
                site.tokens.0.insert(uuid, token);
            }
            Ok(Reply::json(inferred::TOKEN_CREATED_STATUS, made))
        }
        ("DELETE", [uuid]) => {
            let removed = state.sites.get_mut(call.site).and_then(|site| site.tokens.0.remove(*uuid));
            removed.map(|_| Reply::empty(204)).ok_or_else(missing)
        }
        (method, [] | [_]) => Err(Reply::json(405, inferred::method_not_allowed(method))),
        _ => Err(missing()),
    }
}

/// A token without its secret, which is shown once.
fn shown(state: &State, uuid: &str, token: &Token) -> Value {
    json!({"uuid": uuid, "username": state.config.username, "expires_at": token.end.map(|end| end.to_string())})
}

/// `hours` may be a number or its text.
fn hours(value: Option<&Value>) -> Result<i64, Reply> {
    let number = match value {
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_i64(),
        None => Some(0),
    };
    let allowed = 0..=inferred::TOKEN_HOURS_MOST;
    number
        .filter(|hours| allowed.contains(hours))
        .ok_or_else(|| Reply::refused(inferred::out_of_range("hours", 0, inferred::TOKEN_HOURS_MOST)))
}
