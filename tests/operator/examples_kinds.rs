//! The worked examples about kinds of objects, their names and tenants, through the whole operator: Services, Routes,
//! HostRules, namespaces. Bodies are compared whole.

use crate::support::ako_crds::{
    ROUTES, alias_rule, delete_host_rule, host_rule, passthrough, route_of, started_with_crds, started_with_host_rules,
    world_with_host_rules,
};
use crate::support::bodies::*;
use crate::support::controller::create_tenant;
use crate::support::objects::{Host, apply, ingress, patch_config, policy, service};
use crate::support::{Request, lines};
use serde_json::{Value, json};

/// EX-11
#[tokio::test(start_paused = true)]
async fn ex_11_the_port_of_another_protocol_is_probed_by_tcp() {
    let world = started().await;
    let (host, monitor) = ("odd.example.org", "amko--416a81f0e09f5e8a71b15143f4c494d050fad448");
    let object = service("odd", host, "10.1.0.8", &[(80, "TCP"), (132, "SCTP")]);
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), object))).await;
    let group = round_robin(10, vec![member("10.1.0.8", 1, "odd", host)]);
    let expected = [
        ("POST healthmonitor", port_monitor(monitor, host, "TCP", 132)),
        ("POST gslbservice", service_of(host, "LBSVC/ctx-a/shop/odd", vec![group], &[monitor])),
    ];
    expect(&writes, &expected);
}

/// EX-12
#[tokio::test(start_paused = true)]
async fn ex_12_passthrough_routes_share_a_monitor_that_outlives_them() {
    let world = started_with_crds().await;
    let (shared, host) = ("amko--passthrough-hm-tcp-11111111-2222-11ee-8000-333333333333", "pt.example.org");
    let object = passthrough("pt", host, "10.1.0.11");
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), object))).await;
    let monitor = monitor_body(json!({"name": shared, "type": "HEALTH_MONITOR_TCP", "monitor_port": 443,
        "tcp_monitor": {"tcp_half_open": false}, "description": "created by: amko"}));
    let of = |name: &str, host: &str, ip: &str| {
        let group = round_robin(10, vec![member(ip, 1, name, host)]);
        service_of(host, &format!("ROUTE/ctx-a/shop/{name}"), vec![group], &[shared])
    };
    expect(&writes, &[("POST healthmonitor", monitor), ("POST gslbservice", of("pt", host, "10.1.0.11"))]);

    let second = passthrough("pt2", "pt2.example.org", "10.1.0.12");
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), second))).await;
    expect(&writes, &[("POST gslbservice", of("pt2", "pt2.example.org", "10.1.0.12"))]);

    let delete = |name: &'static str| {
        let world = &world;
        async move {
            let change = |w: &crate::support::World| w.cluster("ctx-a").delete(ROUTES, Some("shop"), name).unwrap();
            world.writes_after(change).await
        }
    };
    for name in ["pt", "pt2"] {
        assert_eq!(lines(&delete(name).await), ["DELETE gslbservice/<uuid>"], "{name}");
    }
    assert_eq!(names(&world), (vec![], vec![shared.to_owned()]));
}

/// EX-13
#[tokio::test(start_paused = true)]
async fn ex_13_an_edge_route_is_probed_by_https_on_its_path() {
    let world = started_with_crds().await;
    let (host, monitor) = ("edge.example.org", "amko--ca961438d73ce81f64ecf6a934a89fd14bf8f925");
    let spec = json!({"host": host, "path": "/cart", "tls": {"termination": "edge"}});
    let object = route_of("edge", host, "10.1.0.13", spec);
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), object))).await;
    let group = round_robin(10, vec![member("10.1.0.13", 1, "edge", host)]);
    let expected = [
        ("POST healthmonitor", https_monitor(monitor, host, "/cart")),
        ("POST gslbservice", service_of(host, "ROUTE/ctx-a/shop/edge", vec![group], &[monitor])),
    ];
    expect(&writes, &expected);
}

/// EX-14
#[tokio::test(start_paused = true)]
async fn ex_14_a_subdomain_is_completed_by_the_default_domain_with_and_without_a_dot() {
    for domain in ["apps.example.org", ".apps.example.org"] {
        let world = started_with_crds().await;
        apply(world.home(), policy(&["ctx-a", "ctx-b"], json!({"defaultDomain": domain})));
        world.settle().await;
        let (host, monitor) = ("cart.apps.example.org", "amko--cc2dbb68b51f64bba8b36a6e16f1cad5e153de45");
        let object = route_of("cart", host, "10.1.0.14", json!({"subdomain": "cart"}));
        let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), object))).await;
        let group = round_robin(10, vec![member("10.1.0.14", 1, "cart", host)]);
        let expected = [
            ("POST healthmonitor", http_monitor(monitor, host, "/")),
            ("POST gslbservice", service_of(host, "ROUTE/ctx-a/shop/cart", vec![group], &[monitor])),
        ];
        expect(&writes, &expected);
    }
}

/// An Ingress `web` without AKO's annotations.
fn without_uuids(ip: &str) -> Value {
    let mut object = web_ingress(ip, "/");
    object["metadata"]["annotations"] = json!({});
    object
}

/// DB-21, EX-16 and OBJ-04.
#[tokio::test(start_paused = true)]
async fn ex_16_without_uuids_only_a_cluster_that_syncs_addresses_has_members() {
    let world = started().await;
    let clusters = json!({"matchClusters": [{"cluster": "ctx-a"}, {"cluster": "ctx-b", "syncVipOnly": true}]});
    apply(world.home(), policy(&[], clusters));
    world.settle().await;
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-b"), without_uuids("10.2.0.5")))).await;
    let group = round_robin(10, vec![bare_member("10.2.0.5", 1)]);
    let created = service_of(WEB, &format!("INGRESS/ctx-b/shop/web/{WEB}"), vec![group], &[ROOT]);
    expect(&writes, &[("POST healthmonitor", http_monitor(ROOT, WEB, "/")), ("POST gslbservice", created)]);

    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), without_uuids("10.1.0.5")))).await;
    assert_eq!(writes, []);
}

/// EX-25
#[tokio::test(start_paused = true)]
async fn ex_25_aliases_of_two_clusters_are_domain_names_and_a_shared_one_stays_with_the_other() {
    let world = started_with_host_rules().await;
    let (host, monitor) = ("d.example.org", "amko--8de0101a175c11bad37fec519cadf8088b157368");
    let at = |ip| ingress("d", &[Host { host, ip, paths: &["/"] }]);
    apply(world.cluster("ctx-a"), at("10.1.0.5"));
    apply(world.cluster("ctx-b"), at("10.2.0.5"));
    world.settle().await;
    assert_eq!(names(&world), (vec![host.to_owned()], vec![monitor.to_owned()]));
    let description = format!("INGRESS/ctx-a/shop/d/{host},INGRESS/ctx-b/shop/d/{host}");
    let members = vec![member("10.1.0.5", 1, "d", host), member("10.2.0.5", 1, "d", host)];
    let plain = service_of(host, &description, vec![round_robin(10, members)], &[monitor]);
    let updated = |domains: &[&str]| [("PUT gslbservice/<uuid>", with_domains(plain.clone(), domains))];

    let rule = alias_rule("d", host, &["zz.example.org", "alias.example.org"]);
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), rule))).await;
    expect(&writes, &updated(&["alias.example.org", host, "zz.example.org"]));

    let rule = alias_rule("d", host, &["alias.example.org", "b.example.org"]);
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-b"), rule))).await;
    expect(&writes, &updated(&["alias.example.org", "b.example.org", host, "zz.example.org"]));

    let writes = world.writes_after(|w| delete_host_rule(w.cluster("ctx-a"), "d")).await;
    expect(&writes, &updated(&["alias.example.org", "b.example.org", host]));
}

/// The requests about the service of this name and its monitor: those that name it, and the DELETEs.
fn about<'a>(writes: &'a [Request], line: &str) -> Vec<&'a Request> {
    writes.iter().filter(|request| request.line.starts_with(line) && request.status < 300).collect()
}

/// EX-26
#[tokio::test(start_paused = true)]
async fn ex_26_a_host_rule_gives_a_service_its_global_name_another_one_and_none() {
    let mut world = world_with_host_rules();
    patch_config(world.home(), json!({"spec": {"useCustomGlobalFqdn": true}}));
    world.start().await;
    let (local, alias) = ("local.example.org", "al.example.org");
    let object = ingress("w", &[Host { host: local, ip: "10.1.0.5", paths: &["/"] }]);
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), object))).await;
    assert_eq!(writes, [], "without a HostRule there is no service");

    let rule = |fqdn: &str, status: &str| {
        let gslb = json!({"fqdn": fqdn, "includeAliases": true});
        let mut rule = host_rule("w", local, json!({"gslb": gslb, "aliases": [alias]}));
        rule["status"]["status"] = json!(status);
        rule
    };
    let created = |fqdn: &str, monitor: &str| {
        let group = round_robin(10, vec![member("10.1.0.5", 1, "w", local)]);
        let body = service_of(fqdn, &format!("INGRESS/ctx-a/shop/w/{local}"), vec![group], &[monitor]);
        with_domains(body, &[alias, fqdn])
    };
    let (global, first) = ("global.example.org", "amko--cd0b89cd3f5b24d430e6be0aa9db9cca9fbe0d73");
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), rule(global, "Accepted")))).await;
    let posts =
        [("POST healthmonitor", http_monitor(first, global, "/")), ("POST gslbservice", created(global, first))];
    expect(&writes, &posts);

    let (global, second) = ("global2.example.org", "amko--0a6bc5b0198b04c0ac2296677143b4268a8fd314");
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), rule(global, "Accepted")))).await;
    // Both services are written at the same time, and as long as the old one has the alias the new one may be refused.
    let deletes: Vec<&str> = about(&writes, "DELETE").iter().map(|request| request.line.as_str()).collect();
    assert_eq!(deletes, ["DELETE gslbservice/<uuid>", "DELETE healthmonitor/<uuid>"]);
    let posted: Vec<Request> = about(&writes, "POST").into_iter().cloned().collect();
    let posts =
        [("POST healthmonitor", http_monitor(second, global, "/")), ("POST gslbservice", created(global, second))];
    expect(&posted, &posts);
    assert_eq!(names(&world), (vec![global.to_owned()], vec![second.to_owned()]));

    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), rule(global, "Rejected")))).await;
    assert_eq!(lines(&writes), ["DELETE gslbservice/<uuid>", "DELETE healthmonitor/<uuid>"]);
    assert_eq!(names(&world), (vec![], vec![]));
}

/// EX-27, TEN-01, TEN-02, TEN-03 and TEN-04.
#[tokio::test(start_paused = true)]
async fn ex_27_namespace_and_object_name_the_tenant_together() {
    const ANNOTATION: &str = "ako.vmware.com/tenant-name";
    let world = started().await;
    create_tenant(&world, "tenant2").await;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "team2", "annotations": {ANNOTATION: "tenant2"}}});
    apply(world.cluster("ctx-a"), namespace);
    let of_team2 = |tenant: Option<&str>| {
        let mut object = web_ingress("10.1.0.5", "/");
        object["metadata"]["namespace"] = json!("team2");
        if let Some(tenant) = tenant {
            object["metadata"]["annotations"][ANNOTATION] = json!(tenant);
        }
        object
    };
    for tenant in [None, Some("tenant1")] {
        let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), of_team2(tenant)))).await;
        assert_eq!(writes, [], "object of {tenant:?}");
    }

    let before = world.avi.last_request();
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), of_team2(Some("tenant2"))))).await;
    let tenant = json!({"tenant_ref": "https:///api/tenant/?name=tenant2"});
    let group = round_robin(10, vec![member("10.1.0.5", 1, "web", WEB)]);
    let created = service_of(WEB, &format!("INGRESS/ctx-a/team2/web/{WEB}"), vec![group], &[ROOT]);
    let expected = [
        ("POST healthmonitor", with(http_monitor(ROOT, WEB, "/"), tenant.clone())),
        ("POST gslbservice", with(created, tenant)),
    ];
    expect(&writes, &expected);
    let posts = world.requests_since(before).into_iter().filter(|r| r.method == "POST");
    let tenants: Vec<Option<String>> = posts.map(|r| r.tenant).collect();
    assert_eq!(tenants, [Some("tenant2".to_owned()), Some("tenant2".to_owned())]);
}

/// EX-30 and GS-03.
#[tokio::test(start_paused = true)]
async fn ex_30_two_ingresses_with_one_host_and_one_address_are_one_member() {
    let (mut world, paths) = (crate::support::World::of_examples(), ["/a", "/b"]);
    for (name, path) in ["web-a", "web-b"].into_iter().zip(paths) {
        let mut object = ingress(name, &[Host { host: WEB, ip: "10.1.0.5", paths: &[path] }]);
        object["metadata"]["annotations"]["ako.vmware.com/controller-cluster-uuid"] = json!("cluster-avi-web");
        apply(world.cluster("ctx-a"), object);
    }
    world.start().await;
    let [a, b] = ["amko--9b22a7e7f04604d1f09fa607ab17589ae4ecc8a3", "amko--d141a6337ae2aca5a0240619fa7c3dd8301bec2d"];
    let description = format!("INGRESS/ctx-a/shop/web-a/{WEB},INGRESS/ctx-a/shop/web-b/{WEB}");
    let group = round_robin(10, vec![member("10.1.0.5", 1, "web", WEB)]);
    let expected = [
        ("POST healthmonitor", http_monitor(a, WEB, "/a")),
        ("POST healthmonitor", http_monitor(b, WEB, "/b")),
        ("POST gslbservice", service_of(WEB, &description, vec![group], &[a, b])),
    ];
    expect(&world.writes(), &expected);
}

/// EX-34
#[tokio::test(start_paused = true)]
async fn ex_34_a_service_that_changes_its_hostname_leaves_nothing_behind() {
    let world = started().await;
    let ports = [(9443, "TCP")];
    let of = |host: &str, monitor: &str| {
        let group = round_robin(10, vec![member("10.1.0.7", 1, "db", host)]);
        service_of(host, "LBSVC/ctx-a/shop/db", vec![group], &[monitor])
    };
    let first = "amko--bec897decb74c34a3045009860a9c8f5bdc102e6";
    let object = service("db", "db.example.org", "10.1.0.7", &ports);
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), object))).await;
    let created = [
        ("POST healthmonitor", port_monitor(first, "db.example.org", "TCP", 9443)),
        ("POST gslbservice", of("db.example.org", first)),
    ];
    expect(&writes, &created);

    let (host, second) = ("db2.example.org", "amko--cc77792dfe44860a589f21442bc7354755b3fbe7");
    let object = service("db", host, "10.1.0.7", &ports);
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), object))).await;
    let expected = [
        ("POST healthmonitor", port_monitor(second, host, "TCP", 9443)),
        ("POST gslbservice", of(host, second)),
        ("DELETE gslbservice/<uuid>", Value::Null),
        ("DELETE healthmonitor/<uuid>", Value::Null),
    ];
    expect_in_any_order(&writes, &expected);
    assert_eq!(names(&world), (vec![host.to_owned()], vec![second.to_owned()]));
}
