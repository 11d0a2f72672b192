//! AMKOCluster: which installation of AMKO leads, and which clusters share its configuration.

use super::requirement::{Requirement, requires};
use kube::CustomResource;
use kube::core::Reason;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Of one that leads; nothing is required of others.
pub const CONTEXT: Requirement = Requirement {
    holds: "!self.isLeader || (has(self.clusterContext) && self.clusterContext != '')",
    wrong: "clusterContext field can't be empty in AMKOCluster object",
    names: None,
    remedy: "set clusterContext to the context of this cluster",
    field: "clusterContext",
    reason: Reason::FieldValueRequired,
};

/// Of one that leads.
pub const VERSION: Requirement = Requirement {
    holds: "!self.isLeader || (has(self.version) && self.version != '')",
    wrong: "version field can't be empty in AMKOCluster object",
    names: None,
    remedy: "set version to the version of AMKO",
    field: "version",
    reason: Reason::FieldValueRequired,
};

/// Of one that leads and has a context.
pub const LISTED: Requirement = Requirement {
    holds: "!self.isLeader || !has(self.clusterContext) || self.clusterContext == '' || (has(self.clusters) && \
            self.clusterContext in self.clusters)",
    wrong: "current cluster context {} not part of member clusters",
    names: Some("clusterContext"),
    remedy: "add it to clusters",
    field: "clusters",
    reason: Reason::FieldValueRequired,
};

/// This cluster's place in the federation.
#[derive(CustomResource, Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[kube(
    group = "amko.vmware.com",
    version = "v1alpha1",
    kind = "AMKOCluster",
    root = "AmkoCluster",
    plural = "amkoclusters",
    doc = "This cluster's place in the federation: whether its AMKO leads, and who shares its configuration.",
    namespaced,
    status = "AmkoClusterStatus",
    derive = "PartialEq",
    derive = "Default",
    printcolumn = r#"{"name": "Context", "type": "string", "jsonPath": ".spec.clusterContext"}"#,
    printcolumn = r#"{"name": "Leader", "type": "boolean", "jsonPath": ".spec.isLeader"}"#,
    printcolumn = r#"{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}"#
)]
#[serde(default, rename_all = "camelCase")]
#[schemars(transform = requires(&[&CONTEXT, &VERSION, &LISTED]))]
pub struct AmkoClusterSpec {
    /// Whether the AMKO of this cluster writes to the controller and to the other clusters.
    pub is_leader: bool,
    /// Context of this cluster; must be one of `clusters`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cluster_context: String,
    /// Version of AMKO; configuration is copied only between equal versions.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Contexts of all clusters of the federation, this one included.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<String>,
}

/// How the last federation went.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct AmkoClusterStatus {
    /// One entry per step that was reached.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<AmkoClusterCondition>,
    /// Generation of the object that the conditions speak of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

/// The outcome of one step. Not the standard condition: `status` is a sentence, as existing consumers expect.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct AmkoClusterCondition {
    /// Name of the step.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub type_: String,
    /// What came of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status: String,
    /// Why, when it did not succeed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
}
