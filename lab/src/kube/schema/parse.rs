//! JSON to schema nodes, with the structural rules of CRDs.

use regex::Regex;
use serde_json::Value;

use super::{Additional, Limits, ListType, Node};

/// Whether a node must be structural itself, or only adds constraints to one that is (`allOf`, `anyOf`, …).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Root,
    Field,
    Items,
    Constraint,
}

pub(super) fn root(schema: &Value) -> Result<Node, String> {
    let node = node(schema, "openAPIV3Schema", Role::Root)?;
    match node.type_.as_deref() {
        Some("object") => Ok(node),
        other => Err(format!(
            "openAPIV3Schema.type: Invalid value: {:?}: must be object at the root",
            other.unwrap_or_default()
        )),
    }
}

fn node(schema: &Value, path: &str, role: Role) -> Result<Node, String> {
    if !schema.is_object() {
        return Err(format!("{path}: Invalid value: {schema}: must be a JSON object"));
    }
    let mut node = Node {
        type_: text(schema, "type"),
        format: text(schema, "format"),
        nullable: flag(schema, "nullable"),
        int_or_string: flag(schema, "x-kubernetes-int-or-string"),
        preserve_unknown: flag(schema, "x-kubernetes-preserve-unknown-fields"),
        embedded_resource: flag(schema, "x-kubernetes-embedded-resource"),
        required: texts(schema, "required"),
        default: schema.get("default").cloned(),
        choices: schema.get("enum").and_then(Value::as_array).cloned(),
        limits: limits(schema),
        list: list_type(schema),
        atomic: text(schema, "x-kubernetes-map-type").as_deref() == Some("atomic"),
        ..Node::default()
    };
    check_structural(&node, path, role)?;
    node.pattern = pattern(schema, path)?;
    children(&mut node, schema, path, role)?;
    constraints(&mut node, schema, path)?;
    Ok(node)
}

fn check_structural(node: &Node, path: &str, role: Role) -> Result<(), String> {
    if node.type_.is_some() || node.int_or_string || (node.preserve_unknown && role != Role::Root) {
        return Ok(());
    }
    let rule = match role {
        Role::Constraint => return Ok(()),
        Role::Root => "must not be empty at the root",
        Role::Field => "must not be empty for specified object fields",
        Role::Items => "must not be empty for specified array items",
    };
    Err(format!("{path}.type: Required value: {rule}"))
}

fn children(node: &mut Node, schema: &Value, path: &str, role: Role) -> Result<(), String> {
    let inner = |structural| if role == Role::Constraint { Role::Constraint } else { structural };
    for (name, child) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let child = self::node(child, &format!("{path}.properties[{name}]"), inner(Role::Field))?;
        node.properties.insert(name.clone(), child);
    }
    node.additional = match schema.get("additionalProperties") {
        None | Some(Value::Bool(false)) => Additional::None,
        Some(Value::Bool(true)) => Additional::Any,
        Some(child) => {
            Additional::Of(Box::new(self::node(child, &format!("{path}.additionalProperties"), inner(Role::Field))?))
        }
    };
    if let Some(items) = schema.get("items") {
        node.items = Some(Box::new(self::node(items, &format!("{path}.items"), inner(Role::Items))?));
    } else if node.type_.as_deref() == Some("array") && role != Role::Constraint {
        return Err(format!("{path}.items: Required value: must be specified"));
    }
    Ok(())
}

fn constraints(node: &mut Node, schema: &Value, path: &str) -> Result<(), String> {
    let branch = |keyword: &str| -> Result<Vec<Node>, String> {
        let branches = schema.get(keyword).and_then(Value::as_array).into_iter().flatten().enumerate();
        branches.map(|(at, branch)| self::node(branch, &format!("{path}.{keyword}[{at}]"), Role::Constraint)).collect()
    };
    node.all_of = branch("allOf")?;
    node.any_of = branch("anyOf")?;
    node.one_of = branch("oneOf")?;
    if let Some(not) = schema.get("not") {
        node.not = Some(Box::new(self::node(not, &format!("{path}.not"), Role::Constraint)?));
    }
    Ok(())
}

fn pattern(schema: &Value, path: &str) -> Result<Option<Regex>, String> {
    let Some(pattern) = text(schema, "pattern") else { return Ok(None) };
    Regex::new(&pattern).map(Some).map_err(|error| {
        format!("{path}.pattern: Invalid value: {pattern:?}: must be a valid regular expression, but isn't: {error}")
    })
}

fn limits(schema: &Value) -> Limits {
    let number = |keyword| schema.get(keyword).and_then(Value::as_number).cloned();
    let count = |keyword| schema.get(keyword).and_then(Value::as_u64);
    Limits {
        minimum: number("minimum"),
        maximum: number("maximum"),
        exclusive_minimum: flag(schema, "exclusiveMinimum"),
        exclusive_maximum: flag(schema, "exclusiveMaximum"),
        multiple_of: number("multipleOf"),
        min_length: count("minLength"),
        max_length: count("maxLength"),
        min_items: count("minItems"),
        max_items: count("maxItems"),
        min_properties: count("minProperties"),
        max_properties: count("maxProperties"),
    }
}

fn list_type(schema: &Value) -> ListType {
    match text(schema, "x-kubernetes-list-type").as_deref() {
        Some("set") => ListType::Set,
        Some("map") => ListType::Map(texts(schema, "x-kubernetes-list-map-keys")),
        _ => ListType::Atomic,
    }
}

fn text(schema: &Value, keyword: &str) -> Option<String> {
    schema.get(keyword).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn texts(schema: &Value, keyword: &str) -> Vec<String> {
    let items = schema.get(keyword).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn flag(schema: &Value, keyword: &str) -> bool {
    schema.get(keyword).and_then(Value::as_bool).unwrap_or_default()
}
