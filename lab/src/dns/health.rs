//! The board on which the control plane and the probes leave what they know, for the DNS services to read.

use super::view::View;
use crate::avi::{Finding, HealthView, MemberHealth};
use parking_lot::RwLock;
use std::collections::{BTreeMap, BTreeSet};
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
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
    /// By `cluster_uuid`, then by the uuid of the virtual service.
    control: BTreeMap<String, BTreeMap<String, bool>>,
    unreachable: BTreeSet<String>,
    probes: BTreeMap<ProbeKey, bool>,
    /// What each DNS site last made of all this, by site.
    views: BTreeMap<String, Arc<View>>,
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
        self.edit(|state| {
            let site = state.control.entry(cluster_uuid.into()).or_default();
            site.insert(vs_uuid.into(), up) != Some(up)
        });
    }

    /// Replaces all that the site says about its virtual services.
    pub fn set_site_control(&self, cluster_uuid: &str, states: BTreeMap<String, bool>) {
        self.edit(|state| state.control.insert(cluster_uuid.into(), states.clone()).as_ref() != Some(&states));
    }

    /// Forgets a virtual service.
    pub fn remove_control(&self, cluster_uuid: &str, vs_uuid: &str) {
        self.edit(|state| state.control.get_mut(cluster_uuid).is_some_and(|site| site.remove(vs_uuid).is_some()));
    }

    /// Marks a site as reachable or not for the other sites; all are at first.
    pub fn set_site_reachable(&self, cluster_uuid: &str, reachable: bool) {
        self.edit(|state| match reachable {
            true => state.unreachable.remove(cluster_uuid),
            false => state.unreachable.insert(cluster_uuid.into()),
        });
    }

    /// What the control plane says about a virtual service.
    pub fn control(&self, cluster_uuid: &str, vs_uuid: &str) -> ControlState {
        let state = self.state.read();
        if state.unreachable.contains(cluster_uuid) {
            return ControlState::Unavailable;
        }
        match state.control.get(cluster_uuid).and_then(|site| site.get(vs_uuid)) {
            Some(true) => ControlState::Up,
            Some(false) => ControlState::Down,
            None => ControlState::Unavailable,
        }
    }

    /// Records the verdict of one probe.
    pub fn set_probe(&self, key: ProbeKey, up: bool) {
        self.edit(|state| state.probes.insert(key, up) != Some(up));
    }

    /// Forgets a probe that no longer runs.
    pub fn remove_probe(&self, key: &ProbeKey) {
        self.edit(|state| state.probes.remove(key).is_some());
    }

    /// The verdict of one probe; `None` while it has none.
    pub fn probe(&self, key: &ProbeKey) -> Option<bool> {
        self.state.read().probes.get(key).copied()
    }

    /// A counter that moves with every change of a verdict.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The present value of that counter.
    pub fn version(&self) -> u64 {
        *self.changes.borrow()
    }

    /// Keeps what a DNS site answers from, so that the controllers can report it.
    pub(super) fn set_view(&self, dns_site: &str, view: Arc<View>) {
        self.state.write().views.insert(dns_site.into(), view);
    }

    /// Applies the edit and wakes the readers when it says that something changed.
    fn edit(&self, edit: impl FnOnce(&mut State) -> bool) {
        let changed = edit(&mut self.state.write());
        if changed {
            self.changes.send_modify(|count| *count += 1);
        }
    }
}

impl From<ControlState> for Finding {
    fn from(state: ControlState) -> Self {
        match state {
            ControlState::Up => Self::Up,
            ControlState::Down => Self::Down,
            ControlState::Unavailable => Self::Unavailable,
        }
    }
}

impl HealthView for HealthBoard {
    /// Unavailable in both ways while the site does not know the member (yet).
    fn member(&self, dns_site: &str, service_uuid: &str, address: IpAddr) -> MemberHealth {
        let view = self.state.read().views.get(dns_site).cloned();
        let known = view.and_then(|view| view.member_health(service_uuid, address));
        known.unwrap_or(MemberHealth { control: Finding::Unavailable, data: Finding::Unavailable })
    }
}
