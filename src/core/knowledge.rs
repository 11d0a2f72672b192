//! What is known of the controller and of the member clusters, and what is said of it. Every face (conditions, Events,
//! `/api/status`, `/readyz`, metrics, log) asks here, so that all of them say the same.

mod cluster;
mod controller;
pub mod readiness;
#[cfg(test)]
mod tests;
mod words;

pub use cluster::{ClusterFacts, ClusterKnown, ClusterSight};
pub use controller::Obstacle;
pub use words::{in_words, title_of};

use super::occurrence::{Occurrence, Reason};
use super::report::condition::{PROGRAMMED, Statement, Truth};
use super::report::whole_second;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

/// Condition type that tells whether all member clusters are seen as they are now.
pub const CLUSTERS_SEEN: &str = "ClustersSeen";

/// All that is known of the member clusters, by context.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Knowledge {
    pub clusters: BTreeMap<String, ClusterKnown>,
    /// How often was looked.
    looks: u32,
}

/// At the start a cluster is given so many looks before it is told that it was not seen.
const FIRST_LOOKS: u32 = 4;

/// What is the same and what changed since the last look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    pub occurrences: Vec<Occurrence>,
    pub differs: bool,
}

impl Knowledge {
    /// Looks again. A state that goes on keeps the time at which it began.
    pub fn look(&mut self, facts: BTreeMap<&str, ClusterFacts<'_>>, now: Timestamp) -> Change {
        let mut change = Change::default();
        let mut clusters = BTreeMap::new();
        for (context, facts) in facts {
            let before = self.clusters.get(context);
            let mut known = ClusterKnown::of(facts, now);
            if let Some(before) = before.filter(|before| before.sight == known.sight) {
                known.since = before.since;
                // The latest words of a trouble that goes on say nothing new.
                known.why.clone_from(&before.why);
            }
            let occurrence = occurrence(context, before, &known);
            if known.sight != ClusterSight::Seen {
                let told = before.and_then(|before| before.told_since);
                known.told_since = told.or(occurrence.is_some().then_some(known.since));
            }
            change.occurrences.extend(occurrence);
            clusters.insert(context.to_owned(), known);
        }
        let spoke = self.speaks();
        let differs = self.clusters != clusters;
        self.clusters = clusters;
        self.looks = self.looks.saturating_add(1);
        change.differs = differs || self.speaks() != spoke;
        change
    }

    /// Whether there is something to say: not at the start, while clusters are being read for the first time.
    pub fn speaks(&self) -> bool {
        let waits = self.clusters.values().any(|known| known.sight == ClusterSight::NotYet);
        self.looks > 0 && (!waits || self.looks >= FIRST_LOOKS)
    }

    /// Clusters that are not seen as they are now.
    pub fn unseen(&self) -> impl Iterator<Item = (&str, &ClusterKnown)> {
        let clusters = self.clusters.iter().map(|(context, known)| (context.as_str(), known));
        clusters.filter(|(_, known)| known.sight != ClusterSight::Seen)
    }

    /// Whether all member clusters are seen, for the GSLBConfig.
    pub fn clusters_seen(&self) -> Statement {
        let mut unseen = self.unseen();
        let Some((context, first)) = unseen.next() else {
            return Statement::new(CLUSTERS_SEEN, true, "AllSeen", "every member cluster is watched");
        };
        let sentences: Vec<String> =
            std::iter::once((context, first)).chain(unseen).map(|(c, k)| k.sentence(c)).collect();
        Statement::new(CLUSTERS_SEEN, false, first.sight.reason(), sentences.join("; "))
    }

    /// What there is to add to a GSLBConfig, or policy, where the controller holds everything that is known. `counts` says
    /// which clusters it concerns.
    pub fn programmed(&self, counts: impl Fn(&str) -> bool) -> Option<Statement> {
        let unseen: Vec<_> = self.unseen().filter(|(context, _)| counts(context)).collect();
        let names: Vec<&str> = unseen.iter().map(|(context, _)| *context).collect();
        let (_, first) = unseen.first()?;
        let message = format!(
            "the controller holds what is known; what cluster {} offers now is not known: see {CLUSTERS_SEEN} of the \
             GSLBConfig",
            names.join(", ")
        );
        Some(Statement::new(PROGRAMMED, Truth::Unknown, first.sight.reason(), message))
    }
}

/// The time so long before `now`, to the second.
pub fn ago(now: Timestamp, age: Duration) -> Timestamp {
    let age = SignedDuration::try_from(age).unwrap_or_default();
    whole_second(now.checked_sub(age).unwrap_or(now))
}

/// The Event about one cluster. Nothing is said of what was so when the process began.
fn occurrence(context: &str, before: Option<&ClusterKnown>, now: &ClusterKnown) -> Option<Occurrence> {
    let before = before.filter(|before| before.sight != now.sight)?;
    match (before.sight, now.sight) {
        (ClusterSight::NotYet, ClusterSight::Seen) if before.told_since.is_none() => None,
        (_, ClusterSight::Seen) => {
            let since = before.told_since.unwrap_or(before.since);
            let message = format!("cluster {context} is seen again as it is now; it was not since {since}");
            Some(Occurrence::new(Reason::ClusterSeen, message))
        }
        (_, ClusterSight::NotYet) => None,
        (_, ClusterSight::Partly | ClusterSight::Lost) => {
            Some(Occurrence::new(Reason::ClusterNotSeen, now.sentence(context)))
        }
    }
}
