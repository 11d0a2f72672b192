//! Conditions: what a program waits for. `lastTransitionTime` moves only with `status`.

use super::whole_second;
use crate::crd::Condition;
use jiff::Timestamp;

/// The object is valid and in force.
pub const ACCEPTED: &str = "Accepted";
/// Everything that the object refers to exists.
pub const RESOLVED_REFS: &str = "ResolvedRefs";
/// The controller holds what the object asks for.
pub const PROGRAMMED: &str = "Programmed";

/// `status` of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    True,
    False,
    Unknown,
}

impl Truth {
    pub fn word(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// One statement, before it becomes a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub type_: &'static str,
    pub truth: Truth,
    /// One CamelCase word.
    pub reason: &'static str,
    /// For people, with the remedy when something is wrong.
    pub message: String,
}

impl Statement {
    pub fn new(type_: &'static str, truth: impl Into<Truth>, reason: &'static str, message: impl Into<String>) -> Self {
        Self { type_, truth: truth.into(), reason, message: message.into() }
    }
}

/// Whether everything exists to which an object in force refers. What is in doubt is in force as it was known last.
pub fn resolved(doubts: &[String]) -> Statement {
    match doubts {
        [] => Statement::new(RESOLVED_REFS, true, "ResolvedRefs", "everything it refers to on the controller exists"),
        _ => Statement::new(RESOLVED_REFS, false, "LastKnown", doubts.join("; ")),
    }
}

/// The object about which something is said.
#[derive(Debug, Clone, Copy)]
pub struct Speaker<'a> {
    /// Generation of the object that was looked at.
    pub generation: Option<i64>,
    /// The conditions that the object has.
    pub present: &'a [Condition],
    pub now: Timestamp,
}

impl Speaker<'_> {
    /// The statement as a condition.
    pub fn say(&self, statement: Statement) -> Condition {
        let Statement { type_, truth, reason, message } = statement;
        let status = truth.word();
        let before = self.said(type_).filter(|condition| condition.status == status);
        let since = before.and_then(|condition| condition.last_transition_time);
        Condition {
            type_: type_.into(),
            status: status.into(),
            observed_generation: self.generation,
            last_transition_time: since.or_else(|| Some(whole_second(self.now))),
            reason: reason.into(),
            message,
        }
    }

    /// What the object says already, or, when it says nothing, the statement: for what is not known at present.
    pub fn keep_or_say(&self, statement: Statement) -> Condition {
        self.said(statement.type_).cloned().unwrap_or_else(|| self.say(statement))
    }

    /// The same, but what was said of another generation of the object is not kept.
    pub fn keep_current_or_say(&self, statement: Statement) -> Condition {
        let said = self.said(statement.type_).filter(|said| said.observed_generation == self.generation);
        said.cloned().unwrap_or_else(|| self.say(statement))
    }

    /// The condition of this type that the object has.
    pub fn said(&self, type_: &str) -> Option<&Condition> {
        self.present.iter().find(|condition| condition.type_ == type_)
    }
}
