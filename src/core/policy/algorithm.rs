//! Pool algorithm settings (row 10 of rule GDP-05); GSLBHostRules have the same ones.

use super::validate::within;
use crate::core::gslb::{GeoFallback, PoolAlgorithm};
use crate::crd::{self, pool_algorithm as required};

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
        (Some(_), _) => Err(required::NO_FALLBACK.wrong_with(name)),
        (None, Some(_)) => Err(required::NO_MASK.wrong_with(name)),
        (None, None) => Ok(algorithm),
    }
}

fn consistent_hash(settings: &crd::PoolAlgorithmSettings) -> Result<PoolAlgorithm, String> {
    match (&settings.geo_fallback, settings.hash_mask) {
        (Some(_), _) => Err(required::NO_FALLBACK_OF_HASH.wrong.to_owned()),
        (None, None) => Err(required::MASK_OF_HASH.wrong.to_owned()),
        (None, Some(bits)) => Ok(PoolAlgorithm::ConsistentHash { mask: mask(bits)? }),
    }
}

fn geo(fallback: Option<&crd::GeoFallback>) -> Result<PoolAlgorithm, String> {
    let Some(crd::GeoFallback { lb_algorithm, hash_mask }) = fallback else {
        return Err(required::FALLBACK_OF_GEO.wrong.to_owned());
    };
    let fallback = match (lb_algorithm.as_str(), hash_mask) {
        (ROUND_ROBIN, None) => GeoFallback::RoundRobin,
        (ROUND_ROBIN, Some(_)) => return Err(required::NO_MASK_IN_FALLBACK.wrong.to_owned()),
        (CONSISTENT_HASH, Some(bits)) => GeoFallback::ConsistentHash { mask: mask(*bits)? },
        (CONSISTENT_HASH, None) => return Err(required::MASK_IN_FALLBACK.wrong.to_owned()),
        ("", _) => return Err(required::ALGORITHM_OF_FALLBACK.wrong.to_owned()),
        (other, _) => return Err(format!("unsupported algorithm {other} for geoFallback")),
    };
    Ok(PoolAlgorithm::Geo { fallback })
}

/// Upstream leaves this range to the schema, which objects stored earlier may violate.
fn mask(bits: i32) -> Result<u32, String> {
    within(bits, 1, 31).ok_or_else(|| format!("hashMask {bits} must be between 1 and 31"))
}
