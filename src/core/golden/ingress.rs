//! EX-01 to EX-07, EX-30 and EX-33.

use crate::core::build::{Decision, Desired};
use crate::core::fixtures::{World, ingress, strings, tls_ingress};
use crate::core::gslb::{GslbService, HealthMonitor, HttpProbe, Member, Pool, PoolAlgorithm, Probe};
use crate::core::object::{Ingress, IngressRule};
use crate::core::pairs::Pairs;

const WEB: &str = "web.example.org";
const SEC: &str = "sec.example.org";
const ROOT_HM: &str = "amko--e429dd2b33d47bc53f75b4ca3b5ad359d29f72aa";
const API_HM: &str = "amko--01acdcd35ff9d17b9538b23fe3e6ddaa83934c2c";

fn web(path: &str, ip: &str) -> Ingress {
    ingress("web", WEB, &[path], ip)
}

fn desired(world: &World, fqdn: &str) -> Desired {
    match world.built(fqdn).decision {
        Decision::Service(desired) => *desired,
        other => panic!("{other:?}"),
    }
}

/// EX-01.
#[test]
fn ex_01_an_insecure_ingress_becomes_a_service_with_one_http_monitor() {
    let mut world = World::new();
    world.set_ingress("ctx-a", web("/", "10.1.0.5"));

    let monitor = HealthMonitor {
        tenant: "admin".to_owned(),
        name: ROOT_HM.to_owned(),
        description: "created by: amko, gsname: web.example.org, path: /, protocol: http".to_owned(),
        port: 80,
        probe: Probe::Http(HttpProbe {
            request: "HEAD / HTTP/1.0".to_owned(),
            response_codes: strings(&["HTTP_2XX", "HTTP_3XX"]),
        }),
    };
    let member = Member {
        address: "10.1.0.5".parse().unwrap(),
        ratio: 1,
        cluster_uuid: Some("cluster-avi-web".to_owned()),
        vs_uuid: Some("virtualservice-web.example.org".to_owned()),
        public_address: None,
        enabled: true,
    };
    let service = GslbService {
        tenant: "admin".to_owned(),
        name: WEB.to_owned(),
        domain_names: strings(&[WEB]),
        description: "INGRESS/ctx-a/shop/web/web.example.org".to_owned(),
        pools: vec![Pool {
            priority: 10,
            algorithm: PoolAlgorithm::RoundRobin,
            min_health_monitors_up: 2,
            members: vec![member],
            enabled: true,
        }],
        monitors: strings(&[ROOT_HM]),
        ttl: None,
        down_response: None,
        persistence: None,
        enabled: true,
    };
    assert_eq!(desired(&world, WEB), Desired { service, monitors: vec![monitor] });
    assert_eq!(world.settle(WEB), [format!("POST hm {ROOT_HM}"), format!("POST gs {WEB} [{ROOT_HM}]")]);
}

/// EX-02, EX-03, EX-04, EX-05, GS-02 and GS-04.
#[test]
fn ex_02_to_05_members_and_paths_come_and_go_with_the_fewest_calls() {
    let mut world = World::new();
    world.set_ingress("ctx-a", web("/", "10.1.0.5"));
    world.settle(WEB);

    world.set_ingress("ctx-b", web("/", "10.2.0.5"));
    assert_eq!(world.settle(WEB), [format!("PUT gs {WEB} [{ROOT_HM}]")], "EX-02");
    let held = world.controller.observed.only().service.clone().unwrap().content.clone();
    assert_eq!(held.description, "INGRESS/ctx-a/shop/web/web.example.org,INGRESS/ctx-b/shop/web/web.example.org");
    let addresses: Vec<String> = held.pools[0].members.iter().map(|member| member.address.to_string()).collect();
    assert_eq!(addresses, ["10.1.0.5", "10.2.0.5"]);

    world.set_ingress("ctx-b", web("/api", "10.2.0.5"));
    let calls = [format!("POST hm {API_HM}"), format!("PUT gs {WEB} [{ROOT_HM} {API_HM}]")];
    assert_eq!(world.settle(WEB), calls, "EX-03");

    world.ingresses.remove(&("ctx-b", "web".to_owned()));
    let calls = [format!("PUT gs {WEB} [{ROOT_HM}]"), format!("DELETE hm {API_HM}")];
    assert_eq!(world.settle(WEB), calls, "EX-04");

    world.ingresses.clear();
    assert_eq!(world.settle(WEB), [format!("DELETE gs {WEB}"), format!("DELETE hm {ROOT_HM}")], "EX-05");
}

/// EX-06.
#[test]
fn ex_06_a_tls_ingress_gets_https_monitors_in_the_order_of_its_paths() {
    let mut world = World::new();
    world.set_ingress("ctx-a", tls_ingress("sec", SEC, &["/", "/login"], "10.1.0.6"));

    let [root, login] =
        ["amko--f050ab68b1757c43d9457b3d2fc9b9fb8fc5789d", "amko--3ecc7e02934eb4e8e5e7b04033ca847cdd6bdfea"];
    let monitor = |name: &str, path: &str| HealthMonitor {
        tenant: "admin".to_owned(),
        name: name.to_owned(),
        description: format!("created by: amko, gsname: sec.example.org, path: {path}, protocol: https"),
        port: 443,
        probe: Probe::Https(HttpProbe {
            request: format!("HEAD {path} HTTP/1.0"),
            response_codes: strings(&["HTTP_2XX", "HTTP_3XX"]),
        }),
    };
    let Desired { service, monitors } = desired(&world, SEC);
    assert_eq!(monitors, [monitor(root, "/"), monitor(login, "/login")]);
    assert_eq!((service.monitors, service.persistence), (strings(&[root, login]), None));
    let calls = [format!("POST hm {root}"), format!("POST hm {login}"), format!("POST gs {SEC} [{root} {login}]")];
    assert_eq!(world.settle(SEC), calls);
}

/// EX-07.
#[test]
fn ex_07_an_ingress_with_two_hosts_becomes_two_services() {
    let mut world = World::new();
    let mut multi = ingress("multi", "m.example.org", &["/a", "", "/a"], "10.1.0.5");
    let second = ingress("multi", "n.example.org", &[], "10.1.0.6");
    multi.rules.push(IngressRule { paths: Vec::new(), ..second.rules[0].clone() });
    multi.addresses.extend(second.addresses);
    multi.meta.annotations = Pairs::default();
    world.policy = crate::core::fixtures::in_force(vip_only());
    world.set_ingress("ctx-a", multi);

    for (fqdn, ip, monitors) in [("m.example.org", "10.1.0.5", 2), ("n.example.org", "10.1.0.6", 1)] {
        let Desired { service, .. } = desired(&world, fqdn);
        assert_eq!(service.description, format!("INGRESS/ctx-a/shop/multi/{fqdn}"));
        assert_eq!(service.pools[0].members[0].address.to_string(), ip);
        assert_eq!(service.monitors.len(), monitors);
    }
}

fn vip_only() -> crate::core::policy::DeploymentPolicy {
    let mut policy = crate::core::fixtures::deployment();
    policy.clusters.values_mut().for_each(|cluster| cluster.sync_vip_only = true);
    policy
}

/// EX-30 and GS-03.
#[test]
fn ex_30_two_ingresses_with_one_host_and_address_are_one_member_with_both_paths() {
    let mut world = World::new();
    for (name, path) in [("one", "/a"), ("two", "/b")] {
        world.set_ingress("ctx-a", ingress(name, WEB, &[path], "10.1.0.5"));
    }
    let Desired { service, monitors } = desired(&world, WEB);
    assert_eq!(service.pools.iter().map(|pool| pool.members.len()).collect::<Vec<_>>(), [1]);
    let entries = "INGRESS/ctx-a/shop/one/web.example.org,INGRESS/ctx-a/shop/two/web.example.org";
    assert_eq!(service.description, entries);
    assert_eq!((service.monitors.len(), monitors.len()), (2, 2));
}

/// FND-A7, DB-31 and EX-33.
#[test]
fn ex_33_mixed_tls_is_monitored_both_ways_and_the_monitor_that_nobody_needs_goes_last() {
    const MIX: &str = "mix.example.org";
    const HTTP: &str = "amko--25218930589c5f21f6ff5af0be664df09ae6cd41";
    const HTTPS: &str = "amko--ad78cfd6035cb14d193d188ff0e1ffa5e5d08a19";
    let plain = |ip| ingress("mix", MIX, &["/"], ip);
    let secure = |ip| tls_ingress("mix", MIX, &["/"], ip);
    let mut world = World::new();
    world.set_ingress("ctx-a", plain("10.1.0.5"));
    world.set_ingress("ctx-b", plain("10.2.0.5"));
    world.settle(MIX);

    let both = format!("PUT gs {MIX} [{HTTP} {HTTPS}]");
    world.set_ingress("ctx-b", secure("10.2.0.5"));
    assert_eq!(world.settle(MIX), [format!("POST hm {HTTPS}"), both.clone()]);
    world.set_ingress("ctx-a", secure("10.1.0.5"));
    assert_eq!(world.settle(MIX), [format!("PUT gs {MIX} [{HTTPS}]"), format!("DELETE hm {HTTP}")]);
    world.set_ingress("ctx-b", plain("10.2.0.5"));
    assert_eq!(world.settle(MIX), [format!("POST hm {HTTP}"), both]);
    world.set_ingress("ctx-a", plain("10.1.0.5"));
    assert_eq!(world.settle(MIX), [format!("PUT gs {MIX} [{HTTP}]"), format!("DELETE hm {HTTPS}")]);
}
