//! Ownership on a small custom resource.

use serde_json::{Value, json};

use super::{Applier, FieldSet, Managers};
use crate::kube::crd;
use crate::kube::resource::Resource;

fn resource() -> Resource {
    let port = json!({ "type": "object", "properties": {
        "port": { "type": "integer" }, "protocol": { "type": "string", "default": "TCP" }, "name": { "type": "string" },
    } });
    let keys = json!(["port", "protocol"]);
    let text = json!({ "type": "string" });
    let spec = json!({ "type": "object", "properties": {
        "color": text,
        "ports": { "type": "array", "items": port, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys },
        "tags": { "type": "array", "items": text, "x-kubernetes-list-type": "set" },
        "words": { "type": "array", "items": text },
        "whole": { "type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": text },
    } });
    let definition = json!({ "spec": {
        "group": "example.com", "scope": "Namespaced", "names": { "plural": "things", "kind": "Thing" },
        "versions": [{ "name": "v1", "storage": true, "schema": { "openAPIV3Schema": {
            "type": "object", "properties": { "spec": spec },
        } } }],
    } });
    crd::resources(&definition).remove(0)
}

fn thing(spec: Value) -> Value {
    json!({ "metadata": { "name": "t" }, "spec": spec })
}

fn by(manager: &str) -> Applier<'_> {
    Applier { manager, subresource: None, now: "2026-01-02T03:04:05Z", force: false }
}

#[test]
fn fields_v1_survives_reading_and_writing() {
    let fields = json!({ "f:spec": {
        "f:color": {}, "f:tags": { ".": {}, "v:\"a\"": {} },
        "f:ports": { "k:{\"port\":80,\"protocol\":\"TCP\"}": { ".": {}, "f:port": {} } },
    } });
    let set = FieldSet::from_json(&fields).unwrap();
    assert_eq!(set.to_json(), fields);
    let paths = [
        ".spec.color",
        ".spec.ports[port=80,protocol=\"TCP\"]",
        ".spec.ports[port=80,protocol=\"TCP\"].port",
        ".spec.tags",
        ".spec.tags[=\"a\"]",
    ];
    assert_eq!(set.paths(), paths);
    assert_eq!(FieldSet::from_json(&json!({ "x:spec": {} })), None);
}

#[test]
fn lists_and_maps_are_owned_as_the_schema_says() {
    let (resource, mut owners) = (resource(), Managers::default());
    let spec = json!({ "ports": [{ "port": 80 }], "tags": ["a"], "words": ["x", "y"], "whole": { "a": "b" } });
    owners.apply(&resource, &Value::Null, &thing(spec), &by("m")).unwrap();
    let mut object = thing(json!({}));
    owners.record(&mut object);
    let fields = json!({ "f:spec": {
        "f:ports": { "k:{\"port\":80,\"protocol\":\"TCP\"}": { ".": {}, "f:port": {} } },
        "f:tags": { "v:\"a\"": {} }, "f:words": {}, "f:whole": {},
    } });
    assert_eq!(object["metadata"]["managedFields"][0]["fieldsV1"], fields);
}

#[test]
fn an_element_that_nobody_applies_any_more_goes_with_what_others_never_owned() {
    let (resource, mut owners) = (resource(), Managers::default());
    let first = thing(json!({ "ports": [{ "port": 80, "name": "web" }], "tags": ["a", "b"] }));
    let stored = owners.apply(&resource, &Value::Null, &first, &by("m")).unwrap();
    let stored = owners.apply(&resource, &stored, &thing(json!({ "tags": ["b", "c"] })), &by("n")).unwrap();
    let left = owners.apply(&resource, &stored, &thing(json!({ "color": "red" })), &by("m")).unwrap();
    assert_eq!(left["spec"], json!({ "color": "red", "tags": ["b", "c"] }));
}

#[test]
fn an_update_takes_what_it_changes_and_forgets_what_it_removes() {
    let (resource, mut owners) = (resource(), Managers::default());
    let stored = owners.apply(&resource, &Value::Null, &thing(json!({ "color": "red", "tags": ["a"] })), &by("m"));
    let stored = stored.unwrap();
    owners.update(&resource, &stored, &thing(json!({ "color": "blue" })), &by("u"));
    let conflicts = owners.clone().apply(&resource, &thing(json!({ "color": "blue" })), &stored, &by("m"));
    let status = conflicts.unwrap_err().status();
    let text = "Apply failed with 1 conflict: conflict with \"u\" using example.com/v1: .spec.color";
    assert_eq!(status.message, text);
    let mut object = thing(json!({}));
    owners.record(&mut object);
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    let names: Vec<&Value> = entries.iter().map(|entry| &entry["manager"]).collect();
    assert_eq!(names, ["u"]);
}

#[test]
fn what_was_there_before_the_first_apply_has_an_owner_too() {
    let (resource, mut owners) = (resource(), Managers::default());
    let stored = thing(json!({ "color": "red" }));
    let refused = owners.clone().apply(&resource, &stored, &thing(json!({ "color": "blue" })), &by("m"));
    assert!(refused.unwrap_err().status().message.contains("\"before-first-apply\""));
    let forced = Applier { force: true, ..by("m") };
    let object = owners.apply(&resource, &stored, &thing(json!({ "color": "blue" })), &forced).unwrap();
    assert_eq!(object["spec"]["color"], "blue");
}

#[test]
fn many_updaters_become_one() {
    let (resource, mut owners) = (resource(), Managers::default());
    let mut stored = thing(json!({}));
    for nth in 0..12 {
        let mut next = stored.clone();
        next["metadata"]["labels"][format!("l{nth}")] = json!("x");
        let (manager, now) = (format!("u{nth}"), format!("2026-01-02T03:04:{nth:02}Z"));
        owners.update(&resource, &stored, &next, &Applier { manager: &manager, now: &now, ..by("") });
        stored = next;
    }
    owners.record(&mut stored);
    let entries = stored["metadata"]["managedFields"].as_array().unwrap();
    assert_eq!((entries.len(), &entries[0]["manager"]), (10, &json!("ancient-changes")));
    let old = json!({ "f:metadata": { "f:labels": { ".": {}, "f:l0": {}, "f:l1": {}, "f:l2": {} } } });
    assert_eq!(entries[0]["fieldsV1"], old);
}
