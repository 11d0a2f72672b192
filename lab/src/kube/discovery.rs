//! Discovery documents, legacy and aggregated, and the group versions for OpenAPI.

use serde_json::{Value, json};

use super::catalog::{Catalog, Group};
use super::openapi::{GroupVersionDoc, KindDoc};
use super::resource::{Resource, join_api_version};

const SUBRESOURCE_VERBS: &[&str] = &["get", "patch", "update"];

/// `GET /version`.
pub fn version() -> Value {
    json!({
        "major": "1", "minor": "34", "gitVersion": "v1.34.1", "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "clean", "buildDate": "2025-09-09T00:00:00Z", "goVersion": "go1.24.6", "compiler": "gc",
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
    for Subresource { name, verbs, kind } in subresources(resource) {
        let mut entry = json!({
            "name": format!("{}/{name}", resource.plural), "singularName": "", "namespaced": resource.namespaced,
            "kind": resource.kind, "verbs": verbs,
        });
        if let Some([group, version, kind]) = kind {
            entry["group"] = json!(group);
            entry["version"] = json!(version);
            entry["kind"] = json!(kind);
        }
        entries.push(entry);
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

/// A part of a resource with a path of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subresource {
    pub name: &'static str,
    pub verbs: &'static [&'static str],
    /// Group, version and kind, where they are not the resource's.
    pub kind: Option<[&'static str; 3]>,
}

/// The subresources, by name.
pub fn subresources(resource: &Resource) -> Vec<Subresource> {
    let own = |name, verbs| Subresource { name, verbs, kind: None };
    let mut found = Vec::new();
    if resource.is("", "Namespace") {
        found.push(own("finalize", &["update"]));
    }
    if resource.scale.is_some() {
        let kind = Some(["autoscaling", "v1", "Scale"]);
        found.push(Subresource { name: "scale", verbs: SUBRESOURCE_VERBS, kind });
    }
    if resource.rules.status {
        found.push(own("status", SUBRESOURCE_VERBS));
    }
    if resource.is("", "ServiceAccount") {
        let kind = Some(["authentication.k8s.io", "v1", "TokenRequest"]);
        found.push(Subresource { name: "token", verbs: &["create"], kind });
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
        .map(|Subresource { name, verbs, kind: other }| {
            let other = other.map(|[group, version, kind]| json!({ "group": group, "version": version, "kind": kind }));
            json!({ "subresource": name, "responseKind": other.as_ref().unwrap_or(&kind), "verbs": verbs })
        })
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
