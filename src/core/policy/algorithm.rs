//! Pool algorithm settings (row 10 of rule GDP-05); GSLBHostRules have the same ones.

use super::validate::within;
use crate::core::gslb::{GeoFallback, PoolAlgorithm};
use crate::crd;

const ROUND_ROBIN: &str = "GSLB_ALGORITHM_ROUND_ROBIN";
const TOPOLOGY: &str = "GSLB_ALGORITHM_TOPOLOGY";
const CONSISTENT_HASH: &str = "GSLB_ALGORITHM_CONSISTENT_HASH";
const GEO: &str = "GSLB_ALGORITHM_GEO";

/// Reads the settings.
///
/// # Errors
/// What is wrong with them, in upstream's words, without the prefix that the kinds of policy give it.
pub fn read(settings: &crd::PoolAlgorithmSettings) -> Result<PoolAlgorithm, String> {
    match settings.lb_algorithm.as_str() {
        ROUND_ROBIN => bare(settings, PoolAlgorithm::RoundRobin),
        TOPOLOGY => bare(settings, PoolAlgorithm::Topology),
        CONSISTENT_HASH => consistent_hash(settings),
        // A mask beside GEO has no effect and is accepted.
        GEO => geo(settings.geo_fallback.as_ref()),
        other => Err(format!("unsupported lbAlgorithm {other}")),
    }
}

/// An algorithm that takes no settings.
fn bare(settings: &crd::PoolAlgorithmSettings, algorithm: PoolAlgorithm) -> Result<PoolAlgorithm, String> {
    let name = &settings.lb_algorithm;
    match (&settings.geo_fallback, settings.hash_mask) {
        (Some(_), _) => Err(format!("geoFallback not allowed for {name}")),
        (None, Some(_)) => Err(format!("hashMask not allowed for {name}")),
        (None, None) => Ok(algorithm),
    }
}

fn consistent_hash(settings: &crd::PoolAlgorithmSettings) -> Result<PoolAlgorithm, String> {
    match (&settings.geo_fallback, settings.hash_mask) {
        (Some(_), _) => Err("geoFallback is not allowed with ConsistentHash".to_owned()),
        (None, None) => Err("hashMask is required for ConsistentHash".to_owned()),
        (None, Some(bits)) => Ok(PoolAlgorithm::ConsistentHash { mask: mask(bits)? }),
    }
}

fn geo(fallback: Option<&crd::GeoFallback>) -> Result<PoolAlgorithm, String> {
    let Some(crd::GeoFallback { lb_algorithm, hash_mask }) = fallback else {
        return Err("geoFallback has to be set for Geo, available choices: RoundRobin, ConsistentHash".to_owned());
    };
    let fallback = match (lb_algorithm.as_str(), hash_mask) {
        (ROUND_ROBIN, None) => GeoFallback::RoundRobin,
        (ROUND_ROBIN, Some(_)) => {
            return Err(format!("hashMask is not allowed with {ROUND_ROBIN} as geoFallback algorithm"));
        }
        (CONSISTENT_HASH, Some(bits)) => GeoFallback::ConsistentHash { mask: mask(*bits)? },
        (CONSISTENT_HASH, None) => {
            return Err(format!("hashMask is required for {CONSISTENT_HASH} as the geoFallback algorithm"));
        }
        (other, _) => return Err(format!("unsupported algorithm {other} for geoFallback")),
    };
    Ok(PoolAlgorithm::Geo { fallback })
}

/// Upstream leaves this range to the schema, which objects stored earlier may violate.
fn mask(bits: i32) -> Result<u32, String> {
    within(bits, 1, 31).ok_or_else(|| format!("hashMask {bits} must be between 1 and 31"))
}
