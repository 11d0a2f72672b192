//! The tables that kubectl prints.

use std::time::Duration;

use serde_json::json;

use super::*;

const CREATED: &str = "2025-01-02T03:04:05Z";

fn options(include_object: IncludeObject) -> TableOptions {
    TableOptions {
        include_object,
        now: "2025-01-02T03:09:08Z".parse().unwrap(),
        resource_version: "7".to_owned(),
        continue_token: String::new(),
        remaining: None,
    }
}

/// Names of the columns (wide ones in brackets) and the cells of one object.
fn row(group: &str, kind: &str, mut object: Value) -> (String, Value) {
    object["metadata"] = json!({"name": "n", "creationTimestamp": CREATED});
    let kind = TableKind::Builtin { group: group.to_owned(), kind: kind.to_owned() };
    let table = render(&kind, &[object], &options(IncludeObject::None));
    let name = |column: &Value| match column["priority"].as_u64() {
        Some(0) => column["name"].as_str().unwrap().to_owned(),
        _ => format!("[{}]", column["name"].as_str().unwrap()),
    };
    let names: Vec<String> = table["columnDefinitions"].as_array().unwrap().iter().map(name).collect();
    (names.join(" "), table["rows"][0]["cells"].clone())
}

#[test]
fn ages_get_coarser_with_time() {
    let (minute, hour, day) = (60, 3600, 86400);
    let cases = [
        (0, "0s"),
        (119, "119s"),
        (2 * minute, "2m"),
        (5 * minute + 3, "5m3s"),
        (170 * minute, "170m"),
        (5 * hour + 10 * minute, "5h10m"),
        (5 * hour, "5h"),
        (30 * hour, "30h"),
        (3 * day + 4 * hour, "3d4h"),
        (2 * day, "2d"),
        (8 * day, "8d"),
        (400 * day, "400d"),
        (2 * 365 * day, "2y"),
        (760 * day, "2y30d"),
    ];
    for (seconds, wanted) in cases {
        assert_eq!(human_age(Duration::from_secs(seconds)), wanted);
    }
}

#[test]
fn a_table_carries_the_objects_that_were_asked_for() {
    let object = json!({"kind": "Widget", "metadata": {"name": "w", "creationTimestamp": CREATED}, "spec": {"a": 1}});
    let partial =
        json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]});
    let cases = [
        (IncludeObject::None, Value::Null),
        (IncludeObject::Metadata, partial),
        (IncludeObject::Object, object.clone()),
    ];
    for (include, wanted) in cases {
        let options = TableOptions { remaining: Some(3), continue_token: "c".to_owned(), ..options(include) };
        let kind = TableKind::Custom { columns: Vec::new() };
        let wanted = json!({
            "kind": "Table", "apiVersion": "meta.k8s.io/v1",
            "metadata": {"resourceVersion": "7", "continue": "c", "remainingItemCount": 3},
            "columnDefinitions": [
                {"name": "Name", "type": "string", "format": "name", "description": "", "priority": 0},
                {"name": "Age", "type": "date", "format": "", "description": "Time since the object was created.", "priority": 0}],
            "rows": [{"cells": ["w", "5m3s"], "object": wanted}]
        });
        assert_eq!(render(&kind, std::slice::from_ref(&object), &options), wanted);
    }
}

#[test]
fn printer_columns_pick_typed_cells() {
    let object = json!({
        "metadata": {"name": "w", "creationTimestamp": CREATED},
        "spec": {"hosts": ["a", "b"], "replicas": 3, "ratio": 0.5, "on": true, "map": {"k": 1}}
    });
    let cases = [
        ("string", ".spec.hosts[*]", json!("a b")),
        ("string", ".spec.map", json!(r#"{"k":1}"#)),
        ("string", ".spec.replicas", json!("3")),
        ("string", ".spec.none", json!(null)),
        ("integer", ".spec.replicas", json!(3)),
        ("integer", ".spec.on", json!(null)),
        ("number", ".spec.ratio", json!(0.5)),
        ("boolean", ".spec.on", json!(true)),
        ("date", ".metadata.creationTimestamp", json!("5m3s")),
        ("date", ".spec.replicas", json!("<unknown>")),
    ];
    for (type_, path, wanted) in cases {
        let column = PrinterColumn {
            name: "C".to_owned(),
            type_: type_.to_owned(),
            format: String::new(),
            description: "d".to_owned(),
            priority: 1,
            json_path: path.to_owned(),
        };
        let table = render(
            &TableKind::Custom { columns: vec![column] },
            std::slice::from_ref(&object),
            &options(IncludeObject::None),
        );
        assert_eq!(table["rows"][0]["cells"], json!(["w", wanted]), "{type_} {path}");
        let definition = json!({"name": "C", "type": type_, "format": "", "description": "d", "priority": 1});
        assert_eq!(table["columnDefinitions"][1], definition);
    }
}

#[test]
fn core_kinds_have_their_columns() {
    let cases = [
        ("Namespace", json!({"status": {"phase": "Active"}}), "Name Status Age", json!(["n", "Active", "5m3s"])),
        (
            "Secret",
            json!({"type": "Opaque", "data": {"a": "", "b": ""}}),
            "Name Type Data Age",
            json!(["n", "Opaque", 2, "5m3s"]),
        ),
        ("ConfigMap", json!({"data": {"a": ""}, "binaryData": {"b": ""}}), "Name Data Age", json!(["n", 2, "5m3s"])),
        ("ServiceAccount", json!({}), "Name Secrets Age", json!(["n", 0, "5m3s"])),
        (
            "Event",
            json!({"type": "Normal", "reason": "Synced", "message": "done", "count": 2, "source": {"component": "amko"},
                   "involvedObject": {"kind": "Service", "name": "web"}, "lastTimestamp": null,
                   "eventTime": "2025-01-02T03:09:00.000000Z"}),
            "Last Seen Type Reason Object [Subobject] [Source] Message [First Seen] [Count] [Name]",
            json!(["8s", "Normal", "Synced", "service/web", "", "amko", "done", "8s", 2, "n"]),
        ),
        (
            "Pod",
            json!({"spec": {"containers": [{}, {}]}, "status": {"phase": "Running", "podIP": "10.0.0.1",
                   "containerStatuses": [{"ready": true, "restartCount": 2}]}}),
            "Name Ready Status Restarts Age [IP] [Node] [Nominated Node] [Readiness Gates]",
            json!(["n", "1/2", "Running", 2, "5m3s", "10.0.0.1", "<none>", "<none>", "<none>"]),
        ),
        ("ResourceQuota", json!({}), "Name Created At", json!(["n", CREATED])),
    ];
    for (kind, object, columns, cells) in cases {
        assert_eq!(row("", kind, object), (columns.to_owned(), cells), "{kind}");
    }
}

#[test]
fn services_show_how_they_are_reached() {
    let ports = json!([{"port": 80, "protocol": "TCP"}, {"port": 443, "nodePort": 30443, "protocol": "TCP"}]);
    let cases = [
        (
            json!({"spec": {"type": "ClusterIP", "clusterIP": "None", "selector": {"b": "2", "a": "1"}}}),
            json!(["n", "ClusterIP", "None", "<none>", "<none>", "5m3s", "a=1,b=2"]),
        ),
        (
            json!({"spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1", "ports": ports}}),
            json!(["n", "LoadBalancer", "10.0.0.1", "<pending>", "80/TCP,443:30443/TCP", "5m3s", "<none>"]),
        ),
        (
            json!({"spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1"},
                "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}, {"hostname": "lb"}]}}}),
            json!(["n", "LoadBalancer", "10.0.0.1", "192.0.2.1,lb", "<none>", "5m3s", "<none>"]),
        ),
        (
            json!({"spec": {"type": "ExternalName", "externalName": "x.example.com"}}),
            json!(["n", "ExternalName", "<none>", "x.example.com", "<none>", "5m3s", "<none>"]),
        ),
    ];
    for (service, cells) in cases {
        let columns = "Name Type Cluster-IP External-IP Port(s) Age [Selector]".to_owned();
        assert_eq!(row("", "Service", service), (columns, cells));
    }
}

#[test]
fn ingresses_list_hosts_and_ports() {
    let rules = |hosts: &[&str]| json!(hosts.iter().map(|host| json!({"host": host})).collect::<Vec<_>>());
    let cases = [
        (json!({"spec": {"defaultBackend": {}}}), json!(["n", "<none>", "*", "", "80", "5m3s"])),
        (
            json!({"spec": {"ingressClassName": "avi", "rules": rules(&["a", "b", "c", "d", "e"]), "tls": [{}]},
                "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}),
            json!(["n", "avi", "a,b,c + 2 more...", "192.0.2.1", "80, 443", "5m3s"]),
        ),
    ];
    for (ingress, cells) in cases {
        let columns = "Name Class Hosts Address Ports Age".to_owned();
        assert_eq!(row("networking.k8s.io", "Ingress", ingress), (columns, cells));
    }
}

#[test]
fn other_groups_have_their_columns() {
    let template = json!({"spec": {"containers": [{"name": "a", "image": "i"}, {"name": "b", "image": "j"}]}});
    let status = json!({"readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 1});
    let rbac = "rbac.authorization.k8s.io";
    let cases = [
        (
            "networking.k8s.io",
            "IngressClass",
            json!({"spec": {"controller": "c", "parameters": {"apiGroup": "g", "kind": "K", "name": "p"}}}),
            "Name Controller Parameters Age",
            json!(["n", "c", "K.g/p", "5m3s"]),
        ),
        (
            "coordination.k8s.io",
            "Lease",
            json!({"spec": {"holderIdentity": "h"}}),
            "Name Holder Age",
            json!(["n", "h", "5m3s"]),
        ),
        (
            "apps",
            "StatefulSet",
            json!({"spec": {"replicas": 3, "template": template}, "status": status}),
            "Name Ready Age [Containers] [Images]",
            json!(["n", "2/3", "5m3s", "a,b", "i,j"]),
        ),
        (
            "apps",
            "Deployment",
            json!({"spec": {"replicas": 3, "template": template, "selector": {"matchLabels": {"a": "1"}}}, "status": status}),
            "Name Ready Up-to-date Available Age [Containers] [Images] [Selector]",
            json!(["n", "2/3", 3, 1, "5m3s", "a,b", "i,j", "a=1"]),
        ),
        ("apiextensions.k8s.io", "CustomResourceDefinition", json!({}), "Name Created At", json!(["n", CREATED])),
        (rbac, "ClusterRole", json!({}), "Name Created At", json!(["n", CREATED])),
        (
            rbac,
            "RoleBinding",
            json!({"roleRef": {"kind": "Role", "name": "r"}, "subjects": [
             {"kind": "User", "name": "u"}, {"kind": "User", "name": "v"}, {"kind": "Group", "name": "g"},
             {"kind": "ServiceAccount", "name": "s", "namespace": "ns"}]}),
            "Name Role Age [Users] [Groups] [ServiceAccounts]",
            json!(["n", "Role/r", "5m3s", "u, v", "g", "ns/s"]),
        ),
    ];
    for (group, kind, object, columns, cells) in cases {
        assert_eq!(row(group, kind, object), (columns.to_owned(), cells), "{kind}");
    }
}
