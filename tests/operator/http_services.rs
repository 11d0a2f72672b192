//! `/api/gs`: what the operator wants for each FQDN, and how far the controller is from it.

use crate::support::ako_crds::{host_rule as ako_rule, install_ako_crds};
use crate::support::controller::add_third_party_sites;
use crate::support::objects::{apply, web};
use crate::support::status::host_rule;
use crate::support::{LEADER, World};
use amko::http::{TestHooks, router};
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

pub async fn ask(world: &World, path: &str) -> (u16, Value) {
    let request = http::Request::get(path).body(Body::empty()).unwrap();
    let answer = router(world.links().clone(), TestHooks::Off).oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

/// The time of a write is of the machine's clock.
fn without_time(mut document: Value) -> Value {
    assert!(document["last_write"].take().is_string());
    document
}

/// GHR-02, OBJ-04.
#[tokio::test(start_paused = true)]
async fn a_service_shows_what_is_behind_each_member_its_aliases_and_the_rule_in_force() {
    let mut world = World::of_examples();
    add_third_party_sites(&world, &["cdn"]).await;
    install_ako_crds(world.cluster("ctx-b"));
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    apply(world.cluster("ctx-b"), ako_rule("hr", "web.example.org", json!({"aliases": ["www.example.org"]})));
    let mut unlabelled = web("web", "10.1.0.9");
    unlabelled["metadata"]["name"] = json!("spare");
    unlabelled["metadata"]["labels"] = json!({});
    apply(world.cluster("ctx-a"), unlabelled);
    let spec = json!({
        "fqdn": "web.example.org", "ttl": 60,
        "thirdPartyMembers": [{"site": "cdn", "vip": "198.51.100.7", "publicIP": "203.0.113.7"},
            {"site": "cdn", "vip": "198.51.100.7"}],
        "publicIP": [{"cluster": "ctx-b", "ip": "203.0.113.5"}],
        "trafficSplit": [{"cluster": "ctx-a", "weight": 3, "priority": 20}],
    });
    apply(world.home(), host_rule("web-rule", spec));
    world.start().await;
    let expected = json!({
        "fqdn": "web.example.org",
        "state": "in-sync",
        "rule": "avi-system/web-rule",
        "wanted": {
            "tenant": "admin",
            "domain_names": ["web.example.org", "www.example.org"],
            "ttl": 60,
            "members": [
                {"address": "10.1.0.5", "weight": 3, "priority": 20, "cluster": "ctx-a", "object": "Ingress shop/web",
                    "virtual_service": "virtualservice-web-1"},
                {"address": "10.2.0.5", "public_address": "203.0.113.5", "weight": 1, "priority": 10,
                    "cluster": "ctx-b", "object": "Ingress shop/web", "virtual_service": "virtualservice-web-2"},
                {"address": "198.51.100.7", "public_address": "203.0.113.7", "weight": 1, "priority": 1, "site": "cdn"},
            ],
            "monitors": world.monitor_names(),
        },
        "uuid": world.on_controller(LEADER, "gslbservice")["web.example.org"]["uuid"],
        "refused": [{"cluster": "ctx-a", "object": "Ingress shop/spare",
            "reason": "it lacks the label app: gslb of spec.matchRules.appSelector of the GlobalDeploymentPolicy; set \
                the label on the object"}],
        "limitations": ["thirdPartyMembers names 198.51.100.7 of site cdn more than once; only the first entry is \
            used, remove the others"],
        "last_write": null,
    });
    let (code, document) = ask(&world, "/api/gs/web.example.org").await;
    assert_eq!((code, without_time(document)), (200, expected.clone()));
    let (code, documents) = ask(&world, "/api/gs").await;
    let documents: Vec<Value> = documents.as_array().unwrap().iter().cloned().map(without_time).collect();
    assert_eq!((code, documents), (200, vec![expected]));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_nobody_asks_for_has_no_service() {
    let mut world = World::of_examples();
    world.start().await;
    let error = json!({"error": "no object of any cluster asks for web.example.org"});
    assert_eq!(ask(&world, "/api/gs/web.example.org").await, (404, error));
    assert_eq!(ask(&world, "/api/gs").await, (200, json!([])));
}

/// FND-D2: the list of all services is sent as it is read by the client, to two clients at a time; a third is told to ask
/// again, and gets it when one of them has left.
#[tokio::test(start_paused = true)]
async fn the_list_of_all_services_is_sent_to_two_clients_at_a_time() {
    let mut world = World::of_examples();
    (1..=100).for_each(|n| drop(apply(world.cluster("ctx-a"), web(&format!("web{n}"), &format!("10.1.0.{n}")))));
    world.start().await;
    let router = router(world.links().clone(), TestHooks::Off);
    let ask = || router.clone().oneshot(http::Request::get("/api/gs").body(Body::empty()).unwrap());
    let (first, second) = (ask().await.unwrap(), ask().await.unwrap());
    let third = ask().await.unwrap();
    assert_eq!(
        (first.status(), second.status(), third.status()),
        (http::StatusCode::OK, http::StatusCode::OK, http::StatusCode::SERVICE_UNAVAILABLE)
    );
    assert_eq!(third.headers()["retry-after"], "5");
    let probe = router.clone().oneshot(http::Request::get("/healthz").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(probe.status(), 200);
    drop(first);
    let whole = second.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(serde_json::from_slice::<Value>(&whole).unwrap().as_array().unwrap().len(), 100);
    assert_eq!(ask().await.unwrap().status(), 200);
}
