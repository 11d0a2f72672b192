//! What the HTTP server says of services that a whole operator keeps.

use crate::support::World;
use crate::support::ako_crds::{install_route_crd, route_of};
use crate::support::objects::{apply, service};
use amko::http::{TestHooks, router};
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

async fn get(world: &World, path: &str) -> Value {
    let request = http::Request::get(path).body(Body::empty()).unwrap();
    let answer = router(world.links().clone(), TestHooks::Off).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

/// DB-39: Routes and Services show like any other kind, in whatever tenant.
#[tokio::test(start_paused = true)]
async fn routes_and_services_of_any_tenant_show_as_members() {
    const ANNOTATION: &str = "ako.vmware.com/tenant-name";
    let mut world = World::of_examples();
    let fqdn = "web.example.org";
    install_route_crd(world.cluster("ctx-a"));
    let metadata = json!({"name": "shop", "annotations": {ANNOTATION: "tenant2"}});
    apply(world.cluster("ctx-a"), json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}));
    let objects =
        [route_of("web", fqdn, "10.1.0.5", json!({"host": fqdn})), service("web", fqdn, "10.1.0.6", &[(80, "TCP")])];
    for mut object in objects {
        object["metadata"]["annotations"][ANNOTATION] = json!("tenant2");
        apply(world.cluster("ctx-a"), object);
    }
    // The controller has no such tenant, so this never settles; what is wanted is known all the same.
    world.start_without_settling().await;
    tokio::time::sleep(std::time::Duration::from_secs(20)).await;
    let wanted = get(&world, &format!("/api/gs/{fqdn}")).await["wanted"].clone();
    let addresses: Vec<&Value> = wanted["members"].as_array().unwrap().iter().map(|m| &m["address"]).collect();
    assert_eq!((&wanted["tenant"], addresses), (&json!("tenant2"), vec![&json!("10.1.0.5"), &json!("10.1.0.6")]));
}

/// By cluster, how many minutes ago its API server answered last.
fn minutes_of_silence(world: &World) -> Vec<(String, u64)> {
    let metrics = world.links().metrics.render(&world.links().board.read());
    let ages = metrics.lines().filter_map(|line| line.strip_prefix("amko_cluster_watch_age_seconds{cluster=\""));
    let mut ages: Vec<(String, u64)> = ages
        .map(|line| {
            let (cluster, seconds) = line.split_once("\"} ").unwrap();
            (cluster.to_owned(), seconds.parse::<f64>().unwrap() as u64 / 60)
        })
        .collect();
    ages.sort();
    ages
}

/// CL-06: a watch on which nothing happens is opened again every minute, so a cluster that is well is never silent for
/// longer.
#[tokio::test(start_paused = true)]
async fn the_metrics_tell_how_long_each_cluster_has_been_silent() {
    let mut world = World::of_examples();
    world.start().await;
    let wait = |minutes: u64| tokio::time::sleep(std::time::Duration::from_secs(60 * minutes));
    let silent = |a, b| vec![("ctx-a".to_owned(), a), ("ctx-b".to_owned(), b)];
    wait(30).await;
    assert_eq!(minutes_of_silence(&world), silent(0, 0));
    world.cluster("ctx-b").set_available(false);
    wait(10).await;
    let ages = minutes_of_silence(&world);
    assert!(ages == silent(0, 9) || ages == silent(0, 10), "{ages:?}");
    world.cluster("ctx-b").set_available(true);
    wait(1).await;
    assert_eq!(minutes_of_silence(&world), silent(0, 0));
}
