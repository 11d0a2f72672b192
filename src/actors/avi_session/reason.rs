//! One stable word for each kind of failure: for the metrics, and for what is said of the controller as a whole.

use super::work::WorkFailure;
use crate::avi::call_error::Failure;
use crate::avi::transport::TransportError;
use crate::core::knowledge::Obstacle;

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

/// What a failure that concerns everybody says of the controller.
pub fn obstacle(failure: &Failure) -> Obstacle {
    match failure {
        Failure::Transport(TransportError::Tls(_)) => Obstacle::CertificateNotTrusted,
        Failure::Transport(_) => Obstacle::Unreachable,
        Failure::InvalidCredentials(_) => Obstacle::CredentialsRefused,
        Failure::AccountLocked(_) => Obstacle::AccountLocked,
        Failure::SessionLimit(_) => Obstacle::TooManySessions,
        Failure::Maintenance(_) | Failure::Upgrade(_) => Obstacle::Maintenance,
        Failure::InvalidVersion(_) => Obstacle::VersionRefused,
        Failure::RateLimited { .. } => Obstacle::TooManyRequests,
        Failure::NotReady(_) => Obstacle::NotReady,
        Failure::Redirected(_) | Failure::NoSession | Failure::Malformed(_) => Obstacle::WrongAddress,
        Failure::Forbidden(_) | Failure::UnknownTenant(_) => Obstacle::Forbidden,
        Failure::ServerError { .. } | Failure::BadSession(_) | Failure::Unexpected { .. } => Obstacle::Failing,
        Failure::NotLeader(_) | Failure::DomainConflict(_) | Failure::NotFound(_) | Failure::AlreadyExists(_) => {
            Obstacle::Failing
        }
        Failure::OwnedElsewhere { .. } | Failure::StaleWrite(_) | Failure::InUse(_) | Failure::Quota(_) => {
            Obstacle::Failing
        }
        Failure::MoveBroken { .. } | Failure::Withdrawn | Failure::Recalled => Obstacle::Failing,
        Failure::BadRequest(_) | Failure::UnstableList => Obstacle::Failing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FND-C8: one reason per cause that is mended differently.
    #[test]
    fn causes_that_are_mended_differently_have_different_reasons() {
        let text = || "why".to_owned();
        let cases = [
            (Failure::Transport(TransportError::Connect(text())), "ControllerUnreachable"),
            (Failure::Transport(TransportError::Timeout(text())), "ControllerUnreachable"),
            (Failure::Transport(TransportError::Tls(text())), "CertificateNotTrusted"),
            (Failure::InvalidCredentials(text()), "CredentialsRefused"),
            (Failure::AccountLocked(text()), "AccountLocked"),
            (Failure::SessionLimit(text()), "TooManySessions"),
            (Failure::Maintenance(text()), "Maintenance"),
            (Failure::InvalidVersion(text()), "VersionRefused"),
            (Failure::RateLimited { retry_after: None }, "TooManyRequests"),
            (Failure::NotReady(text()), "ControllerNotReady"),
            (Failure::Redirected(text()), "WrongAddress"),
            (Failure::Forbidden(text()), "Forbidden"),
            (Failure::ServerError { status: 502, text: text(), retry_after: None }, "ControllerFailing"),
        ];
        for (failure, reason) in cases {
            assert_eq!(obstacle(&failure).reason(), reason, "{failure}");
        }
    }
}
