//! A single fault put together by hand.

use super::effect::{Effect, Phase};
use super::instead::{Instead, Page};
use super::matcher::Matcher;
use super::table::Active;
use std::time::Duration;

/// What the client sees when a fault strikes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultAnswer {
    /// This status with this body; JSON when the body starts with `{`, HTML otherwise.
    Status { status: u16, body: String },
    /// Headers that promise a body, then a broken connection: the client cannot know what happened.
    BrokenBody,
    /// The true answer; only the delay is the fault.
    Truth,
}

/// One entry of the fault table. It strikes the first `times` requests that match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub site: String,
    /// Upper-case method; `None` matches all.
    pub method: Option<String>,
    /// Prefix of the normalised path (single slashes), such as `/api/gslbservice`.
    pub path_prefix: String,
    pub answer: FaultAnswer,
    pub times: u32,
    /// `true`: the request takes effect and only its answer is replaced. `false`: the controller never sees it.
    pub after_commit: bool,
    /// Added before the controller looks at the request.
    pub delay: Duration,
}

impl Fault {
    /// A fault that answers one matching request with `status` before the controller sees it.
    pub fn once(site: &str, path_prefix: &str, status: u16, body: &str) -> Self {
        Self {
            site: site.into(),
            method: None,
            path_prefix: path_prefix.into(),
            answer: FaultAnswer::Status { status, body: body.into() },
            times: 1,
            after_commit: false,
            delay: Duration::ZERO,
        }
    }

    pub(super) fn into_active(self) -> Active {
        let instead = match self.answer {
            FaultAnswer::Status { status, body } => Some(Instead::Page(Page { status, body, retry_after: None })),
            FaultAnswer::BrokenBody => Some(Instead::Broken),
            FaultAnswer::Truth => None,
        };
        let phase = if self.after_commit { Phase::AfterCommit } else { Phase::BeforeRead };
        let matcher = Matcher { method: self.method, path: self.path_prefix, ..Matcher::default() };
        Active {
            name: "once",
            target: Some(self.site),
            matcher,
            phase,
            effect: Effect::Once { delay: self.delay, instead },
            times: Some(u64::from(self.times)),
            ..Active::default()
        }
    }
}
