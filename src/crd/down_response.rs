//! What DNS answers when no member of a service is up; shared by policy and host rule.

use super::requirement::{Requirement, requires};
use kube::core::Reason;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An empty address counts as none, here and below.
pub const ADDRESS: Requirement = Requirement {
    holds: "self.type != 'GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP' || (has(self.fallbackIP) && self.fallbackIP != '')",
    wrong: "Fallback IP is required for GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP",
    names: None,
    remedy: "set fallbackIP",
    field: "fallbackIP",
    reason: Reason::FieldValueRequired,
};

pub const NO_ADDRESS: Requirement = Requirement {
    holds: "self.type == 'GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP' || !has(self.fallbackIP) || self.fallbackIP == ''",
    wrong: "Fallback IP is not allowed for {}",
    names: Some("type"),
    remedy: "remove fallbackIP, or set type to GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP",
    field: "fallbackIP",
    reason: Reason::FieldValueForbidden,
};

/// The answer while every member is down.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = requires(&[&ADDRESS, &NO_ADDRESS]))]
pub struct DownResponse {
    /// The controller's name for the kind of answer.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = [
        "GSLB_SERVICE_DOWN_RESPONSE_NONE",
        "GSLB_SERVICE_DOWN_RESPONSE_ALL_RECORDS",
        "GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP",
        "GSLB_SERVICE_DOWN_RESPONSE_EMPTY",
    ]))]
    pub type_: String,
    /// Address to answer with; needed for, and allowed only with, `GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP`.
    #[serde(default, rename = "fallbackIP", skip_serializing_if = "Option::is_none")]
    pub fallback_ip: Option<String>,
}
