//! PUT: locks, identity, generation and the status.

use serde_json::json;

use crate::check::{Check, Checked, eventually};
use crate::client::{Cluster, revision, revision_number};
use crate::fixtures::{CRDS, config_map, crd, lease, plain_version, widget};

pub(crate) fn checks() -> Vec<Check> {
    vec![
        check!(47, a_put_of_the_current_revision_moves_it_on),
        check!(48, a_put_of_a_stale_revision_conflicts),
        check!(49, only_some_resources_take_a_put_without_a_revision),
        check!(50, a_put_of_the_same_object_changes_nothing),
        check!(51, name_and_uid_of_a_put_must_be_those_of_the_object),
        check!(52, only_some_resources_are_created_by_a_put),
        check!(53, only_changes_of_the_spec_count_as_generations),
        check!(54, the_main_path_leaves_the_status_alone),
        check!(55, the_status_path_leaves_everything_else_alone),
        check!(56, there_is_no_status_path_without_the_subresource),
    ]
}

/// 47.
async fn a_put_of_the_current_revision_moves_it_on(c: Cluster) -> Checked {
    let mut object = c.post(&c.config_maps(), &config_map("a")).await?.ok(201)?;
    let before = revision_number(&object);
    object["data"]["a"] = json!("c");
    let after = c.put(&c.config_map("a"), &object).await?.ok(200)?;
    same!(after["data"], json!({ "a": "c" }));
    holds!(revision_number(&after) > before, "{before} and {}", revision(&after));
    Ok(())
}

/// 48.
async fn a_put_of_a_stale_revision_conflicts(c: Cluster) -> Checked {
    let mut object = c.post(&c.config_maps(), &config_map("a")).await?.ok(201)?;
    c.merge(&c.config_map("a"), &json!({ "data": { "a": "c" } })).await?.ok(200)?;
    object["data"]["a"] = json!("d");
    let status = c.put(&c.config_map("a"), &object).await?.refused(409, "Conflict")?;
    let message = status["message"].as_str().unwrap_or_default();
    holds!(message.contains("the object has been modified"), "{message}");
    same!(c.get(&c.config_map("a")).await?.ok(200)?["data"], json!({ "a": "c" }));
    Ok(())
}

/// 49.
async fn only_some_resources_take_a_put_without_a_revision(c: Cluster) -> Checked {
    c.post(&c.widgets(), &widget("a")).await?.ok(201)?;
    c.put(&c.widget("a"), &widget("a")).await?.refused(422, "Invalid")?;
    c.post(&c.config_maps(), &config_map("a")).await?.ok(201)?;
    c.put(&c.config_map("a"), &config_map("a")).await?.ok(200).map(|_| ())
}

/// 50.
async fn a_put_of_the_same_object_changes_nothing(c: Cluster) -> Checked {
    let object = c.post(&c.widgets(), &widget("a")).await?.ok(201)?;
    let mut watch = c.watch(&c.widgets(), &format!("resourceVersion={}", revision(&object))).await?;
    let again = c.put(&c.widget("a"), &object).await?.ok(200)?;
    same!(revision(&again), revision(&object));
    c.post(&c.widgets(), &widget("marker")).await?.ok(201)?;
    watch.expect(&["ADDED marker"]).await?;
    Ok(())
}

/// 51.
async fn name_and_uid_of_a_put_must_be_those_of_the_object(c: Cluster) -> Checked {
    let object = c.post(&c.config_maps(), &config_map("a")).await?.ok(201)?;
    c.put(&c.config_map("a"), &config_map("b")).await?.refused(400, "BadRequest")?;
    let mut stranger = object;
    stranger["metadata"]["uid"] = json!("7e57ed00-0000-4000-8000-000000000000");
    c.put(&c.config_map("a"), &stranger).await?.refused(409, "Conflict").map(|_| ())
}

/// 52.
async fn only_some_resources_are_created_by_a_put(c: Cluster) -> Checked {
    c.put(&c.config_map("a"), &config_map("a")).await?.refused(404, "NotFound")?;
    let path = c.group("coordination.k8s.io/v1", "leases/l");
    c.put(&path, &lease("l")).await?.ok(201).map(|_| ())
}

/// 53.
async fn only_changes_of_the_spec_count_as_generations(c: Cluster) -> Checked {
    let mut object = c.post(&c.widgets(), &widget("a")).await?.ok(201)?;
    object["metadata"]["labels"] = json!({ "a": "b" });
    let mut labelled = c.put(&c.widget("a"), &object).await?.ok(200)?;
    same!(labelled["metadata"]["generation"], 1);
    labelled["spec"]["color"] = json!("blue");
    same!(c.put(&c.widget("a"), &labelled).await?.ok(200)?["metadata"]["generation"], 2);
    Ok(())
}

/// 54.
async fn the_main_path_leaves_the_status_alone(c: Cluster) -> Checked {
    c.post(&c.widgets(), &widget("a")).await?.ok(201)?;
    let path = format!("{}/status", c.widget("a"));
    let mut object = c.merge(&path, &json!({ "status": { "replicas": 3 } })).await?.ok(200)?;
    object["status"] = json!({ "replicas": 4 });
    object["spec"]["color"] = json!("blue");
    let after = c.put(&c.widget("a"), &object).await?.ok(200)?;
    same!([&after["status"], &after["spec"]["color"]], json!([{ "replicas": 3 }, "blue"]));
    Ok(())
}

/// 55.
async fn the_status_path_leaves_everything_else_alone(c: Cluster) -> Checked {
    let before = c.post(&c.widgets(), &widget("a")).await?.ok(201)?;
    let mut object = before.clone();
    object["status"] = json!({ "replicas": 4 });
    object["spec"]["color"] = json!("blue");
    object["metadata"]["labels"] = json!({ "a": "b" });
    object["metadata"]["finalizers"] = json!(["conf.example.com/f"]);
    c.put(&format!("{}/status", c.widget("a")), &object).await?.ok(200)?;
    let after = c.get(&c.widget("a")).await?.ok(200)?;
    same!([&after["status"], &after["spec"]], json!([{ "replicas": 4 }, before["spec"]]));
    let meta = &after["metadata"];
    same!([&meta["generation"], &meta["labels"], &meta["finalizers"]], json!([1, null, null]));
    holds!(revision_number(&after) > revision_number(&before), "{} and {}", revision(&before), revision(&after));
    Ok(())
}

/// 56.
async fn there_is_no_status_path_without_the_subresource(c: Cluster) -> Checked {
    let group = format!("{}.example.com", c.namespace);
    c.post(CRDS, &crd(&group, "plains", "Plain", &[], &[plain_version()])).await?.ok(201)?;
    let collection = c.group(&format!("{group}/v1"), "plains");
    let body = json!({ "apiVersion": format!("{group}/v1"), "kind": "Plain", "metadata": { "name": "p" } });
    let created =
        eventually(std::time::Duration::from_secs(10), || async { c.post(&collection, &body).await?.ok(201) }).await?;
    c.put(&format!("{collection}/p/status"), &created).await?.expect(404)
}
