//! The service and the monitor of the host `shop` as examples EX-01 and EX-02 have them, and what the controller adds.

use serde_json::{Value, json};

pub const SHOP: &str = "shop.avi.iberia.local";
/// `amko--` and the SHA-1 of `http--shop.avi.iberia.local--/`.
pub const SHOP_MONITOR: &str = "amko--5b81459fed6a8eb3f02d3d68ddf729ba583c5e2a";

/// What is sent for the Ingress in these clusters. References are shown as URLs; the policy of the lab adds `ttl`.
pub fn service(contexts: &[&str], owner: &str, members: &[Value], monitor: &Value) -> Value {
    let objects: Vec<String> = contexts.iter().map(|c| format!("INGRESS/{c}/default/shop/{SHOP}")).collect();
    let pool = json!({"algorithm": "GSLB_ALGORITHM_ROUND_ROBIN", "enabled": true, "members": members,
        "min_health_monitors_up": 2, "name": "amko-gs-group-10", "priority": 10});
    json!({"controller_health_status_enabled": true, "created_by": owner, "description": objects.join(","),
        "domain_names": [SHOP], "enabled": true, "groups": [pool], "health_monitor_refs": [monitor["url"]],
        "health_monitor_scope": "GSLB_SERVICE_HEALTH_MONITOR_ALL_MEMBERS", "is_federated": true, "min_members": 0,
        "name": SHOP, "pool_algorithm": "GSLB_SERVICE_ALGORITHM_PRIORITY", "resolve_cname": false,
        "site_persistence_enabled": false, "tenant_ref": tenant(monitor), "ttl": 10, "use_edns_client_subnet": true,
        "wildcard_match": false})
}

/// What the controller adds to a service by itself.
pub fn service_defaults(found: &Value, members: usize) -> Value {
    let member = json!({"resolve_fqdn_to_v6": false});
    let mut defaults = identity(found);
    defaults["groups"] = json!([{"manual_resume": false, "members": vec![member; members]}]);
    defaults["hm_off"] = json!(false);
    defaults
}

/// What is sent for the monitor.
pub fn monitor(owner: &str, found: &Value) -> Value {
    json!({"allow_duplicate_monitors": true,
        "description": format!("created by: amko, gsname: {SHOP}, path: /, protocol: http"), "failed_checks": 3,
        "http_monitor": {"http_request": "HEAD / HTTP/1.0", "http_response_code": ["HTTP_2XX", "HTTP_3XX"]},
        "is_federated": true, "markers": [{"key": "created-by", "values": [owner]}], "monitor_port": 80,
        "name": SHOP_MONITOR, "receive_timeout": 4, "send_interval": 10, "successful_checks": 3,
        "tenant_ref": tenant(found), "type": "HEALTH_MONITOR_HTTP"})
}

/// What the controller adds to a monitor by itself.
pub fn monitor_defaults(found: &Value) -> Value {
    let mut defaults = identity(found);
    defaults["disable_quickstart"] = json!(false);
    defaults["http_monitor"] = json!({"exact_http_request": false});
    defaults
}

/// What every object has and no client sends; each is a new one, so only its presence can be expected.
fn identity(found: &Value) -> Value {
    let fields = ["_last_modified", "configpb_attributes", "url", "uuid"];
    fields.into_iter().map(|field| (field.to_owned(), found[field].clone())).collect()
}

/// The tenant `admin` as the controller of this object refers to it.
fn tenant(found: &Value) -> Value {
    let url = found["url"].as_str().unwrap();
    let (controller, _) = url.split_once("/api/").unwrap();
    json!(format!("{controller}/api/tenant/admin"))
}
