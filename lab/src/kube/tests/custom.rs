//! Custom resources and the life of their definitions.

use serde_json::json;

use super::*;

#[tokio::test]
async fn a_definition_is_established_in_two_steps_and_then_served() {
    let world = world();
    let router = world.router();
    assert_eq!(get(&router, WIDGETS).await, Reply { code: 404, body: json!("404 page not found\n") });
    let crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let mut lines = Lines::open(&router, &format!("{crds}?watch=1")).await;
    assert_eq!(post(&router, crds, widget_crd()).await.code, 201);
    let mut established = Vec::new();
    for _ in 0..3 {
        let event = lines.next().await.unwrap();
        established.push(event.pointer("/object/status/conditions/1/reason").cloned().unwrap_or_default());
    }
    assert_eq!(established, [json!(null), json!("Installing"), json!("InitialNamesAccepted")]);
    assert_eq!(post(&router, WIDGETS, widget("w")).await.code, 201);
    assert_eq!(get(&router, "/apis/conf.example.com").await.body["preferredVersion"]["version"], "v1");
}

#[tokio::test]
async fn bad_definitions_are_invalid() {
    let router = world().router();
    let crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let mut two_stored = widget_crd();
    two_stored["spec"]["versions"][1]["storage"] = json!(true);
    let mut misnamed = widget_crd();
    misnamed["metadata"]["name"] = json!("gadgets.conf.example.com");
    for bad in [two_stored, misnamed] {
        assert_eq!(post(&router, crds, bad).await.code, 422);
    }
}

#[tokio::test]
async fn a_custom_object_is_pruned_defaulted_and_stored_without_status() {
    let router = world_with_widgets().router();
    let mut object = widget("w");
    object["spec"] = json!({ "color": null, "note": null, "free": { "any": 1 }, "foo": 1 });
    object["status"] = json!({ "ready": true });
    let strict = post(&router, &format!("{WIDGETS}?fieldValidation=Strict"), object.clone()).await;
    let message = "Widget in version \"v1\" cannot be handled as a Widget: strict decoding error: unknown field \
                   \"spec.foo\"";
    assert_eq!((strict.code, strict.body["message"].as_str()), (400, Some(message)));
    let stored = post(&router, WIDGETS, object).await.body;
    assert_eq!(stored["spec"], json!({ "note": null, "free": { "any": 1 }, "replicas": 1 }));
    assert_eq!((stored.get("status"), &stored["metadata"]["generation"]), (None, &json!(1)));
}

#[tokio::test]
async fn an_invalid_custom_object_gets_422_with_its_causes() {
    let router = world_with_widgets().router();
    let mut object = widget("w");
    object["spec"]["color"] = json!("pink");
    let reply = post(&router, WIDGETS, object).await;
    let text = "Unsupported value: \"pink\": supported values: \"red\", \"green\", \"blue\"";
    let expected = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "Invalid", "code": 422,
        "message": format!("Widget.conf.example.com \"w\" is invalid: spec.color: {text}"),
        "details": { "name": "w", "group": "conf.example.com", "kind": "Widget",
            "causes": [{ "reason": "FieldValueNotSupported", "message": text, "field": "spec.color" }] },
    });
    assert_eq!(reply, Reply { code: 422, body: expected });
}

#[tokio::test]
async fn status_and_spec_are_written_through_their_own_paths() {
    let world = world_with_widgets();
    let router = world.router();
    world.apply(widget("w")).unwrap();
    let (path, status_path) = (format!("{WIDGETS}/w"), format!("{WIDGETS}/w/status"));
    let both = json!({ "spec": { "color": "blue" }, "status": { "ready": true } });
    let by_status = merge(&router, &status_path, both.clone()).await.body;
    assert_eq!((&by_status["spec"]["color"], &by_status["status"]), (&json!("red"), &json!({ "ready": true })));
    assert_eq!(by_status["metadata"]["generation"], 1);
    let by_main =
        merge(&router, &path, json!({ "spec": { "color": "blue" }, "status": { "ready": false } })).await.body;
    assert_eq!((&by_main["spec"]["color"], &by_main["status"]), (&json!("blue"), &json!({ "ready": true })));
    assert_eq!(by_main["metadata"]["generation"], 2);
    let labels = merge(&router, &path, json!({ "metadata": { "labels": { "a": "b" } } })).await.body;
    assert_eq!(labels["metadata"]["generation"], 2);
}

#[tokio::test]
async fn every_served_version_shows_the_same_objects() {
    let world = world_with_widgets();
    world.apply(widget("w")).unwrap();
    let beta = "/apis/conf.example.com/v1beta1/namespaces/default/widgets/w";
    let patched = merge(&world.router(), beta, json!({ "spec": { "color": "green" } })).await.body;
    assert_eq!(
        (&patched["apiVersion"], &patched["spec"]["color"]),
        (&json!("conf.example.com/v1beta1"), &json!("green"))
    );
    let v1 = get(&world.router(), &format!("{WIDGETS}/w")).await.body;
    assert_eq!((&v1["apiVersion"], &v1["spec"]["color"]), (&json!("conf.example.com/v1"), &json!("green")));
}

#[tokio::test]
async fn a_deleted_definition_takes_its_objects_along_and_ends_their_watches() {
    let world = world_with_widgets();
    let router = world.router();
    world.apply(widget("w")).unwrap();
    let mut lines = Lines::open(&router, &format!("{WIDGETS}?watch=1")).await;
    assert_eq!(lines.brief().await, "ADDED w");
    world.delete("customresourcedefinitions.apiextensions.k8s.io", None, "widgets.conf.example.com").unwrap();
    assert_eq!((lines.brief().await, lines.brief().await), ("DELETED w".to_owned(), "end".to_owned()));
    assert_eq!(get(&router, WIDGETS).await.body, json!("404 page not found\n"));
    assert_eq!(get(&router, "/apis/conf.example.com/v1").await.code, 404);
}

#[tokio::test]
async fn a_changed_definition_ends_running_watches() {
    let world = world_with_widgets();
    let mut lines = Lines::open(&world.router(), &format!("{WIDGETS}?watch=1")).await;
    let patch = json!({ "spec": { "versions": [widget_crd()["spec"]["versions"][0]] } });
    world
        .merge_patch("customresourcedefinitions.apiextensions.k8s.io", None, "widgets.conf.example.com", None, patch)
        .unwrap();
    assert_eq!(lines.brief().await, "end");
    let beta = get(&world.router(), "/apis/conf.example.com/v1beta1/namespaces/default/widgets").await;
    assert_eq!(beta.code, 404);
}

#[tokio::test]
async fn a_kind_without_status_subresource_treats_status_as_a_plain_field() {
    let world = world();
    let mut crd = widget_crd();
    for version in crd["spec"]["versions"].as_array_mut().unwrap() {
        version["subresources"] = json!({});
    }
    world.apply(crd).unwrap();
    let router = world.router();
    world.apply(widget("w")).unwrap();
    let patched = merge(&router, &format!("{WIDGETS}/w"), json!({ "status": { "ready": true } })).await.body;
    assert_eq!((&patched["status"], &patched["metadata"]["generation"]), (&json!({ "ready": true }), &json!(2)));
    assert_eq!(merge(&router, &format!("{WIDGETS}/w/status"), json!({})).await.code, 404);
}
