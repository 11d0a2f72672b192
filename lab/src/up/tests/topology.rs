//! The topology and its configuration file.

use crate::up::config::{load, parse};
use crate::up::ports::{PortPlan, Ports};
use crate::up::topology::Topology;
use std::path::Path;

fn refusal(yaml: &str) -> String {
    parse(Path::new("lab.yaml"), yaml).unwrap_err().to_string()
}

#[test]
fn the_default_topology_is_valid() {
    assert_eq!(Topology::default().validate(), Ok(()));
    assert_eq!(load(None).unwrap(), Topology::default());
}

#[test]
fn the_default_topology_is_that_of_the_article() {
    let topology = Topology::default();
    let clusters: Vec<_> = topology.clusters.iter().map(|c| (c.context.as_str(), c.site.as_str(), c.weight)).collect();
    assert_eq!(clusters, [("s1az1", "site1", 6), ("s1az2", "site1", 4), ("s2", "site2", 2)]);
    assert_eq!((topology.config_cluster(), topology.gslb_leader()), ("s1az1", "neutral"));
    assert_eq!(topology.demo_host(), "hello.avi.iberia.local");
}

#[test]
fn an_empty_file_changes_nothing() {
    assert_eq!(parse(Path::new("lab.yaml"), "\n").unwrap(), Topology::default());
}

#[test]
fn a_file_changes_what_it_names_and_nothing_else() {
    let text = "zone: lab.example\nports:\n  dns: 5353\npolicy:\n  ttl: 5\n";
    let mut expected = Topology { zone: "lab.example".into(), ..Topology::default() };
    expected.ports.dns = Some(5353);
    expected.policy.ttl = 5;
    assert_eq!(parse(Path::new("lab.yaml"), text).unwrap(), expected);
}

#[test]
fn a_cluster_without_choice_takes_the_first_address_and_weight_one() {
    let text = "clusters:\n- {context: one, site: site1, vipCidr: 127.5.5.0/24, message: hi}\n";
    let topology = parse(Path::new("lab.yaml"), text).unwrap();
    assert_eq!((topology.clusters[0].first_vip, topology.clusters[0].weight), (None, 1));
    assert_eq!(topology.config_cluster(), "one");
}

#[test]
fn an_impossible_file_is_refused_with_file_and_field() {
    let cluster = |fields: &str| format!("clusters:\n- {{context: a, message: m, {fields}}}\n");
    for (yaml, field) in [
        (cluster("site: mars, vipCidr: 127.5.5.0/24"), "clusters[0].site"),
        (cluster("site: site1, vipCidr: 10.5.5.0/24"), "clusters[0].vipCidr"),
        (cluster("site: site1, vipCidr: 127.5.5.0/24, firstVip: 127.6.0.1"), "clusters[0].firstVip"),
        (cluster("site: site1, vipCidr: 127.5.5.0/24, weight: 21"), "clusters[0].weight"),
        ("clusters: []".to_owned(), "clusters"),
        ("sites:\n- {name: a, dns: 127.0.0.9}\n".to_owned(), "sites[].leader"),
        ("sites:\n- {name: a, dns: 8.8.8.8, leader: true}\n".to_owned(), "sites[0].dns"),
        ("policy: {ttl: 90000}".to_owned(), "policy.ttl"),
        ("policy: {priority: 101}".to_owned(), "policy.priority"),
    ] {
        let text = refusal(&yaml);
        assert!(text.starts_with(&format!("configuration file lab.yaml: field {field}: ")), "{yaml}: {text}");
    }
}

#[test]
fn two_clusters_cannot_share_addresses() {
    let text = "clusters:\n\
        - {context: a, site: site1, vipCidr: 127.5.0.0/16, message: m}\n\
        - {context: b, site: site1, vipCidr: 127.5.5.0/24, message: m}\n";
    let expected = "configuration file lab.yaml: field clusters[1].vipCidr: 127.5.5.0/24 overlaps the range of another \
                    cluster";
    assert_eq!(refusal(text), expected);
}

#[test]
fn a_misspelt_field_is_named() {
    let text = refusal("zoone: x\n");
    assert!(text.contains("lab.yaml") && text.contains("zoone"), "{text}");
}

#[test]
fn a_missing_file_is_named() {
    let text = load(Some(Path::new("/nowhere/lab.yaml"))).unwrap_err().to_string();
    assert!(text.starts_with("cannot read the configuration file /nowhere/lab.yaml: "), "{text}");
}

#[test]
fn ports_follow_from_the_base() {
    let plan = PortPlan::new(20_000, true, &Ports::default());
    let laid_out = (plan.api_server(2), plan.controller(1), plan.control, plan.dns, (plan.served)(80));
    assert_eq!(laid_out, (Some(20_002), Some(20_021), 20_040, 53, 80));
    assert_eq!(plan.api_server(20), None);
}

#[test]
fn without_privilege_low_ports_move_up_and_high_ones_stay() {
    let plan = PortPlan::new(20_000, false, &Ports::default());
    assert_eq!((plan.dns, (plan.served)(80), (plan.served)(443), (plan.served)(9000)), (8053, 8080, 8443, 9000));
    assert!(plan.moves_ports());
}

#[test]
fn a_port_set_by_hand_wins() {
    let set = Ports { dns: Some(5353), control: Some(9), well_known: Some(false) };
    let plan = PortPlan::new(20_000, true, &set);
    assert_eq!((plan.dns, plan.control, (plan.served)(80)), (5353, 9, 8080));
}
