//! Ingresses and their classes.

use serde_json::Value;

use super::require_text;
use crate::kube::meta::{is_label, is_subdomain};
use crate::kube::schema::FieldError;
use crate::kube::status::{invalid_value, required, unsupported_value};

const PATH_TYPES: &[&str] = &["Exact", "ImplementationSpecific", "Prefix"];

pub(super) fn validate(object: &Value) -> Vec<FieldError> {
    let spec = &object["spec"];
    let rules = spec["rules"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut errors = Vec::new();
    if rules.is_empty() && spec["defaultBackend"].is_null() {
        errors.push(invalid_value("spec", &spec["rules"], "either `defaultBackend` or `rules` must be specified"));
    }
    if spec["defaultBackend"].is_object() {
        errors.extend(backend_errors(&spec["defaultBackend"], "spec.defaultBackend"));
    }
    for (index, rule) in rules.iter().enumerate() {
        errors.extend(rule_errors(rule, &format!("spec.rules[{index}]")));
    }
    errors
}

fn rule_errors(rule: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let host = rule["host"].as_str().unwrap_or_default();
    if !host.is_empty() && !is_host(host) {
        let detail = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
                      and must start and end with an alphanumeric character (e.g. 'example.com', regex used for \
                      validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
        errors.push(invalid_value(&format!("{path}.host"), &rule["host"], detail));
    }
    if rule["http"].is_null() {
        return errors;
    }
    let paths = rule["http"]["paths"].as_array().map(Vec::as_slice).unwrap_or_default();
    if paths.is_empty() {
        errors.push(required(&format!("{path}.http.paths"), ""));
    }
    for (index, entry) in paths.iter().enumerate() {
        errors.extend(path_errors(entry, &format!("{path}.http.paths[{index}]")));
    }
    errors
}

/// A host name, or `*.` and a host name. Addresses are not hosts.
fn is_host(host: &str) -> bool {
    let name = host.strip_prefix("*.").unwrap_or(host);
    is_subdomain(name) && host.parse::<std::net::IpAddr>().is_err()
}

fn path_errors(entry: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let text = entry["path"].as_str().unwrap_or_default();
    match entry["pathType"].as_str() {
        None | Some("") => errors.push(required(&format!("{path}.pathType"), "pathType must be specified")),
        Some(kind) if !PATH_TYPES.contains(&kind) => {
            errors.push(unsupported_value(&format!("{path}.pathType"), kind, PATH_TYPES));
        }
        Some("ImplementationSpecific") if text.is_empty() => {}
        Some(_) if !text.starts_with('/') => {
            errors.push(invalid_value(&format!("{path}.path"), &text.into(), "must be an absolute path"));
        }
        Some(_) => {}
    }
    errors.extend(backend_errors(&entry["backend"], &format!("{path}.backend")));
    errors
}

fn backend_errors(backend: &Value, path: &str) -> Vec<FieldError> {
    let service = &backend["service"];
    if !backend["resource"].is_null() {
        return Vec::new();
    }
    if service.is_null() {
        return vec![invalid_value(path, &"".into(), "resource or service backend is required")];
    }
    let mut errors: Vec<FieldError> =
        require_text(service, "name", &format!("{path}.service.name")).into_iter().collect();
    let port = &service["port"];
    let named = port["name"].as_str().is_some_and(is_label);
    if !named && port["number"].as_i64().is_none() {
        errors.push(required(path, "port name or number is required"));
    }
    errors
}

pub(super) fn validate_class(object: &Value) -> Vec<FieldError> {
    require_text(&object["spec"], "controller", "spec.controller").into_iter().collect()
}
