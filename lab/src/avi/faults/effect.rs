//! What faults do to the requests that they strike.

use super::change::Change;
use super::connection::ConnectionFault;
use super::instead::Instead;
use super::limit::Limit;
use crate::avi::meddle::Meddling;
use std::time::Duration;

/// How far a request gets before its fault shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::avi) enum Phase {
    /// The controller never sees it.
    BeforeRead,
    /// The controller checks its session, and changes nothing else.
    BeforeCommit,
    /// It takes effect; only the answer suffers.
    #[default]
    AfterCommit,
}

/// What a fault does.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::avi) enum Effect {
    /// A fault put together by hand: a delay before the request is looked at, and perhaps another answer.
    Once { delay: Duration, instead: Option<Instead> },
    /// Time passes, before the request is looked at or before its answer is sent, as the phase says. `trickle` is the
    /// bytes per second at which the body follows.
    Slow { delay: Duration, trickle: Option<u64> },
    /// Another answer than the true one. Of these, one at most strikes a request.
    Instead(Instead),
    /// The true answer, changed.
    Change(Change),
    /// Too many requests are refused or held up.
    Limit(Limit),
    /// Connections suffer, not requests: it never strikes one.
    Connection(ConnectionFault),
    /// Something is done to the controller's state just before the request is executed.
    #[allow(dead_code, reason = "the catalogue has no fault of the state yet")]
    Meddle(Meddling),
}

impl Effect {
    /// What it changes in true answers.
    pub fn change(&self) -> Option<&Change> {
        match self {
            Self::Change(change) => Some(change),
            _ => None,
        }
    }

    /// What it does to the controller's state.
    pub fn meddling(&self) -> Option<&Meddling> {
        match self {
            Self::Meddle(meddling) => Some(meddling),
            _ => None,
        }
    }

    /// Whether it takes the place of the answer, so that no second one of this sort can strike the same request.
    pub fn is_exclusive(&self) -> bool {
        matches!(self, Self::Once { .. } | Self::Instead(_))
    }
}
