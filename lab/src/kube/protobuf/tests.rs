//! Protobuf bodies of typed clients, decoded to JSON.

use serde_json::json;

use super::*;

/// A length-delimited field: number, then content.
fn bytes(number: u32, content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    prost::encoding::bytes::encode(number, &content.as_ref().to_vec(), &mut out);
    out
}

fn number(tag: u32, value: i64) -> Vec<u8> {
    let mut out = Vec::new();
    prost::encoding::int64::encode(tag, &value, &mut out);
    out
}

fn body(api_version: &str, kind: &str, raw: Vec<u8>) -> Vec<u8> {
    let type_meta = [bytes(1, api_version), bytes(2, kind)].concat();
    [MAGIC.to_vec(), bytes(1, type_meta), bytes(2, raw), bytes(3, ""), bytes(4, "")].concat()
}

fn entry(key: &str, value: &str) -> Vec<u8> {
    [bytes(1, key), bytes(2, value)].concat()
}

/// Metadata as Go writes it: empty texts and a zero time are present.
fn meta(name: &str) -> Vec<u8> {
    bytes(
        1,
        [bytes(1, name), bytes(2, ""), bytes(3, "ns"), number(7, 0), bytes(8, ""), bytes(11, entry("a", ""))].concat(),
    )
}

fn moment(micros: i64) -> Vec<u8> {
    [number(1, 1_735_787_045), number(2, micros * 1000)].concat()
}

fn metadata() -> Value {
    json!({"name": "n", "namespace": "ns", "labels": {"a": ""}})
}

#[test]
fn small_kinds_become_their_json_form() {
    let cases = [
        (
            "v1",
            "Namespace",
            [meta("n"), bytes(2, bytes(1, "kubernetes")), bytes(3, bytes(1, "Active"))].concat(),
            json!({"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}),
        ),
        (
            "v1",
            "Secret",
            [meta("n"), bytes(2, entry("k", "\u{0}x")), bytes(3, "Opaque"), number(5, 0)].concat(),
            json!({"data": {"k": "AHg="}, "type": "Opaque", "immutable": false}),
        ),
        (
            "v1",
            "ConfigMap",
            [meta("n"), bytes(2, entry("k", "")), bytes(3, entry("b", "x"))].concat(),
            json!({"data": {"k": ""}, "binaryData": {"b": "eA=="}}),
        ),
        (
            "v1",
            "ServiceAccount",
            [meta("n"), bytes(2, bytes(3, "s")), bytes(3, bytes(1, "p"))].concat(),
            json!({"secrets": [{"name": "s"}], "imagePullSecrets": [{"name": "p"}]}),
        ),
        (
            "coordination.k8s.io/v1",
            "Lease",
            [meta("n"), bytes(2, [bytes(1, "h"), number(2, 15), bytes(4, moment(7)), number(5, 0)].concat())].concat(),
            json!({"spec": {"holderIdentity": "h", "leaseDurationSeconds": 15,
                         "renewTime": "2025-01-02T03:04:05.000007Z", "leaseTransitions": 0}}),
        ),
        (
            "v1",
            "Event",
            [
                meta("n"),
                bytes(2, [bytes(1, "Service"), bytes(3, "web")].concat()),
                bytes(3, "Synced"),
                bytes(4, "done"),
                bytes(5, bytes(1, "amko")),
                bytes(6, moment(0)),
                bytes(7, ""),
                number(8, 1),
                bytes(9, "Normal"),
            ]
            .concat(),
            json!({"involvedObject": {"kind": "Service", "name": "web"}, "reason": "Synced", "message": "done",
                "source": {"component": "amko"}, "firstTimestamp": "2025-01-02T03:04:05Z", "count": 1, "type": "Normal"}),
        ),
    ];
    for (api_version, kind, raw, mut wanted) in cases {
        wanted["metadata"] = metadata();
        wanted["apiVersion"] = api_version.into();
        wanted["kind"] = kind.into();
        assert_eq!(decode(&body(api_version, kind, raw)), Ok(wanted));
    }
}

#[test]
fn requests_without_a_name_are_decoded() {
    let attributes = bytes(1, [bytes(1, "ns"), bytes(2, "list"), bytes(5, "secrets")].concat());
    let preconditions = bytes(2, bytes(1, "u"));
    let cases = [
        (
            "authorization.k8s.io/v1",
            "SelfSubjectAccessReview",
            [bytes(1, ""), bytes(2, attributes)].concat(),
            json!({"metadata": {}, "spec": {"resourceAttributes": {"namespace": "ns", "verb": "list", "resource": "secrets"}}}),
        ),
        (
            "apps/v1",
            "DeleteOptions",
            [number(1, 0), preconditions, number(3, 0), bytes(4, "Background"), bytes(5, "All")].concat(),
            json!({"gracePeriodSeconds": 0, "preconditions": {"uid": "u"}, "orphanDependents": false,
                "propagationPolicy": "Background", "dryRun": ["All"]}),
        ),
    ];
    for (api_version, kind, raw, mut wanted) in cases {
        wanted["apiVersion"] = api_version.into();
        wanted["kind"] = kind.into();
        assert_eq!(decode(&body(api_version, kind, raw)), Ok(wanted));
    }
}

#[test]
fn services_and_ingresses_are_decoded() {
    let target = |content: Vec<u8>| bytes(4, content);
    let port =
        |target: Vec<u8>| bytes(1, [bytes(1, "http"), bytes(2, "TCP"), number(3, 80), target, number(5, 0)].concat());
    let spec = [
        port(target(number(2, 8080))),
        port(target([number(1, 1), bytes(3, "web")].concat())),
        port(target(vec![])),
        bytes(2, entry("app", "a")),
        bytes(3, ""),
        bytes(4, "LoadBalancer"),
        number(13, 0),
        bytes(17, "SingleStack"),
    ];
    let service = [meta("n"), bytes(2, spec.concat()), bytes(3, bytes(1, ""))].concat();
    let http = |target: Value| json!({"name": "http", "protocol": "TCP", "port": 80, "targetPort": target});
    let wanted = json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata(), "status": {"loadBalancer": {}}, "spec": {
        "ports": [http(json!(8080)), http(json!("web")), {"name": "http", "protocol": "TCP", "port": 80}],
        "selector": {"app": "a"}, "type": "LoadBalancer", "ipFamilyPolicy": "SingleStack"}});
    assert_eq!(decode(&body("v1", "Service", service)), Ok(wanted));

    let backend = bytes(4, [bytes(1, "svc"), bytes(2, [bytes(1, ""), number(2, 80)].concat())].concat());
    let path = bytes(1, [bytes(1, "/"), bytes(2, backend), bytes(3, "Prefix")].concat());
    let rule = [bytes(1, "a.example.com"), bytes(2, bytes(1, path))].concat();
    let tls = [bytes(1, "a.example.com"), bytes(2, "cert")].concat();
    let spec = [bytes(2, tls), bytes(3, rule), bytes(4, "avi")].concat();
    let ingress = [meta("n"), bytes(2, spec)].concat();
    let wanted = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata(), "spec": {
        "ingressClassName": "avi", "tls": [{"hosts": ["a.example.com"], "secretName": "cert"}],
        "rules": [{"host": "a.example.com", "http": {"paths": [
            {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "svc", "port": {"number": 80}}}}]}}]}});
    assert_eq!(decode(&body("networking.k8s.io/v1", "Ingress", ingress)), Ok(wanted));
}

#[test]
fn rich_metadata_survives() {
    let owner = [bytes(1, "Deployment"), bytes(3, "d"), bytes(4, "u"), bytes(5, "apps/v1"), number(6, 1)].concat();
    let managed = [
        bytes(1, "helm"),
        bytes(2, "Update"),
        bytes(3, "v1"),
        bytes(4, moment(0)),
        bytes(6, "FieldsV1"),
        bytes(7, bytes(1, r#"{"f:data":{}}"#)),
        bytes(8, ""),
    ];
    let meta = [
        bytes(1, "n"),
        bytes(5, "u1"),
        bytes(6, "7"),
        number(7, 2),
        bytes(8, moment(0)),
        bytes(12, entry("k", "v")),
        bytes(13, owner),
        bytes(14, "f"),
        bytes(17, managed.concat()),
    ];
    let wanted = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
        "name": "n", "uid": "u1", "resourceVersion": "7", "generation": 2, "creationTimestamp": "2025-01-02T03:04:05Z",
        "annotations": {"k": "v"}, "finalizers": ["f"],
        "ownerReferences": [{"kind": "Deployment", "name": "d", "uid": "u", "apiVersion": "apps/v1", "controller": true}],
        "managedFields": [{"manager": "helm", "operation": "Update", "apiVersion": "v1",
            "time": "2025-01-02T03:04:05Z", "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {}}}]}});
    assert_eq!(decode(&body("v1", "ConfigMap", bytes(1, meta.concat()))), Ok(wanted));
}

#[test]
fn other_bodies_are_refused_by_kind_of_fault() {
    assert_eq!(decode(b"{}"), Err(DecodeError::NoEnvelope));
    let unsupported = DecodeError::UnsupportedKind { api_version: "apps/v1".to_owned(), kind: "Deployment".to_owned() };
    assert_eq!(decode(&body("apps/v1", "Deployment", Vec::new())), Err(unsupported));
    let broken = decode(&body("v1", "Secret", b"\x0a\x09short".to_vec()));
    assert!(matches!(broken, Err(DecodeError::Malformed { what, .. }) if what == "Secret"));
}
