//! Cells of Pods, StatefulSets and Deployments.

use serde_json::Value;

use super::cells::{list, none_if_empty, text};

/// `1/2`: ready containers of all.
pub(super) fn pod_ready(pod: &Value) -> Value {
    let statuses = list(pod, "/status/containerStatuses");
    let ready = statuses.iter().filter(|status| status["ready"] == true).count();
    format!("{ready}/{}", list(pod, "/spec/containers").len()).into()
}

/// What keeps a pod from running says more than its phase.
pub(super) fn pod_status(pod: &Value) -> Value {
    if pod.pointer("/metadata/deletionTimestamp").is_some() {
        return "Terminating".into();
    }
    let reason = |status: &Value| {
        let reasons = [text(status, "/state/waiting/reason"), text(status, "/state/terminated/reason")];
        reasons.into_iter().find(|reason| !reason.is_empty()).map(str::to_owned)
    };
    let from_containers = list(pod, "/status/containerStatuses").iter().find_map(reason);
    let from_pod = [text(pod, "/status/reason"), text(pod, "/status/phase")];
    from_containers
        .unwrap_or_else(|| from_pod.iter().find(|part| !part.is_empty()).copied().unwrap_or_default().to_owned())
        .into()
}

pub(super) fn pod_restarts(pod: &Value) -> Value {
    list(pod, "/status/containerStatuses")
        .iter()
        .filter_map(|status| status["restartCount"].as_u64())
        .sum::<u64>()
        .into()
}

/// `1/2`: gates whose condition is true, of all.
pub(super) fn readiness_gates(pod: &Value) -> Value {
    let gates = list(pod, "/spec/readinessGates");
    if gates.is_empty() {
        return none_if_empty(String::new());
    }
    let holds = |gate: &&Value| {
        list(pod, "/status/conditions")
            .iter()
            .any(|condition| condition["type"] == gate["conditionType"] && condition["status"] == "True")
    };
    format!("{}/{}", gates.iter().filter(holds).count(), gates.len()).into()
}

/// `2/3`: ready replicas of those asked for.
pub(super) fn ready_replicas(workload: &Value) -> Value {
    let wanted = workload.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or_default();
    let ready = workload.pointer("/status/readyReplicas").and_then(Value::as_u64).unwrap_or_default();
    format!("{ready}/{wanted}").into()
}

pub(super) fn replicas(workload: &Value, counter: &str) -> Value {
    workload["status"][counter].as_u64().unwrap_or_default().into()
}

/// One field of every container of the pod template, separated by commas.
pub(super) fn containers(workload: &Value, field: &str) -> Value {
    let containers = list(workload, "/spec/template/spec/containers").iter();
    containers.map(|container| container[field].as_str().unwrap_or_default()).collect::<Vec<_>>().join(",").into()
}
