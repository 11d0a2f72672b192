//! A running lab: the worlds of [`super::worlds`] served on sockets, and what can be done to it while it runs.

use super::darkness::{Darkness, UnknownTarget};
use super::files::{FileError, LabDir};
use super::kubeconfig::{self, Access};
use super::ports::PortPlan;
use super::report::{ClusterReport, ControllerReport, DnsReport, LabReport, OperatorReport, Role};
use super::serve::{Listener, MOVE_PORT_BASE, ServeError};
use super::tls::{LabTls, TlsError};
use super::topology::Topology;
use super::worlds::{PreloadError, WorldSettings, Worlds};
use crate::ako::{Ako, AkoError};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::demo::{DemoServers, DemoTls};
use crate::dns::{
    ControlHandle, ControlWatch, DnsConfig, DnsHandle, DnsServer, ErrorResponse, ProbeConfig, ProbeHandle, Prober,
};
use crate::kube::UserInfo;
use axum_server::tls_rustls::RustlsConfig;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const CHANGE_DNS: &str = "stop what uses it or set other addresses (sites[].dns) or ports.dns with --config";
const TOKEN_ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

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
    Ako(#[from] AkoError),
    #[error("cannot write the kubeconfig as YAML: {0}")]
    Kubeconfig(#[from] serde_saphyr::ser::Error),
    #[error("the demo servers cannot use the lab's certificate: {0}")]
    Demo(std::io::Error),
    #[error("there is room for 20 clusters and 20 sites above --port-base")]
    NoPort,
    #[error(transparent)]
    Target(#[from] UnknownTarget),
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
    api_servers: BTreeMap<String, Listener>,
    controllers: BTreeMap<String, Listener>,
    dns: BTreeMap<String, DnsHandle>,
    demo: DemoServers,
    probes: ProbeHandle,
    control_plane: ControlHandle,
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
        let tls = LabTls::generate(&topology.zone, &[])?;
        dir.write_tls(&tls)?;
        let chance = Chance::seeded(seed);
        let accesses = accesses(&topology, &ports, &chance)?;
        let members = kubeconfig::render(&accesses, &tls.ca)?;
        dir.write_members(&members)?;

        let controllers = controller_addresses(&topology, &ports)?;
        let settings = WorldSettings {
            clock: Clock::real(),
            chance,
            controller_latency,
            controllers: controllers.iter().map(|(site, address)| (site.clone(), address.to_string())).collect(),
        };
        let worlds = Worlds::new(&topology, settings);
        worlds.preload(&topology, &tls.ca, &members)?;

        let server_tls = RustlsConfig::from_config(tls.server_config()?);
        let api_servers = open_api_servers(&worlds, &accesses, &ports, &server_tls)?;
        progress(&format!("clusters: {}", list(api_servers.keys())));
        let controllers = open_controllers(&worlds, &controllers, &server_tls)?;
        progress(&format!("Avi controllers: {} ({} leads)", list(controllers.keys()), topology.gslb_leader()));
        let dns = start_dns(&topology, &worlds, ports.dns).await?;
        progress(&format!("DNS for {}: {}", topology.zone, list(dns.values().map(DnsHandle::address))));
        let (probes, control_plane) = start_health(&topology, &worlds, &ports);
        let demo_tls = DemoTls { certificate: tls.certificate.clone(), key: tls.key.clone() };
        let demo = DemoServers::new(Some(demo_tls)).map_err(LabError::Demo)?;
        let akos = worlds.akos(&topology, Some((&demo, ports.served)));
        let tasks = start_akos(&akos)?;
        let addresses: BTreeSet<Ipv4Addr> = akos.iter().flat_map(Ako::addresses).collect();
        progress(&format!("AKO in every cluster; virtual addresses: {}", list(&addresses)));

        let report = report(&topology, &worlds, &accesses, &ports, &dns, operator);
        dir.write_report(&report)?;
        Ok(Self {
            topology: Arc::new(topology),
            dir,
            ports,
            worlds,
            report: Mutex::new(report),
            darkness: Mutex::default(),
            api_servers,
            controllers,
            dns,
            demo,
            probes,
            control_plane,
            akos,
            tasks,
        })
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

    /// Makes the site's controller the GSLB leader.
    ///
    /// # Errors
    /// When there is no such site, or it leads already or is down.
    pub async fn promote(&self, site: &str) -> Result<(), LabError> {
        let promoted = self.worlds.avi.promote(site);
        promoted.map_err(|problem| LabError::Promote { site: site.to_owned(), problem })?;
        let mut report = self.report.lock().await;
        for controller in &mut report.controllers {
            controller.role = if controller.site == site { Role::Leader } else { Role::Follower };
        }
        Ok(self.dir.write_report(&report)?)
    }

    /// Closes everything.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        self.probes.stop().await;
        self.control_plane.stop().await;
        for listener in self.api_servers.values().chain(self.controllers.values()) {
            listener.stop().await;
        }
        for (_, dns) in std::mem::take(&mut self.dns) {
            dns.stop().await;
        }
        self.demo.stop().await;
    }

    async fn apply(&self, darkness: &Darkness) -> Result<(), LabError> {
        let (topology, dark) = (self.topology.clone(), darkness.clone());
        self.demo.set_blackout(move |address| dark.address(&topology, address));
        for (context, listener) in &self.api_servers {
            switch(listener, darkness.cluster(&self.topology, context)).await?;
        }
        for (site, listener) in &self.controllers {
            let dark = darkness.site(site);
            self.worlds.avi.set_available(site, !dark);
            if let Some(uuid) = self.worlds.avi.cluster_uuid(site) {
                self.worlds.board.set_site_reachable(&uuid, !dark);
            }
            if let Some(dns) = self.dns.get(site) {
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

fn accesses(topology: &Topology, ports: &PortPlan, chance: &Chance) -> Result<Vec<Access>, LabError> {
    let access = |(nth, context): (usize, String)| {
        let port = ports.api_server(nth).ok_or(LabError::NoPort)?;
        let server = format!("https://{}", SocketAddr::new(LOCALHOST, port));
        Ok(Access { context, server, token: chance.text(TOKEN_ALPHABET, 32) })
    };
    topology.clusters.iter().map(|cluster| cluster.context.clone()).enumerate().map(access).collect()
}

fn controller_addresses(topology: &Topology, ports: &PortPlan) -> Result<BTreeMap<String, SocketAddr>, LabError> {
    let address = |(nth, name): (usize, String)| {
        let port = ports.controller(nth).ok_or(LabError::NoPort)?;
        Ok((name, SocketAddr::new(LOCALHOST, port)))
    };
    topology.sites.iter().map(|site| site.name.clone()).enumerate().map(address).collect()
}

fn open_api_servers(
    worlds: &Worlds,
    accesses: &[Access],
    ports: &PortPlan,
    tls: &RustlsConfig,
) -> Result<BTreeMap<String, Listener>, LabError> {
    let mut listeners = BTreeMap::new();
    for (nth, access) in accesses.iter().enumerate() {
        let Some(world) = worlds.clusters.get(&access.context) else { continue };
        let admin = UserInfo {
            username: format!("{}-admin", access.context),
            uid: format!("lab-{nth}"),
            groups: vec!["system:masters".into(), "system:authenticated".into()],
        };
        let router = world.router_with_tokens(BTreeMap::from([(access.token.clone(), admin)]));
        let address = SocketAddr::new(LOCALHOST, ports.api_server(nth).ok_or(LabError::NoPort)?);
        let what = format!("API server of {}", access.context);
        listeners.insert(access.context.clone(), Listener::open(what, address, router, tls.clone())?);
    }
    Ok(listeners)
}

fn open_controllers(
    worlds: &Worlds,
    addresses: &BTreeMap<String, SocketAddr>,
    tls: &RustlsConfig,
) -> Result<BTreeMap<String, Listener>, LabError> {
    let mut listeners = BTreeMap::new();
    for (site, address) in addresses {
        let Some(router) = worlds.avi.router(site) else { continue };
        let what = format!("Avi controller of {site}");
        listeners.insert(site.clone(), Listener::open(what, *address, router, tls.clone())?);
    }
    Ok(listeners)
}

async fn start_dns(topology: &Topology, worlds: &Worlds, port: u16) -> Result<BTreeMap<String, DnsHandle>, LabError> {
    let mut started = BTreeMap::new();
    for site in &topology.sites {
        let address = SocketAddr::new(IpAddr::V4(site.dns), port);
        let config = DnsConfig {
            site: site.name.clone(),
            zone: topology.zone.clone(),
            address,
            error_response: ErrorResponse::Nxdomain,
        };
        let handle = DnsServer::start(config, worlds.avi.clone(), worlds.board.clone()).await;
        let failed = |error| ServeError::new(format!("DNS of {}", site.name), address, CHANGE_DNS, error);
        started.insert(site.name.clone(), handle.map_err(failed)?);
    }
    Ok(started)
}

fn start_health(topology: &Topology, worlds: &Worlds, ports: &PortPlan) -> (ProbeHandle, ControlHandle) {
    let sites: Vec<String> = topology.sites.iter().map(|site| site.name.clone()).collect();
    let config = ProbeConfig { sites: sites.clone(), port_map: ports.served };
    let probes = Prober::start(config, worlds.avi.clone(), worlds.board.clone());
    (probes, ControlWatch::start(sites, worlds.avi.clone(), worlds.board.clone()))
}

/// Runs each stand-in once, so that a lab that is ready shows addresses, then keeps them running.
fn start_akos(akos: &[Ako]) -> Result<JoinSet<()>, LabError> {
    let mut tasks = JoinSet::new();
    for ako in akos {
        ako.reconcile_once()?;
        tasks.spawn(ako.clone().run());
    }
    Ok(tasks)
}

fn report(
    topology: &Topology,
    worlds: &Worlds,
    accesses: &[Access],
    ports: &PortPlan,
    dns: &BTreeMap<String, DnsHandle>,
    operator: bool,
) -> LabReport {
    let config = &worlds.avi_config;
    let cluster = |access: &Access| {
        let cluster = topology.cluster(&access.context)?;
        Some(ClusterReport {
            context: access.context.clone(),
            server: access.server.clone(),
            vip_cidr: cluster.vip_cidr.to_string(),
            site: cluster.site.clone(),
        })
    };
    let controllers = config.sites.iter().map(|site| ControllerReport {
        site: site.name.clone(),
        url: format!("https://{}", site.address),
        username: config.username.clone(),
        password: config.password.clone(),
        role: if site.name == config.leader { Role::Leader } else { Role::Follower },
    });
    let operators = operator.then(|| OperatorReport {
        context: topology.config_cluster().to_owned(),
        http: topology.operator_http.clone(),
    });
    LabReport {
        clusters: accesses.iter().filter_map(cluster).collect(),
        controllers: controllers.collect(),
        dns: dns
            .iter()
            .map(|(site, handle)| DnsReport { site: site.clone(), address: handle.address().to_string() })
            .collect(),
        operators: operators.into_iter().collect(),
        control: format!("http://{}", SocketAddr::new(LOCALHOST, ports.control)),
    }
}

/// What to do about the port of the control interface.
pub const MOVE_CONTROL: &str = MOVE_PORT_BASE;
