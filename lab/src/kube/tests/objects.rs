//! Creation and replacement.

use serde_json::{Value, json};

use super::*;

#[tokio::test]
async fn a_created_object_gets_its_server_metadata() {
    let router = world().router();
    let mut body = config_map("a");
    body["metadata"]["uid"] = json!("mine");
    body["metadata"]["generation"] = json!(9);
    let reply = post(&router, CONFIG_MAPS, body).await;
    let uid = reply.body["metadata"]["uid"].clone();
    assert_eq!(uid.as_str().map(str::len), Some(36));
    let expected = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "data": { "a": "b" },
        "metadata": {
            "name": "a", "namespace": "default", "uid": uid, "resourceVersion": "1005",
            "creationTimestamp": "2026-01-02T03:04:05Z",
        },
    });
    assert_eq!(reply, Reply { code: 201, body: expected });
}

#[tokio::test]
async fn a_second_creation_is_refused_with_409() {
    let router = world().router();
    post(&router, CONFIG_MAPS, config_map("a")).await;
    let reply = post(&router, CONFIG_MAPS, config_map("a")).await;
    let expected = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 409,
        "message": "configmaps \"a\" already exists", "reason": "AlreadyExists",
        "details": { "name": "a", "kind": "configmaps" },
    });
    assert_eq!(reply, Reply { code: 409, body: expected });
}

#[tokio::test]
async fn bad_creations_are_refused_with_the_codes_and_words_of_a_real_server() {
    let router = world().router();
    let table: Vec<(&str, Value, u16, &str)> = vec![
        (
            CONFIG_MAPS,
            json!({ "metadata": {} }),
            422,
            "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required",
        ),
        ("/api/v1/namespaces/nope/configmaps", config_map("a"), 404, "namespaces \"nope\" not found"),
        (
            CONFIG_MAPS,
            json!({ "metadata": { "name": "a", "namespace": "other" } }),
            400,
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
        (
            CONFIG_MAPS,
            json!({ "apiVersion": "v2", "metadata": { "name": "a" } }),
            400,
            "the API version in the data (v2) does not match the expected API version (v1)",
        ),
        (
            CONFIG_MAPS,
            json!({ "metadata": { "name": "a", "resourceVersion": "3" } }),
            500,
            "resourceVersion should not be set on objects to be created",
        ),
    ];
    for (path, body, code, message) in table {
        let reply = post(&router, path, body.clone()).await;
        assert_eq!((reply.code, reply.body["message"].as_str()), (code, Some(message)), "{path} {body}");
    }
}

#[tokio::test]
async fn a_generated_name_ends_in_five_safe_characters() {
    let router = world().router();
    let reply = post(&router, CONFIG_MAPS, json!({ "metadata": { "generateName": "a-" } })).await;
    let name = reply.body["metadata"]["name"].as_str().unwrap().to_owned();
    let tail = name.strip_prefix("a-").unwrap();
    assert!(tail.len() == 5 && tail.chars().all(|c| "bcdfghjklmnpqrstvwxz2456789".contains(c)), "{name}");
}

#[tokio::test]
async fn a_dry_run_stores_nothing() {
    let router = world().router();
    let reply = post(&router, &format!("{CONFIG_MAPS}?dryRun=All"), config_map("a")).await;
    assert_eq!(reply.code, 201);
    assert_eq!(get(&router, &format!("{CONFIG_MAPS}/a")).await.code, 404);
}

#[tokio::test]
async fn a_put_without_change_does_not_write() {
    let world = world();
    let router = world.router();
    let created = post(&router, CONFIG_MAPS, config_map("a")).await.body;
    let before = *world.revision().borrow();
    let reply = put(&router, &format!("{CONFIG_MAPS}/a"), created.clone()).await;
    assert_eq!(reply, Reply { code: 200, body: created });
    assert_eq!(*world.revision().borrow(), before);
}

#[tokio::test]
async fn a_stale_put_conflicts() {
    let router = world().router();
    let created = post(&router, CONFIG_MAPS, config_map("a")).await.body;
    let path = format!("{CONFIG_MAPS}/a");
    merge(&router, &path, json!({ "data": { "c": "d" } })).await;
    let reply = put(&router, &path, created).await;
    let message = "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your \
                   changes to the latest version and try again";
    assert_eq!((reply.code, reply.body["message"].as_str()), (409, Some(message)));
}

#[tokio::test]
async fn puts_without_an_object_or_a_revision_follow_the_rules_of_the_resource() {
    let router = world_with_widgets().router();
    let lease = json!({ "metadata": { "name": "l" }, "spec": { "leaseDurationSeconds": 15 } });
    let leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases/l";
    assert_eq!(put(&router, leases, lease.clone()).await.code, 201, "a missing lease is created");
    assert_eq!(put(&router, leases, lease).await.code, 422, "a lease needs its revision");
    assert_eq!(put(&router, &format!("{CONFIG_MAPS}/a"), config_map("a")).await.code, 404);
    post(&router, CONFIG_MAPS, config_map("a")).await;
    assert_eq!(put(&router, &format!("{CONFIG_MAPS}/a"), config_map("a")).await.code, 200);
}

#[tokio::test]
async fn a_service_gets_addresses_ports_and_no_status_from_its_creator() {
    let router = world().router();
    let body = json!({
        "metadata": { "name": "web" }, "spec": { "type": "LoadBalancer", "ports": [{ "port": 80 }] },
        "status": { "loadBalancer": { "ingress": [{ "ip": "1.2.3.4" }] } },
    });
    let reply = post(&router, "/api/v1/namespaces/default/services", body).await;
    let spec = json!({
        "type": "LoadBalancer", "sessionAffinity": "None", "clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10"],
        "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster",
        "externalTrafficPolicy": "Cluster", "allocateLoadBalancerNodePorts": true,
        "ports": [{ "port": 80, "protocol": "TCP", "targetPort": 80, "nodePort": 30000 }],
    });
    assert_eq!((&reply.body["spec"], &reply.body["status"]), (&spec, &json!({ "loadBalancer": {} })));
}

#[tokio::test]
async fn an_ingress_without_path_type_is_invalid() {
    let router = world().router();
    let backend = json!({ "service": { "name": "web", "port": { "number": 80 } } });
    let rule = json!({ "host": "*.example.com", "http": { "paths": [{ "path": "/", "backend": backend }] } });
    let body = json!({ "metadata": { "name": "web" }, "spec": { "rules": [rule] } });
    let reply = post(&router, "/apis/networking.k8s.io/v1/namespaces/default/ingresses", body).await;
    let message = "Ingress.networking.k8s.io \"web\" is invalid: spec.rules[0].http.paths[0].pathType: Required value: \
                   pathType must be specified";
    assert_eq!((reply.code, reply.body["message"].as_str()), (422, Some(message)));
}

#[tokio::test]
async fn secret_text_is_stored_as_data() {
    let router = world().router();
    let body = json!({ "metadata": { "name": "s" }, "stringData": { "user": "admin" } });
    let reply = post(&router, "/api/v1/namespaces/default/secrets", body).await;
    assert_eq!(reply.body["data"], json!({ "user": "YWRtaW4=" }));
    assert_eq!((reply.body.get("stringData"), &reply.body["type"]), (None, &json!("Opaque")));
}

#[tokio::test]
async fn an_event_is_served_by_both_apis() {
    let router = world().router();
    let body = json!({
        "metadata": { "name": "e" }, "regarding": { "kind": "Ingress", "name": "web" }, "note": "moved",
        "reportingController": "amko", "reason": "Moved", "type": "Normal", "eventTime": "2026-01-02T03:04:05.000006Z",
    });
    post(&router, "/apis/events.k8s.io/v1/namespaces/default/events", body).await;
    let list = get(&router, "/api/v1/events?fieldSelector=involvedObject.name=web").await.body;
    let event = &list["items"][0];
    assert_eq!((&event["message"], &event["reportingComponent"]), (&json!("moved"), &json!("amko")));
}

#[tokio::test]
async fn an_unknown_field_of_a_built_in_kind_is_dropped_or_refused() {
    let router = world().router();
    let mut body = config_map("a");
    body["dato"] = json!({});
    let strict = post(&router, &format!("{CONFIG_MAPS}?fieldValidation=Strict"), body.clone()).await;
    let message = "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field \
                   \"dato\"";
    assert_eq!((strict.code, strict.body["message"].as_str()), (400, Some(message)));
    assert_eq!(post(&router, CONFIG_MAPS, body).await.body.get("dato"), None);
}
