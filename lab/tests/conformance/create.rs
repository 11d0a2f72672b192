//! POST: what the server adds, corrects and refuses.

use serde_json::{Value, json};

use crate::check::{Check, Checked, Failure};
use crate::client::{Cluster, revision};
use crate::fixtures::{config_map, widget, widget_of};

pub(crate) fn checks() -> Vec<Check> {
    vec![
        check!(15, a_new_object_gets_its_identity),
        check!(16, a_generated_name_has_five_safe_letters),
        check!(17, a_taken_name_is_refused),
        check!(18, a_name_is_required),
        check!(19, the_namespace_must_exist),
        check!(20, the_namespace_of_body_and_url_must_agree),
        check!(21, a_new_object_has_no_resource_version_of_its_own),
        check!(22, server_owned_metadata_of_the_client_is_ignored),
        check!(23, a_status_is_not_created_where_it_is_a_subresource),
        check!(24, defaults_of_the_schema_are_stored),
        check!(25, unknown_fields_are_pruned_save_where_the_schema_keeps_them),
        check!(26, unknown_fields_are_named_in_a_warning_or_refused),
        check!(27, null_stays_only_where_the_schema_allows_it),
        check!(28, a_value_outside_the_enumeration_is_invalid),
        check!(29, a_value_of_the_wrong_type_is_invalid),
        check!(30, two_elements_with_one_key_are_invalid),
        check!(31, a_dry_run_stores_nothing),
        check!(32, plain_secret_texts_come_back_encoded),
    ]
}

/// Some cause of a 422 has this reason and field.
pub(crate) fn has_cause(status: &Value, reason: &str, field: &str) -> Checked {
    let causes = status["details"]["causes"].as_array().map(Vec::as_slice).unwrap_or_default();
    if causes.iter().any(|cause| cause["reason"] == reason && cause["field"] == field) {
        return Ok(());
    }
    Err(Failure::differs(format!("no cause {reason} of {field} in {status}")))
}

/// 15.
async fn a_new_object_gets_its_identity(c: Cluster) -> Checked {
    let created = c.post(&c.config_maps(), &config_map("a")).await?.ok(201)?;
    let meta = &created["metadata"];
    holds!(meta["uid"].as_str().is_some_and(|uid| uuid::Uuid::parse_str(uid).is_ok()), "{meta}");
    let whole_seconds = |time: &str| time.len() == 20 && time.parse::<jiff::Timestamp>().is_ok() && time.ends_with('Z');
    holds!(meta["creationTimestamp"].as_str().is_some_and(whole_seconds), "{meta}");
    holds!(revision(&created).parse::<u64>().is_ok(), "{meta}");
    same!(meta["namespace"], c.namespace);
    same!(created["data"], json!({ "a": "b" }));
    Ok(())
}

/// 16.
async fn a_generated_name_has_five_safe_letters(c: Cluster) -> Checked {
    let body = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "generateName": "a-" } });
    let created = c.post(&c.config_maps(), &body).await?.ok(201)?;
    let name = crate::client::name(&created);
    let tail = name.strip_prefix("a-").unwrap_or_default();
    holds!(tail.len() == 5 && tail.chars().all(|c| "bcdfghjklmnpqrstvwxz2456789".contains(c)), "{name}");
    Ok(())
}

/// 17.
async fn a_taken_name_is_refused(c: Cluster) -> Checked {
    c.post(&c.config_maps(), &config_map("a")).await?.ok(201)?;
    let status = c.post(&c.config_maps(), &config_map("a")).await?.refused(409, "AlreadyExists")?;
    same!([&status["details"]["name"], &status["details"]["kind"]], ["a", "configmaps"]);
    Ok(())
}

/// 18.
async fn a_name_is_required(c: Cluster) -> Checked {
    let body = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": {} });
    let status = c.post(&c.config_maps(), &body).await?.refused(422, "Invalid")?;
    has_cause(&status, "FieldValueRequired", "metadata.name")
}

/// 19.
async fn the_namespace_must_exist(c: Cluster) -> Checked {
    let path = "/api/v1/namespaces/no-such-namespace/configmaps";
    let status = c.post(path, &config_map("a")).await?.refused(404, "NotFound")?;
    same!([&status["details"]["kind"], &status["details"]["name"]], ["namespaces", "no-such-namespace"]);
    Ok(())
}

/// 20.
async fn the_namespace_of_body_and_url_must_agree(c: Cluster) -> Checked {
    let mut body = config_map("a");
    body["metadata"]["namespace"] = json!("default");
    c.post(&c.config_maps(), &body).await?.refused(400, "BadRequest").map(|_| ())
}

/// 21.
async fn a_new_object_has_no_resource_version_of_its_own(c: Cluster) -> Checked {
    let mut body = config_map("a");
    body["metadata"]["resourceVersion"] = json!("5");
    let reply = c.post(&c.config_maps(), &body).await?;
    holds!(reply.code >= 400, "{} {}", reply.code, reply.text);
    c.is_absent(&c.config_map("a")).await
}

/// 22.
async fn server_owned_metadata_of_the_client_is_ignored(c: Cluster) -> Checked {
    let mut body = widget("a");
    let (uid, time) = ("7e57ed00-0000-4000-8000-000000000000", "2001-01-01T00:00:00Z");
    body["metadata"]["uid"] = json!(uid);
    body["metadata"]["creationTimestamp"] = json!(time);
    body["metadata"]["generation"] = json!(7);
    let created = c.post(&c.widgets(), &body).await?.ok(201)?;
    let meta = &created["metadata"];
    holds!(meta["uid"] != uid && meta["creationTimestamp"] != time, "{meta}");
    same!(meta["generation"], 1);
    Ok(())
}

/// 23.
async fn a_status_is_not_created_where_it_is_a_subresource(c: Cluster) -> Checked {
    let mut body = widget("a");
    body["status"] = json!({ "replicas": 3 });
    same!(c.post(&c.widgets(), &body).await?.ok(201)?.get("status"), None::<Value>);
    same!(c.get(&c.widget("a")).await?.ok(200)?.get("status"), None::<Value>);
    Ok(())
}

/// 24.
async fn defaults_of_the_schema_are_stored(c: Cluster) -> Checked {
    let created = c.post(&c.widgets(), &widget("a")).await?.ok(201)?;
    same!(created["spec"], json!({ "color": "red", "replicas": 1 }));
    Ok(())
}

fn with_unknown_fields() -> Value {
    widget_of("a", json!({ "color": "red", "foo": 1, "free": { "any": { "thing": 1 } } }))
}

/// 25.
async fn unknown_fields_are_pruned_save_where_the_schema_keeps_them(c: Cluster) -> Checked {
    let path = format!("{}?fieldValidation=Ignore", c.widgets());
    let reply = c.post(&path, &with_unknown_fields()).await?;
    same!(reply.header("warning"), "");
    reply.expect(201)?;
    let spec = json!({ "color": "red", "replicas": 1, "free": { "any": { "thing": 1 } } });
    same!(c.get(&c.widget("a")).await?.ok(200)?["spec"], spec);
    Ok(())
}

/// 26.
async fn unknown_fields_are_named_in_a_warning_or_refused(c: Cluster) -> Checked {
    let warned = c.post(&format!("{}?fieldValidation=Warn", c.widgets()), &with_unknown_fields()).await?;
    warned.expect(201)?;
    same!(warned.header("warning"), r#"299 - "unknown field \"spec.foo\"""#);
    let path = format!("{}?fieldValidation=Strict", c.widgets());
    let refused = c.post(&path, &with_unknown_fields()).await?.refused(400, "BadRequest")?;
    let message = refused["message"].as_str().unwrap_or_default();
    holds!(message.contains("unknown field \"spec.foo\""), "{message}");
    Ok(())
}

/// 27.
async fn null_stays_only_where_the_schema_allows_it(c: Cluster) -> Checked {
    let body = widget_of("a", json!({ "color": null, "note": null }));
    let created = c.post(&c.widgets(), &body).await?.ok(201)?;
    same!(created["spec"], json!({ "note": null, "replicas": 1 }));
    Ok(())
}

/// 28.
async fn a_value_outside_the_enumeration_is_invalid(c: Cluster) -> Checked {
    let body = widget_of("a", json!({ "color": "pink" }));
    let status = c.post(&c.widgets(), &body).await?.refused(422, "Invalid")?;
    same!(
        [&status["details"]["name"], &status["details"]["group"], &status["details"]["kind"]],
        ["a", "conf.example.com", "Widget"]
    );
    has_cause(&status, "FieldValueNotSupported", "spec.color")
}

/// 29.
async fn a_value_of_the_wrong_type_is_invalid(c: Cluster) -> Checked {
    let body = widget_of("a", json!({ "replicas": "x" }));
    let status = c.post(&c.widgets(), &body).await?.refused(422, "Invalid")?;
    has_cause(&status, "FieldValueTypeInvalid", "spec.replicas")
}

/// 30.
async fn two_elements_with_one_key_are_invalid(c: Cluster) -> Checked {
    let body = widget_of("a", json!({ "ports": [{ "port": 1 }, { "port": 1 }] }));
    let status = c.post(&c.widgets(), &body).await?.refused(422, "Invalid")?;
    has_cause(&status, "FieldValueDuplicate", "spec.ports[1]")
}

/// 31.
async fn a_dry_run_stores_nothing(c: Cluster) -> Checked {
    let mut watch =
        c.watch(&c.config_maps(), &format!("resourceVersion={}", c.revision(&c.config_maps()).await?)).await?;
    let dry = c.post(&format!("{}?dryRun=All", c.config_maps()), &config_map("dry")).await?.ok(201)?;
    same!(dry["data"], json!({ "a": "b" }));
    c.is_absent(&c.config_map("dry")).await?;
    c.post(&c.config_maps(), &config_map("wet")).await?.ok(201)?;
    watch.expect(&["ADDED wet"]).await?;
    Ok(())
}

/// 32.
async fn plain_secret_texts_come_back_encoded(c: Cluster) -> Checked {
    let body = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s" },
        "data": { "old": "YQ==" }, "stringData": { "user": "admin" },
    });
    c.post(&c.core("secrets"), &body).await?.ok(201)?;
    let stored = c.get(&c.core("secrets/s")).await?.ok(200)?;
    same!(
        [&stored["data"], &stored["stringData"], &stored["type"]],
        json!([{ "old": "YQ==", "user": "YWRtaW4=" }, null, "Opaque"])
    );
    Ok(())
}
