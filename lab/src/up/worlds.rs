//! All simulated worlds of one lab in memory, wired to each other and not yet reachable from outside.

use super::objects::{self, ControllerAccess};
use super::ports::PortMap;
use super::topology::{Cluster, Topology};
use crate::ako::vips::VipRange;
use crate::ako::{Ako, AkoConfig, DemoTarget};
use crate::avi::{AviWorld, AviWorldConfig, SiteConfig};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::demo::DemoServers;
use crate::dns::HealthBoard;
use crate::kube::{KubeWorld, KubeWorldConfig, Status};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Events that each resource of a cluster keeps for watches that resume.
const WATCH_HISTORY: usize = 10_000;
/// Requests that the controllers remember.
const REQUEST_LOG: usize = 10_000;
/// Time until a follower controller shows what the leader was told.
const REPLICATION_DELAY: Duration = Duration::from_millis(500);

/// The worlds of one lab.
pub struct Worlds {
    /// One cluster per context.
    pub clusters: BTreeMap<String, KubeWorld>,
    pub avi: AviWorld,
    pub board: HealthBoard,
    /// What the controllers were built with: user, password, version.
    pub avi_config: AviWorldConfig,
}

/// What the worlds need besides the topology.
pub struct WorldSettings {
    pub clock: Clock,
    pub chance: Chance,
    /// Median delay of the controllers' answers.
    pub controller_latency: Duration,
    /// Address of the controller of each site.
    pub controllers: BTreeMap<String, String>,
}

/// An object of the lab's own that a cluster refused, or a document that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PreloadError {
    #[error("an embedded CRD is not YAML: {0}")]
    Crd(#[from] serde_saphyr::Error),
    #[error("cluster {context} refuses {kind} {name}: {status}")]
    Refused { context: String, kind: String, name: String, status: Box<Status> },
}

impl Worlds {
    pub fn new(topology: &Topology, settings: WorldSettings) -> Self {
        let WorldSettings { clock, chance, controller_latency, controllers } = settings;
        let cluster = |cluster: &Cluster| {
            let name = cluster.context.clone();
            let config = KubeWorldConfig { name: name.clone(), clock, chance: chance.clone(), history: WATCH_HISTORY };
            (name, KubeWorld::new(config))
        };
        let sites = topology.sites.iter().map(|site| SiteConfig {
            name: site.name.clone(),
            address: controllers.get(&site.name).cloned().unwrap_or_default(),
        });
        let mut avi_config = AviWorldConfig::new(sites.collect(), clock, chance.clone());
        avi_config.leader = topology.gslb_leader().to_owned();
        avi_config.domain.clone_from(&topology.zone);
        avi_config.latency = controller_latency;
        avi_config.replication_delay = REPLICATION_DELAY;
        avi_config.request_log = REQUEST_LOG;
        let avi = AviWorld::new(avi_config.clone());
        let board = HealthBoard::new();
        avi.set_health(Arc::new(board.clone()));
        Self { clusters: topology.clusters.iter().map(cluster).collect(), avi, board, avi_config }
    }

    /// Names of the sites, in the order of the topology.
    pub fn sites(&self) -> impl Iterator<Item = &str> {
        self.avi_config.sites.iter().map(|site| site.name.as_str())
    }

    /// Login and address of the controller that leads at the start, for AMKO's objects.
    pub fn controller_access(&self, ca: &str) -> ControllerAccess {
        let config = &self.avi_config;
        let leader = config.sites.iter().find(|site| site.name == config.leader);
        ControllerAccess {
            address: leader.map(|site| site.address.clone()).unwrap_or_default(),
            version: config.version.clone(),
            username: config.username.clone(),
            password: config.password.clone(),
            ca: ca.to_owned(),
        }
    }

    /// Creates the objects that a lab starts with; `members` is the kubeconfig of all clusters.
    ///
    /// # Errors
    /// When a cluster refuses one of them.
    pub fn preload(&self, topology: &Topology, ca: &str, members: &str) -> Result<(), PreloadError> {
        let crds = objects::crds()?;
        for (context, world) in &self.clusters {
            let mut wanted = crds.clone();
            wanted.extend(objects::everywhere(topology, context));
            if context == topology.config_cluster() {
                wanted.extend(objects::configuration(topology, &self.controller_access(ca), members));
            }
            wanted.into_iter().try_for_each(|object| apply(context, world, object))?;
        }
        Ok(())
    }

    /// A stand-in for AKO per cluster, in the order of the topology. Without `demo` no address is served.
    pub fn akos(&self, topology: &Topology, demo: Option<(&DemoServers, PortMap)>) -> Vec<Ako> {
        let ako = |cluster: &Cluster| {
            let target = demo.map(|(servers, port_map)| DemoTarget {
                servers: servers.clone(),
                message: cluster.message.clone(),
                port_map,
            });
            let config = AkoConfig {
                context: cluster.context.clone(),
                site: cluster.site.clone(),
                zone: topology.zone.clone(),
                range: VipRange::new(cluster.vip_cidr, cluster.first_vip),
                demo: target,
            };
            let world = self.clusters.get(&cluster.context)?;
            Some(Ako::new(config, world.clone(), self.avi.clone()))
        };
        topology.clusters.iter().filter_map(ako).collect()
    }
}

fn apply(context: &str, world: &KubeWorld, object: serde_json::Value) -> Result<(), PreloadError> {
    let text = |pointer: &str| object.pointer(pointer).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    let (kind, name) = (text("/kind"), text("/metadata/name"));
    world.apply(object).map(drop).map_err(|status| PreloadError::Refused {
        context: context.to_owned(),
        kind,
        name,
        status: Box::new(status),
    })
}
