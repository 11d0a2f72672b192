//! The OpenAPI documents that kubectl reads before it writes.

use super::*;

fn kind(name: &str, plural: &str, namespaced: bool, schema: Option<Value>) -> KindDoc {
    KindDoc { kind: name.to_owned(), plural: plural.to_owned(), namespaced, schema }
}

fn doc(group: &str, kind: KindDoc) -> GroupVersionDoc {
    GroupVersionDoc { group: group.to_owned(), version: "v1".to_owned(), kinds: vec![kind] }
}

fn widget(color: &str) -> GroupVersionDoc {
    let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "description": color}}});
    doc("demo.example.com", kind("Widget", "widgets", true, Some(schema)))
}

#[test]
fn the_index_points_to_documents_by_content() {
    let index = |docs: &[GroupVersionDoc]| v3_index(docs)["paths"].as_object().cloned().unwrap();
    let core = doc("", kind("Namespace", "namespaces", false, None));
    let both = index(&[core.clone(), widget("red")]);
    assert_eq!(both.keys().collect::<Vec<_>>(), ["api/v1", "apis/demo.example.com/v1"]);
    let hash = content_hash(&v3_document(&core));
    assert_eq!(both["api/v1"], json!({"serverRelativeURL": format!("/openapi/v3/api/v1?hash={hash}")}));
    assert_eq!(index(&[widget("red")]), index(&[widget("red")]));
    assert_ne!(index(&[widget("red")]), index(&[widget("blue")]));
}

#[test]
fn operations_name_their_kind_and_validate_fields() {
    let document = v3_document(&widget("red"));
    let paths = document["paths"].as_object().unwrap();
    let base = "/apis/demo.example.com/v1/namespaces/{namespace}/widgets";
    assert_eq!(paths.keys().cloned().collect::<Vec<_>>(), [base.to_owned(), format!("{base}/{{name}}")]);
    let gvk = json!({"group": "demo.example.com", "version": "v1", "kind": "Widget"});
    let cases = [
        ("", "get", false),
        ("", "post", true),
        ("/{name}", "get", false),
        ("/{name}", "put", true),
        ("/{name}", "patch", true),
        ("/{name}", "delete", false),
    ];
    for (suffix, verb, validates) in cases {
        let operation = &paths[&format!("{base}{suffix}")][verb];
        assert_eq!(operation[GVK], gvk, "{verb}");
        let wanted = json!({"name": "fieldValidation", "in": "query", "schema": {"type": "string"}});
        assert_eq!(operation["parameters"].as_array().unwrap().contains(&wanted), validates, "{verb}");
    }
}

#[test]
fn components_describe_the_whole_object() {
    let common = |spec: Value| {
        let mut properties = json!({
            "apiVersion": described("Group and version of the schema that this object follows."),
            "kind": described("The kind of this object."),
            "metadata": {"description": "Name, labels and other metadata of this object.",
                         "allOf": [{"$ref": format!("#/components/schemas/{OBJECT_META}")}]}
        });
        if !spec.is_null() {
            properties["spec"] = spec;
        }
        properties
    };
    let cases = [
        (
            widget("red"),
            "com.example.demo.v1.Widget",
            json!({
            "type": "object", "properties": common(json!({"type": "object", "description": "red"})),
            GVK: [{"group": "demo.example.com", "version": "v1", "kind": "Widget"}]}),
        ),
        (
            doc("", kind("Namespace", "namespaces", false, None)),
            "io.k8s.api.core.v1.Namespace",
            json!({
            "type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": common(Value::Null),
            GVK: [{"group": "", "version": "v1", "kind": "Namespace"}]}),
        ),
    ];
    for (doc, name, wanted) in cases {
        let schemas = json!({OBJECT_META: object_meta(), name: wanted});
        assert_eq!(v3_document(&doc)["components"]["schemas"], schemas);
    }
}
