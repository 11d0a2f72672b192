//! Who is there stays: no newcomer takes a name, an address or a tenant from what works, whatever it is called.

use crate::support::bodies::*;
use crate::support::controller::create_tenant;
use crate::support::objects::{Host, apply, delete_ingress, ingress};
use crate::support::{LEADER, World, outcomes};
use serde_json::{Value, json};

const TENANT_KEY: &str = "ako.vmware.com/tenant-name";

/// A namespace of tenant `blue`, and an Ingress in it for the host of everybody.
fn newcomer(world: &World, namespace: &str, ip: &str) {
    let annotations = json!({TENANT_KEY: "blue"});
    apply(
        world.cluster("ctx-a"),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "annotations": annotations}}),
    );
    let mut object = ingress("web", &[Host { host: WEB, ip, paths: &["/"] }]);
    object["metadata"]["namespace"] = json!(namespace);
    object["metadata"]["annotations"][TENANT_KEY] = json!("blue");
    apply(world.cluster("ctx-a"), object);
}

fn events_of(world: &World, namespace: &str) -> Vec<(String, String)> {
    let events = world.cluster("ctx-a").list("events").into_iter();
    let events = events.filter(|event| event["metadata"]["namespace"] == namespace);
    let text = |event: &Value, field: &str| event[field].as_str().unwrap_or_default().to_owned();
    events.map(|event| (text(&event, "reason"), text(&event, "message"))).collect()
}

/// FND-A6 and FND-E4.
#[tokio::test(start_paused = true)]
async fn a_newcomer_of_another_tenant_that_sorts_first_is_refused_and_moves_nothing_until_nobody_else_is_left() {
    let mut world = World::of_examples();
    create_tenant(&world, "blue").await;
    for (context, ip) in [("ctx-a", "10.1.0.5"), ("ctx-b", "10.2.0.5")] {
        apply(world.cluster(context), web_ingress(ip, "/"));
    }
    world.start().await;
    // Virtual: the newcomer is younger by more than a second.
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let writes = world.writes_after(|world| newcomer(world, "aaa", "10.1.0.9")).await;
    assert_eq!(writes, []);
    let why = format!(
        "is no member of GSLB service {WEB}: it is of tenant \"blue\", but GSLB service {WEB} is of tenant \"admin\" \
         because of INGRESS/ctx-a/shop/web/{WEB}, which was there before (rule TEN-05); give both namespaces the same \
         tenant"
    );
    assert_eq!(events_of(&world, "aaa"), [("Refused".to_owned(), why)]);

    let before = world.avi.last_request();
    world.stop().await;
    world.start().await;
    assert_eq!(world.writes_since(before), [], "a restart finds it as it is");

    let writes = world.writes_after(|world| delete_ingress(world.cluster("ctx-a"), "web")).await;
    assert_eq!(outcomes(&writes), [("PUT gslbservice/<uuid>", 200)], "one member of its tenant is left");
    let writes = world.writes_after(|world| delete_ingress(world.cluster("ctx-b"), "web")).await;
    assert_eq!(writes.last().map(|write| write.line.as_str()), Some("DELETE healthmonitor/<uuid>"), "{writes:#?}");
    let moved = &world.on_controller(LEADER, "gslbservice")[WEB];
    assert_eq!(moved["groups"][0]["members"][0]["ip"]["addr"], "10.1.0.9");
    assert_eq!(moved["description"], format!("INGRESS/ctx-a/aaa/web/{WEB}"));
}

/// FND-E1 and FND-E4: `routes.yaml` of a shared address, with Ingresses; an address is one answer in DNS.
#[tokio::test(start_paused = true)]
async fn one_address_behind_two_objects_is_one_member_and_both_are_in_the_description() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web_ingress("10.1.0.5", "/"));
    world.start().await;
    // Virtual: the second is younger.
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let mut second = ingress("api", &[Host { host: WEB, ip: "10.1.0.5", paths: &["/api"] }]);
    second["metadata"]["annotations"]["ako.vmware.com/host-fqdn-vs-uuid-map"] =
        json!(json!({WEB: "virtualservice-child"}).to_string());
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-a"), second))).await;
    let description = format!("INGRESS/ctx-a/shop/api/{WEB},INGRESS/ctx-a/shop/web/{WEB}");
    let group = round_robin(10, vec![member("10.1.0.5", 1, "web", WEB)]);
    let expected = [
        ("POST healthmonitor", http_monitor(API, WEB, "/api")),
        ("PUT gslbservice/<uuid>", service_of(WEB, &description, vec![group], &[API, ROOT])),
    ];
    expect(&writes, &expected);
}
