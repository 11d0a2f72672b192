//! What policies refer to on the controller: questions that validation asks, and the answers so far.
//!
//! The core asks and reads answers; whoever reaches the controller finds them out. No answer is not "absent": while a
//! question is open nothing is decided from it (DB-12, DB-13).

mod lookup;
#[cfg(test)]
mod tests;

pub use lookup::{Stop, Surroundings, Validation};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One thing to find out about the controller.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// The health monitor of this name.
    Monitor { tenant: String, name: String },
    /// Whether the application persistence profile exists.
    PersistenceProfile { tenant: String, name: String },
    /// Whether the PKI profile exists.
    PkiProfile { tenant: String, name: String },
    /// The first federated PKI profile, used where none is configured.
    DefaultPkiProfile { tenant: String },
    /// Names of the third-party sites of the GSLB configuration.
    ThirdPartySites { tenant: String },
}

/// What the controller said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// There is no such object.
    Absent,
    Monitor(ReferencedMonitor),
    /// The profile exists.
    Profile {
        name: String,
    },
    Sites(BTreeSet<String>),
}

/// A health monitor of the user, as far as policies care.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReferencedMonitor {
    /// `is_federated`, when the controller says.
    pub federated: Option<bool>,
    /// For instance `HEALTH_MONITOR_HTTP`.
    pub monitor_type: String,
    /// `http_request` of its type section, when it has one.
    pub http_request: Option<String>,
    /// `http_response_code` of its type section.
    pub response_codes: Vec<String>,
}

/// The answers known so far. Immutable once shared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalog(BTreeMap<Question, Answer>);

impl Catalog {
    /// Nothing is known.
    pub const EMPTY: &'static Self = &Self(BTreeMap::new());

    /// `None` while the question is open.
    pub fn answer(&self, question: &Question) -> Option<&Answer> {
        self.0.get(question)
    }

    pub fn insert(&mut self, question: Question, answer: Answer) {
        self.0.insert(question, answer);
    }
}

impl FromIterator<(Question, Answer)> for Catalog {
    fn from_iter<I: IntoIterator<Item = (Question, Answer)>>(answers: I) -> Self {
        Self(answers.into_iter().collect())
    }
}

impl fmt::Display for Question {
    /// What is asked about, for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Monitor { tenant, name } => write!(f, "health monitor {name} of tenant {tenant}"),
            Self::PersistenceProfile { tenant, name } => {
                write!(f, "application persistence profile {name} of tenant {tenant}")
            }
            Self::PkiProfile { tenant, name } => write!(f, "PKI profile {name} of tenant {tenant}"),
            Self::DefaultPkiProfile { tenant } => write!(f, "the first federated PKI profile of tenant {tenant}"),
            Self::ThirdPartySites { tenant } => write!(f, "the third-party sites seen from tenant {tenant}"),
        }
    }
}

/// Says for whose answer an object waits.
pub fn waiting_for(questions: &BTreeSet<Question>) -> String {
    let subjects: Vec<String> = questions.iter().map(Question::to_string).collect();
    format!("waits for the controller's answer about {}", subjects.join(", "))
}
