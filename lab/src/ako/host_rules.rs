//! AKO's verdict on HostRules: accepted, unless the host is missing or another rule has it already.

use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Plural and group of HostRules.
pub const RESOURCE: &str = "hostrules.ako.vmware.com";

/// A status to be written on one HostRule.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    pub namespace: String,
    pub name: String,
    pub status: Value,
}

/// The verdicts that differ from what the rules show. Of several rules for one host the oldest is accepted, and of
/// equally old ones the first by namespace and name.
pub fn verdicts(rules: &[Value]) -> Vec<Verdict> {
    let mut ordered: Vec<(&str, &str, &str, &Value)> =
        rules.iter().map(|r| (meta(r, "creationTimestamp"), meta(r, "namespace"), meta(r, "name"), r)).collect();
    ordered.sort_by_key(|(born, namespace, name, _)| (*born, *namespace, *name));
    let mut taken = BTreeSet::new();
    let mut verdicts = Vec::new();
    for (_, namespace, name, rule) in ordered {
        let fqdn = rule.pointer("/spec/virtualhost/fqdn").and_then(Value::as_str).unwrap_or_default();
        let error = match fqdn {
            "" => Some("spec.virtualhost.fqdn is empty".to_owned()),
            fqdn if !taken.insert(fqdn) => Some(format!("another HostRule is for {fqdn} already")),
            _ => None,
        };
        let status = match error {
            Some(error) => json!({ "status": "Rejected", "error": error }),
            None => json!({ "status": "Accepted", "error": "" }),
        };
        if rule["status"] != status {
            verdicts.push(Verdict { namespace: namespace.to_owned(), name: name.to_owned(), status });
        }
    }
    verdicts
}

fn meta<'a>(object: &'a Value, field: &str) -> &'a str {
    object["metadata"][field].as_str().unwrap_or_default()
}
