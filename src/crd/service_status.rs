//! What is said, in the status of a GSLBHostRule, about the GSLB service of its FQDN.

use super::condition::date_time;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The GSLB service: what it should be, who is behind it, and how far the controller is from it.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceStatus {
    /// `InSync`, `Queued`, `Writing`, `Unread`, `Waiting`, `Failing` or `Quarantined`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub state: String,
    /// Tenant of the service on the controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Name of the service on the controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The names that DNS answers, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub domain_names: Vec<String>,
    /// How many members the service has.
    pub member_count: i32,
    /// The members, as the controller gets them; highest priority first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberStatus>,
    /// Names of the health monitors that watch the members.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub monitors: Vec<String>,
    /// Seconds that resolvers may keep an answer; absent when the controller's default applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<i32>,
    /// The last time that something was written to the controller for this service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_write: Option<LastWrite>,
    /// What fails at present, with the remedy; absent when nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,
    /// How many objects with this FQDN are not members, or members with a limitation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_count: Option<i32>,
    /// The first twenty of those objects, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedObject>,
    /// What the controller's limits leave out of the service.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limitations: Vec<String>,
}

/// One address that DNS may answer with.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct MemberStatus {
    /// Context of the cluster whose object is behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Kind, namespace and name of that object, as in `Ingress shop/web`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Name of the third-party site, for a member outside every cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// IPv4 or IPv6 address.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Address that is answered to clients outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_address: Option<String>,
    /// Share of the answers among members of equal priority, 1 to 20.
    pub ratio: i32,
    /// The members with the highest priority that are up get all answers; 0 to 100.
    pub priority: i32,
    /// Present when it is switched off and gets no answers, as `ByRule`, or `OnController` when somebody did it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drained: Option<String>,
}

/// The last write to the controller.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct LastWrite {
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "date_time")]
    pub time: Option<Timestamp>,
    /// `Complete`, or `Incomplete` when a later call of the same change failed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub result: String,
}

/// What fails at present.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct LastError {
    /// What was tried, on what object, and what to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// When it failed so for the first time in a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "date_time")]
    pub time: Option<Timestamp>,
}

/// An object that is not a member, or not entirely.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct RefusedObject {
    /// Kind, namespace, name and cluster, as in `Ingress shop/web (east)`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub object: String,
    /// Why, with the remedy.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
}
