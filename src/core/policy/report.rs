//! What is said of a GlobalDeploymentPolicy in its status.

use super::{ACCEPTED, ANOTHER_EXISTS};
use crate::core::references::{Question, waiting_for};
use std::collections::BTreeSet;

/// What became of a GlobalDeploymentPolicy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyReport {
    /// The text for `status.errorStatus`; `None` leaves the one that is there.
    pub text: Option<String>,
    pub verdict: PolicyVerdict,
    /// What it refers to and the controller does not stand by at present, in words.
    pub doubts: Vec<String>,
}

/// The same for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyVerdict {
    /// In force; what it asks for and cannot have, in words.
    Accepted { limitations: Vec<String> },
    /// A check failed; the text of the report says which.
    Invalid,
    /// Another policy is in force (rule GDP-02).
    AnotherExists,
    /// The policy in force was deleted and may come back; what waits for its end, in words.
    Waits { message: String },
    /// The controller has not answered these; what was in force stays.
    Pending { questions: BTreeSet<Question> },
}

impl PolicyReport {
    pub fn accepted(limitations: Vec<String>) -> Self {
        Self { text: Some(ACCEPTED.to_owned()), verdict: PolicyVerdict::Accepted { limitations }, doubts: Vec::new() }
    }

    /// `text` is the first failure in the order of the rows.
    pub fn invalid(text: String) -> Self {
        Self { text: Some(text), verdict: PolicyVerdict::Invalid, doubts: Vec::new() }
    }

    pub fn another_exists() -> Self {
        Self { text: Some(ANOTHER_EXISTS.to_owned()), verdict: PolicyVerdict::AnotherExists, doubts: Vec::new() }
    }

    /// The same text as for [`PolicyVerdict::AnotherExists`], which is known to users' tools.
    pub fn waits(message: String) -> Self {
        Self { text: Some(ANOTHER_EXISTS.to_owned()), verdict: PolicyVerdict::Waits { message }, doubts: Vec::new() }
    }

    pub fn pending(questions: BTreeSet<Question>) -> Self {
        Self { text: None, verdict: PolicyVerdict::Pending { questions }, doubts: Vec::new() }
    }

    /// One sentence for the operator's own status page.
    pub fn notice(&self) -> String {
        match (&self.text, &self.verdict) {
            (_, PolicyVerdict::Waits { message }) => message.clone(),
            (Some(text), _) => text.clone(),
            (None, PolicyVerdict::Pending { questions }) => waiting_for(questions),
            (None, _) => String::new(),
        }
    }
}
