//! DELETE: what it answers, preconditions, finalizers and collections.

use std::time::Duration;

use serde_json::{Value, json};

use crate::check::{Check, Checked, eventually};
use crate::client::{Cluster, JSON, JSON_PATCH, names, revision_number, uid};
use crate::create::has_cause;
use crate::fixtures::{config_map, service, widget};

pub(crate) fn checks() -> Vec<Check> {
    vec![
        check!(77, a_deleted_object_is_gone_and_named_in_the_status),
        check!(78, deleting_a_service_answers_with_the_service),
        check!(79, a_finalizer_keeps_a_deleted_object),
        check!(80, an_object_goes_with_its_last_finalizer),
        check!(81, a_deleted_object_takes_no_new_finalizer),
        check!(82, the_name_of_an_object_that_is_being_deleted_is_taken),
        check!(83, a_precondition_must_hold),
        check!(84, options_may_stand_in_the_query),
        check!(85, a_collection_is_deleted_object_by_object),
        check!(86, a_dry_run_deletes_nothing),
        check!(87, a_deleted_namespace_takes_its_contents_along, [Controllers]),
        check!(88, dependents_follow_their_owner, [Controllers]),
    ]
}

const FINALIZER: &str = "conf.example.com/f";

/// A widget with a finalizer, deleted: the answer to DELETE.
async fn held(c: &Cluster) -> Result<Value, crate::check::Failure> {
    let mut body = widget("w");
    body["metadata"]["finalizers"] = json!([FINALIZER]);
    c.post(&c.widgets(), &body).await?.ok(201)?;
    c.delete(&c.widget("w")).await?.ok(200)
}

async fn release(c: &Cluster) -> Checked {
    let patch = json!([{ "op": "remove", "path": "/metadata/finalizers" }]);
    c.patch(JSON_PATCH, &c.widget("w"), &patch).await?.ok(200).map(|_| ())
}

/// 77.
async fn a_deleted_object_is_gone_and_named_in_the_status(c: Cluster) -> Checked {
    let object = c.post(&c.config_maps(), &config_map("a")).await?.ok(201)?;
    let status = c.delete(&c.config_map("a")).await?.ok(200)?;
    same!(
        [&status["kind"], &status["status"], &status["details"]],
        json!(["Status", "Success", { "name": "a", "kind": "configmaps", "uid": uid(&object) }])
    );
    c.is_absent(&c.config_map("a")).await
}

/// 78.
async fn deleting_a_service_answers_with_the_service(c: Cluster) -> Checked {
    c.post(&c.core("services"), &service("s")).await?.ok(201)?;
    let deleted = c.delete(&c.core("services/s")).await?.ok(200)?;
    same!([&deleted["kind"], &deleted["metadata"]["name"]], ["Service", "s"]);
    c.is_absent(&c.core("services/s")).await
}

/// 79.
async fn a_finalizer_keeps_a_deleted_object(c: Cluster) -> Checked {
    let start = c.revision(&c.widgets()).await?;
    let marked = held(&c).await?;
    holds!(marked["metadata"]["deletionTimestamp"].is_string(), "{marked}");
    same!([&marked["metadata"]["deletionGracePeriodSeconds"], &marked["metadata"]["generation"]], [0, 2]);
    let again = c.delete(&c.widget("w")).await?.ok(200)?;
    same!(again["metadata"]["deletionTimestamp"], marked["metadata"]["deletionTimestamp"]);
    same!(c.get(&c.widget("w")).await?.ok(200)?["metadata"]["uid"], uid(&marked));
    let mut watch = c.watch(&c.widgets(), &format!("resourceVersion={start}")).await?;
    watch.expect(&["ADDED w", "MODIFIED w"]).await?;
    release(&c).await
}

/// 80.
async fn an_object_goes_with_its_last_finalizer(c: Cluster) -> Checked {
    let marked = held(&c).await?;
    let mut watch = c.watch(&c.widgets(), &format!("resourceVersion={}", revision_number(&marked))).await?;
    release(&c).await?;
    c.is_absent(&c.widget("w")).await?;
    let events = watch.expect(&["DELETED w"]).await?;
    holds!(revision_number(&events[0]["object"]) > revision_number(&marked), "{}", events[0]);
    Ok(())
}

/// 81.
async fn a_deleted_object_takes_no_new_finalizer(c: Cluster) -> Checked {
    held(&c).await?;
    let more = json!({ "metadata": { "finalizers": [FINALIZER, "conf.example.com/other"] } });
    let status = c.merge(&c.widget("w"), &more).await?.refused(422, "Invalid")?;
    has_cause(&status, "FieldValueForbidden", "metadata.finalizers")?;
    release(&c).await
}

/// 82.
async fn the_name_of_an_object_that_is_being_deleted_is_taken(c: Cluster) -> Checked {
    held(&c).await?;
    let status = c.post(&c.widgets(), &widget("w")).await?.refused(409, "AlreadyExists")?;
    let message = status["message"].as_str().unwrap_or_default();
    holds!(message.starts_with("object is being deleted"), "{message}");
    release(&c).await
}

/// 83.
async fn a_precondition_must_hold(c: Cluster) -> Checked {
    let object = c.post(&c.config_maps(), &config_map("a")).await?.ok(201)?;
    let with_uid = |uid: &str| json!({ "kind": "DeleteOptions", "apiVersion": "v1", "preconditions": { "uid": uid } });
    let other = with_uid("7e57ed00-0000-4000-8000-000000000000");
    c.delete(&c.config_map("a")).body(JSON, &other).await?.refused(409, "Conflict")?;
    let old = json!({ "kind": "DeleteOptions", "apiVersion": "v1", "preconditions": { "resourceVersion": "1" } });
    c.delete(&c.config_map("a")).body(JSON, &old).await?.refused(409, "Conflict")?;
    c.delete(&c.config_map("a")).body(JSON, &with_uid(uid(&object))).await?.ok(200).map(|_| ())
}

/// 84.
async fn options_may_stand_in_the_query(c: Cluster) -> Checked {
    c.post(&c.config_maps(), &config_map("a")).await?.ok(201)?;
    let path = format!("{}?propagationPolicy=Background&gracePeriodSeconds=0", c.config_map("a"));
    c.delete(&path).await?.ok(200)?;
    c.is_absent(&c.config_map("a")).await
}

/// 85.
async fn a_collection_is_deleted_object_by_object(c: Cluster) -> Checked {
    for (name, label) in [("w1", "go"), ("w2", "stay"), ("w3", "go")] {
        let mut body = widget(name);
        body["metadata"]["labels"] = json!({ "x": label });
        c.post(&c.widgets(), &body).await?.ok(201)?;
    }
    let start = c.revision(&c.widgets()).await?;
    c.delete(&format!("{}?labelSelector=x%3Dgo", c.widgets())).await?.ok(200)?;
    same!(names(&c.get(&c.widgets()).await?.ok(200)?), ["w2"]);
    let mut watch = c.watch(&c.widgets(), &format!("resourceVersion={start}")).await?;
    let mut gone = Vec::new();
    for _ in 0..2 {
        gone.push(crate::watching::brief(&watch.event().await?));
    }
    gone.sort();
    same!(gone, ["DELETED w1", "DELETED w3"]);
    Ok(())
}

/// 86.
async fn a_dry_run_deletes_nothing(c: Cluster) -> Checked {
    let before = c.post(&c.config_maps(), &config_map("a")).await?.ok(201)?;
    c.delete(&format!("{}?dryRun=All", c.config_map("a"))).await?.ok(200)?;
    same!(c.get(&c.config_map("a")).await?.ok(200)?, before);
    Ok(())
}

/// 87.
async fn a_deleted_namespace_takes_its_contents_along(c: Cluster) -> Checked {
    let mut body = widget("w");
    body["metadata"]["finalizers"] = json!([FINALIZER]);
    c.post(&c.widgets(), &body).await?.ok(201)?;
    c.post(&c.config_maps(), &config_map("a")).await?.ok(201)?;
    let path = format!("/api/v1/namespaces/{}", c.namespace);
    same!(c.delete(&path).await?.ok(200)?["status"]["phase"], "Terminating");
    let status = c.post(&c.config_maps(), &config_map("b")).await?.refused(403, "Forbidden")?;
    has_cause(&status, "NamespaceTerminating", "metadata.namespace")?;
    let limit = Duration::from_secs(60);
    eventually(limit, || async { c.is_absent(&c.config_map("a")).await }).await?;
    release(&c).await?;
    eventually(limit, || async { c.is_absent(&path).await }).await
}

/// 88.
async fn dependents_follow_their_owner(c: Cluster) -> Checked {
    let owner = c.post(&c.config_maps(), &config_map("owner")).await?.ok(201)?;
    let mut dependent = widget("dependent");
    dependent["metadata"]["ownerReferences"] =
        json!([{ "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid(&owner) }]);
    c.post(&c.widgets(), &dependent).await?.ok(201)?;
    let background = json!({ "kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background" });
    c.delete(&c.config_map("owner")).body(JSON, &background).await?.ok(200)?;
    eventually(Duration::from_secs(60), || async { c.is_absent(&c.widget("dependent")).await }).await
}
