//! Lists and pages.

use serde_json::{Value, json};

use super::*;

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

fn five() -> KubeWorld {
    let world = world();
    for name in ["e", "b", "d", "a", "c"] {
        world.apply(config_map(name)).unwrap();
    }
    world
}

#[tokio::test]
async fn an_empty_list_has_the_current_revision_and_no_items() {
    let reply = get(&world().router(), CONFIG_MAPS).await;
    let expected = json!({
        "kind": "ConfigMapList", "apiVersion": "v1", "metadata": { "resourceVersion": "1004" }, "items": [],
    });
    assert_eq!(reply, Reply { code: 200, body: expected });
}

#[tokio::test]
async fn pages_show_one_snapshot() {
    let world = five();
    let router = world.router();
    let first = get(&router, &format!("{CONFIG_MAPS}?&limit=2")).await.body;
    assert_eq!((names(&first), &first["metadata"]["remainingItemCount"]), (vec!["a", "b"], &json!(3)));
    world.apply(config_map("cc")).unwrap();
    world.delete("configmaps", Some("default"), "d").unwrap();
    let token = first["metadata"]["continue"].as_str().unwrap();
    let second = get(&router, &format!("{CONFIG_MAPS}?limit=2&continue={token}")).await.body;
    assert_eq!(names(&second), ["c", "d"]);
    assert_eq!(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    world.compact();
    let late = get(&router, &format!("{CONFIG_MAPS}?limit=2&continue={token}")).await;
    assert_eq!((late.code, &late.body["reason"]), (410, &json!("Expired")));
}

/// Other namespaces before and behind it, and what moves there or in other kinds, do not count.
#[tokio::test]
async fn pages_of_a_namespace_are_about_it_alone() {
    let world = five();
    for namespace in ["aaa", "zzz"] {
        world.apply(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } })).unwrap();
        let mut other = config_map("bb");
        other["metadata"]["namespace"] = json!(namespace);
        world.apply(other).unwrap();
    }
    let router = world.router();
    let mut pages = Vec::new();
    let mut token = String::new();
    for _ in 0..3 {
        let page = get(&router, &format!("{CONFIG_MAPS}?limit=2&continue={token}")).await.body;
        let metadata = &page["metadata"];
        let found: Vec<String> = names(&page).into_iter().map(str::to_owned).collect();
        pages.push((found, metadata["remainingItemCount"].as_u64()));
        token = metadata["continue"].as_str().unwrap_or_default().to_owned();
        world.apply(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "new" } })).unwrap();
        world.delete("namespaces", None, "new").unwrap();
    }
    let page = |names: &[&str], left| (names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>(), left);
    assert_eq!(pages, [page(&["a", "b"], Some(3)), page(&["c", "d"], Some(1)), page(&["e"], None)]);
    assert_eq!(token, "");
}

#[tokio::test]
async fn an_exact_list_shows_the_past() {
    let world = five();
    let past = *world.revision().borrow();
    world.delete("configmaps", Some("default"), "a").unwrap();
    let path = format!("{CONFIG_MAPS}?resourceVersion={past}&resourceVersionMatch=Exact");
    let list = get(&world.router(), &path).await.body;
    assert_eq!(names(&list), ["a", "b", "c", "d", "e"]);
    assert_eq!(list["metadata"]["resourceVersion"], json!(past.to_string()));
}

#[tokio::test(start_paused = true)]
async fn a_list_from_the_future_times_out() {
    let reply = get(&world().router(), &format!("{CONFIG_MAPS}?resourceVersion=5000")).await;
    let message = "Timeout: Too large resource version: 5000, current: 1004";
    assert_eq!((reply.code, reply.body["message"].as_str()), (504, Some(message)));
}

#[tokio::test]
async fn bad_list_parameters_are_refused() {
    let router = five().router();
    let table = [
        ("continue=garbage", 400),
        ("fieldSelector=spec.x=1", 400),
        ("labelSelector=a%20b", 400),
        ("resourceVersionMatch=Exact", 422),
        ("resourceVersion=0&resourceVersionMatch=Exact", 422),
        ("sendInitialEvents=true", 422),
        ("limit=x", 400),
    ];
    for (query, code) in table {
        assert_eq!(get(&router, &format!("{CONFIG_MAPS}?{query}")).await.code, code, "{query}");
    }
}

#[tokio::test]
async fn a_field_selector_finds_one_object_across_namespaces() {
    let list = get(&five().router(), "/api/v1/configmaps?fieldSelector=metadata.name%3Dc").await.body;
    assert_eq!(names(&list), ["c"]);
}
