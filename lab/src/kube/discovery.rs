//! Discovery documents, legacy and aggregated, and the group versions for OpenAPI.

use serde_json::{Value, json};

use super::catalog::{Catalog, Group};
use super::openapi::{GroupVersionDoc, KindDoc};
use super::resource::{Resource, join_api_version};

const SUBRESOURCE_VERBS: &[&str] = &["get", "patch", "update"];

/// `GET /version`.
pub fn version() -> Value {
    json!({
        "major": "1", "minor": "33", "gitVersion": "v1.33.0", "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "clean", "buildDate": "2025-04-23T00:00:00Z", "goVersion": "go1.24.2", "compiler": "gc",
        "platform": "linux/amd64",
    })
}

/// `GET /api`.
pub fn core_versions() -> Value {
    let address = json!({ "clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:6443" });
    json!({ "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address] })
}

/// `GET /apis`.
pub fn group_list(catalog: &Catalog) -> Value {
    let groups: Vec<Value> = named_groups(catalog).iter().map(group_body).collect();
    json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })
}

/// `GET /apis/<group>`.
pub fn group(catalog: &Catalog, name: &str) -> Option<Value> {
    let group = named_groups(catalog).into_iter().find(|group| group.name == name)?;
    let mut body = group_body(&group);
    body["kind"] = json!("APIGroup");
    body["apiVersion"] = json!("v1");
    Some(body)
}

fn named_groups(catalog: &Catalog) -> Vec<Group> {
    catalog.groups().into_iter().filter(|group| !group.name.is_empty()).collect()
}

fn group_body(group: &Group) -> Value {
    let versions: Vec<Value> = group
        .versions
        .iter()
        .map(|version| json!({ "groupVersion": join_api_version(&group.name, version), "version": version }))
        .collect();
    json!({ "name": group.name, "preferredVersion": versions.first(), "versions": versions })
}

/// `GET /api/v1` and `GET /apis/<group>/<version>`.
pub fn resource_list(catalog: &Catalog, group: &str, version: &str) -> Option<Value> {
    let resources = catalog.group_version(group, version);
    if resources.is_empty() {
        return None;
    }
    let entries: Vec<Value> = resources.iter().flat_map(|resource| resource_entries(resource)).collect();
    let group_version = join_api_version(group, version);
    Some(json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": entries }))
}

fn resource_entries(resource: &Resource) -> Vec<Value> {
    let mut main = json!({
        "name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced,
        "kind": resource.kind, "verbs": resource.rules.verbs.names(),
    });
    add_names(&mut main, resource);
    let mut entries = vec![main];
    for (name, verbs) in subresources(resource) {
        entries.push(json!({
            "name": format!("{}/{name}", resource.plural), "singularName": "", "namespaced": resource.namespaced,
            "kind": resource.kind, "verbs": verbs,
        }));
    }
    entries
}

fn add_names(entry: &mut Value, resource: &Resource) {
    if !resource.short_names.is_empty() {
        entry["shortNames"] = json!(resource.short_names);
    }
    if !resource.categories.is_empty() {
        entry["categories"] = json!(resource.categories);
    }
}

/// Names and verbs of the subresources.
pub fn subresources(resource: &Resource) -> Vec<(&'static str, &'static [&'static str])> {
    let mut found: Vec<(&'static str, &'static [&'static str])> = Vec::new();
    if resource.is("", "Namespace") {
        found.push(("finalize", &["update"]));
    }
    if resource.rules.status {
        found.push(("status", SUBRESOURCE_VERBS));
    }
    found
}

/// `GET /api` and `GET /apis` with the aggregated Accept header.
pub fn aggregated(catalog: &Catalog, core: bool) -> Value {
    let groups = catalog.groups().into_iter().filter(|group| group.name.is_empty() == core);
    let items: Vec<Value> = groups.map(|group| aggregated_group(catalog, &group)).collect();
    json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items,
    })
}

fn aggregated_group(catalog: &Catalog, group: &Group) -> Value {
    let versions: Vec<Value> = group
        .versions
        .iter()
        .map(|version| {
            let resources = catalog.group_version(&group.name, version);
            let entries: Vec<Value> = resources.iter().map(|resource| aggregated_resource(resource)).collect();
            json!({ "version": version, "freshness": "Current", "resources": entries })
        })
        .collect();
    let mut metadata = json!({ "creationTimestamp": null });
    if !group.name.is_empty() {
        metadata["name"] = json!(group.name);
    }
    json!({ "metadata": metadata, "versions": versions })
}

fn aggregated_resource(resource: &Resource) -> Value {
    let kind = json!({ "group": resource.group, "version": resource.version, "kind": resource.kind });
    let mut entry = json!({
        "resource": resource.plural, "responseKind": kind,
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular, "verbs": resource.rules.verbs.names(),
    });
    add_names(&mut entry, resource);
    let subresources: Vec<Value> = subresources(resource)
        .into_iter()
        .map(|(name, verbs)| json!({ "subresource": name, "responseKind": kind, "verbs": verbs }))
        .collect();
    if !subresources.is_empty() {
        entry["subresources"] = json!(subresources);
    }
    entry
}

/// Every group version with its kinds, for OpenAPI documents.
pub fn openapi_docs(catalog: &Catalog) -> Vec<GroupVersionDoc> {
    let mut docs = Vec::new();
    for group in catalog.groups() {
        for version in &group.versions {
            let kinds = catalog.group_version(&group.name, version).iter().map(|r| kind_doc(r)).collect();
            docs.push(GroupVersionDoc { group: group.name.clone(), version: version.clone(), kinds });
        }
    }
    docs
}

fn kind_doc(resource: &Resource) -> KindDoc {
    KindDoc {
        kind: resource.kind.clone(),
        plural: resource.plural.clone(),
        namespaced: resource.namespaced,
        schema: resource.custom.as_ref().map(|custom| custom.raw_schema.clone()),
    }
}
