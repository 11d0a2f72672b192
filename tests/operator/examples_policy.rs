//! The worked examples about the policy and host rules, through the whole operator. Bodies are compared whole.

use crate::support::bodies::*;
use crate::support::controller::{
    add_third_party_sites, create, persistence_profile, pki_profile, template, user_monitor,
};
use crate::support::objects::{Host, apply, ingress, patch_config, policy};
use crate::support::{Request, World};
use serde_json::{Value, json};

const RULES: &str = "gslbhostrules.amko.vmware.com";
const CONTEXTS: [&str; 2] = ["ctx-a", "ctx-b"];

const SEC: &str = "sec.example.org";
const SEC_ROOT: &str = "amko--f050ab68b1757c43d9457b3d2fc9b9fb8fc5789d";
const SEC_X: &str = "amko--7530b6e9e1e59d3a699cb5151ce3f8d963c259fb";

/// The writes that follow from a policy with these fields.
async fn writes_of_policy(world: &World, fields: Value) -> Vec<Request> {
    world.writes_after(|w| drop(apply(w.home(), policy(&CONTEXTS, fields)))).await
}

/// A GSLBHostRule in namespace `avi-system`.
fn rule(fqdn: &str, fields: Value) -> Value {
    let spec = with(json!({"fqdn": fqdn}), fields);
    json!({"apiVersion": "amko.vmware.com/v1alpha1", "kind": "GSLBHostRule",
        "metadata": {"name": "rule", "namespace": "avi-system"}, "spec": spec})
}

async fn writes_of_rule(world: &World, fqdn: &str, fields: Value) -> Vec<Request> {
    world.writes_after(|w| drop(apply(w.home(), rule(fqdn, fields)))).await
}

async fn writes_without_rule(world: &World) -> Vec<Request> {
    world.writes_after(|w| w.home().delete(RULES, Some("avi-system"), "rule").unwrap()).await
}

/// The Ingress `sec` with TLS and these paths.
fn secure(ip: &str, paths: &[&str]) -> Value {
    let mut object = ingress("sec", &[Host { host: SEC, ip, paths }]);
    object["spec"]["tls"] = json!([{"hosts": [SEC], "secretName": "sec"}]);
    object
}

/// The service of `sec` in ctx-a.
fn secure_service(groups: Vec<Value>, monitors: &[&str]) -> Value {
    service_of(SEC, &format!("INGRESS/ctx-a/shop/sec/{SEC}"), groups, monitors)
}

fn secure_member() -> Value {
    member("10.1.0.6", 1, "sec", SEC)
}

/// The service of `web` in both clusters.
fn web_of_both(groups: Vec<Value>) -> Value {
    with(web_service(&CONTEXTS, Vec::new(), &[ROOT]), json!({"groups": groups}))
}

fn web_member(ip: &str, ratio: u32) -> Value {
    member(ip, ratio, "web", WEB)
}

/// A world in which `web` is in both clusters.
async fn with_web_in_both() -> World {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web_ingress("10.1.0.5", "/"));
    apply(world.cluster("ctx-b"), web_ingress("10.2.0.5", "/"));
    world.start().await;
    assert_eq!(names(&world), (vec![WEB.to_owned()], vec![ROOT.to_owned()]));
    world
}

/// A world in which `sec`, with TLS and the paths `/` and `/x`, is in ctx-a.
async fn with_sec() -> World {
    let mut world = World::of_examples();
    for name in ["my-hm1", "my-hm2"] {
        create(&world, "healthmonitor", user_monitor(name)).await;
    }
    create(&world, "healthmonitor", template("tmpl1", "GET /old HTTP/1.1", &["HTTP_2XX"])).await;
    create(&world, "healthmonitor", template("tmpl2", "POST /any HTTP/1.0", &["HTTP_2XX", "HTTP_4XX"])).await;
    apply(world.cluster("ctx-a"), secure("10.1.0.6", &["/", "/x"]));
    world.start().await;
    let mut monitors = vec![SEC_ROOT.to_owned(), SEC_X.to_owned()];
    monitors.sort();
    assert_eq!(names(&world), (vec![SEC.to_owned()], monitors));
    world
}

/// EX-15
#[tokio::test(start_paused = true)]
async fn ex_15_a_policy_with_everything_shapes_both_pools() {
    let mut world = World::of_examples();
    let fallback = json!({"lbAlgorithm": "GSLB_ALGORITHM_CONSISTENT_HASH", "hashMask": 24});
    let fields = json!({"ttl": 30,
        "trafficSplit": [{"cluster": "ctx-a", "weight": 8, "priority": 20},
            {"cluster": "ctx-b", "weight": 2, "priority": 15}],
        "poolAlgorithmSettings": {"lbAlgorithm": "GSLB_ALGORITHM_GEO", "geoFallback": fallback},
        "downResponse": {"type": "GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP", "fallbackIP": "10.9.9.9"}});
    apply(world.home(), policy(&CONTEXTS, fields));
    let (host, monitor) = ("w.example.org", "amko--5ed78b33cc8272477e5ced7971b0e48774041cef");
    for (context, ip) in [("ctx-a", "10.1.0.5"), ("ctx-b", "10.2.0.5")] {
        apply(world.cluster(context), ingress("w", &[Host { host, ip, paths: &["/"] }]));
    }
    world.start().await;
    let geo = |priority: u32, member: Value| {
        let algorithm = json!({"algorithm": "GSLB_ALGORITHM_GEO", "consistent_hash_mask": 24,
            "fallback_algorithm": "GSLB_ALGORITHM_CONSISTENT_HASH"});
        with(round_robin(priority, vec![member]), algorithm)
    };
    let groups = vec![geo(20, member("10.1.0.5", 8, "w", host)), geo(15, member("10.2.0.5", 2, "w", host))];
    let description = format!("INGRESS/ctx-a/shop/w/{host},INGRESS/ctx-b/shop/w/{host}");
    let down = json!({"type": "GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP",
        "fallback_ip": {"addr": "10.9.9.9", "type": "V4"}});
    let body = with(service_of(host, &description, groups, &[monitor]), json!({"ttl": 30, "down_response": down}));
    let expected = [("POST healthmonitor", http_monitor(monitor, host, "/")), ("POST gslbservice", body)];
    expect(&world.writes(), &expected);
}

/// EX-17
#[tokio::test(start_paused = true)]
async fn ex_17_where_only_the_control_plane_counts_there_are_no_monitors() {
    let alone = |member: Value| with(round_robin(10, vec![member]), json!({"min_health_monitors_up": 1}));
    let mut world = World::of_examples();
    apply(world.home(), policy(&CONTEXTS, json!({"controlPlaneHmOnly": true})));
    apply(world.cluster("ctx-a"), secure("10.1.0.6", &["/", "/x"]));
    world.start().await;
    let without = secure_service(vec![alone(secure_member())], &[]);
    expect(&world.writes(), &[("POST gslbservice", without.clone())]);

    let writes = writes_of_policy(&world, json!({})).await;
    let own = secure_service(vec![round_robin(10, vec![secure_member()])], &[SEC_ROOT, SEC_X]);
    let expected = [
        ("POST healthmonitor", https_monitor(SEC_ROOT, SEC, "/")),
        ("POST healthmonitor", https_monitor(SEC_X, SEC, "/x")),
        ("PUT gslbservice/<uuid>", own),
    ];
    expect(&writes, &expected);

    let writes = writes_of_policy(&world, json!({"controlPlaneHmOnly": true})).await;
    let deleted = ("DELETE healthmonitor/<uuid>", Value::Null);
    expect(&writes, &[("PUT gslbservice/<uuid>", without), deleted.clone(), deleted]);
}

/// The service of `sec` with the monitors `my-hm1` and `my-hm2`.
fn referring() -> Value {
    let group = with(round_robin(10, vec![secure_member()]), json!({"min_health_monitors_up": 3}));
    secure_service(vec![group], &["my-hm1", "my-hm2"])
}

/// EX-18
#[tokio::test(start_paused = true)]
async fn ex_18_referenced_monitors_take_the_place_of_the_own_ones() {
    let world = with_sec().await;
    let users = world.on_controller(crate::support::LEADER, "healthmonitor");
    let writes = writes_of_policy(&world, json!({"healthMonitorRefs": ["my-hm1", "my-hm2"]})).await;
    let deleted = ("DELETE healthmonitor/<uuid>", Value::Null);
    expect(&writes, &[("PUT gslbservice/<uuid>", referring()), deleted.clone(), deleted]);
    let after = world.on_controller(crate::support::LEADER, "healthmonitor");
    for name in ["my-hm1", "my-hm2", "tmpl1"] {
        assert_eq!(after[name], users[name], "monitors of users stay as they are");
    }
}

/// The monitors of `sec` modelled on a template.
fn from_template(name: &str, path: &str, template: &str, method: &str, version: &str, codes: &[&str]) -> Value {
    let description =
        format!("created by: amko, gsname: {SEC}, path: {path}, protocol: https, created from: {template}");
    let section = json!({"http_request": format!("{method} {path} {version}"), "http_response_code": codes});
    with(https_monitor(name, SEC, path), json!({"description": description, "https_monitor": section}))
}

/// EX-19, EX-20
#[tokio::test(start_paused = true)]
async fn ex_19_and_20_a_template_comes_changes_and_goes() {
    let world = with_sec().await;
    writes_of_policy(&world, json!({"healthMonitorRefs": ["my-hm1", "my-hm2"]})).await;
    let writes = writes_of_policy(&world, json!({"healthMonitorTemplate": "tmpl1"})).await;
    let first = |name, path| from_template(name, path, "tmpl1", "GET", "HTTP/1.1", &["HTTP_2XX"]);
    let own = secure_service(vec![round_robin(10, vec![secure_member()])], &[SEC_ROOT, SEC_X]);
    let expected = [
        ("POST healthmonitor", first(SEC_ROOT, "/")),
        ("POST healthmonitor", first(SEC_X, "/x")),
        ("PUT gslbservice/<uuid>", own),
    ];
    expect(&writes, &expected);

    // The service refers to the same monitors as before, so it is not written.
    let updates = |body: &dyn Fn(&str, &str) -> Value| {
        [(SEC_ROOT, "/"), (SEC_X, "/x")].map(|(name, path)| ("PUT healthmonitor/<uuid>", body(name, path)))
    };
    let writes = writes_of_policy(&world, json!({"healthMonitorTemplate": "tmpl2"})).await;
    let codes = ["HTTP_2XX", "HTTP_4XX"];
    expect(&writes, &updates(&|name, path| from_template(name, path, "tmpl2", "POST", "HTTP/1.0", &codes)));

    let writes = writes_of_policy(&world, json!({})).await;
    expect(&writes, &updates(&|name, path| https_monitor(name, SEC, path)));
}

/// EX-21
#[tokio::test(start_paused = true)]
async fn ex_21_a_host_rule_sets_persistence_public_address_and_share_and_takes_them_back() {
    let mut world = World::of_examples();
    create(&world, "applicationpersistenceprofile", persistence_profile("gap-1")).await;
    create(&world, "pkiprofile", pki_profile("pki-x")).await;
    apply(world.cluster("ctx-a"), secure("10.1.0.6", &["/"]));
    let before = world.avi.last_request();
    world.start().await;
    let plain = secure_service(vec![round_robin(10, vec![secure_member()])], &[SEC_ROOT]);
    expect(
        &world.writes_since(before),
        &[("POST healthmonitor", https_monitor(SEC_ROOT, SEC, "/")), ("POST gslbservice", plain.clone())],
    );

    let fields = json!({"sitePersistence": {"enabled": true, "profileRef": "gap-1"},
        "publicIP": [{"cluster": "ctx-a", "ip": "203.0.113.9"}],
        "trafficSplit": [{"cluster": "ctx-a", "weight": 5, "priority": 7}]});
    let writes = writes_of_rule(&world, SEC, fields).await;
    let public = json!({"public_ip": {"ip": {"addr": "203.0.113.9", "type": "V4"}}});
    let member = with(member("10.1.0.6", 5, "sec", SEC), public);
    let persistence = json!({"site_persistence_enabled": true,
        "application_persistence_profile_ref": "/api/applicationpersistenceprofile?name=gap-1",
        "pki_profile_ref": "/api/pkiprofile?name=pki-x"});
    let ruled = with(secure_service(vec![round_robin(7, vec![member])], &[SEC_ROOT]), persistence);
    expect(&writes, &[("PUT gslbservice/<uuid>", ruled)]);

    let writes = writes_without_rule(&world).await;
    expect(&writes, &[("PUT gslbservice/<uuid>", plain)]);
}

/// The third-party member of EX-22 and EX-23.
fn outsider(ratio: u32) -> Value {
    let public = json!({"public_ip": {"ip": {"addr": "2001:db8::7", "type": "V6"}}});
    with(bare_member("198.51.100.7", ratio), public)
}

fn third_party() -> Value {
    json!([{"site": "tp-site", "vip": "198.51.100.7", "publicIP": "2001:db8::7"}])
}

fn web_of_a(groups: Vec<Value>) -> Value {
    service_of(WEB, &format!("INGRESS/ctx-a/shop/web/{WEB}"), groups, &[ROOT])
}

/// EX-22
#[tokio::test(start_paused = true)]
async fn ex_22_a_third_party_member_has_a_pool_of_its_own_or_joins_one() {
    let mut world = World::of_examples();
    add_third_party_sites(&world, &["tp-site"]).await;
    apply(world.cluster("ctx-a"), web_ingress("10.1.0.5", "/"));
    world.start().await;
    let own = || round_robin(10, vec![web_member("10.1.0.5", 1)]);
    let writes = writes_of_rule(&world, WEB, json!({"thirdPartyMembers": third_party()})).await;
    let groups = vec![own(), round_robin(1, vec![outsider(1)])];
    expect(&writes, &[("PUT gslbservice/<uuid>", web_of_a(groups))]);

    let split = json!([{"cluster": "tp-site", "weight": 3, "priority": 10}]);
    let fields = json!({"thirdPartyMembers": third_party(), "trafficSplit": split});
    let writes = writes_of_rule(&world, WEB, fields).await;
    let group = round_robin(10, vec![web_member("10.1.0.5", 1), outsider(3)]);
    expect(&writes, &[("PUT gslbservice/<uuid>", web_of_a(vec![group]))]);

    let writes = writes_without_rule(&world).await;
    expect(&writes, &[("PUT gslbservice/<uuid>", web_of_a(vec![own()]))]);
}

/// EX-23
#[tokio::test(start_paused = true)]
async fn ex_23_a_rule_waits_for_the_first_object_of_its_name() {
    let world = started().await;
    add_third_party_sites(&world, &["tp-site"]).await;
    let writes = writes_of_rule(&world, WEB, json!({"thirdPartyMembers": third_party()})).await;
    assert_eq!(writes, []);

    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), web_ingress("10.1.0.5", "/")))).await;
    let groups = vec![round_robin(10, vec![web_member("10.1.0.5", 1)]), round_robin(1, vec![outsider(1)])];
    expect(&writes, &[("POST healthmonitor", http_monitor(ROOT, WEB, "/")), ("POST gslbservice", web_of_a(groups))]);
}

/// EX-24
#[tokio::test(start_paused = true)]
async fn ex_24_a_rule_for_one_cluster_leaves_the_other_to_the_policy() {
    let world = with_web_in_both().await;
    let split = json!({"trafficSplit": [{"cluster": "ctx-a", "weight": 3, "priority": 30},
        {"cluster": "ctx-b", "weight": 4, "priority": 20}]});
    let writes = writes_of_policy(&world, split).await;
    let groups = |a: (u32, u32)| {
        let mut groups = vec![(a.0, web_member("10.1.0.5", a.1)), (20, web_member("10.2.0.5", 4))];
        groups.sort_by_key(|(priority, _)| std::cmp::Reverse(*priority));
        web_of_both(groups.into_iter().map(|(priority, member)| round_robin(priority, vec![member])).collect())
    };
    expect(&writes, &[("PUT gslbservice/<uuid>", groups((30, 3)))]);

    let rule = json!({"trafficSplit": [{"cluster": "ctx-a", "weight": 11, "priority": 1}]});
    let writes = writes_of_rule(&world, WEB, rule).await;
    expect(&writes, &[("PUT gslbservice/<uuid>", groups((1, 11)))]);

    let writes = writes_without_rule(&world).await;
    expect(&writes, &[("PUT gslbservice/<uuid>", groups((30, 3)))]);
}

/// DEL-02 and EX-28.
#[tokio::test(start_paused = true)]
async fn ex_28_a_cluster_leaves_the_policy_and_comes_back_and_the_policy_goes() {
    let world = with_web_in_both().await;
    patch_config(world.home(), json!({"spec": {"deletionGuard": {"maxPercent": 100}}}));
    let (only, monitor) = ("only.example.org", "amko--1d0783ca5d18f6ec55bc41d53e1e3959979799bf");
    let only_b = ingress("only", &[Host { host: only, ip: "10.2.0.9", paths: &["/"] }]);
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-b"), only_b))).await;
    let group = round_robin(10, vec![member("10.2.0.9", 1, "only", only)]);
    let created = [
        ("POST healthmonitor", http_monitor(monitor, only, "/")),
        ("POST gslbservice", service_of(only, &format!("INGRESS/ctx-b/shop/only/{only}"), vec![group], &[monitor])),
    ];
    expect(&writes, &created);

    let (service_gone, monitor_gone) =
        (("DELETE gslbservice/<uuid>", Value::Null), ("DELETE healthmonitor/<uuid>", Value::Null));
    let writes = world.writes_after(|w| drop(apply(w.home(), policy(&["ctx-a"], json!({}))))).await;
    let alone = web_of_a(vec![round_robin(10, vec![web_member("10.1.0.5", 1)])]);
    let expected = [("PUT gslbservice/<uuid>", alone), service_gone.clone(), monitor_gone.clone()];
    expect_in_any_order(&writes, &expected);

    let writes = writes_of_policy(&world, json!({})).await;
    let members = vec![web_member("10.1.0.5", 1), web_member("10.2.0.5", 1)];
    let both = web_of_both(vec![round_robin(10, members)]);
    let [monitor_back, service_back] = created.clone();
    expect_in_any_order(&writes, &[("PUT gslbservice/<uuid>", both.clone()), monitor_back, service_back]);

    let writes = world.writes_after_deleted_policy().await;
    let expected = [service_gone.clone(), service_gone, monitor_gone.clone(), monitor_gone];
    expect_in_any_order(&writes, &expected);
    assert_eq!(names(&world), (vec![], vec![]));

    let writes = writes_of_policy(&world, json!({})).await;
    let web = [("POST healthmonitor", http_monitor(ROOT, WEB, "/")), ("POST gslbservice", both)];
    expect_in_any_order(&writes, &[created, web].concat());
}

/// EX-29
#[tokio::test(start_paused = true)]
async fn ex_29_priority_zero_is_a_pool_like_any_other() {
    let world = with_web_in_both().await;
    let split = json!({"trafficSplit": [{"cluster": "ctx-a", "weight": 1, "priority": 0}]});
    let writes = writes_of_policy(&world, split).await;
    let groups =
        vec![round_robin(10, vec![web_member("10.2.0.5", 1)]), round_robin(0, vec![web_member("10.1.0.5", 1)])];
    expect(&writes, &[("PUT gslbservice/<uuid>", web_of_both(groups))]);
}

/// DB-31 and EX-33.
#[tokio::test(start_paused = true)]
async fn ex_33_one_secure_member_adds_the_monitor_by_https() {
    let world = started().await;
    let (host, http, https) = (
        "mix.example.org",
        "amko--25218930589c5f21f6ff5af0be664df09ae6cd41",
        "amko--ad78cfd6035cb14d193d188ff0e1ffa5e5d08a19",
    );
    let at = |ip| ingress("mix", &[Host { host, ip, paths: &["/"] }]);
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-a"), at("10.1.0.5")))).await;
    let of_a = member("10.1.0.5", 1, "mix", host);
    let first = format!("INGRESS/ctx-a/shop/mix/{host}");
    let created = service_of(host, &first, vec![round_robin(10, vec![of_a.clone()])], &[http]);
    expect(&writes, &[("POST healthmonitor", http_monitor(http, host, "/")), ("POST gslbservice", created)]);

    let mut secure = at("10.2.0.5");
    secure["spec"]["tls"] = json!([{"hosts": [host], "secretName": "mix"}]);
    let writes = world.writes_after(|w| drop(apply(w.cluster("ctx-b"), secure))).await;
    let group = round_robin(10, vec![of_a, member("10.2.0.5", 1, "mix", host)]);
    let description = format!("{first},INGRESS/ctx-b/shop/mix/{host}");
    let expected = [
        ("POST healthmonitor", https_monitor(https, host, "/")),
        ("PUT gslbservice/<uuid>", service_of(host, &description, vec![group], &[http, https])),
    ];
    expect(&writes, &expected);
}
