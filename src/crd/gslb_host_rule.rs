//! GSLBHostRule: what one FQDN does differently from the policy.

use super::global_deployment_policy::ONE_MONITOR_SOURCE;
use super::requirement::{Requirement, requires};
use super::{Condition, DownResponse, PoolAlgorithmSettings, ServiceStatus};
use kube::CustomResource;
use kube::core::Reason;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Without it there is nothing that the rule is about.
pub const FQDN: Requirement = Requirement {
    holds: "has(self.fqdn) && self.fqdn != ''",
    wrong: "GSFqdn missing",
    names: None,
    remedy: "set fqdn to the name of the GSLB service",
    field: "fqdn",
    reason: Reason::FieldValueRequired,
};

/// Where upstream names the profile there is nothing.
pub const PROFILE: Requirement = Requirement {
    holds: "!self.enabled || (has(self.profileRef) && self.profileRef != '')",
    wrong: "SitePersistence Profile  error",
    names: None,
    remedy: "set profileRef to the name of a federated application persistence profile",
    field: "profileRef",
    reason: Reason::FieldValueRequired,
};

/// Overrides for the GSLB service of one FQDN. A property that is absent here is taken from the policy.
#[derive(CustomResource, Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[kube(
    group = "amko.vmware.com",
    version = "v1alpha1",
    kind = "GSLBHostRule",
    root = "GslbHostRule",
    plural = "gslbhostrules",
    shortname = "ghr",
    doc = "What the GSLB service of one FQDN does differently from the GlobalDeploymentPolicy.",
    namespaced,
    status = "GslbHostRuleStatus",
    derive = "PartialEq",
    derive = "Default",
    printcolumn = r#"{"name": "FQDN", "type": "string", "jsonPath": ".spec.fqdn"}"#,
    printcolumn = r#"{"name": "Status", "type": "string", "jsonPath": ".status.status"}"#,
    printcolumn = r#"{"name": "Programmed", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Programmed\")].status"}"#,
    printcolumn = r#"{"name": "Members", "type": "integer", "jsonPath": ".status.service.memberCount"}"#,
    printcolumn = r#"{"name": "Error", "type": "string", "priority": 1, "jsonPath": ".status.error"}"#,
    printcolumn = r#"{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}"#
)]
#[serde(default, rename_all = "camelCase")]
#[schemars(transform = requires(&[&FQDN, &ONE_MONITOR_SOURCE]))]
pub struct GslbHostRuleSpec {
    /// Name of the GSLB service.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fqdn: String,
    /// Seconds that resolvers may keep an answer.
    #[schemars(range(min = 0, max = 86400))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<i32>,
    /// Whether a client stays at the site it reached first. Present and not enabled turns the policy's choice off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_persistence: Option<SitePersistence>,
    /// Members outside every cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub third_party_members: Vec<ThirdPartyMember>,
    /// Names of federated health monitors to use instead of AMKO's own; not together with `healthMonitorTemplate`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub health_monitor_refs: Vec<String>,
    /// Name of a federated HTTP or HTTPS health monitor that AMKO's own are modelled on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_monitor_template: Option<String>,
    /// Weight and priority by cluster, or by site for third-party members; others keep the policy's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub traffic_split: Vec<RuleTrafficSplitEntry>,
    /// Public address of each cluster's members.
    #[serde(rename = "publicIP", skip_serializing_if = "Vec::is_empty")]
    pub public_ip: Vec<PublicIp>,
    /// Algorithm inside each pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool_algorithm_settings: Option<PoolAlgorithmSettings>,
    /// What DNS answers while every member is down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down_response: Option<DownResponse>,
    /// Relies on the members' own controllers for health and creates no health monitor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_plane_hm_only: Option<bool>,
    /// Clusters and third-party sites whose members are switched off until they are taken out of this list again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drain: Vec<String>,
}

/// Whether and how a client stays at one site.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
#[schemars(transform = requires(&[&PROFILE]))]
pub struct SitePersistence {
    /// Turns persistence on or off.
    pub enabled: bool,
    /// Name of the federated application persistence profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_ref: Option<String>,
    /// Name of the federated PKI profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pki_profile_ref: Option<String>,
}

/// A member that no cluster knows.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct ThirdPartyMember {
    /// Name of the third-party site in the controller's GSLB configuration.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub site: String,
    /// Address of the member.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub vip: String,
    /// Address answered to clients outside, when it differs.
    #[serde(rename = "publicIP", skip_serializing_if = "Option::is_none")]
    pub public_ip: Option<String>,
}

/// The share of one cluster's or third-party site's members.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct RuleTrafficSplitEntry {
    /// Context of the cluster, or name of the third-party site.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cluster: String,
    /// Share of the answers among members of equal priority.
    #[schemars(range(min = 1, max = 20))]
    pub weight: i32,
    /// The members with the highest priority that are up get all answers.
    #[schemars(range(min = 0))]
    pub priority: i32,
}

impl Default for RuleTrafficSplitEntry {
    /// The defaults that the schema fills in; the priority differs from the policy's 10.
    fn default() -> Self {
        Self { cluster: String::new(), weight: 1, priority: 1 }
    }
}

/// The public address of a cluster's members.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct PublicIp {
    /// Context of the cluster.
    pub cluster: String,
    /// IPv4 or IPv6 address.
    pub ip: String,
}

/// What became of the rule.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct GslbHostRuleStatus {
    /// `Accepted` or `Rejected`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status: String,
    /// What is wrong; empty when accepted.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// Generation of the object that `status` speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The same for programs: `Accepted`, `ResolvedRefs`, and `Programmed` for the service on the controller.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// The GSLB service of the FQDN, while the rule is in force and there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceStatus>,
}
