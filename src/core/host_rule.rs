//! A GSLBHostRule in force: what one FQDN does differently from the policy (`docs/RULES.md#host-rules`).

mod book;
mod table;
#[cfg(test)]
mod tests;
mod validate;

pub use book::{Judged, RuleBook, Tally};
pub use table::{RuleCandidate, RuleCheck, Ruling, Standing, decide};
pub use validate::{Subject, questions, validate};

use super::gslb::{DownResponse, PoolAlgorithm};
use super::policy::{MonitorSource, TrafficShare};
use super::precedence::ObjectName;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// Label of the rules that this operator made only to carry a status.
pub const MANAGED_LABEL: &str = "amko.vmware.com/managed-by";
/// Value of [`MANAGED_LABEL`] on such a rule.
pub const MANAGED_BY: &str = "amko";
/// `status.status` of a rule in force.
pub const ACCEPTED: &str = "Accepted";
/// `status.status` of any other rule that was checked.
pub const REJECTED: &str = "Rejected";
/// `status.error` of a rule whose FQDN another one has (row 13).
pub const ANOTHER_EXISTS: &str = "there's an existing GSLBHostRule for the same FQDN";

/// A valid GSLBHostRule. A property that is `None` or empty is taken from the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRule {
    /// The object, for its status.
    pub object: ObjectName,
    /// Made by this operator only to carry a status; says nothing about the service.
    pub managed: bool,
    pub fqdn: String,
    /// Seconds, 0 to 86400.
    pub ttl: Option<u32>,
    pub control_plane_only: Option<bool>,
    pub monitors: Option<MonitorSource>,
    pub persistence: Option<RulePersistence>,
    /// In the order written, each (site, address, public address) once.
    pub third_party: Vec<ThirdParty>,
    /// By context or third-party site; the last entry of the object wins.
    pub traffic_split: BTreeMap<String, TrafficShare>,
    /// By context.
    pub public_addresses: BTreeMap<String, IpAddr>,
    pub algorithm: Option<PoolAlgorithm>,
    pub down_response: Option<DownResponse>,
    /// Contexts and third-party sites whose members are switched off.
    pub drain: BTreeSet<String>,
}

/// `sitePersistence` of a rule; the policy's choice counts only where it is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RulePersistence {
    Disabled,
    Enabled { profile: String, pki_profile: Option<String> },
}

/// A member outside every cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ThirdParty {
    pub site: String,
    pub address: IpAddr,
    pub public_address: Option<IpAddr>,
}

/// What is known about the rule of one FQDN.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RuleState {
    /// There is none that counts.
    #[default]
    None,
    /// There is one that was in force before this process started, and it cannot be checked at present: nothing is
    /// decided (DB-13). Carries what it waits for.
    Unknown(String),
    InForce(Arc<HostRule>),
}

/// The rules by FQDN. An FQDN without an entry has [`RuleState::None`].
pub type RuleTable = BTreeMap<String, RuleState>;

/// What validation says of one GSLBHostRule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleVerdict {
    /// In force for its FQDN; what it asks for beyond the controller's limits, in words.
    Accepted { limitations: Vec<String> },
    /// The text for `status.error`.
    Rejected(String),
    /// The controller has not answered yet; what was in force before stays. Carries what it waits for.
    Pending(String),
}
