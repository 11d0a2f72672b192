//! What a controller knows of all sites: `/api/gslb/{uuid}/runtime` and `/api/gslb-inventory`.

use super::call::Call;
use super::inferred;
use super::kind::Kind;
use super::reply::Reply;
use super::rules::{is_on, items};
use super::state::{Site, State, change_count, tenant_name};
use super::store::{tenant_of, text};
use serde_json::{Value, json};

/// Fields of the configuration that its inventory entry repeats.
const INVENTORY: &[&str] = &[
    "name",
    "leader_cluster_uuid",
    "sites",
    "view_id",
    "maintenance_mode",
    "send_interval",
    "clear_on_max_retries",
    "replication_policy",
    "tenant_scoped",
];

/// `gslb-inventory`, whole or for one uuid.
pub(super) fn inventory(state: &State, call: &Call<'_>, uuid: Option<&str>) -> Result<Reply, Reply> {
    let site = call.here(state)?;
    let entries: Vec<Value> = site.store.all(Kind::Gslb).map(|gslb| entry(state, call, site, gslb)).collect();
    match uuid {
        None => Ok(Reply::json(200, json!({"count": entries.len(), "results": entries}))),
        Some(uuid) => {
            let found = entries.into_iter().find(|entry| text(entry, "uuid") == uuid);
            found.map(|entry| Reply::json(200, entry)).ok_or_else(|| Reply::json(404, inferred::not_found(Kind::Gslb)))
        }
    }
}

fn entry(state: &State, call: &Call<'_>, site: &Site, gslb: &Value) -> Value {
    let shown = call.rendering(site).object(Kind::Gslb, gslb);
    let config: serde_json::Map<String, Value> =
        INVENTORY.iter().filter_map(|key| Some(((*key).to_owned(), shown.get(*key)?.clone()))).collect();
    json!({"url": shown["url"], "uuid": shown["uuid"], "_last_modified": shown["_last_modified"], "config": config,
        "runtime": {"info": runtime(state, site, gslb)}})
}

/// `gslb/{uuid}/runtime`, as `here` sees it.
pub(super) fn runtime(state: &State, here: &Site, gslb: &Value) -> Value {
    let tenant = tenant_name(&here.store, tenant_of(gslb));
    let sites: Vec<Value> = items(Some(gslb), "sites").map(|entry| site_runtime(state, here, gslb, entry)).collect();
    let third: Vec<Value> = items(Some(gslb), "third_party_sites")
        .map(|entry| {
            json!({"site_info": {"cluster_uuid": entry["cluster_uuid"], "name": entry["name"], "enabled": entry["enabled"],
                "site_type": "GSLB_THIRD_PARTY_SITE", "role": "GSLB_NOT_A_MEMBER"}})
        })
        .collect();
    let followers: Vec<Value> = state
        .sites
        .values()
        .filter(|site| site.cluster_uuid != text(gslb, "leader_cluster_uuid"))
        .map(|site| {
            let copy = site.store.gslb().map_or(0, |gslb| change_count(gslb));
            json!({"site_uuid": site.cluster_uuid, "status": "SYSERR_SUCCESS", "cfg_version": copy})
        })
        .collect();
    json!({
        "uuid": gslb["uuid"], "name": gslb["name"], "tenant_name": tenant, "dns_enabled": true,
        "delete_in_progress": false, "checksum": "", "event_cache": {},
        "ldr_state": {"status": "SYSERR_SUCCESS", "cfg_version": change_count(gslb)},
        "flr_state": followers, "third_party_sites": third, "site": sites,
    })
}

fn site_runtime(state: &State, here: &Site, gslb: &Value, entry: &Value) -> Value {
    let uuid = text(entry, "cluster_uuid");
    let other = state.sites.values().find(|site| site.cluster_uuid == uuid);
    let mut config = entry.clone();
    config["sync_info"] = other.map_or_else(|| json!({}), |site| sync_info(gslb, entry, site));
    let pending = other.map_or(0, |site| site.inbox.pending());
    json!({
        "site_cfg": config,
        "site_info": other.map_or_else(|| json!({}), |site| site_info(state, here, gslb, (entry, site))),
        "site_stats": {"num_of_timeouts": other.map_or(0, |site| missed(state, here, gslb, site))},
        "rxed_site_hs": {},
        "replication_stats": {"acknowledged_version": change_count(gslb), "received_version": change_count(gslb),
            "pending_object_count": pending},
        "send_interval": gslb["send_interval"], "clear_on_max_retries": gslb["clear_on_max_retries"],
        "view_id": other.and_then(|site| site.store.gslb()).map_or(Value::Null, |gslb| gslb["view_id"].clone()),
        "glb_uuid": gslb["uuid"], "tenant_name": "admin", "health_monitor_info": [],
    })
}

fn site_info(state: &State, here: &Site, gslb: &Value, (entry, site): (&Value, &Site)) -> Value {
    let missed = missed(state, here, gslb, site);
    let gone = missed >= gslb["clear_on_max_retries"].as_u64().unwrap_or(20);
    let (name, oper) = if !is_on(entry, "enabled") {
        ("SITE_STATE_DISABLED", "OPER_DISABLED")
    } else if gone {
        ("SITE_STATE_UNREACHABLE", "OPER_DOWN")
    } else if is_on(gslb, "maintenance_mode") {
        ("SITE_STATE_MMODE", "OPER_UP")
    } else {
        ("SITE_STATE_INIT", "OPER_UP")
    };
    let leads = text(gslb, "leader_cluster_uuid") == site.cluster_uuid;
    json!({
        "cluster_uuid": site.cluster_uuid, "name": entry["name"], "enabled": entry["enabled"],
        "cluster_leader": site.node(), "role": if leads { "GSLB_LEADER" } else { "GSLB_MEMBER" },
        "site_type": "GSLB_AVI_SITE", "state": name, "sw_version": state.version_of(&site.name).to_string(),
        "num_of_retries": missed, "oper_status": {"state": oper},
        "dns_info": {"dns_active": !gone, "gs_status": {"state": oper}, "retry_count": 0,
            "dns_vs_states": items(Some(entry), "dns_vses")
                .map(|vs| json!({"uuid": vs["dns_vs_uuid"], "oper_status": {"state": oper}, "valid_dns_vs": true,
                    "gslb_download": {"state": "GSLB_DOWNLOAD_DONE"}, "geo_download": {"state": "GSLB_DOWNLOAD_NONE"}}))
                .collect::<Vec<_>>()},
    })
}

/// Heartbeats in a row that `here` has missed from the site.
fn missed(state: &State, here: &Site, gslb: &Value, site: &Site) -> u64 {
    let interval = gslb["send_interval"].as_i64().unwrap_or(15).max(1);
    let silent = site.silent_since.filter(|_| site.name != here.name);
    silent.map_or(0, |since| u64::try_from(state.now().duration_since(since).as_secs() / interval).unwrap_or(0))
}

/// How far the site's copy is.
fn sync_info(gslb: &Value, entry: &Value, site: &Site) -> Value {
    let errored = site.inbox.errored();
    let (sync_state, reason) = if text(gslb, "leader_cluster_uuid") == site.cluster_uuid {
        ("GSLB_SITE_CFG_SYNC_NOT_APPLICABLE", "")
    } else if is_on(entry, "suspend_mode") {
        ("GSLB_SITE_CFG_SYNC_SUSPENDED", "")
    } else if !errored.is_empty() {
        ("GSLB_SITE_CFG_OUT_OF_SYNC", "objects could not be copied")
    } else if site.inbox.pending() > 0 {
        ("GSLB_SITE_CFG_SYNC_IN_PROGRESS", "")
    } else {
        ("GSLB_SITE_CFG_IN_SYNC", "")
    };
    let errors: Vec<Value> = errored
        .iter()
        .map(|(uuid, name)| {
            json!({"uuid": uuid, "name": name, "ops": "update", "reason": "copy failed",
                "status": "SYSERR_GSLB_SERVICE_UPDATE_FAILED"})
        })
        .collect();
    json!({"sync_state": sync_state, "errored_objects": errors, "reason": reason})
}
