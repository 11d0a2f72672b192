//! The conditions of an AMKOCluster: one per step of a run, up to the last one reached.

use super::kind::Kind;
use super::trouble::Trouble;
use crate::crd::AmkoClusterCondition;

/// A step of a run, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The AMKOCluster of this cluster is checked.
    Own,
    /// Clients for the other clusters are made.
    Clients,
    /// The other clusters are asked who leads there, and which version runs.
    Members,
    /// Objects of a kind are copied.
    Copy(Kind),
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Own => "current AMKOCluster Validation",
            Self::Clients => "member cluster initialisation",
            Self::Members => "member cluster validation",
            Self::Copy(Kind::GslbConfig) => "GSLBConfig Federation",
            Self::Copy(Kind::GlobalDeploymentPolicy) => "GDP Federation",
        }
    }

    /// Whether a condition is of this step.
    pub fn is(self, condition: &AmkoClusterCondition) -> bool {
        condition.type_ == self.name()
    }

    /// The step ended the run.
    pub fn failed(self, reason: &Trouble) -> AmkoClusterCondition {
        self.refused(reason.to_string())
    }

    /// The same for a reason in words.
    pub fn refused(self, reason: String) -> AmkoClusterCondition {
        let status = match self {
            Self::Own => "invalid AMKOCluster object",
            Self::Clients | Self::Members => "member cluster clients invalid",
            Self::Copy(_) => "failure in federation",
        };
        self.condition(status, reason)
    }

    /// The step was taken; `troubles` are those of single clusters, without which the run goes on.
    pub fn taken(self, troubles: &[Trouble]) -> AmkoClusterCondition {
        let status = match (self, troubles.is_empty()) {
            (Self::Own, _) => "valid AMKOCluster object",
            (Self::Clients, true) => "all cluster clients fetched",
            (Self::Clients, false) => "some member cluster clients couldn't be fetched",
            (Self::Members, true) => "validated all member clusters",
            (Self::Members, false) => "error in validating some member clusters",
            (Self::Copy(_), true) => "federated to all valid clusters successfully",
            (Self::Copy(_), false) => "error in federating to some clusters",
        };
        let reasons: Vec<String> = troubles.iter().map(Trouble::to_string).collect();
        self.condition(status, reasons.join(","))
    }

    fn condition(self, status: &str, reason: String) -> AmkoClusterCondition {
        AmkoClusterCondition { type_: self.name().into(), status: status.into(), reason }
    }
}

/// The only condition of a cluster that does not lead.
pub fn of_follower() -> AmkoClusterCondition {
    Step::Own.condition("won't federate objects", "AMKO not a leader".into())
}
