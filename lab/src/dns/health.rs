//! The board on which the control plane and the probes leave what they know, for the DNS services to read.

use crate::avi::{HealthView, MemberHealth};
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::watch;

/// What the controller at a member's site reports of a virtual service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlState {
    Up,
    Down,
    /// The site cannot be reached, or does not know the virtual service.
    Unavailable,
}

/// One probe: a monitor run by one DNS site against one member of one service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProbeKey {
    pub dns_site: String,
    pub service_uuid: String,
    pub address: IpAddr,
    pub monitor_uuid: String,
}

/// Health of everything, shared by the writers (probes, control plane) and the readers (DNS, controllers). Cheap to
/// clone; clones share the board.
#[derive(Clone)]
pub struct HealthBoard {
    state: Arc<RwLock<State>>,
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    control: BTreeMap<(String, String), bool>,
}

impl Default for HealthBoard {
    fn default() -> Self {
        Self::new()
    }
}

impl HealthBoard {
    pub fn new() -> Self {
        Self { state: Arc::default(), changes: watch::Sender::new(0) }
    }

    /// Records what the site with this `cluster_uuid` says about its virtual service.
    pub fn set_control(&self, cluster_uuid: &str, vs_uuid: &str, up: bool) {
        self.state.write().control.insert((cluster_uuid.into(), vs_uuid.into()), up);
    }

    /// Forgets a virtual service.
    pub fn remove_control(&self, _cluster_uuid: &str, _vs_uuid: &str) {}

    /// Marks a site as reachable or not for the other sites; all are at first.
    pub fn set_site_reachable(&self, _cluster_uuid: &str, _reachable: bool) {}

    /// What the control plane says about a virtual service.
    pub fn control(&self, _cluster_uuid: &str, _vs_uuid: &str) -> ControlState {
        ControlState::Up
    }

    /// Records the verdict of one probe.
    pub fn set_probe(&self, _key: ProbeKey, _up: bool) {}

    /// Forgets a probe that no longer runs.
    pub fn remove_probe(&self, _key: &ProbeKey) {}

    /// A counter that moves with every change of a verdict.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

impl HealthView for HealthBoard {
    fn member(&self, _dns_site: &str, _service_uuid: &str, _address: IpAddr) -> MemberHealth {
        MemberHealth::UP
    }
}
