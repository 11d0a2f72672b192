//! Everything of a lab that listens: API servers, controllers, DNS, demo servers; and the probes between them.

use super::kubeconfig::Access;
use super::lab::LabError;
use super::ports::PortPlan;
use super::serve::{Door, Listener, ServeError};
use super::tls::LabTls;
use super::topology::Topology;
use super::wire::Wire;
use super::worlds::Worlds;
use crate::chance::Chance;
use crate::demo::{DemoServers, DemoTls};
use crate::dns::{
    ControlHandle, ControlWatch, DnsConfig, DnsHandle, DnsServer, ErrorResponse, ProbeConfig, ProbeHandle, Prober,
};
use crate::kube::UserInfo;
use axum_server::tls_rustls::RustlsConfig;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const CHANGE_DNS: &str = "stop what uses it or set other addresses (sites[].dns) or ports.dns with --config";
const TOKEN_ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// The open sockets of one lab.
pub struct Sockets {
    /// By context.
    pub api_servers: BTreeMap<String, Listener>,
    /// By site.
    pub controllers: BTreeMap<String, Arc<Listener>>,
    /// By site.
    pub dns: BTreeMap<String, DnsHandle>,
    pub demo: DemoServers,
    probes: ProbeHandle,
    control_plane: ControlHandle,
}

impl Sockets {
    /// Opens all of them; the demo servers get their addresses later, from AKO.
    ///
    /// # Errors
    /// When an address cannot be used.
    pub async fn open(
        topology: &Topology,
        worlds: &Worlds,
        ports: &PortPlan,
        accesses: &[Access],
        tls: &LabTls,
    ) -> Result<Self, LabError> {
        let server_tls = RustlsConfig::from_config(tls.server_config()?);
        let demo_tls = DemoTls { certificate: tls.certificate.clone(), key: tls.key.clone() };
        let api_servers = open_api_servers(worlds, accesses, ports, &server_tls)?;
        let controllers = open_controllers(topology, worlds, ports, tls)?;
        let dns = start_dns(topology, worlds, ports.dns).await?;
        let (probes, control_plane) = start_health(topology, worlds, ports);
        let demo = DemoServers::new(Some(demo_tls)).map_err(LabError::Demo)?;
        Ok(Self { api_servers, controllers, dns, demo, probes, control_plane })
    }

    /// Where the DNS of each site really listens.
    pub fn dns_addresses(&self) -> BTreeMap<String, SocketAddr> {
        self.dns.iter().map(|(site, handle)| (site.clone(), handle.address())).collect()
    }

    pub async fn close(self) {
        self.probes.stop().await;
        self.control_plane.stop().await;
        let listeners = self.api_servers.values().chain(self.controllers.values().map(Arc::as_ref));
        futures::future::join_all(listeners.map(Listener::stop)).await;
        for dns in self.dns.into_values() {
            dns.stop().await;
        }
        self.demo.stop().await;
    }
}

/// How clients reach each cluster, in the order of the topology.
///
/// # Errors
/// When there are more clusters than ports.
pub fn accesses(topology: &Topology, ports: &PortPlan, chance: &Chance) -> Result<Vec<Access>, LabError> {
    let access = |(nth, context): (usize, String)| {
        let port = ports.api_server(nth).ok_or(LabError::NoPort)?;
        let server = format!("https://{}", SocketAddr::new(LOCALHOST, port));
        Ok(Access { context, server, token: chance.text(TOKEN_ALPHABET, 32) })
    };
    topology.clusters.iter().map(|cluster| cluster.context.clone()).enumerate().map(access).collect()
}

/// `host:port` of the controller of each site.
///
/// # Errors
/// When there are more sites than ports.
pub fn controller_addresses(topology: &Topology, ports: &PortPlan) -> Result<BTreeMap<String, String>, LabError> {
    let address = |(nth, name): (usize, String)| {
        let port = ports.controller(nth).ok_or(LabError::NoPort)?;
        Ok((name, SocketAddr::new(LOCALHOST, port).to_string()))
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
        world.track_field_managers();
        world.collect_garbage();
        let router = world.router_with_tokens(BTreeMap::from([(access.token.clone(), admin)]));
        let address = SocketAddr::new(LOCALHOST, ports.api_server(nth).ok_or(LabError::NoPort)?);
        let what = format!("API server of {}", access.context);
        listeners.insert(access.context.clone(), Listener::open(what, address, router, Door::Tls(tls.clone()))?);
    }
    Ok(listeners)
}

fn open_controllers(
    topology: &Topology,
    worlds: &Worlds,
    ports: &PortPlan,
    tls: &LabTls,
) -> Result<BTreeMap<String, Arc<Listener>>, LabError> {
    let mut listeners = BTreeMap::new();
    for (nth, site) in topology.sites.iter().enumerate() {
        let Some(router) = worlds.avi.router(&site.name) else { continue };
        let address = SocketAddr::new(LOCALHOST, ports.controller(nth).ok_or(LabError::NoPort)?);
        let what = format!("Avi controller of {}", site.name);
        let door = Door::Wire(Wire::new(&worlds.avi, &site.name, tls)?);
        listeners.insert(site.name.clone(), Arc::new(Listener::open(what, address, router, door)?));
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
