//! How well one member cluster is seen at this moment.

use super::ago;
use jiff::Timestamp;
use std::time::Duration;

/// A cluster that says nothing for so long is lost: its watches are opened again more often than that.
pub const SILENCE: Duration = Duration::from_secs(45);
/// A watch that fails for so long is told: one that is opened again at once is no trouble.
pub const TROUBLE: Duration = Duration::from_secs(15);

/// What is known of one cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClusterFacts<'a> {
    /// Every watched kind was completely listed, or known to be absent, since the process started.
    pub listed: bool,
    /// How long ago its API server answered last; `None` before the first answer.
    pub silent: Option<Duration>,
    /// For how long one of its watches has failed.
    pub failing: Option<Duration>,
    /// The latest trouble.
    pub error: Option<&'a str>,
}

/// How well a cluster is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterSight {
    /// It was never completely listed.
    #[default]
    NotYet,
    Seen,
    /// It answers, and something in it cannot be watched.
    Partly,
    /// It does not answer: what it offered last stays.
    Lost,
}

impl ClusterSight {
    /// As a condition says it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotYet => "ClusterNotSeenYet",
            Self::Seen => "AllSeen",
            Self::Partly => "ClusterPartlySeen",
            Self::Lost => "ClusterUnreachable",
        }
    }
}

/// How well a cluster is seen, since when, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterKnown {
    pub sight: ClusterSight,
    /// To the second; of a cluster that is lost, when it answered last.
    pub since: Timestamp,
    pub why: Option<String>,
    /// Since when it is not seen, when that was told by an Event: whatever follows until it is seen.
    pub told_since: Option<Timestamp>,
}

impl ClusterFacts<'_> {
    /// How well the cluster is seen, and for how long that has been so, as far as is known.
    pub fn sight(&self) -> (ClusterSight, Option<Duration>) {
        let Self { listed, silent, failing, .. } = *self;
        let fails = failing.filter(|failing| *failing >= TROUBLE);
        let speechless = silent.filter(|silent| *silent >= SILENCE);
        match (listed, fails, speechless) {
            (false, _, _) => (ClusterSight::NotYet, None),
            (true, _, Some(silent)) => (ClusterSight::Lost, Some(silent)),
            (true, Some(failing), None) => match silent {
                // It has answered since the trouble began.
                Some(silent) if silent < failing => (ClusterSight::Partly, Some(failing)),
                silent => (ClusterSight::Lost, Some(silent.unwrap_or(failing))),
            },
            (true, None, None) => (ClusterSight::Seen, None),
        }
    }
}

impl ClusterKnown {
    /// What follows from the facts as of `now`.
    pub fn of(facts: ClusterFacts<'_>, now: Timestamp) -> Self {
        let (sight, age) = facts.sight();
        let since = ago(now, age.unwrap_or_default());
        let why = facts.error.filter(|_| sight != ClusterSight::Seen).map(str::to_owned);
        Self { sight, since, why, told_since: None }
    }

    /// What is wrong with the cluster, in words, and what follows from it.
    pub fn sentence(&self, context: &str) -> String {
        let why = self.why.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
        match self.sight {
            ClusterSight::Seen => format!("cluster {context} is watched"),
            ClusterSight::NotYet => {
                format!(
                    "cluster {context} has not been completely seen yet{why}: members that only it can explain stay as \
                     the controller has them"
                )
            }
            ClusterSight::Partly => {
                format!(
                    "a part of cluster {context} cannot be watched since {}{why}: it stays as last seen",
                    self.since
                )
            }
            ClusterSight::Lost => {
                format!("cluster {context} has not answered since {}{why}: its members stay as last seen", self.since)
            }
        }
    }
}
