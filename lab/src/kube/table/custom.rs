//! Tables of custom resources.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::PrinterColumn;
use super::age::age_since;
use crate::kube::jsonpath;

/// Column definitions and one row of cells per object: the name, then the printer columns, or the age without any.
pub(super) fn table(columns: &[PrinterColumn], objects: &[Value], now: Timestamp) -> (Vec<Value>, Vec<Vec<Value>>) {
    let default_columns = [PrinterColumn {
        name: "Age".to_owned(),
        type_: "date".to_owned(),
        format: String::new(),
        description: "Time since the object was created.".to_owned(),
        priority: 0,
        json_path: ".metadata.creationTimestamp".to_owned(),
    }];
    let columns = if columns.is_empty() { &default_columns } else { columns };
    let mut definitions = vec![super::builtin::name_definition()];
    definitions.extend(columns.iter().map(definition));
    let row = |object: &Value| {
        let name = object["metadata"]["name"].clone();
        std::iter::once(name).chain(columns.iter().map(|column| cell(column, object, now))).collect()
    };
    (definitions, objects.iter().map(row).collect())
}

fn definition(column: &PrinterColumn) -> Value {
    json!({
        "name": column.name,
        "type": column.type_,
        "format": column.format,
        "description": column.description,
        "priority": column.priority,
    })
}

/// Null where the path selects nothing or a value of another type.
fn cell(column: &PrinterColumn, object: &Value, now: Timestamp) -> Value {
    let found = jsonpath::all(object, &column.json_path);
    let Some(first) = found.first() else { return Value::Null };
    match column.type_.as_str() {
        "string" => found.iter().map(|value| text(value)).collect::<Vec<_>>().join(" ").into(),
        "date" => age_since(Some(first), now).into(),
        "integer" => first.as_i64().or_else(|| first.as_f64().map(|value| value as i64)).into(),
        "number" => first.as_f64().into(),
        "boolean" => first.as_bool().into(),
        _ => Value::Null,
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
