//! What can go wrong between the leader and a member, in the words that an AMKOCluster's conditions have for it.

use super::kind::Kind;
use crate::crd::amko_cluster::LISTED;
use thiserror::Error;

/// One thing that went wrong. `to_string()` is part of a condition's `reason`; byte for byte upstream's where upstream
/// has a text, its spelling included.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Trouble {
    #[error("error in initialising member cluster contexts: {}", LISTED.wrong_with(.0))]
    NotListed(String),
    #[error(
        "error in initialising member cluster contexts: error in building context config for kubernetes cluster {0}: \
         context \"{0}\" does not exist"
    )]
    UnknownContext(String),
    /// This cluster is the only one of the federation.
    #[error("no valid cluster contexts found")]
    NobodyElse,
    #[error("error in initializing member custer context {cluster}: {error}")]
    NoClient { cluster: String, error: String },
    /// Upstream takes itself for another leader then.
    #[error("context {0} leads to the cluster in which this AMKO runs: correct the kubeconfig")]
    OwnCluster(String),
    #[error("AMKO in cluster {0} is also a leader, conflicting state")]
    AnotherLeader(String),
    #[error("error in getting AMKOCluster list for cluster {cluster}: {error}")]
    NoMemberList { cluster: String, error: String },
    #[error("more than one AMKOCluster objects present in cluster {0}, can't federate")]
    SeveralInstallations(String),
    #[error("no AMKOCluster object present in cluster {0}, can't federate")]
    NoInstallation(String),
    #[error("version mismatch, current AMKO: {own}, AMKO in cluster {cluster}: {other}")]
    OtherVersion { own: String, cluster: String, other: String },
    #[error("{}", several(*.0))]
    Several(Kind),
    /// Upstream reports nothing here. Followers keep what they have.
    #[error("{} {object} cannot be decoded: correct it or delete it", kind.name())]
    Unreadable { kind: Kind, object: String },
    #[error("can't list {} in {namespace} namespace for {cluster} cluster: {error}", kind.plural())]
    NoList { kind: Kind, namespace: String, cluster: String, error: String },
    #[error("error in creating {} {object} on cluster {cluster}: {error}", kind.in_creation())]
    NotCreated { kind: Kind, object: String, cluster: String, error: String },
    #[error("can't update object {object} on cluster {cluster}: {error}")]
    NotReplaced { object: String, cluster: String, error: String },
    #[error(
        "error in deleting all objects of kind {} in {namespace} namespace and in {cluster} cluster: {error}",
        kind.name()
    )]
    NotCleared { kind: Kind, namespace: String, cluster: String, error: String },
    /// Of one object that the leader does not have. Upstream's words for this are not known.
    #[error("error in deleting {} {object} on cluster {cluster}: {error}", kind.name())]
    NotDeleted { kind: Kind, object: String, cluster: String, error: String },
}

fn several(kind: Kind) -> &'static str {
    match kind {
        Kind::GslbConfig => "more than one GSLBConfig objects are present in the current cluster",
        Kind::GlobalDeploymentPolicy => "more than one GlobalDeploymentPolicies are present in the current cluster",
    }
}
