//! The files that describe a running lab.

use crate::avi::{AviWorldConfig, SiteConfig};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::up::kubeconfig::{Access, render};
use crate::up::report::LabReport;
use crate::up::topology::Topology;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn accesses() -> Vec<Access> {
    [("s1az1", 1), ("s2", 2)]
        .into_iter()
        .map(|(context, port)| Access {
            context: context.into(),
            server: format!("https://127.0.0.1:{port}"),
            token: format!("token-{context}"),
        })
        .collect()
}

#[test]
fn the_kubeconfig_has_a_context_per_cluster_and_starts_with_the_first() {
    let text = render(&accesses(), "CA").unwrap();
    let config: Value = serde_saphyr::from_str(&text).unwrap();
    let cluster = json!({ "server": "https://127.0.0.1:2", "certificate-authority-data": "Q0E=" });
    assert_eq!(config["current-context"], "s1az1");
    assert_eq!(config["clusters"][1], json!({ "name": "s2", "cluster": cluster }));
    assert_eq!(config["users"][1], json!({ "name": "s2-admin", "user": { "token": "token-s2" } }));
    assert_eq!(config["contexts"][1], json!({ "name": "s2", "context": { "cluster": "s2", "user": "s2-admin" } }));
}

fn report() -> LabReport {
    let site = |name: &str, port: u16| SiteConfig { name: name.into(), address: format!("127.0.0.1:{port}") };
    let sites = vec![site("neutral", 21), site("site1", 22)];
    let avi = AviWorldConfig::new(sites, Clock::real(), Chance::seeded(1));
    let dns = BTreeMap::from([("neutral".to_owned(), "127.10.24.186:53".parse().unwrap())]);
    let topology = Topology::default();
    LabReport::new(&topology, &avi, &accesses(), &dns).with_control(40).with_operator(Some(&topology))
}

#[test]
fn the_report_has_the_shape_that_other_programs_read() {
    let controller = |site: &str, port: u16, role: &str| {
        let url = format!("https://127.0.0.1:{port}");
        json!({ "site": site, "url": url, "username": "admin", "password": "avi123", "role": role })
    };
    let cluster = |context: &str, port: u16, cidr: &str, site: &str| {
        let server = format!("https://127.0.0.1:{port}");
        json!({ "context": context, "server": server, "vip_cidr": cidr, "site": site })
    };
    let expected = json!({
        "clusters": [
            cluster("s1az1", 1, "127.10.25.0/24", "site1"),
            cluster("s2", 2, "127.20.25.0/24", "site2"),
        ],
        "controllers": [controller("neutral", 21, "leader"), controller("site1", 22, "follower")],
        "dns": [{ "site": "neutral", "address": "127.10.24.186:53" }],
        "operators": [{ "context": "s1az1", "http": "127.0.0.1:8080" }],
        "control": "http://127.0.0.1:40",
    });
    assert_eq!(serde_json::to_value(report()).unwrap(), expected);
}

#[test]
fn a_promotion_leaves_one_leader() {
    let mut report = report();
    report.set_leader("site1");
    let roles: Vec<Value> =
        report.controllers.iter().map(|controller| serde_json::to_value(controller.role).unwrap()).collect();
    assert_eq!(roles, [json!("follower"), json!("leader")]);
}
