//! Objects to endpoints: Ingresses, Services, and what all kinds have in common.

mod families;
mod multi_cluster_ingress;
mod route;

use super::annotations::{CLUSTER_UUID, ENABLE_TLS, PASSTHROUGH, TENANT, VS_UUID_MAP};
use super::*;
use crate::core::endpoint::{Protocol, VirtualServiceRef};
use crate::core::fixtures::{custom_naming, ingress, labels, lb_service, meta, namespace};
use crate::core::fixtures::{place, status, strings, tls_ingress};
use crate::core::object::{Ingress, IngressRule, Service};

fn only(ingested: Ingested) -> Endpoint {
    assert_eq!(ingested.refusals, []);
    let [endpoint] = <[Endpoint; 1]>::try_from(ingested.endpoints).unwrap();
    endpoint
}

fn backends(ingress: &Ingress) -> Vec<Backend> {
    ingress::ingest(ingress, place("ctx-a")).endpoints.into_iter().map(|endpoint| endpoint.backend).collect()
}

fn port(ports: &[(u16, &str)]) -> Option<Backend> {
    let service = lb_service("db", "db.example.org", ports, "10.1.0.7");
    service::ingest(&service, place("ctx-a")).endpoints.pop().map(|endpoint| endpoint.backend)
}

/// OBJ-06.
#[test]
fn an_ingress_offers_its_host_with_everything_that_decides() {
    let mut object = ingress("web", "web.example.org", &["/"], "10.1.0.5");
    object.meta.annotations = object.meta.annotations.with(TENANT, "tenant2");
    object.meta.uid = Some(uuid::Uuid::from_u128(7));
    object.meta.created = "2026-01-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap().into();
    let namespace = namespace(&[("team", "shop")], Some("tenant2"));

    let offered = only(ingress::ingest(&object, Place { namespace: Some(&namespace), ..place("ctx-a") }));

    let expected = Endpoint {
        key: EndpointKey {
            cluster: "ctx-a".to_owned(),
            kind: Kind::Ingress,
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
            hostname: "web.example.org".to_owned(),
        },
        global_fqdn: None,
        uid: Some(uuid::Uuid::from_u128(7)),
        created: object.meta.created,
        addresses: "10.1.0.5".parse::<std::net::IpAddr>().unwrap().into(),
        backend: Backend::Paths { paths: strings(&["/"]), tls: false },
        virtual_service: Some(VirtualServiceRef {
            vs_uuid: "virtualservice-web.example.org".to_owned(),
            cluster_uuid: "cluster-avi-web".to_owned(),
        }),
        labels: labels(&[("app", "gslb")]).into(),
        namespace_labels: labels(&[("team", "shop")]).into(),
        namespace_tenant: Some("tenant2".to_owned()),
        object_tenant: Some("tenant2".to_owned()),
    };
    assert_eq!(offered, expected);
}

/// EX-07.
#[test]
fn hosts_come_from_rules_and_addresses_from_the_status_entry_of_the_same_host() {
    let rule = |host: &str, paths: &[&str]| IngressRule { host: host.to_owned(), paths: strings(paths) };
    let mut object = Ingress {
        meta: meta("multi", &["m.example.org", "n.example.org"]),
        rules: vec![
            rule("", &["/no-host"]),
            rule("m.example.org", &["/a", "", "/a"]),
            rule("n.example.org", &[]),
            rule("m.example.org", &["/second-rule"]),
        ],
        tls_hosts: Vec::new(),
        addresses: vec![
            status("10.1.0.5", "m.example.org"),
            status("10.1.0.6", "n.example.org"),
            status("10.1.0.7", "unknown.example.org"),
            LoadBalancerAddress { ip: Some("10.1.0.8".to_owned()), hostname: None },
            LoadBalancerAddress { ip: None, hostname: Some("n.example.org".to_owned()) },
        ],
    };
    let paths = |tls: bool| {
        vec![Backend::Paths { paths: strings(&["/a", "/"]), tls }, Backend::Paths { paths: strings(&["/"]), tls }]
    };

    assert_eq!(ingress::ingest(&object, place("ctx-a")).refusals, []);
    assert_eq!(backends(&object), paths(false));
    object.meta.annotations = object.meta.annotations.with(ENABLE_TLS, "false");
    assert_eq!(backends(&object), paths(true), "any value means TLS");
}

#[test]
fn tls_covers_only_the_hosts_that_it_names() {
    let secure = tls_ingress("sec", "sec.example.org", &["/"], "10.1.0.6");
    let other = Ingress { tls_hosts: strings(&["other.example.org"]), ..secure.clone() };

    assert_eq!(backends(&secure), [Backend::Paths { paths: strings(&["/"]), tls: true }]);
    assert_eq!(backends(&other), [Backend::Paths { paths: strings(&["/"]), tls: false }]);
}

/// OBJ-02.
#[test]
fn an_ingress_that_hands_tls_through_counts_like_any_other_unless_names_are_custom() {
    let custom = custom_naming();
    for (value, custom_names) in [("true", 0), ("TRUE", 0), ("false", 1), ("", 1), ("1", 1)] {
        let mut object = ingress("web", "web.example.org", &["/"], "10.1.0.5");
        let plain = ingress::ingest(&object, place("ctx-a"));
        object.meta.annotations = object.meta.annotations.with(PASSTHROUGH, value);
        assert_eq!(ingress::ingest(&object, place("ctx-a")), plain, "{value:?}");
        let named = ingress::ingest(&object, Place { naming: &custom, ..place("ctx-a") });
        assert_eq!((named.endpoints.len(), named.refusals.len()), (custom_names, 0), "{value:?}");
    }
}

/// Rule OBJ-08.
#[test]
fn hostnames_are_compared_as_they_are_written() {
    for hostname in ["WEB.example.org", "web.example.org.", " web.example.org"] {
        let mut object = ingress("web", "web.example.org", &["/"], "10.1.0.5");
        object.addresses = vec![status("10.1.0.5", hostname)];
        assert_eq!(ingress::ingest(&object, place("ctx-a")), Ingested::default(), "{hostname:?}");
    }
    let wildcard = ingress("web", "*.example.org", &["/"], "10.1.0.5");
    assert_eq!(only(ingress::ingest(&wildcard, place("ctx-a"))).key.hostname, "*.example.org");
}

/// Rule OBJ-03.
#[test]
fn both_annotations_are_needed_and_the_map_is_by_exact_hostname() {
    let cases = [
        (Some(r#"{"web.example.org":"vs-1"}"#), Some("cluster-1"), true),
        (Some(r#"{"web.example.org":"vs-1"}"#), None, false),
        (Some(r#"{"web.example.org":"vs-1"}"#), Some(""), false),
        (None, Some("cluster-1"), false),
        (Some(r#"{"WEB.example.org":"vs-1"}"#), Some("cluster-1"), false),
        (Some(r#"{"web.example.org":""}"#), Some("cluster-1"), false),
    ];
    for (map, cluster, known) in cases {
        let mut object = ingress("web", "web.example.org", &["/"], "10.1.0.5");
        let pairs = [(VS_UUID_MAP, map), (CLUSTER_UUID, cluster)];
        let given = pairs.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
        object.meta.annotations = given.collect();
        let expected =
            known.then(|| VirtualServiceRef { vs_uuid: "vs-1".to_owned(), cluster_uuid: "cluster-1".to_owned() });
        let offered = only(ingress::ingest(&object, place("ctx-a")));
        assert_eq!(offered.virtual_service, expected, "{map:?} {cluster:?}");
    }
}

#[test]
fn a_map_that_is_no_json_is_refused_and_gives_no_virtual_service() {
    for map in ["{", "[]", r#"{"web.example.org":7}"#, "\u{0}"] {
        let mut object = ingress("web", "web.example.org", &["/"], "10.1.0.5");
        object.meta.annotations = object.meta.annotations.with(VS_UUID_MAP, map);
        let Ingested { endpoints, refusals } = ingress::ingest(&object, place("ctx-a"));
        assert_eq!(endpoints[0].virtual_service, None, "{map:?}");
        assert_eq!(refusals[0].object, "Ingress shop/web");
        assert!(refusals[0].reason.contains(VS_UUID_MAP), "{}", refusals[0].reason);
    }
}

#[test]
fn an_address_that_does_not_parse_is_refused_with_the_object_and_the_text() {
    let object = ingress("web", "web.example.org", &["/"], "10.1.0.256");
    let service = lb_service("db", "db.example.org", &[(80, "TCP")], "lb.internal");
    for (ingested, name, text) in [
        (ingress::ingest(&object, place("ctx-a")), "Ingress shop/web", "10.1.0.256"),
        (service::ingest(&service, place("ctx-a")), "Service shop/db", "lb.internal"),
    ] {
        assert_eq!(ingested.endpoints, []);
        assert_eq!(ingested.refusals[0].object, name);
        assert!(ingested.refusals[0].reason.contains(text), "{}", ingested.refusals[0].reason);
    }
}

/// EX-08 and EX-11.
#[test]
fn the_lowest_port_counts_but_a_strange_protocol_ends_the_search() {
    use Protocol::{Tcp, Udp};
    type Case = (&'static [(u16, &'static str)], Option<(u16, Protocol)>);
    let cases: [Case; 9] = [
        (&[(9443, "TCP"), (8080, "TCP")], Some((8080, Tcp))),
        (&[(53, "UDP")], Some((53, Udp))),
        (&[(53, "UDP"), (53, "TCP")], Some((53, Udp))),
        (&[(80, "TCP"), (132, "SCTP")], Some((132, Tcp))),
        (&[(132, "SCTP"), (80, "TCP")], Some((132, Tcp))),
        (&[(80, "TCP"), (900, "SCTP"), (132, "SCTP")], Some((900, Tcp))),
        (&[(80, "")], Some((80, Tcp))),
        (&[(0, "TCP"), (81, "TCP")], Some((81, Tcp))),
        (&[], None),
    ];
    for (ports, expected) in cases {
        assert_eq!(port(ports), expected.map(|(port, protocol)| Backend::Port { port, protocol }), "{ports:?}");
    }
}

/// OBJ-01.
#[test]
fn a_service_counts_only_as_load_balancer_and_with_its_first_status_entry() {
    let service = lb_service("db", "db.example.org", &[(80, "TCP")], "10.1.0.7");
    let with = |addresses| Service { addresses, ..service.clone() };
    let second = || status("10.1.0.8", "other.example.org");

    let first = with(vec![status("10.1.0.7", "db.example.org"), second()]);
    assert_eq!(only(service::ingest(&first, place("ctx-a"))).key.describe(), "LBSVC/ctx-a/shop/db");
    let not_ready = [
        Service { service_type: "ClusterIP".to_owned(), ..service.clone() },
        with(vec![]),
        with(vec![LoadBalancerAddress { ip: Some("10.1.0.7".to_owned()), hostname: None }, second()]),
        with(vec![LoadBalancerAddress { ip: None, hostname: Some("db.example.org".to_owned()) }, second()]),
    ];
    for service in not_ready {
        assert_eq!(service::ingest(&service, place("ctx-a")), Ingested::default());
    }
    let portless = service::ingest(&Service { ports: Vec::new(), ..service }, place("ctx-a"));
    assert_eq!((portless.endpoints.len(), portless.refusals.len()), (0, 1));
}
