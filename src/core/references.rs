//! What policies refer to on the controller: questions that validation asks, and the answers so far.
//!
//! The core asks and reads answers; whoever reaches the controller finds them out. No answer is not "absent": while a
//! question is open nothing is decided from it (DB-12, DB-13).

mod doubt;
mod lookup;
#[cfg(test)]
mod tests;

pub use doubt::{Doubt, Referrers, doubts_about};
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
    /// The GSLB configuration itself. Never asked: whoever finds out who leads learns it.
    Gslb,
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
    Gslb(GslbFacts),
}

/// What of the GSLB configuration decides whether a service is taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GslbFacts {
    /// `cluster_uuid` of all sites, third-party ones among them.
    pub sites: BTreeSet<String>,
    /// Below which a domain name of a service has to be, in lower case; without any, nothing is known about that.
    pub domains: BTreeSet<String>,
}

impl GslbFacts {
    /// Why a service cannot have this domain name; `None` when it can.
    pub fn outside(&self, name: &str) -> Option<String> {
        let name = name.to_ascii_lowercase();
        let within =
            |domain: &String| name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        if self.domains.is_empty() || self.domains.iter().any(within) {
            return None;
        }
        let domains: Vec<&str> = self.domains.iter().map(String::as_str).collect();
        Some(format!(
            "it is in none of the DNS domains of the GSLB ({}), and the whole service would be refused for it; remove it, \
             or add its domain to the GSLB",
            domains.join(", ")
        ))
    }
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

/// The answers known so far, and which of them the controller does not stand by at present. Immutable once shared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalog {
    answers: BTreeMap<Question, Answer>,
    doubts: BTreeMap<Question, Doubt>,
}

impl Catalog {
    /// Nothing is known.
    pub const EMPTY: &'static Self = &Self { answers: BTreeMap::new(), doubts: BTreeMap::new() };

    /// The last good answer; `None` while the question is open.
    pub fn answer(&self, question: &Question) -> Option<&Answer> {
        self.answers.get(question)
    }

    /// The GSLB configuration; `None` while it is not known.
    pub fn gslb(&self) -> Option<&GslbFacts> {
        match self.answer(&Question::Gslb) {
            Some(Answer::Gslb(facts)) => Some(facts),
            _ => None,
        }
    }

    /// Why the answer is that of earlier; `None` when it is that of now.
    pub fn doubt(&self, question: &Question) -> Option<&Doubt> {
        self.doubts.get(question)
    }

    /// The controller stands by this.
    pub fn insert(&mut self, question: Question, answer: Answer) {
        self.doubts.remove(&question);
        self.answers.insert(question, answer);
    }

    /// The controller does not stand by the answer any more. Answers whether that is new.
    pub fn question(&mut self, question: Question, doubt: Doubt) -> bool {
        self.doubts.insert(question, doubt.clone()) != Some(doubt)
    }

    /// Whether both know the same answers, in doubt or not.
    pub fn answers_as(&self, other: &Self) -> bool {
        self.answers == other.answers
    }
}

impl FromIterator<(Question, Answer)> for Catalog {
    fn from_iter<I: IntoIterator<Item = (Question, Answer)>>(answers: I) -> Self {
        Self { answers: answers.into_iter().collect(), doubts: BTreeMap::new() }
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
            Self::Gslb => f.write_str("the GSLB configuration"),
        }
    }
}

/// Says for whose answer an object waits.
pub fn waiting_for(questions: &BTreeSet<Question>) -> String {
    let subjects: Vec<String> = questions.iter().map(Question::to_string).collect();
    format!("waits for the controller's answer about {}", subjects.join(", "))
}
