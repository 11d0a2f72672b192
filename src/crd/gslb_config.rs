//! GSLBConfig: which Avi controller leads, and which clusters take part.

use super::Condition;
use super::condition::date_time;
use jiff::Timestamp;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The installation: the GSLB leader controller, how to log in to it, and the member clusters.
#[derive(CustomResource, Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[kube(
    group = "amko.vmware.com",
    version = "v1alpha1",
    kind = "GSLBConfig",
    root = "GslbConfig",
    plural = "gslbconfigs",
    shortname = "gc",
    doc = "The installation: the GSLB leader controller, how to log in to it, and the member clusters.",
    namespaced,
    status = "GslbConfigStatus",
    derive = "PartialEq",
    derive = "Default",
    printcolumn = r#"{"name": "Controller", "type": "string", "jsonPath": ".spec.gslbLeader.controllerIP"}"#,
    printcolumn = r#"{"name": "Programmed", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Programmed\")].status"}"#,
    printcolumn = r#"{"name": "Reason", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Programmed\")].reason"}"#,
    printcolumn = r#"{"name": "State", "type": "string", "priority": 1, "jsonPath": ".status.state"}"#,
    printcolumn = r#"{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}"#
)]
#[serde(default, rename_all = "camelCase")]
pub struct GslbConfigSpec {
    /// The Avi controller that may change GSLB objects.
    pub gslb_leader: GslbLeader,
    /// Clusters whose objects become members. Each context must be in the kubeconfig given to AMKO.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub member_clusters: Vec<MemberCluster>,
    /// Seconds between two full reads of the controller, each preceded by the question whether it still leads; 600 when
    /// absent, zero or negative.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_interval: Option<i32>,
    /// `DEBUG`, `INFO`, `WARN` or `ERROR`; any other text means `INFO`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_level: Option<String>,
    /// Takes the name of a GSLB service from AKO's HostRule instead of from the object's host. False when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_custom_global_fqdn: Option<bool>,
    /// `All` gives every GSLB service without a GSLBHostRule an empty one, labelled as managed, that carries its
    /// status. `Rules`, or absent: only the rules that users wrote have one.
    #[schemars(extend("enum" = ["Rules", "All"]))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_objects: Option<String>,
    /// How much may be taken from users before somebody has to approve it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_guard: Option<DeletionGuard>,
}

/// What would take names out of DNS, or a cluster out of its GSLB services, is held beyond these limits: an edit of
/// configuration beyond `maxPercent`, objects that are gone beyond both. Users who delete the GlobalDeploymentPolicy have
/// approved it.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct DeletionGuard {
    /// Percentage of the installation's GSLB services, 0 to 100; 20 when absent. 100 switches the guard off.
    #[schemars(range(min = 0, max = 100))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_percent: Option<i32>,
    /// Number of GSLB services; 10 when absent.
    #[schemars(range(min = 0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_count: Option<i32>,
    /// Seconds for which a GlobalDeploymentPolicy that was deleted may come back under its name before anything follows
    /// from that; 30 when absent, 0 means at once.
    #[schemars(range(min = 0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_grace_seconds: Option<i32>,
}

/// Where the GSLB leader is and how to log in.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct GslbLeader {
    /// Name of the Secret, in the same namespace, with the keys `username`, `password` and, if wanted, `ca.crt`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub credentials: String,
    /// API version to ask the controller for, for example `31.1.1`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub controller_version: String,
    /// Address or name of the controller, with an optional port.
    #[serde(rename = "controllerIP", skip_serializing_if = "String::is_empty")]
    pub controller_ip: String,
    /// Tenant of objects whose namespace names none; `admin` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Talks to the controller without verifying its certificate. False when absent; prefer `ca.crt` in the Secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insecure_skip_verify: Option<bool>,
    /// Follows the GSLB leadership to the controller of another site, with the same credentials, when the controller
    /// at `controllerIP` does not lead or does not answer. False when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow_leader: Option<bool>,
    /// Requests per second to the controller, on average; 20 when absent, which is below the controller's own default
    /// limit of 32 for one client. 0 means no limit.
    #[schemars(range(min = 0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<i32>,
}

/// One cluster that takes part.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct MemberCluster {
    /// Name of the kubeconfig context: the identity of the cluster everywhere.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cluster_context: String,
}

/// The GlobalDeploymentPolicy in force was deleted, which deletes every GSLB service once `effectiveAt` is over.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PolicyDeletion {
    /// Its name.
    pub policy: String,
    /// When it was seen to be gone.
    #[schemars(schema_with = "date_time")]
    pub deleted_at: Timestamp,
    /// Until when it may come back under its name without anything having happened.
    #[schemars(schema_with = "date_time")]
    pub effective_at: Timestamp,
}

/// How far activation got.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct GslbConfigStatus {
    /// One sentence; `success: gslb config accepted` when active.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub state: String,
    /// Generation of the object that `state` speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The same for programs, with what `state` has no room for: `Accepted`, `ResolvedRefs`, `Programmed` and
    /// `ControllerCertificateVerified`; `DeletionsHeld`, `PolicyAbsent` and `CleanedUp` while there is reason for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// A restarted or promoted operator goes on with it. Absent while there is a policy, and where nobody is known to
    /// have deleted one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_deletion: Option<PolicyDeletion>,
    /// Which cluster stands behind each context, as it was when it first counted. Another one does not count before the
    /// annotation `amko.vmware.com/approve-clusters` on this object names its context.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<KnownCluster>,
}

/// A cluster that counts.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct KnownCluster {
    /// Name of the kubeconfig context.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub context: String,
    /// UID of the cluster's namespace `kube-system`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
}
