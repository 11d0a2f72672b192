//! The bodies that the worked examples expect, and how requests are compared with them. What these builders leave out
//! is the same in every request.

use super::objects::{Host, ingress};
use super::{LEADER, Request, World};
use serde_json::{Value, json};

pub const OWNER: &str = "amko-11111111-2222-11ee-8000-333333333333";
pub const TENANT: &str = "https:///api/tenant/?name=admin";

/// Fields that every GSLB service has.
pub fn service_body(more: Value) -> Value {
    let mut body = json!({"controller_health_status_enabled": true, "created_by": OWNER, "enabled": true,
        "health_monitor_scope": "GSLB_SERVICE_HEALTH_MONITOR_ALL_MEMBERS", "is_federated": true, "min_members": 0,
        "pool_algorithm": "GSLB_SERVICE_ALGORITHM_PRIORITY", "resolve_cname": false, "site_persistence_enabled": false,
        "tenant_ref": TENANT, "use_edns_client_subnet": true, "wildcard_match": false});
    merge(&mut body, more);
    body
}

/// Fields that every health monitor has.
pub fn monitor_body(more: Value) -> Value {
    let mut body = json!({"allow_duplicate_monitors": true, "failed_checks": 3, "is_federated": true,
        "markers": [{"key": "created-by", "values": [OWNER]}], "receive_timeout": 4, "send_interval": 10,
        "successful_checks": 3, "tenant_ref": TENANT});
    merge(&mut body, more);
    body
}

pub fn merge(body: &mut Value, more: Value) {
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
}

pub fn http_monitor(name: &str, gs: &str, path: &str) -> Value {
    monitor_body(json!({"name": name, "type": "HEALTH_MONITOR_HTTP", "monitor_port": 80,
        "description": format!("created by: amko, gsname: {gs}, path: {path}, protocol: http"),
        "http_monitor": {"http_request": format!("HEAD {path} HTTP/1.0"),
            "http_response_code": ["HTTP_2XX", "HTTP_3XX"]}}))
}

pub fn https_monitor(name: &str, gs: &str, path: &str) -> Value {
    monitor_body(json!({"name": name, "type": "HEALTH_MONITOR_HTTPS", "monitor_port": 443,
        "description": format!("created by: amko, gsname: {gs}, path: {path}, protocol: https"),
        "https_monitor": {"http_request": format!("HEAD {path} HTTP/1.0"),
            "http_response_code": ["HTTP_2XX", "HTTP_3XX"]}}))
}

pub fn member(ip: &str, ratio: u32, object: &str, host: &str) -> Value {
    json!({"cluster_uuid": format!("cluster-avi-{object}"), "enabled": true, "ip": {"addr": ip, "type": "V4"},
        "ratio": ratio, "vs_uuid": format!("virtualservice-{host}")})
}

pub fn round_robin(priority: u32, members: Vec<Value>) -> Value {
    json!({"algorithm": "GSLB_ALGORITHM_ROUND_ROBIN", "enabled": true, "members": members,
        "min_health_monitors_up": 2, "name": format!("amko-gs-group-{priority}"), "priority": priority})
}

pub fn monitor_ref(name: &str) -> String {
    format!("/api/healthmonitor?name={name}")
}

pub const WEB: &str = "web.example.org";
pub const ROOT: &str = "amko--e429dd2b33d47bc53f75b4ca3b5ad359d29f72aa";
pub const API: &str = "amko--01acdcd35ff9d17b9538b23fe3e6ddaa83934c2c";

pub fn web_ingress(ip: &str, path: &str) -> Value {
    ingress("web", &[Host { host: WEB, ip, paths: &[path] }])
}

/// The service of EX-01 to EX-05 with these members and monitors.
pub fn web_service(contexts: &[&str], members: Vec<Value>, monitors: &[&str]) -> Value {
    let objects: Vec<String> = contexts.iter().map(|c| format!("INGRESS/{c}/shop/web/{WEB}")).collect();
    service_body(json!({"name": WEB, "domain_names": [WEB], "description": objects.join(","),
        "groups": [round_robin(10, members)],
        "health_monitor_refs": monitors.iter().map(|m| monitor_ref(m)).collect::<Vec<_>>()}))
}

pub fn expect(requests: &[Request], expected: &[(&str, Value)]) {
    let found: Vec<(&str, Value)> = requests.iter().map(|r| (r.line.as_str(), r.body.clone())).collect();
    pretty_eq(&found, expected);
    assert!(requests.iter().all(|r| r.status < 300), "every request is accepted: {requests:#?}");
}

/// Compares with a readable difference.
pub fn pretty_eq(found: &[(&str, Value)], expected: &[(&str, Value)]) {
    let text = |requests: &[(&str, Value)]| {
        requests.iter().map(|(line, body)| format!("{line}\n{body:#}\n")).collect::<Vec<_>>().join("\n")
    };
    assert!(found == expected, "found\n{}\nexpected\n{}", text(found), text(expected));
}

pub async fn started() -> World {
    let mut world = World::of_examples();
    world.start().await;
    world
}

/// Protocol and request of the operator's path monitors, sorted.
pub fn requests_of_monitors(world: &World) -> Vec<String> {
    let mut found: Vec<String> = world
        .on_controller(LEADER, "healthmonitor")
        .into_iter()
        .filter(|(name, _)| name.starts_with("amko--"))
        .map(|(_, monitor)| {
            let proto = if monitor["type"] == "HEALTH_MONITOR_HTTPS" { "https" } else { "http" };
            let request = monitor[format!("{proto}_monitor")]["http_request"].as_str().unwrap();
            format!("{proto} {request}")
        })
        .collect();
    found.sort();
    found
}

pub fn port_monitor(name: &str, gs: &str, kind: &str, port: u16) -> Value {
    let section = match kind {
        "TCP" => json!({"tcp_monitor": {"tcp_half_open": false}}),
        _ => json!({"udp_monitor": {"udp_request": "created_by: amko, request string not required"}}),
    };
    let mut body = monitor_body(json!({"name": name, "type": format!("HEALTH_MONITOR_{kind}"), "monitor_port": port,
        "description": format!("created by: amko, gsname: {gs}")}));
    merge(&mut body, section);
    body
}

/// A GSLB service for one name, with these Kubernetes objects as description and monitors by name.
pub fn service_of(name: &str, description: &str, groups: Vec<Value>, monitors: &[&str]) -> Value {
    let mut body =
        service_body(json!({"name": name, "domain_names": [name], "description": description, "groups": groups}));
    if !monitors.is_empty() {
        body["health_monitor_refs"] = monitors.iter().map(|monitor| monitor_ref(monitor)).collect();
    }
    body
}

/// A member of which only the address is known.
pub fn bare_member(ip: &str, ratio: u32) -> Value {
    json!({"enabled": true, "ip": {"addr": ip, "type": "V4"}, "ratio": ratio})
}

/// The value with these fields set.
pub fn with(mut body: Value, fields: Value) -> Value {
    merge(&mut body, fields);
    body
}

/// The value with another domain name list.
pub fn with_domains(body: Value, domains: &[&str]) -> Value {
    with(body, json!({"domain_names": domains}))
}

/// Compares requests where several services change at once, so that their order among each other is open.
pub fn expect_in_any_order(requests: &[Request], expected: &[(&str, Value)]) {
    let mut found: Vec<(&str, Value)> = requests.iter().map(|r| (r.line.as_str(), r.body.clone())).collect();
    let mut expected = expected.to_vec();
    let key = |(line, body): &(&str, Value)| (line.to_string(), body.to_string());
    found.sort_by_key(key);
    expected.sort_by_key(key);
    pretty_eq(&found, &expected);
    assert!(requests.iter().all(|r| r.status < 300), "every request is accepted: {requests:#?}");
}

/// Services and own monitors on the leader, by name.
pub fn names(world: &World) -> (Vec<String>, Vec<String>) {
    (world.service_names(), world.monitor_names())
}
