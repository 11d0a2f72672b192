//! One simulated controller on a socket.

use crate::parameters::Parameters;
use crate::recorder::Recorder;
use amko_lab::avi::{AviWorld, AviWorldConfig, SiteConfig};
use amko_lab::chance::Chance;
use amko_lab::clock::Clock;
use amko_lab::up::serve::{Door, Listener};
use anyhow::{Context as _, Result};
use axum_server::tls_rustls::RustlsConfig;
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

const SITE: &str = "leader";

/// A controller that is the only site of its GSLB.
pub struct Controller {
    pub record: Recorder,
    pub address: SocketAddr,
    world: AviWorld,
    listener: Listener,
}

impl Controller {
    /// An empty controller on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be opened.
    pub fn open(parameters: &Parameters, tls: &RustlsConfig, seed: u64) -> Result<Self> {
        let address = free_address()?;
        let chance = Chance::seeded(seed);
        let site = SiteConfig { name: SITE.into(), address: address.to_string() };
        let config = AviWorldConfig::new(vec![site], Clock::real(), chance.clone());
        // Every request is recorded here already, with the time of its arrival.
        let world = AviWorld::new(AviWorldConfig { check_cluster_uuids: false, request_log: 0, ..config });
        let record = Recorder::new(parameters, chance);
        let router = record.before(world.router(SITE).context("the site of the controller")?);
        let listener = Listener::open("controller".into(), address, router, Door::Tls(tls.clone()))?;
        Ok(Self { record, address, world, listener })
    }

    /// The GSLB services, as stored.
    pub fn services(&self) -> Vec<Arc<Value>> {
        self.world.objects(SITE, "gslbservice")
    }

    /// What the controller counted itself.
    pub fn counted(&self) -> u64 {
        self.world.last_request()
    }

    /// Cuts all connections and refuses new ones.
    pub async fn black_out(&self) {
        self.listener.black_out().await;
    }

    /// Ends the blackout.
    ///
    /// # Errors
    /// When somebody took the port.
    pub fn restore(&self) -> Result<()> {
        Ok(self.listener.restore()?)
    }

    pub async fn close(&self) {
        self.listener.stop().await;
    }
}

/// A port of 127.0.0.1 that nobody uses now.
///
/// # Errors
/// When there is none.
pub fn free_address() -> Result<SocketAddr> {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    Ok(socket.local_addr()?)
}
