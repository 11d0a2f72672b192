//! The subset of Kubernetes JSONPath that printer columns, the scale subresource and field selectors use.

use serde_json::Value;

/// Every node that `path` selects, in document order. A malformed path selects nothing.
pub fn all<'a>(_value: &'a Value, _path: &str) -> Vec<&'a Value> {
    Vec::new()
}

/// The first node that `path` selects.
pub fn first<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    all(value, path).into_iter().next()
}
