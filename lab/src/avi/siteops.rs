//! Operator actions on a site: take over the lead, enter and leave maintenance.

use super::call::Call;
use super::inferred;
use super::reply::Reply;
use super::state::State;
use serde_json::Value;
use std::time::Duration;

/// `POST /api/gslbsiteops/<operation>`.
pub(super) fn run(state: &mut State, call: &Call<'_>, operation: &str) -> Result<Reply, Reply> {
    if call.request.method != "POST" {
        return Err(Reply::json(405, inferred::method_not_allowed(&call.request.method)));
    }
    match operation {
        "changeleader" => change_leader(state, call)?,
        "maintenancemode" => {
            let on = call.body()?.get("maintenance_mode").and_then(Value::as_bool).unwrap_or(true);
            state.set_gslb_field(call.site, "maintenance_mode", on.into());
        }
        "resync" => {}
        _ => return Err(Reply::html(404, inferred::NO_SUCH_PAGE)),
    }
    Ok(Reply::json(200, inferred::site_operation_done()))
}

/// Must be sent to the site that is to lead, naming it.
fn change_leader(state: &mut State, call: &Call<'_>) -> Result<(), Reply> {
    let wanted = call.body()?.get("new_leader").and_then(Value::as_str).unwrap_or_default();
    if wanted != call.here(state)?.cluster_uuid {
        return Err(Reply::refused(format!(
            "{wanted} is not the cluster of this site: run changeleader on the new leader"
        )));
    }
    state.promote(call.site, Duration::ZERO).map_err(Reply::refused)
}
