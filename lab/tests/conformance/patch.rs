//! PATCH, save for apply.

use serde_json::{Value, json};

use crate::check::{Check, Checked};
use crate::client::{Cluster, JSON_PATCH, STRATEGIC_PATCH, revision};
use crate::fixtures::{config_map, service, widget, widget_of};

pub(crate) fn checks() -> Vec<Check> {
    vec![
        check!(57, null_in_a_merge_patch_removes),
        check!(58, a_merge_patch_with_a_stale_revision_conflicts),
        check!(59, a_json_patch_applies_when_its_test_holds),
        check!(60, a_json_patch_may_test_that_something_is_missing),
        check!(61, a_strategic_patch_merges_lists_of_built_in_kinds_only),
        check!(62, an_empty_merge_patch_changes_nothing),
        check!(63, a_missing_object_cannot_be_patched),
        check!(64, every_served_version_can_be_patched),
    ]
}

/// 57.
async fn null_in_a_merge_patch_removes(c: Cluster) -> Checked {
    c.post(&c.widgets(), &widget("a")).await?.ok(201)?;
    let patched = c.merge(&c.widget("a"), &json!({ "spec": { "color": null } })).await?.ok(200)?;
    same!(patched["spec"], json!({ "replicas": 1 }));
    Ok(())
}

/// 58.
async fn a_merge_patch_with_a_stale_revision_conflicts(c: Cluster) -> Checked {
    let object = c.post(&c.widgets(), &widget("a")).await?.ok(201)?;
    c.merge(&c.widget("a"), &json!({ "spec": { "color": "blue" } })).await?.ok(200)?;
    let stale = json!({ "metadata": { "resourceVersion": revision(&object) }, "spec": { "color": "green" } });
    c.merge(&c.widget("a"), &stale).await?.refused(409, "Conflict").map(|_| ())
}

/// 59.
async fn a_json_patch_applies_when_its_test_holds(c: Cluster) -> Checked {
    c.post(&c.widgets(), &widget("a")).await?.ok(201)?;
    let patch = json!([
        { "op": "test", "path": "/spec/color", "value": "red" },
        { "op": "replace", "path": "/spec/color", "value": "blue" },
    ]);
    same!(c.patch(JSON_PATCH, &c.widget("a"), &patch).await?.ok(200)?["spec"]["color"], "blue");
    c.patch(JSON_PATCH, &c.widget("a"), &patch).await?.refused(422, "Invalid").map(|_| ())
}

/// 60.
async fn a_json_patch_may_test_that_something_is_missing(c: Cluster) -> Checked {
    c.post(&c.widgets(), &widget("a")).await?.ok(201)?;
    let patch = json!([
        { "op": "test", "path": "/metadata/finalizers", "value": null },
        { "op": "add", "path": "/metadata/finalizers", "value": ["conf.example.com/f"] },
    ]);
    let patched = c.patch(JSON_PATCH, &c.widget("a"), &patch).await?.ok(200)?;
    same!(patched["metadata"]["finalizers"], ["conf.example.com/f"]);
    c.patch(JSON_PATCH, &c.widget("a"), &patch).await?.refused(422, "Invalid")?;
    c.merge(&c.widget("a"), &json!({ "metadata": { "finalizers": null } })).await?.ok(200).map(|_| ())
}

/// 61.
async fn a_strategic_patch_merges_lists_of_built_in_kinds_only(c: Cluster) -> Checked {
    c.post(&c.widgets(), &widget("a")).await?.ok(201)?;
    let color = json!({ "spec": { "color": "blue" } });
    c.patch(STRATEGIC_PATCH, &c.widget("a"), &color).await?.refused(415, "UnsupportedMediaType")?;
    let path = c.core("services/s");
    c.post(&c.core("services"), &service("s")).await?.ok(201)?;
    let patch = json!({ "spec": {
        "$setElementOrder/ports": [{ "port": 8080 }, { "port": 443 }],
        "ports": [{ "port": 8080, "name": "alt" }, { "port": 80, "$patch": "delete" }],
    } });
    let patched = c.patch(STRATEGIC_PATCH, &path, &patch).await?.ok(200)?;
    let ports: Vec<[&Value; 2]> =
        patched["spec"]["ports"].as_array().into_iter().flatten().map(|port| [&port["port"], &port["name"]]).collect();
    same!(ports, json!([[8080, "alt"], [443, "https"]]));
    Ok(())
}

/// 62.
async fn an_empty_merge_patch_changes_nothing(c: Cluster) -> Checked {
    let object = c.post(&c.config_maps(), &config_map("a")).await?.ok(201)?;
    same!(revision(&c.merge(&c.config_map("a"), &json!({})).await?.ok(200)?), revision(&object));
    Ok(())
}

/// 63.
async fn a_missing_object_cannot_be_patched(c: Cluster) -> Checked {
    c.merge(&c.widget("w9"), &json!({ "spec": {} })).await?.refused(404, "NotFound").map(|_| ())
}

/// 64.
async fn every_served_version_can_be_patched(c: Cluster) -> Checked {
    c.post(&c.widgets(), &widget_of("a", json!({ "color": "red" }))).await?.ok(201)?;
    let beta = c.group("conf.example.com/v1beta1", "widgets/a");
    let patched = c.merge(&beta, &json!({ "spec": { "color": "green" } })).await?.ok(200)?;
    same!([&patched["apiVersion"], &patched["spec"]["color"]], ["conf.example.com/v1beta1", "green"]);
    let read = c.get(&c.widget("a")).await?.ok(200)?;
    same!([&read["apiVersion"], &read["spec"]["color"]], ["conf.example.com/v1", "green"]);
    Ok(())
}
