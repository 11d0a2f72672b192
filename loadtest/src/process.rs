//! The operator as a process: started, watched through `/proc`, ended by its number.

use crate::objects::NAMESPACE;
use crate::parameters::Parameters;
use crate::server::free_address;
use amko_lab::up::operator::{Operator, OperatorConfig, find_program};
use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

const POLL: Duration = Duration::from_millis(2);
/// How long a stop may take.
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// What a process has used since it began.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// In user and kernel mode; steps of 10 ms on most systems.
    pub cpu_seconds: f64,
    /// The most memory it ever had resident.
    pub peak_rss_mb: f64,
}

/// A running operator; killed when dropped.
pub struct Process {
    operator: Operator,
    pid: u32,
    http: String,
    client: reqwest::Client,
    pub started: Instant,
}

/// The operator of these parameters.
///
/// # Errors
/// When there is none.
pub fn program(parameters: &Parameters) -> Result<PathBuf> {
    match &parameters.operator {
        Some(path) => {
            ensure!(path.is_file(), "no operator at {}", path.display());
            Ok(path.clone())
        }
        None => Ok(find_program()?),
    }
}

impl Process {
    /// # Errors
    /// When it cannot be started.
    pub fn start(parameters: &Parameters, members: &Path, context: &str, log: PathBuf) -> Result<Self> {
        let http = free_address()?;
        let config = OperatorConfig {
            program: program(parameters)?,
            members: members.to_owned(),
            context: context.to_owned(),
            namespace: NAMESPACE.to_owned(),
            http,
            log,
            more: vec!["--concurrency".into(), parameters.concurrency.to_string()],
        };
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build()?;
        let started = Instant::now();
        let operator = Operator::start(config)?;
        let pid = operator.process().context("the operator ended at once")?;
        Ok(Self { operator, pid, http: format!("http://{http}"), client, started })
    }

    /// Waits for `/readyz` to say yes, looking every two milliseconds.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn ready(&self, within: Duration) -> Result<Instant> {
        let url = format!("{}/readyz", self.http);
        let polling = async {
            loop {
                if let Ok(answer) = self.client.get(&url).send().await
                    && answer.status().is_success()
                {
                    return Instant::now();
                }
                sleep(POLL).await;
            }
        };
        timeout(within, polling).await.with_context(|| format!("not ready; see {}", self.operator.log().display()))
    }

    /// Waits until all clusters are completely listed.
    ///
    /// # Errors
    /// When that takes too long.
    pub async fn listed(&self, within: Duration) -> Result<Instant> {
        let polling = async {
            while !knows_clusters(&self.status().await) {
                sleep(POLL * 10).await;
            }
            Instant::now()
        };
        timeout(within, polling).await.context("the operator does not get to know the clusters")
    }

    /// Whether all clusters are known and no work waits.
    pub async fn idle(&self) -> bool {
        let status = self.status().await;
        let queue = ["waiting", "delayed", "in_flight"].map(|key| status["queue"][key].as_u64());
        knows_clusters(&status) && queue == [Some(0); 3]
    }

    /// What `/api/status` says; `Null` while it says nothing.
    async fn status(&self) -> Value {
        let Ok(answer) = self.client.get(format!("{}/api/status", self.http)).send().await else { return Value::Null };
        answer.json().await.unwrap_or_default()
    }

    /// # Errors
    /// When the process is gone, or this system has no `/proc`.
    pub fn usage(&self) -> Result<Usage> {
        let read = |file: &str| {
            let path = format!("/proc/{}/{file}", self.pid);
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
        };
        usage(&read("stat")?, &read("status")?).context("/proc looks unlike it should")
    }

    /// SIGTERM; answers how long the process took to end.
    ///
    /// # Errors
    /// When it does not end with code 0 in time.
    pub async fn stop(mut self) -> Result<Duration> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw).context("the operator's number")?;
        let began = Instant::now();
        kill_process(pid, Signal::TERM)?;
        let ended = timeout(STOP_WITHIN, self.operator.ended()).await.context("the operator does not stop")??;
        ensure!(ended.success(), "the operator ended with {ended}");
        Ok(began.elapsed())
    }
}

fn knows_clusters(status: &Value) -> bool {
    let clusters = status["clusters"].as_object();
    clusters.is_some_and(|clusters| !clusters.is_empty() && clusters.values().all(|c| c["synced"] == true))
}

/// From the text of `stat` and `status` of a process.
fn usage(stat: &str, status: &str) -> Option<Usage> {
    // The name in parentheses may hold anything; utime and stime are the 12th and 13th field after it.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = [11, 12].iter().map(|&nth| fields.get(nth)?.parse::<u64>().ok()).sum::<Option<u64>>()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = peak.trim().trim_end_matches("kB").trim().parse().ok()?;
    let per_second = rustix::param::clock_ticks_per_second() as f64;
    Some(Usage { cpu_seconds: ticks as f64 / per_second, peak_rss_mb: kilobytes as f64 / 1000.0 * 1.024 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_spaces_and_parentheses_in_its_name_is_read_right() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 4 0 12345 1000 200";
        let status = "Name:\ta\nVmPeak:\t  9999 kB\nVmHWM:\t   20000 kB\nVmRSS:\t 1000 kB\n";
        let seconds = 200.0 / rustix::param::clock_ticks_per_second() as f64;
        assert_eq!(usage(stat, status), Some(Usage { cpu_seconds: seconds, peak_rss_mb: 20.48 }));
        assert_eq!(usage("7 (a) S 1", status), None);
    }
}
