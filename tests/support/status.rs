//! The objects whose status tells something, and how to compare it.

use super::World;
use serde_json::{Value, json};

pub const RULES: &str = "gslbhostrules.amko.vmware.com";

/// A GSLBHostRule of the operator's namespace as it is now.
pub fn rule(world: &World, name: &str) -> Option<Value> {
    world.home().get(RULES, Some("avi-system"), name)
}

/// The GlobalDeploymentPolicy of the examples as it is now.
pub fn gdp(world: &World) -> Value {
    world.home().get("globaldeploymentpolicies.amko.vmware.com", Some("avi-system"), "global-gdp").unwrap()
}

/// A GSLBHostRule to apply.
pub fn host_rule(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "amko.vmware.com/v1alpha1", "kind": "GSLBHostRule",
        "metadata": {"name": name, "namespace": "avi-system"}, "spec": spec})
}

/// `type=status reason` of each condition.
pub fn said(object: &Value) -> Vec<String> {
    let word = |c: &Value, key: &str| c[key].as_str().unwrap().to_owned();
    let conditions = object["status"]["conditions"].as_array().unwrap();
    conditions.iter().map(|c| format!("{}={} {}", word(c, "type"), word(c, "status"), word(c, "reason"))).collect()
}
