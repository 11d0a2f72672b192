//! The fields that the built-in kinds know, for the kinds that people write by hand.
//!
//! Only the listed levels are checked; what lies below them is taken as it is.

use serde_json::Value;

/// Kind, path of the checked objects (`[]` steps into a list), fields known there.
const KNOWN: &[(&str, &str, &[&str])] = &[
    ("ConfigMap", "", &["data", "binaryData", "immutable"]),
    ("Secret", "", &["data", "stringData", "type", "immutable"]),
    ("Namespace", "", &["spec", "status"]),
    ("Namespace", "spec", &["finalizers"]),
    ("Service", "", &["spec", "status"]),
    ("Service", "spec", SERVICE_SPEC),
    ("Service", "spec.ports[]", &["name", "protocol", "appProtocol", "port", "targetPort", "nodePort"]),
    ("Ingress", "", &["spec", "status"]),
    ("Ingress", "spec", &["ingressClassName", "defaultBackend", "tls", "rules"]),
    ("Ingress", "spec.tls[]", &["hosts", "secretName"]),
    ("Ingress", "spec.rules[]", &["host", "http"]),
    ("Ingress", "spec.rules[].http", &["paths"]),
    ("Ingress", "spec.rules[].http.paths[]", &["path", "pathType", "backend"]),
    ("Ingress", "spec.rules[].http.paths[].backend", &["service", "resource"]),
    ("Ingress", "spec.rules[].http.paths[].backend.service", &["name", "port"]),
];

const SERVICE_SPEC: &[&str] = &[
    "allocateLoadBalancerNodePorts",
    "clusterIP",
    "clusterIPs",
    "externalIPs",
    "externalName",
    "externalTrafficPolicy",
    "healthCheckNodePort",
    "internalTrafficPolicy",
    "ipFamilies",
    "ipFamilyPolicy",
    "loadBalancerClass",
    "loadBalancerIP",
    "loadBalancerSourceRanges",
    "ports",
    "publishNotReadyAddresses",
    "selector",
    "sessionAffinity",
    "sessionAffinityConfig",
    "trafficDistribution",
    "type",
];

/// Removes what the kind does not know; returns the paths.
pub(super) fn prune(kind: &str, object: &mut Value) -> Vec<String> {
    let mut unknown = Vec::new();
    for (_, path, known) in KNOWN.iter().filter(|(of, _, _)| *of == kind) {
        let steps: Vec<&str> = path.split('.').filter(|step| !step.is_empty()).collect();
        visit(object, &steps, "", known, &mut unknown);
    }
    unknown
}

fn visit(node: &mut Value, steps: &[&str], path: &str, known: &[&str], unknown: &mut Vec<String>) {
    let joined = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let Some((step, rest)) = steps.split_first() else {
        let Some(fields) = node.as_object_mut() else { return };
        let everywhere: &[&str] = if path.is_empty() { &["apiVersion", "kind", "metadata"] } else { &[] };
        let strange = |name: &str| !known.contains(&name) && !everywhere.contains(&name);
        let names: Vec<String> = fields.keys().filter(|name| strange(name)).cloned().collect();
        for name in names {
            fields.remove(&name);
            unknown.push(joined(&name));
        }
        return;
    };
    match step.strip_suffix("[]") {
        None => {
            if let Some(child) = node.get_mut(*step) {
                visit(child, rest, &joined(step), known, unknown);
            }
        }
        Some(list) => {
            let items = node.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
            for (index, item) in items.enumerate() {
                visit(item, rest, &format!("{}[{index}]", joined(list)), known, unknown);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unknown_fields_go_and_are_named_by_their_path() {
        let mut service = json!({ "metadata": {}, "speck": 1, "spec": { "ports": [{ "port": 80, "prot": "TCP" }] } });
        assert_eq!(prune("Service", &mut service), ["speck", "spec.ports[0].prot"]);
        assert_eq!(service, json!({ "metadata": {}, "spec": { "ports": [{ "port": 80 }] } }));
    }
}
