//! The custom resources of AMKO: one file per kind, the wire shape users write and nothing else.
//!
//! Specs are plain data. What the API server can check is in the schema, what fields require of each other included
//! ([`requirement`]); what it cannot, and what objects stored under an older schema may violate, is checked by `core`
//! with an answer in the object's status. Therefore
//! enumerations of the schema stay strings here: one odd value must not make an object unreadable.

pub mod amko_cluster;
pub mod condition;
pub mod down_response;
pub mod global_deployment_policy;
pub mod gslb_config;
pub mod gslb_host_rule;
pub mod pool_algorithm;
mod render;
pub mod requirement;
pub mod service_status;
#[cfg(test)]
mod tests;

pub use amko_cluster::{AmkoCluster, AmkoClusterCondition, AmkoClusterSpec, AmkoClusterStatus};
pub use condition::Condition;
pub use down_response::DownResponse;
pub use global_deployment_policy::{
    GlobalDeploymentPolicy, GlobalDeploymentPolicySpec, GlobalDeploymentPolicyStatus, MatchCluster, MatchRules,
    Selector, TrafficSplitEntry,
};
pub use gslb_config::{
    DeletionGuard, GslbConfig, GslbConfigSpec, GslbConfigStatus, GslbLeader, MemberCluster, PolicyDeletion,
};
pub use gslb_host_rule::{
    GslbHostRule, GslbHostRuleSpec, GslbHostRuleStatus, PublicIp, RuleTrafficSplitEntry, SitePersistence,
    ThirdPartyMember,
};
pub use pool_algorithm::{GeoFallback, PoolAlgorithmSettings};
pub use render::{CrdFile, all, files, yaml};
pub use requirement::Requirement;
pub use service_status::{LastError, LastWrite, MemberStatus, RefusedObject, ServiceStatus};

/// API group of the four kinds.
pub const GROUP: &str = "amko.vmware.com";
