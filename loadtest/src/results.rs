//! What was measured, as it stands in `results.json`.

use crate::parameters::{Parameters, Scenario};
use crate::process::Usage;
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Everything that one call of the program measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    pub environment: Environment,
    pub runs: Vec<Run>,
}

/// Where and with what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// RFC 3339, UTC.
    pub date: String,
    /// What `amko version` prints.
    pub operator: String,
    pub loadtest: String,
    pub kernel: String,
    pub processor: String,
    pub cpus: usize,
    /// Whether operator and lab were built with optimisations.
    pub release: bool,
    /// Processes that wanted to run, averaged over a minute, before and after all runs.
    pub load_before: f64,
    pub load_after: f64,
}

/// Parameters in units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Size {
    pub fqdns: u32,
    pub clusters: u32,
    pub write_latency_ms: u64,
    pub read_latency_ms: u64,
    pub requests_per_second: u32,
    pub concurrency: u16,
    pub scenarios: Vec<Scenario>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub name: String,
    pub size: Size,
    pub boot: Repeated<Boot>,
    pub policy: Option<Repeated<Bulk>>,
    pub singles: Option<Singles>,
    pub burst: Option<Burst>,
    pub blackout: Option<Blackout>,
    pub restart: Option<Restart>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statuses: Option<Statuses>,
    /// Of the first operator process, from its start to its end.
    pub total: Usage,
}

/// From the wish for an object with the status of every service to the last status.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Statuses {
    pub services: u32,
    pub seconds: f64,
    /// Of the operator.
    pub cpu_seconds: f64,
}

/// Requests to the controller.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls {
    pub all: usize,
    pub writes: usize,
    pub creates: usize,
    pub updates: usize,
    pub deletes: usize,
    /// Pages of collections.
    pub pages: usize,
    pub other_reads: usize,
    pub logins: usize,
    /// Answered with something else than 2xx, or not answered.
    pub failed: usize,
    /// The most that arrived within any one second.
    pub most_in_a_second: usize,
}

/// A time and its floor.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Against {
    pub seconds: f64,
    pub floor_seconds: f64,
    pub ratio: f64,
}

impl Against {
    pub fn new(operator: Duration, floor: Duration) -> Self {
        let (seconds, floor_seconds) = (operator.as_secs_f64(), floor.as_secs_f64());
        Self { seconds, floor_seconds, ratio: seconds / floor_seconds.max(f64::EPSILON) }
    }
}

/// What was measured several times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repeated<T> {
    /// The round with the median ratio.
    pub median: T,
    /// In the order in which they were measured.
    pub rounds: Vec<Against>,
}

/// One of several rounds.
pub trait Round {
    fn time(&self) -> Against;
}

impl<T: Round> Repeated<T> {
    /// # Errors
    /// When there is no round.
    pub fn new(mut all: Vec<T>) -> Result<Self> {
        let rounds = all.iter().map(T::time).collect();
        all.sort_by(|a, b| a.time().ratio.total_cmp(&b.time().ratio));
        let middle = all.len() / 2;
        Ok(Self { median: all.into_iter().nth(middle).context("no rounds")?, rounds })
    }
}

impl Round for Boot {
    fn time(&self) -> Against {
        self.time
    }
}

impl Round for Bulk {
    fn time(&self) -> Against {
        self.time
    }
}

/// From an empty controller to all services with all members.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Boot {
    /// From the start of the process to the answer to the last write; the floor from its login.
    pub time: Against,
    /// From the start of the process to `/readyz`.
    pub ready_seconds: f64,
    /// From the start of the process until it knows every cluster completely, looked at every 20 ms.
    pub listed_seconds: f64,
    /// From the start of the process to the arrival of the first write.
    pub first_write_seconds: f64,
    /// From the first write's arrival to the last answer, and the floor's whole time.
    pub writing: Against,
    /// The same as `time`, against a floor that lists all clusters before it writes; `None` where that was not measured.
    pub with_lists: Option<Against>,
    pub calls: Calls,
    pub writes_per_fqdn: f64,
    pub usage: Usage,
    /// Answered writes over time, in seconds since the start; for the plot.
    pub progress: Vec<(f64, usize)>,
    pub floor_progress: Vec<(f64, usize)>,
}

/// Something that concerns many services.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bulk {
    pub services: u32,
    pub time: Against,
    /// From the change to the arrival of the first write.
    pub first_write_seconds: f64,
    pub calls: Calls,
    /// Of the operator, meanwhile.
    pub cpu_seconds: f64,
}

/// Delays in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delays {
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub most: f64,
    /// All of them, sorted; for the plot.
    pub all: Vec<f64>,
}

impl Delays {
    pub fn new(delays: Vec<Duration>) -> Self {
        let mut all: Vec<f64> = delays.into_iter().map(|delay| delay.as_secs_f64() * 1000.0).collect();
        all.sort_by(f64::total_cmp);
        // The smallest delay that at least this part of all delays does not exceed.
        let at = |part: f64| {
            let place = (part * all.len() as f64).ceil() as usize;
            all.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
        };
        Self { p50: at(0.5), p90: at(0.9), p99: at(0.99), most: at(1.0), all }
    }
}

/// Address changes one after another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Singles {
    pub changes: u32,
    /// From just before the write to the Kubernetes API to the arrival of the controller's request.
    pub delay: Delays,
    pub floor: Delays,
    pub calls: Calls,
    pub calls_per_change: f64,
    pub cpu_seconds: f64,
    /// Changes of Ingresses that no service depends on, and the requests that followed.
    pub touches: u32,
    pub touch_calls: Calls,
}

/// Address changes at once; each in one cluster of another service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Burst {
    /// The round with the median ratio.
    pub median: Bulk,
    pub rounds: Vec<Against>,
    /// The median against a floor that hears the same changes from one watch, while they are made.
    pub with_changes: Option<Against>,
    /// How long the Kubernetes writes themselves took in the median round.
    pub changing_seconds: f64,
}

/// Changes while the controller is dark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Blackout {
    pub dark_seconds: f64,
    pub services: u32,
    /// Each service changed so often.
    pub changes_each: u32,
    /// From the controller's return to the last answer.
    pub time: Against,
    /// From the controller's return to the first request.
    pub first_request_seconds: f64,
    pub calls: Calls,
    pub writes_per_service: f64,
}

/// Ends and starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Restart {
    /// From SIGTERM to the end of the process, once per end.
    pub stop_seconds: Vec<f64>,
    pub calls: Calls,
    /// How many pages of a hundred the controller's own objects fill, with the first page of what upstream left.
    pub pages_needed: usize,
    /// From the start of the process to `/readyz`; the floor asks the controller the same questions, one after another.
    pub ready: Against,
    pub usage: Usage,
    /// A change made in the moment of readiness, of the start after that.
    pub first_change_seconds: f64,
}

impl Size {
    pub fn of(parameters: &Parameters) -> Self {
        let ms = |duration: Duration| duration.as_millis().try_into().unwrap_or(u64::MAX);
        Self {
            fqdns: parameters.fqdns,
            clusters: parameters.clusters,
            write_latency_ms: ms(parameters.write_latency),
            read_latency_ms: ms(parameters.read_latency),
            requests_per_second: parameters.rate,
            concurrency: parameters.concurrency,
            scenarios: parameters.scenarios.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_delay_that_was_measured() {
        let delays = Delays::new((1..=200).rev().map(Duration::from_millis).collect());
        assert_eq!([delays.p50, delays.p90, delays.p99, delays.most], [100.0, 180.0, 198.0, 200.0]);
        let one = Delays::new(vec![Duration::from_millis(7)]);
        assert_eq!([one.p50, one.p99], [7.0, 7.0]);
        assert!(Delays::new(Vec::new()).p50.is_nan());
    }
}
