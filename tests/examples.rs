//! The worked examples of `docs/RULES.md` through the whole operator: objects of simulated clusters in, requests to a
//! simulated controller out. Bodies are compared whole.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test may panic, and tells figures")]

mod support;

use serde_json::{Value, json};
use support::objects::{Host, apply, delete_ingress, delete_policy, ingress, policy, service};
use support::{LEADER, Request, World, lines};

const OWNER: &str = "amko-11111111-2222-11ee-8000-333333333333";
const TENANT: &str = "https:///api/tenant/?name=admin";

/// Fields that every GSLB service has.
fn service_body(more: Value) -> Value {
    let mut body = json!({"controller_health_status_enabled": true, "created_by": OWNER, "enabled": true,
        "health_monitor_scope": "GSLB_SERVICE_HEALTH_MONITOR_ALL_MEMBERS", "is_federated": true, "min_members": 0,
        "pool_algorithm": "GSLB_SERVICE_ALGORITHM_PRIORITY", "resolve_cname": false, "site_persistence_enabled": false,
        "tenant_ref": TENANT, "use_edns_client_subnet": true, "wildcard_match": false});
    merge(&mut body, more);
    body
}

/// Fields that every health monitor has.
fn monitor_body(more: Value) -> Value {
    let mut body = json!({"allow_duplicate_monitors": true, "failed_checks": 3, "is_federated": true,
        "markers": [{"key": "created-by", "values": [OWNER]}], "receive_timeout": 4, "send_interval": 10,
        "successful_checks": 3, "tenant_ref": TENANT});
    merge(&mut body, more);
    body
}

fn merge(body: &mut Value, more: Value) {
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
}

fn http_monitor(name: &str, gs: &str, path: &str) -> Value {
    monitor_body(json!({"name": name, "type": "HEALTH_MONITOR_HTTP", "monitor_port": 80,
        "description": format!("created by: amko, gsname: {gs}, path: {path}, protocol: http"),
        "http_monitor": {"http_request": format!("HEAD {path} HTTP/1.0"),
            "http_response_code": ["HTTP_2XX", "HTTP_3XX"]}}))
}

fn https_monitor(name: &str, gs: &str, path: &str) -> Value {
    monitor_body(json!({"name": name, "type": "HEALTH_MONITOR_HTTPS", "monitor_port": 443,
        "description": format!("created by: amko, gsname: {gs}, path: {path}, protocol: https"),
        "https_monitor": {"http_request": format!("HEAD {path} HTTP/1.0"),
            "http_response_code": ["HTTP_2XX", "HTTP_3XX"]}}))
}

fn member(ip: &str, ratio: u32, object: &str, host: &str) -> Value {
    json!({"cluster_uuid": format!("cluster-avi-{object}"), "enabled": true, "ip": {"addr": ip, "type": "V4"},
        "ratio": ratio, "vs_uuid": format!("virtualservice-{host}")})
}

fn round_robin(priority: u32, members: Vec<Value>) -> Value {
    json!({"algorithm": "GSLB_ALGORITHM_ROUND_ROBIN", "enabled": true, "members": members,
        "min_health_monitors_up": 2, "name": format!("amko-gs-group-{priority}"), "priority": priority})
}

fn monitor_ref(name: &str) -> String {
    format!("/api/healthmonitor?name={name}")
}

const WEB: &str = "web.example.org";
const ROOT: &str = "amko--e429dd2b33d47bc53f75b4ca3b5ad359d29f72aa";
const API: &str = "amko--01acdcd35ff9d17b9538b23fe3e6ddaa83934c2c";

fn web(ip: &str, path: &str) -> Value {
    ingress("web", &[Host { host: WEB, ip, paths: &[path] }])
}

/// The service of EX-01 to EX-05 with these members and monitors.
fn web_service(contexts: &[&str], members: Vec<Value>, monitors: &[&str]) -> Value {
    let objects: Vec<String> = contexts.iter().map(|c| format!("INGRESS/{c}/shop/web/{WEB}")).collect();
    service_body(json!({"name": WEB, "domain_names": [WEB], "description": objects.join(","),
        "groups": [round_robin(10, members)],
        "health_monitor_refs": monitors.iter().map(|m| monitor_ref(m)).collect::<Vec<_>>()}))
}

fn expect(requests: &[Request], expected: &[(&str, Value)]) {
    let found: Vec<(&str, Value)> = requests.iter().map(|r| (r.line.as_str(), r.body.clone())).collect();
    pretty_eq(&found, expected);
    assert!(requests.iter().all(|r| r.status < 300), "every request is accepted: {requests:#?}");
}

/// Compares with a readable difference.
fn pretty_eq(found: &[(&str, Value)], expected: &[(&str, Value)]) {
    let text = |requests: &[(&str, Value)]| {
        requests.iter().map(|(line, body)| format!("{line}\n{body:#}\n")).collect::<Vec<_>>().join("\n")
    };
    assert!(found == expected, "found\n{}\nexpected\n{}", text(found), text(expected));
}

async fn started() -> World {
    let mut world = World::of_examples();
    world.start().await;
    world
}

#[tokio::test(start_paused = true)]
async fn ex_01_to_05_an_ingress_through_its_life() {
    let world = started().await;
    let (m1, m2) = (member("10.1.0.5", 1, "web", WEB), member("10.2.0.5", 1, "web", WEB));

    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), web("10.1.0.5", "/")))).await;
    let created = web_service(&["ctx-a"], vec![m1.clone()], &[ROOT]);
    expect(&writes, &[("POST healthmonitor", http_monitor(ROOT, WEB, "/")), ("POST gslbservice", created.clone())]);

    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-b"), web("10.2.0.5", "/")))).await;
    let both = web_service(&["ctx-a", "ctx-b"], vec![m1.clone(), m2.clone()], &[ROOT]);
    expect(&writes, &[("PUT gslbservice/<uuid>", both)]);

    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-b"), web("10.2.0.5", "/api")))).await;
    let two_paths = web_service(&["ctx-a", "ctx-b"], vec![m1, m2], &[ROOT, API]);
    expect(&writes, &[("POST healthmonitor", http_monitor(API, WEB, "/api")), ("PUT gslbservice/<uuid>", two_paths)]);

    let writes = world.writes_after(|w| delete_ingress(w.cluster("ctx-b"), "web")).await;
    expect(&writes, &[("PUT gslbservice/<uuid>", created), ("DELETE healthmonitor/<uuid>", Value::Null)]);
    assert_eq!(world.monitor_names(), [ROOT]);

    let writes = world.writes_after(|w| delete_ingress(w.cluster("ctx-a"), "web")).await;
    assert_eq!(lines(&writes), ["DELETE gslbservice/<uuid>", "DELETE healthmonitor/<uuid>"]);
    assert_eq!((world.service_names(), world.monitor_names()), (vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn ex_06_a_tls_ingress_with_two_paths() {
    let world = started().await;
    let host = "sec.example.org";
    let mut object = ingress("sec", &[Host { host, ip: "10.1.0.6", paths: &["/", "/login"] }]);
    object["spec"]["tls"] = json!([{"hosts": [host], "secretName": "sec"}]);
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), object))).await;
    let (root, login) =
        ("amko--f050ab68b1757c43d9457b3d2fc9b9fb8fc5789d", "amko--3ecc7e02934eb4e8e5e7b04033ca847cdd6bdfea");
    let service = service_body(json!({"name": host, "domain_names": [host],
        "description": format!("INGRESS/ctx-a/shop/sec/{host}"),
        "groups": [round_robin(10, vec![member("10.1.0.6", 1, "sec", host)])],
        "health_monitor_refs": [monitor_ref(root), monitor_ref(login)]}));
    let expected = [
        ("POST healthmonitor", https_monitor(root, host, "/")),
        ("POST healthmonitor", https_monitor(login, host, "/login")),
        ("POST gslbservice", service),
    ];
    expect(&writes, &expected);
}

#[tokio::test(start_paused = true)]
async fn ex_07_several_hosts_and_odd_status_entries() {
    let world = started().await;
    let hosts = [
        Host { host: "m.example.org", ip: "10.1.0.5", paths: &["/a", "", "/a"] },
        Host { host: "n.example.org", ip: "10.1.0.6", paths: &[] },
    ];
    let mut object = ingress("multi", &hosts);
    let status = object["status"]["loadBalancer"]["ingress"].as_array_mut().unwrap();
    status.push(json!({"ip": "10.1.0.7", "hostname": "unknown.example.org"}));
    status.push(json!({"ip": "10.1.0.8"}));
    status.push(json!({"hostname": "m.example.org"}));
    world.writes_after(|w| drop(apply(w.cluster("ctx-a"), object.clone()))).await;
    assert_eq!(world.service_names(), ["m.example.org", "n.example.org"]);
    assert_eq!(requests_of_monitors(&world), ["http HEAD / HTTP/1.0", "http HEAD / HTTP/1.0", "http HEAD /a HTTP/1.0"]);

    object["metadata"]["annotations"]["ako.vmware.com/enable-tls"] = json!("false");
    world.writes_after(|w| drop(apply(w.cluster("ctx-a"), object))).await;
    assert_eq!(
        requests_of_monitors(&world),
        ["https HEAD / HTTP/1.0", "https HEAD / HTTP/1.0", "https HEAD /a HTTP/1.0"]
    );
}

/// Protocol and request of the operator's path monitors, sorted.
fn requests_of_monitors(world: &World) -> Vec<String> {
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

fn port_monitor(name: &str, gs: &str, kind: &str, port: u16) -> Value {
    let section = match kind {
        "TCP" => json!({"tcp_monitor": {"tcp_half_open": false}}),
        _ => json!({"udp_monitor": {"udp_request": "created_by: amko, request string not required"}}),
    };
    let mut body = monitor_body(json!({"name": name, "type": format!("HEALTH_MONITOR_{kind}"), "monitor_port": port,
        "description": format!("created by: amko, gsname: {gs}")}));
    merge(&mut body, section);
    body
}

#[tokio::test(start_paused = true)]
async fn ex_08_and_09_a_service_and_the_change_of_its_port() {
    let world = started().await;
    let (host, name) = ("db.example.org", "amko--bec897decb74c34a3045009860a9c8f5bdc102e6");
    let object = service("db", host, "10.1.0.7", &[(9443, "TCP"), (8080, "TCP")]);
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), object))).await;
    let with_monitor = service_body(json!({"name": host, "domain_names": [host], "description": "LBSVC/ctx-a/shop/db",
        "groups": [round_robin(10, vec![member("10.1.0.7", 1, "db", host)])],
        "health_monitor_refs": [monitor_ref(name)]}));
    let expected =
        [("POST healthmonitor", port_monitor(name, host, "TCP", 8080)), ("POST gslbservice", with_monitor.clone())];
    expect(&writes, &expected);

    let object = service("db", host, "10.1.0.7", &[(9090, "TCP")]);
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), object))).await;
    let mut without_monitor = with_monitor.clone();
    without_monitor.as_object_mut().unwrap().remove("health_monitor_refs");
    let expected = [
        ("PUT gslbservice/<uuid>", without_monitor),
        ("DELETE healthmonitor/<uuid>", Value::Null),
        ("POST healthmonitor", port_monitor(name, host, "TCP", 9090)),
        ("PUT gslbservice/<uuid>", with_monitor),
    ];
    expect(&writes, &expected);
}

#[tokio::test(start_paused = true)]
async fn ex_10_and_11_udp_and_other_protocols() {
    let cases = [
        ("dns", "dns.example.org", vec![(53, "UDP")], "UDP", 53),
        ("odd", "odd.example.org", vec![(80, "TCP"), (132, "SCTP")], "TCP", 132),
    ];
    for (name, host, ports, kind, port) in cases {
        let world = started().await;
        let object = service(name, host, "10.1.0.8", &ports);
        let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), object))).await;
        let monitor = writes[0].body["name"].as_str().unwrap().to_owned();
        if name == "dns" {
            assert_eq!(monitor, "amko--ccd26eff248446d24b3e7e00deb71cbd1ad4a78b");
        }
        assert_eq!(writes[0].body, port_monitor(&monitor, host, kind, port));
        assert_eq!(lines(&writes), ["POST healthmonitor", "POST gslbservice"]);
    }
}

#[tokio::test(start_paused = true)]
async fn ex_28_a_cluster_leaves_the_policy_and_comes_back_and_the_policy_goes() {
    let world = started().await;
    apply(world.cluster("ctx-a"), web("10.1.0.5", "/"));
    apply(world.cluster("ctx-b"), web("10.2.0.5", "/"));
    let only_b = ingress("only", &[Host { host: "only.example.org", ip: "10.2.0.9", paths: &["/"] }]);
    apply(world.cluster("ctx-b"), only_b);
    world.settle().await;
    let before = contents(&world);
    assert_eq!(world.service_names(), ["only.example.org", WEB]);

    let writes = world.writes_after(|w| drop(apply(w.home(), policy(&["ctx-a"], json!({}))))).await;
    let mut found = lines(&writes);
    found.sort_unstable();
    assert_eq!(found, ["DELETE gslbservice/<uuid>", "DELETE healthmonitor/<uuid>", "PUT gslbservice/<uuid>"]);
    assert_eq!(world.service_names(), [WEB]);

    world.writes_after(|w| drop(apply(w.home(), policy(&["ctx-a", "ctx-b"], json!({}))))).await;
    assert_eq!(contents(&world), before, "members return");

    world.writes_after(|w| delete_policy(w.home())).await;
    assert_eq!((world.service_names(), world.monitor_names()), (vec![], vec![]));

    world.writes_after(|w| drop(apply(w.home(), policy(&["ctx-a", "ctx-b"], json!({}))))).await;
    assert_eq!(contents(&world), before, "the policy is back, and so is everything");
}

/// The services without what the controller itself chooses.
fn contents(world: &World) -> Vec<(String, Value, Value)> {
    let services = world.on_controller(LEADER, "gslbservice").into_iter();
    services.map(|(name, s)| (name, s["description"].clone(), s["groups"].clone())).collect()
}

#[tokio::test(start_paused = true)]
async fn ex_30_two_ingresses_with_one_host_and_one_address() {
    let world = started().await;
    for (name, path) in [("web-a", "/a"), ("web-b", "/b")] {
        let mut object = ingress(name, &[Host { host: WEB, ip: "10.1.0.5", paths: &[path] }]);
        object["metadata"]["annotations"]["ako.vmware.com/controller-cluster-uuid"] = json!("cluster-avi-web");
        apply(world.cluster("ctx-a"), object);
    }
    world.settle().await;
    let service = &world.on_controller(LEADER, "gslbservice")[WEB];
    let description = format!("INGRESS/ctx-a/shop/web-a/{WEB},INGRESS/ctx-a/shop/web-b/{WEB}");
    assert_eq!(service["description"], json!(description));
    assert_eq!(service["groups"][0]["members"].as_array().unwrap().len(), 1);
    assert_eq!(requests_of_monitors(&world), ["http HEAD /a HTTP/1.0", "http HEAD /b HTTP/1.0"]);
}

#[tokio::test(start_paused = true)]
async fn a_changed_traffic_split_rewrites_every_service_exactly_once() {
    let contexts = ["ctx-a", "ctx-b"];
    let world = started().await;
    for n in 0..5 {
        let host = format!("app{n}.example.org");
        for (context, net) in [("ctx-a", 1), ("ctx-b", 2)] {
            let ip = format!("10.{net}.1.{n}");
            let object = ingress(&format!("app{n}"), &[Host { host: &host, ip: &ip, paths: &["/"] }]);
            apply(world.cluster(context), object);
        }
    }
    world.settle().await;
    for (a, b) in [(6, 4), (20, 1)] {
        let split = json!({"trafficSplit": [{"cluster": "ctx-a", "weight": a, "priority": 10},
            {"cluster": "ctx-b", "weight": b, "priority": 10}]});
        let writes = world.writes_after(|w| drop(apply(w.home(), policy(&contexts, split)))).await;
        assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"; 5]);
        for request in &writes {
            let members = request.body["groups"][0]["members"].as_array().unwrap();
            let ratios: Vec<&Value> = members.iter().map(|m| &m["ratio"]).collect();
            assert_eq!(ratios, [&json!(a), &json!(b)]);
        }
    }
}
