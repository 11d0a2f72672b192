//! Small web servers on the virtual IPs, so that one can see which cluster an answer leads to.

use std::io;
use std::net::IpAddr;

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

/// The servers of all virtual IPs. Cheap to clone; clones share the servers.
#[derive(Clone)]
pub struct DemoServers {}

impl DemoServers {
    /// Without a certificate, HTTPS ports are refused.
    ///
    /// # Errors
    /// When the certificate or the key is unusable.
    pub fn new(_tls: Option<DemoTls>) -> io::Result<Self> {
        Ok(Self {})
    }

    /// Serves exactly these ports on the virtual IP with this text, such as `This service resides in SITE1 AZ1`.
    /// What is served already stays untouched.
    ///
    /// # Errors
    /// When an address cannot be bound; the ports that could be are served.
    pub fn ensure(&self, _vip: IpAddr, _ports: &[DemoPort], _text: &str) -> io::Result<()> {
        Ok(())
    }

    /// Stops serving the virtual IP.
    pub fn remove(&self, _vip: IpAddr) {}

    /// Virtual IPs for which the predicate holds refuse connections from now on; the others serve again.
    pub fn set_blackout(&self, _dark: impl Fn(IpAddr) -> bool + Send + Sync + 'static) {}

    /// Closes everything.
    pub async fn stop(self) {}
}
