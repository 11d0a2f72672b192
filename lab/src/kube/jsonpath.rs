//! The subset of Kubernetes JSONPath that printer columns, the scale subresource and selectable fields use.
//!
//! Fields (`.a.b`, `['x']`, dots escaped as `\.`), indexes (`[0]`, `[-1]`), wildcards (`[*]`, `.*`) and comparisons
//! (`[?(@.type=="Ready")]`) are known; recursive descent, slices and unions are not and select nothing.

use serde_json::Value;

mod parse;

/// One step from a node to its children.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Field(String),
    /// Negative counts from the end.
    Index(i64),
    Every,
    Filter(Filter),
}

/// `[?(@<path> <test>)]`: keeps the list elements that pass.
#[derive(Debug, Clone, PartialEq)]
struct Filter {
    path: Vec<Step>,
    test: Test,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Exists,
    Equals(Value),
    Differs(Value),
}

/// Every node that `path` selects, in document order. A malformed path selects nothing.
pub fn all<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    parse::steps(path).map(|steps| walk(value, &steps)).unwrap_or_default()
}

/// The first node that `path` selects.
pub fn first<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    all(value, path).into_iter().next()
}

fn walk<'a>(value: &'a Value, steps: &[Step]) -> Vec<&'a Value> {
    steps.iter().fold(vec![value], |nodes, step| nodes.into_iter().flat_map(|node| children(node, step)).collect())
}

fn children<'a>(node: &'a Value, step: &Step) -> Vec<&'a Value> {
    match (step, node) {
        (Step::Field(name), Value::Object(fields)) => fields.get(name).into_iter().collect(),
        (Step::Index(index), Value::Array(items)) => element(items, *index).into_iter().collect(),
        (Step::Every, Value::Array(items)) => items.iter().collect(),
        (Step::Every, Value::Object(fields)) => fields.values().collect(),
        (Step::Filter(filter), Value::Array(items)) => items.iter().filter(|item| passes(item, filter)).collect(),
        _ => Vec::new(),
    }
}

fn element(items: &[Value], index: i64) -> Option<&Value> {
    let index = if index < 0 { index + i64::try_from(items.len()).ok()? } else { index };
    items.get(usize::try_from(index).ok()?)
}

fn passes(item: &Value, filter: &Filter) -> bool {
    let found = walk(item, &filter.path);
    match &filter.test {
        Test::Exists => !found.is_empty(),
        Test::Equals(wanted) => found.first() == Some(&wanted),
        Test::Differs(wanted) => found.first().is_some_and(|value| value != &wanted),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_select_what_printer_columns_mean() {
        let object = json!({
            "metadata": {"annotations": {"a.b/c": "note"}},
            "spec": {"hosts": ["x", "y"], "rules": [{"port": 80}, {"port": 81}, {}]},
            "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Other", "status": "False"}]}
        });
        let cases = [
            (".spec.hosts[0]", vec![json!("x")]),
            (".spec.hosts[-1]", vec![json!("y")]),
            (".spec.hosts[9]", vec![]),
            (".spec.hosts", vec![json!(["x", "y"])]),
            (".spec.rules[*].port", vec![json!(80), json!(81)]),
            ("{.spec.hosts[*]}", vec![json!("x"), json!("y")]),
            ("$.spec['hosts'][1]", vec![json!("y")]),
            (r".metadata.annotations.a\.b/c", vec![json!("note")]),
            (r#".metadata.annotations["a.b/c"]"#, vec![json!("note")]),
            (r#".status.conditions[?(@.type=="Ready")].status"#, vec![json!("True")]),
            (".status.conditions[?(@.type != 'Ready')].status", vec![json!("False")]),
            (".spec.rules[?(@.port==81)].port", vec![json!(81)]),
            (".spec.rules[?(@.port)].port", vec![json!(80), json!(81)]),
            (".status.missing.deeper", vec![]),
            (".spec.hosts[", vec![]),
            ("..port", vec![]),
        ];
        for (path, wanted) in cases {
            assert_eq!(all(&object, path), wanted.iter().collect::<Vec<_>>(), "{path}");
            assert_eq!(first(&object, path), wanted.first(), "{path}");
        }
    }
}
