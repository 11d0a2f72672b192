//! Alerts and dashboard speak of metrics that the operator has.

use crate::rendered::rendered;
use crate::{chart, files, read, root};
use serde_json::Value;
use std::collections::BTreeSet;

/// What Prometheus' text format and the units append to a registered name.
const SUFFIXES: [&str; 3] = ["_total", "_bucket", "_seconds"];

/// Words of an expression that begin like a metric of ours.
fn used(expression: &str) -> impl Iterator<Item = &str> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter_map(|word| word.strip_prefix("amko_"))
}

fn bare(name: &str) -> &str {
    SUFFIXES.iter().fold(name, |name, suffix| name.strip_suffix(suffix).unwrap_or(name))
}

fn registered() -> String {
    files(&root().join("src/telemetry/metrics")).iter().map(|file| read(file)).collect()
}

fn alerts() -> Vec<Value> {
    serde_saphyr::from_str(&read(&chart().join("files/alerts.yaml"))).unwrap()
}

fn dashboard() -> Value {
    serde_json::from_str(&read(&chart().join("files/dashboard.json"))).unwrap()
}

fn expressions() -> Vec<String> {
    let panels = dashboard()["panels"].as_array().unwrap().clone();
    let targets = panels.into_iter().flat_map(|panel| panel["targets"].as_array().unwrap().clone());
    let shown = targets.map(|target| target["expr"].as_str().unwrap().to_owned());
    alerts().iter().map(|alert| alert["expr"].as_str().unwrap().to_owned()).chain(shown).collect()
}

/// DB-50
#[test]
fn every_metric_that_is_asked_for_is_registered() {
    let sources = registered();
    let expressions = expressions();
    let names: BTreeSet<&str> = expressions.iter().flat_map(|text| used(text)).map(bare).collect();
    assert!(names.len() > 15, "{names:?}");
    let unknown: Vec<_> = names.iter().filter(|name| !sources.contains(&format!("\"{name}\""))).collect();
    assert!(unknown.is_empty(), "src/telemetry/metrics/ registers none of {unknown:?}");
}

#[test]
fn every_expression_is_about_one_namespace() {
    for expression in expressions() {
        let selectors = expression.matches("namespace=\"NAMESPACE\"").count();
        let selectors = selectors + expression.matches("namespace=\"$namespace\"").count();
        assert_eq!(selectors, used(&expression).count(), "{expression}");
    }
}

#[test]
fn every_alert_says_what_happened_what_it_means_and_how_bad_it_is() {
    let alerts = alerts();
    let names: BTreeSet<&str> = alerts.iter().map(|alert| alert["alert"].as_str().unwrap()).collect();
    assert_eq!(names.len(), alerts.len(), "names are unique");
    for alert in &alerts {
        let severity = alert["labels"]["severity"].as_str();
        assert!(matches!(severity, Some("critical" | "warning" | "info")), "{alert}");
        let texts = ["summary", "description"].map(|key| alert["annotations"][key].as_str().unwrap_or_default());
        assert!(texts.iter().all(|text| text.ends_with('.')), "{alert}");
    }
}

#[test]
fn the_dashboard_reaches_the_cluster_as_it_is() {
    let Some(objects) = rendered(&["article"], &["--set=metrics.dashboard.enabled=true"]) else { return };
    let map = &objects["ConfigMap amko-dashboard"];
    assert_eq!(map["metadata"]["labels"]["grafana_dashboard"], "1");
    let carried: Value = serde_json::from_str(map["data"]["amko.json"].as_str().unwrap()).unwrap();
    assert_eq!(carried, dashboard());
}

#[test]
fn more_labels_leave_each_alert_how_bad_it_is() {
    let more = ["--set=metrics.prometheusRule.enabled=true,metrics.prometheusRule.alertLabels.team=gslb"];
    let Some(objects) = rendered(&["article"], &more) else { return };
    let rules = objects["PrometheusRule amko"]["spec"]["groups"][0]["rules"].as_array().unwrap();
    let labels =
        |alerts: &[Value], key: &str| -> Vec<Value> { alerts.iter().map(|a| a["labels"][key].clone()).collect() };
    assert_eq!(labels(rules, "severity"), labels(&alerts(), "severity"));
    assert!(labels(rules, "team").iter().all(|team| team == "gslb"));
}
