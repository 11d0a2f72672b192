//! The notice board: what each actor says about itself, for `/api/status`, `/readyz` and the metrics.
//!
//! Actors write their own entry and never read another's: decisions travel in messages only. What is said in a status is
//! no decision: the PolicyWatcher looks here for it, as the pages and the metrics do, so that all of them say the same.

use super::avi_session::phase::ControllerState;
use super::supervisor::restart::ChildView;
use crate::core::census::Headway;
use crate::core::guard::{HeldChanges, Party};
use crate::core::knowledge::readiness::{Part, Picture, readiness};
use crate::core::knowledge::{Change, ClusterFacts, ClusterKnown, ClusterSight, Knowledge, ago};
use jiff::Timestamp;
use parking_lot::RwLock;
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
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
    /// That text says what follows from there being no policy.
    #[serde(skip)]
    pub policy_absent: bool,
    pub gslb_host_rules: RulesNotice,
    pub clusters: BTreeMap<String, ClusterNotice>,
    /// Whether any member cluster has been seen since the process started.
    #[serde(skip)]
    pub cluster_seen: bool,
    /// What the other clusters of the federation have of the objects that are copied to them, by cluster and kind.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub followers: BTreeMap<String, BTreeMap<&'static str, CopyNotice>>,
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
    pub services: ServicesNotice,
    pub deletions: DeletionsNotice,
    /// Each set of changes that waits for an approval.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes_held: Vec<ChangesNotice>,
    pub lookups: LookupNotice,
    /// The controller was completely read since the process started.
    #[serde(skip)]
    ever_read: bool,
}

/// The controller session, in upstream's shape.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ControllerNotice {
    /// Follows from `known` whenever the board is read.
    pub connection_status: ConnectionStatus,
    pub errors: VecDeque<ControllerError>,
    /// Whether a full read of the controller has succeeded since the session was configured; whoever reads the board
    /// finds it false while the controller cannot be used.
    pub synced: bool,
    /// What is known of it at present, as the session says it.
    #[serde(skip)]
    pub known: Option<Reached>,
    /// In what state it is, in the word that the GSLBConfig's condition `Programmed` gives as its reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'static str>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
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
    pub timestamp: Timestamp,
}

/// In what state the controller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// One word.
    pub reason: &'static str,
    /// Whether it answers.
    pub answers: bool,
    pub since: Instant,
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

/// What a follower has of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CopyNotice {
    /// What this cluster has now.
    Copied,
    /// Something else, or it is not known.
    Pending,
    /// What it had: there is nothing here that should replace or delete it.
    Kept,
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
    /// Whether every watched kind was completely listed, or known to be absent, since the process started; whoever reads
    /// the board finds it false while the cluster is not seen as it is now.
    pub synced: bool,
    /// How well it is seen at present; follows from the rest whenever the board is read.
    pub sight: ClusterSight,
    /// Since when it is not seen, when it was before; of one that does not answer, when it answered last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Since when one of its watches has failed.
    #[serde(skip)]
    pub failing: Option<Instant>,
    pub objects: usize,
    /// The latest trouble with this cluster; `None` when the last answer was good.
    pub error: Option<String>,
    /// What a person should know of the cluster, though nothing is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
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
    /// It is served and cannot be listed; nothing else waits for it.
    Unlisted,
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

/// All GSLB services together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ServicesNotice {
    /// How many there are of each state, in the words of `/api/gs`.
    pub states: BTreeMap<&'static str, usize>,
    /// How many members each cluster has in them.
    pub members: BTreeMap<String, usize>,
    /// How many are not as they should be yet.
    #[serde(serialize_with = "in_numbers")]
    pub progress: Headway,
}

#[derive(Serialize)]
struct ProgressDocument {
    /// Not as they should be.
    open: usize,
    /// Those for which that is so for longer than a moment.
    behind: usize,
    of: usize,
    /// How long what is left takes at the present pace.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_seconds: Option<u64>,
}

fn in_numbers<S: Serializer>(progress: &Headway, serializer: S) -> Result<S::Ok, S::Error> {
    let Headway { open, behind, of, left, .. } = *progress;
    ProgressDocument { open, behind, of, left_seconds: left.map(|left| left.as_secs()) }.serialize(serializer)
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

/// A set of changes that waits for an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangesNotice {
    /// What to approve.
    pub id: String,
    /// What users would lose.
    pub loss: String,
    /// What led to it.
    pub causes: Vec<&'static str>,
    /// How many names would keep no member.
    pub names: usize,
    /// In how many services a cluster, or site, would lose its last members.
    pub members: BTreeMap<String, usize>,
    /// The first ten services, by FQDN.
    pub services: Vec<Arc<str>>,
}

impl ChangesNotice {
    pub fn of(held: &[Arc<HeldChanges>]) -> Vec<Self> {
        let notice = |held: &Arc<HeldChanges>| Self {
            id: held.id.clone(),
            loss: held.loss(),
            causes: held.causes.iter().map(|cause| cause.in_words()).collect(),
            names: held.names,
            members: held.members.iter().filter_map(|(party, count)| Some((name(party)?, *count))).collect(),
            services: held.first.clone(),
        };
        held.iter().map(notice).collect()
    }
}

fn name(party: &Party) -> Option<String> {
    match party {
        Party::Cluster(name) | Party::Site(name) => Some(name.to_string()),
        Party::Unknown => None,
    }
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
    pub since: Timestamp,
}

/// A question that the controller refused the last time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailingLookup {
    pub question: String,
    pub since: Timestamp,
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
    /// How often a rule was judged since the start: by what changed, not by how many there are.
    pub judgements: u64,
}

impl Board {
    /// Changes the caller's own entry.
    pub fn post(&self, change: impl FnOnce(&mut Notices)) {
        let mut notices = self.0.write();
        change(&mut notices);
        notices.remember();
    }

    /// A copy of everything, with what follows from it at this moment.
    pub fn read(&self) -> Notices {
        let mut notices = self.0.read().clone();
        notices.conclude(Instant::now(), Timestamp::now());
        notices
    }

    /// What is known of these member clusters at this moment, taken in by `knowledge`.
    pub fn look(&self, contexts: &BTreeSet<String>, knowledge: &mut Knowledge) -> Change {
        let notices = self.0.read();
        let (now, unheard) = (Instant::now(), ClusterNotice::default());
        let facts = contexts.iter().map(|context| {
            let notice = notices.clusters.get(context).unwrap_or(&unheard);
            (context.as_str(), notice.facts(now))
        });
        knowledge.look(facts.collect(), Timestamp::now())
    }

    /// Whether the operator does its job, and how far it is.
    ///
    /// # Errors
    /// The reason why it is not ready yet.
    pub fn readiness(&self) -> Result<String, String> {
        let notices = self.read();
        let unseen = |(context, cluster): (&'_ String, &ClusterNotice)| {
            (cluster.sight != ClusterSight::Seen).then(|| context.clone())
        };
        let unseen: Vec<String> = notices.clusters.iter().filter_map(unseen).collect();
        let rules = &notices.gslb_host_rules;
        let controller = &notices.avi_api;
        let never_seen = (!notices.cluster_seen).then(|| self::unseen(&notices.clusters));
        let usable = [ControllerState::Syncing.reason(), ControllerState::Synced.reason()];
        let obstacle = controller.state.filter(|state| !usable.contains(state));
        readiness(&Picture {
            part: match &notices.role {
                RoleNotice::Starting => Part::Starting,
                RoleNotice::Undecided { reason } => Part::Undecided(reason),
                RoleNotice::Follower => Part::Follower,
                RoleNotice::Leader { .. } => Part::Leader,
            },
            rules_unknown: rules.error.as_deref().filter(|_| !rules.known),
            config: &notices.gslb_config,
            read: notices.ever_read,
            never_seen: never_seen.as_deref(),
            obstacle: obstacle.zip(controller.since),
            unseen: unseen.iter().map(String::as_str).collect(),
            policy_absent: notices.policy_absent.then_some(&notices.deployment_policy),
            kubeconfig: notices.kubeconfig.as_ref().and_then(|kubeconfig| kubeconfig.error.as_deref()),
            progress: notices.services.progress,
        })
    }
}

impl Notices {
    /// What was once so, for readiness.
    fn remember(&mut self) {
        self.ever_read |= self.avi_api.synced;
    }

    /// What follows from the notices as of now: the same for every face.
    fn conclude(&mut self, now: Instant, wall: Timestamp) {
        for notice in self.clusters.values_mut() {
            let ClusterKnown { sight, since, .. } = ClusterKnown::of(notice.facts(now), wall);
            let ends = matches!(sight, ClusterSight::Partly | ClusterSight::Lost);
            (notice.sight, notice.since) = (sight, ends.then_some(since));
            notice.synced &= sight == ClusterSight::Seen;
        }
        let controller = &mut self.avi_api;
        controller.state = controller.known.map(|known| known.reason);
        controller.since = controller.known.map(|known| ago(wall, now.saturating_duration_since(known.since)));
        controller.connection_status = match controller.known {
            None => ConnectionStatus::Initiating,
            Some(Reached { answers: true, .. }) => ConnectionStatus::Connected,
            Some(Reached { answers: false, .. }) => ConnectionStatus::Disconnected,
        };
        controller.synced &= controller.state.is_none_or(|state| state == ControllerState::Synced.reason());
    }
}

impl ClusterNotice {
    /// What is known of the cluster, for [`crate::core::knowledge`].
    fn facts(&self, now: Instant) -> ClusterFacts<'_> {
        let age = |at: Option<Instant>| at.map(|at| now.saturating_duration_since(at));
        ClusterFacts {
            listed: self.synced,
            silent: age(self.heard),
            failing: age(self.failing),
            error: self.error.as_deref(),
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

impl From<&[Arc<HeldChanges>]> for DeletionsNotice {
    /// Of the first set that deletes services, and the number of all of them.
    fn from(held: &[Arc<HeldChanges>]) -> Self {
        let mut deleting = held.iter().filter(|held| held.deletes());
        let Some(first) = deleting.next() else { return Self::default() };
        let count = first.names + deleting.map(|held| held.names).sum::<usize>();
        Self { held: count, of: Some(first.own), id: Some(first.id.clone()), services: first.first.clone() }
    }
}

impl ControllerNotice {
    /// Notes an error, dropping the oldest beyond the ten that are shown.
    pub fn fail(&mut self, error: String) {
        if self.errors.len() == ERRORS_SHOWN {
            self.errors.pop_front();
        }
        self.errors.push_back(ControllerError { error, timestamp: Timestamp::now() });
    }
}
