//! What the HTTP server says of services that a whole operator keeps.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use amko::http::{TestHooks, router};
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use support::World;
use support::objects::{apply, service, web};
use support::routes::{install_route_crd, route};
use tower::ServiceExt;

/// What a GET of this path says, without uuids and times.
async fn get(world: &World, path: &str) -> Value {
    let request = http::Request::get(path).body(Body::empty()).unwrap();
    let answer = router(world.links().clone(), TestHooks::Off).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    let mut body: Value = serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap();
    for field in ["uuid", "last_write"] {
        assert!(body.as_object_mut().unwrap().remove(field).is_some_and(|value| value.is_string()), "{field}");
    }
    body
}

/// DB-39 and OBJ-01: every kind is shown, members with their tenant, refused objects with the reason, and what is not
/// ready as neither.
#[tokio::test(start_paused = true)]
async fn a_service_shows_its_members_of_every_kind_and_who_was_refused() {
    let mut world = World::of_examples();
    install_route_crd(world.cluster("ctx-a"));
    let fqdn = "web.example.org";
    apply(world.cluster("ctx-a"), route("web", fqdn, "10.1.0.5", json!({"host": fqdn})));
    apply(world.cluster("ctx-a"), service("web", fqdn, "10.1.0.6", &[(80, "TCP")]));
    let mut unlabelled = service("spare", fqdn, "10.1.0.7", &[(80, "TCP")]);
    unlabelled["metadata"]["labels"] = json!({});
    apply(world.cluster("ctx-a"), unlabelled);
    let mut not_ready = service("new", fqdn, "10.1.0.8", &[(80, "TCP")]);
    not_ready["status"] = json!({});
    apply(world.cluster("ctx-a"), not_ready);
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    world.start().await;
    let member = |address: &str, virtual_service: &str| json!({"address": address, "weight": 1, "priority": 10, "virtual_service": virtual_service});
    let expected = json!({
        "fqdn": fqdn,
        "state": "in-sync",
        "wanted": {
            "tenant": "admin",
            "domain_names": [fqdn],
            "objects": ["ROUTE/ctx-a/shop/web", "LBSVC/ctx-a/shop/web", format!("INGRESS/ctx-b/shop/web/{fqdn}")],
            "members": [
                member("10.1.0.5", "virtualservice-web.example.org"),
                member("10.1.0.6", "virtualservice-web.example.org"),
                member("10.2.0.5", "virtualservice-web-2"),
            ],
            "monitors": world.monitor_names(),
        },
        "refused": {"LBSVC/ctx-a/shop/spare":
            "it lacks the label app: gslb of spec.matchRules.appSelector of the GlobalDeploymentPolicy; set the label \
             on the object"},
    });
    assert_eq!(get(&world, &format!("/api/gs/{fqdn}")).await, expected);
}
