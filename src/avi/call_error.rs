//! Why a call to the controller did not do what was asked, and what may be done about it.

use super::transport::TransportError;
use std::time::Duration;

/// A failed call. Names the call and never carries a password, a token or a cookie.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {failure}")]
pub struct CallError {
    /// The request, led by the object it was about where that is known.
    pub what: String,
    /// Whether the request that failed was one that changes objects. A login on behalf of a write is not.
    pub write: bool,
    /// Whether calls before it, of the same piece of work, have changed something that this one was to complete.
    pub half_done: bool,
    pub failure: Failure,
}

/// What went wrong. The text is the controller's, shortened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Transport(#[from] TransportError),
    #[error("this controller is not the GSLB leader ({0}); writes go to the leader")]
    NotLeader(String),
    #[error("the GSLB system is in maintenance mode ({0}); leave it on the leader, the write is then repeated")]
    Maintenance(String),
    #[error("another GSLB service already has one of the domain names ({0}); remove it there or change the host")]
    DomainConflict(String),
    /// The login was refused. No further login is tried with the same credentials, because three failures lock the
    /// account.
    #[error("the controller refuses username or password ({0}); correct the credentials Secret")]
    InvalidCredentials(String),
    /// The login was refused for another reason than a wrong password. It is tried again after the usual time of a
    /// lock.
    #[error(
        "the controller lets nobody log in to the account ({0}); unlock it, or wait: the next try is half an hour later"
    )]
    AccountLocked(String),
    #[error("the account has too many sessions ({0}); raise max_concurrent_sessions or close some")]
    SessionLimit(String),
    #[error("login was answered without session cookies; is this an Avi controller?")]
    NoSession,
    /// Refused again right after a new login.
    #[error("the controller refuses the session just opened ({0}); check its clock and session settings")]
    BadSession(String),
    #[error("there is no such object ({0}); it was deleted behind the operator's back")]
    NotFound(String),
    #[error("an object of this name exists already in the tenant ({0}); rename or delete it there, or change the host")]
    AlreadyExists(String),
    /// The name is taken by an object that this installation must not touch.
    #[error("it exists and belongs to {owner}; remove it there, or give this installation the same AMKO UUID")]
    OwnedElsewhere { owner: String },
    /// The object changed since it was read (412): read it again and decide anew.
    #[error("the object changed since it was read ({0})")]
    StaleWrite(String),
    #[error("the object is still referred to ({0}); remove the reference first")]
    InUse(String),
    #[error("the controller is being upgraded ({0}); the write is repeated afterwards")]
    Upgrade(String),
    #[error("the tenant does not exist on the controller ({0}); create it or correct the tenant annotation")]
    UnknownTenant(String),
    /// The service was deleted in its former tenant, and then refused in the new one, although only its domain names
    /// had been in the way.
    #[error(
        "it was refused in its new tenant ({why}), {}",
        match restored {
            Restored::Yes => "and is in the former one again",
            Restored::Unknown => "and whether it is in the former one again is being found out",
            Restored::No => "and could not be brought back to the former one",
        }
    )]
    MoveBroken { restored: Restored, why: String },
    #[error("the account may not do this ({0}); give its role write access to GSLB services and health monitors")]
    Forbidden(String),
    /// The decision to write was taken back while the call waited for its turn.
    #[error("it was withdrawn before it was sent, because the controller is not to be written to at present")]
    Withdrawn,
    /// What it was for changed while it waited for its turn.
    #[error("it was recalled before it was sent, because it is not wanted any more")]
    Recalled,
    #[error("the controller limits the request rate")]
    RateLimited { retry_after: Option<Duration> },
    #[error("the controller holds as many objects as it may ({0}); raise its limit or remove objects")]
    Quota(String),
    /// The controller itself says that it is not ready to serve.
    #[error("the controller is not ready ({0}); it is asked again until it is")]
    NotReady(String),
    /// Redirects are not followed: the session's cookies go to the configured address only.
    #[error("the answer leads to {0} instead of being one; set spec.gslbLeader.controllerIP to the controller itself")]
    Redirected(String),
    /// 408 and 5xx.
    #[error("the controller failed with {status} ({text})")]
    ServerError { status: u16, text: String, retry_after: Option<Duration> },
    #[error("the controller does not speak this API version ({0}); correct spec.gslbLeader.controllerVersion")]
    InvalidVersion(String),
    #[error("the controller finds the request invalid ({0})")]
    BadRequest(String),
    #[error("unexpected answer {status} ({text})")]
    Unexpected { status: u16, text: String },
    /// A successful answer that makes no sense.
    #[error("the answer is not usable: {0}; see whether a proxy answers in the controller's place")]
    Malformed(String),
    /// Pages of a list contradict themselves or each other; acting on such a list could delete what was missed.
    #[error("the pages of the list do not fit together; see whether a proxy changes the controller's answers")]
    UnstableList,
}

/// Whether a service that was taken from its tenant is there again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restored {
    Yes,
    No,
    Unknown,
}

/// What can be done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Try again after the usual delay.
    Backoff,
    /// Try again in a minute or two: something on the controller has to end first.
    Slow,
    /// Read the object again, decide anew, then try again.
    Reread,
    /// The same call fails again until somebody changes something.
    Human,
}

impl CallError {
    pub(super) fn new(what: impl Into<String>, write: bool, failure: impl Into<Failure>) -> Self {
        Self { what: what.into(), write, half_done: false, failure: failure.into() }
    }

    /// Puts the name of the object in front.
    pub fn about(self, object: impl std::fmt::Display) -> Self {
        Self { what: format!("{object}: {}", self.what), ..self }
    }

    /// For a call that was to complete what is half done: whatever its failure, what there is has to be read.
    pub(super) fn half_way(self) -> Self {
        Self { half_done: true, ..self }
    }

    /// Whether the controller may hold the change although the call failed. The object must then be read before the
    /// write is repeated.
    pub fn may_have_been_applied(&self) -> bool {
        let unclear = match &self.failure {
            Failure::Transport(error) => error.may_have_been_executed(),
            Failure::ServerError { .. } | Failure::Malformed(_) | Failure::Unexpected { .. } => true,
            // Some servers do what they are asked and then send the client elsewhere to look at it.
            Failure::Redirected(_) => true,
            _ => false,
        };
        self.write && unclear
    }

    /// What to do next: see `docs/RULES.md#what-a-failure-means`.
    pub fn remedy(&self) -> Remedy {
        match &self.failure {
            _ if self.may_have_been_applied() || self.half_done => Remedy::Reread,
            Failure::Transport(_) | Failure::RateLimited { .. } | Failure::ServerError { .. } => Remedy::Backoff,
            Failure::UnstableList | Failure::NoSession | Failure::Malformed(_) => Remedy::Backoff,
            Failure::NotReady(_) | Failure::Withdrawn | Failure::Recalled => Remedy::Backoff,
            Failure::Maintenance(_) | Failure::DomainConflict(_) | Failure::Upgrade(_) => Remedy::Slow,
            Failure::NotLeader(_) | Failure::InUse(_) => Remedy::Slow,
            Failure::SessionLimit(_) | Failure::BadSession(_) | Failure::AccountLocked(_) => Remedy::Slow,
            Failure::Quota(_) | Failure::Redirected(_) => Remedy::Slow,
            Failure::NotFound(_) | Failure::AlreadyExists(_) | Failure::StaleWrite(_) => Remedy::Reread,
            Failure::MoveBroken { .. } => Remedy::Reread,
            Failure::InvalidCredentials(_) | Failure::Forbidden(_) => Remedy::Human,
            Failure::OwnedElsewhere { .. } | Failure::UnknownTenant(_) | Failure::InvalidVersion(_) => Remedy::Human,
            Failure::BadRequest(_) | Failure::Unexpected { .. } => Remedy::Human,
        }
    }

    /// Whether the operator itself can hope for a better answer later.
    pub fn is_retryable(&self) -> bool {
        self.remedy() != Remedy::Human
    }

    /// How long the controller asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.failure {
            Failure::RateLimited { retry_after } | Failure::ServerError { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    pub fn is_not_found(&self) -> bool {
        matches!(self.failure, Failure::NotFound(_))
    }

    pub fn is_already_exists(&self) -> bool {
        matches!(self.failure, Failure::AlreadyExists(_))
    }
}
