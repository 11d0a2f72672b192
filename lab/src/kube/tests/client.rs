//! kube's client and watcher, on paused time.

use std::pin::pin;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, ResourceExt};
use serde_json::{from_value, json};

use super::{config_map, world};

#[tokio::test(start_paused = true)]
async fn the_client_lists_and_its_watcher_follows_through_outage_and_compaction() {
    let world = world();
    let client = Client::new(world.router(), "default");
    let api: Api<ConfigMap> = Api::default_namespaced(client);
    world.apply(config_map("first")).unwrap();
    let stream = watcher(api.clone(), watcher::Config::default()).default_backoff().applied_objects();
    let mut stream = pin!(stream.map_ok(|object| object.name_any()).filter_map(|item| async { item.ok() }));
    assert_eq!(stream.next().await.as_deref(), Some("first"));
    world.apply(config_map("second")).unwrap();
    assert_eq!(stream.next().await.as_deref(), Some("second"));

    world.set_available(false);
    world.delete("configmaps", Some("default"), "first").unwrap();
    world.apply(config_map("third")).unwrap();
    world.compact();
    let outage = tokio::time::timeout(Duration::from_secs(5), stream.next()).await;
    assert!(outage.is_err(), "nothing comes while the server is away");
    world.set_available(true);
    assert_eq!(stream.next().await.as_deref(), Some("second"), "the relist after 410 begins with what is left");
    assert_eq!(stream.next().await.as_deref(), Some("third"));
    let names: Vec<String> =
        api.list(&ListParams::default()).await.unwrap().iter().map(ResourceExt::name_any).collect();
    assert_eq!(names, ["second", "third"]);
}

#[tokio::test(start_paused = true)]
async fn the_client_creates_patches_replaces_and_deletes() {
    let api: Api<ConfigMap> = Api::default_namespaced(Client::new(world().router(), "default"));
    let object: ConfigMap = from_value(config_map("c")).unwrap();
    let created = api.create(&PostParams::default(), &object).await.unwrap();
    assert_eq!(created.namespace().as_deref(), Some("default"));
    let patch = Patch::Apply(json!({ "apiVersion": "v1", "kind": "ConfigMap", "data": { "c": "d" } }));
    let applied = api.patch("c", &PatchParams::apply("test"), &patch).await.unwrap();
    assert_eq!(applied.data.clone().unwrap().into_keys().collect::<Vec<_>>(), ["a", "c"]);
    let stale = api.replace("c", &PostParams::default(), &created).await.unwrap_err();
    assert!(matches!(stale, kube::Error::Api(status) if status.is_conflict()));
    api.replace("c", &PostParams::default(), &applied).await.unwrap();
    assert!(api.delete("c", &DeleteParams::default()).await.unwrap().is_right());
    assert_eq!(api.get_opt("c").await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn pages_and_metadata_requests_work_with_the_client() {
    let client = Client::new(world().router(), "default");
    let api: Api<Namespace> = Api::all(client);
    let page = api.list_metadata(&ListParams::default().limit(3)).await.unwrap();
    assert_eq!(page.items.len(), 3);
    let token = page.metadata.continue_.unwrap();
    let rest = api.list(&ListParams::default().limit(3).continue_token(&token)).await.unwrap();
    assert_eq!(rest.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), ["kube-system"]);
}
