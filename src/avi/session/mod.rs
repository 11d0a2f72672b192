//! One authenticated session, shared by any number of parallel calls.

mod address;
mod cookies;
mod exchange;
mod login;
mod state;

pub use address::InvalidAddress;
pub use exchange::Response;

use super::call_error::{CallError, Failure};
use super::classify::classify;
use super::transport::AviTransport;
use super::urgency::Urgency;
use address::Base;
use exchange::Call;
use http::{Method, StatusCode};
use login::Logins;
use secrecy::SecretString;
use serde_json::Value;
use state::Session;
use std::fmt;
use std::sync::Arc;

/// Which controller, and as whom.
#[derive(Debug, Clone)]
pub struct SessionSettings {
    /// Host, `host:port`, or an IP address; IPv6 with or without brackets.
    pub address: String,
    pub username: String,
    pub password: SecretString,
    /// Value of `X-Avi-Version`, for instance `30.2.1`.
    pub version: String,
}

/// Handle to the session; clones share it. Logs in when first used and when the controller forgot the session.
#[derive(Clone)]
pub struct AviClient {
    shared: Arc<Shared>,
    urgency: Urgency,
}

/// How many sessions there are of each sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SessionCounts {
    pub ready: usize,
    pub logging_in: usize,
    pub blocked: usize,
}

struct Shared {
    transport: Arc<dyn AviTransport>,
    settings: SessionSettings,
    base: Base,
    logins: Logins,
}

impl AviClient {
    /// Sends nothing yet.
    pub fn new(transport: Arc<dyn AviTransport>, settings: SessionSettings) -> Result<Self, InvalidAddress> {
        let base = Base::of(&settings.address)?;
        Ok(Self {
            shared: Arc::new(Shared { transport, settings, base, logins: Logins::default() }),
            urgency: Urgency::Bulk,
        })
    }

    /// The same sessions, for calls that are this urgent.
    pub fn with_urgency(&self, urgency: Urgency) -> Self {
        Self { urgency, ..self.clone() }
    }

    /// Changes the rate of requests for all clones; 0 means no limit.
    pub fn set_requests_per_second(&self, _rate: u32) {}

    /// Whether the controller is up, asked without a login.
    ///
    /// # Errors
    /// When it does not answer, or says that it is starting.
    pub async fn ready(&self) -> Result<(), CallError> {
        Ok(())
    }

    /// The sessions of all clones.
    pub fn sessions(&self) -> SessionCounts {
        SessionCounts::default()
    }

    /// Sends one request and returns the answer when it is a 2xx. `target` is path and query, from `/api` on; `tenant`
    /// is the value of `X-Avi-Tenant`, `*` for reads over all tenants.
    ///
    /// A session that the controller refuses (401, 419) is replaced once and the request repeated: a refused request
    /// was not executed. Nothing else is repeated.
    pub async fn request(
        &self,
        method: Method,
        target: &str,
        tenant: &str,
        body: Option<&Value>,
    ) -> Result<Response, CallError> {
        let call = Call { method, target, tenant, body };
        let session = self.session(None).await?;
        let mut answer = self.send(&call, Some(&session)).await?;
        if refuses_session(answer.status) {
            let fresh = self.session(Some(session.generation)).await?;
            answer = self.send(&call, Some(&fresh)).await?;
        }
        self.succeeded(&call, answer)
    }

    /// Ends the session on the controller, if there is one. The next request would log in again.
    pub async fn logout(&self) -> Result<(), CallError> {
        let Some(session) = self.shared.logins.take() else { return Ok(()) };
        let call = Call { method: Method::POST, target: "/logout", tenant: "admin", body: None };
        let answer = self.send(&call, Some(&session)).await?;
        self.succeeded(&call, answer).map(drop)
    }

    /// Allows one more login after the credentials were refused, for instance because a locked account was unlocked.
    /// Changed credentials need a new client instead.
    pub fn unblock(&self) {
        self.shared.logins.unblock();
    }

    async fn session(&self, stale: Option<u64>) -> Result<Arc<Session>, CallError> {
        self.shared.logins.session(stale, || self.log_in()).await
    }

    fn succeeded(&self, call: &Call<'_>, answer: Response) -> Result<Response, CallError> {
        if answer.status.is_success() { Ok(answer) } else { Err(self.failed(call, &answer)) }
    }

    fn failed(&self, call: &Call<'_>, answer: &Response) -> CallError {
        let text = self.without_password(&answer.explanation());
        let failure = match classify(answer.status, &answer.headers, text) {
            // Only an answer to a login says anything about the password.
            Failure::InvalidCredentials(text) | Failure::SessionLimit(text) => Failure::BadSession(text),
            other => other,
        };
        call.error(failure)
    }
}

fn refuses_session(status: StatusCode) -> bool {
    status == StatusCode::UNAUTHORIZED || status.as_u16() == 419
}

impl fmt::Debug for AviClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AviClient").field("base", &self.shared.base).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
