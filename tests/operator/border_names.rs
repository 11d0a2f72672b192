//! DNS names are one name in any case and with or without a final dot; what exists keeps its spelling.

use crate::events::told_of;
use crate::http_services::ask;
use crate::support::ako_crds::{alias_rule, host_rule as ako_rule, install_ako_crds};
use crate::support::bodies::{OWNER, monitor_body, service_body};
use crate::support::controller::create;
use crate::support::objects::{apply, patch_config, service, web};
use crate::support::status::{host_rule, rule};
use crate::support::{LEADER, World, lines};
use amko::actors::gs_directory::GsDirectoryMsg;
use serde_json::{Value, json};
use std::time::Duration;

const UPPER: &str = "Upper.example.org";
/// `amko--` and the SHA-1 of `Upper.example.org`, and of `http--Upper.example.org--/`.
const PORT_OF_UPPER: &str = "amko--47cad45fd1fe2b466422e6f4c7acff65898eb84e";
const PATH_OF_UPPER: &str = "amko--77f0ce0529a82e30c51a2f41e8f11ad0e87d9672";

/// The service of a Service whose status names `Upper.example.org`, as upstream left it.
async fn left_by_upstream(world: &World) {
    let monitor = monitor_body(json!({"name": PORT_OF_UPPER, "type": "HEALTH_MONITOR_TCP", "monitor_port": 80,
        "description": "created by: amko, gsname: Upper.example.org", "tcp_monitor": {"tcp_half_open": false}}));
    create(world, "healthmonitor", monitor).await;
    let member = json!({"cluster_uuid": "cluster-avi-upper", "enabled": true, "ip": {"addr": "10.1.0.7", "type": "V4"},
        "ratio": 1, "vs_uuid": "virtualservice-Upper.example.org"});
    let group = json!({"algorithm": "GSLB_ALGORITHM_ROUND_ROBIN", "enabled": true, "members": [member],
        "min_health_monitors_up": 2, "name": "amko-gs-group-10", "priority": 10});
    let body = service_body(json!({"name": UPPER, "domain_names": [UPPER], "description": "LBSVC/ctx-a/shop/upper",
        "groups": [group], "health_monitor_refs": [format!("/api/healthmonitor?name={PORT_OF_UPPER}")]}));
    assert_eq!(body["created_by"], OWNER);
    create(world, "gslbservice", body).await;
}

fn text(world: &World, name: &str, field: &str) -> Value {
    world.on_controller(LEADER, "gslbservice")[name][field].clone()
}

/// FND-E5, OBJ-08: a takeover writes nothing, and afterwards the other spelling joins.
#[tokio::test(start_paused = true)]
async fn a_service_that_exists_keeps_its_name_and_its_monitors_and_every_spelling_leads_to_it() {
    let mut world = World::of_examples();
    left_by_upstream(&world).await;
    apply(world.cluster("ctx-a"), service("upper", UPPER, "10.1.0.7", &[(80, "TCP")]));
    let before = world.avi.last_request();
    world.start().await;
    assert_eq!(world.writes_since(before), [], "taken over as it is");

    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-b"), web("upper", "10.2.0.5")))).await;
    assert_eq!(lines(&writes), ["POST healthmonitor", "PUT gslbservice/<uuid>", "DELETE healthmonitor/<uuid>"]);
    assert_eq!(
        (world.service_names(), world.monitor_names()),
        (vec![UPPER.to_owned()], vec![PATH_OF_UPPER.to_owned()])
    );
    assert_eq!(text(&world, UPPER, "domain_names"), json!([UPPER]));
    let described = "INGRESS/ctx-b/shop/upper/upper.example.org,LBSVC/ctx-a/shop/upper";
    let mut entries: Vec<String> =
        text(&world, UPPER, "description").as_str().unwrap().split(',').map(str::to_owned).collect();
    entries.sort();
    assert_eq!(entries.join(","), described);

    apply(world.home(), host_rule("rule", json!({"fqdn": "UPPER.example.org.", "ttl": 77})));
    world.settle().await;
    assert_eq!(text(&world, UPPER, "ttl"), 77, "the rule is of the same name");
    for spelling in ["upper.example.org", "Upper.Example.Org", "UPPER.EXAMPLE.ORG."] {
        let (code, document) = ask(&world, &format!("/api/gs/{spelling}")).await;
        assert_eq!(
            (code, &document["fqdn"], &document["rule"]),
            (200, &json!("upper.example.org"), &json!("avi-system/rule"))
        );
    }
    let before = world.avi.last_request();
    world.stop().await;
    world.start().await;
    assert_eq!(world.writes_since(before), [], "nor does a restart write");
    let writes = world
        .writes_after(|world| {
            world.cluster("ctx-a").delete("services", Some("shop"), "upper").unwrap();
            world.cluster("ctx-b").delete("ingresses.networking.k8s.io", Some("shop"), "upper").unwrap();
        })
        .await;
    assert_eq!(
        (lines(&writes).pop(), world.service_names().len(), world.monitor_names().len()),
        (Some("DELETE healthmonitor/<uuid>"), 0, 0)
    );
}

/// FND-E5: whoever comes after an actor that failed finds the service under the name that it has.
#[tokio::test(start_paused = true)]
async fn an_actor_that_fails_is_followed_by_one_that_knows_how_the_controller_spells_the_name() {
    let mut world = World::of_examples();
    left_by_upstream(&world).await;
    apply(world.cluster("ctx-a"), service("upper", UPPER, "10.1.0.7", &[(80, "TCP")]));
    world.start().await;
    let before = world.avi.last_request();
    let poison = GsDirectoryMsg::Poison(Some("upper.example.org".to_owned()));
    world.links().directory.cast(poison);
    tokio::time::sleep(Duration::from_secs(30)).await;
    world.settle().await;
    assert_eq!(world.writes_since(before), []);
    let (_, document) = ask(&world, "/api/gs/upper.example.org").await;
    assert_eq!((&document["state"], &document["last_error"]), (&json!("in-sync"), &Value::Null));
}

/// FND-E5: what is made anew is in lower case.
#[tokio::test(start_paused = true)]
async fn a_new_service_is_written_in_lower_case_and_has_the_members_of_every_spelling() {
    let mut world = World::of_examples();
    world.start().await;
    apply(world.cluster("ctx-a"), service("new", "New.Example.org.", "10.1.0.7", &[(80, "TCP")]));
    apply(world.cluster("ctx-b"), service("new", "new.example.org", "10.2.0.7", &[(80, "TCP")]));
    world.settle().await;
    assert_eq!(world.service_names(), ["new.example.org"]);
    assert_eq!(text(&world, "new.example.org", "domain_names"), json!(["new.example.org"]));
    assert_eq!(text(&world, "new.example.org", "groups")[0]["members"].as_array().unwrap().len(), 2);
}

/// FND-E5: with custom names, the names that HostRules give.
#[tokio::test(start_paused = true)]
async fn global_names_and_aliases_of_host_rules_are_compared_without_case_too() {
    let mut world = World::of_examples();
    patch_config(world.home(), json!({"spec": {"useCustomGlobalFqdn": true}}));
    for (context, ip, global) in
        [("ctx-a", "10.1.0.5", "Global.example.org"), ("ctx-b", "10.2.0.5", "global.example.org.")]
    {
        let cluster = world.cluster(context);
        install_ako_crds(cluster);
        apply(cluster, web("local", ip));
        let more = json!({"gslb": {"fqdn": global, "includeAliases": true}, "aliases": ["WWW.example.org", "www.example.org."]});
        apply(cluster, ako_rule("rule", "Local.example.org", more));
    }
    world.start().await;
    assert_eq!(world.service_names(), ["global.example.org"]);
    assert_eq!(text(&world, "global.example.org", "domain_names"), json!(["global.example.org", "www.example.org"]));
    assert_eq!(text(&world, "global.example.org", "groups")[0]["members"].as_array().unwrap().len(), 2);
}

const WILDCARD: &str = "*.example.org is a wildcard, for which no GSLB service is made, because it would answer for none of \
                        the names below; give each name that is used a host of its own";

/// FND-E5, FND-E2
#[tokio::test(start_paused = true)]
async fn a_wildcard_is_refused_with_its_reason_and_one_that_an_upgrade_finds_stays() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start().await;
    let mut wildcard = web("any", "10.1.0.8");
    wildcard["spec"]["rules"][0]["host"] = json!("*.example.org");
    wildcard["status"]["loadBalancer"]["ingress"][0]["hostname"] = json!("*.example.org");
    let uuids = json!({"*.example.org": "virtualservice-any"}).to_string();
    wildcard["metadata"]["annotations"]["ako.vmware.com/host-fqdn-vs-uuid-map"] = json!(uuids);
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-a"), wildcard))).await;
    assert_eq!(writes, []);
    let refused = format!("Ingress shop/any: Warning Refused: is no member of GSLB service *.example.org: {WILDCARD}");
    assert_eq!(told_of(world.cluster("ctx-a"))[..1], [refused]);

    world.stop().await;
    let (path_of_any, monitor) = ("*.example.org", "amko--any");
    let created = monitor_body(json!({"name": monitor, "type": "HEALTH_MONITOR_HTTP", "monitor_port": 80,
        "description": "created by: amko, gsname: *.example.org, path: /, protocol: http",
        "http_monitor": {"http_request": "HEAD / HTTP/1.0", "http_response_code": ["HTTP_2XX", "HTTP_3XX"]}}));
    create(&world, "healthmonitor", created).await;
    let mut body = text_of_service(&world, "web.example.org");
    body["name"] = json!(path_of_any);
    body["domain_names"] = json!([path_of_any]);
    body["description"] = json!("INGRESS/ctx-a/shop/any/*.example.org");
    body["health_monitor_refs"] = json!([format!("/api/healthmonitor?name={monitor}")]);
    body["groups"][0]["members"][0]["ip"]["addr"] = json!("10.1.0.8");
    body["groups"][0]["members"][0]["vs_uuid"] = json!("virtualservice-any");
    body["groups"][0]["members"][0]["cluster_uuid"] = json!("cluster-avi-any");
    create(&world, "gslbservice", body).await;
    world.start().await;
    assert_eq!(world.service_names(), [path_of_any, "web.example.org"]);
    let (_, document) = ask(&world, "/api/gs/*.example.org").await;
    assert_eq!(document["wanted"]["members"][0]["address"], "10.1.0.8");
    let reason =
        format!("10.1.0.8 stays only because the controller has it already, and leaves with the object: {WILDCARD}");
    assert_eq!(document["refused"][0]["reason"], json!(reason));
}

/// A service of the controller as somebody could create it again.
fn text_of_service(world: &World, name: &str) -> Value {
    let mut body = world.on_controller(LEADER, "gslbservice")[name].clone();
    let fields = body.as_object_mut().unwrap();
    for field in ["uuid", "url", "_last_modified", "tenant_ref"] {
        fields.remove(field);
    }
    body
}

/// FND-E5, FND-E2: an alias that is none leaves the others alone.
#[tokio::test(start_paused = true)]
async fn an_alias_that_is_no_name_is_left_out_and_told_and_the_service_goes_on() {
    let mut world = World::of_examples();
    install_ako_crds(world.cluster("ctx-a"));
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    let aliases =
        ["WEB.example.org", "www.example.org", "Www.example.org.", "https://www.example.org/", "a.example.org:8443"];
    apply(world.cluster("ctx-a"), alias_rule("rule", "web.example.org", &aliases));
    world.start().await;
    assert_eq!(text(&world, "web.example.org", "domain_names"), json!(["web.example.org", "www.example.org"]));
    let (_, document) = ask(&world, "/api/gs/web.example.org").await;
    let expected = json!([
        "an alias of a HostRule is not used: \"a.example.org:8443\" is no DNS name because of the sign ':'; take it out",
        "an alias of a HostRule is not used: \"https://www.example.org/\" is a URL and no DNS name; give the name alone",
    ]);
    assert_eq!((&document["state"], &document["limitations"]), (&json!("in-sync"), &expected));
}

/// FND-E5: of two rules for one name, the one in the spelling of the objects had effect, and keeps it.
#[tokio::test(start_paused = true)]
async fn of_two_rules_for_one_name_the_one_that_had_effect_stays_in_force_after_an_upgrade() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    for (name, fqdn, ttl) in [("a-capital", "Web.example.org", 11), ("b-plain", "web.example.org", 22)] {
        let mut object = host_rule(name, json!({"fqdn": fqdn, "ttl": ttl}));
        object["status"] = json!({"status": "Accepted"});
        apply(world.home(), object);
    }
    world.start().await;
    assert_eq!(text(&world, "web.example.org", "ttl"), 22);
    let said = |name: &str| rule(&world, name).unwrap()["status"]["status"].clone();
    assert_eq!((said("a-capital"), said("b-plain")), (json!("Rejected"), json!("Accepted")));
}
