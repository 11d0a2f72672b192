//! How a pool's members share the answers; shared by policy and host rule.

use super::requirement::{Requirement, requires};
use kube::core::Reason;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// For round robin and topology.
pub const NO_FALLBACK: Requirement = Requirement {
    holds: "!(self.lbAlgorithm in ['GSLB_ALGORITHM_ROUND_ROBIN', 'GSLB_ALGORITHM_TOPOLOGY']) || !has(self.geoFallback)",
    wrong: "geoFallback not allowed for {}",
    names: Some("lbAlgorithm"),
    remedy: "remove geoFallback, or set lbAlgorithm to GSLB_ALGORITHM_GEO",
    field: "geoFallback",
    reason: Reason::FieldValueForbidden,
};

/// For round robin and topology.
pub const NO_MASK: Requirement = Requirement {
    holds: "!(self.lbAlgorithm in ['GSLB_ALGORITHM_ROUND_ROBIN', 'GSLB_ALGORITHM_TOPOLOGY']) || !has(self.hashMask)",
    wrong: "hashMask not allowed for {}",
    names: Some("lbAlgorithm"),
    remedy: "remove hashMask, or set lbAlgorithm to GSLB_ALGORITHM_CONSISTENT_HASH",
    field: "hashMask",
    reason: Reason::FieldValueForbidden,
};

pub const NO_FALLBACK_OF_HASH: Requirement = Requirement {
    holds: "self.lbAlgorithm != 'GSLB_ALGORITHM_CONSISTENT_HASH' || !has(self.geoFallback)",
    wrong: "geoFallback is not allowed with ConsistentHash",
    names: None,
    remedy: "remove geoFallback, or set lbAlgorithm to GSLB_ALGORITHM_GEO",
    field: "geoFallback",
    reason: Reason::FieldValueForbidden,
};

pub const MASK_OF_HASH: Requirement = Requirement {
    holds: "self.lbAlgorithm != 'GSLB_ALGORITHM_CONSISTENT_HASH' || has(self.hashMask)",
    wrong: "hashMask is required for ConsistentHash",
    names: None,
    remedy: "set hashMask, 1 to 31",
    field: "hashMask",
    reason: Reason::FieldValueRequired,
};

pub const FALLBACK_OF_GEO: Requirement = Requirement {
    holds: "self.lbAlgorithm != 'GSLB_ALGORITHM_GEO' || has(self.geoFallback)",
    wrong: "geoFallback has to be set for Geo, available choices: RoundRobin, ConsistentHash",
    names: None,
    remedy: "set geoFallback.lbAlgorithm to GSLB_ALGORITHM_ROUND_ROBIN or GSLB_ALGORITHM_CONSISTENT_HASH",
    field: "geoFallback",
    reason: Reason::FieldValueRequired,
};

/// Where upstream names the algorithm there is nothing.
pub const ALGORITHM_OF_FALLBACK: Requirement = Requirement {
    holds: "has(self.lbAlgorithm)",
    wrong: "unsupported algorithm  for geoFallback",
    names: None,
    remedy: "set geoFallback.lbAlgorithm to GSLB_ALGORITHM_ROUND_ROBIN or GSLB_ALGORITHM_CONSISTENT_HASH",
    field: "lbAlgorithm",
    reason: Reason::FieldValueRequired,
};

pub const NO_MASK_IN_FALLBACK: Requirement = Requirement {
    holds: "!has(self.lbAlgorithm) || self.lbAlgorithm != 'GSLB_ALGORITHM_ROUND_ROBIN' || !has(self.hashMask)",
    wrong: "hashMask is not allowed with GSLB_ALGORITHM_ROUND_ROBIN as geoFallback algorithm",
    names: None,
    remedy: "remove geoFallback.hashMask, or set geoFallback.lbAlgorithm to GSLB_ALGORITHM_CONSISTENT_HASH",
    field: "hashMask",
    reason: Reason::FieldValueForbidden,
};

pub const MASK_IN_FALLBACK: Requirement = Requirement {
    holds: "!has(self.lbAlgorithm) || self.lbAlgorithm != 'GSLB_ALGORITHM_CONSISTENT_HASH' || has(self.hashMask)",
    wrong: "hashMask is required for GSLB_ALGORITHM_CONSISTENT_HASH as the geoFallback algorithm",
    names: None,
    remedy: "set geoFallback.hashMask, 1 to 31",
    field: "hashMask",
    reason: Reason::FieldValueRequired,
};

/// The load-balancing algorithm inside one pool.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
#[schemars(transform = requires(&[&NO_FALLBACK, &NO_MASK, &NO_FALLBACK_OF_HASH, &MASK_OF_HASH, &FALLBACK_OF_GEO]))]
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
#[schemars(transform = requires(&[&ALGORITHM_OF_FALLBACK, &NO_MASK_IN_FALLBACK, &MASK_IN_FALLBACK]))]
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
