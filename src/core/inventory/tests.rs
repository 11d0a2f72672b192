//! What a change of one cluster's objects touches.

mod host_rules;
mod properties;

use super::*;
use crate::core::object::{IngressRule, LoadBalancerAddress, Meta};

fn ingress(namespace: &str, name: &str, hosts: &[(&str, &str)]) -> Seen {
    Seen::Ingress(Ingress {
        meta: Meta { namespace: namespace.into(), name: name.into(), ..Meta::default() },
        rules: hosts.iter().map(|(host, _)| IngressRule { host: (*host).into(), paths: vec![] }).collect(),
        tls_hosts: vec![],
        addresses: hosts
            .iter()
            .map(|(host, ip)| LoadBalancerAddress { ip: Some((*ip).into()), hostname: Some((*host).into()) })
            .collect(),
    })
}

fn namespace(name: &str, tier: &str) -> Namespace {
    Namespace { name: name.into(), labels: [("tier".to_owned(), tier.to_owned())].into(), tenant: None }
}

fn touched(fqdns: &[&str]) -> Touched {
    fqdns.iter().map(|f| (*f).to_owned()).collect()
}

/// Of a cluster with the namespaces `shop` and `other`.
fn inventory() -> Inventory {
    let mut inventory = Inventory::new("ctx-a", Arc::default());
    for name in ["shop", "other"] {
        inventory.put_namespace(Namespace { name: name.into(), ..Namespace::default() });
    }
    inventory
}

fn addresses(inventory: &Inventory, fqdn: &str) -> Vec<String> {
    inventory.offer(fqdn).endpoints.iter().map(|e| format!("{} {}", e.key, e.addresses.first().unwrap())).collect()
}

#[test]
fn a_new_object_touches_its_hosts_and_an_equal_one_touches_nothing() {
    let mut inventory = inventory();
    let web = ingress("shop", "web", &[("m.example.org", "10.1.0.5"), ("n.example.org", "10.1.0.6")]);
    assert_eq!(inventory.put(web.clone()), touched(&["m.example.org", "n.example.org"]));
    assert_eq!(inventory.put(web), Touched::new());
    assert_eq!(addresses(&inventory, "m.example.org"), ["INGRESS/ctx-a/shop/web/m.example.org 10.1.0.5"]);
}

#[test]
fn a_changed_address_touches_only_its_own_host() {
    let mut inventory = inventory();
    inventory.put(ingress("shop", "web", &[("m.example.org", "10.1.0.5"), ("n.example.org", "10.1.0.6")]));
    let moved = ingress("shop", "web", &[("m.example.org", "10.1.0.5"), ("n.example.org", "10.1.0.9")]);
    assert_eq!(inventory.put(moved), touched(&["n.example.org"]));
    assert_eq!(addresses(&inventory, "n.example.org"), ["INGRESS/ctx-a/shop/web/n.example.org 10.1.0.9"]);
}

#[test]
fn a_renamed_host_touches_the_old_and_the_new_name() {
    let mut inventory = inventory();
    inventory.put(ingress("shop", "web", &[("old.example.org", "10.1.0.5")]));
    let renamed = inventory.put(ingress("shop", "web", &[("new.example.org", "10.1.0.5")]));
    assert_eq!(renamed, touched(&["new.example.org", "old.example.org"]));
    assert_eq!(addresses(&inventory, "old.example.org"), Vec::<String>::new());
}

/// DB-19 and OBJ-07.
#[test]
fn a_complete_list_removes_what_it_does_not_name() {
    let mut inventory = inventory();
    inventory.put(ingress("shop", "web", &[("web.example.org", "10.1.0.5")]));
    inventory.put(ingress("shop", "api", &[("api.example.org", "10.1.0.6")]));
    let list = vec![ingress("shop", "api", &[("api.example.org", "10.1.0.6")])];
    assert_eq!(inventory.replace(Kind::Ingress, list, vec![]), touched(&["web.example.org"]));
    assert_eq!(inventory.offers().into_keys().collect::<Vec<_>>(), ["api.example.org"]);
    assert_eq!(
        inventory.replace(Kind::Service, vec![], vec![]),
        Touched::new(),
        "another kind's list removes no Ingress"
    );
}

#[test]
fn two_objects_of_one_host_are_offered_in_key_order() {
    let mut inventory = inventory();
    inventory.put(ingress("shop", "web-b", &[("web.example.org", "10.1.0.6")]));
    inventory.put(ingress("shop", "web-a", &[("web.example.org", "10.1.0.5")]));
    let expected =
        ["INGRESS/ctx-a/shop/web-a/web.example.org 10.1.0.5", "INGRESS/ctx-a/shop/web-b/web.example.org 10.1.0.6"];
    assert_eq!(addresses(&inventory, "web.example.org"), expected);
}

/// NS-01.
#[test]
fn a_namespace_touches_the_hosts_of_its_objects_only() {
    let mut inventory = inventory();
    inventory.put_namespace(namespace("shop", "gold"));
    inventory.put(ingress("shop", "web", &[("web.example.org", "10.1.0.5")]));
    inventory.put(ingress("other", "web", &[("other.example.org", "10.1.0.6")]));
    assert_eq!(inventory.put_namespace(namespace("shop", "gold")), Touched::new());
    assert_eq!(inventory.put_namespace(namespace("shop", "silver")), touched(&["web.example.org"]));
    assert_eq!(inventory.offer("web.example.org").endpoints[0].namespace_labels.get("tier"), Some("silver"));
    let of_tenant = Namespace { tenant: Some("tenant2".into()), ..namespace("shop", "silver") };
    assert_eq!(inventory.put_namespace(of_tenant), touched(&["web.example.org"]));
    assert_eq!(inventory.offer("web.example.org").endpoints[0].namespace_tenant.as_deref(), Some("tenant2"));
    let unreadable = ["shop".to_owned()];
    assert_eq!(inventory.replace_namespaces(vec![], &unreadable), touched(&["other.example.org"]));
    assert_eq!(inventory.offer("web.example.org").endpoints[0].namespace_labels.get("tier"), Some("silver"));
}

/// NS-02 and TEN-09: an object may be told of before its namespace, whose labels and tenant decide about it.
#[test]
fn an_object_offers_nothing_before_its_namespace_is_seen_nor_after_it_is_gone() {
    let mut inventory = Inventory::new("ctx-a", Arc::default());
    assert_eq!(inventory.put(ingress("shop", "web", &[("web.example.org", "10.1.0.5")])), Touched::new());
    assert_eq!(inventory.put_namespace(namespace("shop", "gold")), touched(&["web.example.org"]));
    assert_eq!(addresses(&inventory, "web.example.org"), ["INGRESS/ctx-a/shop/web/web.example.org 10.1.0.5"]);
    assert_eq!(inventory.remove_namespace("shop"), touched(&["web.example.org"]));
    assert_eq!(inventory.offers(), [].into());
}

#[test]
fn an_object_that_is_listed_but_unreadable_stays_as_it_was() {
    let mut inventory = inventory();
    let web = ingress("shop", "web", &[("web.example.org", "10.1.0.5")]);
    inventory.put(web.clone());
    assert_eq!(inventory.replace(Kind::Ingress, vec![], vec![web.id()]), Touched::new());
    assert_eq!(addresses(&inventory, "web.example.org"), ["INGRESS/ctx-a/shop/web/web.example.org 10.1.0.5"]);
}

#[test]
fn an_endpoint_that_stays_the_same_stays_in_the_memory_where_it_is_offered() {
    let mut inventory = inventory();
    inventory.put(ingress("shop", "web", &[("web.example.org", "10.1.0.5"), ("api.example.org", "10.1.0.6")]));
    let before = inventory.offer("web.example.org");
    inventory.put(ingress("shop", "web", &[("web.example.org", "10.1.0.5"), ("api.example.org", "10.1.0.9")]));
    inventory.put(ingress("shop", "more", &[("web.example.org", "10.1.0.7")]));
    let after = inventory.offer("web.example.org");
    assert_eq!((before.endpoints.len(), after.endpoints.len()), (1, 2));
    let web = &inventory.objects.values().find(|entry| entry.endpoints.len() == 2).unwrap().endpoints;
    assert!(
        web.iter().any(|held| Arc::ptr_eq(held, &before.endpoints[0]))
            && after.endpoints.iter().any(|e| Arc::ptr_eq(e, &before.endpoints[0]))
    );
}
