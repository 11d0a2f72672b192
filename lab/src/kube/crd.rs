//! CustomResourceDefinitions: what they must look like, and which resources they make.

use std::sync::Arc;

use serde_json::{Value, json};

use super::meta;
use super::resource::{Custom, Resource, Rules, ScalePaths, Verbs};
use super::schema::{FieldError, Schema};
use super::status::{field_error, invalid_value, required};
use super::table::PrinterColumn;

/// Completes names and conversion; a client's status is not taken.
pub fn fill_defaults(object: &mut Value, stored: Option<&Value>) {
    let kind = text(object, "/spec/names/kind").to_owned();
    let Some(names) = object.pointer_mut("/spec/names").and_then(Value::as_object_mut) else { return };
    names.entry("singular").or_insert_with(|| json!(kind.to_lowercase()));
    names.entry("listKind").or_insert_with(|| json!(format!("{kind}List")));
    if let Some(spec) = object["spec"].as_object_mut() {
        spec.entry("conversion").or_insert_with(|| json!({ "strategy": "None" }));
    }
    match stored.and_then(|stored| stored.get("status")) {
        Some(status) => object["status"] = status.clone(),
        None => {
            object.as_object_mut().map(|fields| fields.remove("status"));
        }
    }
}

/// Violations of the rules of apiextensions.
pub fn validate(object: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for field in ["/spec/group", "/spec/names/plural", "/spec/names/kind", "/spec/scope"] {
        if text(object, field).is_empty() {
            errors.push(required(&field[1..].replace('/', "."), ""));
        }
    }
    let expected = format!("{}.{}", text(object, "/spec/names/plural"), text(object, "/spec/group"));
    if meta::text(object, "name") != expected {
        let detail = "must be spec.names.plural+\".\"+spec.group";
        errors.push(invalid_value("metadata.name", &object["metadata"]["name"], detail));
    }
    let versions = versions(object);
    if versions.iter().filter(|version| version["storage"] == json!(true)).count() != 1 {
        let detail = "must have exactly one version marked as storage version";
        errors.push(invalid_value("spec.versions", &json!(names_of(versions)), detail));
    }
    for (index, version) in versions.iter().enumerate() {
        errors.extend(schema_error(version, &format!("spec.versions[{index}].schema.openAPIV3Schema")));
    }
    errors
}

fn schema_error(version: &Value, path: &str) -> Option<FieldError> {
    let schema = version.pointer("/schema/openAPIV3Schema");
    match schema.map(Schema::parse) {
        None => Some(required(path, "schemas are required")),
        Some(Ok(_)) => None,
        Some(Err(why)) => Some(field_error(path, "FieldValueInvalid", format!("Invalid value: {why}"))),
    }
}

/// The served versions as resources.
pub fn resources(crd: &Value) -> Vec<Resource> {
    let storage = versions(crd).iter().find(|version| version["storage"] == json!(true));
    let storage_version = storage.map(|version| text(version, "/name")).unwrap_or_default();
    let served = versions(crd).iter().filter(|version| version["served"] != json!(false));
    served.filter_map(|version| resource(crd, version, storage_version)).collect()
}

fn resource(crd: &Value, version: &Value, storage_version: &str) -> Option<Resource> {
    let raw_schema = version.pointer("/schema/openAPIV3Schema")?.clone();
    let names = &crd["spec"]["names"];
    let status = version.pointer("/subresources/status").is_some_and(|status| !status.is_null());
    Some(Resource {
        group: text(crd, "/spec/group").to_owned(),
        version: text(version, "/name").to_owned(),
        storage_version: storage_version.to_owned(),
        plural: text(names, "/plural").to_owned(),
        singular: text(names, "/singular").to_owned(),
        kind: text(names, "/kind").to_owned(),
        list_kind: text(names, "/listKind").to_owned(),
        short_names: texts(&names["shortNames"]),
        categories: texts(&names["categories"]),
        namespaced: crd["spec"]["scope"] == "Namespaced",
        rules: Rules {
            status,
            generation: true,
            put_creates: false,
            unconditional: false,
            returns_deleted: false,
            verbs: Verbs::All,
        },
        scale: scale_paths(&version["subresources"]["scale"]),
        custom: Some(Custom {
            schema: Schema::parse(&raw_schema).ok()?,
            raw_schema,
            columns: list(&version["additionalPrinterColumns"]).iter().map(column).collect(),
            selectable: list(&version["selectableFields"])
                .iter()
                .map(|field| text(field, "/jsonPath").trim_start_matches('.').to_owned())
                .collect(),
        }),
    })
}

/// The paths are plain ones such as `.spec.replicas`.
fn scale_paths(scale: &Value) -> Option<ScalePaths> {
    let pointer = |field: &str| Some(scale[field].as_str()?.replace('.', "/"));
    Some(ScalePaths {
        spec_replicas: pointer("specReplicasPath")?,
        status_replicas: pointer("statusReplicasPath")?,
        selector: pointer("labelSelectorPath"),
    })
}

fn column(column: &Value) -> PrinterColumn {
    PrinterColumn {
        name: text(column, "/name").to_owned(),
        type_: text(column, "/type").to_owned(),
        format: text(column, "/format").to_owned(),
        description: text(column, "/description").to_owned(),
        priority: column["priority"].as_i64().unwrap_or(0),
        json_path: text(column, "/jsonPath").to_owned(),
    }
}

/// Whether the resource is served.
pub fn is_established(crd: &Value) -> bool {
    list(&crd["status"]["conditions"]).iter().any(|one| one["type"] == "Established" && one["status"] == "True")
}

/// The statuses to write, in order, until the CRD is established or refused.
pub fn next_statuses(crd: &Value, all: &[Arc<Value>], now: &str) -> Vec<Value> {
    if let Some(reason) = conflict(crd, all) {
        let names = condition("NamesAccepted", "False", reason, "the name is already in use", now);
        let established = condition("Established", "False", "NotAccepted", "not all names are accepted", now);
        return if has_conditions(crd) { Vec::new() } else { vec![status(crd, [names, established])] };
    }
    let accepted = condition("NamesAccepted", "True", "NoConflicts", "no conflicts found", now);
    if is_established(crd) {
        let conditions = crd["status"]["conditions"].clone();
        let mut same = status(crd, []);
        same["conditions"] = conditions;
        return vec![same];
    }
    let text = "the initial names have been accepted";
    let installing = condition("Established", "False", "Installing", text, now);
    let established = condition("Established", "True", "InitialNamesAccepted", text, now);
    vec![status(crd, [accepted.clone(), installing]), status(crd, [accepted, established])]
}

/// The status while the objects of a deleted definition go.
pub fn terminating_status(crd: &Value, now: &str) -> Value {
    let mut status = crd["status"].clone();
    let mut conditions = list(&status["conditions"]).to_vec();
    conditions.retain(|one| one["type"] != "Terminating");
    let message = "CustomResource deletion is in progress";
    conditions.push(condition("Terminating", "True", "InstanceDeletionInProgress", message, now));
    status["conditions"] = json!(conditions);
    status
}

fn has_conditions(crd: &Value) -> bool {
    !list(&crd["status"]["conditions"]).is_empty()
}

fn status<const N: usize>(crd: &Value, conditions: [Value; N]) -> Value {
    let stored = versions(crd).iter().filter(|version| version["storage"] == json!(true));
    let mut stored_versions = texts(&crd["status"]["storedVersions"]);
    for name in stored.map(|version| text(version, "/name").to_owned()) {
        if !stored_versions.contains(&name) {
            stored_versions.push(name);
        }
    }
    json!({
        "acceptedNames": crd["spec"]["names"], "conditions": conditions.as_slice(), "storedVersions": stored_versions,
    })
}

fn condition(kind: &str, status: &str, reason: &str, message: &str, now: &str) -> Value {
    json!({ "type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": now })
}

/// Another CRD of the same group already owns one of the names.
fn conflict(crd: &Value, all: &[Arc<Value>]) -> Option<&'static str> {
    let rivals = all.iter().filter(|other| {
        other["metadata"]["name"] != crd["metadata"]["name"]
            && other["spec"]["group"] == crd["spec"]["group"]
            && is_established(other)
    });
    for other in rivals {
        for (field, reason) in
            [("plural", "PluralConflict"), ("kind", "KindConflict"), ("listKind", "ListKindConflict")]
        {
            if other["spec"]["names"][field] == crd["spec"]["names"][field] {
                return Some(reason);
            }
        }
    }
    None
}

fn versions(crd: &Value) -> &[Value] {
    list(&crd["spec"]["versions"])
}

fn names_of(versions: &[Value]) -> Vec<&str> {
    versions.iter().map(|version| text(version, "/name")).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn texts(value: &Value) -> Vec<String> {
    list(value).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
