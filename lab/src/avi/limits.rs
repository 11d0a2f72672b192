//! `/api/systemlimits`, and the maxima that a world enforces.

use super::inferred;
use super::kind::Kind;
use super::reply::Reply;
use super::state::State;
use serde_json::{Value, json};

/// `GET /api/systemlimits`: it has entries for local objects only.
pub(super) fn published() -> Value {
    json!({
        "controller_limits": {"vs_l2_scaleout_max": 10, "pools_per_vs": 64, "vips_per_virtualservice": 2},
        "serviceengine_limits": {"vs_per_serviceengine": 1000},
    })
}

/// Refuses one object more than the site may hold.
pub(super) fn guard(state: &State, site: &str, kind: Kind) -> Result<(), Reply> {
    let Some(site) = state.sites.get(site) else { return Ok(()) };
    match site.condition.quotas.get(&kind) {
        Some(most) if site.store.all(kind).count() >= *most => {
            Err(Reply::refused(inferred::limit_reached(kind, *most)))
        }
        _ => Ok(()),
    }
}
