//! The deployment policy in force: an accepted GlobalDeploymentPolicy, validated once and then trusted.

pub mod absence;
pub mod algorithm;
mod choose;
pub mod down_response;
pub mod monitors;
pub mod presence;
mod report;
#[cfg(test)]
mod tests;
mod validate;

pub use choose::{ACCEPTED, ANOTHER_EXISTS, choose};
pub use report::{PolicyReport, PolicyVerdict};
pub use validate::{listed_twice, questions, validate};

use super::gslb::{DownResponse, PoolAlgorithm};
use super::naming::Naming;
use super::owner::Owner;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that decides the content of a GSLB service beside its endpoints. Immutable; a change makes a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySnapshot {
    /// `None` until a GSLBConfig is active: then nothing is decided and nothing is written.
    pub installation: Option<Installation>,
    pub deployment: DeploymentState,
}

/// What the active GSLBConfig fixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    pub owner: Owner,
    /// Tenant of objects whose namespace names none.
    pub default_tenant: String,
    /// Every context listed in `spec.memberClusters`, reachable or not (rule CL-01).
    pub member_clusters: BTreeSet<String>,
    /// `spec.useCustomGlobalFqdn`.
    pub custom_global_fqdn: bool,
    /// `spec.statusObjects` is `All`: a service without a rule gets an empty one to carry its status.
    pub status_for_all: bool,
}

/// What is known about the GlobalDeploymentPolicy. "Absent" is a decision of the user that empties every service;
/// "unknown" is blindness, and "missing" is an absence that nobody is known to have wished for: both change nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one value per snapshot, and snapshots are shared")]
pub enum DeploymentState {
    /// Not listed yet, or present but never valid since the start.
    Unknown,
    /// A complete list names none, and nothing shows that somebody deleted the one in force: as at a start or a promotion
    /// without a policy (DEL-02).
    Missing,
    /// The one in force was deleted, and that is proven to be a wish (DEL-02).
    Absent,
    InForce(DeploymentPolicy),
}

/// A valid GlobalDeploymentPolicy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeploymentPolicy {
    /// All pairs must be on the object; empty means the selector is absent.
    pub app_selector: BTreeMap<String, String>,
    pub namespace_selector: BTreeMap<String, String>,
    pub clusters: BTreeMap<String, ClusterPolicy>,
    /// Clusters that edits of this very object took out of `clusters`, as far as this process saw: such an edit says what
    /// it does. Another object that takes the place says nothing about those that it lacks.
    pub taken_out: BTreeSet<String>,
    /// By cluster; first entry of the object wins.
    pub traffic_split: BTreeMap<String, TrafficShare>,
    pub ttl: Option<u32>,
    pub control_plane_only: bool,
    pub monitors: Option<MonitorSource>,
    /// Name of the persistence profile for services whose members are secure.
    pub site_persistence: Option<String>,
    pub pki_profile: Option<String>,
    pub algorithm: Option<PoolAlgorithm>,
    pub down_response: Option<DownResponse>,
    pub default_domain: Option<String>,
}

impl DeploymentPolicy {
    /// What is taken out of it, when it follows on `before`; `edited` says that both are of one object.
    pub fn taken_out_since(&self, before: &Self, edited: bool) -> BTreeSet<String> {
        let known = before.taken_out.iter().chain(before.clusters.keys().filter(|_| edited));
        known.filter(|cluster| !self.clusters.contains_key(*cluster)).cloned().collect()
    }
}

/// One entry of `matchClusters`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClusterPolicy {
    pub sync_vip_only: bool,
}

/// Weight and priority of a cluster's members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrafficShare {
    /// 1 to 20.
    pub weight: u32,
    /// 0 to 100.
    pub priority: u32,
}

/// Where a service's health monitors come from when AMKO's own plain ones are not wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MonitorSource {
    /// Names of the user's federated monitors, never empty.
    Refs(Vec<String>),
    /// AMKO's own path monitors, modelled on one of the user's.
    Template(Template),
}

/// What own path monitors take over from a monitor of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub name: String,
    /// First word of the request line, for instance `GET`.
    pub method: String,
    /// Third word of the request line, for instance `HTTP/1.1`.
    pub version: String,
    /// For instance `HTTP_2XX`.
    pub response_codes: Vec<String>,
}

/// Which health monitors a service gets: see `docs/RULES.md#where-a-property-comes-from`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MonitorChoice<'a> {
    /// AMKO's own monitors.
    Own(Option<&'a Template>),
    /// Names of the user's federated monitors, never empty.
    Refs(&'a [String]),
    /// No monitor; the member's own controller tells.
    ControlPlaneOnly,
}

impl DeploymentState {
    /// Whether it is known which policy there is, or that there is none by somebody's wish.
    pub fn is_decided(&self) -> bool {
        match self {
            Self::Unknown | Self::Missing => false,
            Self::Absent | Self::InForce(_) => true,
        }
    }
}

impl PolicySnapshot {
    /// How services are named now.
    pub fn naming(&self) -> Naming {
        let custom_global_fqdn = self.installation.as_ref().is_some_and(|i| i.custom_global_fqdn);
        let default_domain = match &self.deployment {
            DeploymentState::InForce(policy) => policy.default_domain.clone(),
            DeploymentState::Unknown | DeploymentState::Missing | DeploymentState::Absent => None,
        };
        Naming { custom_global_fqdn, default_domain }
    }
}

impl Default for TrafficShare {
    /// A cluster without an entry has weight 1 and priority 10.
    fn default() -> Self {
        Self { weight: 1, priority: 10 }
    }
}
