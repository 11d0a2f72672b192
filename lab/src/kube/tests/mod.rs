//! The API server from the outside, without sockets.

mod access;
mod client;
mod custom;
mod deletion;
mod lists;
mod objects;
mod owners;
mod patches;
mod transport;
mod watches;

use axum::Router;
use axum::body::Body;
use futures::StreamExt;
use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{KubeWorld, KubeWorldConfig};
use crate::chance::Chance;
use crate::clock::Clock;

/// A fresh cluster whose clock starts at 2026-01-02T03:04:05Z.
fn world() -> KubeWorld {
    let clock = Clock::starting_at("2026-01-02T03:04:05Z".parse().unwrap());
    KubeWorld::new(KubeWorldConfig { name: "east".to_owned(), clock, chance: Chance::seeded(7), history: 1000 })
}

/// An answer as a client sees it.
#[derive(Debug, PartialEq)]
struct Reply {
    code: u16,
    body: Value,
}

async fn send(router: &Router, method: &str, path: &str, content_type: &str, body: String) -> Reply {
    let request = Request::builder().method(method).uri(path).header("content-type", content_type);
    let response = router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let code = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
    Reply { code, body }
}

async fn get(router: &Router, path: &str) -> Reply {
    send(router, "GET", path, "", String::new()).await
}

async fn post(router: &Router, path: &str, body: Value) -> Reply {
    send(router, "POST", path, "application/json", body.to_string()).await
}

async fn put(router: &Router, path: &str, body: Value) -> Reply {
    send(router, "PUT", path, "application/json", body.to_string()).await
}

async fn delete(router: &Router, path: &str) -> Reply {
    send(router, "DELETE", path, "", String::new()).await
}

async fn merge(router: &Router, path: &str, body: Value) -> Reply {
    send(router, "PATCH", path, "application/merge-patch+json", body.to_string()).await
}

/// The lines of a running watch.
struct Lines(axum::body::BodyDataStream);

impl Lines {
    async fn open(router: &Router, path: &str) -> Self {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        Self(response.into_body().into_data_stream())
    }

    /// Type, name and label `x` of the next event; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Value> {
        let bytes = self.0.next().await?.unwrap();
        Some(serde_json::from_slice(&bytes).unwrap())
    }

    /// `TYPE name` of the next event.
    async fn brief(&mut self) -> String {
        match self.next().await {
            Some(event) => format!("{} {}", event["type"], event["object"]["metadata"]["name"]).replace('"', ""),
            None => "end".to_owned(),
        }
    }
}

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
const WIDGETS: &str = "/apis/conf.example.com/v1/namespaces/default/widgets";

fn config_map(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name }, "data": { "a": "b" } })
}

fn widget(name: &str) -> Value {
    let (api_version, kind) = ("conf.example.com/v1", "Widget");
    json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": name }, "spec": { "color": "red" } })
}

/// Widgets: v1 stored, v1beta1 served, status subresource, printer columns.
fn widget_crd() -> Value {
    let schema = json!({ "openAPIV3Schema": { "type": "object", "properties": {
        "spec": { "type": "object", "properties": {
            "replicas": { "type": "integer", "minimum": 0, "default": 1 },
            "color": { "type": "string", "enum": ["red", "green", "blue"] },
            "note": { "type": "string", "nullable": true },
            "free": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
        } },
        "status": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
    } } });
    let version = |name: &str, storage: bool| {
        json!({
            "name": name, "served": true, "storage": storage, "schema": schema, "subresources": { "status": {} },
            "additionalPrinterColumns": [{ "name": "Color", "type": "string", "jsonPath": ".spec.color" }],
        })
    };
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "widgets.conf.example.com" },
        "spec": {
            "group": "conf.example.com", "scope": "Namespaced",
            "names": { "plural": "widgets", "kind": "Widget", "shortNames": ["wd"] },
            "versions": [version("v1", true), version("v1beta1", false)],
        },
    })
}

/// A cluster that serves widgets.
fn world_with_widgets() -> KubeWorld {
    let world = world();
    world.apply(widget_crd()).unwrap();
    world
}
