//! One run: the world, the operator in it, one scenario after the other.

use crate::fleet::{Cluster, Fleet};
use crate::floor::Floor;
use crate::objects;
use crate::parameters::{Parameters, Scenario};
use crate::process::Process;
use crate::results::{Boot, Repeated, Run, Size};
use crate::scenarios::{blackout, boot, burst, policy, restart, singles, statuses};
use crate::server::Controller;
use amko_lab::up::files::LabDir;
use amko_lab::up::tls::LabTls;
use anyhow::{Context as _, Result, bail, ensure};
use axum_server::tls_rustls::RustlsConfig;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep};

const POLL: Duration = Duration::from_millis(20);
/// How long nothing must happen before it is worth looking whether all is done.
const PAUSE: Duration = Duration::from_millis(200);
/// How long nothing must happen before nothing more is expected.
const QUIET: Duration = Duration::from_secs(1);

/// The world of one run.
pub struct Bench {
    pub parameters: Parameters,
    pub fleet: Fleet,
    pub controller: Controller,
    pub floor: Floor,
    /// A cluster that the operator does not know, with the same Ingresses.
    pub floor_cluster: Cluster,
    dir: LabDir,
    starts: u32,
}

impl Bench {
    /// Sets everything up; files go to `dir`. The operator does not run yet.
    ///
    /// # Errors
    /// When something cannot be set up.
    pub fn open(parameters: Parameters, dir: &Path) -> Result<Self> {
        let dir = LabDir::new(dir).create()?;
        let tls = LabTls::generate("example.org")?;
        let server = RustlsConfig::from_config(tls.server_config()?);
        let controller = Controller::open(&parameters, &server, 1)?;
        let floor = Floor::new(Controller::open(&parameters, &server, 1)?, &tls.ca, &parameters)?;
        let address = controller.address.to_string();
        let (fleet, floor_cluster) = block_in_place(|| {
            let fleet = Fleet::open(&parameters, &server, &address, &tls.ca)?;
            let cluster = Cluster::open(&parameters, 0, &server)?;
            if parameters.has(Scenario::Singles) || parameters.has(Scenario::Burst) {
                cluster.prepare()?;
                cluster.fill(0, parameters.fqdns)?;
            }
            anyhow::Ok((fleet, cluster))
        })?;
        dir.write_members(&fleet.kubeconfig(&tls.ca)?)?;
        Ok(Self { parameters, fleet, controller, floor, floor_cluster, dir, starts: 0 })
    }

    /// Starts the operator, with a log of its own.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&mut self) -> Result<Process> {
        self.starts += 1;
        let log: PathBuf = self.dir.path().join(format!("operator-{}-{}.log", self.parameters.name, self.starts));
        Process::start(&self.parameters, &self.dir.members(), &self.fleet.home()?.access.context, log)
    }

    /// Waits until the controller's services are as wanted and nothing more happens.
    ///
    /// # Errors
    /// When that takes too long.
    pub async fn until(&self, what: &str, wanted: impl Fn(&[Arc<Value>]) -> bool) -> Result<()> {
        let began = Instant::now();
        let quiet_for = |time: Duration| self.controller.record.last_sign().is_none_or(|at| at.elapsed() >= time);
        loop {
            if quiet_for(PAUSE) && wanted(&self.controller.services()) {
                break;
            }
            let services = || self.controller.services().len();
            ensure!(began.elapsed() < self.parameters.patience, "not in time: {what}; {} services", services());
            sleep(PAUSE.min(POLL * 5)).await;
        }
        self.quiet(QUIET).await
    }

    /// Waits until the controller has not been asked anything for this long.
    ///
    /// # Errors
    /// When it is asked without end.
    pub async fn quiet(&self, time: Duration) -> Result<()> {
        let began = Instant::now();
        loop {
            let last = self.controller.record.last_sign().unwrap_or(began).max(began);
            if last.elapsed() >= time {
                return Ok(());
            }
            if began.elapsed() > self.parameters.patience {
                bail!("the operator does not stop asking the controller");
            }
            sleep(POLL).await;
        }
    }

    /// Waits until every one of these services has these addresses among its own.
    ///
    /// # Errors
    /// When that takes too long.
    pub async fn until_moved(&self, what: &str, moved: &BTreeMap<String, String>) -> Result<()> {
        let has = |service: &Value, address: &str| objects::member_addresses(service).any(|found| found == address);
        let arrived = |services: &[Arc<Value>]| {
            let mut left = moved.len();
            for service in services {
                let wanted = service["name"].as_str().and_then(|name| moved.get(name));
                left -= usize::from(wanted.is_some_and(|address| has(service, address)));
            }
            left == 0
        };
        self.until(what, arrived).await
    }

    /// Moves the first `count` applications, each in one cluster. Answers when that began, and the new addresses by FQDN.
    ///
    /// # Errors
    /// When a cluster refuses it.
    pub fn move_many(&self, count: u32) -> Result<(Instant, BTreeMap<String, String>)> {
        let began = Instant::now();
        let clusters = self.parameters.clusters;
        let moved = block_in_place(|| {
            let each = (0..count).map(|nth| {
                let (_, address) = self.fleet.move_address(nth % clusters, nth)?;
                anyhow::Ok((objects::fqdn(nth), address))
            });
            each.collect::<Result<BTreeMap<_, _>>>()
        })?;
        Ok((began, moved))
    }

    async fn close(self) {
        self.fleet.close().await;
        self.floor_cluster.close().await;
        self.controller.close().await;
        self.floor.close().await;
    }
}

/// Boots once in a world of its own.
async fn boot_only(parameters: &Parameters, dir: &Path) -> Result<Boot> {
    let mut bench = Bench::open(Parameters { scenarios: Vec::new(), ..parameters.clone() }, dir)?;
    let process = bench.start()?;
    let boot = boot::measure(&bench, &process).await?;
    process.stop().await?;
    bench.close().await;
    Ok(boot)
}

/// Runs everything that the parameters ask for. `progress` is told each step. Needs a runtime with several threads.
///
/// # Errors
/// When the operator does not do what it should in time, or something cannot be set up.
pub async fn run(parameters: Parameters, dir: &Path, progress: impl Fn(&str)) -> Result<Run> {
    let (name, size) = (parameters.name.clone(), Size::of(&parameters));
    progress(&format!("{name}: {} FQDNs in {} clusters", size.fqdns, size.clusters));
    let mut boots = Vec::new();
    for nth in 1..parameters.boots {
        progress(&format!("boot from empty, round {nth} of {}", parameters.boots));
        boots.push(boot_only(&parameters, dir).await.context("boot")?);
    }
    let mut bench = Bench::open(parameters, dir)?;
    let process = bench.start()?;
    progress("boot from empty");
    boots.push(boot::measure(&bench, &process).await.context("boot")?);
    let boot = Repeated::new(boots)?;
    let has = |scenario| bench.parameters.has(scenario);
    let (policy_too, singles_too, burst_too) = (has(Scenario::Policy), has(Scenario::Singles), has(Scenario::Burst));
    let (blackout_too, restart_too) = (has(Scenario::Blackout), has(Scenario::Restart));
    let statuses = if has(Scenario::Statuses) {
        progress("an object for each status");
        Some(statuses::measure(&bench, &process).await.context("statuses")?)
    } else {
        None
    };
    let policy = if policy_too {
        progress("a change of the policy");
        Some(policy::measure(&bench, &process).await.context("policy")?)
    } else {
        None
    };
    let singles = if singles_too {
        progress("single changes");
        Some(singles::measure(&bench, &process).await.context("single changes")?)
    } else {
        None
    };
    let burst = if burst_too {
        progress("changes at once");
        Some(burst::measure(&bench, &process).await.context("changes at once")?)
    } else {
        None
    };
    let blackout = if blackout_too {
        progress("changes while the controller is dark");
        Some(blackout::measure(&bench).await.context("blackout")?)
    } else {
        None
    };
    let total = process.usage()?;
    let restart = if restart_too {
        progress("stop and start");
        Some(restart::measure(&mut bench, process).await.context("restart")?)
    } else {
        process.stop().await?;
        None
    };
    let recorded = bench.controller.record.mark() as u64;
    ensure!(recorded >= bench.controller.counted(), "the controller was asked past the recorder");
    bench.close().await;
    Ok(Run { name, size, boot, policy, singles, burst, blackout, restart, statuses, total })
}
