//! What is measured, and how large.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// One part of the story that a run tells. Every run begins with a boot from empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scenario {
    /// A change of the policy that concerns every service.
    Policy,
    /// Single address changes, one after another, and changes that make no difference.
    Singles,
    /// Many address changes at once.
    Burst,
    /// Changes while the controller cannot be reached.
    Blackout,
    /// SIGTERM, a start in sync, and a change right after readiness.
    Restart,
    /// An object for the status of every service. Not measured unless asked for.
    Statuses,
}

/// The size of one run.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Parameters {
    /// Names the run in the report.
    #[arg(long, default_value = "by hand")]
    pub name: String,
    /// FQDNs, each with one Ingress in every cluster
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub fqdns: u32,
    /// Member clusters
    #[arg(long, value_name = "M", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub clusters: u32,
    /// Median delay of the controller's answers to writes; log-normal
    #[arg(long, value_name = "DUR", default_value = "0s", value_parser = humantime::parse_duration)]
    pub write_latency: Duration,
    /// Median delay of the controller's answers to reads; log-normal
    #[arg(long, value_name = "DUR", default_value = "0s", value_parser = humantime::parse_duration)]
    pub read_latency: Duration,
    /// Requests per second to the controller, for operator and floor; 0 means no limit
    #[arg(long, value_name = "R", default_value_t = 0)]
    pub rate: u32,
    /// FQDNs that are written at the same time, by operator and floor
    #[arg(long, value_name = "C", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: u16,
    /// Address changes one after another
    #[arg(long, default_value_t = 300)]
    pub singles: u32,
    /// Time between two of them
    #[arg(long, value_name = "DUR", default_value = "30ms", value_parser = humantime::parse_duration)]
    pub gap: Duration,
    /// Address changes at once
    #[arg(long, default_value_t = 1200)]
    pub burst: u32,
    /// How often the boot from empty and the change of the policy are repeated; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub boots: u32,
    /// How often the changes at once are repeated; the median counts
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub rounds: u32,
    /// How long the controller is dark
    #[arg(long, value_name = "DUR", default_value = "15s", value_parser = humantime::parse_duration)]
    pub blackout: Duration,
    /// Services that change meanwhile, twice each
    #[arg(long, default_value_t = 200)]
    pub blackout_changes: u32,
    /// What to measure after the boot
    #[arg(long, value_enum, value_delimiter = ',', default_value = "policy,singles,burst,blackout,restart")]
    pub scenarios: Vec<Scenario>,
    /// How long one step may take before the run fails
    #[arg(long, value_name = "DUR", default_value = "300s", value_parser = humantime::parse_duration)]
    pub patience: Duration,
    /// The operator's executable [default: `amko` beside this program]
    #[arg(long, value_name = "FILE")]
    pub operator: Option<PathBuf>,
}

impl Parameters {
    /// 5,000 FQDNs in 3 clusters, a controller that answers at once, no limit.
    pub fn instant() -> Self {
        Self {
            name: "instant".into(),
            fqdns: 5000,
            clusters: 3,
            write_latency: Duration::ZERO,
            read_latency: Duration::ZERO,
            rate: 0,
            concurrency: 8,
            singles: 300,
            gap: Duration::from_millis(30),
            burst: 1200,
            boots: 5,
            rounds: 9,
            blackout: Duration::from_secs(15),
            blackout_changes: 200,
            scenarios: vec![
                Scenario::Policy,
                Scenario::Singles,
                Scenario::Burst,
                Scenario::Blackout,
                Scenario::Restart,
            ],
            patience: Duration::from_secs(300),
            operator: None,
        }
    }

    /// As [`Self::instant`] with 10,000 FQDNs, for the single changes only.
    pub fn large() -> Self {
        let scenarios = vec![Scenario::Singles, Scenario::Restart];
        Self { name: "large".into(), fqdns: 10_000, scenarios, ..Self::instant() }
    }

    /// A controller that takes 150 ms for a write and allows 20 requests per second. 500 FQDNs, because 5,000 would
    /// take eight minutes for the first boot alone; reads answer at once.
    pub fn limited() -> Self {
        Self {
            name: "limited".into(),
            fqdns: 500,
            write_latency: Duration::from_millis(150),
            rate: 20,
            singles: 60,
            gap: Duration::from_millis(250),
            burst: 300,
            boots: 1,
            rounds: 1,
            blackout: Duration::from_secs(10),
            blackout_changes: 100,
            ..Self::instant()
        }
    }

    pub fn has(&self, scenario: Scenario) -> bool {
        self.scenarios.contains(&scenario)
    }
}
