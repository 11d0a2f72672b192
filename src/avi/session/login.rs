//! Logging in: a task of its own, so that callers may come and go while it is under way.

use super::cookies::Jar;
use super::exchange::Call;
use super::{AviClient, Response};
use crate::avi::call_error::{CallError, Failure};
use crate::avi::classify::classify;
use crate::avi::transport::TransportError;
use crate::avi::urgency::Urgency;
use bytes::Bytes;
use http::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::json;
use tokio::time::Instant;

/// The place in the pool that a login is for. Without an outcome, because the login crashed or the runtime ends, the
/// login counts as failed: nobody waits for what will not come.
struct Place {
    client: AviClient,
    slot: usize,
    outcome: Option<Result<Jar, CallError>>,
}

impl Place {
    fn end(mut self, outcome: Result<Jar, CallError>) {
        self.outcome = Some(outcome);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let broken = || login_call(&Bytes::new()).error(TransportError::Interrupted("the login broke off".into()));
        let outcome = self.outcome.take().unwrap_or_else(|| Err(broken()));
        let shared = &self.client.shared;
        shared.pool.lock().logged_in(self.slot, outcome, Instant::now());
        shared.login_ended.notify_waiters();
    }
}

fn login_call(body: &Bytes) -> Call<'_> {
    Call { method: Method::POST, target: "/login", tenant: "admin", body: Some(body) }
}

impl AviClient {
    /// Logs in for a place that the pool marked.
    pub(super) fn start_login(&self, slot: usize) {
        // Calls wait for it.
        let client = Self { urgency: Urgency::Interactive, _life: None, ..self.clone() };
        let place = Place { client: client.clone(), slot, outcome: None };
        tokio::spawn(async move {
            let mut ended = client.shared.ended.clone();
            // Not sent yet, it ends with its client.
            tokio::select! {
                biased;
                () = client.shared.pacer.turn(client.urgency) => {}
                _ = ended.wait_for(|ended| *ended) => return,
            }
            place.end(client.log_in().await);
            // What was sent is waited for, so that no session is left open that nobody uses.
            if *ended.borrow() {
                let _ = client.logout().await;
            }
        });
    }

    /// One `POST /login`, at once: see `docs/RULES.md#sessions`.
    async fn log_in(&self) -> Result<Jar, CallError> {
        let settings = &self.shared.settings;
        let body = json!({"username": settings.username, "password": settings.password.expose_secret()});
        let body = Bytes::from(body.to_string());
        let call = login_call(&body);
        let answer = self.send(&call, None).await?;
        if !answer.status.is_success() {
            return Err(call.error(self.login_refused(&answer)));
        }
        let cookies = session_cookies(&answer).ok_or_else(|| call.error(Failure::NoSession))?;
        let version = answer.json().and_then(|body| body.get("version")?.get("Version")?.as_str());
        self.shared.version.learn(version);
        tracing::info!(controller = %settings.address, version, "logged in to the controller");
        Ok(cookies)
    }

    /// A 401 that does not name the password comes from a locked account, or from a controller with words of its own
    /// for a wrong password. Either way another try may do harm.
    fn login_refused(&self, answer: &Response) -> Failure {
        let text = self.without_password(&answer.explanation());
        match classify(answer.status, &answer.headers, text) {
            Failure::BadSession(text) if answer.status == StatusCode::UNAUTHORIZED => Failure::AccountLocked(text),
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
