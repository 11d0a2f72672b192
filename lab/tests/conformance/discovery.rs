//! Discovery and transport.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::check::{Check, Checked, eventually};
use crate::client::{Cluster, JSON, items};
use crate::fixtures::config_map;

pub(crate) fn checks() -> Vec<Check> {
    vec![
        check!(1, the_version_is_semantic_and_has_its_numbers),
        check!(2, health_is_said_in_plain_text),
        check!(3, the_core_group_names_its_version),
        check!(4, the_list_of_groups_holds_built_in_and_custom_groups),
        check!(5, a_group_version_lists_resources_with_their_subresources),
        check!(6, aggregated_discovery_says_so_in_its_content_type),
        check!(7, an_unknown_group_is_not_found),
        check!(8, openapi_v3_covers_a_custom_resource_and_offers_field_validation),
        check!(9, empty_query_segments_are_tolerated),
        check!(10, json_is_the_answer_where_nothing_else_is_asked_for),
        check!(11, an_unknown_accept_header_is_not_acceptable),
        check!(12, a_body_of_an_unknown_type_is_refused),
        check!(13, a_body_without_a_type_is_json),
        check!(14, a_body_that_is_no_json_is_a_bad_request),
    ]
}

/// 1.
async fn the_version_is_semantic_and_has_its_numbers(c: Cluster) -> Checked {
    let version = c.get("/version").await?.ok(200)?;
    let text = version["gitVersion"].as_str().unwrap_or_default();
    let core = text.strip_prefix('v').unwrap_or_default().split(['-', '+']).next().unwrap_or_default();
    let numbers = core.split('.').filter(|part| part.parse::<u32>().is_ok()).count();
    holds!(numbers == 3 && core.split('.').count() == 3, "{text}");
    holds!(["major", "minor"].iter().all(|part| version[*part].as_str().is_some_and(|n| !n.is_empty())), "{version}");
    Ok(())
}

/// 2.
async fn health_is_said_in_plain_text(c: Cluster) -> Checked {
    for path in ["/livez", "/readyz", "/healthz"] {
        let reply = c.get(path).await?;
        reply.expect(200)?;
        same!(reply.text, "ok");
    }
    Ok(())
}

/// 3.
async fn the_core_group_names_its_version(c: Cluster) -> Checked {
    let core = c.get("/api").accept(JSON).await?.ok(200)?;
    same!(json!([core["kind"], core["versions"]]), json!(["APIVersions", ["v1"]]));
    Ok(())
}

/// 4.
async fn the_list_of_groups_holds_built_in_and_custom_groups(c: Cluster) -> Checked {
    let list = c.get("/apis").accept(JSON).await?.ok(200)?;
    same!(list["kind"], "APIGroupList");
    let groups: Vec<&str> =
        list["groups"].as_array().into_iter().flatten().filter_map(|group| group["name"].as_str()).collect();
    let wanted = ["apps", "networking.k8s.io", "coordination.k8s.io", "apiextensions.k8s.io", "conf.example.com"];
    holds!(wanted.iter().all(|name| groups.contains(name)), "{groups:?}");
    Ok(())
}

/// 5.
async fn a_group_version_lists_resources_with_their_subresources(c: Cluster) -> Checked {
    let list = c.get("/apis/conf.example.com/v1").accept(JSON).await?.ok(200)?;
    let find = |name: &str| {
        list["resources"].as_array().into_iter().flatten().find(|one| one["name"] == name).cloned().unwrap_or_default()
    };
    let (main, status, scale) = (find("widgets"), find("widgets/status"), find("widgets/scale"));
    same!([&main["singularName"], &main["kind"], &main["shortNames"]], json!(["widget", "Widget", ["wd"]]));
    let mut verbs: Vec<&str> = main["verbs"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    verbs.sort_unstable();
    same!(verbs, ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]);
    same!(status["kind"], "Widget");
    same!([&scale["kind"], &scale["group"], &scale["version"]], ["Scale", "autoscaling", "v1"]);
    Ok(())
}

/// 6.
async fn aggregated_discovery_says_so_in_its_content_type(c: Cluster) -> Checked {
    let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    let reply = c.get("/apis").accept(accept).await?;
    let content_type = reply.header("content-type").to_owned();
    holds!(content_type.contains("as=APIGroupDiscoveryList"), "{content_type}");
    let list = reply.ok(200)?;
    let group = items(&list).iter().find(|group| group["metadata"]["name"] == "conf.example.com").cloned();
    let group = group.unwrap_or_default();
    let widgets = group.pointer("/versions/0/resources/0").cloned().unwrap_or_default();
    same!(widgets["resource"], "widgets");
    let mut subresources: Vec<&str> = widgets["subresources"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|sub| sub["subresource"].as_str())
        .collect();
    subresources.sort_unstable();
    same!(subresources, ["scale", "status"]);
    Ok(())
}

/// 7.
async fn an_unknown_group_is_not_found(c: Cluster) -> Checked {
    c.get("/apis/nope.example.com/v1").await?.expect(404)
}

/// 8.
async fn openapi_v3_covers_a_custom_resource_and_offers_field_validation(c: Cluster) -> Checked {
    let url = eventually(Duration::from_secs(30), || async {
        let index = c.get("/openapi/v3").await?.ok(200)?;
        let url = index["paths"]["apis/conf.example.com/v1"]["serverRelativeURL"].as_str().unwrap_or_default();
        holds!(!url.is_empty(), "{}", index["paths"]);
        Ok(url.to_owned())
    })
    .await?;
    let document = c.get(&url).accept(JSON).await?.ok(200)?;
    let gvk = json!({ "group": "conf.example.com", "version": "v1", "kind": "Widget" });
    let patches = document["paths"].as_object().into_iter().flatten().map(|(_, item)| &item["patch"]);
    let validates = |patch: &Value| {
        let parameters = patch["parameters"].as_array().into_iter().flatten();
        patch["x-kubernetes-group-version-kind"] == gvk
            && parameters.clone().any(|parameter| parameter["name"] == "fieldValidation")
    };
    holds!(patches.clone().any(validates), "paths {:?}", document["paths"].as_object().map(|paths| paths.len()));
    Ok(())
}

/// 9.
async fn empty_query_segments_are_tolerated(c: Cluster) -> Checked {
    for query in ["?&limit=500", "?", "?limit=500&"] {
        c.get(&format!("{}{query}", c.config_maps())).await?.expect(200)?;
    }
    Ok(())
}

/// 10.
async fn json_is_the_answer_where_nothing_else_is_asked_for(c: Cluster) -> Checked {
    let accepts = [None, Some("*/*"), Some("application/json, */*")];
    for accept in accepts {
        let call = c.get(&c.config_maps());
        let reply = match accept {
            Some(accept) => call.accept(accept).await?,
            None => call.await?,
        };
        holds!(reply.header("content-type").starts_with(JSON), "{accept:?}: {}", reply.header("content-type"));
        same!(reply.ok(200)?["kind"], "ConfigMapList");
    }
    Ok(())
}

/// 11.
async fn an_unknown_accept_header_is_not_acceptable(c: Cluster) -> Checked {
    c.get(&c.config_maps()).accept("application/xml").await?.refused(406, "NotAcceptable").map(|_| ())
}

/// 12.
async fn a_body_of_an_unknown_type_is_refused(c: Cluster) -> Checked {
    let reply = c.call(Method::POST, &c.config_maps()).raw("text/plain", config_map("a").to_string()).await?;
    reply.refused(415, "UnsupportedMediaType").map(|_| ())
}

/// 13.
async fn a_body_without_a_type_is_json(c: Cluster) -> Checked {
    let reply = c.call(Method::POST, &c.config_maps()).raw("", config_map("a").to_string()).await?;
    reply.ok(201).map(|_| ())
}

/// 14.
async fn a_body_that_is_no_json_is_a_bad_request(c: Cluster) -> Checked {
    let reply = c.call(Method::POST, &c.config_maps()).raw(JSON, "{\"kind\":").await?;
    reply.refused(400, "BadRequest").map(|_| ())
}
