//! Data-plane health: what the service engines of each DNS site find when they probe the members.

use super::checker::{Checker, NetChecker, Target};
use super::follow::Follower;
use super::monitor;
use super::service::Service;
use super::streak::{Streak, StreakRule};
use super::table::{Compiler, SiteObjects};
use super::view::ProbeSite;
use super::{HealthBoard, ProbeKey};
use crate::avi::AviWorld;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

/// Checks that one DNS site runs at the same time; more of them wait.
const CHECKS_AT_ONCE: usize = 128;

/// Settings of the probes.
#[derive(Debug, Clone)]
pub struct ProbeConfig {
    /// The sites whose DNS service probes, by name.
    pub sites: Vec<String>,
    /// Where the lab really serves a port: it cannot bind 80 without being root.
    pub port_map: fn(u16) -> u16,
}

/// Starts the probes of all DNS sites.
pub struct Prober;

/// Running probes. Dropping it ends them.
pub struct ProbeHandle {
    _sites: Vec<Follower>,
}

impl Prober {
    /// Probes every member with every monitor of its service, and follows changes of the services, until the handle
    /// is stopped.
    pub fn start(config: ProbeConfig, world: AviWorld, board: HealthBoard) -> ProbeHandle {
        let checker = Arc::new(NetChecker::new(config.port_map));
        let start = |site: String| {
            let mut probes = SiteProbes::new(&site, checker.clone(), board.clone());
            let source = world.clone();
            Follower::start(vec![world.changes()], move || {
                probes.refresh(SiteObjects::read(&source, &site));
            })
        };
        ProbeHandle { _sites: config.sites.into_iter().map(start).collect() }
    }
}

impl ProbeHandle {
    /// Ends all probes.
    pub async fn stop(self) {}
}

/// All probes of one DNS site: one task for each service, member and monitor.
pub struct SiteProbes<C> {
    site: String,
    checker: Arc<C>,
    board: HealthBoard,
    slots: Arc<Semaphore>,
    compiler: Compiler,
    objects: SiteObjects,
    running: HashMap<ProbeKey, Running>,
}

struct Running {
    target: Target,
    task: AbortHandle,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<C: Checker> SiteProbes<C> {
    pub fn new(site: &str, checker: Arc<C>, board: HealthBoard) -> Self {
        Self {
            site: site.into(),
            checker,
            board,
            slots: Arc::new(Semaphore::new(CHECKS_AT_ONCE)),
            compiler: Compiler::default(),
            objects: SiteObjects::default(),
            running: HashMap::new(),
        }
    }

    /// Starts the probes that these objects ask for in addition, and ends those that they no longer ask for. A probe
    /// whose monitor changed goes on from its verdict.
    pub fn refresh(&mut self, objects: SiteObjects) {
        if objects.is_same(&self.objects) {
            return;
        }
        let wanted = self.targets(&objects);
        self.objects = objects;
        let gone: Vec<ProbeKey> = self.running.keys().filter(|key| !wanted.contains_key(key)).cloned().collect();
        for key in gone {
            self.running.remove(&key);
            self.board.remove_probe(&key);
        }
        for (key, target) in wanted {
            if self.running.get(&key).is_none_or(|running| running.target != target) {
                let task = self.spawn(key.clone(), target.clone());
                self.running.insert(key, Running { target, task });
            }
        }
    }

    fn targets(&mut self, objects: &SiteObjects) -> HashMap<ProbeKey, Target> {
        let table = self.compiler.compile(objects);
        let monitors = monitor::compile(&objects.monitors);
        let site = ProbeSite { name: &self.site, monitors: &monitors };
        table.services.iter().flat_map(|service| targets_of(&site, service)).collect()
    }

    fn spawn(&self, key: ProbeKey, target: Target) -> AbortHandle {
        let probe = Probe {
            streak: Streak::new(rule(&target), self.board.probe(&key)),
            key,
            target,
            checker: self.checker.clone(),
            board: self.board.clone(),
            slots: self.slots.clone(),
        };
        tokio::spawn(probe.run()).abort_handle()
    }
}

fn targets_of(site: &ProbeSite<'_>, service: &Service) -> Vec<(ProbeKey, Target)> {
    let of_member = |member| {
        let probes = site.probes(service, member).into_iter();
        probes.map(|(key, monitor)| {
            let host = member.host.as_ref().unwrap_or(&service.host).clone();
            let address = key.address;
            (key, Target { address, monitor, host })
        })
    };
    service.members.iter().flat_map(of_member).collect()
}

fn rule(target: &Target) -> StreakRule {
    StreakRule {
        successful_checks: target.monitor.successful_checks,
        failed_checks: target.monitor.failed_checks,
        quick_start: target.monitor.quick_start,
    }
}

struct Probe<C> {
    key: ProbeKey,
    target: Target,
    streak: Streak,
    checker: Arc<C>,
    board: HealthBoard,
    slots: Arc<Semaphore>,
}

impl<C: Checker> Probe<C> {
    /// Checks at once, and then every interval. A check that runs late delays the next ones.
    async fn run(mut self) {
        let mut ticks = interval_at(Instant::now(), self.target.monitor.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let Ok(_slot) = self.slots.acquire().await else { return };
            let check = self.checker.check(&self.target);
            let good = timeout(self.target.monitor.timeout, check).await.unwrap_or(false);
            if let Some(up) = self.streak.observe(good) {
                tracing::info!(site = %self.key.dns_site, address = %self.key.address, up, "a member changed");
                self.board.set_probe(self.key.clone(), up);
            }
        }
    }
}
