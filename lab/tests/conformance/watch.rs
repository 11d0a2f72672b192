//! Watches: what comes, in which order, from where on, and how they end.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::check::{Check, Checked, Failure, eventually};
use crate::client::{Cluster, revision, revision_number};
use crate::create::has_cause;
use crate::fixtures::{CRDS, config_map, crd, plain_version, widget};

pub(crate) fn checks() -> Vec<Check> {
    vec![
        check!(89, a_watch_tells_every_change_in_order),
        check!(90, a_watch_without_a_revision_begins_with_what_is_there),
        check!(91, a_watch_resumes_after_its_revision),
        check!(92, entering_and_leaving_a_selector_looks_like_birth_and_death),
        check!(93, a_watch_of_one_name_tells_of_no_other),
        check!(94, a_watch_ends_cleanly_after_its_timeout),
        check!(95, bookmarks_come_before_the_end),
        check!(96, a_revision_that_is_too_old_is_told_as_an_event),
        check!(97, a_streaming_list_marks_the_end_of_the_initial_state, [StreamingLists]),
        check!(98, parameters_of_streaming_lists_belong_together),
        check!(99, headers_and_events_come_at_once),
        check!(100, a_watch_can_tell_tables),
        check!(101, a_watch_of_a_namespace_tells_of_no_other),
        check!(102, quick_updates_come_in_order_and_the_last_is_the_state),
        check!(103, writes_that_change_nothing_are_not_told),
        check!(104, a_changed_definition_ends_its_watches),
    ]
}

/// Twice what a server on an idle machine may take.
const AT_ONCE: Duration = Duration::from_secs(2);

async fn color(c: &Cluster, name: &str, color: &str) -> Result<Value, Failure> {
    c.merge(&c.widget(name), &json!({ "spec": { "color": color } })).await?.ok(200)
}

async fn create(c: &Cluster, name: &str) -> Result<Value, Failure> {
    c.post(&c.widgets(), &widget(name)).await?.ok(201)
}

/// 89.
async fn a_watch_tells_every_change_in_order(c: Cluster) -> Checked {
    let start = c.revision(&c.widgets()).await?;
    let mut watch = c.watch(&c.widgets(), &format!("resourceVersion={start}")).await?;
    create(&c, "w").await?;
    let updated = color(&c, "w", "blue").await?;
    c.delete(&c.widget("w")).await?.ok(200)?;
    let events = watch.expect(&["ADDED w", "MODIFIED w", "DELETED w"]).await?;
    let revisions: Vec<u64> = events.iter().map(|event| revision_number(&event["object"])).collect();
    holds!(revisions.is_sorted_by(|a, b| a < b), "{revisions:?}");
    same!(revisions[1], revision_number(&updated));
    same!(events[2]["object"]["spec"]["color"], "blue");
    same!(events[0]["object"]["apiVersion"], "conf.example.com/v1");
    Ok(())
}

/// 90.
async fn a_watch_without_a_revision_begins_with_what_is_there(c: Cluster) -> Checked {
    for name in ["w1", "w2", "w3"] {
        create(&c, name).await?;
    }
    for query in ["", "resourceVersion=0"] {
        let mut watch = c.watch(&c.widgets(), query).await?;
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.push(crate::watching::brief(&watch.event().await?));
        }
        seen.sort();
        same!(seen, ["ADDED w1", "ADDED w2", "ADDED w3"]);
    }
    Ok(())
}

/// 91.
async fn a_watch_resumes_after_its_revision(c: Cluster) -> Checked {
    create(&c, "w").await?;
    let between = color(&c, "w", "blue").await?;
    color(&c, "w", "green").await?;
    create(&c, "v").await?;
    let mut watch = c.watch(&c.widgets(), &format!("resourceVersion={}", revision(&between))).await?;
    watch.expect(&["MODIFIED w", "ADDED v"]).await?;
    Ok(())
}

/// 92.
async fn entering_and_leaving_a_selector_looks_like_birth_and_death(c: Cluster) -> Checked {
    create(&c, "w").await?;
    let start = c.revision(&c.widgets()).await?;
    let mut watch = c.watch(&c.widgets(), &format!("labelSelector=a%3Db&resourceVersion={start}")).await?;
    let label = |value: Value| json!({ "metadata": { "labels": { "a": value } } });
    c.merge(&c.widget("w"), &label(json!("b"))).await?.ok(200)?;
    color(&c, "w", "blue").await?;
    let left = c.merge(&c.widget("w"), &label(Value::Null)).await?.ok(200)?;
    let events = watch.expect(&["ADDED w", "MODIFIED w", "DELETED w"]).await?;
    let last = &events[2]["object"];
    same!([&last["metadata"]["labels"], &last["spec"]["color"]], json!([{ "a": "b" }, "blue"]));
    same!(revision(last), revision(&left));
    Ok(())
}

/// 93.
async fn a_watch_of_one_name_tells_of_no_other(c: Cluster) -> Checked {
    let start = c.revision(&c.widgets()).await?;
    let query = format!("fieldSelector=metadata.name%3Dx&resourceVersion={start}");
    let mut watch = c.watch(&c.widgets(), &query).await?;
    for name in ["a", "x", "y"] {
        create(&c, name).await?;
    }
    c.delete(&c.widget("x")).await?.ok(200)?;
    watch.expect(&["ADDED x", "DELETED x"]).await?;
    Ok(())
}

/// 94.
async fn a_watch_ends_cleanly_after_its_timeout(c: Cluster) -> Checked {
    let start = c.revision(&c.widgets()).await?;
    let began = Instant::now();
    let mut watch = c.watch(&c.widgets(), &format!("timeoutSeconds=2&resourceVersion={start}")).await?;
    watch.end(Duration::from_secs(10)).await?;
    let took = began.elapsed();
    holds!(took >= Duration::from_millis(1900) && took < Duration::from_secs(4), "{took:?}");
    Ok(())
}

/// 95.
async fn bookmarks_come_before_the_end(c: Cluster) -> Checked {
    let start = c.revision(&c.widgets()).await?;
    let query = format!("allowWatchBookmarks=true&timeoutSeconds=10&resourceVersion={start}");
    let mut watch = c.watch(&c.widgets(), &query).await?;
    let bookmark = watch.event().await?;
    same!(bookmark["type"], "BOOKMARK");
    let object = &bookmark["object"];
    same!([&object["kind"], &object["apiVersion"]], ["Widget", "conf.example.com/v1"]);
    holds!(revision_number(object) >= start.parse().unwrap_or(u64::MAX), "{object}");
    watch.end(Duration::from_secs(20)).await
}

/// 96. Revision 1 is older than any server's history of a resource that was defined later.
async fn a_revision_that_is_too_old_is_told_as_an_event(c: Cluster) -> Checked {
    create(&c, "w").await?;
    let mut watch = c.watch(&c.widgets(), "resourceVersion=1").await?;
    let event = watch.event().await?;
    same!(event["type"], "ERROR");
    let status = &event["object"];
    same!([&status["kind"], &status["code"], &status["reason"]], json!(["Status", 410, "Expired"]));
    watch.end(Duration::from_secs(10)).await
}

/// 97.
async fn a_streaming_list_marks_the_end_of_the_initial_state(c: Cluster) -> Checked {
    for name in ["w1", "w2"] {
        create(&c, name).await?;
    }
    let query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut watch = c.watch(&c.widgets(), query).await?;
    let mut seen = Vec::new();
    for _ in 0..2 {
        seen.push(crate::watching::brief(&watch.event().await?));
    }
    seen.sort();
    same!(seen, ["ADDED w1", "ADDED w2"]);
    let bookmark = watch.event().await?;
    same!(bookmark["type"], "BOOKMARK");
    let meta = &bookmark["object"]["metadata"];
    same!(meta["annotations"]["k8s.io/initial-events-end"], "true");
    let newest = revision_number(&c.get(&c.widget("w2")).await?.ok(200)?);
    holds!(revision_number(&bookmark["object"]) >= newest, "{meta}");
    create(&c, "w3").await?;
    watch.expect(&["ADDED w3"]).await?;
    Ok(())
}

/// 98.
async fn parameters_of_streaming_lists_belong_together(c: Cluster) -> Checked {
    let refused = |query: &str| c.get(&format!("{}?watch=true&{query}", c.widgets()));
    refused("sendInitialEvents=true").await?.refused(422, "Invalid")?;
    let status = refused("resourceVersionMatch=NotOlderThan").await?.refused(422, "Invalid")?;
    has_cause(&status, "FieldValueForbidden", "resourceVersionMatch")
}

/// 99.
async fn headers_and_events_come_at_once(c: Cluster) -> Checked {
    let start = c.revision(&c.widgets()).await?;
    let began = Instant::now();
    let mut watch = c.watch(&c.widgets(), &format!("resourceVersion={start}")).await?;
    holds!(began.elapsed() < AT_ONCE, "headers after {:?}", began.elapsed());
    create(&c, "w").await?;
    let began = Instant::now();
    watch.expect(&["ADDED w"]).await?;
    holds!(began.elapsed() < AT_ONCE, "the event after {:?}", began.elapsed());
    Ok(())
}

/// 100.
async fn a_watch_can_tell_tables(c: Cluster) -> Checked {
    let start = c.revision(&c.widgets()).await?;
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let path = format!("{}?watch=true&resourceVersion={start}", c.widgets());
    let mut watch = c.get(&path).accept(accept).watch().await?;
    create(&c, "w").await?;
    let event = watch.event().await?;
    same!([&event["type"], &event["object"]["kind"]], ["ADDED", "Table"]);
    same!(event["object"]["rows"].as_array().map(Vec::len), 1);
    same!(event["object"]["rows"][0]["object"]["metadata"]["name"], "w");
    Ok(())
}

/// 101.
async fn a_watch_of_a_namespace_tells_of_no_other(c: Cluster) -> Checked {
    let other = c.in_namespace(c.new_namespace().await?);
    let start = c.revision(&c.widgets()).await?;
    let mut watch = c.watch(&c.widgets(), &format!("resourceVersion={start}")).await?;
    create(&other, "there").await?;
    color(&other, "there", "blue").await?;
    other.delete(&other.widget("there")).await?.ok(200)?;
    create(&c, "here").await?;
    watch.expect(&["ADDED here"]).await?;
    Ok(())
}

/// 102.
async fn quick_updates_come_in_order_and_the_last_is_the_state(c: Cluster) -> Checked {
    create(&c, "w").await?;
    let start = c.revision(&c.widgets()).await?;
    let mut watch = c.watch(&c.widgets(), &format!("resourceVersion={start}")).await?;
    for replicas in 2..=201 {
        c.merge(&c.widget("w"), &json!({ "spec": { "replicas": replicas } })).await?.ok(200)?;
    }
    let (mut before, mut events) = ((0, 0), 0);
    while before.1 < 201 {
        let event = watch.event().await?;
        let now = (revision_number(&event["object"]), event["object"]["spec"]["replicas"].as_u64().unwrap_or(0));
        holds!(event["type"] == "MODIFIED" && now.0 > before.0 && now.1 > before.1, "{event} after {before:?}");
        (before, events) = (now, events + 1);
    }
    let state = c.get(&c.widget("w")).await?.ok(200)?;
    same!([before.0, before.1, events], [revision_number(&state), 201, 200]);
    Ok(())
}

/// 103.
async fn writes_that_change_nothing_are_not_told(c: Cluster) -> Checked {
    let object = create(&c, "w").await?;
    let mut watch = c.watch(&c.widgets(), &format!("resourceVersion={}", revision(&object))).await?;
    c.put(&c.widget("w"), &object).await?.ok(200)?;
    c.merge(&c.widget("w"), &json!({ "spec": { "color": "red" } })).await?.ok(200)?;
    c.merge(&c.widget("w"), &json!({})).await?.ok(200)?;
    c.post(&c.config_maps(), &config_map("elsewhere")).await?.ok(201)?;
    create(&c, "marker").await?;
    watch.expect(&["ADDED marker"]).await?;
    Ok(())
}

/// 104.
async fn a_changed_definition_ends_its_watches(c: Cluster) -> Checked {
    let group = format!("{}.example.com", c.namespace);
    let (collection, path) = (c.group(&format!("{group}/v1"), "plains"), format!("{CRDS}/plains.{group}"));
    c.post(CRDS, &crd(&group, "plains", "Plain", &[], &[plain_version()])).await?.ok(201)?;
    let limit = Duration::from_secs(10);
    let start = eventually(limit, || async { c.revision(&collection).await }).await?;
    let mut watch = c.watch(&collection, &format!("resourceVersion={start}")).await?;
    let mut version = plain_version();
    version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["extra"] = json!({ "type": "string" });
    c.merge(&path, &json!({ "spec": { "versions": [version] } })).await?.ok(200)?;
    watch.end(Duration::from_secs(120)).await?;
    let mut watch = eventually(limit, || async { c.watch(&collection, "").await }).await?;
    let body = json!({ "apiVersion": format!("{group}/v1"), "kind": "Plain", "metadata": { "name": "p" } });
    c.post(&collection, &body).await?.ok(201)?;
    watch.expect(&["ADDED p"]).await?;
    Ok(())
}
