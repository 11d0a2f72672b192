//! A running lab: the worlds of [`super::worlds`] served on sockets, and what can be done to it while it runs.

use super::darkness::{Darkness, UnknownTarget};
use super::files::{FileError, LabDir};
use super::kubeconfig;
use super::ports::PortPlan;
use super::report::LabReport;
use super::serve::{Listener, ServeError};
use super::sockets::{self, Sockets};
use super::tls::{LabTls, TlsError};
use super::topology::Topology;
use super::wire::keep_gate;
use super::worlds::{PreloadError, WorldSettings, Worlds};
use crate::ako::{Ako, AkoError};
use crate::chance::Chance;
use crate::clock::Clock;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// Why a lab could not be started or changed.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Preload(#[from] PreloadError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Ako(AkoError),
    #[error(
        "{0}; stop what uses the port, or put `ports: {{wellKnown: false}}` into a file for --config to serve ports \
         below 1024 at 8000 higher"
    )]
    VirtualAddress(AkoError),
    #[error("cannot write the kubeconfig as YAML: {0}")]
    Kubeconfig(#[from] serde_saphyr::ser::Error),
    #[error("the demo servers cannot use the lab's certificate: {0}")]
    Demo(std::io::Error),
    #[error("there is room for 20 clusters and 20 sites above --port-base")]
    NoPort,
    #[error(transparent)]
    Target(#[from] UnknownTarget),
    #[error("{0}")]
    NoFault(String),
    #[error("cannot make {site} the GSLB leader: {problem}")]
    Promote { site: String, problem: String },
}

/// What a lab is started with.
#[derive(Debug, Clone)]
pub struct LabOptions {
    pub topology: Topology,
    pub dir: LabDir,
    pub ports: PortPlan,
    pub seed: u64,
    /// Median delay of the controllers' answers.
    pub controller_latency: Duration,
    /// Whether `lab.json` names an operator.
    pub operator: bool,
}

/// A running lab.
pub struct Lab {
    topology: Arc<Topology>,
    dir: LabDir,
    ports: PortPlan,
    worlds: Worlds,
    report: Mutex<LabReport>,
    darkness: Mutex<Darkness>,
    sockets: Sockets,
    akos: Vec<Ako>,
    tasks: JoinSet<()>,
}

impl Lab {
    /// Starts everything but the control interface and the operator; each step is told to `progress`.
    ///
    /// # Errors
    /// When a file cannot be written or an address cannot be used.
    pub async fn start(options: LabOptions, progress: impl Fn(&str)) -> Result<Self, LabError> {
        let LabOptions { topology, dir, ports, seed, controller_latency, operator } = options;
        let dir = dir.create()?;
        let tls = LabTls::generate(&topology.zone)?;
        let chance = Chance::seeded(seed);
        let accesses = sockets::accesses(&topology, &ports, &chance)?;
        let members = kubeconfig::render(&accesses, &tls.ca)?;

        let controllers = sockets::controller_addresses(&topology, &ports)?;
        let clock = Clock::real();
        let worlds = Worlds::new(&topology, WorldSettings { clock, chance, controller_latency, controllers });
        worlds.preload(&topology, &tls.ca, &members)?;
        progress("clusters, controllers and AMKO's objects made");

        // Nothing is written before the ports are ours: another lab may be running in this directory.
        let sockets = Sockets::open(&topology, &worlds, &ports, &accesses, &tls).await?;
        dir.write_tls(&tls)?;
        dir.write_members(&members)?;
        progress(&format!("API servers of {}", list(sockets.api_servers.keys())));
        progress(&format!("Avi controllers of {}; {} leads", list(worlds.sites()), topology.gslb_leader()));
        progress(&format!("DNS for {} on {}", topology.zone, list(sockets.dns.values().map(|dns| dns.address()))));

        let akos = worlds.akos(&topology, Some((&sockets.demo, ports.served)));
        let mut tasks = start_akos(&akos)?;
        for (site, listener) in &sockets.controllers {
            tasks.spawn(keep_gate(worlds.avi.clone(), site.clone(), Arc::clone(listener)));
        }
        let addresses: BTreeSet<Ipv4Addr> = akos.iter().flat_map(Ako::addresses).collect();
        progress(&format!("AKO in every cluster; virtual addresses {}", list(&addresses)));

        let report = LabReport::new(&topology, &worlds.avi_config, &accesses, &sockets.dns_addresses());
        let report = report.with_control(ports.control).with_operator(operator.then_some(&topology));
        dir.write_report(&report)?;
        let (topology, report) = (Arc::new(topology), Mutex::new(report));
        Ok(Self { topology, dir, ports, worlds, report, darkness: Mutex::default(), sockets, akos, tasks })
    }

    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    pub fn dir(&self) -> &LabDir {
        &self.dir
    }

    pub fn ports(&self) -> &PortPlan {
        &self.ports
    }

    /// The worlds behind the sockets.
    pub fn worlds(&self) -> &Worlds {
        &self.worlds
    }

    /// The virtual addresses of a cluster in use now.
    pub fn addresses(&self, context: &str) -> BTreeSet<Ipv4Addr> {
        let at = self.topology.clusters.iter().position(|cluster| cluster.context == context);
        at.and_then(|at| self.akos.get(at)).map(Ako::addresses).unwrap_or_default()
    }

    /// What `lab.json` says now.
    pub async fn report(&self) -> LabReport {
        self.report.lock().await.clone()
    }

    /// The sites and clusters that are blacked out.
    pub async fn dark(&self) -> BTreeSet<String> {
        self.darkness.lock().await.names().clone()
    }

    /// Makes a site or a cluster unreachable: API servers, controller, DNS and virtual addresses.
    ///
    /// # Errors
    /// When there is no such site or cluster.
    pub async fn black_out(&self, name: &str) -> Result<(), LabError> {
        let mut darkness = self.darkness.lock().await;
        darkness.add(&self.topology, name)?;
        self.apply(&darkness).await
    }

    /// Ends the blackout of a site or cluster, or of `all`.
    ///
    /// # Errors
    /// When there is no such site or cluster, or somebody took one of its ports meanwhile.
    pub async fn restore(&self, name: &str) -> Result<(), LabError> {
        let mut darkness = self.darkness.lock().await;
        darkness.remove(&self.topology, name)?;
        self.apply(&darkness).await
    }

    /// Ends the fault or blackout of this id, or `all` of them.
    ///
    /// # Errors
    /// When there is none, or somebody took a port meanwhile.
    pub async fn clear_fault(&self, id: &str) -> Result<(), LabError> {
        if let Ok(number) = id.parse() {
            return self.worlds.avi.clear_fault(number).map_err(LabError::NoFault);
        }
        if id == "all" {
            self.worlds.avi.clear_faults();
        }
        self.restore(id).await
    }

    /// Makes the site's controller the GSLB leader.
    ///
    /// # Errors
    /// When there is no such site, or it leads already or is down.
    pub async fn promote(&self, site: &str) -> Result<(), LabError> {
        let promoted = self.worlds.avi.promote(site);
        promoted.map_err(|problem| LabError::Promote { site: site.to_owned(), problem })?;
        let mut report = self.report.lock().await;
        report.set_leader(site);
        Ok(self.dir.write_report(&report)?)
    }

    /// Closes everything.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        self.sockets.close().await;
    }

    async fn apply(&self, darkness: &Darkness) -> Result<(), LabError> {
        let (topology, dark) = (self.topology.clone(), darkness.clone());
        self.sockets.demo.set_blackout(move |address| dark.address(&topology, address));
        for (context, listener) in &self.sockets.api_servers {
            switch(listener, darkness.cluster(&self.topology, context)).await?;
        }
        for (site, listener) in &self.sockets.controllers {
            let dark = darkness.site(site);
            self.worlds.avi.set_available(site, !dark);
            if let Some(uuid) = self.worlds.avi.cluster_uuid(site) {
                self.worlds.board.set_site_reachable(&uuid, !dark);
            }
            if let Some(dns) = self.sockets.dns.get(site) {
                dns.set_enabled(!dark);
            }
            switch(listener, dark).await?;
        }
        Ok(())
    }
}

async fn switch(listener: &Listener, dark: bool) -> Result<(), ServeError> {
    if !dark {
        return listener.restore();
    }
    listener.black_out().await;
    Ok(())
}

fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// Runs each stand-in once, so that a lab that is ready shows addresses, then keeps them running.
fn start_akos(akos: &[Ako]) -> Result<JoinSet<()>, LabError> {
    let mut tasks = JoinSet::new();
    for ako in akos {
        ako.reconcile_once().map_err(|error| match error {
            AkoError::Serve { .. } => LabError::VirtualAddress(error),
            AkoError::Publish { .. } | AkoError::Judge { .. } => LabError::Ako(error),
        })?;
        tasks.spawn(ako.clone().run());
    }
    Ok(tasks)
}
