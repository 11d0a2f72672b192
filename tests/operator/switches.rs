//! What a person switched off on the controller stays off, and a rule can ask for it.

use crate::support::objects::{apply, web};
use crate::support::status::{host_rule, rule};
use crate::support::{LEADER, World, lines};
use amko::avi::wire::text_of;
use amko_lab::kube::KubeWorld;
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;

const WEB: &str = "web.example.org";

async fn started() -> World {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    apply(world.home(), host_rule("web-rule", json!({"fqdn": WEB})));
    world.start().await;
    world
}

fn service(world: &World) -> Value {
    world.on_controller(LEADER, "gslbservice")[WEB].clone()
}

/// Somebody edits the service on the controller.
async fn edit(world: &World, change: impl FnOnce(&mut Value)) {
    let mut edited = service(world);
    change(&mut edited);
    let target = format!("/api/gslbservice/{}", edited["uuid"].as_str().unwrap());
    world.somebody_else().request(Method::PUT, &target, "admin", Some(&text_of(&edited))).await.unwrap();
}

/// Long enough for the next full read.
async fn read_again(world: &World) {
    tokio::time::sleep(Duration::from_secs(1900)).await;
    world.settle().await;
}

fn members_on(service: &Value) -> Vec<bool> {
    service["groups"][0]["members"].as_array().unwrap().iter().map(|member| member["enabled"] == true).collect()
}

/// What the status of the rule says of each member.
fn drained(home: &World) -> Vec<Value> {
    let members = rule(home, "web-rule").unwrap()["status"]["service"]["members"].clone();
    members.as_array().unwrap().iter().map(|member| member["drained"].clone()).collect()
}

fn last_event(cluster: &KubeWorld) -> String {
    let events = cluster.list("events").into_iter().filter(|event| event["metadata"]["namespace"] == "shop");
    events.map(|event| event["message"].as_str().unwrap_or_default().to_owned()).next_back().unwrap_or_default()
}

/// FND-E10
#[tokio::test(start_paused = true)]
async fn a_member_pool_or_service_that_a_person_switched_off_stays_off_and_is_shown_as_drained() {
    let mut world = started().await;
    edit(&world, |service| service["groups"][0]["members"][1]["enabled"] = json!(false)).await;
    let before = world.avi.last_request();
    read_again(&world).await;
    assert_eq!(world.writes_since(before), [], "it is nobody's drift");
    assert_eq!(drained(&world), [Value::Null, json!("OnController")]);

    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-a"), web("web", "10.1.0.6")))).await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"]);
    assert_eq!(members_on(&writes[0].body), [true, false], "another change leaves it off");

    let before = world.avi.last_request();
    world.stop().await;
    world.start().await;
    assert_eq!(world.writes_since(before), [], "so does a restart");

    edit(&world, |service| {
        service["groups"][0]["members"][1]["enabled"] = json!(true);
        service["groups"][0]["enabled"] = json!(false);
        service["enabled"] = json!(false);
    })
    .await;
    let before = world.avi.last_request();
    read_again(&world).await;
    assert_eq!(world.writes_since(before), []);
    assert_eq!(drained(&world), [json!("OnController"), json!("OnController")]);
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-a"), web("web", "10.1.0.7")))).await;
    let body = &writes[0].body;
    assert_eq!((&body["enabled"], &body["groups"][0]["enabled"]), (&json!(false), &json!(false)));

    edit(&world, |service| {
        service["groups"][0]["enabled"] = json!(true);
        service["enabled"] = json!(true);
    })
    .await;
    read_again(&world).await;
    assert_eq!(drained(&world), [Value::Null, Value::Null], "a person says otherwise");
}

/// FND-E10
#[tokio::test(start_paused = true)]
async fn a_rule_drains_a_cluster_and_lets_it_go_again() {
    let world = started().await;
    let drain = |names: Value| host_rule("web-rule", json!({"fqdn": WEB, "drain": names}));
    let writes = world.writes_after(|world| drop(apply(world.home(), drain(json!(["ctx-b"]))))).await;
    assert_eq!((lines(&writes), members_on(&writes[0].body)), (vec!["PUT gslbservice/<uuid>"], vec![true, false]));
    assert_eq!(drained(&world), [Value::Null, json!("ByRule")]);
    let words = "is a member of GSLB service web.example.org: pool of priority 10, address 10.2.0.5, ratio 1; it gets no \
                 answers, as its GSLBHostRule asks (drain)";
    assert_eq!(last_event(world.cluster("ctx-b")), words);

    let before = world.avi.last_request();
    read_again(&world).await;
    assert_eq!(world.writes_since(before), []);
    let writes = world.writes_after(|world| drop(apply(world.home(), drain(json!(["gone"]))))).await;
    assert_eq!((lines(&writes), members_on(&writes[0].body)), (vec!["PUT gslbservice/<uuid>"], vec![true, true]));
    assert_eq!(drained(&world), [Value::Null, Value::Null]);
    let status = rule(&world, "web-rule").unwrap()["status"].clone();
    let told = "drain names gone, which is neither in spec.memberClusters of the GSLBConfig nor a site of \
                thirdPartyMembers: not used; correct the name, or remove it";
    assert_eq!((&status["status"], &status["service"]["limitations"]), (&json!("Accepted"), &json!([told])));

    edit(&world, |service| service["groups"][0]["members"][0]["enabled"] = json!(false)).await;
    read_again(&world).await;
    assert_eq!(drained(&world), [json!("OnController"), Value::Null], "what was let go once is a person's again");
}
