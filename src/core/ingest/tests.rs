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
        withheld: None,
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
        let offering = named.endpoints.iter().filter(|endpoint| !endpoint.is_bare()).count();
        assert_eq!((offering, named.refusals.len()), (custom_names, 0), "{value:?}");
    }
}

/// OBJ-08, FND-E5.
#[test]
fn hostnames_are_one_name_in_any_case_and_with_or_without_a_final_dot() {
    let plain = only(ingress::ingest(&ingress("web", "web.example.org", &["/"], "10.1.0.5"), place("ctx-a")));
    for hostname in ["WEB.example.org", "web.example.org.", "Web.Example.Org."] {
        let mut object = ingress("web", "web.example.org", &["/"], "10.1.0.5");
        object.addresses = vec![status("10.1.0.5", hostname)];
        assert_eq!(only(ingress::ingest(&object, place("ctx-a"))), plain, "{hostname:?} in the status");
        let mut object = tls_ingress("web", hostname, &["/"], "10.1.0.5");
        object.meta = meta("web", &["web.example.org"]);
        object.addresses = vec![status("10.1.0.5", "web.example.org")];
        let tls = Backend::Paths { paths: strings(&["/"]), tls: true };
        assert_eq!(
            only(ingress::ingest(&object, place("ctx-a"))),
            Endpoint { backend: tls, ..plain.clone() },
            "{hostname:?}"
        );
        let service = only(service::ingest(&lb_service("web", hostname, &[(80, "TCP")], "10.1.0.5"), place("ctx-a")));
        assert_eq!((service.key.hostname.as_str(), service.virtual_service.is_some()), ("web.example.org", true));
    }
}

fn withheld(ingested: &Ingested) -> Vec<(String, Vec<String>, Vec<String>)> {
    let texts = |addresses: Addresses| addresses.iter().map(|address| address.to_string()).collect();
    let of = |endpoint: &Endpoint| {
        let withheld = endpoint.withheld.as_deref().map(|withheld| withheld.addresses).unwrap_or_default();
        (endpoint.key.hostname.clone(), texts(endpoint.addresses), texts(withheld))
    };
    ingested.endpoints.iter().map(of).collect()
}

/// FND-E2, FND-E5
#[test]
fn a_host_that_is_no_name_withholds_its_addresses_with_the_reason() {
    for (host, why) in [
        ("*.example.org", "is a wildcard"),
        ("a.example.org,b.example.org", "is not one DNS name"),
        ("https://a.example.org/", "is a URL"),
        ("a.example.org:8443", "because of the sign ':'"),
    ] {
        let objects = [
            ingress::ingest(&ingress("web", host, &["/"], "10.1.0.5"), place("ctx-a")),
            service::ingest(&lb_service("db", host, &[(80, "TCP")], "10.1.0.5"), place("ctx-a")),
        ];
        for ingested in objects {
            assert_eq!(withheld(&ingested), [(host.to_owned(), vec![], strings(&["10.1.0.5"]))]);
            let reason = &ingested.endpoints[0].withheld.as_ref().unwrap().reason;
            assert!(reason.contains(why) && ingested.refusals.is_empty(), "{reason}");
        }
    }
}

/// FND-E8
#[test]
fn a_useless_address_is_withheld_and_gives_way_to_a_good_one_of_its_family() {
    let addresses = |ips: &[&str]| ips.iter().map(|ip| status(ip, "web.example.org")).collect::<Vec<_>>();
    let table: [(&[&str], &[&str], &[&str]); 7] = [
        (&["0.0.0.0"], &[], &["0.0.0.0"]),
        (&["::ffff:10.9.0.4"], &["10.9.0.4"], &[]),
        (&["192.168.20.20", "::ffff:c0a8:1414"], &["192.168.20.20"], &[]),
        (&["127.0.0.1", "10.1.0.5"], &["10.1.0.5"], &[]),
        (&["10.1.0.5", "fe80::1"], &["10.1.0.5"], &["fe80::1"]),
        (&["fe80::1", "2001:db8::1"], &["2001:db8::1"], &[]),
        (&["224.0.0.9", "ff02::1"], &[], &["224.0.0.9", "ff02::1"]),
    ];
    for (ips, used, kept_back) in table {
        let mut object = ingress("web", "web.example.org", &["/"], "10.1.0.5");
        object.addresses = addresses(ips);
        let expected = [("web.example.org".to_owned(), strings(used), strings(kept_back))];
        assert_eq!(withheld(&ingress::ingest(&object, place("ctx-a"))), expected, "{ips:?}");
        let mut object = lb_service("web", "web.example.org", &[(80, "TCP")], "10.1.0.5");
        object.addresses = addresses(ips);
        assert_eq!(withheld(&service::ingest(&object, place("ctx-a"))), expected, "Service {ips:?}");
    }
}

/// FND-E7
#[test]
fn an_object_whose_status_never_counts_says_why_and_one_that_is_not_ready_says_nothing() {
    let entry = |ip: Option<&str>, hostname: Option<&str>| LoadBalancerAddress {
        ip: ip.map(str::to_owned),
        hostname: hostname.map(str::to_owned),
    };
    let elb = "k8s-shop.elb.amazonaws.com";
    let table = [
        (vec![], None, None),
        (vec![entry(None, None)], None, None),
        (vec![entry(Some("10.9.0.2"), None)], Some("no entry of its status names the host"), Some("")),
        (vec![entry(None, Some(elb))], Some("its status has no address"), Some(elb)),
        (vec![entry(None, Some("web.example.org"))], Some("its status has no address"), Some("web.example.org")),
    ];
    for (addresses, why, of_service) in table {
        let object = Ingress { addresses: addresses.clone(), ..ingress("web", "web.example.org", &["/"], "10.1.0.5") };
        let told = |ingested: Ingested| -> Vec<(String, String)> {
            assert_eq!(ingested.refusals, []);
            let told = ingested.endpoints.into_iter().filter(Endpoint::is_bare);
            told.map(|endpoint| (endpoint.key.hostname, endpoint.withheld.unwrap().reason.into())).collect()
        };
        let found = told(ingress::ingest(&object, place("ctx-a")));
        assert_eq!(
            found.iter().map(|(host, _)| host.as_str()).collect::<Vec<_>>(),
            why.map_or(vec![], |_| vec!["web.example.org"])
        );
        assert!(why.is_none_or(|why| found[0].1.contains(why)), "{found:?}");
        let object = Service { addresses, ..lb_service("db", "web.example.org", &[(80, "TCP")], "10.1.0.7") };
        let found = told(service::ingest(&object, place("ctx-a")));
        assert_eq!(
            found.iter().map(|(host, _)| host.as_str()).collect::<Vec<_>>(),
            of_service.map_or(vec![], |host| vec![host])
        );
        assert!(why.is_none_or(|why| found[0].1.contains(why)), "{found:?}");
    }
    for addresses in [vec![], vec![status("10.1.0.5", "web.example.org")]] {
        let object = Ingress { addresses, ..ingress("web", "", &["/"], "10.1.0.5") };
        let [told] = <[Endpoint; 1]>::try_from(ingress::ingest(&object, place("ctx-a")).endpoints).unwrap();
        let reason = told.withheld.unwrap().reason;
        assert_eq!(told.key.hostname, "");
        assert!(reason.starts_with("none of its rules names a host, "), "{reason}");
    }
    let mut object = ingress("web", "web.example.org", &["/"], "10.1.0.5");
    object.addresses = vec![status("10.1.0.5", "other.example.org")];
    let [told] = <[Endpoint; 1]>::try_from(ingress::ingest(&object, place("ctx-a")).endpoints).unwrap();
    let reason = told.withheld.unwrap().reason;
    assert!(
        reason.starts_with("no entry of its status names the host with an address: it names \"other.example.org\""),
        "{reason}"
    );
}

/// FND-E2
#[test]
fn a_path_with_a_control_character_is_refused_and_the_others_go_on() {
    let crlf = "/a HTTP/1.0\r\nX-Injected: yes\r\n\r\n";
    for (paths, left) in [(vec!["/ok", crlf], vec!["/ok"]), (vec![crlf], vec!["/"])] {
        let Ingested { endpoints, refusals } =
            ingress::ingest(&ingress("web", "web.example.org", &paths, "10.1.0.5"), place("ctx-a"));
        assert_eq!(endpoints[0].backend, Backend::Paths { paths: strings(&left), tls: false });
        let reasons: Vec<_> = refusals.iter().map(|refusal| refusal.reason.as_str()).collect();
        let expected = "the path \"/a HTTP/1.0\\r\\nX-Injected: yes\\r\\n\\r\\n\" holds a control character, so no health \
                        monitor asks for it; write a path without";
        assert_eq!(reasons, [expected]);
    }
}

/// Rule OBJ-03.
#[test]
fn both_annotations_are_needed_and_the_map_is_by_hostname() {
    let cases = [
        (Some(r#"{"web.example.org":"vs-1"}"#), Some("cluster-1"), true),
        (Some(r#"{"web.example.org":"vs-1"}"#), None, false),
        (Some(r#"{"web.example.org":"vs-1"}"#), Some(""), false),
        (None, Some("cluster-1"), false),
        (Some(r#"{"WEB.example.org.":"vs-1"}"#), Some("cluster-1"), true),
        (Some(r#"{"www.example.org":"vs-1"}"#), Some("cluster-1"), false),
        (Some(r#"{"WEB.example.org":"","web.example.org":"vs-1"}"#), Some("cluster-1"), true),
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
    for map in ["{", "[]", "\u{0}"] {
        let mut object = ingress("web", "web.example.org", &["/"], "10.1.0.5");
        object.meta.annotations = object.meta.annotations.with(VS_UUID_MAP, map);
        let Ingested { endpoints, refusals } = ingress::ingest(&object, place("ctx-a"));
        assert_eq!(endpoints[0].virtual_service, None, "{map:?}");
        assert_eq!(refusals[0].object, "Ingress shop/web");
        assert!(refusals[0].reason.contains(VS_UUID_MAP), "{}", refusals[0].reason);
    }
}

/// FND-E2
#[test]
fn an_odd_entry_of_the_map_costs_only_its_own_host_the_virtual_service() {
    let mut object = ingress("web", "web.example.org", &["/"], "10.1.0.5");
    let map = r#"{"web.example.org":"vs-1","odd.example.org":7,"null.example.org":null}"#;
    object.meta.annotations = object.meta.annotations.with(VS_UUID_MAP, map);
    let Ingested { endpoints, refusals } = ingress::ingest(&object, place("ctx-a"));
    assert_eq!(endpoints[0].virtual_service.as_ref().map(|found| found.vs_uuid.as_str()), Some("vs-1"));
    let expected = "annotation ako.vmware.com/host-fqdn-vs-uuid-map has no text for null.example.org, odd.example.org, so \
                    its virtual service is not known; AKO writes it, so delete it and let AKO write it again";
    assert_eq!(refusals.iter().map(|refusal| refusal.reason.as_str()).collect::<Vec<_>>(), [expected]);
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
    let not_ready = [Service { service_type: "ClusterIP".to_owned(), ..service.clone() }, with(vec![])];
    for service in not_ready {
        assert_eq!(service::ingest(&service, place("ctx-a")), Ingested::default());
    }
    let never_ready = [
        with(vec![LoadBalancerAddress { ip: Some("10.1.0.7".to_owned()), hostname: None }, second()]),
        with(vec![LoadBalancerAddress { ip: None, hostname: Some("db.example.org".to_owned()) }, second()]),
    ];
    for service in never_ready {
        assert!(only(service::ingest(&service, place("ctx-a"))).is_bare(), "the first entry decides");
    }
    let portless = service::ingest(&Service { ports: Vec::new(), ..service }, place("ctx-a"));
    assert_eq!((portless.endpoints.len(), portless.refusals.len()), (0, 1));
}
