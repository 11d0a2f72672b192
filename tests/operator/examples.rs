//! The worked examples of `docs/RULES.md` through the whole operator: objects of simulated clusters in, requests to a
//! simulated controller out. Bodies are compared whole.

use crate::support::bodies::*;
use crate::support::lines;
use crate::support::objects::{Host, apply, delete_ingress, ingress, policy, service};
use serde_json::{Value, json};

/// EX-01, EX-02, EX-03, EX-04, EX-05 and GS-04.
#[tokio::test(start_paused = true)]
async fn ex_01_to_05_an_ingress_through_its_life() {
    let world = started().await;
    let (m1, m2) = (member("10.1.0.5", 1, "web", WEB), member("10.2.0.5", 1, "web", WEB));

    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), web_ingress("10.1.0.5", "/")))).await;
    let created = web_service(&["ctx-a"], vec![m1.clone()], &[ROOT]);
    expect(&writes, &[("POST healthmonitor", http_monitor(ROOT, WEB, "/")), ("POST gslbservice", created.clone())]);

    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-b"), web_ingress("10.2.0.5", "/")))).await;
    let both = web_service(&["ctx-a", "ctx-b"], vec![m1.clone(), m2.clone()], &[ROOT]);
    expect(&writes, &[("PUT gslbservice/<uuid>", both)]);

    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-b"), web_ingress("10.2.0.5", "/api")))).await;
    let two_paths = web_service(&["ctx-a", "ctx-b"], vec![m1, m2], &[ROOT, API]);
    expect(&writes, &[("POST healthmonitor", http_monitor(API, WEB, "/api")), ("PUT gslbservice/<uuid>", two_paths)]);

    let writes = world.writes_after(|w| delete_ingress(w.cluster("ctx-b"), "web")).await;
    expect(&writes, &[("PUT gslbservice/<uuid>", created), ("DELETE healthmonitor/<uuid>", Value::Null)]);
    assert_eq!(world.monitor_names(), [ROOT]);

    let writes = world.writes_after(|w| delete_ingress(w.cluster("ctx-a"), "web")).await;
    assert_eq!(lines(&writes), ["DELETE gslbservice/<uuid>", "DELETE healthmonitor/<uuid>"]);
    assert_eq!((world.service_names(), world.monitor_names()), (vec![], vec![]));
}

/// EX-06.
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

/// EX-07.
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

/// EX-08, EX-09 and FND-G1.
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
    let next = format!("{name}-next");
    let mut with_stand_in = with_monitor.clone();
    with_stand_in["health_monitor_refs"] = json!([monitor_ref(&next)]);
    let expected = [
        ("POST healthmonitor", port_monitor(&next, host, "TCP", 9090)),
        ("PUT gslbservice/<uuid>", with_stand_in),
        ("DELETE healthmonitor/<uuid>", Value::Null),
        ("POST healthmonitor", port_monitor(name, host, "TCP", 9090)),
        ("PUT gslbservice/<uuid>", with_monitor),
        ("DELETE healthmonitor/<uuid>", Value::Null),
    ];
    expect(&writes, &expected);
}

/// EX-10 and EX-11.
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

/// DB-09 and DB-43.
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
