//! Looking a name up among the services of a site.

use super::super::table::{Compiler, Table};
use super::*;

fn named(uuid: &str, names: &[&str]) -> Value {
    json!({"uuid": uuid, "domain_names": names, "wildcard_match": true, "groups": []})
}

fn found<'a>(table: &'a Table, name: &str) -> Option<&'a str> {
    table.find(&absolute(name).unwrap()).map(|index| table.services[index].uuid.as_str())
}

#[test]
fn the_exact_name_wins_and_then_the_longest_wildcard() {
    let services = [
        named("short", &["*.example.com"]),
        named("long", &["*.b.example.com"]),
        named("exact", &["A.b.example.com", "second.example.com"]),
        named("late", &["a.b.example.com"]),
        with(named("off", &["off.b.example.com"]), json!({"enabled": false})),
        with(named("plain", &["*.c.b.example.com"]), json!({"wildcard_match": false})),
    ];
    let table = Compiler::default().compile(&objects(&services));
    for (name, expected) in [
        ("a.B.example.com", Some("exact")),
        ("second.example.com", Some("exact")),
        ("x.b.example.com", Some("long")),
        ("y.x.b.example.com", Some("long")),
        ("z.c.b.example.com", Some("long")),
        ("off.b.example.com", Some("long")),
        ("b.example.com", Some("short")),
        ("example.com", None),
        ("com", None),
    ] {
        assert_eq!(found(&table, name), expected, "{name}");
    }
}

#[test]
fn a_site_answers_for_its_own_domains_or_else_for_those_of_the_gslb() {
    let sites = json!([{"name": SITE, "cluster_uuid": "c1", "dns_vses": [{"domain_names": ["a.example.com"]}]},
                       {"name": "site-b", "cluster_uuid": "c2", "dns_vses": []}]);
    let gslb = Arc::new(json!({"dns_configs": [{"domain_name": "b.example.com"}], "sites": sites}));
    let services = [named("a", &["x.a.example.com"]), named("b", &["x.b.example.com"])];
    for (site, expected) in [(SITE, [Some("a"), None]), ("site-b", [None, Some("b")])] {
        let objects = SiteObjects { site: site.into(), gslb: Some(gslb.clone()), ..objects(&services) };
        let table = Compiler::default().compile(&objects);
        assert_eq!(["x.a.example.com", "x.b.example.com"].map(|name| found(&table, name)), expected, "{site}");
    }
}

#[test]
fn only_changed_services_are_compiled_again_and_unreadable_ones_left_out() {
    let mut compiler = Compiler::default();
    let mut objects = objects(&[named("a", &["a"]), named("b", &["b"]), json!({"uuid": 5})]);
    let before = compiler.compile(&objects);
    assert_eq!(before.services.len(), 2);
    objects.services[1] = Arc::new(named("b", &["b", "c"]));
    let after = compiler.compile(&objects);
    assert!(Arc::ptr_eq(&before.services[0], &after.services[0]));
    assert!(!Arc::ptr_eq(&before.services[1], &after.services[1]));
    assert_eq!(found(&after, "c"), Some("b"));
}
