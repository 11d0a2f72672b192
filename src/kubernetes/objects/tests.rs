//! Objects as API servers write them.

use super::*;
use crate::core::ingest::annotations::TENANT;
use crate::core::inventory::Seen;
use crate::core::object::{
    AkoHostRule, Ingress, IngressRule, LoadBalancerAddress, Meta, MultiClusterIngress, Namespace,
};
use crate::core::object::{Route, RouteAdmission, RouteCondition, Service, ServicePort};
use crate::core::pairs::Pairs;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const UID: &str = "8f3b0c6e-4a53-4a0e-9d0b-3f1f6e3b7a10";

fn decode<T: DeserializeOwned>(object: Value) -> Result<T, String> {
    serde_json::from_value(object).map_err(|error| error.to_string())
}

#[test]
fn an_ingress_keeps_hosts_paths_tls_addresses_and_the_annotations_that_matter() {
    let object: IngressObject = serde_json::from_value(json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "web", "namespace": "shop", "uid": UID, "labels": {"app": "gslb"},
            "creationTimestamp": "2026-01-01T00:00:00Z", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "ako.vmware.com/enable-tls": "true",
            "passthrough.ako.vmware.com/enabled": "true"}},
        "spec": {"ingressClassName": "avi", "tls": [{"hosts": ["sec.example.org"], "secretName": "s"}],
            "rules": [{"host": "web.example.org", "http": {"paths": [{"path": "/a", "pathType": "Prefix", "backend": {}},
                {"pathType": "ImplementationSpecific", "backend": {}}]}}, {}]},
        "status": {"loadBalancer": {"ingress": [{"ip": "10.1.0.5", "hostname": "web.example.org"}]}},
    }))
    .unwrap();
    let expected = Seen::Ingress(Ingress {
        meta: Meta {
            created: "2026-01-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap().into(),
            namespace: "shop".into(),
            name: "web".into(),
            uid: Some(UID.parse().unwrap()),
            labels: [("app".to_owned(), "gslb".to_owned())].into(),
            annotations: ["ako.vmware.com/enable-tls", "passthrough.ako.vmware.com/enabled"]
                .map(|key| (key.to_owned(), "true".to_owned()))
                .into(),
        },
        rules: vec![
            IngressRule { host: "web.example.org".into(), paths: vec!["/a".into(), String::new()] },
            IngressRule::default(),
        ],
        tls_hosts: vec!["sec.example.org".into()],
        addresses: vec![LoadBalancerAddress { ip: Some("10.1.0.5".into()), hostname: Some("web.example.org".into()) }],
    });
    assert_eq!(Seen::from(object), expected);
}

#[test]
fn a_service_without_status_has_no_address() {
    let object: ServiceObject = serde_json::from_value(json!({
        "metadata": {"name": "db", "namespace": "shop"},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 5432, "targetPort": "pg"}]},
    }))
    .unwrap();
    let expected = Seen::Service(Service {
        meta: Meta { namespace: "shop".into(), name: "db".into(), ..Meta::default() },
        service_type: "LoadBalancer".into(),
        ports: vec![ServicePort { port: 5432, protocol: String::new() }],
        addresses: vec![],
    });
    assert_eq!(Seen::from(object), expected);
}

#[test]
fn a_namespace_keeps_its_labels_and_a_tenant_that_is_not_empty() {
    let read = |tenant: &str| {
        let object: NamespaceObject = serde_json::from_value(
            json!({"metadata": {"name": "shop", "labels": {"a": "b"}, "annotations": {TENANT: tenant}}}),
        )
        .unwrap();
        Namespace::from(object)
    };
    let labels: Pairs = [("a".to_owned(), "b".to_owned())].into();
    let named = Namespace { name: "shop".into(), labels: labels.clone(), tenant: Some("t1".into()) };
    assert_eq!(read("t1"), named);
    assert_eq!(read(""), Namespace { name: "shop".into(), labels, tenant: None });
}

#[test]
fn a_route_keeps_its_names_its_termination_and_what_routers_wrote() {
    let object: RouteObject = decode(json!({
        "apiVersion": "route.openshift.io/v1", "kind": "Route",
        "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"host": "cart.example.org", "subdomain": "cart", "path": "/cart", "to": {"kind": "Service", "name": "c"},
            "port": {"targetPort": 8080}, "tls": {"termination": "edge", "key": "k"}, "wildcardPolicy": "None"},
        "status": {"ingress": [
            {"host": "cart.example.org", "routerName": "ako-ctx-a", "wildcardPolicy": "None",
                "conditions": [{"type": "Admitted", "status": "True", "reason": "{}", "message": "10.1.0.5"}]},
            {"host": "cart.example.org", "routerName": "default", "conditions": null}]},
    }))
    .unwrap();
    let admission = |router_name: &str, conditions| RouteAdmission {
        router_name: router_name.into(),
        host: "cart.example.org".into(),
        conditions,
    };
    let expected = Seen::Route(Route {
        meta: Meta { namespace: "shop".into(), name: "cart".into(), ..Meta::default() },
        host: "cart.example.org".into(),
        subdomain: "cart".into(),
        path: "/cart".into(),
        termination: Some("edge".into()),
        admissions: vec![
            admission("ako-ctx-a", vec![RouteCondition { reason: "{}".into(), message: "10.1.0.5".into() }]),
            admission("default", vec![]),
        ],
    });
    assert_eq!(Seen::from(object), expected);
}

#[test]
fn a_multi_cluster_ingress_keeps_hostname_secret_paths_and_addresses() {
    for key in ["hostname", "hostName"] {
        let object: MultiClusterIngressObject = decode(json!({
            "metadata": {"name": "mci", "namespace": "shop"},
            "spec": {key: "m.example.org", "secretName": "s",
                "config": [{"path": "/a", "clusterContext": "c", "weight": 50, "service": {"name": "x", "port": 80}}, {}]},
            "status": {"loadBalancer": {"ingress": [{"ip": "10.1.0.5", "hostname": "m.example.org"}]},
                "status": {"accepted": true}},
        }))
        .unwrap();
        let expected = Seen::MultiClusterIngress(MultiClusterIngress {
            meta: Meta { namespace: "shop".into(), name: "mci".into(), ..Meta::default() },
            hostname: "m.example.org".into(),
            secret_name: "s".into(),
            paths: vec!["/a".into(), String::new()],
            addresses: vec![LoadBalancerAddress {
                ip: Some("10.1.0.5".into()),
                hostname: Some("m.example.org".into()),
            }],
        });
        assert_eq!(Seen::from(object), expected, "{key}");
    }
}

#[test]
fn a_host_rule_keeps_what_names_secures_and_dates_it() {
    let object: HostRuleObject = decode(json!({
        "apiVersion": "ako.vmware.com/v1beta1", "kind": "HostRule",
        "metadata": {"name": "rule", "namespace": "shop", "uid": UID, "creationTimestamp": "2024-05-01T10:00:00Z"},
        "spec": {"virtualhost": {"fqdn": "local.example.org", "fqdnType": "Exact", "enableVirtualHost": true,
            "aliases": ["al.example.org"], "gslb": {"fqdn": "global.example.org", "includeAliases": true},
            "tls": {"sslKeyCertificate": {"name": "cert", "type": "ref"}, "termination": "edge"}}},
        "status": {"status": "Accepted", "error": ""},
    }))
    .unwrap();
    let expected = AkoHostRule {
        namespace: "shop".into(),
        name: "rule".into(),
        created: Some("2024-05-01T10:00:00Z".parse().unwrap()),
        uid: Some(UID.parse().unwrap()),
        status: "Accepted".into(),
        fqdn: "local.example.org".into(),
        global_fqdn: "global.example.org".into(),
        include_aliases: true,
        aliases: vec!["al.example.org".into()],
        certificate: "cert".into(),
    };
    assert_eq!(AkoHostRule::from(object), expected);
}

#[test]
fn what_is_missing_or_null_is_empty() {
    let meta = || json!({"name": "x", "namespace": "shop"});
    let named = || Meta { namespace: "shop".into(), name: "x".into(), ..Meta::default() };
    let route = |spec| Route { meta: named(), termination: spec, ..Route::default() };
    let routes = [
        (json!({"metadata": meta()}), route(None)),
        (json!({"metadata": meta(), "spec": null, "status": null}), route(None)),
        (json!({"metadata": meta(), "spec": {"tls": {}}, "status": {"ingress": null}}), route(Some(String::new()))),
    ];
    for (object, expected) in routes {
        let read: RouteObject = decode(object.clone()).unwrap();
        assert_eq!(Seen::from(read), Seen::Route(expected), "{object}");
    }
    let empty = AkoHostRule { namespace: "shop".into(), name: "x".into(), ..AkoHostRule::default() };
    for virtualhost in
        [json!(null), json!({}), json!({"aliases": null, "gslb": null, "tls": {"sslKeyCertificate": {}}})]
    {
        let read: HostRuleObject = decode(json!({"metadata": meta(), "spec": {"virtualhost": virtualhost}})).unwrap();
        assert_eq!(AkoHostRule::from(read), empty, "{virtualhost}");
    }
    let read: MultiClusterIngressObject = decode(json!({"metadata": meta(), "spec": {"config": null}})).unwrap();
    let empty = MultiClusterIngress { meta: named(), ..MultiClusterIngress::default() };
    assert_eq!(Seen::from(read), Seen::MultiClusterIngress(empty));
}

#[test]
fn a_part_that_is_read_and_has_another_type_fails_the_object() {
    let object = |spec: Value| json!({"metadata": {"name": "x", "namespace": "shop"}, "spec": spec});
    let failures = [
        decode::<RouteObject>(object(json!({"host": 7}))).map(drop),
        decode::<MultiClusterIngressObject>(object(json!({"config": {}}))).map(drop),
        decode::<HostRuleObject>(object(json!({"virtualhost": {"gslb": {"includeAliases": "yes"}}}))).map(drop),
        decode::<HostRuleObject>(object(json!({"virtualhost": {"fqdnType": 7, "httpPolicy": []}}))).map(drop),
    ];
    let expected = [
        Err("invalid type: integer `7`, expected a string".to_owned()),
        Err("invalid type: map, expected a sequence".to_owned()),
        Err("invalid type: string \"yes\", expected a boolean".to_owned()),
        Ok(()),
    ];
    assert_eq!(failures, expected);
}

#[test]
fn each_kind_is_asked_for_where_it_is_served() {
    fn served<K: kube::Resource<DynamicType = ()>>() -> String {
        format!("{} {}", K::url_path(&(), None), K::kind(&()))
    }
    let expected = [
        "/apis/networking.k8s.io/v1/ingresses Ingress",
        "/api/v1/services Service",
        "/api/v1/namespaces Namespace",
        "/apis/route.openshift.io/v1/routes Route",
        "/apis/ako.vmware.com/v1alpha1/multiclusteringresses MultiClusterIngress",
        "/apis/ako.vmware.com/v1beta1/hostrules HostRule",
    ];
    let all = [
        served::<IngressObject>(),
        served::<ServiceObject>(),
        served::<NamespaceObject>(),
        served::<RouteObject>(),
        served::<MultiClusterIngressObject>(),
        served::<HostRuleObject>(),
    ];
    assert_eq!(all, expected);
}
