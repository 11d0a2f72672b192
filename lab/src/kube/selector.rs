//! Label and field selectors.

use serde_json::Value;

use super::resource::Resource;
use super::status::Status;

/// Both selectors of a list or watch. Matches everything by default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector {
    labels: Vec<LabelTerm>,
    fields: Vec<FieldTerm>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct LabelTerm {
    key: String,
    test: LabelTest,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum LabelTest {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
    Above(i64),
    Below(i64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct FieldTerm {
    path: String,
    value: String,
    negated: bool,
}

impl Selector {
    /// Parses the query parameters `labelSelector` and `fieldSelector`.
    ///
    /// # Errors
    /// 400 for bad grammar, or for a field that the resource cannot be selected by.
    pub fn parse(resource: &Resource, labels: &str, fields: &str) -> Result<Self, Status> {
        let labels = split_terms(labels).into_iter().map(label_term).collect::<Result<_, _>>()?;
        let fields: Vec<FieldTerm> =
            fields.split(',').filter(|term| !term.trim().is_empty()).map(field_term).collect::<Result<_, _>>()?;
        for term in &fields {
            check_field(resource, &term.path)?;
        }
        Ok(Self { labels, fields })
    }

    pub fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub fn matches(&self, object: &Value) -> bool {
        let labels = object.pointer("/metadata/labels");
        self.labels
            .iter()
            .all(|term| term.test.holds(labels.and_then(|labels| labels.get(&term.key)).and_then(Value::as_str)))
            && self.fields.iter().all(|term| (field_text(object, &term.path) == term.value) != term.negated)
    }
}

impl LabelTest {
    fn holds(&self, value: Option<&str>) -> bool {
        let among = |values: &[String]| value.is_some_and(|value| values.iter().any(|one| one == value));
        let number = value.and_then(|value| value.parse::<i64>().ok());
        match self {
            Self::Exists => value.is_some(),
            Self::Absent => value.is_none(),
            Self::In(values) => among(values),
            Self::NotIn(values) => !among(values),
            Self::Above(bound) => number.is_some_and(|number| number > *bound),
            Self::Below(bound) => number.is_some_and(|number| number < *bound),
        }
    }
}

/// Splits at the commas outside parentheses.
fn split_terms(text: &str) -> Vec<&str> {
    let mut depth = 0;
    text.split(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    })
    .map(str::trim)
    .filter(|term| !term.is_empty())
    .collect()
}

fn label_term(term: &str) -> Result<LabelTerm, Status> {
    let parsed = parse_label_term(term)
        .filter(|parsed| is_label_key(&parsed.key))
        .ok_or_else(|| Status::bad_request(format!("unable to parse requirement: {term:?}")))?;
    Ok(parsed)
}

fn parse_label_term(term: &str) -> Option<LabelTerm> {
    let make = |key: &str, test| Some(LabelTerm { key: key.trim().to_owned(), test });
    let one = |value: &str| vec![value.trim().to_owned()];
    if let Some((key, value)) = term.split_once("!=") {
        return make(key, LabelTest::NotIn(one(value)));
    }
    if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        return make(key, LabelTest::In(one(value)));
    }
    if let Some((key, bound)) = term.split_once('>') {
        return make(key, LabelTest::Above(bound.trim().parse().ok()?));
    }
    if let Some((key, bound)) = term.split_once('<') {
        return make(key, LabelTest::Below(bound.trim().parse().ok()?));
    }
    if let Some((head, rest)) = term.split_once('(') {
        let values = rest.strip_suffix(')')?.split(',').map(|value| value.trim().to_owned()).collect();
        let (key, operator) = head.trim().rsplit_once(char::is_whitespace)?;
        return match operator {
            "in" => make(key, LabelTest::In(values)),
            "notin" => make(key, LabelTest::NotIn(values)),
            _ => None,
        };
    }
    match term.strip_prefix('!') {
        Some(key) => make(key, LabelTest::Absent),
        None => make(term, LabelTest::Exists),
    }
}

fn is_label_key(key: &str) -> bool {
    let name = key.rsplit_once('/').map_or(key, |(_, name)| name);
    !name.is_empty() && name.len() <= 63 && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
}

fn field_term(term: &str) -> Result<FieldTerm, Status> {
    let term = term.trim();
    let (path, value, negated) = if let Some((path, value)) = term.split_once("!=") {
        (path, value, true)
    } else if let Some((path, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        (path, value, false)
    } else {
        let message = format!("invalid field selector: {term:?}; can't understand {term:?}");
        return Err(Status::bad_request(message));
    };
    Ok(FieldTerm { path: path.trim().to_owned(), value: value.trim().to_owned(), negated })
}

const EVENT_FIELDS: &[&str] = &["reason", "type"];

fn check_field(resource: &Resource, path: &str) -> Result<(), Status> {
    let known = match path {
        "metadata.name" => true,
        "metadata.namespace" => resource.namespaced,
        _ => match &resource.custom {
            Some(custom) => custom.selectable.iter().any(|field| field == path),
            None => is_builtin_field(resource, path),
        },
    };
    if known {
        return Ok(());
    }
    if resource.custom.is_some() || ["pods", "events", "namespaces", "secrets"].contains(&resource.plural.as_str()) {
        return Err(Status::bad_request(format!("field label not supported: {path}")));
    }
    let namespace = if resource.namespaced { ", \"metadata.namespace\"" } else { "" };
    let message = format!("{path:?} is not a known field selector: only \"metadata.name\"{namespace}");
    Err(Status::bad_request(message))
}

fn is_builtin_field(resource: &Resource, path: &str) -> bool {
    match resource.plural.as_str() {
        "namespaces" => path == "status.phase",
        "services" => ["spec.clusterIP", "spec.type"].contains(&path),
        "secrets" => path == "type",
        "pods" => ["spec.nodeName", "status.phase", "status.podIP"].contains(&path),
        "events" if resource.converts_events() => {
            EVENT_FIELDS.contains(&path) || path == "reportingController" || is_reference_field(path, "regarding.")
        }
        "events" => {
            EVENT_FIELDS.contains(&path)
                || ["reportingComponent", "source"].contains(&path)
                || is_reference_field(path, "involvedObject.")
        }
        _ => false,
    }
}

fn is_reference_field(path: &str, prefix: &str) -> bool {
    let fields = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"];
    path.strip_prefix(prefix).is_some_and(|field| fields.contains(&field))
}

/// The selectable text of a field; absent fields read as empty.
fn field_text(object: &Value, path: &str) -> String {
    let path = if path == "source" { "source.component" } else { path };
    match path.split('.').try_fold(object, |node, key| node.get(key)) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kube::catalog::Catalog;

    fn services() -> Resource {
        Catalog::default().by_qualified_name("services").unwrap().as_ref().clone()
    }

    fn selects(labels: &str, fields: &str, object: &Value) -> bool {
        Selector::parse(&services(), labels, fields).unwrap().matches(object)
    }

    #[test]
    fn label_selectors_follow_the_set_grammar() {
        let object = json!({ "metadata": { "labels": { "app": "web", "tier": "3" } } });
        let table = [
            ("app=web", true),
            ("app==web,tier=3", true),
            ("app!=web", false),
            ("missing!=x", true),
            ("app in (api, web)", true),
            ("app notin (web)", false),
            ("missing notin (web)", true),
            ("app", true),
            ("!app", false),
            ("!missing", true),
            ("tier>2", true),
            ("tier<3", false),
            ("app in (a,b),tier", false),
            ("", true),
        ];
        for (selector, expected) in table {
            assert_eq!(selects(selector, "", &object), expected, "{selector}");
        }
    }

    #[test]
    fn field_selectors_compare_text() {
        let object = json!({ "metadata": { "name": "a" }, "spec": { "type": "LoadBalancer" } });
        assert!(selects("", "metadata.name=a,spec.type!=ClusterIP", &object));
        assert!(!selects("", "metadata.name=b", &object));
    }

    #[test]
    fn bad_selectors_get_400_with_the_words_of_the_real_server() {
        let message = |labels, fields| Selector::parse(&services(), labels, fields).unwrap_err().message;
        assert_eq!(
            message("", "spec.x=1"),
            "\"spec.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        );
        assert_eq!(message("a b=c", ""), "unable to parse requirement: \"a b=c\"");
    }
}
