//! The notice board: what each actor says about itself, for `/api/status`, `/readyz` and the metrics.
//!
//! Actors write their own entry and never read another's: decisions travel in messages only.

use super::supervisor::restart::ChildView;
use crate::core::deletions::HeldDeletions;
use parking_lot::RwLock;
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How many controller errors are shown.
const ERRORS_SHOWN: usize = 10;

/// A shared notice board. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Board(Arc<RwLock<Notices>>);

/// Everything on the board.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Notices {
    pub avi_api: ControllerNotice,
    pub role: RoleNotice,
    /// Text of the active GSLBConfig's `status.state`.
    pub gslb_config: String,
    /// Text of the GlobalDeploymentPolicy's `status.errorStatus`.
    pub deployment_policy: String,
    pub gslb_host_rules: RulesNotice,
    pub clusters: BTreeMap<String, ClusterNotice>,
    /// Whether any member cluster has been seen since the process started.
    #[serde(skip)]
    pub cluster_seen: bool,
    /// Of the member clusters, when it may change while the operator runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubeconfig: Option<KubeconfigNotice>,
    /// Clusters that take no Events at present, and what to do about it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub events: BTreeMap<String, String>,
    /// Aliases that HostRules ask for and another service has, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused_aliases: Vec<String>,
    /// The operator's own actors, by name.
    pub actors: BTreeMap<String, ChildView>,
    /// GSLB service actors that were restarted, by FQDN.
    pub restarted_services: BTreeMap<String, ChildView>,
    pub queue: QueueNotice,
    pub deletions: DeletionsNotice,
    pub lookups: LookupNotice,
}

/// The controller session, in upstream's shape.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ControllerNotice {
    pub connection_status: ConnectionStatus,
    pub errors: VecDeque<ControllerError>,
    /// Whether a full read of the controller has succeeded since the session was configured.
    pub synced: bool,
    /// Address of the controller in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller: Option<String>,
    /// Name of the site that leads the GSLB, as far as is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leader_site: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ConnectionStatus {
    #[default]
    Initiating,
    Connected,
    Disconnected,
}

#[derive(Debug, Clone, Serialize)]
pub struct ControllerError {
    pub error: String,
    pub timestamp: jiff::Timestamp,
}

/// What this replica is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub enum RoleNotice {
    /// Not decided yet, and why.
    Undecided {
        reason: String,
    },
    Leader {
        term: u64,
    },
    /// Standing by: another cluster leads.
    Follower,
    #[default]
    Starting,
}

/// Whether the GSLBHostRules are known; before, no service is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RulesNotice {
    pub known: bool,
    /// What is wrong, and the remedy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(flatten)]
    pub counts: RuleCounts,
}

/// The kubeconfig of the member clusters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct KubeconfigNotice {
    /// Where it is.
    pub place: String,
    /// Of the last one that could be used.
    pub contexts: Vec<String>,
    /// Why what is there now cannot be used, or looked at, and the remedy.
    pub error: Option<String>,
}

/// How well one member cluster is seen.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ClusterNotice {
    /// Whether every watched kind was completely listed, or known to be absent, since the process started.
    pub synced: bool,
    pub objects: usize,
    /// The latest trouble with this cluster; `None` when the last answer was good.
    pub error: Option<String>,
    /// Objects, or parts of them, that cannot be used.
    pub refused: Vec<String>,
    /// How far each watched kind is known, by its Kubernetes name.
    pub kinds: BTreeMap<&'static str, KindNotice>,
    /// When its API server answered last, to the second; `None` before the first answer.
    #[serde(skip)]
    pub heard: Option<Instant>,
}

/// How far one kind of one cluster is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KindNotice {
    /// Neither listed yet, nor known to be absent.
    Waiting,
    /// Completely listed; changes are watched.
    Listed,
    /// The cluster does not serve it; it is asked for again.
    Absent,
    /// It was listed and is not served any more: the last known objects stay until a later list lacks them.
    Gone,
    /// Ingresses, where Routes count.
    NotNeeded,
}

/// Work that waits for the controller.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct QueueNotice {
    pub waiting: usize,
    /// Those that wait after a failure.
    pub delayed: usize,
    pub in_flight: usize,
    /// Since when the one waits for its turn that has waited longest; shown as whole seconds.
    #[serde(rename = "oldest_seconds", serialize_with = "seconds", skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<Instant>,
    /// Those that failed so often in a row that they are tried rarely.
    pub quarantined: usize,
    /// The first ten of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quarantine: Vec<QuarantineNotice>,
}

impl QueueNotice {
    /// How long the one has waited that has waited longest; nothing when none waits for its turn.
    pub fn oldest(&self) -> Duration {
        self.waiting_since.map(|since| since.elapsed()).unwrap_or_default()
    }
}

/// An FQDN that keeps failing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuarantineNotice {
    pub fqdn: Arc<str>,
    /// In a row.
    pub failures: u32,
    /// The latest.
    pub error: Arc<str>,
}

/// An age, as of now.
#[allow(clippy::ref_option, reason = "serde passes the field")]
fn seconds<S: Serializer>(since: &Option<Instant>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(since.map(|since| since.elapsed()).unwrap_or_default().as_secs())
}

/// Deletions of whole services that wait for an approval.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DeletionsNotice {
    /// How many services.
    pub held: usize,
    /// How many there were before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<usize>,
    /// What to approve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The first ten, by FQDN.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Arc<str>>,
}

/// What was asked about the controller's objects on behalf of policies and rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LookupNotice {
    /// How many questions were never answered; what asks them is not decided.
    pub open: usize,
    /// The first ten of them.
    pub oldest: Vec<OpenLookup>,
    /// Those that the controller refuses to answer, ten at most; an earlier answer stays in use.
    pub failing: Vec<FailingLookup>,
}

/// A question without an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenLookup {
    pub question: String,
    pub since: jiff::Timestamp,
}

/// A question that the controller refused the last time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailingLookup {
    pub question: String,
    pub since: jiff::Timestamp,
    /// The latest error.
    pub error: String,
}

/// How many GSLBHostRules there are of each sort.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RuleCounts {
    pub accepted: usize,
    pub rejected: usize,
    /// Not checked yet, because the controller has not answered.
    pub pending: usize,
    /// What the pending ones wait for, ten at most, by namespace and name.
    pub waiting: BTreeMap<String, String>,
}

impl Board {
    /// Changes the caller's own entry.
    pub fn post(&self, change: impl FnOnce(&mut Notices)) {
        change(&mut self.0.write());
    }

    /// A copy of everything.
    pub fn read(&self) -> Notices {
        self.0.read().clone()
    }

    /// Whether the operator does its job: `Ok` with the reason it is ready, or `Err` with what it waits for.
    ///
    /// # Errors
    /// The reason why it is not ready yet.
    pub fn readiness(&self) -> Result<&'static str, String> {
        let notices = self.0.read();
        let rules = &notices.gslb_host_rules;
        if let (RoleNotice::Leader { .. }, false, Some(error)) = (&notices.role, rules.known, &rules.error) {
            return Err(error.clone());
        }
        match &notices.role {
            RoleNotice::Starting => Err("starting: the AMKOCluster has not been read yet".into()),
            RoleNotice::Undecided { reason } => Err(format!("no role: {reason}")),
            RoleNotice::Follower => Ok("standing by as follower"),
            RoleNotice::Leader { .. } if notices.avi_api.synced && !notices.cluster_seen => {
                Err(unseen(&notices.clusters))
            }
            RoleNotice::Leader { .. } if notices.avi_api.synced => Ok("first full sync done"),
            RoleNotice::Leader { .. } if notices.gslb_config.is_empty() => {
                Err("no GSLBConfig has been read yet".into())
            }
            RoleNotice::Leader { .. } => Err(format!("first full sync not done: {}", notices.gslb_config)),
        }
    }
}

/// Why no member cluster has been seen yet.
fn unseen(clusters: &BTreeMap<String, ClusterNotice>) -> String {
    let why = clusters.iter().filter_map(|(context, notice)| Some(format!("{context}: {}", notice.error.as_deref()?)));
    let why: Vec<String> = why.collect();
    match (clusters.is_empty(), why.is_empty()) {
        (true, _) => "no member cluster has been seen: the GSLBConfig names none".into(),
        (false, true) => "no member cluster has been seen yet".into(),
        (false, false) => format!("no member cluster has been seen yet: {}", why.join("; ")),
    }
}

impl From<Option<&HeldDeletions>> for DeletionsNotice {
    fn from(held: Option<&HeldDeletions>) -> Self {
        let Some(held) = held else { return Self::default() };
        Self { held: held.count, of: Some(held.own), id: Some(held.id.clone()), services: held.first.clone() }
    }
}

impl ControllerNotice {
    /// Notes an error, dropping the oldest beyond the ten that are shown.
    pub fn fail(&mut self, error: String) {
        if self.errors.len() == ERRORS_SHOWN {
            self.errors.pop_front();
        }
        self.errors.push_back(ControllerError { error, timestamp: jiff::Timestamp::now() });
    }
}
