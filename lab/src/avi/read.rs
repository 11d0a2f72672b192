//! GET: single objects, collections, runtime and inventory.

use super::call::Call;
use super::kind::Kind;
use super::query;
use super::reply::Reply;
use super::state::State;
use super::{inferred, runtime, sites};
use serde_json::Value;
use std::sync::Arc;

/// A collection; the cluster is the one type that is not.
pub(super) fn collection(state: &State, call: &Call<'_>, kind: Kind) -> Result<Reply, Reply> {
    let site = call.here(state)?;
    if kind == Kind::Cluster {
        return object(state, call, kind, &site.cluster_uuid);
    }
    let page = selected(state, call, kind)?;
    let results = page.objects.iter().map(|object| shown(state, call, kind, object)).collect::<Result<_, _>>()?;
    Ok(Reply::json(200, query::envelope(call.request, page, results)))
}

/// One object.
pub(super) fn object(state: &State, call: &Call<'_>, kind: Kind, uuid: &str) -> Result<Reply, Reply> {
    let object = call.find(state, kind, uuid)?;
    Ok(Reply::json(200, shown(state, call, kind, &object)?))
}

/// What hangs below an object: `runtime` of a GSLB service or virtual service, `federated_info`.
pub(super) fn below(state: &State, call: &Call<'_>, kind: Kind, pieces: &[&str]) -> Result<Reply, Reply> {
    let missing = || Reply::html(404, inferred::NO_SUCH_PAGE);
    let (uuid, rest) = pieces.split_first().ok_or_else(missing)?;
    let object = call.find(state, kind, uuid)?;
    match (kind, rest) {
        (Kind::GslbService, ["runtime"]) => Ok(Reply::json(200, runtime::service(state, call.here(state)?, &object))),
        (Kind::GslbService, ["runtime", "detail"]) if inferred::SERVICE_RUNTIME_DETAIL => {
            Ok(Reply::json(200, runtime::service(state, call.here(state)?, &object)))
        }
        (Kind::Gslb, ["runtime"] | ["runtime", "detail" | "internal"]) => {
            Ok(Reply::json(200, sites::runtime(state, call.here(state)?, &object)))
        }
        (Kind::VirtualService, ["runtime"]) => {
            let state = if super::rules::is_on(&object, "enabled") { "OPER_UP" } else { inferred::DISABLED };
            Ok(Reply::json(200, serde_json::json!({"uuid": object["uuid"], "oper_status": {"state": state}})))
        }
        _ => Err(missing()),
    }
}

/// `gslbservice-inventory`, whole or for one service.
pub(super) fn inventory(state: &State, call: &Call<'_>, uuid: Option<&str>) -> Result<Reply, Reply> {
    let kind = Kind::GslbService;
    if let Some(uuid) = uuid {
        return Ok(Reply::json(200, inventory_entry(state, call, &*call.find(state, kind, uuid)?)?));
    }
    let page = selected(state, call, kind)?;
    let results = page.objects.iter().map(|service| inventory_entry(state, call, service)).collect::<Result<_, _>>()?;
    Ok(Reply::json(200, query::envelope(call.request, page, results)))
}

fn inventory_entry(state: &State, call: &Call<'_>, service: &Value) -> Result<Value, Reply> {
    let site = call.here(state)?;
    let shown = call.rendering(site).object(Kind::GslbService, service);
    let parts = call.request.parameter("include");
    Ok(runtime::inventory(parts, &shown, || runtime::service(state, site, service)))
}

/// The page of objects that the query picks.
fn selected(state: &State, call: &Call<'_>, kind: Kind) -> Result<query::Page, Reply> {
    let store = &call.here(state)?.store;
    let picked = |object: &&Arc<Value>| call.sees(kind, object) && query::picks(store, kind, call.request, object);
    let mut objects: Vec<Arc<Value>> = store.all(kind).filter(picked).cloned().collect();
    query::sort(call.request, &mut objects);
    query::page(call.request, objects)
}

fn shown(state: &State, call: &Call<'_>, kind: Kind, object: &Value) -> Result<Value, Reply> {
    let site = call.here(state)?;
    let mut shown = call.rendering(site).object(kind, object);
    query::project(call.request, &mut shown);
    if kind == Kind::GslbService && call.request.parameter("join_subresources") == Some("runtime") {
        shown["runtime"] = runtime::service(state, site, object);
    }
    Ok(shown)
}
