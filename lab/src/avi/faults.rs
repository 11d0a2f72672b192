//! Failures to order: a small table of what to answer instead of the truth.

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
    /// Added before the answer.
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

    fn matches(&self, site: &str, method: &str, path: &str) -> bool {
        self.times > 0
            && self.site == site
            && self.method.as_deref().is_none_or(|wanted| wanted == method)
            && path.starts_with(&self.path_prefix)
    }
}

/// The faults still to strike, oldest first.
#[derive(Debug, Default)]
pub(super) struct FaultTable(Vec<Fault>);

impl FaultTable {
    pub fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault that strikes this request, if any; it counts as used.
    pub fn strike(&mut self, site: &str, method: &str, path: &str) -> Option<Fault> {
        let fault = self.0.iter_mut().find(|fault| fault.matches(site, method, path))?;
        fault.times -= 1;
        let struck = fault.clone();
        self.0.retain(|fault| fault.times > 0);
        Some(struck)
    }
}
