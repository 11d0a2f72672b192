//! Deletion, finalizers and namespaces.

use serde_json::json;

use super::*;

#[tokio::test]
async fn most_kinds_answer_a_deletion_with_a_status_and_services_with_the_object() {
    let world = world();
    let router = world.router();
    let uid = world.apply(config_map("a")).unwrap()["metadata"]["uid"].clone();
    let expected = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": { "name": "a", "kind": "configmaps", "uid": uid },
    });
    assert_eq!(delete(&router, &format!("{CONFIG_MAPS}/a")).await, Reply { code: 200, body: expected });
    let service = json!({ "metadata": { "name": "web" }, "spec": { "ports": [{ "port": 80 }] } });
    post(&router, "/api/v1/namespaces/default/services", service).await;
    assert_eq!(delete(&router, "/api/v1/namespaces/default/services/web").await.body["kind"], "Service");
}

#[tokio::test]
async fn an_object_with_a_finalizer_stays_until_the_finalizer_goes() {
    let world = world_with_widgets();
    let router = world.router();
    let mut object = widget("w");
    object["metadata"]["finalizers"] = json!(["conf.example.com/f"]);
    world.apply(object).unwrap();
    let path = format!("{WIDGETS}/w");
    let marked = delete(&router, &path).await;
    let meta = &marked.body["metadata"];
    assert_eq!((&meta["deletionTimestamp"], &meta["generation"]), (&json!("2026-01-02T03:04:05Z"), &json!(2)));
    assert_eq!(delete(&router, &path).await, marked, "a second deletion changes nothing");

    let message = post(&router, WIDGETS, widget("w")).await.body["message"].clone();
    assert_eq!(message, "object is being deleted: widgets.conf.example.com \"w\" already exists");
    let more = json!({ "metadata": { "finalizers": ["conf.example.com/f", "x/y"] } });
    assert_eq!(merge(&router, &path, more).await.code, 422);
    assert_eq!(merge(&router, &path, json!({ "metadata": { "finalizers": null } })).await.code, 200);
    assert_eq!(get(&router, &path).await.code, 404);
}

#[tokio::test]
async fn preconditions_protect_a_recreated_object() {
    let world = world();
    let uid = world.apply(config_map("a")).unwrap()["metadata"]["uid"].clone();
    let path = format!("{CONFIG_MAPS}/a");
    let wrong = json!({ "preconditions": { "uid": "other" } }).to_string();
    assert_eq!(send(&world.router(), "DELETE", &path, "application/json", wrong).await.code, 409);
    let right = json!({ "preconditions": { "uid": uid } }).to_string();
    assert_eq!(send(&world.router(), "DELETE", &path, "application/json", right).await.code, 200);
}

#[tokio::test]
async fn a_collection_deletion_takes_what_is_selected() {
    let world = world();
    for (name, label) in [("a", "1"), ("b", "2"), ("c", "1")] {
        let mut object = config_map(name);
        object["metadata"]["labels"] = json!({ "x": label });
        world.apply(object).unwrap();
    }
    let reply = delete(&world.router(), &format!("{CONFIG_MAPS}?labelSelector=x%3D1")).await;
    assert_eq!(reply.body["items"].as_array().map(Vec::len), Some(2));
    let left: Vec<_> = world.list("configmaps").into_iter().map(|object| object["metadata"]["name"].clone()).collect();
    assert_eq!(left, ["b"]);
}

#[tokio::test]
async fn a_namespace_goes_with_its_contents_once_their_finalizers_are_gone() {
    let world = world_with_widgets();
    let router = world.router();
    world.apply(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "n" } })).unwrap();
    let mut object = widget("w");
    object["metadata"]["namespace"] = json!("n");
    object["metadata"]["finalizers"] = json!(["a/b"]);
    world.apply(object).unwrap();
    let mut plain = config_map("c");
    plain["metadata"]["namespace"] = json!("n");
    world.apply(plain).unwrap();

    let reply = delete(&router, "/api/v1/namespaces/n").await;
    assert_eq!(reply.body["status"]["phase"], "Terminating");
    assert_eq!(world.get("configmaps", Some("n"), "c"), None);
    let refused = post(&router, "/api/v1/namespaces/n/configmaps", config_map("d")).await;
    assert_eq!((refused.code, &refused.body["details"]["causes"][0]["reason"]), (403, &json!("NamespaceTerminating")));
    let free = json!({ "metadata": { "finalizers": null } });
    world.merge_patch("widgets.conf.example.com", Some("n"), "w", None, free).unwrap();
    assert_eq!(world.get("namespaces", None, "n"), None);
    assert_eq!(delete(&router, "/api/v1/namespaces/default").await.code, 403);
}
