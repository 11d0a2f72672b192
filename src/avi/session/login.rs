//! Logging in: one at a time, however many calls need it.

use super::cookies::Jar;
use super::exchange::Call;
use super::state::{Phase, Session, State};
use super::{AviClient, Response};
use crate::avi::call_error::{CallError, Failure};
use crate::avi::classify::classify;
use http::{Method, StatusCode};
use parking_lot::Mutex;
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::sync::Arc;

/// The session in use, and the queue of those who wait for the next one.
#[derive(Debug, Default)]
pub struct Logins {
    state: Mutex<State>,
    /// Held during a login. An async lock on purpose: those who wait for it want exactly the result of that login,
    /// and when the caller that holds it is cancelled, the next one logs in.
    gate: tokio::sync::Mutex<()>,
}

impl Logins {
    /// A session newer than generation `stale`: the current one, or that of a login in progress (whose failure is
    /// shared too), or that of a new login by `log_in`.
    pub async fn session<F>(&self, stale: Option<u64>, log_in: impl FnOnce() -> F) -> Result<Arc<Session>, CallError>
    where
        F: Future<Output = Result<Jar, CallError>>,
    {
        if let Some(session) = self.usable(stale)? {
            return Ok(session);
        }
        let attempts = self.state.lock().attempts;
        let _one_at_a_time = self.gate.lock().await;
        if let Some(session) = self.usable(stale)? {
            return Ok(session);
        }
        if let Some(failure) = self.failed_since(attempts) {
            return Err(failure);
        }
        self.record(log_in().await)
    }

    /// Removes the session.
    pub fn take(&self) -> Option<Arc<Session>> {
        let mut state = self.state.lock();
        match std::mem::take(&mut state.phase) {
            Phase::Ready(session) => Some(session),
            Phase::Cold => None,
            Phase::Blocked => {
                state.phase = Phase::Blocked;
                None
            }
        }
    }

    pub fn unblock(&self) {
        let mut state = self.state.lock();
        if matches!(state.phase, Phase::Blocked) {
            state.phase = Phase::Cold;
        }
    }

    fn usable(&self, stale: Option<u64>) -> Result<Option<Arc<Session>>, CallError> {
        let state = self.state.lock();
        match (&state.phase, &state.failure) {
            (Phase::Ready(session), _) if stale.is_none_or(|stale| session.generation > stale) => {
                Ok(Some(Arc::clone(session)))
            }
            (Phase::Blocked, Some(failure)) => Err(failure.clone()),
            _ => Ok(None),
        }
    }

    fn failed_since(&self, attempts: u64) -> Option<CallError> {
        let state = self.state.lock();
        if state.attempts > attempts { state.failure.clone() } else { None }
    }

    fn record(&self, outcome: Result<Jar, CallError>) -> Result<Arc<Session>, CallError> {
        let mut state = self.state.lock();
        state.attempts += 1;
        match outcome {
            Ok(jar) => {
                let session = Arc::new(Session { generation: state.attempts, jar: Mutex::new(jar) });
                state.phase = Phase::Ready(Arc::clone(&session));
                state.failure = None;
                Ok(session)
            }
            Err(failure) => {
                let refused = matches!(failure.failure, Failure::InvalidCredentials(_));
                state.phase = if refused { Phase::Blocked } else { Phase::Cold };
                state.failure = Some(failure.clone());
                Err(failure)
            }
        }
    }
}

impl AviClient {
    /// One `POST /login`: see `docs/RULES.md#sessions`.
    pub(super) async fn log_in(&self) -> Result<Jar, CallError> {
        let settings = &self.shared.settings;
        let body = json!({"username": settings.username, "password": settings.password.expose_secret()});
        let call = Call { method: Method::POST, target: "/login", tenant: "admin", body: Some(&body) };
        let answer = self.send(&call, None).await?;
        if !answer.status.is_success() {
            return Err(call.error(self.login_refused(&answer)));
        }
        let cookies = session_cookies(&answer).ok_or_else(|| call.error(Failure::NoSession))?;
        tracing::info!(controller = %settings.address, "logged in to the controller");
        Ok(cookies)
    }

    /// Any 401 counts against the account's failed logins, so it blocks, whatever its text; only a full session table
    /// is known to have nothing to do with the password.
    fn login_refused(&self, answer: &Response) -> Failure {
        let text = self.without_password(&answer.explanation());
        match classify(answer.status, &answer.headers, text) {
            Failure::BadSession(text) if answer.status == StatusCode::UNAUTHORIZED => Failure::InvalidCredentials(text),
            other => other,
        }
    }

    /// Controllers have been seen to quote requests in their errors.
    pub(super) fn without_password(&self, text: &str) -> String {
        let password = self.shared.settings.password.expose_secret();
        if password.is_empty() { text.to_owned() } else { text.replace(password, "[password]") }
    }
}

fn session_cookies(answer: &Response) -> Option<Jar> {
    let mut jar = Jar::default();
    jar.absorb(&answer.headers);
    let name = answer.json().and_then(|body| body.get("session_cookie_name")?.as_str()).unwrap_or("sessionid");
    jar.complete(name).then_some(jar)
}
