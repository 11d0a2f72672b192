//! How a pool's members share the answers; shared by policy and host rule.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The load-balancing algorithm inside one pool.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct PoolAlgorithmSettings {
    /// The controller's name for the algorithm.
    #[schemars(extend("enum" = [
        "GSLB_ALGORITHM_CONSISTENT_HASH",
        "GSLB_ALGORITHM_GEO",
        "GSLB_ALGORITHM_ROUND_ROBIN",
        "GSLB_ALGORITHM_TOPOLOGY",
    ]))]
    pub lb_algorithm: String,
    /// Bits of the client's address to hash; for `GSLB_ALGORITHM_CONSISTENT_HASH` only.
    #[schemars(range(min = 1, max = 31))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash_mask: Option<i32>,
    /// What to do where the client's place is unknown; for `GSLB_ALGORITHM_GEO` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geo_fallback: Option<GeoFallback>,
}

impl Default for PoolAlgorithmSettings {
    fn default() -> Self {
        Self { lb_algorithm: "GSLB_ALGORITHM_ROUND_ROBIN".to_owned(), hash_mask: None, geo_fallback: None }
    }
}

/// The algorithm used when a client cannot be located.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, Default)]
#[serde(default, rename_all = "camelCase")]
pub struct GeoFallback {
    /// The controller's name for the algorithm.
    #[schemars(extend("enum" = ["GSLB_ALGORITHM_ROUND_ROBIN", "GSLB_ALGORITHM_CONSISTENT_HASH"]))]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub lb_algorithm: String,
    /// Bits of the client's address to hash; for `GSLB_ALGORITHM_CONSISTENT_HASH` only.
    #[schemars(range(min = 1, max = 31))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash_mask: Option<i32>,
}
