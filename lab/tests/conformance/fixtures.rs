//! The objects that checks write.

use serde_json::{Value, json};

pub(crate) const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// `{a: b}`.
pub(crate) fn config_map(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name }, "data": { "a": "b" } })
}

/// Red.
pub(crate) fn widget(name: &str) -> Value {
    widget_of(name, json!({ "color": "red" }))
}

pub(crate) fn widget_of(name: &str, spec: Value) -> Value {
    json!({ "apiVersion": "conf.example.com/v1", "kind": "Widget", "metadata": { "name": name }, "spec": spec })
}

/// Ports 80 and 443.
pub(crate) fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": name },
        "spec": { "selector": { "app": "web" },
            "ports": [{ "name": "http", "port": 80 }, { "name": "https", "port": 443 }] },
    })
}

pub(crate) fn lease(name: &str) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": { "name": name },
        "spec": { "holderIdentity": "a", "leaseDurationSeconds": 15 },
    })
}

/// The resource that most checks use: two versions, status and scale, columns, lists of every type.
pub(crate) fn widget_crd() -> Value {
    let version = |name: &str, storage: bool| {
        json!({
            "name": name, "served": true, "storage": storage,
            "schema": { "openAPIV3Schema": widget_schema() },
            "subresources": { "status": {}, "scale": {
                "specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas",
                "labelSelectorPath": ".status.selector",
            } },
            "additionalPrinterColumns": [
                { "name": "Color", "type": "string", "jsonPath": ".spec.color" },
                { "name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status" },
            ],
        })
    };
    crd("conf.example.com", "widgets", "Widget", &["wd"], &[version("v1", true), version("v1beta1", false)])
}

fn widget_schema() -> Value {
    let port = json!({ "type": "object", "required": ["port"], "properties": {
        "port": { "type": "integer" }, "name": { "type": "string" },
    } });
    let condition = json!({ "type": "object", "properties": {
        "type": { "type": "string" }, "status": { "type": "string" },
    } });
    json!({ "type": "object", "properties": {
        "spec": { "type": "object", "properties": {
            "replicas": { "type": "integer", "minimum": 0, "default": 1 },
            "color": { "type": "string", "enum": ["red", "green", "blue"] },
            "ports": { "type": "array", "items": port,
                "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port"] },
            "tags": { "type": "array", "items": { "type": "string" }, "x-kubernetes-list-type": "set" },
            "note": { "type": "string", "nullable": true },
            "free": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
        } },
        "status": { "type": "object", "properties": {
            "replicas": { "type": "integer" }, "selector": { "type": "string" },
            "conditions": { "type": "array", "items": condition },
        } },
    } })
}

/// A definition with these versions.
pub(crate) fn crd(group: &str, plural: &str, kind: &str, short_names: &[&str], versions: &[Value]) -> Value {
    let mut names = json!({ "plural": plural, "kind": kind });
    if !short_names.is_empty() {
        names["shortNames"] = json!(short_names);
    }
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{plural}.{group}") },
        "spec": { "group": group, "scope": "Namespaced", "versions": versions, "names": names },
    })
}

/// One stored version v1 whose spec has a free `size`, without subresources.
pub(crate) fn plain_version() -> Value {
    json!({
        "name": "v1", "served": true, "storage": true,
        "schema": { "openAPIV3Schema": { "type": "object", "properties": {
            "spec": { "type": "object", "properties": { "size": { "type": "integer" } } },
            "status": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
        } } },
    })
}
