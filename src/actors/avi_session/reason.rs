//! One stable word for each kind of failure, for the metrics.

use super::work::WorkFailure;
use crate::avi::call_error::Failure;

/// Why a piece of work is tried again.
pub fn reason(failure: &WorkFailure) -> &'static str {
    match failure {
        WorkFailure::Crash => "crash",
        WorkFailure::Call(error) => match &error.failure {
            Failure::Transport(_) => "unreachable",
            Failure::NotLeader(_) => "not-leader",
            Failure::Maintenance(_) => "maintenance",
            Failure::DomainConflict(_) => "domain-conflict",
            Failure::InvalidCredentials(_) => "credentials",
            Failure::AccountLocked(_) => "account-locked",
            Failure::SessionLimit(_) | Failure::NoSession | Failure::BadSession(_) => "session",
            Failure::NotFound(_) => "not-found",
            Failure::AlreadyExists(_) => "exists",
            Failure::OwnedElsewhere { .. } => "owned-elsewhere",
            Failure::StaleWrite(_) => "conflict",
            Failure::InUse(_) => "in-use",
            Failure::Upgrade(_) => "upgrade",
            Failure::UnknownTenant(_) => "unknown-tenant",
            Failure::MoveBroken { .. } => "move-broken",
            Failure::Forbidden(_) => "forbidden",
            Failure::RateLimited { .. } => "rate-limited",
            Failure::Quota(_) => "quota",
            Failure::NotReady(_) => "not-ready",
            Failure::Withdrawn | Failure::Recalled => "withdrawn",
            Failure::Redirected(_) => "redirected",
            Failure::ServerError { .. } => "server-error",
            Failure::InvalidVersion(_) => "version",
            Failure::BadRequest(_) => "invalid",
            Failure::Unexpected { .. } | Failure::Malformed(_) => "unexpected-answer",
            Failure::UnstableList => "unstable-list",
        },
    }
}
