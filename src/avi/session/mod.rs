//! A few authenticated sessions, shared by any number of parallel calls.

mod address;
mod begun;
mod cookies;
mod exchange;
mod lease;
mod login;
mod pool;
mod ready;

pub use address::InvalidAddress;
pub use exchange::Response;

use super::call_error::{CallError, Failure};
use super::classify::classify;
use super::limit::{Pace, Pacer};
use super::transport::{AviTransport, TransportError};
use super::urgency::Urgency;
use super::version::{ApiVersion, Negotiation, VersionInUse};
use super::wanted::Wanted;
use address::Base;
use bytes::Bytes;
use exchange::Call;
use futures::future::join_all;
use http::{Method, StatusCode};
use parking_lot::Mutex;
use pool::{Pool, Session, Wish};
use secrecy::SecretString;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// How often one call is sent at most when its sessions are refused. The second refusal ends a call, unless something
/// speaks for another session: see [`AviClient::answer_to`].
const TRIES: usize = 3;

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

/// Handle to the sessions; clones share them, and the limit of requests. Logs in when first used, when all sessions
/// are busy, and when the controller forgot one.
#[derive(Clone)]
pub struct AviClient {
    shared: Arc<Shared>,
    urgency: Urgency,
    wanted: Wanted,
    /// Its calls complete what is half done.
    completes: bool,
    /// `None` in a login, which keeps no client alive.
    _life: Option<Arc<Life>>,
}

/// Ends with the last handle that somebody may call.
struct Life(watch::Sender<bool>);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

/// How many sessions there are of each sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SessionCounts {
    pub ready: usize,
    pub logging_in: usize,
    pub blocked: usize,
}

/// What the client had to do over, since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Repairs {
    /// Reads that were sent again because the first answer was lost or unusable.
    pub repeated_reads: u64,
    /// Logins that replaced a session which the controller refused.
    pub relogins: u64,
}

/// Which calls that change objects may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    Every,
    /// Those that complete what is half done: the controller is unwell, or asks for silence.
    Begun,
    /// Somebody else leads.
    None,
}

struct Shared {
    transport: Arc<dyn AviTransport>,
    settings: SessionSettings,
    base: Base,
    pool: Mutex<Pool>,
    /// A login came to its end. Who waits for it goes on in the order of waiting, which a watch channel does not keep.
    login_ended: Notify,
    /// Whether nobody can call any more.
    ended: watch::Receiver<bool>,
    pacer: Pacer,
    version: Negotiation,
    repeated_reads: AtomicU64,
    permit: Mutex<Permit>,
    /// How many pieces of work are half done.
    begun: watch::Sender<usize>,
}

impl AviClient {
    /// Sends nothing yet, and has no limit of requests.
    pub fn new(transport: Arc<dyn AviTransport>, settings: SessionSettings) -> Result<Self, InvalidAddress> {
        let (life, ended) = watch::channel(false);
        let shared = Shared {
            transport,
            base: Base::of(&settings.address)?,
            pool: Mutex::new(Pool::new()),
            login_ended: Notify::new(),
            ended,
            pacer: Pacer::unlimited(),
            version: Negotiation::new(settings.version.clone()),
            repeated_reads: AtomicU64::new(0),
            permit: Mutex::new(Permit::Every),
            begun: watch::Sender::new(0),
            settings,
        };
        let life = Some(Arc::new(Life(life)));
        Ok(Self {
            shared: Arc::new(shared),
            urgency: Urgency::Bulk,
            wanted: Wanted::default(),
            completes: false,
            _life: life,
        })
    }

    /// The same sessions, for calls that are this urgent.
    pub fn with_urgency(&self, urgency: Urgency) -> Self {
        Self { urgency, ..self.clone() }
    }

    /// The same sessions, for writes that somebody may want no more before their turn comes: then they fail with
    /// [`Failure::Recalled`].
    pub fn with_wanted(&self, wanted: Wanted) -> Self {
        Self { wanted, ..self.clone() }
    }

    /// Changes the rate of requests for all clones; 0 means no limit.
    pub fn set_requests_per_second(&self, rate: u32) {
        self.shared.pacer.set_rate(rate);
    }

    /// The same sessions, to complete what is half done: at once, wanted or not, also while nothing new is begun.
    pub(super) fn completing(&self) -> Self {
        Self { completes: true, wanted: Wanted::default(), ..self.with_urgency(Urgency::Interactive) }
    }

    /// Which calls that change objects may be sent from now on, by all clones. A call may wait for its turn for
    /// minutes; one that may not be sent any more when its turn comes fails with [`Failure::Withdrawn`].
    pub fn permit(&self, permit: Permit) {
        *self.shared.permit.lock() = permit;
    }

    /// The rate of requests that is kept now, and who waits because of it.
    pub fn pace(&self) -> Pace {
        self.shared.pacer.pace()
    }

    /// Of `whole` calls at once, how many are to be made now: fewer while the controller asks for fewer requests.
    pub fn calls_at_once(&self, whole: usize) -> usize {
        self.shared.pacer.part(whole)
    }

    /// The sessions of all clones.
    pub fn sessions(&self) -> SessionCounts {
        self.shared.pool.lock().counts(Instant::now())
    }

    /// Whether the controller has refused the credentials and no login is sent for that.
    pub fn is_refused(&self) -> bool {
        self.shared.pool.lock().is_blocked(Instant::now())
    }

    /// Until when no login is sent because the controller has refused one.
    pub fn refused_until(&self) -> Option<Instant> {
        let now = Instant::now();
        self.shared.pool.lock().blocked_until(now)
    }

    /// What all clones had to do over.
    pub fn repairs(&self) -> Repairs {
        let repeated_reads = self.shared.repeated_reads.load(Ordering::Relaxed);
        Repairs { repeated_reads, relogins: self.shared.pool.lock().relogins() }
    }

    /// The API version that was agreed at the last login; `None` before the first.
    pub fn negotiated_version(&self) -> Option<VersionInUse> {
        self.shared.version.in_use()
    }

    /// Whether the version in use has what came with `since`.
    pub(super) fn has(&self, since: ApiVersion) -> bool {
        self.shared.version.has(since)
    }

    /// Whether requests may hold `field`, which came with version `since`. A field that they may not hold is logged
    /// once.
    pub(super) fn may_send(&self, field: &str, since: ApiVersion) -> bool {
        let has = self.has(since);
        if !has {
            self.shared.version.tell_omission(field, since);
        }
        has
    }

    /// Sends one request and returns the answer when it is a 2xx, of a GET when it also is JSON. `target` is path and
    /// query, from `/api` on; `tenant` is the value of `X-Avi-Tenant`, `*` for reads over all tenants.
    ///
    /// A session that the controller refuses (401, 419) is replaced and the request repeated: a refused request was
    /// not executed. A read whose answer was lost or is no JSON is repeated once. Nothing else is.
    pub async fn request(
        &self,
        method: Method,
        target: &str,
        tenant: &str,
        body: Option<&Bytes>,
    ) -> Result<Response, CallError> {
        let call = Call { method, target, tenant, body };
        let answer = self.answer_to(&call).await?;
        if !answer.status.is_success() {
            return Err(self.failed(&call, &answer));
        }
        if call.is_read()
            && let Some(why) = answer.unusable()
        {
            return Err(call.error(Failure::Malformed(why.to_owned())));
        }
        Ok(answer)
    }

    /// Ends all sessions on the controller, those too that are just being opened. The next request would log in again.
    ///
    /// # Errors
    /// The first failure; the other sessions are ended all the same.
    pub async fn logout(&self) -> Result<(), CallError> {
        let mut outcome = Ok(());
        loop {
            let mut login_ended = pin!(self.shared.login_ended.notified());
            login_ended.as_mut().enable();
            let (open, more) = {
                let mut pool = self.shared.pool.lock();
                (pool.take_all(), pool.is_logging_in())
            };
            let outcomes = join_all(open.iter().map(|session| self.end(session))).await;
            outcome = outcomes.into_iter().fold(outcome, Result::and);
            if !more {
                return outcome;
            }
            login_ended.await;
        }
    }

    /// Does not wait for its turn: who stops has little time.
    async fn end(&self, session: &Session) -> Result<(), CallError> {
        let call = Call { method: Method::POST, target: "/logout", tenant: "admin", body: None };
        self.shared.pacer.count();
        let answer = self.send(&call, Some(session)).await?;
        // A session that the controller does not know has ended.
        let ended = answer.status.is_success() || refuses_session(answer.status);
        if ended { Ok(()) } else { Err(self.failed(&call, &answer)) }
    }

    /// Any status but a refused session, unless fresh ones are refused too.
    ///
    /// A call whose session is refused wants one opened after it was sent. When that is refused as well, it may have
    /// been lost together with the first one, if it was opened before the first refusal came; then a still newer one is
    /// good. If it was opened later, one that has served calls may be good, should there be one. Otherwise it is not
    /// the session's fault.
    async fn answer_to(&self, call: &Call<'_>) -> Result<Response, CallError> {
        let mut repeated = false;
        let mut wish = Wish::Any;
        let mut first_refusal = None;
        let mut tries = 0;
        loop {
            let lease = self.lease(wish).await?;
            if let Some(failure) = self.withheld().filter(|_| call.is_write()) {
                self.shared.pacer.give_back();
                return Err(call.error(failure));
            }
            let newest = self.shared.pool.lock().generation();
            let outcome = self.send(call, Some(&lease.session)).await;
            if call.is_read() && !repeated && is_lost(&outcome) {
                repeated = true;
                self.shared.repeated_reads.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(target = call.target, "the answer was lost or is not usable; read again");
                continue;
            }
            let answer = outcome?;
            if !refuses_session(answer.status) {
                lease.answered(answer.status);
                return Ok(answer);
            }
            let error = self.failed(call, &answer);
            lease.refused(CallError { what: "session with the controller".into(), ..error.clone() });
            tries += 1;
            let pool = self.shared.pool.lock();
            wish = match first_refusal {
                None => Wish::YoungerThan(newest),
                Some(generation) if tries < TRIES && lease.session.generation <= generation => {
                    Wish::YoungerThan(generation)
                }
                Some(_) if tries < TRIES && pool.has_tried() => Wish::Tried,
                Some(_) => return Err(error),
            };
            first_refusal = first_refusal.or(Some(pool.generation()));
        }
    }

    /// Why no write may be sent now.
    fn withheld(&self) -> Option<Failure> {
        let permitted = match *self.shared.permit.lock() {
            Permit::Every => true,
            Permit::Begun => self.completes,
            Permit::None => false,
        };
        let withdrawn = (!permitted).then_some(Failure::Withdrawn);
        withdrawn.or_else(|| (!self.wanted.is_wanted()).then_some(Failure::Recalled))
    }

    fn failed(&self, call: &Call<'_>, answer: &Response) -> CallError {
        let text = self.without_password(&answer.explanation());
        let failure = match classify(answer.status, &answer.headers, text) {
            // Only an answer to a login says anything about the password.
            Failure::InvalidCredentials(text) | Failure::SessionLimit(text) => Failure::BadSession(text),
            // The controller says in JSON that it does not have something; a proxy says that it does not have the page.
            Failure::NotFound(_) if let Some(why) = answer.unusable() => {
                Failure::Malformed(format!("404, and {why}: that says nothing of the object"))
            }
            other => other,
        };
        call.error(failure)
    }
}

/// Whether there is no answer that can be read, although the controller was reached.
fn is_lost(outcome: &Result<Response, CallError>) -> bool {
    match outcome {
        Ok(answer) => answer.status.is_success() && answer.unusable().is_some(),
        Err(error) => matches!(error.failure, Failure::Transport(TransportError::Interrupted(_))),
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
