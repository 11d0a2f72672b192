//! OpenAPI v3 documents: what `kubectl create`, `apply`, `edit` and `explain` ask for before they act.
//!
//! kubectl finds a kind by the vendor extension `x-kubernetes-group-version-kind`: an object on operations, a list
//! on component schemas. It validates on the server when the operation has the query parameter `fieldValidation`.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value, json};

const GVK: &str = "x-kubernetes-group-version-kind";
const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// One served group version. `group` is empty for the core group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupVersionDoc {
    pub group: String,
    pub version: String,
    pub kinds: Vec<KindDoc>,
}

/// One kind of a group version; `schema` is its `openAPIV3Schema`, where one is known.
#[derive(Debug, Clone, PartialEq)]
pub struct KindDoc {
    pub kind: String,
    pub plural: String,
    pub namespaced: bool,
    pub schema: Option<Value>,
}

impl GroupVersionDoc {
    /// The key in the index: `api/v1` or `apis/<group>/<version>`.
    pub fn key(&self) -> String {
        match self.group.as_str() {
            "" => format!("api/{}", self.version),
            group => format!("apis/{group}/{}", self.version),
        }
    }

    fn gvk(&self, kind: &KindDoc) -> Value {
        json!({ "group": self.group, "version": self.version, "kind": kind.kind })
    }
}

/// The answer to `GET /openapi/v3`. The hash of an entry changes with its document.
pub fn v3_index(docs: &[GroupVersionDoc]) -> Value {
    let entry = |doc: &GroupVersionDoc| {
        let url = format!("/openapi/v3/{}?hash={}", doc.key(), content_hash(&v3_document(doc)));
        (doc.key(), json!({ "serverRelativeURL": url }))
    };
    json!({ "paths": docs.iter().map(entry).collect::<Map<_, _>>() })
}

fn content_hash(document: &Value) -> String {
    let mut hasher = DefaultHasher::new();
    document.to_string().hash(&mut hasher);
    format!("{:016X}", hasher.finish())
}

/// The answer to `GET /openapi/v3/<key>`.
pub fn v3_document(doc: &GroupVersionDoc) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    schemas.insert(OBJECT_META.to_owned(), object_meta());
    for kind in &doc.kinds {
        let scope = if kind.namespaced { "/namespaces/{namespace}" } else { "" };
        let collection = format!("/{}{scope}/{}", doc.key(), kind.plural);
        paths.insert(format!("{collection}/{{name}}"), item(doc, kind));
        paths.insert(collection, list(doc, kind));
        schemas.insert(component_name(doc, kind), component(doc, kind));
    }
    json!({
        "openapi": "3.0.0",
        "info": { "title": "Kubernetes", "version": "unversioned" },
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

/// The group's DNS labels backwards, then version and kind: `com.example.demo.v1.Widget`.
fn component_name(doc: &GroupVersionDoc, kind: &KindDoc) -> String {
    let group = if doc.group.is_empty() { "core.api.k8s.io" } else { &doc.group };
    let reversed: Vec<&str> = group.rsplit('.').collect();
    format!("{}.{}.{}", reversed.join("."), doc.version, kind.kind)
}

fn list(doc: &GroupVersionDoc, kind: &KindDoc) -> Value {
    json!({
        "parameters": path_parameters(kind, false),
        "get": operation(doc, kind, "list", &[]),
        "post": operation(doc, kind, "post", WRITE_PARAMETERS),
    })
}

fn item(doc: &GroupVersionDoc, kind: &KindDoc) -> Value {
    json!({
        "parameters": path_parameters(kind, true),
        "get": operation(doc, kind, "get", &[]),
        "put": operation(doc, kind, "put", WRITE_PARAMETERS),
        "patch": operation(doc, kind, "patch", WRITE_PARAMETERS),
        "delete": operation(doc, kind, "delete", &["dryRun"]),
    })
}

const WRITE_PARAMETERS: &[&str] = &["dryRun", "fieldManager", "fieldValidation"];

fn operation(doc: &GroupVersionDoc, kind: &KindDoc, action: &str, parameters: &[&str]) -> Value {
    let schema = json!({ "$ref": format!("#/components/schemas/{}", component_name(doc, kind)) });
    json!({
        "x-kubernetes-action": action,
        GVK: doc.gvk(kind),
        "parameters": parameters.iter().map(|name| parameter(name, "query")).collect::<Vec<_>>(),
        "responses": {
            "200": { "description": "OK", "content": { "application/json": { "schema": schema } } },
        },
    })
}

fn path_parameters(kind: &KindDoc, named: bool) -> Vec<Value> {
    let namespace = kind.namespaced.then(|| parameter("namespace", "path"));
    namespace.into_iter().chain(named.then(|| parameter("name", "path"))).collect()
}

fn parameter(name: &str, place: &str) -> Value {
    let mut parameter = json!({ "name": name, "in": place, "schema": { "type": "string" } });
    if place == "path" {
        parameter["required"] = true.into();
    }
    parameter
}

/// The kind's schema with the fields that every object has.
fn component(doc: &GroupVersionDoc, kind: &KindDoc) -> Value {
    let mut schema = match &kind.schema {
        Some(schema @ Value::Object(_)) => schema.clone(),
        _ => json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true }),
    };
    let mut properties = schema["properties"].as_object().cloned().unwrap_or_default();
    properties.insert("apiVersion".to_owned(), described("Group and version of the schema that this object follows."));
    properties.insert("kind".to_owned(), described("The kind of this object."));
    let metadata = json!({
        "description": "Name, labels and other metadata of this object.",
        "allOf": [{ "$ref": format!("#/components/schemas/{OBJECT_META}") }],
    });
    properties.insert("metadata".to_owned(), metadata);
    schema["properties"] = properties.into();
    schema[GVK] = json!([doc.gvk(kind)]);
    schema
}

fn described(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn object_meta() -> Value {
    let texts = |description: &str| json!({ "type": "object", "description": description, "additionalProperties": { "type": "string" } });
    json!({
        "type": "object",
        "description": "Metadata that every stored object has.",
        "properties": {
            "name": described("Name, unique among the objects of one kind in one namespace."),
            "generateName": described("Prefix from which the server makes a unique name when none is given."),
            "namespace": described("Namespace that the object lives in."),
            "uid": described("Identity of this incarnation of the object; set by the server."),
            "resourceVersion": described("Opaque version of the stored object; set by the server."),
            "generation": { "type": "integer", "format": "int64", "description": "Counts changes of the wanted state." },
            "creationTimestamp": { "type": "string", "format": "date-time", "description": "When the object was created." },
            "deletionTimestamp": { "type": "string", "format": "date-time", "description": "When deletion was asked for." },
            "labels": texts("Keys and values to select objects by."),
            "annotations": texts("Keys and values for tools; not selectable."),
            "finalizers": { "type": "array", "items": { "type": "string" }, "description": "What must be cleaned up before the object goes." },
            "ownerReferences": { "type": "array", "items": { "type": "object" }, "description": "Objects that this one depends on." },
        },
    })
}

#[cfg(test)]
mod tests;
