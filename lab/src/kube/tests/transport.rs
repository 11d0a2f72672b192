//! Authentication, negotiation, discovery and availability.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::kube::UserInfo;

async fn with_header(router: &Router, path: &str, name: &str, value: &str) -> (u16, String, Value) {
    let request = Request::get(path).header(name, value).body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let code = response.status().as_u16();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (code, kind, serde_json::from_slice(&bytes).unwrap_or_default())
}

#[tokio::test]
async fn only_known_tokens_enter_and_health_and_version_stay_open() {
    let user = UserInfo { username: "u".to_owned(), uid: "1".to_owned(), groups: vec!["system:masters".to_owned()] };
    let router = world().router_with_tokens(BTreeMap::from([("good".to_owned(), user)]));
    for path in ["/livez", "/readyz", "/healthz", "/version", "/version/?timeout=32s"] {
        assert_eq!(get(&router, path).await.code, 200, "{path}");
    }
    let expected = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "Unauthorized",
        "reason": "Unauthorized", "code": 401,
    });
    assert_eq!(get(&router, CONFIG_MAPS).await, Reply { code: 401, body: expected });
    assert_eq!(with_header(&router, CONFIG_MAPS, "authorization", "Bearer bad").await.0, 401);
    assert_eq!(with_header(&router, CONFIG_MAPS, "authorization", "Bearer good").await.0, 200);
}

#[tokio::test]
async fn an_unavailable_server_answers_503_and_cuts_watches() {
    let world = world();
    let router = world.router();
    let request = Request::get(format!("{CONFIG_MAPS}?watch=1")).body(Body::empty()).unwrap();
    let mut watch = router.clone().oneshot(request).await.unwrap().into_body().into_data_stream();
    world.set_available(false);
    assert!(watch.next().await.unwrap().is_err(), "the connection breaks");
    assert_eq!(get(&router, "/readyz").await.code, 503);
    world.set_available(true);
    assert_eq!(get(&router, CONFIG_MAPS).await.code, 200);
}

#[tokio::test]
async fn discovery_lists_a_custom_resource_in_both_forms() {
    let router = world_with_widgets().router();
    let verbs = json!(["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]);
    let legacy = get(&router, "/apis/conf.example.com/v1").await.body;
    let expected = json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "conf.example.com/v1", "resources": [
            { "name": "widgets", "singularName": "widget", "namespaced": true, "kind": "Widget", "verbs": verbs,
              "shortNames": ["wd"] },
            { "name": "widgets/status", "singularName": "", "namespaced": true, "kind": "Widget",
              "verbs": ["get", "patch", "update"] },
        ],
    });
    assert_eq!(legacy, expected);
    let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    let (_, kind, aggregated) = with_header(&router, "/apis", "accept", accept).await;
    assert_eq!(kind, "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    let groups = aggregated["items"].as_array().unwrap();
    let group = groups.iter().find(|group| group["metadata"]["name"] == "conf.example.com").unwrap();
    assert_eq!(group["versions"][0]["resources"][0]["subresources"][0]["subresource"], "status");
}

#[tokio::test]
async fn unknown_places_and_methods_are_told_apart() {
    let router = world().router();
    assert_eq!(get(&router, "/apis/nope.example.com/v1").await.body, json!("404 page not found\n"));
    let unknown = get(&router, "/api/v1/namespaces/default/gadgets").await;
    assert_eq!(unknown.body["message"], "the server could not find the requested resource");
    assert_eq!(post(&router, "/api/v1/configmaps", config_map("a")).await.code, 405);
    assert_eq!(delete(&router, "/api/v1/namespaces").await.code, 405);
    assert_eq!(get(&router, &format!("{CONFIG_MAPS}/a/scale")).await.code, 404);
}

#[tokio::test]
async fn formats_that_the_server_does_not_speak_are_refused() {
    let router = world().router();
    assert_eq!(with_header(&router, CONFIG_MAPS, "accept", "application/xml").await.0, 406);
    assert_eq!(send(&router, "POST", CONFIG_MAPS, "text/plain", "{}".to_owned()).await.code, 415);
    assert_eq!(send(&router, "POST", CONFIG_MAPS, "application/json", "{".to_owned()).await.code, 400);
    let large = " ".repeat(3 * 1024 * 1024 + 1);
    assert_eq!(send(&router, "POST", CONFIG_MAPS, "application/json", large).await.code, 413);
}

#[tokio::test(start_paused = true)]
async fn a_table_has_the_printer_columns_also_on_a_watch() {
    let world = world_with_widgets();
    world.apply(widget("w")).unwrap();
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let (_, _, table) = with_header(&world.router(), WIDGETS, "accept", accept).await;
    assert_eq!((&table["kind"], &table["rows"][0]["cells"]), (&json!("Table"), &json!(["w", "red"])));
    let watch = format!("{WIDGETS}?watch=1&timeoutSeconds=1&resourceVersion=0");
    let (_, _, event) = with_header(&world.router(), &watch, "accept", accept).await;
    assert_eq!(event["object"]["rows"][0]["cells"], json!(["w", "red"]));
}
