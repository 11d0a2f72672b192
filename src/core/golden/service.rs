//! EX-08 to EX-11, and DB-20 for Services (EX-34).

use crate::core::build::Decision;
use crate::core::fixtures::{World, lb_service};
use crate::core::gslb::{HealthMonitor, Probe};

const DB: &str = "db.example.org";
const DB_HM: &str = "amko--bec897decb74c34a3045009860a9c8f5bdc102e6";

fn monitors(world: &World, fqdn: &str) -> Vec<HealthMonitor> {
    match world.built(fqdn).decision {
        Decision::Service(desired) => desired.monitors,
        other => panic!("{other:?}"),
    }
}

fn monitor(name: &str, gs: &str, port: u16, probe: Probe) -> HealthMonitor {
    let description = format!("created by: amko, gsname: {gs}");
    HealthMonitor { tenant: "admin".to_owned(), name: name.to_owned(), description, port, probe }
}

/// EX-08.
#[test]
fn ex_08_a_load_balancer_service_is_probed_on_its_lowest_port() {
    let mut world = World::new();
    world.set_service("ctx-a", lb_service("db", DB, &[(9443, "TCP"), (8080, "TCP")], "10.1.0.7"));
    assert_eq!(monitors(&world, DB), [monitor(DB_HM, DB, 8080, Probe::Tcp)]);
    assert_eq!(world.settle(DB), [format!("POST hm {DB_HM}"), format!("POST gs {DB} [{DB_HM}]")]);
    let service = world.controller.observed.only().service.clone().unwrap().content.clone();
    assert_eq!(service.description, "LBSVC/ctx-a/shop/db");
    assert_eq!(service.pools[0].members[0].vs_uuid.as_deref(), Some("virtualservice-db.example.org"));
}

/// `World::settle` also checks that planning after each of the calls gives the rest of them. EX-09 and FND-G1.
#[test]
fn ex_09_another_monitor_stands_in_while_the_one_of_a_new_port_or_protocol_is_replaced() {
    let mut world = World::new();
    world.set_service("ctx-a", lb_service("db", DB, &[(9443, "TCP"), (8080, "TCP")], "10.1.0.7"));
    world.settle(DB);
    let calls = [
        format!("POST hm {DB_HM}-next"),
        format!("PUT gs {DB} [{DB_HM}-next]"),
        format!("DELETE hm {DB_HM}"),
        format!("POST hm {DB_HM}"),
        format!("PUT gs {DB} [{DB_HM}]"),
        format!("DELETE hm {DB_HM}-next"),
    ];
    for port in [(9090, "TCP"), (9090, "UDP")] {
        world.set_service("ctx-a", lb_service("db", DB, &[port], "10.1.0.7"));
        assert_eq!(world.settle(DB), calls, "{port:?}");
    }
}

/// EX-10.
#[test]
fn ex_10_a_udp_service_is_probed_by_udp() {
    const DNS: &str = "dns.example.org";
    let mut world = World::new();
    world.set_service("ctx-a", lb_service("dns", DNS, &[(53, "UDP")], "10.1.0.8"));
    let expected = monitor("amko--ccd26eff248446d24b3e7e00deb71cbd1ad4a78b", DNS, 53, Probe::Udp);
    assert_eq!(monitors(&world, DNS), [expected]);
}

/// EX-11.
#[test]
fn ex_11_a_port_of_another_protocol_is_probed_by_tcp() {
    let mut world = World::new();
    world.set_service("ctx-a", lb_service("db", DB, &[(80, "TCP"), (132, "SCTP")], "10.1.0.7"));
    assert_eq!(monitors(&world, DB), [monitor(DB_HM, DB, 132, Probe::Tcp)]);
}

/// EX-34 and DB-20: a renamed Service leaves nothing behind.
#[test]
fn ex_34_a_new_hostname_empties_the_service_of_the_old_one() {
    let mut world = World::new();
    world.set_service("ctx-a", lb_service("db", DB, &[(8080, "TCP")], "10.1.0.7"));
    world.settle(DB);
    world.set_service("ctx-a", lb_service("db", "db2.example.org", &[(8080, "TCP")], "10.1.0.7"));
    assert_eq!(world.settle(DB), [format!("DELETE gs {DB}"), format!("DELETE hm {DB_HM}")]);
}
