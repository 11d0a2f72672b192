//! What a change of AKO's HostRules, of naming or of the platform touches.

use super::super::*;
use super::{addresses, touched};
use crate::core::aliases::AliasClaim;
use crate::core::endpoint::Backend;
use crate::core::fixtures::{PLAIN, admission, ako_host_rule, custom_naming, ingress, lb_service, mci, route, strings};

const LOCAL: &str = "local.example.org";
const GLOBAL: &str = "global.example.org";

fn web() -> Seen {
    Seen::Ingress(ingress("w", LOCAL, &["/"], "10.1.0.5"))
}

fn inventory(naming: Naming) -> Inventory {
    let mut inventory = Inventory::new("ctx-a", Arc::new(naming));
    inventory.put_namespace(Namespace { name: "shop".into(), ..Namespace::default() });
    inventory
}

fn naming_rule(name: &str, service: &str) -> AkoHostRule {
    AkoHostRule { global_fqdn: service.to_owned(), ..ako_host_rule(name, LOCAL) }
}

fn secure_rule(namespace: &str) -> AkoHostRule {
    AkoHostRule { namespace: namespace.to_owned(), certificate: "cert".to_owned(), ..ako_host_rule("sec", LOCAL) }
}

fn aliased(name: &str, fqdn: &str, aliases: &[&str]) -> AkoHostRule {
    AkoHostRule { aliases: strings(aliases), ..ako_host_rule(name, fqdn) }
}

fn rejected(rule: &AkoHostRule) -> AkoHostRule {
    AkoHostRule { status: "Rejected".to_owned(), ..rule.clone() }
}

fn id(rule: &AkoHostRule) -> ObjectName {
    host_rules::name(rule)
}

fn is_secure(inventory: &Inventory, fqdn: &str) -> Vec<bool> {
    let offer = inventory.offer(fqdn);
    offer.endpoints.iter().map(|e| matches!(e.backend, Backend::Paths { tls: true, .. })).collect()
}

fn aliases(inventory: &Inventory, fqdn: &str) -> Vec<String> {
    inventory.offer(fqdn).aliases.iter().map(|claim| format!("{} {}", claim.name, claim.alias)).collect()
}

fn fqdns(inventory: &Inventory) -> Vec<String> {
    inventory.offers().into_keys().collect()
}

/// EX-26 and OBJ-02.
#[test]
fn with_custom_names_an_object_belongs_to_the_service_that_a_host_rule_names() {
    let mut inventory = inventory(custom_naming());
    assert_eq!(inventory.put(web()), Touched::new());
    assert_eq!(inventory.unnamed().collect::<Vec<_>>(), [LOCAL]);

    let rule = AkoHostRule {
        include_aliases: true,
        aliases: strings(&["al.example.org"]),
        created: Some("2024-05-01T10:00:00Z".parse().unwrap()),
        ..naming_rule("rule", GLOBAL)
    };
    assert_eq!(inventory.put_host_rule(rule.clone()), touched(&[GLOBAL]));
    assert_eq!(inventory.put_host_rule(rule.clone()), Touched::new());
    assert_eq!(addresses(&inventory, GLOBAL), ["INGRESS/ctx-a/shop/w/local.example.org 10.1.0.5"]);
    assert_eq!(inventory.unnamed().len(), 0);
    let claim = AliasClaim {
        undated: false,
        created: rule.created,
        cluster: "ctx-a".to_owned(),
        namespace: "shop".to_owned(),
        name: "rule".to_owned(),
        alias: "al.example.org".to_owned(),
        uid: None,
    };
    assert_eq!(*inventory.offer(GLOBAL).aliases, [claim]);

    let moved = AkoHostRule { global_fqdn: "global2.example.org".to_owned(), ..rule };
    assert_eq!(inventory.put_host_rule(moved.clone()), touched(&[GLOBAL, "global2.example.org"]));
    assert_eq!(fqdns(&inventory), ["global2.example.org"]);
    assert_eq!(inventory.put_host_rule(rejected(&moved)), touched(&["global2.example.org"]));
    assert_eq!((fqdns(&inventory).len(), inventory.unnamed().len()), (0, 1));
}

/// DB-25.
#[test]
fn a_rule_for_another_local_hostname_lets_go_of_the_one_that_it_had() {
    let other = "other.example.org";
    let mut inventory = inventory(custom_naming());
    inventory.put(web());
    inventory.put(Seen::Service(lb_service("db", other, &[(80, "TCP")], "10.1.0.7")));
    inventory.put(Seen::MultiClusterIngress(mci("mci", other, "", &["/"], "10.1.0.8")));
    inventory.put_host_rule(naming_rule("rule", GLOBAL));
    let moved = AkoHostRule { fqdn: other.to_owned(), ..naming_rule("rule", GLOBAL) };
    assert_eq!(inventory.put_host_rule(moved.clone()), touched(&[GLOBAL]));
    let expected = ["LBSVC/ctx-a/shop/db 10.1.0.7", "MCI/ctx-a/shop/mci/other.example.org 10.1.0.8"];
    assert_eq!(addresses(&inventory, GLOBAL), expected);
    assert_eq!(inventory.unnamed().collect::<Vec<_>>(), [LOCAL]);
    assert_eq!(inventory.remove_host_rule(&id(&moved)), touched(&[GLOBAL]));
    assert_eq!(inventory.unnamed().collect::<Vec<_>>(), [LOCAL, other]);
}

#[test]
fn two_local_hostnames_of_a_cluster_can_belong_to_one_service_and_a_name_may_be_its_own() {
    let mut inventory = inventory(custom_naming());
    inventory.put(web());
    inventory.put(Seen::Ingress(ingress("g", GLOBAL, &["/"], "10.1.0.6")));
    inventory.put_host_rule(naming_rule("rule", GLOBAL));
    let own = AkoHostRule { fqdn: GLOBAL.to_owned(), ..naming_rule("own", GLOBAL) };
    assert_eq!(inventory.put_host_rule(own), touched(&[GLOBAL]));
    let names: Vec<_> = inventory.offer(GLOBAL).endpoints.iter().map(|e| e.global_fqdn.clone()).collect();
    assert_eq!(names, [None, Some(GLOBAL.into())]);
}

#[test]
fn of_several_rules_for_one_hostname_the_oldest_names_the_service_and_the_next_follows() {
    let dated = |name: &str, created: Option<&str>| AkoHostRule {
        created: created.map(|text| text.parse().unwrap()),
        include_aliases: true,
        aliases: strings(&["al.example.org"]),
        ..naming_rule(name, &format!("{name}.example.org"))
    };
    let order = [
        dated("z-oldest", Some("2024-01-01T00:00:00Z")),
        dated("b-same", Some("2024-02-01T00:00:00Z")),
        dated("c-same", Some("2024-02-01T00:00:00Z")),
        dated("a-undated", None),
    ];
    let mut inventory = inventory(custom_naming());
    inventory.put(web());
    // A rule of another namespace names as well, and one that names nothing stands in nobody's way.
    inventory.put_host_rule(AkoHostRule { created: order[0].created, ..ako_host_rule("silent", LOCAL) });
    for rule in order.iter().rev() {
        inventory.put_host_rule(AkoHostRule { namespace: "other".to_owned(), ..rule.clone() });
    }
    for rule in &order {
        assert_eq!(fqdns(&inventory), [rule.global_fqdn.as_str()]);
        assert_eq!(aliases(&inventory, &rule.global_fqdn), [format!("{} al.example.org", rule.name)]);
        inventory.remove_host_rule(&ObjectName { namespace: "other".to_owned(), name: rule.name.clone() });
    }
    assert_eq!(fqdns(&inventory), Vec::<String>::new());
}

/// DB-24.
#[test]
fn with_custom_names_a_usable_rule_without_a_service_is_refused_and_names_none() {
    let refusals = |inventory: &Inventory| inventory.refusals().cloned().collect::<Vec<_>>();
    let mut inventory = inventory(custom_naming());
    inventory.put(web());
    let rule = ako_host_rule("rule", LOCAL);
    assert_eq!(inventory.put_host_rule(rule.clone()), Touched::new());
    let expected = Refusal {
        object: "HostRule shop/rule".to_owned(),
        reason: "spec.virtualhost.gslb.fqdn is empty, so this HostRule names no GSLB service for local.example.org, \
                 as it has to while useCustomGlobalFqdn is on (rule DB-24); set it"
            .to_owned(),
    };
    assert_eq!(refusals(&inventory), std::slice::from_ref(&expected));
    inventory.set_naming(Arc::new(PLAIN.clone()));
    assert_eq!(refusals(&inventory), []);
    inventory.set_naming(Arc::new(custom_naming()));
    assert_eq!(refusals(&inventory), [expected]);
    inventory.put_host_rule(rejected(&rule));
    assert_eq!(refusals(&inventory), []);
}

#[test]
fn a_rule_counts_only_while_it_is_accepted_and_names_a_hostname() {
    let unusable = [
        AkoHostRule { status: "accepted".to_owned(), ..secure_rule("shop") },
        AkoHostRule { status: String::new(), ..secure_rule("shop") },
        AkoHostRule { fqdn: String::new(), ..secure_rule("shop") },
    ];
    for rule in unusable {
        let mut inventory = inventory(PLAIN.clone());
        inventory.put(web());
        assert_eq!(inventory.put_host_rule(rule.clone()), Touched::new(), "{rule:?}");
        assert_eq!(is_secure(&inventory, LOCAL), [false], "{rule:?}");
    }
}

#[test]
fn a_certificate_in_a_rule_makes_members_of_its_namespace_and_hostname_secure_until_it_goes() {
    for naming in [PLAIN.clone(), custom_naming()] {
        let mut inventory = inventory(naming.clone());
        inventory.put(web());
        inventory.put(Seen::Route(route("r", LOCAL, "/", None, "10.1.0.6")));
        inventory.put(Seen::MultiClusterIngress(mci("m", LOCAL, "", &["/"], "10.1.0.8")));
        let service = if naming.custom_global_fqdn { GLOBAL } else { LOCAL };
        inventory.put_host_rule(naming_rule("name", GLOBAL));
        assert_eq!(is_secure(&inventory, service), [false; 3]);
        assert_eq!(inventory.put_host_rule(secure_rule("other")), Touched::new(), "of another namespace");
        assert_eq!(inventory.put_host_rule(secure_rule("shop")), touched(&[service]));
        assert_eq!(is_secure(&inventory, service), [true; 3]);
        let reverted = AkoHostRule { certificate: String::new(), ..secure_rule("shop") };
        assert_eq!(inventory.put_host_rule(reverted), touched(&[service]));
        assert_eq!(is_secure(&inventory, service), [false; 3]);
    }
}

#[test]
fn a_certificate_changes_nothing_for_services_and_passthrough_routes() {
    let mut inventory = inventory(PLAIN.clone());
    inventory.put(Seen::Service(lb_service("db", LOCAL, &[(80, "TCP")], "10.1.0.7")));
    inventory.put(Seen::Route(route("r", LOCAL, "/", Some("passthrough"), "10.1.0.6")));
    inventory.put(Seen::Ingress(crate::core::fixtures::tls_ingress("w", LOCAL, &["/"], "10.1.0.5")));
    assert_eq!(inventory.put_host_rule(secure_rule("shop")), Touched::new());
}

/// EX-25.
#[test]
fn without_custom_names_every_usable_rule_claims_its_aliases_for_its_own_hostname() {
    let mut inventory = inventory(PLAIN.clone());
    let written = ["zz.example.org", "", LOCAL, "alias.example.org", "zz.example.org"];
    let rule = AkoHostRule { global_fqdn: GLOBAL.to_owned(), ..aliased("one", LOCAL, &written) };
    assert_eq!(inventory.put_host_rule(rule), touched(&[LOCAL]));
    assert_eq!(aliases(&inventory, LOCAL), ["one alias.example.org", "one zz.example.org"]);
    assert_eq!(inventory.put_host_rule(aliased("two", LOCAL, &["b.example.org"])), touched(&[LOCAL]));
    assert_eq!(inventory.put(web()), touched(&[LOCAL]), "an object leaves the claims as they are");
    assert_eq!(aliases(&inventory, LOCAL), ["one alias.example.org", "one zz.example.org", "two b.example.org"]);
    let moved = aliased("two", "d.example.org", &["b.example.org"]);
    assert_eq!(inventory.put_host_rule(moved), touched(&["d.example.org", LOCAL]));
    assert_eq!(aliases(&inventory, "d.example.org"), ["two b.example.org"]);
    assert_eq!(inventory.replace_host_rules(vec![], vec![]), touched(&["d.example.org", LOCAL]));
    assert_eq!(fqdns(&inventory), [LOCAL]);
}

#[test]
fn with_custom_names_aliases_count_only_where_the_rule_includes_them() {
    let mut inventory = inventory(custom_naming());
    let with = |include_aliases| AkoHostRule {
        global_fqdn: GLOBAL.to_owned(),
        include_aliases,
        ..aliased("one", LOCAL, &["al.example.org", GLOBAL, LOCAL])
    };
    assert_eq!(inventory.put_host_rule(with(false)), Touched::new());
    assert_eq!(inventory.put_host_rule(with(true)), touched(&[GLOBAL]));
    assert_eq!(aliases(&inventory, GLOBAL), ["one al.example.org", "one local.example.org"]);
    assert_eq!(inventory.put_host_rule(with(false)), touched(&[GLOBAL]));
    assert_eq!(fqdns(&inventory), Vec::<String>::new());
}

#[test]
fn a_complete_list_of_rules_touches_only_what_differs_and_spares_what_could_not_be_read() {
    let mut inventory = inventory(custom_naming());
    inventory.put(web());
    let unreadable = AkoHostRule { fqdn: "x.example.org".to_owned(), ..naming_rule("unreadable", "gx.example.org") };
    inventory.put(Seen::Ingress(ingress("x", "x.example.org", &["/"], "10.1.0.6")));
    inventory.put_host_rule(naming_rule("rule", GLOBAL));
    inventory.put_host_rule(unreadable.clone());
    let renamed = vec![naming_rule("renamed", GLOBAL)];
    assert_eq!(inventory.replace_host_rules(renamed, vec![id(&unreadable)]), Touched::new());
    assert_eq!(fqdns(&inventory), [GLOBAL, "gx.example.org"]);
    assert_eq!(inventory.replace_host_rules(vec![], vec![id(&unreadable)]), touched(&[GLOBAL]));
    assert_eq!(fqdns(&inventory), ["gx.example.org"]);
}

/// DB-28.
#[test]
fn a_new_default_domain_moves_the_routes_below_it() {
    let domain = |name: &str| Naming { default_domain: Some(name.to_owned()), ..PLAIN.clone() };
    let mut inventory = inventory(domain("a.example.org"));
    let mut object = route("cart", "", "/", None, "");
    object.subdomain = "cart".to_owned();
    object.admissions = ["a", "b"].map(|d| admission("ako-x", &format!("cart.{d}.example.org"), "", "10.1.0.5")).into();
    assert_eq!(inventory.put(Seen::Route(object)), touched(&["cart.a.example.org"]));
    inventory.set_naming(Arc::new(domain("b.example.org")));
    assert_eq!(fqdns(&inventory), ["cart.b.example.org"]);
    inventory.set_naming(Arc::new(PLAIN.clone()));
    assert_eq!(fqdns(&inventory), [""], "it has no name, and is told so");
}

#[test]
fn another_mode_names_services_and_their_aliases_anew() {
    let mut inventory = inventory(PLAIN.clone());
    inventory.put(web());
    let rule = AkoHostRule { aliases: strings(&["al.example.org"]), ..naming_rule("rule", GLOBAL) };
    inventory.put_host_rule(AkoHostRule { include_aliases: true, ..rule });
    assert_eq!((fqdns(&inventory), aliases(&inventory, LOCAL)), (strings(&[LOCAL]), strings(&["rule al.example.org"])));
    inventory.set_naming(Arc::new(custom_naming()));
    assert_eq!(
        (fqdns(&inventory), aliases(&inventory, GLOBAL)),
        (strings(&[GLOBAL]), strings(&["rule al.example.org"]))
    );
    inventory.set_naming(Arc::new(PLAIN.clone()));
    assert_eq!((fqdns(&inventory), aliases(&inventory, LOCAL)), (strings(&[LOCAL]), strings(&["rule al.example.org"])));
}

/// FND-A5: a Route adds to an Ingress.
#[test]
fn a_route_and_an_ingress_of_one_name_both_offer_it() {
    let mut inventory = inventory(PLAIN.clone());
    inventory.put(web());
    inventory.put(Seen::Route(route("r", LOCAL, "/", None, "10.1.0.6")));
    assert_eq!(inventory.offer(LOCAL).endpoints.len(), 2);
    inventory.replace(Kind::Ingress, vec![], vec![]);
    assert_eq!(addresses(&inventory, LOCAL), ["ROUTE/ctx-a/shop/r 10.1.0.6"]);
}

/// DB-20.
#[test]
fn a_route_and_a_service_of_one_name_do_not_disturb_each_other() {
    let mut inventory = inventory(PLAIN.clone());
    inventory.put(Seen::Route(route("same", LOCAL, "/", None, "10.1.0.6")));
    let service = Seen::Service(lb_service("same", "db.example.org", &[(80, "TCP")], "10.1.0.7"));
    assert_eq!(inventory.put(service.clone()), touched(&["db.example.org"]));
    assert_eq!(inventory.remove(&service.id()), touched(&["db.example.org"]));
    assert_eq!(fqdns(&inventory), [LOCAL]);
}

/// EX-34 and DB-20.
#[test]
fn a_route_or_service_with_another_hostname_leaves_the_old_service() {
    let renamed = |name: &str| {
        let service = lb_service("db", &format!("db{name}.example.org"), &[(80, "TCP")], "10.1.0.7");
        [Seen::Service(service), Seen::Route(route("r", &format!("r{name}.example.org"), "/", None, "10.1.0.6"))]
    };
    let mut inventory = inventory(PLAIN.clone());
    for object in renamed("") {
        inventory.put(object);
    }
    let moved = renamed("2").map(|object| inventory.put(object));
    assert_eq!(moved, [touched(&["db.example.org", "db2.example.org"]), touched(&["r.example.org", "r2.example.org"])]);
    assert_eq!(fqdns(&inventory), ["db2.example.org", "r2.example.org"]);
}
