//! Server-side apply: who owns which field.

use serde_json::{Value, json};

use crate::check::{Check, Checked, Failure};
use crate::client::{Cluster, revision};
use crate::create::has_cause;
use crate::fixtures::{service, widget, widget_of};

pub(crate) fn checks() -> Vec<Check> {
    vec![
        check!(65, applying_what_is_missing_creates_it_and_records_its_fields),
        check!(66, an_apply_names_its_manager),
        check!(67, the_same_apply_again_changes_nothing),
        check!(68, another_value_for_a_field_of_another_manager_conflicts_unless_forced),
        check!(69, the_same_value_is_owned_together),
        check!(70, a_field_that_its_only_manager_no_longer_applies_goes),
        check!(71, a_plain_update_owns_what_it_changed),
        check!(72, elements_of_a_keyed_list_have_their_own_managers),
        check!(73, the_status_has_managers_of_its_own),
        check!(74, an_apply_carries_no_managed_fields_and_the_version_of_its_url),
        check!(75, a_dry_run_of_an_apply_stores_nothing),
        check!(76, only_an_apply_can_be_forced),
    ]
}

/// The entry of a manager, null where it has none.
fn entry(object: &Value, manager: &str, operation: &str) -> Value {
    let entries = object["metadata"]["managedFields"].as_array().map(Vec::as_slice).unwrap_or_default();
    let found = entries.iter().find(|entry| entry["manager"] == manager && entry["operation"] == operation);
    found.cloned().unwrap_or_default()
}

/// What a manager applied.
fn applied(object: &Value, manager: &str) -> Value {
    entry(object, manager, "Apply")["fieldsV1"].clone()
}

fn colored(color: &str) -> Value {
    widget_of("w", json!({ "color": color }))
}

/// 65.
async fn applying_what_is_missing_creates_it_and_records_its_fields(c: Cluster) -> Checked {
    let created = c.apply(&c.widget("w"), "m", &colored("red")).await?.ok(201)?;
    same!(created["spec"], json!({ "color": "red", "replicas": 1 }));
    let entry = entry(&created, "m", "Apply");
    same!(
        [&entry["apiVersion"], &entry["fieldsType"], &entry["fieldsV1"]],
        json!(["conf.example.com/v1", "FieldsV1", { "f:spec": { "f:color": {} } }])
    );
    holds!(entry["time"].as_str().is_some_and(|time| time.parse::<jiff::Timestamp>().is_ok()), "{entry}");
    Ok(())
}

/// 66.
async fn an_apply_names_its_manager(c: Cluster) -> Checked {
    let reply = c.patch(crate::client::APPLY_PATCH, &c.widget("w"), &colored("red")).await?;
    has_cause(&reply.refused(422, "Invalid")?, "FieldValueRequired", "fieldManager")
}

/// 67.
async fn the_same_apply_again_changes_nothing(c: Cluster) -> Checked {
    let first = c.apply(&c.widget("w"), "m", &colored("red")).await?.ok(201)?;
    let second = c.apply(&c.widget("w"), "m", &colored("red")).await?.ok(200)?;
    same!(revision(&second), revision(&first));
    same!(second, first);
    Ok(())
}

/// 68.
async fn another_value_for_a_field_of_another_manager_conflicts_unless_forced(c: Cluster) -> Checked {
    c.apply(&c.widget("w"), "a", &colored("red")).await?.ok(201)?;
    let status = c.apply(&c.widget("w"), "b", &colored("blue")).await?.refused(409, "Conflict")?;
    has_cause(&status, "FieldManagerConflict", ".spec.color")?;
    let message = status["message"].as_str().unwrap_or_default();
    holds!(message.starts_with("Apply failed with 1 conflict: conflict with \"a\""), "{message}");
    let forced = c.apply(&format!("{}?force=true", c.widget("w")), "b", &colored("blue")).await?.ok(200)?;
    same!(forced["spec"]["color"], "blue");
    same!([entry(&forced, "a", "Apply"), applied(&forced, "b")], json!([null, { "f:spec": { "f:color": {} } }]));
    Ok(())
}

/// 69.
async fn the_same_value_is_owned_together(c: Cluster) -> Checked {
    c.apply(&c.widget("w"), "a", &colored("red")).await?.ok(201)?;
    let both = c.apply(&c.widget("w"), "b", &colored("red")).await?.ok(200)?;
    let color = json!({ "f:spec": { "f:color": {} } });
    same!([applied(&both, "a"), applied(&both, "b")], [&color, &color]);
    Ok(())
}

/// 70.
async fn a_field_that_its_only_manager_no_longer_applies_goes(c: Cluster) -> Checked {
    let both = widget_of("w", json!({ "color": "red", "replicas": 2, "note": "n" }));
    c.apply(&c.widget("w"), "a", &both).await?.ok(201)?;
    c.apply(&c.widget("w"), "b", &widget_of("w", json!({ "note": "n" }))).await?.ok(200)?;
    let left = c.apply(&c.widget("w"), "a", &widget_of("w", json!({ "replicas": 2 }))).await?.ok(200)?;
    same!(left["spec"], json!({ "replicas": 2, "note": "n" }));
    same!(applied(&left, "a"), json!({ "f:spec": { "f:replicas": {} } }));
    Ok(())
}

/// 71.
async fn a_plain_update_owns_what_it_changed(c: Cluster) -> Checked {
    let mut object = c.apply(&c.widget("w"), "a", &colored("red")).await?.ok(201)?;
    object["spec"]["color"] = json!("blue");
    let updated = c.put(&format!("{}?fieldManager=u", c.widget("w")), &object).await?.ok(200)?;
    same!(entry(&updated, "u", "Update")["fieldsV1"], json!({ "f:spec": { "f:color": {} } }));
    same!(entry(&updated, "a", "Apply"), Value::Null);
    let status = c.apply(&c.widget("w"), "a", &colored("red")).await?.refused(409, "Conflict")?;
    let cause = status.pointer("/details/causes/0").cloned().unwrap_or_default();
    let message = "conflict with \"u\" using conf.example.com/v1";
    same!([&cause["message"], &cause["field"]], [message, ".spec.color"]);
    Ok(())
}

/// 72.
async fn elements_of_a_keyed_list_have_their_own_managers(c: Cluster) -> Checked {
    let with_ports = |ports: Value| widget_of("w", json!({ "ports": ports }));
    c.apply(&c.widget("w"), "a", &with_ports(json!([{ "port": 1, "name": "one" }]))).await?.ok(201)?;
    let both = c.apply(&c.widget("w"), "b", &with_ports(json!([{ "port": 2 }]))).await?.ok(200)?;
    same!(both["spec"]["ports"], json!([{ "port": 1, "name": "one" }, { "port": 2 }]));
    let key = r#"k:{"port":1}"#;
    let of_a = json!({ "f:spec": { "f:ports": { key: { ".": {}, "f:name": {}, "f:port": {} } } } });
    same!(applied(&both, "a"), of_a);
    let left = c.apply(&c.widget("w"), "a", &widget_of("w", json!({ "color": "red" }))).await?.ok(200)?;
    same!(left["spec"]["ports"], json!([{ "port": 2 }]));

    let path = c.core("services/s");
    c.post(&c.core("services"), &service("s")).await?.ok(201)?;
    let more = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "s" },
        "spec": { "ports": [{ "name": "alt", "port": 8080, "protocol": "TCP" }] },
    });
    let service = c.apply(&path, "a", &more).await?.ok(200)?;
    let ports: Vec<&Value> =
        service["spec"]["ports"].as_array().into_iter().flatten().map(|port| &port["port"]).collect();
    same!(ports, [80, 443, 8080]);
    Ok(())
}

/// 73.
async fn the_status_has_managers_of_its_own(c: Cluster) -> Checked {
    let before = c.apply(&c.widget("w"), "a", &colored("red")).await?.ok(201)?;
    let mut body = widget_of("w", json!({ "color": "blue" }));
    body["status"] = json!({ "replicas": 3 });
    let after = c.apply(&format!("{}/status", c.widget("w")), "s", &body).await?.ok(200)?;
    same!([&after["spec"]["color"], &after["status"]], json!(["red", { "replicas": 3 }]));
    same!(entry(&after, "a", "Apply"), entry(&before, "a", "Apply"));
    let status = entry(&after, "s", "Apply");
    same!([&status["subresource"], &status["fieldsV1"]], json!(["status", { "f:status": { "f:replicas": {} } }]));
    Ok(())
}

/// 74.
async fn an_apply_carries_no_managed_fields_and_the_version_of_its_url(c: Cluster) -> Checked {
    let created = c.apply(&c.widget("w"), "m", &colored("red")).await?.ok(201)?;
    let mut managed = colored("red");
    managed["metadata"]["managedFields"] = created["metadata"]["managedFields"].clone();
    c.apply(&c.widget("w"), "m", &managed).await?.refused(400, "BadRequest")?;
    let mut beta = colored("red");
    beta["apiVersion"] = json!("conf.example.com/v1beta1");
    c.apply(&c.widget("w"), "m", &beta).await?.refused(400, "BadRequest").map(|_| ())
}

/// 75.
async fn a_dry_run_of_an_apply_stores_nothing(c: Cluster) -> Checked {
    let dry = |path: String| format!("{path}?force=false&dryRun=All");
    c.apply(&dry(c.widget("new")), "m", &widget("new")).await?.ok(201)?;
    c.is_absent(&c.widget("new")).await?;
    let before = c.apply(&c.widget("w"), "m", &colored("red")).await?.ok(201)?;
    same!(c.apply(&dry(c.widget("w")), "m", &colored("blue")).await?.ok(200)?["spec"]["color"], "blue");
    let after = c.get(&c.widget("w")).await?.ok(200)?;
    if after != before {
        return Err(Failure::differs(format!("{after} was {before}")));
    }
    Ok(())
}

/// 76.
async fn only_an_apply_can_be_forced(c: Cluster) -> Checked {
    c.post(&c.widgets(), &widget("w")).await?.ok(201)?;
    let path = format!("{}?force=true", c.widget("w"));
    has_cause(&c.merge(&path, &json!({})).await?.refused(422, "Invalid")?, "FieldValueForbidden", "force")
}
