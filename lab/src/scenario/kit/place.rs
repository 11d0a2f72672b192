//! Where the lab of a scenario lives: ports, addresses and a directory that no other lab uses.

use super::script::Failure;
use crate::up::files::LabDir;
use crate::up::lab::LabOptions;
use crate::up::ports::{PortPlan, Ports};
use crate::up::topology::Topology;
use ipnet::Ipv4Net;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The blocks of 100 ports end below the ports that the system hands out by itself, 32768 and up.
const FIRST_BASE: u16 = 30_000;
const BLOCKS: u8 = 27;
/// The n-th block goes with the networks 127.(FIRST_NET + n) and 127.(FIRST_NET + BLOCKS + n).
const FIRST_NET: u8 = 200;
/// Ports of a block that a lab of three clusters and three sites uses: API servers, controllers, control interface.
const USED: [u16; 7] = [0, 1, 2, 20, 21, 22, 40];
const OPERATOR: u16 = 50;
/// A port that is only held, so that two scenarios never choose the same block.
const CLAIM: u16 = 99;
const DNS: u16 = 8053;

/// A block of ports with the addresses that go with it, claimed while this lives.
pub struct Place {
    base: u16,
    near: u8,
    far: u8,
    dir: PathBuf,
    _claim: TcpListener,
}

impl Place {
    /// Claims a free block and makes a new directory.
    ///
    /// # Errors
    /// When there is no free block, or the directory cannot be made.
    pub fn claim(name: &str) -> Result<Self, Failure> {
        let Some((base, near, claim)) = (0..BLOCKS).find_map(free_block) else {
            let last = FIRST_BASE + 100 * u16::from(BLOCKS);
            return Err(Failure::broken("no free ports", format!("looked from {FIRST_BASE} to {last} on 127.0.0.1")));
        };
        let dir = std::env::temp_dir().join(format!("amko-lab-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).map_err(|error| Failure::broken(dir.display().to_string(), error))?;
        Ok(Self { base, near, far: near + BLOCKS, dir, _claim: claim })
    }

    pub fn base(&self) -> u16 {
        self.base
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Removes the directory.
    pub fn clear(&self) {
        // It is the system's temporary directory: what stays is nobody's loss.
        let _ = std::fs::remove_dir_all(&self.dir);
    }

    /// The usual lab with an operator, at this place.
    pub fn options(&self) -> LabOptions {
        let topology = self.topology();
        LabOptions {
            ports: PortPlan::new(self.base, false, &topology.ports),
            dir: LabDir::new(&self.dir),
            seed: 1,
            controller_latency: Duration::ZERO,
            operator: true,
            topology,
        }
    }

    /// The default topology with every address moved here, and no port below 1024.
    fn topology(&self) -> Topology {
        let mut topology = Topology {
            operator_http: SocketAddr::from((Ipv4Addr::LOCALHOST, self.base + OPERATOR)),
            ports: Ports { well_known: Some(false), dns: Some(DNS), ..Ports::default() },
            ..Topology::default()
        };
        for site in &mut topology.sites {
            site.dns = self.moved(site.dns);
        }
        for cluster in &mut topology.clusters {
            let network = self.moved(cluster.vip_cidr.network());
            cluster.vip_cidr = Ipv4Net::new(network, cluster.vip_cidr.prefix_len()).unwrap_or(cluster.vip_cidr);
            cluster.first_vip = cluster.first_vip.map(|address| self.moved(address));
        }
        topology
    }

    /// 127.10 becomes this place's near network, everything else its far one.
    fn moved(&self, address: Ipv4Addr) -> Ipv4Addr {
        let [first, second, third, fourth] = address.octets();
        let second = if second == 10 { self.near } else { self.far };
        Ipv4Addr::new(first, second, third, fourth)
    }
}

fn free_block(nth: u8) -> Option<(u16, u8, TcpListener)> {
    let (base, near) = (FIRST_BASE + 100 * u16::from(nth), FIRST_NET + nth);
    let claim = TcpListener::bind((Ipv4Addr::LOCALHOST, base + CLAIM)).ok()?;
    let mut ports = USED.iter().chain([&OPERATOR]);
    let ports = ports.all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, base + port)).is_ok());
    let dns = UdpSocket::bind((Ipv4Addr::new(127, near, 24, 186), DNS)).is_ok();
    (ports && dns).then_some((base, near, claim))
}
