//! Dependents, and the number of replicas of a workload.

use serde_json::json;

use super::*;

fn owned(name: &str, owners: &[&Value]) -> Value {
    let mut object = config_map(name);
    let owner = |owner: &&Value| {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
        })
    };
    object["metadata"]["ownerReferences"] = owners.iter().map(owner).collect();
    object
}

fn names(world: &KubeWorld) -> Vec<Value> {
    world.list("configmaps").iter().map(|object| object["metadata"]["name"].clone()).collect()
}

#[tokio::test]
async fn dependents_go_with_their_last_owner_where_garbage_is_collected() {
    let world = world();
    let build = || {
        let first = world.apply(config_map("first")).unwrap();
        let second = world.apply(config_map("second")).unwrap();
        let child = world.apply(owned("child", &[&first])).unwrap();
        world.apply(owned("grandchild", &[&child])).unwrap();
        world.apply(owned("shared", &[&first, &second])).unwrap();
    };
    build();
    world.delete("configmaps", Some("default"), "first").unwrap();
    assert_eq!(names(&world), ["child", "grandchild", "second", "shared"], "nobody collects");
    world.collect_garbage();
    build();
    world.delete("configmaps", Some("default"), "first").unwrap();
    assert_eq!(names(&world), ["second", "shared"]);
    world.delete("configmaps", Some("default"), "second").unwrap();
    assert!(names(&world).is_empty());
}

#[tokio::test]
async fn orphans_stay_and_forget_their_owner() {
    let world = world();
    world.collect_garbage();
    let owner = world.apply(config_map("owner")).unwrap();
    world.apply(owned("child", &[&owner])).unwrap();
    let path = format!("{CONFIG_MAPS}/owner?propagationPolicy=Orphan");
    assert_eq!(delete(&world.router(), &path).await.code, 200);
    let child = world.get("configmaps", Some("default"), "child").unwrap();
    assert_eq!(child["metadata"].get("ownerReferences"), None);
}

#[tokio::test]
async fn a_workload_is_scaled_through_its_scale() {
    let world = world();
    let router = world.router();
    let spec = json!({ "selector": { "matchLabels": { "app": "web" } } });
    let object = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" }, "spec": spec });
    world.apply(object).unwrap();
    let path = "/apis/apps/v1/namespaces/default/deployments/web/scale";
    let scale = get(&router, path).await.body;
    assert_eq!(
        (&scale["spec"], &scale["status"]),
        (&json!({ "replicas": 1 }), &json!({ "replicas": 0, "selector": "app=web" }))
    );
    assert_eq!(merge(&router, path, json!({ "spec": { "replicas": 5 } })).await.body["spec"]["replicas"], 5);
    assert_eq!(merge(&router, path, json!({ "spec": { "replicas": -1 } })).await.code, 422);
    let stored = world.get("deployments.apps", Some("default"), "web").unwrap();
    assert_eq!((&stored["spec"]["replicas"], &stored["metadata"]["generation"]), (&json!(5), &json!(2)));
    assert_eq!(get(&router, &format!("{CONFIG_MAPS}/x/scale")).await.code, 404);
}

#[tokio::test]
async fn a_service_that_is_no_load_balancer_any_more_loses_what_it_had_as_one() {
    let world = world();
    let router = world.router();
    let spec = json!({ "type": "LoadBalancer", "ports": [{ "port": 80 }] });
    let status = json!({ "loadBalancer": { "ingress": [{ "ip": "10.1.1.1" }] } });
    let object =
        json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "web" }, "spec": spec, "status": status });
    let before = world.apply(object).unwrap();
    assert_eq!(before["status"]["loadBalancer"]["ingress"], json!([{ "ip": "10.1.1.1", "ipMode": "VIP" }]));
    let path = "/api/v1/namespaces/default/services/web";
    let after = merge(&router, path, json!({ "spec": { "type": "ClusterIP" } })).await.body;
    assert_eq!(after["status"], json!({ "loadBalancer": {} }));
    let left: Vec<bool> = ["allocateLoadBalancerNodePorts", "externalTrafficPolicy"]
        .iter()
        .map(|field| after["spec"].get(*field).is_some())
        .collect();
    assert_eq!((left, after["spec"]["ports"][0].get("nodePort")), (vec![false, false], None));
}
