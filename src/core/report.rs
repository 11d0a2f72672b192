//! What is said about a GSLBHostRule and the GSLB service of its FQDN: see `docs/RULES.md#status`.
//!
//! Two reports come in for each rule: what validation says of it, and how its service is doing. Both are full states.
//! From them, and from what the object says already, follows the status that it should have. What is not known at
//! present (after a restart, while the controller cannot be read) stays as it was said.

pub mod carrier;
pub mod condition;
mod refs;
mod rule;
mod service;
#[cfg(test)]
mod tests;

pub use refs::concerns_reference;
pub use rule::{Wanted, acceptance, rule_status};
pub use service::{ServiceReport, Subject, WriteResult};

use super::host_rule::RuleVerdict;
use super::precedence::ObjectName;
use crate::crd::GslbHostRuleStatus;
use jiff::Timestamp;

/// What is known about one GSLBHostRule object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleReport {
    pub object: ObjectName,
    /// `spec.fqdn`; only a service report about this name belongs to the rule.
    pub fqdn: String,
    pub uid: Option<String>,
    /// Of the last version that decided something.
    pub generation: Option<i64>,
    /// Of the last version that was seen.
    pub latest: Option<i64>,
    /// The status that the object has, as last seen.
    pub present: Option<GslbHostRuleStatus>,
    pub verdict: RuleVerdict,
    /// Has the operator's label: made only to carry a status.
    pub managed: bool,
    /// Managed, and somebody's own rule for the FQDN exists.
    pub superfluous: bool,
    /// What it refers to and the controller does not stand by at present, in words.
    pub doubts: Vec<String>,
}

/// How far a service is from what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SyncState {
    /// The controller holds what it should.
    InSync,
    /// A write waits for its turn.
    Queued,
    Writing,
    /// The controller's side is not known well enough to write.
    Unread,
    /// Too little is known to decide.
    Waiting,
    /// Members stay that are not wanted any more, until somebody approves that they go.
    Held,
    /// The last write failed; it is tried again.
    Failing,
    /// It failed so often in a row that it is tried rarely.
    Quarantined,
    /// The policy selects none of its objects, and the controller holds nothing.
    NotSelected,
    /// Objects are selected, none of which can be a member, and the controller holds nothing.
    NoMembers,
}

impl SyncState {
    /// As the status of a rule says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::InSync => "InSync",
            Self::Queued => "Queued",
            Self::Writing => "Writing",
            Self::Unread => "Unread",
            Self::Waiting => "Waiting",
            Self::Held => "Held",
            Self::Failing => "Failing",
            Self::Quarantined => "Quarantined",
            Self::NotSelected => "NotSelected",
            Self::NoMembers => "NoMembers",
        }
    }

    /// As metrics and pages say it.
    pub fn label(self) -> &'static str {
        match self {
            Self::InSync => "in-sync",
            Self::Queued => "queued",
            Self::Writing => "writing",
            Self::Unread => "unread",
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Failing => "failing",
            Self::Quarantined => "quarantined",
            Self::NotSelected => "not-selected",
            Self::NoMembers => "no-members",
        }
    }

    /// Whether the controller does not hold what it should, as far as is known.
    pub fn is_open(self) -> bool {
        match self {
            Self::InSync | Self::NotSelected | Self::NoMembers => false,
            Self::Queued
            | Self::Writing
            | Self::Unread
            | Self::Waiting
            | Self::Held
            | Self::Failing
            | Self::Quarantined => true,
        }
    }
}

/// How much of the world has been seen since the process started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Sight {
    /// Nothing can be said about what is absent.
    #[default]
    Blind,
    /// The first look at clusters and controller is over: a service that nobody reported does not exist.
    Settled,
    /// And every cluster that may count has been listed completely: it will not appear from a cluster not seen yet.
    Complete,
}

/// Times in a status have whole seconds: a finer one would never compare equal to what is read back.
pub fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
