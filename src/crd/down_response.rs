//! What DNS answers when no member of a service is up; shared by policy and host rule.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer while every member is down.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
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
