//! AMKOCluster: which installation of AMKO leads, and which clusters share its configuration.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
