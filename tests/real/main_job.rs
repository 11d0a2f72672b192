//! The main job: applications in three clusters become GSLB services, whatever changes, and a restart writes nothing.

use super::objects::{create_ingress, create_service, host_of, ingress_path, member};
use super::pod::Pod;
use super::world::{HOME, UUID, World};
use amko_lab::testing::{becomes, without_times};
use serde_json::{Value, json};

const WEB: (&str, u8) = ("web", 10);
const QUEUE: (&str, u8) = ("queue", 20);
const GDP: &str = "apis/amko.vmware.com/v1alpha2/namespaces/avi-system/globaldeploymentpolicies/global-gdp";
const RULE: &str = "apis/amko.vmware.com/v1alpha1/namespaces/avi-system/gslbhostrules/web";

#[tokio::test]
async fn applications_in_three_real_clusters_become_services_with_the_rights_of_the_chart() {
    let Some(world) = World::start("main-job", &[]).await else { return };
    world.install(&[]);
    for context in ["s1az1", "s1az2", "s2"] {
        create_ingress(&world, context, WEB.0, WEB.1).await;
    }
    for context in ["s1az1", "s2"] {
        create_service(&world, context, QUEUE.0, QUEUE.1).await;
    }
    let mut pod = world.operator().await;
    assert!(pod.ready().await.starts_with("ready: first look done: "));
    the_clusters_of_the_policy_count(&world, &pod).await;
    weights_and_ttl_follow_the_policy(&world).await;
    a_rule_is_applied_and_tells_its_members(&world).await;
    a_new_application_is_told_so(&world).await;
    what_is_deleted_in_one_cluster_leaves_alone(&world).await;
    let pod = a_restart_writes_nothing(&world, pod).await;
    assert_eq!(pod.stop().await, Some(0));
    assert_eq!(world.forbidden(), [].into());
    assert!(!world.log().contains('\u{1b}'), "a log that is collected holds no escape sequences");
}

/// The service of the Ingresses in these clusters.
fn web(world: &World, ttl: Value, members: &[(&str, u32)]) -> Value {
    service(world, WEB, ("INGRESS", ttl), members)
}

fn service(world: &World, app: (&str, u8), (kind, ttl): (&str, Value), members: &[(&str, u32)]) -> Value {
    let host = host_of(app.0);
    let path = |context: &str| {
        if kind == "INGRESS" {
            format!("{kind}/{context}/shop/{}/{host}", app.0)
        } else {
            format!("{kind}/{context}/shop/{}", app.0)
        }
    };
    let description: Vec<String> = members.iter().map(|(context, _)| path(context)).collect();
    let members: Vec<Value> = members.iter().map(|(context, ratio)| member(world, context, app, *ratio)).collect();
    json!({"name": host, "domain_names": [host], "ttl": ttl, "created_by": format!("amko-{UUID}"),
        "description": description.join(","), "pools": [{"priority": 10, "members": members}], "monitors": 1})
}

/// As it stands in the article, the list of clusters names the first one twice and the second one not at all.
async fn the_clusters_of_the_policy_count(world: &World, pod: &Pod) {
    let controller = &world.controller;
    let expected = web(world, Value::Null, &[("s1az1", 6), ("s2", 2)]);
    becomes("web as the article has it", expected, async || controller.service(&host_of("web"))).await;
    let expected = service(world, QUEUE, ("LBSVC", Value::Null), &[("s1az1", 6), ("s2", 2)]);
    becomes("queue", expected, async || controller.service(&host_of("queue"))).await;
    becomes("in sync", true, async || pod.in_sync(&[host_of("queue"), host_of("web")]).await).await;
}

async fn weights_and_ttl_follow_the_policy(world: &World) {
    let clusters = ["s1az1", "s1az2", "s2"].map(|context| json!({"cluster": context}));
    let split = [("s1az1", 6), ("s1az2", 3), ("s2", 1)].map(|(c, weight)| json!({"cluster": c, "weight": weight}));
    world.home().merge(GDP, &json!({"spec": {"matchClusters": clusters, "trafficSplit": split, "ttl": 30}})).await;
    let expected = web(world, json!(30), &[("s1az1", 6), ("s1az2", 3), ("s2", 1)]);
    becomes("weights and TTL", expected, async || world.controller.service(&host_of("web"))).await;
}

async fn a_rule_is_applied_and_tells_its_members(world: &World) {
    let rule = json!({"apiVersion": "amko.vmware.com/v1alpha1", "kind": "GSLBHostRule",
        "metadata": {"name": "web", "namespace": "avi-system"}, "spec": {"fqdn": host_of("web"), "ttl": 60}});
    world.home().apply(RULE, &rule).await;
    let expected = web(world, json!(60), &[("s1az1", 6), ("s1az2", 3), ("s2", 1)]);
    becomes("the rule's TTL", expected, async || world.controller.service(&host_of("web"))).await;
    let members = [("s1az1", "10.51.0.10", 6), ("s1az2", "10.52.0.10", 3), ("s2", "10.60.0.10", 1)];
    let members = members.map(|(cluster, address, ratio)| {
        json!({"cluster": cluster, "object": "Ingress shop/web", "address": address, "ratio": ratio, "priority": 10})
    });
    let expected = json!({
        "status": "Accepted",
        "observedGeneration": 1,
        "conditions": [
            condition("Accepted", "Accepted", "the rule is in force"),
            condition("ResolvedRefs", "ResolvedRefs", "everything it refers to on the controller exists"),
            condition("Programmed", "InSync", "the controller holds the service with 3 members"),
        ],
        "service": {
            "state": "InSync", "tenant": "admin", "name": host_of("web"), "domainNames": [host_of("web")], "ttl": 60,
            "memberCount": 3, "members": members,
            "monitors": ["amko--e429dd2b33d47bc53f75b4ca3b5ad359d29f72aa"],
            "lastWrite": {"time": "<time>", "result": "Complete"},
        },
    });
    let status = async || without_times(world.home().get(RULE).await.unwrap()["status"].clone());
    becomes("the rule's status", expected, status).await;
    let rule = world.home().get(RULE).await.unwrap();
    let managers = rule["metadata"]["managedFields"].as_array().unwrap().iter();
    let managers: Vec<&str> = managers.map(|fields| fields["manager"].as_str().unwrap()).collect();
    assert_eq!(managers, ["test", "amko"], "whoever wrote is named");
    let described = world.kubectl(HOME, &["-n", "avi-system", "describe", "gslbhostrule", "web"]);
    for line in ["Status:    Accepted", "Member Count:  3", "Address:   10.52.0.10", "Reason:                InSync"] {
        assert!(described.contains(line), "{line}:\n{described}");
    }
}

fn condition(type_: &str, reason: &str, message: &str) -> Value {
    json!({"type": type_, "status": "True", "observedGeneration": 1, "lastTransitionTime": "<time>",
        "reason": reason, "message": message})
}

async fn a_new_application_is_told_so(world: &World) {
    create_ingress(world, "s2", "late", 30).await;
    let events = "api/v1/namespaces/shop/events?fieldSelector=involvedObject.kind%3DIngress,involvedObject.name%3Dlate";
    let message = "is a member of GSLB service late.example.org: pool of priority 10, address 10.60.0.30, ratio 1";
    let expected = vec![["Normal", "Programmed", message].map(str::to_owned)];
    let told = async || {
        let list = world.api("s2").get(events).await.unwrap();
        let text = |event: &Value, key: &str| event[key].as_str().unwrap().to_owned();
        let event = |event: &Value| ["type", "reason", "message"].map(|key| text(event, key));
        let events: Vec<_> = list["items"].as_array().unwrap().iter().map(event).collect();
        events.into_iter().filter(|[_, reason, _]| reason == "Programmed").collect::<Vec<_>>()
    };
    becomes("an Event", expected, told).await;
}

async fn what_is_deleted_in_one_cluster_leaves_alone(world: &World) {
    world.api("s1az2").delete(&ingress_path("web")).await;
    let expected = web(world, json!(60), &[("s1az1", 6), ("s2", 1)]);
    becomes("one member less", expected, async || world.controller.service(&host_of("web"))).await;
}

async fn a_restart_writes_nothing(world: &World, pod: Pod) -> Pod {
    assert_eq!(pod.stop().await, Some(0));
    let before = world.controller.now();
    let mut pod = world.operator().await;
    pod.ready().await;
    let hosts = ["late", "queue", "web"].map(host_of);
    becomes("in sync", true, async || pod.in_sync(&hosts).await).await;
    assert_eq!(world.controller.writes_since(before), [""; 0]);
    pod
}
