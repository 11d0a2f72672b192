//! Checks of values against a schema.

use serde_json::{Number, Value};

use super::{FieldError, Node, formats, is_type_or_meta, join, lists, violation};

/// Checks a whole object. Its type and metadata are the server's own business, save for `metadata.name`.
pub(super) fn object(root: &Node, new: &Value, old: Option<&Value>) -> Vec<FieldError> {
    value(root, new, old, "")
}

/// A part equal to its old state passes as it is: that is the ratcheting.
fn value(node: &Node, new: &Value, old: Option<&Value>, path: &str) -> Vec<FieldError> {
    if old == Some(new) {
        return Vec::new();
    }
    if new.is_null() && node.nullable {
        return Vec::new();
    }
    if let Some(error) = type_error(node, new, path) {
        return vec![error];
    }
    let mut errors = scalar(node, new, path);
    match new {
        Value::Object(_) => errors.extend(fields(node, new, old, path)),
        Value::Array(items) => errors.extend(elements(node, items, old, path)),
        _ => {}
    }
    errors.extend(combinations(node, new, old, path));
    errors
}

fn type_error(node: &Node, value: &Value, path: &str) -> Option<FieldError> {
    let actual = type_name(value);
    if node.int_or_string {
        return (!matches!(actual, "integer" | "string"))
            .then(|| violation::wrong_type(path, "integer,string", actual));
    }
    let wanted = node.type_.as_deref()?;
    let fits = wanted == actual || (wanted == "number" && actual == "integer");
    (!fits).then(|| violation::wrong_type(path, wanted, actual))
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if is_whole(number) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn is_whole(number: &Number) -> bool {
    !number.is_f64() || number.as_f64().is_some_and(|value| value.fract() == 0.0)
}

fn scalar(node: &Node, value: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(choices) = &node.choices
        && !choices.contains(value)
    {
        errors.push(violation::not_supported(path, value, choices));
    }
    match value {
        Value::String(text) => errors.extend(text_errors(node, text, value, path)),
        Value::Number(number) => errors.extend(number_errors(node, number, path)),
        _ => {}
    }
    errors
}

fn text_errors(node: &Node, text: &str, value: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let length = text.chars().count() as u64;
    if let Some(minimum) = node.limits.min_length.filter(|minimum| length < *minimum) {
        errors.push(violation::breaks(path, value, &format!("should be at least {minimum} chars long")));
    }
    if let Some(maximum) = node.limits.max_length.filter(|maximum| length > *maximum) {
        errors.push(violation::too_long(path, maximum));
    }
    if let Some(pattern) = node.pattern.as_ref().filter(|pattern| !pattern.is_match(text)) {
        errors.push(violation::breaks(path, value, &format!("should match '{pattern}'")));
    }
    if let Some(format) = node.format.as_deref().filter(|format| !formats::text_fits(format, text)) {
        errors.push(violation::wrong_format(path, format, value));
    }
    errors
}

fn number_errors(node: &Node, number: &Number, path: &str) -> Vec<FieldError> {
    let limits = &node.limits;
    let actual = number.as_f64().unwrap_or_default();
    let bound = |limit: &Option<Number>| limit.clone().and_then(|limit| limit.as_f64().map(|value| (value, limit)));
    let mut rules = Vec::new();
    match bound(&limits.minimum) {
        Some((minimum, text)) if limits.exclusive_minimum && actual <= minimum => {
            rules.push(format!("should be greater than {text}"));
        }
        Some((minimum, text)) if actual < minimum => rules.push(format!("should be greater than or equal to {text}")),
        _ => {}
    }
    match bound(&limits.maximum) {
        Some((maximum, text)) if limits.exclusive_maximum && actual >= maximum => {
            rules.push(format!("should be less than {text}"));
        }
        Some((maximum, text)) if actual > maximum => rules.push(format!("should be less than or equal to {text}")),
        _ => {}
    }
    if let Some((_, text)) = bound(&limits.multiple_of).filter(|(factor, _)| (actual / factor).fract() != 0.0) {
        rules.push(format!("should be a multiple of {text}"));
    }
    let mut errors: Vec<FieldError> = rules.iter().map(|rule| violation::breaks(path, number, rule)).collect();
    if let Some(format) = node.format.as_deref().filter(|format| !formats::integer_fits(format, number)) {
        errors.push(violation::wrong_format(path, format, &Value::Number(number.clone())));
    }
    errors
}

fn fields(node: &Node, new: &Value, old: Option<&Value>, path: &str) -> Vec<FieldError> {
    let fields = new.as_object().into_iter().flatten();
    let count = new.as_object().map_or(0, serde_json::Map::len);
    let mut errors = Vec::new();
    if let Some(minimum) = node.limits.min_properties.filter(|minimum| (count as u64) < *minimum) {
        errors.push(violation::breaks(path, count, &format!("should have at least {minimum} properties")));
    }
    if let Some(maximum) = node.limits.max_properties.filter(|maximum| (count as u64) > *maximum) {
        errors.push(violation::too_many(path, count, maximum));
    }
    let missing = node.required.iter().filter(|name| new.get(name.as_str()).is_none());
    errors.extend(missing.map(|name| violation::required(&join(path, name))));
    if node.embedded_resource {
        errors.extend(embedded_resource(new, path));
    }
    for (name, child) in fields {
        let whole_object = path.is_empty() || node.embedded_resource;
        match node.field(name) {
            Some(schema) if !(whole_object && is_type_or_meta(name)) => {
                let before = old.and_then(|old| old.get(name));
                errors.extend(value(schema, child, before, &join(path, name)));
            }
            Some(schema) if name == "metadata" => errors.extend(metadata_name(schema, child, path)),
            _ => {}
        }
    }
    errors
}

/// Of a schema's `metadata` node, only the constraints of the names count.
fn metadata_name(schema: &Node, metadata: &Value, path: &str) -> Vec<FieldError> {
    let path = join(path, "metadata");
    let check = |name: &str| {
        let (schema, text) = (schema.properties.get(name)?, metadata.get(name)?);
        Some(value(schema, text, None, &join(&path, name)))
    };
    ["name", "generateName"].into_iter().filter_map(check).flatten().collect()
}

fn embedded_resource(object: &Value, path: &str) -> Vec<FieldError> {
    let is_empty = |name: &&str| object.get(*name).and_then(Value::as_str).is_none_or(str::is_empty);
    ["apiVersion", "kind"].into_iter().filter(is_empty).map(|name| violation::empty(&join(path, name))).collect()
}

fn elements(node: &Node, items: &[Value], old: Option<&Value>, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(minimum) = node.limits.min_items.filter(|minimum| (items.len() as u64) < *minimum) {
        errors.push(violation::breaks(path, items.len(), &format!("should have at least {minimum} items")));
    }
    if let Some(maximum) = node.limits.max_items.filter(|maximum| (items.len() as u64) > *maximum) {
        errors.push(violation::too_many(path, items.len(), maximum));
    }
    if let Some(schema) = &node.items {
        for (at, item) in items.iter().enumerate() {
            errors.extend(value(schema, item, lists::counterpart(node, item, old), &format!("{path}[{at}]")));
        }
    }
    errors.extend(lists::duplicates(node, items, path));
    errors
}

fn combinations(node: &Node, new: &Value, old: Option<&Value>, path: &str) -> Vec<FieldError> {
    let passes = |branch: &&Node| value(branch, new, old, path).is_empty();
    let mut errors: Vec<FieldError> = node.all_of.iter().flat_map(|branch| value(branch, new, old, path)).collect();
    if !node.any_of.is_empty() && !node.any_of.iter().any(|branch| passes(&branch)) {
        errors.push(violation::breaks(path, new, "must validate at least one schema (anyOf)"));
    }
    if !node.one_of.is_empty() && node.one_of.iter().filter(passes).count() != 1 {
        errors.push(violation::breaks(path, new, "must validate one and only one schema (oneOf)"));
    }
    if node.not.as_deref().is_some_and(|branch| passes(&branch)) {
        errors.push(violation::breaks(path, new, "must not validate the schema (not)"));
    }
    errors
}
