//! Which object gets which virtual address, and what AKO publishes about it.

use crate::ako::decide::{Delta, Placed, place, publications};
use crate::ako::object::{Exposed, Kind, ObjectKey, Port, Publication};
use crate::ako::vips::{Holder, VipRange, assign};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

const ZONE: &str = "lab.example";

fn range() -> VipRange {
    VipRange::new("127.10.25.0/24".parse().unwrap(), Some(Ipv4Addr::new(127, 10, 25, 46)))
}

fn vip(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 10, 25, last)
}

fn ingress(name: &str, hosts: &[&str]) -> Exposed {
    let rules: Vec<Value> = hosts.iter().map(|host| json!({ "host": host })).collect();
    let object = json!({ "metadata": { "namespace": "shop", "name": name }, "spec": { "rules": rules } });
    Exposed::read(Kind::Ingress, &object, ZONE).unwrap()
}

fn service(name: &str) -> Exposed {
    let object = json!({
        "metadata": { "namespace": "shop", "name": name },
        "spec": { "type": "LoadBalancer", "ports": [{ "port": 9000, "protocol": "TCP" }] },
    });
    Exposed::read(Kind::Service, &object, ZONE).unwrap()
}

fn of_service(name: &str) -> Holder {
    Holder::Service { namespace: "shop".into(), name: name.into() }
}

#[test]
fn ingress_hosts_share_one_address_and_each_service_has_its_own() {
    let placement = place(&[service("db"), ingress("web", &["a.x", "b.x"])], &BTreeMap::new(), &range());
    let plain = |address, port| Placed { address, ports: BTreeSet::from([Port::Plain(port)]) };
    assert_eq!(
        placement.services,
        BTreeMap::from([
            ("a.x".into(), plain(vip(46), 80)),
            ("b.x".into(), plain(vip(46), 80)),
            ("db.shop.lab.example".into(), plain(vip(47), 9000)),
        ])
    );
}

#[test]
fn an_address_stays_with_its_holder_when_others_come_and_go() {
    let held = place(&[service("b"), service("c")], &BTreeMap::new(), &range()).vips;
    let after = place(&[service("c"), service("d")], &held, &range()).vips;
    assert_eq!(after, BTreeMap::from([(of_service("c"), vip(47)), (of_service("d"), vip(46))]));
}

#[test]
fn an_address_shown_in_a_status_is_kept_after_a_restart() {
    let wanted = BTreeMap::from([(of_service("a"), None), (of_service("b"), Some(vip(46)))]);
    let given = assign(&range(), &BTreeMap::new(), &wanted);
    assert_eq!(given, BTreeMap::from([(of_service("a"), vip(47)), (of_service("b"), vip(46))]));
}

#[test]
fn an_address_outside_the_range_is_replaced() {
    let wanted = BTreeMap::from([(of_service("a"), Some(Ipv4Addr::new(127, 9, 9, 9)))]);
    assert_eq!(assign(&range(), &BTreeMap::new(), &wanted), BTreeMap::from([(of_service("a"), vip(46))]));
}

#[test]
fn who_finds_the_range_used_up_waits() {
    let narrow = VipRange::new("127.10.25.0/30".parse().unwrap(), None);
    let placement = place(&[service("a"), service("b"), service("c")], &BTreeMap::new(), &narrow);
    assert_eq!(placement.vips, BTreeMap::from([(of_service("a"), vip(1)), (of_service("b"), vip(2))]));
    assert_eq!(placement.without_address, BTreeSet::from([of_service("c")]));
    assert!(!placement.services.contains_key("c.shop.lab.example"));
}

#[test]
fn an_object_is_written_once_and_then_left_alone() {
    let mut web = ingress("web", &["a.x"]);
    let placement = place(std::slice::from_ref(&web), &BTreeMap::new(), &range());
    let uuids = BTreeMap::from([("a.x".to_owned(), "virtualservice-1".to_owned())]);
    let expected = Publication {
        addresses: BTreeMap::from([("a.x".into(), vip(46))]),
        twins: BTreeMap::new(),
        uuids: uuids.clone(),
        cluster_uuid: Some("cluster-1".into()),
    };
    let first = publications(std::slice::from_ref(&web), &placement, &uuids, "cluster-1");
    assert_eq!(first, vec![(web.key.clone(), expected.clone())]);
    web.published = expected;
    assert_eq!(publications(&[web], &placement, &uuids, "cluster-1"), vec![]);
}

#[test]
fn a_service_that_is_no_load_balancer_any_more_loses_what_it_showed() {
    let mut db = service("db");
    db.hosts.clear();
    db.published.addresses.insert("db.shop.lab.example".into(), vip(46));
    let placement = place(std::slice::from_ref(&db), &BTreeMap::new(), &range());
    let written = publications(std::slice::from_ref(&db), &placement, &BTreeMap::new(), "cluster-1");
    assert_eq!(written, vec![(db.key, Publication::default())]);
}

#[test]
fn a_service_without_load_balancer_is_none_of_akos_business() {
    let object = json!({ "metadata": { "namespace": "shop", "name": "db" }, "spec": { "type": "ClusterIP" } });
    let plain = Exposed::read(Kind::Service, &object, ZONE).unwrap();
    let placement = place(std::slice::from_ref(&plain), &BTreeMap::new(), &range());
    assert_eq!(publications(&[plain], &placement, &BTreeMap::new(), "cluster-1"), vec![]);
}

#[test]
fn an_ingress_is_read_with_everything_published_on_it() {
    let object = json!({
        "metadata": { "namespace": "shop", "name": "web", "annotations": {
            "ako.vmware.com/host-fqdn-vs-uuid-map": r#"{"a.x":"virtualservice-1"}"#,
            "ako.vmware.com/controller-cluster-uuid": "cluster-1",
        }},
        "spec": { "rules": [{ "host": "a.x" }, { "host": "" }, {}], "tls": [{ "hosts": ["a.x"] }] },
        "status": { "loadBalancer": { "ingress": [{ "hostname": "a.x", "ip": "127.10.25.46" }] } },
    });
    let expected = Exposed {
        key: ObjectKey { kind: Kind::Ingress, namespace: "shop".into(), name: "web".into() },
        hosts: BTreeSet::from(["a.x".into()]),
        ports: BTreeSet::from([Port::Plain(80), Port::Tls(443)]),
        dual_stack: false,
        published: Publication {
            addresses: BTreeMap::from([("a.x".into(), vip(46))]),
            twins: BTreeMap::new(),
            uuids: BTreeMap::from([("a.x".into(), "virtualservice-1".into())]),
            cluster_uuid: Some("cluster-1".into()),
        },
    };
    assert_eq!(Exposed::read(Kind::Ingress, &object, ZONE), Some(expected));
}

#[test]
fn a_service_names_its_fqdn_by_annotation() {
    let object = json!({
        "metadata": { "namespace": "shop", "name": "dns",
            "annotations": { "external-dns.alpha.kubernetes.io/hostname": "resolver.x" } },
        "spec": { "type": "LoadBalancer", "ports": [
            { "port": 53, "protocol": "UDP" }, { "port": 443 }, { "port": 132, "protocol": "SCTP" } ] },
    });
    let read = Exposed::read(Kind::Service, &object, ZONE).unwrap();
    assert_eq!(read.hosts, BTreeSet::from(["resolver.x".into()]));
    assert_eq!(read.ports, BTreeSet::from([Port::Tls(443), Port::Udp(53)]));
}

#[test]
fn an_object_that_is_being_deleted_wants_nothing() {
    let object = json!({
        "metadata": { "namespace": "shop", "name": "web", "deletionTimestamp": "2026-01-01T00:00:00Z" },
        "spec": { "rules": [{ "host": "a.x" }] },
    });
    assert_eq!(Exposed::read(Kind::Ingress, &object, ZONE).unwrap().hosts, BTreeSet::new());
}

#[test]
fn a_delta_names_what_is_new_what_differs_and_what_went() {
    let old = BTreeMap::from([("same", 1), ("other", 1), ("gone", 1)]);
    let new = BTreeMap::from([("same", 1), ("other", 2), ("fresh", 1)]);
    let expected = Delta { set: BTreeMap::from([("other", 2), ("fresh", 1)]), drop: BTreeSet::from(["gone"]) };
    assert_eq!(Delta::between(&old, &new), expected);
}
