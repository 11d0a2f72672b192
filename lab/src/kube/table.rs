//! The `meta.k8s.io/v1` Table that `kubectl get` prints.

use jiff::Timestamp;
use serde_json::{Value, json};

mod age;
mod builtin;
mod cells;
mod custom;
mod workloads;

pub use age::human_age;

/// Which columns an object of some kind has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableKind {
    /// `group` is empty for the core group.
    Builtin { group: String, kind: String },
    /// The version's `additionalPrinterColumns`; empty means the default Age.
    Custom { columns: Vec<PrinterColumn> },
}

/// One entry of `additionalPrinterColumns`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrinterColumn {
    pub name: String,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub type_: String,
    pub format: String,
    pub description: String,
    /// Above 0: shown with `-o wide` only.
    pub priority: i64,
    pub json_path: String,
}

/// The query parameter `includeObject`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IncludeObject {
    None,
    #[default]
    Metadata,
    Object,
}

/// What else a Table depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableOptions {
    pub include_object: IncludeObject,
    /// Ages are counted up to this moment.
    pub now: Timestamp,
    /// List (or object) resourceVersion.
    pub resource_version: String,
    /// Empty on the last page.
    pub continue_token: String,
    /// `remainingItemCount`, where it is known.
    pub remaining: Option<u64>,
}

/// Renders objects as one Table, one row per object in the given order.
pub fn render(kind: &TableKind, objects: &[Value], options: &TableOptions) -> Value {
    let (definitions, rows): (Vec<Value>, Vec<Vec<Value>>) = match kind {
        TableKind::Builtin { group, kind } => builtin::table(group, kind, objects, options.now),
        TableKind::Custom { columns } => custom::table(columns, objects, options.now),
    };
    let rows: Vec<Value> = objects
        .iter()
        .zip(rows)
        .map(|(object, cells)| json!({ "cells": cells, "object": row_object(object, options.include_object) }))
        .collect();
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": list_metadata(options),
        "columnDefinitions": definitions,
        "rows": rows,
    })
}

fn list_metadata(options: &TableOptions) -> Value {
    let mut metadata = json!({ "resourceVersion": options.resource_version, "continue": options.continue_token });
    if let Some(remaining) = options.remaining {
        metadata["remainingItemCount"] = remaining.into();
    }
    metadata
}

fn row_object(object: &Value, include: IncludeObject) -> Value {
    match include {
        IncludeObject::None => Value::Null,
        IncludeObject::Object => object.clone(),
        IncludeObject::Metadata => json!({
            "kind": "PartialObjectMetadata",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": object["metadata"],
        }),
    }
}

#[cfg(test)]
mod tests;
