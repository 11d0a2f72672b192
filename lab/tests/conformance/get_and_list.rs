//! GET: one object, lists, pages, selectors and other forms.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::check::{Check, Checked, Failure};
use crate::client::{Cluster, items, name, names, revision, revision_number};
use crate::create::has_cause;
use crate::fixtures::{config_map, widget};

pub(crate) fn checks() -> Vec<Check> {
    vec![
        check!(33, a_missing_object_is_not_found_with_its_details),
        check!(34, lists_are_sorted_and_as_new_as_their_newest_item),
        check!(35, pages_hold_every_item_once_and_one_revision),
        check!(36, later_pages_show_the_snapshot_of_the_first),
        check!(37, a_continue_token_of_somebody_else_is_a_bad_request),
        check!(38, label_selectors_select_by_value_and_by_presence),
        check!(39, field_selectors_select_by_name_and_refuse_unknown_fields),
        check!(40, a_list_across_namespaces_holds_items_of_all),
        check!(41, any_state_will_do_for_revision_zero_and_a_match_needs_a_revision),
        check!(42, an_exact_list_shows_the_state_of_its_revision),
        check!(43, a_revision_of_the_future_times_out_and_asks_to_retry),
        check!(44, an_empty_list_has_an_empty_array),
        check!(45, a_table_has_the_columns_of_the_definition),
        check!(46, a_metadata_list_holds_metadata_only),
    ]
}

/// Creates ConfigMaps of these names and labels.
async fn labelled(c: &Cluster, objects: &[(&str, Value)]) -> Checked {
    for (name, labels) in objects {
        let mut body = config_map(name);
        body["metadata"]["labels"] = labels.clone();
        c.post(&c.config_maps(), &body).await?.ok(201)?;
    }
    Ok(())
}

/// Creates c3, c1, c5, c2, c4 in this order.
async fn five(c: &Cluster) -> Checked {
    for name in ["c3", "c1", "c5", "c2", "c4"] {
        c.post(&c.config_maps(), &config_map(name)).await?.ok(201)?;
    }
    Ok(())
}

/// Names without those that controllers put into every namespace.
fn own(list: &Value) -> Vec<String> {
    names(list).into_iter().filter(|name| name != "kube-root-ca.crt").collect()
}

/// 33.
async fn a_missing_object_is_not_found_with_its_details(c: Cluster) -> Checked {
    let core = c.get(&c.config_map("w9")).await?.refused(404, "NotFound")?;
    same!(
        [&core["message"], &core["details"]],
        json!([
            "configmaps \"w9\" not found", { "name": "w9", "kind": "configmaps" }
        ])
    );
    let custom = c.get(&c.widget("w9")).await?.refused(404, "NotFound")?;
    same!(
        [&custom["message"], &custom["details"]],
        json!([
            "widgets.conf.example.com \"w9\" not found",
            { "name": "w9", "group": "conf.example.com", "kind": "widgets" }
        ])
    );
    Ok(())
}

/// 34.
async fn lists_are_sorted_and_as_new_as_their_newest_item(c: Cluster) -> Checked {
    five(&c).await?;
    let list = c.get(&c.config_maps()).await?.ok(200)?;
    same!(own(&list), ["c1", "c2", "c3", "c4", "c5"]);
    let newest = items(&list).iter().map(revision_number).max();
    holds!(Some(revision_number(&list)) >= newest, "{} and {newest:?}", revision(&list));
    Ok(())
}

/// 35.
async fn pages_hold_every_item_once_and_one_revision(c: Cluster) -> Checked {
    for name in ["c3", "c1", "c5", "c2", "c4"] {
        c.post(&c.widgets(), &widget(name)).await?.ok(201)?;
    }
    let (mut pages, mut revisions, mut token) = (Vec::new(), BTreeSet::new(), String::new());
    for page in 0..3 {
        let path = format!("{}?limit=2&continue={token}", c.widgets());
        let list = c.get(&path).await?.ok(200)?;
        let remaining = [json!(3), json!(1), Value::Null][page].clone();
        same!(list["metadata"].get("remainingItemCount").cloned().unwrap_or_default(), remaining);
        revisions.insert(revision(&list).to_owned());
        token = list["metadata"]["continue"].as_str().unwrap_or_default().to_owned();
        pages.push(names(&list));
    }
    same!(pages, json!([["c1", "c2"], ["c3", "c4"], ["c5"]]));
    same!([revisions.len(), token.len()], [1, 0]);
    Ok(())
}

/// 36.
async fn later_pages_show_the_snapshot_of_the_first(c: Cluster) -> Checked {
    for name in ["c1", "c2", "c4"] {
        c.post(&c.widgets(), &widget(name)).await?.ok(201)?;
    }
    let first = c.get(&format!("{}?limit=2", c.widgets())).await?.ok(200)?;
    let token = first["metadata"]["continue"].as_str().unwrap_or_default();
    c.post(&c.widgets(), &widget("c3")).await?.ok(201)?;
    let second = c.get(&format!("{}?limit=2&continue={token}", c.widgets())).await?.ok(200)?;
    same!([names(&first), names(&second)], json!([["c1", "c2"], ["c4"]]));
    Ok(())
}

/// 37.
async fn a_continue_token_of_somebody_else_is_a_bad_request(c: Cluster) -> Checked {
    let path = format!("{}?limit=2&continue=garbage", c.config_maps());
    c.get(&path).await?.refused(400, "BadRequest").map(|_| ())
}

/// 38.
async fn label_selectors_select_by_value_and_by_presence(c: Cluster) -> Checked {
    let labels = [("ab", json!({ "a": "b" })), ("ac", json!({ "a": "c" })), ("none", json!({ "x": "y" }))];
    labelled(&c, &labels).await?;
    let cases: [(&str, &[&str]); 6] = [
        ("a%3Db", &["ab"]),
        ("a!%3Db", &["ac", "none"]),
        ("a+in+(b,c)", &["ab", "ac"]),
        ("a+notin+(b)", &["ac", "none"]),
        ("a", &["ab", "ac"]),
        ("!a", &["none"]),
    ];
    for (selector, expected) in cases {
        let list = c.get(&format!("{}?labelSelector={selector}", c.config_maps())).await?.ok(200)?;
        holds!(own(&list) == expected, "{selector}: {:?}", own(&list));
    }
    let bad = format!("{}?labelSelector=a+in+b", c.config_maps());
    c.get(&bad).await?.refused(400, "BadRequest").map(|_| ())
}

/// 39.
async fn field_selectors_select_by_name_and_refuse_unknown_fields(c: Cluster) -> Checked {
    five(&c).await?;
    let one = c.get(&format!("{}?fieldSelector=metadata.name%3Dc2", c.config_maps())).await?.ok(200)?;
    same!(names(&one), ["c2"]);
    for collection in [c.config_maps(), c.widgets()] {
        c.get(&format!("{collection}?fieldSelector=spec.foo%3Dx")).await?.refused(400, "BadRequest")?;
    }
    Ok(())
}

/// 40.
async fn a_list_across_namespaces_holds_items_of_all(c: Cluster) -> Checked {
    let other = c.in_namespace(c.new_namespace().await?);
    for cluster in [&c, &other] {
        cluster.post(&cluster.widgets(), &widget("everywhere")).await?.ok(201)?;
    }
    let list = c.get("/apis/conf.example.com/v1/widgets").await?.ok(200)?;
    let found: BTreeSet<&str> = items(&list)
        .iter()
        .filter(|item| name(item) == "everywhere")
        .filter_map(|item| item["metadata"]["namespace"].as_str())
        .collect();
    holds!([&c, &other].iter().all(|cluster| found.contains(cluster.namespace.as_str())), "{found:?}");
    Ok(())
}

/// 41.
async fn any_state_will_do_for_revision_zero_and_a_match_needs_a_revision(c: Cluster) -> Checked {
    c.get(&format!("{}?resourceVersion=0", c.config_maps())).await?.ok(200)?;
    let path = format!("{}?resourceVersionMatch=NotOlderThan", c.config_maps());
    let status = c.get(&path).await?.refused(422, "Invalid")?;
    has_cause(&status, "FieldValueForbidden", "resourceVersionMatch")
}

/// 42.
async fn an_exact_list_shows_the_state_of_its_revision(c: Cluster) -> Checked {
    c.post(&c.widgets(), &widget("before")).await?.ok(201)?;
    let old = c.revision(&c.widgets()).await?;
    c.post(&c.widgets(), &widget("after")).await?.ok(201)?;
    c.delete(&c.widget("before")).await?.ok(200)?;
    let path = format!("{}?resourceVersionMatch=Exact&resourceVersion={old}", c.widgets());
    let list = c.get(&path).await?.ok(200)?;
    same!(names(&list), ["before"]);
    same!(revision(&list), old);
    Ok(())
}

/// 43.
async fn a_revision_of_the_future_times_out_and_asks_to_retry(c: Cluster) -> Checked {
    let began = Instant::now();
    let path = format!("{}?resourceVersion=9000000000000000&resourceVersionMatch=NotOlderThan", c.config_maps());
    let reply = c.get(&path).await?;
    let took = began.elapsed();
    holds!(took < Duration::from_secs(5), "it took {took:?}");
    let seconds = reply.header("retry-after").to_owned();
    let status = reply.refused(504, "Timeout")?;
    holds!(seconds.parse::<u32>().is_ok_and(|seconds| seconds > 0), "Retry-After {seconds:?}");
    same!(status.pointer("/details/causes/0/reason"), "ResourceVersionTooLarge");
    Ok(())
}

/// 44.
async fn an_empty_list_has_an_empty_array(c: Cluster) -> Checked {
    same!(c.get(&c.widgets()).await?.ok(200)?["items"], json!([]));
    same!(c.get(&c.core("services")).await?.ok(200)?["items"], json!([]));
    Ok(())
}

/// 45.
async fn a_table_has_the_columns_of_the_definition(c: Cluster) -> Checked {
    c.post(&c.widgets(), &widget("w")).await?.ok(201)?;
    let ready = json!({ "status": { "conditions": [
        { "type": "Other", "status": "False" }, { "type": "Ready", "status": "True" },
    ] } });
    c.merge(&format!("{}/status", c.widget("w")), &ready).await?.ok(200)?;
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let table = c.get(&c.widgets()).accept(accept).await?.ok(200)?;
    same!([&table["kind"], &table["apiVersion"]], ["Table", "meta.k8s.io/v1"]);
    let columns: Vec<&Value> =
        table["columnDefinitions"].as_array().into_iter().flatten().map(|column| &column["name"]).collect();
    same!(columns, ["Name", "Color", "Ready"]);
    same!(table["rows"][0]["cells"], ["w", "red", "True"]);
    same!(table["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    let bare = c.get(&format!("{}?includeObject=None", c.widgets())).accept(accept).await?.ok(200)?;
    same!(bare["rows"][0].get("object").cloned().unwrap_or_default(), Value::Null);
    Ok(())
}

/// 46.
async fn a_metadata_list_holds_metadata_only(c: Cluster) -> Checked {
    c.post(&c.widgets(), &widget("w")).await?.ok(201)?;
    let accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    let list = c.get(&c.widgets()).accept(accept).await?.ok(200)?;
    same!(list["kind"], "PartialObjectMetadataList");
    let item = items(&list).first().cloned().ok_or_else(|| Failure::differs("no item"))?;
    same!([&item["kind"], &item["metadata"]["name"], &item["spec"]], json!(["PartialObjectMetadata", "w", null]));
    Ok(())
}
