//! The client library that the operator is written with.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams};
use kube::runtime::controller::Action;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::runtime::finalizer::{Event as FinalizerEvent, finalizer};
use kube::runtime::wait::{await_condition, conditions};
use kube::runtime::watcher::{self, watcher};
use kube::{Api, Client, Resource, ResourceExt};
use serde_json::json;
use tokio::time::timeout;

use crate::check::{Checked, Failure};
use crate::client::{Cluster, items};
use crate::clients_support::kube_client;
use crate::fixtures::{config_map, widget};

const PATIENCE: Duration = Duration::from_secs(20);
const FINALIZER: &str = "conf.example.com/finalizer";

fn wrong(what: &str, error: impl std::fmt::Display) -> Failure {
    Failure::differs(format!("{what}: {error}"))
}

fn widgets(client: &Client) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("conf.example.com", "v1", "Widget");
    Api::default_namespaced_with(client.clone(), &ApiResource::from_gvk_with_plural(&kind, "widgets"))
}

/// 117.
pub(super) async fn kube_rs_creates_applies_watches_finalizes_and_records(c: Cluster) -> Checked {
    let client = kube_client(&c)?;
    watches(&widgets(&client)).await?;
    finalizes(&Api::default_namespaced(client.clone())).await?;
    records(&c, client).await
}

/// Creation, status by apply, the watcher's view of it, and the wait for the end.
async fn watches(api: &Api<DynamicObject>) -> Checked {
    let object: DynamicObject = serde_json::from_value(widget("w")).map_err(|error| wrong("the widget", error))?;
    let created = api.create(&PostParams::default(), &object).await.map_err(|error| wrong("create", error))?;
    let mut events = pin!(watcher(api.clone(), watcher::Config::default()));
    same!(
        [next(&mut events).await?, next(&mut events).await?, next(&mut events).await?],
        ["Init", "InitApply w", "InitDone"]
    );
    let status = json!({
        "apiVersion": "conf.example.com/v1", "kind": "Widget", "metadata": { "name": "w" },
        "status": { "conditions": [{ "type": "Ready", "status": "True" }] },
    });
    let applied = api.patch_status("w", &PatchParams::apply("kube-rs").force(), &Patch::Apply(&status)).await;
    let applied = applied.map_err(|error| wrong("apply the status", error))?;
    same!(applied.data["status"]["conditions"][0]["status"], "True");
    same!(next(&mut events).await?, "Apply w");
    let uid = created.uid().unwrap_or_default();
    let gone = timeout(PATIENCE, await_condition(api.clone(), "w", conditions::is_deleted(&uid)));
    let parameters = DeleteParams::default();
    let (gone, deleted) = tokio::join!(gone, api.delete("w", &parameters));
    deleted.map_err(|error| wrong("delete", error))?;
    gone.map_err(|error| wrong("await_condition", error))?.map_err(|error| wrong("await_condition", error))?;
    same!(next(&mut events).await?, "Delete w");
    Ok(())
}

async fn next(
    events: &mut (impl Stream<Item = watcher::Result<watcher::Event<DynamicObject>>> + Unpin),
) -> Result<String, Failure> {
    let event = timeout(PATIENCE, events.next()).await.map_err(|_| Failure::differs("the watcher is silent"))?;
    let event = event.ok_or_else(|| Failure::differs("the watcher ended"))?.map_err(|error| wrong("watcher", error))?;
    Ok(match event {
        watcher::Event::Init => "Init".to_owned(),
        watcher::Event::InitApply(object) => format!("InitApply {}", object.name_any()),
        watcher::Event::InitDone => "InitDone".to_owned(),
        watcher::Event::Apply(object) => format!("Apply {}", object.name_any()),
        watcher::Event::Delete(object) => format!("Delete {}", object.name_any()),
    })
}

/// The helper's three turns: it adds the finalizer, the object is deleted, it cleans up and lets go.
async fn finalizes(api: &Api<ConfigMap>) -> Checked {
    let object: ConfigMap =
        serde_json::from_value(config_map("held")).map_err(|error| wrong("the ConfigMap", error))?;
    api.create(&PostParams::default(), &object).await.map_err(|error| wrong("create", error))?;
    turn(api).await?;
    let held = api.get("held").await.map_err(|error| wrong("get", error))?;
    same!(held.finalizers(), [FINALIZER]);
    let deleted = api.delete("held", &DeleteParams::default()).await.map_err(|error| wrong("delete", error))?;
    holds!(deleted.is_left(), "the object is kept");
    turn(api).await?;
    let left = api.get_opt("held").await.map_err(|error| wrong("get", error))?;
    holds!(left.is_none(), "{left:?}");
    Ok(())
}

async fn turn(api: &Api<ConfigMap>) -> Checked {
    let object = api.get("held").await.map_err(|error| wrong("get", error))?;
    let deleting = object.meta().deletion_timestamp.is_some();
    let reconcile = |event| async move {
        match (event, deleting) {
            (FinalizerEvent::Apply(_), false) | (FinalizerEvent::Cleanup(_), true) => Ok(Action::await_change()),
            _ => Err(std::io::Error::other("the event does not fit the object")),
        }
    };
    let done = finalizer(api, FINALIZER, Arc::new(object), reconcile).await;
    done.map(|_| ()).map_err(|error| wrong("finalizer()", error))
}

/// Two of the same are one Event with a series.
async fn records(c: &Cluster, client: Client) -> Checked {
    let object = c.post(&c.config_maps(), &config_map("noted")).await?.ok(201)?;
    let object: ConfigMap = serde_json::from_value(object).map_err(|error| wrong("the ConfigMap", error))?;
    let recorder = Recorder::new(client, Reporter { controller: "example.com/kube-rs".into(), instance: None });
    let event = Event {
        type_: EventType::Normal,
        reason: "Noted".into(),
        note: Some("it was noted".into()),
        action: "Note".into(),
        secondary: None,
    };
    for _ in 0..2 {
        recorder.publish(&event, &object.object_ref(&())).await.map_err(|error| wrong("publish", error))?;
    }
    let list = c.get(&c.core("events")).await?.ok(200)?;
    same!(items(&list).len(), 1);
    let event = &items(&list)[0];
    same!(
        [&event["involvedObject"]["name"], &event["message"], &event["series"]["count"]],
        json!(["noted", "it was noted", 2])
    );
    Ok(())
}
