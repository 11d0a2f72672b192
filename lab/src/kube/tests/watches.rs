//! Watches.

use serde_json::json;

use super::*;

fn labelled(name: &str, label: &str) -> Value {
    let mut object = config_map(name);
    object["metadata"]["labels"] = json!({ "x": label });
    object
}

#[tokio::test]
async fn a_watch_from_a_revision_reports_what_came_later_in_order() {
    let world = world();
    world.apply(config_map("before")).unwrap();
    let start = *world.revision().borrow();
    let mut lines = Lines::open(&world.router(), &format!("{CONFIG_MAPS}?watch=1&resourceVersion={start}")).await;
    world.apply(config_map("a")).unwrap();
    world.apply(labelled("a", "1")).unwrap();
    world.delete("configmaps", Some("default"), "a").unwrap();
    assert_eq!(lines.brief().await, "ADDED a");
    assert_eq!(lines.brief().await, "MODIFIED a");
    let deleted = lines.next().await.unwrap();
    let revision = world.revision().borrow().to_string();
    assert_eq!(deleted["type"], "DELETED");
    assert_eq!(deleted["object"]["metadata"]["resourceVersion"], json!(revision), "it carries its own revision");
}

#[tokio::test]
async fn a_watch_without_a_revision_begins_with_what_is_there() {
    let world = world();
    world.apply(config_map("a")).unwrap();
    world.apply(config_map("b")).unwrap();
    for query in ["watch=true", "watch=true&resourceVersion=0"] {
        let mut lines = Lines::open(&world.router(), &format!("{CONFIG_MAPS}?{query}")).await;
        assert_eq!((lines.brief().await, lines.brief().await), ("ADDED a".to_owned(), "ADDED b".to_owned()));
    }
}

#[tokio::test]
async fn an_object_that_leaves_the_selector_looks_deleted_with_its_last_matching_content() {
    let world = world();
    let path = format!("{CONFIG_MAPS}?watch=1&labelSelector=x%3D1");
    let mut lines = Lines::open(&world.router(), &path).await;
    for label in ["2", "1", "1", "2"] {
        world.apply(labelled("a", label)).unwrap();
    }
    world.apply(labelled("end", "1")).unwrap();
    assert_eq!(lines.brief().await, "ADDED a");
    let left = lines.next().await.unwrap();
    assert_eq!((&left["type"], &left["object"]["metadata"]["labels"]["x"]), (&json!("DELETED"), &json!("1")));
    assert_eq!(lines.brief().await, "ADDED end");
}

#[tokio::test]
async fn a_watch_from_before_the_compaction_gets_one_error_event_with_410() {
    let world = world();
    let start = *world.revision().borrow();
    world.apply(config_map("a")).unwrap();
    world.compact();
    let mut lines = Lines::open(&world.router(), &format!("{CONFIG_MAPS}?watch=1&resourceVersion={start}")).await;
    let expected = json!({ "type": "ERROR", "object": {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "Expired", "code": 410,
        "message": "too old resource version: 1004 (1005)",
    } });
    assert_eq!(lines.next().await, Some(expected));
    assert_eq!(lines.next().await, None);
}

#[tokio::test]
async fn a_running_watch_survives_a_compaction_that_takes_nothing_from_it() {
    let world = world();
    let mut lines = Lines::open(&world.router(), &format!("{CONFIG_MAPS}?watch=1")).await;
    world.apply(config_map("a")).unwrap();
    assert_eq!(lines.brief().await, "ADDED a");
    world.compact();
    world.apply(config_map("b")).unwrap();
    assert_eq!(lines.brief().await, "ADDED b");
}

#[tokio::test(start_paused = true)]
async fn bookmarks_come_each_minute_and_before_the_end() {
    let world = world();
    let path = format!("{CONFIG_MAPS}?watch=1&resourceVersion=1004&allowWatchBookmarks=true&timeoutSeconds=90");
    let start = tokio::time::Instant::now();
    let mut lines = Lines::open(&world.router(), &path).await;
    let expected = json!({ "type": "BOOKMARK", "object": {
        "kind": "ConfigMap", "apiVersion": "v1",
        "metadata": { "resourceVersion": "1004", "creationTimestamp": null },
    } });
    let mut seconds = Vec::new();
    while let Some(line) = lines.next().await {
        assert_eq!(line, expected);
        seconds.push(start.elapsed().as_secs());
    }
    seconds.push(start.elapsed().as_secs());
    assert_eq!(seconds, [60, 88, 90]);
}

#[tokio::test]
async fn a_streaming_list_tells_the_state_and_marks_its_end() {
    let world = world();
    world.apply(config_map("a")).unwrap();
    let query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut lines = Lines::open(&world.router(), &format!("{CONFIG_MAPS}?watch=1&{query}")).await;
    assert_eq!(lines.brief().await, "ADDED a");
    let mark = lines.next().await.unwrap();
    assert_eq!(mark["object"]["metadata"]["annotations"], json!({ "k8s.io/initial-events-end": "true" }));
    world.apply(config_map("b")).unwrap();
    assert_eq!(lines.brief().await, "ADDED b");
}

#[tokio::test]
async fn a_watch_without_initial_events_starts_now() {
    let world = world();
    world.apply(config_map("a")).unwrap();
    let query = "sendInitialEvents=false&resourceVersionMatch=NotOlderThan";
    let mut lines = Lines::open(&world.router(), &format!("{CONFIG_MAPS}?watch=1&{query}")).await;
    world.apply(config_map("b")).unwrap();
    assert_eq!(lines.brief().await, "ADDED b");
}

#[tokio::test]
async fn the_parameters_of_a_streaming_list_belong_together() {
    let router = world().router();
    for query in ["sendInitialEvents=true", "resourceVersionMatch=NotOlderThan"] {
        assert_eq!(get(&router, &format!("{CONFIG_MAPS}?watch=1&{query}")).await.code, 422, "{query}");
    }
}

#[tokio::test]
async fn a_watch_of_one_namespace_sees_nothing_of_another() {
    let world = world();
    let mut lines = Lines::open(&world.router(), "/api/v1/namespaces/kube-public/configmaps?watch=1").await;
    world.apply(config_map("a")).unwrap();
    let mut other = config_map("b");
    other["metadata"]["namespace"] = json!("kube-public");
    world.apply(other).unwrap();
    assert_eq!(lines.brief().await, "ADDED b");
}
