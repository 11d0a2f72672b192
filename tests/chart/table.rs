//! The table of values in the chart's README is that of `values.yaml`, and the schema knows the same keys.

use crate::{chart, is_up_to_date, read};
use serde_json::Value;
use std::collections::BTreeSet;

/// A documented value.
struct Row {
    path: Vec<String>,
    text: String,
}

/// What `values.yaml` says of each key below a comment that begins with `# --`.
fn rows(values: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut path: Vec<(usize, &str)> = Vec::new();
    let mut text: Option<&str> = None;
    for line in values.lines() {
        let bare = line.trim_start();
        let indent = line.len() - bare.len();
        if let Some(comment) = bare.strip_prefix("# -- ") {
            text = Some(comment);
        } else if let Some((key, _)) = bare.split_once(':').filter(|_| !bare.starts_with(['#', '-'])) {
            path.retain(|(outer, _)| *outer < indent);
            path.push((indent, key));
            let path = || path.iter().map(|(_, key)| (*key).to_owned()).collect();
            rows.extend(text.take().map(|text| Row { path: path(), text: text.to_owned() }));
        }
    }
    rows
}

fn value_at<'a>(values: &'a Value, path: &[String]) -> &'a Value {
    path.iter().fold(values, |value, key| value.get(key).unwrap_or_else(|| panic!("no value at {path:?}")))
}

fn default_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.is_empty() => String::new(),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

/// The keys without a value below them: their default is the whole of what is documented.
fn leaves(value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match value.as_object().filter(|map| !map.is_empty()) {
        None => found.push(path.clone()),
        Some(map) => {
            for (key, value) in map {
                path.push(key.clone());
                leaves(value, path, found);
                path.pop();
            }
        }
    }
}

fn values() -> (String, Value) {
    let text = read(&chart().join("values.yaml"));
    let parsed = serde_saphyr::from_str(&text).unwrap();
    (text, parsed)
}

#[test]
fn the_table_of_values_is_what_values_yaml_says() {
    let (text, values) = values();
    let lines = rows(&text).into_iter().map(|row| {
        let default = default_of(value_at(&values, &row.path));
        format!("| `{}` | {default} | {} |\n", row.path.join("."), row.text)
    });
    let table = format!("| key | default | what it is |\n| --- | --- | --- |\n{}", lines.collect::<String>());
    let path = chart().join("README.md");
    let readme = read(&path);
    let (begin, end) = ("<!-- written by `make fix`: begin -->\n", "<!-- written by `make fix`: end -->");
    let (head, rest) = readme.split_once(begin).expect("the mark where the table begins");
    let (_, tail) = rest.split_once(end).expect("the mark where the table ends");
    is_up_to_date(&path, &format!("{head}{begin}{table}{end}{tail}"));
}

#[test]
fn every_value_is_documented() {
    let (text, values) = values();
    let rows = rows(&text);
    let mut found = Vec::new();
    leaves(&values, &mut Vec::new(), &mut found);
    let told = |leaf: &Vec<String>| rows.iter().any(|row| leaf.starts_with(&row.path));
    let untold: Vec<_> = found.iter().filter(|leaf| !told(leaf)).collect();
    assert!(untold.is_empty(), "no comment with `# --` above {untold:?}");
}

/// Keys that the schema has for values written for AMKO 2.2, and that have no default here.
const FOREIGN: [&str; 4] = ["configs.federation", "gdpConfig", "federation.image", "rbac.pspEnable"];

#[test]
fn the_schema_knows_the_keys_of_values_yaml_and_no_others() {
    let (_, values) = values();
    let schema: Value = serde_json::from_str(&read(&chart().join("values.schema.json"))).unwrap();
    let mut differences = BTreeSet::new();
    compare(&schema, &values, "", &mut differences);
    assert_eq!(differences, FOREIGN.map(|key| format!("only in the schema: {key}")).into());
}

/// Walks both as far as the schema names keys and the default is a map.
fn compare(schema: &Value, value: &Value, at: &str, differences: &mut BTreeSet<String>) {
    let (Some(properties), Some(map)) = (schema["properties"].as_object(), value.as_object()) else { return };
    let below = |key: &str| if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
    let only = |place: &str, key: &String| format!("only in {place}: {}", below(key));
    differences.extend(properties.keys().filter(|key| !map.contains_key(*key)).map(|key| only("the schema", key)));
    differences.extend(map.keys().filter(|key| !properties.contains_key(*key)).map(|key| only("values.yaml", key)));
    for (key, value) in map {
        if let Some(schema) = properties.get(key) {
            compare(schema, value, &below(key), differences);
        }
    }
}
