//! The patch formats through the server.

use serde_json::json;

use super::*;

#[tokio::test]
async fn a_merge_patch_deletes_with_null_and_does_not_write_without_change() {
    let router = world().router();
    post(&router, CONFIG_MAPS, config_map("a")).await;
    let path = format!("{CONFIG_MAPS}/a");
    let patched = merge(&router, &path, json!({ "data": { "a": null, "c": "d" } })).await;
    assert_eq!(patched.body["data"], json!({ "c": "d" }));
    assert_eq!(merge(&router, &path, json!({})).await, patched);
}

#[tokio::test]
async fn a_revision_inside_a_patch_is_an_optimistic_lock() {
    let router = world().router();
    post(&router, CONFIG_MAPS, config_map("a")).await;
    let patch = json!({ "metadata": { "resourceVersion": "17" }, "data": {} });
    assert_eq!(merge(&router, &format!("{CONFIG_MAPS}/a"), patch).await.code, 409);
}

#[tokio::test]
async fn patches_of_missing_objects_only_create_when_applied() {
    let router = world().router();
    let path = format!("{CONFIG_MAPS}/a");
    assert_eq!(merge(&router, &path, json!({})).await.code, 404);
    let (apply, body) =
        ("application/apply-patch+yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n");
    let nameless = send(&router, "PATCH", &path, apply, body.to_owned()).await;
    assert_eq!(nameless.code, 422, "a field manager is required");
    let managed = format!("{path}?fieldManager=m");
    assert_eq!(send(&router, "PATCH", &managed, apply, body.to_owned()).await.code, 201);
    assert_eq!(send(&router, "PATCH", &managed, apply, body.to_owned()).await.code, 200);
}

#[tokio::test]
async fn a_strategic_merge_patch_of_a_custom_resource_is_refused_with_415() {
    let world = world_with_widgets();
    world.apply(widget("w")).unwrap();
    let path = format!("{WIDGETS}/w");
    let reply = send(&world.router(), "PATCH", &path, "application/strategic-merge-patch+json", "{}".to_owned()).await;
    let message = "the body of the request was in an unknown format - accepted media types include: \
                   application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
    assert_eq!((reply.code, reply.body["message"].as_str()), (415, Some(message)));
}

#[tokio::test]
async fn a_strategic_merge_patch_merges_service_ports_by_number() {
    let world = world();
    let ports = json!([{ "name": "a", "port": 80 }, { "name": "b", "port": 81 }]);
    let service =
        json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "web" }, "spec": { "ports": ports } });
    world.apply(service).unwrap();
    let patch = json!({ "spec": { "ports": [{ "port": 80, "$patch": "delete" }, { "port": 82, "name": "c" }] } });
    let path = "/api/v1/namespaces/default/services/web";
    let kind = "application/strategic-merge-patch+json";
    let reply = send(&world.router(), "PATCH", path, kind, patch.to_string()).await;
    let ports: Vec<_> =
        reply.body["spec"]["ports"].as_array().unwrap().iter().map(|port| port["port"].clone()).collect();
    assert_eq!(ports, [81, 82]);
}

#[tokio::test]
async fn a_failing_json_patch_test_is_unprocessable() {
    let router = world().router();
    post(&router, CONFIG_MAPS, config_map("a")).await;
    let patch = json!([{ "op": "test", "path": "/data/a", "value": "x" }]);
    let reply =
        send(&router, "PATCH", &format!("{CONFIG_MAPS}/a"), "application/json-patch+json", patch.to_string()).await;
    let expected = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "Invalid", "code": 422,
        "message": "the server rejected our request due to an error in our request", "details": {},
    });
    assert_eq!(reply, Reply { code: 422, body: expected });
}
