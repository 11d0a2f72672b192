//! What faults do to the requests that they strike.

use super::super::meddle::Meddling;
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
    /// Time passes, before the request is looked at or before its answer is sent, as the phase says.
    Delay(Duration),
    /// Another answer than the true one. Of these, one at most strikes a request.
    Instead(Instead),
    /// Something is done to the controller's state just before the request is executed.
    Meddle(Meddling),
}

/// An answer instead of the true one.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::avi) enum Instead {
    Page(Page),
    /// Headers that promise a body, then a broken connection.
    Broken,
}

/// An answer of a controller or a proxy in trouble: JSON when the body starts with `{`, HTML otherwise.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::avi) struct Page {
    pub status: u16,
    pub body: String,
    /// Seconds.
    pub retry_after: Option<u64>,
}

impl Effect {
    /// Whether it takes the place of the answer, so that no second one of this sort can strike the same request.
    pub fn is_exclusive(&self) -> bool {
        matches!(self, Self::Once { .. } | Self::Instead(_))
    }
}
