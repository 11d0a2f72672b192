//! Objects whose status gives no member: an address at which nothing is reached, or no address at all.

use crate::events::told_of;
use crate::http_services::ask;
use crate::support::ako_crds::{install_route_crd, route};
use crate::support::controller::add_third_party_sites;
use crate::support::objects::{apply, delete_ingress, policy, service, web};
use crate::support::status::host_rule;
use crate::support::{LEADER, World, lines};
use amko::avi::wire::text_of;
use http::Method;
use serde_json::{Value, json};

const CONTEXTS: [&str; 2] = ["ctx-a", "ctx-b"];

/// With another status.
fn with_status(mut object: Value, entries: Value) -> Value {
    object["status"] = json!({"loadBalancer": {"ingress": entries}});
    object
}

/// What `/api/gs` says of one FQDN: of each object that is no member, or not wholly, `object: reason`.
async fn refused(world: &World, fqdn: &str) -> Vec<String> {
    let (code, document) = ask(world, &format!("/api/gs/{fqdn}")).await;
    assert_eq!(code, 200, "{document}");
    let refused = document["refused"].as_array().cloned().unwrap_or_default();
    refused.iter().map(|r| format!("{}: {}", r["object"].as_str().unwrap(), r["reason"].as_str().unwrap())).collect()
}

/// `address type` of each member of a service.
fn members(world: &World, name: &str) -> Vec<String> {
    let service = &world.on_controller(LEADER, "gslbservice")[name];
    let groups = service["groups"].as_array().unwrap().iter();
    let members = groups.flat_map(|group| group["members"].as_array().unwrap());
    let text = |member: &Value, key: &str| member["ip"][key].as_str().unwrap().to_owned();
    members.map(|member| format!("{} {}", text(member, "addr"), text(member, "type"))).collect()
}

/// Changes a service on the controller, as an earlier version left it.
async fn rewrite(world: &World, name: &str, change: impl FnOnce(&mut Value)) {
    let mut service = world.on_controller(LEADER, "gslbservice")[name].clone();
    change(&mut service);
    let target = format!("/api/gslbservice/{}", service["uuid"].as_str().unwrap());
    world.somebody_else().request(Method::PUT, &target, "admin", Some(&text_of(&service))).await.unwrap();
}

const AKO_ONLY: &str = "only what AKO writes counts; let AKO serve the object (ingressClassName, loadBalancerClass), or \
                        take it out of the policy's selection";

/// FND-E7, OBJ-01: the status has been written, by somebody else than AKO, and will never count.
#[tokio::test(start_paused = true)]
async fn an_object_whose_status_never_counts_is_told_why_and_one_that_is_not_ready_is_left_in_peace() {
    let mut world = World::of_examples();
    world.start().await;
    apply(
        world.home(),
        policy(
            &CONTEXTS,
            json!({"matchClusters": [{"cluster": "ctx-a"},
        {"cluster": "ctx-b", "syncVipOnly": true}]}),
        ),
    );
    world.settle().await;
    let elb = "k8s-shop-0a1b2c.eu-west-1.elb.amazonaws.com";
    let cluster = world.cluster("ctx-b");
    let writes = world
        .writes_after(|_| {
            apply(cluster, with_status(web("elb", "10.9.0.1"), json!([{"hostname": elb}])));
            apply(cluster, with_status(web("iponly", "10.9.0.1"), json!([{"ip": "10.9.0.2"}])));
            let db = service("svciponly", "db.example.org", "10.9.0.3", &[(80, "TCP")]);
            apply(cluster, with_status(db, json!([{"ip": "10.9.0.3"}])));
            let mut hostless = with_status(web("any", "10.9.0.1"), json!([]));
            hostless["spec"]["rules"][0].as_object_mut().unwrap().remove("host");
            apply(cluster, hostless);
            apply(cluster, with_status(web("early", "10.9.0.1"), json!([])));
            let mut unselected = with_status(web("private", "10.9.0.1"), json!([{"ip": "10.9.0.4"}]));
            unselected["metadata"].as_object_mut().unwrap().remove("labels");
            apply(cluster, unselected);
        })
        .await;
    assert_eq!(writes, []);
    let of_elb = format!(
        "its status has no address: it names {elb:?} alone, and a member of a GSLB service is an IP address; {AKO_ONLY}"
    );
    let alone = |ip: &str| {
        format!(
            "no entry of its status names the host: the address {ip} stands alone, as ingress controllers other than AKO \
             write it; {AKO_ONLY}"
        )
    };
    assert_eq!(refused(&world, "elb.example.org").await, [format!("Ingress shop/elb: {of_elb}")]);
    assert_eq!(refused(&world, "iponly.example.org").await, [format!("Ingress shop/iponly: {}", alone("10.9.0.2"))]);
    let no_member =
        |object: &str, service: &str, why: &str| format!("{object}: Warning Refused: is no member of {service}: {why}");
    let hostless = "none of its rules names a host, and a GSLB service is one of a host; name it in spec.rules[].host, or \
                    take the Ingress out of the policy's selection";
    let told = [
        no_member("Ingress shop/any", "any GSLB service", hostless),
        no_member("Ingress shop/elb", "GSLB service elb.example.org", &of_elb),
        no_member("Ingress shop/iponly", "GSLB service iponly.example.org", &alone("10.9.0.2")),
        no_member("Service shop/svciponly", "any GSLB service", &alone("10.9.0.3")),
    ];
    assert_eq!(told_of(cluster), told);
    let (_, documents) = ask(&world, "/api/gs").await;
    let nameless = documents.as_array().unwrap().iter().find(|document| document["fqdn"] == "").unwrap();
    let objects: Vec<_> = nameless["refused"].as_array().unwrap().iter().map(|refused| &refused["object"]).collect();
    assert_eq!(objects, ["Ingress shop/any", "Service shop/svciponly"]);

    let ready = with_status(web("elb", "10.9.0.1"), json!([{"hostname": "elb.example.org", "ip": "10.9.0.1"}]));
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-b"), ready))).await;
    assert_eq!(lines(&writes), ["POST healthmonitor", "POST gslbservice"], "AKO serves it now");
}

/// FND-E7: what is wrong when the operator starts is told, too.
#[tokio::test(start_paused = true)]
async fn a_route_that_only_another_router_admitted_is_told_at_the_start() {
    let mut world = World::of_examples();
    install_route_crd(world.cluster("ctx-a"));
    let mut other = route("other", "other.example.org", "10.1.0.5", "/");
    other["status"]["ingress"][0]["routerName"] = json!("default");
    apply(world.cluster("ctx-a"), other);
    world.start().await;
    let why = "no router of AKO has admitted it, only \"default\": its status has no address; check that AKO serves this \
               Route, or take it out of the policy's selection";
    assert_eq!(refused(&world, "other.example.org").await, [format!("Route shop/other: {why}")]);
    let expected = format!("Route shop/other: Warning Refused: is no member of GSLB service other.example.org: {why}");
    assert_eq!(told_of(world.cluster("ctx-a")), [expected]);
}

/// FND-E8
#[tokio::test(start_paused = true)]
async fn an_address_at_which_nothing_is_reached_makes_no_member_and_every_spelling_is_one_address() {
    let mut world = World::of_examples();
    world.start().await;
    let cluster = world.cluster("ctx-a");
    for (name, ip) in [
        ("zero", "0.0.0.0"),
        ("local", "127.0.0.1"),
        ("many", "224.0.0.9"),
        ("link", "fe80::1"),
        ("mapped", "::ffff:10.9.0.4"),
    ] {
        let host = format!("{name}.example.org");
        apply(cluster, with_status(web(name, "10.1.0.5"), json!([{"hostname": host, "ip": ip}])));
    }
    let both = "both.example.org";
    let entries = json!([{"hostname": both, "ip": "192.168.20.20"}, {"hostname": both, "ip": "::ffff:c0a8:1414"}]);
    apply(cluster, with_status(service("both", both, "192.168.20.20", &[(80, "TCP")]), entries));
    world.settle().await;
    assert_eq!(world.service_names(), ["both.example.org", "mapped.example.org"]);
    assert_eq!(members(&world, "mapped.example.org"), ["10.9.0.4 V4"]);
    assert_eq!(members(&world, both), ["192.168.20.20 V4"]);
    let why = |ip: &str, kind: &str| {
        format!(
            "its status has the address {ip}, {kind}, at which no client reaches anything; check the controller that \
             writes this status"
        )
    };
    let table = [
        ("link", why("fe80::1", "a link-local address")),
        ("local", why("127.0.0.1", "a loopback address")),
        ("many", why("224.0.0.9", "a multicast address")),
        ("zero", why("0.0.0.0", "the unspecified address")),
    ];
    let told: Vec<String> = told_of(cluster).into_iter().filter(|event| event.contains("Warning")).collect();
    let expected = table.iter().map(|(name, why)| {
        format!("Ingress shop/{name}: Warning Refused: is no member of GSLB service {name}.example.org: {why}")
    });
    assert_eq!(told, expected.collect::<Vec<_>>());
    for (name, why) in &table {
        let fqdn = format!("{name}.example.org");
        assert_eq!(refused(&world, &fqdn).await, [format!("Ingress shop/{name}: {why}")]);
    }
}

/// FND-E8: a new refusal takes nothing away that was there before it.
#[tokio::test(start_paused = true)]
async fn a_useless_member_that_an_upgrade_finds_stays_until_its_object_goes_and_no_new_one_comes() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start().await;
    world.stop().await;
    let zero = |name: &str| {
        let host = format!("{name}.example.org");
        with_status(web(name, "10.1.0.5"), json!([{"hostname": host, "ip": "0.0.0.0"}]))
    };
    rewrite(&world, "web.example.org", |service| service["groups"][0]["members"][0]["ip"]["addr"] = json!("0.0.0.0"))
        .await;
    apply(world.cluster("ctx-a"), zero("web"));
    apply(world.cluster("ctx-a"), zero("new"));
    let before = world.avi.last_request();
    world.start().await;
    assert_eq!(world.writes_since(before), [], "the same members as before, and no new one");
    assert_eq!(world.service_names(), ["web.example.org"]);
    let kept = "Ingress shop/web: 0.0.0.0 stays only because the controller has it already, and leaves with the object: its \
                status has the address 0.0.0.0, the unspecified address, at which no client reaches anything; check the \
                controller that writes this status";
    assert_eq!(refused(&world, "web.example.org").await, [kept]);
    let told: Vec<String> = told_of(world.cluster("ctx-a")).into_iter().filter(|e| e.contains("Warning")).collect();
    assert_eq!(told.len(), 1, "only of the one that is no member: {told:?}");
    assert!(told[0].starts_with("Ingress shop/new: Warning Refused"), "{told:?}");

    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    world.settle().await;
    assert_eq!(members(&world, "web.example.org"), ["0.0.0.0 V4", "10.2.0.5 V4"], "another member changes nothing");
    delete_ingress(world.cluster("ctx-a"), "web");
    world.settle().await;
    assert_eq!(members(&world, "web.example.org"), ["10.2.0.5 V4"]);
    apply(world.cluster("ctx-a"), zero("web"));
    world.settle().await;
    assert_eq!(members(&world, "web.example.org"), ["10.2.0.5 V4"], "what left is new when it returns");
}

/// FND-E8: so are the addresses in a rule.
#[tokio::test(start_paused = true)]
async fn useless_addresses_of_a_rule_are_left_out_and_told_and_its_good_ones_are_used_in_one_spelling() {
    let mut world = World::of_examples();
    add_third_party_sites(&world, &["cdn", "lab"]).await;
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start().await;
    let spec = json!({"fqdn": "web.example.org",
        "thirdPartyMembers": [{"site": "lab", "vip": "127.0.0.1"}, {"site": "cdn", "vip": "::ffff:198.51.100.7"}],
        "publicIP": [{"cluster": "ctx-a", "ip": "0.0.0.0"}]});
    apply(world.home(), host_rule("rule", spec));
    world.settle().await;
    let service = &world.on_controller(LEADER, "gslbservice")["web.example.org"];
    assert_eq!(members(&world, "web.example.org"), ["10.1.0.5 V4", "198.51.100.7 V4"]);
    assert_eq!(service["groups"][0]["members"][0].get("public_ip"), None);
    let rule = crate::support::status::rule(&world, "rule").unwrap();
    let expected = "the rule is in force, with limitations: vip of the third-party member at site lab: 127.0.0.1 is a \
                    loopback address, at which no client reaches anything: not used, except where the controller has it \
                    already; correct it; publicIP of ctx-a: 0.0.0.0 is the unspecified address, at which no client \
                    reaches anything: not used, except where the controller has it already; correct it";
    assert_eq!(rule["status"]["conditions"][0]["message"], expected);
}
