//! Small web servers on the virtual IPs, so that one can see which cluster an answer leads to.
//!
//! On Linux every address in 127.0.0.0/8 can be bound without setting up an interface.

mod port;

#[cfg(test)]
mod tests;

use arc_swap::ArcSwap;
use axum_server::tls_rustls::RustlsConfig;
use parking_lot::Mutex;
use port::{PortServer, Serving};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::watch;

/// Certificate chain and key for the HTTPS ports, both PEM.
#[derive(Debug, Clone)]
pub struct DemoTls {
    pub certificate: String,
    pub key: String,
}

/// One port of a virtual IP, as really bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DemoPort {
    Http(u16),
    Https(u16),
    /// Answers each datagram with the text.
    Udp(u16),
}

/// The servers of all virtual IPs. Cheap to clone; clones share the servers. Needs a tokio runtime.
#[derive(Clone)]
pub struct DemoServers {
    state: Arc<Mutex<State>>,
    tls: Option<RustlsConfig>,
}

type Predicate = Box<dyn Fn(IpAddr) -> bool + Send + Sync>;

struct State {
    vips: BTreeMap<IpAddr, Vip>,
    is_dark: Predicate,
}

struct Vip {
    text: Arc<ArcSwap<String>>,
    dark: watch::Sender<bool>,
    ports: BTreeMap<DemoPort, PortServer>,
}

impl DemoServers {
    /// Without a certificate, HTTPS ports are refused.
    ///
    /// # Errors
    /// When the certificate or the key is unusable.
    pub fn new(tls: Option<DemoTls>) -> io::Result<Self> {
        let tls = tls.map(|tls| server_config(&tls).map_err(io::Error::other)).transpose()?;
        let state = State { vips: BTreeMap::new(), is_dark: Box::new(|_| false) };
        Ok(Self { state: Arc::new(Mutex::new(state)), tls: tls.map(|tls| RustlsConfig::from_config(Arc::new(tls))) })
    }

    /// Serves exactly these ports on the virtual IP with this text, such as `This service resides in SITE1 AZ1`.
    /// A port that is served already is not interrupted.
    ///
    /// # Errors
    /// When an address cannot be bound now; the other ports are served, and this one is tried again in the background.
    /// Also for an HTTPS port without a certificate, which is not tried again.
    pub fn ensure(&self, vip: IpAddr, ports: &[DemoPort], text: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        let dark = (state.is_dark)(vip);
        let entry = state.vips.entry(vip).or_insert_with(|| Vip {
            text: Arc::default(),
            dark: watch::Sender::new(dark),
            ports: BTreeMap::new(),
        });
        entry.text.store(Arc::new(text.into()));
        entry.ports.retain(|port, _| ports.contains(port));
        let mut outcome = Ok(());
        for port in ports {
            if !entry.ports.contains_key(port) {
                outcome = self.open(vip, *port, entry).and(outcome);
            }
        }
        outcome
    }

    fn open(&self, vip: IpAddr, port: DemoPort, entry: &mut Vip) -> io::Result<()> {
        if matches!(port, DemoPort::Https(_)) && self.tls.is_none() {
            let problem = format!("{vip} cannot serve {port:?}: the demo servers have no certificate");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        }
        let serving = Serving { vip, port, text: entry.text.clone(), tls: self.tls.clone() };
        let (server, outcome) = PortServer::start(serving, entry.dark.subscribe());
        entry.ports.insert(port, server);
        outcome
    }

    /// Stops serving the virtual IP.
    pub fn remove(&self, vip: IpAddr) {
        self.state.lock().vips.remove(&vip);
    }

    /// Virtual IPs for which the predicate holds refuse connections from now on, and their open connections are cut;
    /// the others serve again.
    pub fn set_blackout(&self, is_dark: impl Fn(IpAddr) -> bool + Send + Sync + 'static) {
        let mut state = self.state.lock();
        state.is_dark = Box::new(is_dark);
        for (vip, entry) in &state.vips {
            let dark = (state.is_dark)(*vip);
            entry.dark.send_if_modified(|present| std::mem::replace(present, dark) != dark);
        }
    }

    /// Closes everything.
    pub async fn stop(self) {
        let vips = std::mem::take(&mut self.state.lock().vips);
        for server in vips.into_values().flat_map(|vip| vip.ports.into_values()) {
            server.stop().await;
        }
    }
}

fn server_config(tls: &DemoTls) -> Result<ServerConfig, Box<dyn std::error::Error + Send + Sync>> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(tls.certificate.as_bytes()).collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(tls.key.as_bytes())?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(config)
}
