//! When a failed child starts again: a pure decision over plain data.

use crate::retry::RetryPolicy;
use rand::Rng;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

/// How the children of one supervisor are restarted.
#[derive(Debug, Clone)]
pub struct RestartPolicy {
    /// Delay before each restart, by the number of failures inside the window.
    pub backoff: RetryPolicy,
    /// Failures older than this are forgotten.
    pub window: Duration,
    /// A child with more failures than this inside the window is started rarely; `None` knows no such limit.
    pub limit: Option<usize>,
}

/// How often a child is started that has failed too often. It costs little, and what made it fail may be over.
pub const RARELY: Duration = Duration::from_secs(600);

/// How a child ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// It stopped because it was told to.
    Stopped,
    /// It panicked or returned an error, in its own words.
    Failed(String),
}

/// What to do about an exit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Start it again after the delay, unless another generation has come up by then.
    Restart { after: Duration, generation: u64 },
    /// The same for one that failed too often: the delay is [`RARELY`], or until there is something new.
    Rarely { after: Duration, generation: u64, failures: usize },
    /// Nothing: it ended as asked, or the exit is of an earlier incarnation.
    Ignore,
}

/// One child's record.
#[derive(Debug, Default)]
struct Record {
    generation: u64,
    up: bool,
    failures: VecDeque<Instant>,
    restarts: u64,
    last_failure: Option<String>,
    /// It failed too often, and has not been up for long since.
    rarely: bool,
}

/// What is shown of one child.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ChildView {
    pub up: bool,
    pub restarts: u64,
    pub last_failure: Option<String>,
    /// It failed so often that it is started only every ten minutes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tried_rarely: bool,
}

/// The children of one supervisor, by key. Each child has a restart window of its own.
#[derive(Debug)]
pub struct RestartTable<K> {
    policy: RestartPolicy,
    records: BTreeMap<K, Record>,
}

impl<K: Ord + Clone> RestartTable<K> {
    pub fn new(policy: RestartPolicy) -> Self {
        Self { policy, records: BTreeMap::new() }
    }

    /// Notes a start and returns the generation of the new incarnation.
    pub fn started(&mut self, key: &K) -> u64 {
        let record = self.records.entry(key.clone()).or_default();
        if record.generation > 0 && !record.up {
            record.restarts += 1;
        }
        record.generation += 1;
        record.up = true;
        record.generation
    }

    /// A child rests: it is not running, and nothing is wrong. Only what it failed before is remembered.
    pub fn rested(&mut self, key: &K) {
        match self.records.get_mut(key) {
            Some(record) if record.last_failure.is_some() => record.up = true,
            Some(_) => drop(self.records.remove(key)),
            None => {}
        }
    }

    /// Decides about the end of incarnation `generation` of `key`.
    pub fn exited(&mut self, key: &K, generation: u64, exit: Exit, now: Instant, rng: &mut impl Rng) -> Verdict {
        let Some(record) = self.records.get_mut(key).filter(|r| r.generation == generation && r.up) else {
            return Verdict::Ignore;
        };
        record.up = false;
        let Exit::Failed(reason) = exit else { return Verdict::Ignore };
        record.last_failure = Some(reason);
        let calm = RARELY + self.policy.window;
        record.rarely &= record.failures.back().is_some_and(|last| now.duration_since(*last) <= calm);
        record.failures.push_back(now);
        while record.failures.front().is_some_and(|at| now.duration_since(*at) > self.policy.window) {
            record.failures.pop_front();
        }
        let failures = record.failures.len();
        record.rarely |= self.policy.limit.is_some_and(|limit| failures > limit);
        if record.rarely {
            return Verdict::Rarely { after: RARELY, generation, failures };
        }
        let attempt = u32::try_from(failures - 1).unwrap_or(u32::MAX);
        Verdict::Restart { after: self.policy.backoff.delay(attempt, None, rng), generation }
    }

    /// Whether a restart ordered for `generation` is still wanted: the child is down and nothing newer came up.
    pub fn wants_restart(&self, key: &K, generation: u64) -> bool {
        self.records.get(key).is_some_and(|r| r.generation == generation && !r.up)
    }

    /// Whether the child ended, and is to come back or was given up.
    pub fn is_down(&self, key: &K) -> bool {
        self.records.get(key).is_some_and(|r| !r.up)
    }

    /// Whether the child is down and started rarely, until [`RestartTable::forgive`].
    pub fn rests(&self, key: &K) -> bool {
        self.records.get(key).is_some_and(|r| !r.up && r.rarely)
    }

    /// Forgets the failures of a child, so that it may be started again.
    pub fn forgive(&mut self, key: &K) {
        if let Some(record) = self.records.get_mut(key) {
            record.failures.clear();
            record.rarely = false;
        }
    }

    /// Forgets a child that is not wanted any more; a pending restart of it is then stale.
    pub fn remove(&mut self, key: &K) {
        self.records.remove(key);
    }

    pub fn view(&self) -> BTreeMap<K, ChildView> {
        self.records.iter().map(|(key, record)| (key.clone(), record.view())).collect()
    }

    /// The children that have ever failed.
    pub fn troubled(&self) -> BTreeMap<K, ChildView> {
        let troubled = self.records.iter().filter(|(_, record)| record.last_failure.is_some());
        troubled.map(|(key, record)| (key.clone(), record.view())).collect()
    }
}

impl Record {
    fn view(&self) -> ChildView {
        ChildView {
            up: self.up,
            restarts: self.restarts,
            last_failure: self.last_failure.clone(),
            tried_rarely: self.rarely,
        }
    }
}
