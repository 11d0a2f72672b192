//! Aliases: further domain names of a GSLB service, declared in AKO's HostRules (`docs/RULES.md#aliases`).

use jiff::Timestamp;
use std::sync::Arc;

/// One HostRule of one cluster wants `alias` to be a domain name of a service. The order of the fields is the order of
/// precedence: the oldest claim wins (DB-25).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AliasClaim {
    /// `metadata.creationTimestamp` of the HostRule; one without counts as the youngest.
    pub undated: bool,
    pub created: Option<Timestamp>,
    /// kubeconfig context.
    pub cluster: String,
    /// Of the HostRule.
    pub namespace: String,
    pub name: String,
    pub alias: String,
}

/// All claims of one cluster for one service, sorted.
pub type Claims = Arc<[AliasClaim]>;
