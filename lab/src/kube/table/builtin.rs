//! Columns of the built-in kinds.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age::age_since;
use super::{cells, workloads};

/// One column: its name and how its cell comes from an object at a moment.
pub(super) struct Column {
    name: &'static str,
    type_: &'static str,
    format: &'static str,
    /// 1 for columns that show with `-o wide` only.
    priority: u8,
    cell: fn(&Value, Timestamp) -> Value,
}

impl Column {
    const fn new(name: &'static str, cell: fn(&Value, Timestamp) -> Value) -> Self {
        Self { name, type_: "string", format: "", priority: 0, cell }
    }

    const fn wide(name: &'static str, cell: fn(&Value, Timestamp) -> Value) -> Self {
        Self { priority: 1, ..Self::new(name, cell) }
    }

    fn definition(&self) -> Value {
        json!({
            "name": self.name,
            "type": self.type_,
            "format": self.format,
            "description": "",
            "priority": self.priority,
        })
    }
}

const NAME: Column = Column { format: "name", ..Column::new("Name", |object, _| cells::at(object, "/metadata/name")) };
const AGE: Column =
    Column::new("Age", |object, now| age_since(object.pointer("/metadata/creationTimestamp"), now).into());
const CREATED_AT: Column =
    Column { type_: "date", ..Column::new("Created At", |object, _| cells::at(object, "/metadata/creationTimestamp")) };

const NAMESPACE: &[Column] = &[NAME, Column::new("Status", |object, _| cells::at(object, "/status/phase")), AGE];
const SERVICE: &[Column] = &[
    NAME,
    Column::new("Type", |object, _| cells::at(object, "/spec/type")),
    Column::new("Cluster-IP", |object, _| cells::or_none(object, "/spec/clusterIP")),
    Column::new("External-IP", |object, _| cells::external_ip(object)),
    Column::new("Port(s)", |object, _| cells::service_ports(object)),
    AGE,
    Column::wide("Selector", |object, _| cells::labels(object, "/spec/selector")),
];
const SECRET: &[Column] = &[
    NAME,
    Column::new("Type", |object, _| cells::at(object, "/type")),
    Column::new("Data", |object, _| cells::count(object, &["/data"])),
    AGE,
];
const CONFIG_MAP: &[Column] =
    &[NAME, Column::new("Data", |object, _| cells::count(object, &["/data", "/binaryData"])), AGE];
const SERVICE_ACCOUNT: &[Column] =
    &[NAME, Column::new("Secrets", |object, _| cells::count(object, &["/secrets"])), AGE];
const EVENT: &[Column] = &[
    Column::new("Last Seen", cells::last_seen),
    Column::new("Type", |object, _| cells::at(object, "/type")),
    Column::new("Reason", |object, _| cells::at(object, "/reason")),
    Column::new("Object", |object, _| cells::involved_object(object)),
    Column::wide("Subobject", |object, _| cells::at(object, "/involvedObject/fieldPath")),
    Column::wide("Source", |object, _| cells::event_source(object)),
    Column::new("Message", |object, _| cells::at(object, "/message")),
    Column::wide("First Seen", cells::first_seen),
    Column::wide("Count", |object, _| cells::event_count(object)),
    Column { priority: 1, ..NAME },
];
const POD: &[Column] = &[
    NAME,
    Column::new("Ready", |object, _| workloads::pod_ready(object)),
    Column::new("Status", |object, _| workloads::pod_status(object)),
    Column::new("Restarts", |object, _| workloads::pod_restarts(object)),
    AGE,
    Column::wide("IP", |object, _| cells::or_none(object, "/status/podIP")),
    Column::wide("Node", |object, _| cells::or_none(object, "/spec/nodeName")),
    Column::wide("Nominated Node", |object, _| cells::or_none(object, "/status/nominatedNodeName")),
    Column::wide("Readiness Gates", |object, _| workloads::readiness_gates(object)),
];
const INGRESS: &[Column] = &[
    NAME,
    Column::new("Class", |object, _| cells::or_none(object, "/spec/ingressClassName")),
    Column::new("Hosts", |object, _| cells::ingress_hosts(object)),
    Column::new("Address", |object, _| cells::load_balancer(object).join(",").into()),
    Column::new("Ports", |object, _| cells::ingress_ports(object)),
    AGE,
];
const INGRESS_CLASS: &[Column] = &[
    NAME,
    Column::new("Controller", |object, _| cells::at(object, "/spec/controller")),
    Column::new("Parameters", |object, _| cells::class_parameters(object)),
    AGE,
];
const LEASE: &[Column] = &[NAME, Column::new("Holder", |object, _| cells::at(object, "/spec/holderIdentity")), AGE];
const STATEFUL_SET: &[Column] = &[
    NAME,
    Column::new("Ready", |object, _| workloads::ready_replicas(object)),
    AGE,
    Column::wide("Containers", |object, _| workloads::containers(object, "name")),
    Column::wide("Images", |object, _| workloads::containers(object, "image")),
];
const DEPLOYMENT: &[Column] = &[
    NAME,
    Column::new("Ready", |object, _| workloads::ready_replicas(object)),
    Column::new("Up-to-date", |object, _| workloads::replicas(object, "updatedReplicas")),
    Column::new("Available", |object, _| workloads::replicas(object, "availableReplicas")),
    AGE,
    Column::wide("Containers", |object, _| workloads::containers(object, "name")),
    Column::wide("Images", |object, _| workloads::containers(object, "image")),
    Column::wide("Selector", |object, _| cells::labels(object, "/spec/selector/matchLabels")),
];
const BINDING: &[Column] = &[
    NAME,
    Column::new("Role", |object, _| cells::role(object)),
    AGE,
    Column::wide("Users", |object, _| cells::subjects(object, "User")),
    Column::wide("Groups", |object, _| cells::subjects(object, "Group")),
    Column::wide("ServiceAccounts", |object, _| cells::subjects(object, "ServiceAccount")),
];
const OTHER: &[Column] = &[NAME, CREATED_AT];

fn columns(group: &str, kind: &str) -> &'static [Column] {
    match (group, kind) {
        ("", "Namespace") => NAMESPACE,
        ("", "Service") => SERVICE,
        ("", "Secret") => SECRET,
        ("", "ConfigMap") => CONFIG_MAP,
        ("", "ServiceAccount") => SERVICE_ACCOUNT,
        ("", "Event") => EVENT,
        ("", "Pod") => POD,
        ("networking.k8s.io", "Ingress") => INGRESS,
        ("networking.k8s.io", "IngressClass") => INGRESS_CLASS,
        ("coordination.k8s.io", "Lease") => LEASE,
        ("apps", "StatefulSet") => STATEFUL_SET,
        ("apps", "Deployment") => DEPLOYMENT,
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => BINDING,
        _ => OTHER,
    }
}

/// Column definitions and one row of cells per object.
pub(super) fn table(group: &str, kind: &str, objects: &[Value], now: Timestamp) -> (Vec<Value>, Vec<Vec<Value>>) {
    let columns = columns(group, kind);
    let row = |object: &Value| columns.iter().map(|column| (column.cell)(object, now)).collect();
    (columns.iter().map(Column::definition).collect(), objects.iter().map(row).collect())
}

/// The Name column, which custom resources have too.
pub(super) fn name_definition() -> Value {
    NAME.definition()
}
