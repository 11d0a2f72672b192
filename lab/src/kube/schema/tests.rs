//! Pruning, defaults and validation by the schema of a CRD.

use serde_json::json;

use super::*;

fn spec_schema(properties: Value) -> Schema {
    let schema = json!({"type": "object", "properties": {
        "metadata": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 5}}},
        "spec": {"type": "object", "properties": properties}}});
    Schema::parse(&schema).unwrap()
}

fn object(spec: Value) -> Value {
    json!({"apiVersion": "demo.example.com/v1", "kind": "Widget", "metadata": {"name": "w1"}, "spec": spec})
}

fn causes(errors: Vec<FieldError>) -> Vec<(String, String, String)> {
    errors.into_iter().map(|error| (error.field, error.reason, error.message)).collect()
}

#[test]
fn schemas_that_are_not_structural_are_refused_by_path() {
    let cases = [
        (json!({}), "openAPIV3Schema.type: Required value: must not be empty at the root"),
        (json!({"type": "string"}), "openAPIV3Schema.type: Invalid value: \"string\": must be object at the root"),
        (
            json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {"a": {}}}}}),
            "openAPIV3Schema.properties[spec].properties[a].type: Required value: must not be empty for specified object fields",
        ),
        (
            json!({"type": "object", "properties": {"l": {"type": "array", "items": {}}}}),
            "openAPIV3Schema.properties[l].items.type: Required value: must not be empty for specified array items",
        ),
        (
            json!({"type": "object", "properties": {"l": {"type": "array"}}}),
            "openAPIV3Schema.properties[l].items: Required value: must be specified",
        ),
    ];
    for (schema, wanted) in cases {
        assert_eq!(Schema::parse(&schema).map(|_| ()), Err(wanted.to_owned()));
    }
    let free = json!({"type": "object", "properties": {
        "a": {"x-kubernetes-int-or-string": true}, "b": {"x-kubernetes-preserve-unknown-fields": true},
        "c": {"type": "string", "anyOf": [{"pattern": "a"}], "x-kubernetes-validations": [{"rule": "true"}]}}});
    assert_eq!(Schema::parse(&free).unwrap().source(), &free);
}

#[test]
fn unknown_fields_are_pruned_and_named() {
    let schema = spec_schema(json!({
        "known": {"type": "string"},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true,
                 "properties": {"strict": {"type": "object"}}},
        "labels": {"type": "object", "additionalProperties": {"type": "object", "properties": {"v": {"type": "string"}}}},
        "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "integer"}}}},
        "template": {"type": "object", "x-kubernetes-embedded-resource": true, "properties": {}}
    }));
    let mut value = object(json!({
        "known": "x", "unknown": 1, "free": {"any": {"thing": 1}, "strict": {"gone": 1}},
        "labels": {"k": {"v": "1", "gone": 1}}, "list": [{"a": 1}, {"a": 2, "b": 3}],
        "template": {"apiVersion": "v1", "kind": "Pod", "metadata": {"x": 1}, "gone": 1}
    }));
    value["extra"] = json!(1);
    let wanted = [
        "extra",
        "spec.free.strict.gone",
        "spec.labels.k.gone",
        "spec.list[1].b",
        "spec.template.gone",
        "spec.unknown",
    ];
    assert_eq!(schema.prune(&mut value), wanted);
    let rest = json!({
        "known": "x", "free": {"any": {"thing": 1}, "strict": {}}, "labels": {"k": {"v": "1"}},
        "list": [{"a": 1}, {"a": 2}], "template": {"apiVersion": "v1", "kind": "Pod", "metadata": {"x": 1}}
    });
    assert_eq!(value, object(rest));
}

#[test]
fn nulls_vanish_and_defaults_fill_gaps() {
    let schema = spec_schema(json!({
        "plain": {"type": "string"}, "nullable": {"type": "string", "nullable": true},
        "replicas": {"type": "integer", "default": 3},
        "nested": {"type": "object", "default": {}, "properties": {"mode": {"type": "string", "default": "auto"}}},
        "list": {"type": "array", "items": {"type": "object", "properties": {"on": {"type": "boolean", "default": true}}}}
    }));
    let mut value = object(json!({"plain": null, "nullable": null, "replicas": null, "list": [{}, {"on": false}]}));
    schema.drop_nulls(&mut value);
    schema.apply_defaults(&mut value);
    let wanted = json!({
        "nullable": null, "replicas": 3, "nested": {"mode": "auto"}, "list": [{"on": true}, {"on": false}]
    });
    assert_eq!(value, object(wanted));
}

#[test]
fn violations_carry_the_words_of_an_api_server() {
    let invalid = "FieldValueInvalid";
    let mistyped = "FieldValueTypeInvalid";
    #[rustfmt::skip]
    let cases = [
        (json!({"type": "integer"}), json!("string"), mistyped, r#"Invalid value: "string": spec.f in body must be of type integer: "string""#),
        (json!({"type": "string"}), json!(null), mistyped, r#"Invalid value: "null": spec.f in body must be of type string: "null""#),
        (json!({"x-kubernetes-int-or-string": true}), json!(true), mistyped, r#"Invalid value: "boolean": spec.f in body must be of type integer,string: "boolean""#),
        (json!({"type": "string", "enum": ["a", "b"]}), json!("x"), "FieldValueNotSupported", r#"Unsupported value: "x": supported values: "a", "b""#),
        (json!({"type": "string", "pattern": "^[a-z]+$"}), json!("A"), invalid, r#"Invalid value: "A": spec.f in body should match '^[a-z]+$'"#),
        (json!({"type": "string", "minLength": 1}), json!(""), invalid, r#"Invalid value: "": spec.f in body should be at least 1 chars long"#),
        (json!({"type": "string", "maxLength": 2}), json!("abc"), "FieldValueTooLong", "Too long: may not be more than 2 bytes"),
        (json!({"type": "integer", "minimum": 1}), json!(0), invalid, "Invalid value: 0: spec.f in body should be greater than or equal to 1"),
        (json!({"type": "integer", "maximum": 1}), json!(2), invalid, "Invalid value: 2: spec.f in body should be less than or equal to 1"),
        (json!({"type": "number", "minimum": 1, "exclusiveMinimum": true}), json!(1), invalid, "Invalid value: 1: spec.f in body should be greater than 1"),
        (json!({"type": "number", "maximum": 1, "exclusiveMaximum": true}), json!(1), invalid, "Invalid value: 1: spec.f in body should be less than 1"),
        (json!({"type": "array", "items": {"type": "string"}, "minItems": 1}), json!([]), invalid, "Invalid value: 0: spec.f in body should have at least 1 items"),
        (json!({"type": "array", "items": {"type": "string"}, "maxItems": 1}), json!(["a", "b"]), "FieldValueTooMany", "Too many: 2: must have at most 1 items"),
        (json!({"type": "string", "format": "date-time"}), json!("now"), mistyped, r#"Invalid value: "now": spec.f in body must be of type date-time: "now""#),
        (json!({"type": "integer", "format": "int32"}), json!(3_000_000_000_u64), mistyped, "Invalid value: 3000000000: spec.f in body must be of type int32: 3000000000"),
        (json!({"type": "string", "oneOf": [{"pattern": "a"}, {"pattern": "b"}]}), json!("ab"), invalid, r#"Invalid value: "ab": spec.f in body must validate one and only one schema (oneOf)"#),
        (json!({"type": "string", "anyOf": [{"pattern": "a"}]}), json!("b"), invalid, r#"Invalid value: "b": spec.f in body must validate at least one schema (anyOf)"#),
        (json!({"type": "string", "not": {"pattern": "a"}}), json!("a"), invalid, r#"Invalid value: "a": spec.f in body must not validate the schema (not)"#),
    ];
    for (schema, value, reason, message) in cases {
        let errors = spec_schema(json!({"f": schema})).validate(&object(json!({"f": value})), None);
        assert_eq!(causes(errors), [("spec.f".to_owned(), reason.to_owned(), message.to_owned())]);
    }
}

#[test]
fn violations_inside_objects_and_lists_are_located() {
    let schema = spec_schema(json!({
        "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "map": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port"],
                "items": {"type": "object", "required": ["port", "name"], "properties": {"port": {"type": "integer"}}}},
        "template": {"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true}
    }));
    let value = object(json!({
        "set": ["a", "b", "a"], "map": [{"port": 1, "name": "x"}, {"port": 1}], "template": {"kind": "Pod"}
    }));
    let mut named = value.clone();
    named["metadata"]["name"] = json!("too-long");
    let wanted = [
        ("spec.map[1].name", "FieldValueRequired", "Required value"),
        ("spec.map[1]", "FieldValueDuplicate", r#"Duplicate value: {"port":1}"#),
        ("spec.set[2]", "FieldValueDuplicate", r#"Duplicate value: "a""#),
        ("spec.template.apiVersion", "FieldValueRequired", "Required value: must not be empty"),
    ];
    let wanted: Vec<_> = wanted.iter().map(|(f, r, m)| ((*f).to_owned(), (*r).to_owned(), (*m).to_owned())).collect();
    assert_eq!(causes(schema.validate(&value, None)), wanted);
    let first = schema.validate(&named, None).remove(0);
    assert_eq!(first.field, "metadata.name");
}

#[test]
fn an_update_may_keep_what_was_invalid_before() {
    let schema = spec_schema(json!({
        "color": {"type": "string", "enum": ["red"]}, "size": {"type": "integer", "maximum": 1},
        "ports": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port"],
                  "items": {"type": "object", "properties": {"port": {"type": "integer", "maximum": 9}}}}
    }));
    let old = object(json!({"color": "blue", "size": 0, "ports": [{"port": 10}]}));
    let kept = object(json!({"color": "blue", "size": 1, "ports": [{"port": 2}, {"port": 10}]}));
    assert_eq!(schema.validate(&kept, Some(&old)), []);
    let changed = object(json!({"color": "green", "size": 1, "ports": [{"port": 11}]}));
    let fields: Vec<String> = schema.validate(&changed, Some(&old)).into_iter().map(|error| error.field).collect();
    assert_eq!(fields, ["spec.color", "spec.ports[0].port"]);
}
