//! GlobalDeploymentPolicy: which objects become members, and how their services behave.

use super::requirement::{Requirement, requires};
use super::{Condition, DownResponse, PoolAlgorithmSettings};
use kube::CustomResource;
use kube::core::Reason;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Of rules for single FQDNs, too. An empty template counts as none.
pub const ONE_MONITOR_SOURCE: Requirement = Requirement {
    holds: "!has(self.healthMonitorRefs) || self.healthMonitorRefs.size() == 0 || !has(self.healthMonitorTemplate) \
            || self.healthMonitorTemplate == ''",
    wrong: "health monitor reference and template cannot be specified together",
    names: None,
    remedy: "remove healthMonitorRefs or healthMonitorTemplate",
    field: "healthMonitorTemplate",
    reason: Reason::FieldValueForbidden,
};

/// The policy for every GSLB service of the installation.
#[derive(CustomResource, Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[kube(
    group = "amko.vmware.com",
    version = "v1alpha2",
    kind = "GlobalDeploymentPolicy",
    plural = "globaldeploymentpolicies",
    shortname = "gdp",
    doc = "Which Ingresses and Services become members of GSLB services, and how those services behave.",
    namespaced,
    status = "GlobalDeploymentPolicyStatus",
    derive = "PartialEq",
    derive = "Default",
    printcolumn = r#"{"name": "Accepted", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Accepted\")].reason"}"#,
    printcolumn = r#"{"name": "Programmed", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Programmed\")].status"}"#,
    printcolumn = r#"{"name": "Status", "type": "string", "priority": 1, "jsonPath": ".status.errorStatus"}"#,
    printcolumn = r#"{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}"#
)]
#[serde(default, rename_all = "camelCase")]
#[schemars(transform = requires(&[&ONE_MONITOR_SOURCE]))]
pub struct GlobalDeploymentPolicySpec {
    /// Which objects are selected; without a selector, none.
    pub match_rules: MatchRules,
    /// In which clusters; an object elsewhere is never selected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub match_clusters: Vec<MatchCluster>,
    /// Weight and priority by cluster; a cluster without an entry has weight 1 and priority 10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub traffic_split: Vec<TrafficSplitEntry>,
    /// Seconds that resolvers may keep an answer; when absent the controller's default applies.
    #[schemars(range(min = 0, max = 86400))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<i32>,
    /// Names of federated health monitors to use instead of AMKO's own; not together with `healthMonitorTemplate`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub health_monitor_refs: Vec<String>,
    /// Name of a federated HTTP or HTTPS health monitor that AMKO's own are modelled on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_monitor_template: Option<String>,
    /// Name of the federated application persistence profile for services with TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_persistence_ref: Option<String>,
    /// Name of the federated PKI profile used with site persistence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pki_profile_ref: Option<String>,
    /// Algorithm inside each pool; round robin when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool_algorithm_settings: Option<PoolAlgorithmSettings>,
    /// What DNS answers while every member is down; when absent the controller's default applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down_response: Option<DownResponse>,
    /// Relies on the members' own controllers for health and creates no health monitor. False when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_plane_hm_only: Option<bool>,
    /// Domain appended to the subdomain of an OpenShift Route that has no host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_domain: Option<String>,
}

/// The selectors; both must match when both are given.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct MatchRules {
    /// Labels on the object itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_selector: Option<Selector>,
    /// Labels on the object's namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<Selector>,
}

/// Labels that must be present.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct Selector {
    /// Key and value of each label.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub label: BTreeMap<String, String>,
}

/// One cluster that the policy applies to.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct MatchCluster {
    /// Context of the cluster.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cluster: String,
    /// Makes members of addresses alone, for a cluster whose objects do not carry AKO's annotations.
    pub sync_vip_only: bool,
}

/// The share of one cluster's members.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct TrafficSplitEntry {
    /// Context of the cluster.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cluster: String,
    /// Share of the answers among members of equal priority.
    #[schemars(range(min = 1, max = 20))]
    pub weight: i32,
    /// The members with the highest priority that are up get all answers.
    #[schemars(range(min = 0, max = 100))]
    pub priority: i32,
}

impl Default for TrafficSplitEntry {
    /// The defaults that the schema fills in.
    fn default() -> Self {
        Self { cluster: String::new(), weight: 1, priority: 10 }
    }
}

/// What became of the policy.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct GlobalDeploymentPolicyStatus {
    /// `success` when in force, otherwise what is wrong.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error_status: String,
    /// Generation of the object that `errorStatus` speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The same for programs: `Accepted`, `ResolvedRefs`, and `Programmed` once every service follows the policy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}
