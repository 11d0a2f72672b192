//! EX-12 and EX-13: services of Routes, from their endpoints.

use crate::core::build::{Decision, Desired};
use crate::core::endpoint::{Backend, Endpoint};
use crate::core::fixtures::{Controller, UUID, World, pools, route_endpoint, strings};
use crate::core::gslb::{HealthMonitor, HttpProbe, Probe};

const PT: &str = "pt.example.org";
const EDGE: &str = "edge.example.org";

fn passthrough(name: &str, host: &str, ip: &str) -> Endpoint {
    route_endpoint("ctx-a", name, host, ip, Backend::Passthrough)
}

/// EX-12.
#[test]
fn ex_12_passthrough_services_share_a_monitor_that_outlives_them() {
    let shared = format!("amko--passthrough-hm-tcp-{UUID}");
    let monitor = HealthMonitor {
        tenant: "admin".to_owned(),
        name: shared.clone(),
        description: "created by: amko".to_owned(),
        port: 443,
        probe: Probe::Tcp,
    };
    let mut world = World::new();
    world.offered = vec![passthrough("pt", PT, "10.1.0.11"), passthrough("pt2", "pt2.example.org", "10.1.0.12")];

    let Desired { service, monitors } = world.desired(PT);
    assert_eq!(monitors, [monitor]);
    assert_eq!((service.description.as_str(), pools(&service)), ("ROUTE/ctx-a/shop/pt", strings(&["10: 10.1.0.11/1"])));
    assert_eq!(world.settle(PT), [format!("POST hm {shared}"), format!("POST gs {PT} [{shared}]")]);

    // The controller's monitors are the same for the second service.
    let mut second = Controller::default();
    second.observed = world.controller.observed.clone();
    second.settle(&Decision::Nothing);
    second.apply(&crate::core::plan::Write::CreateMonitor(world.desired(PT).monitors[0].clone()));
    let decision = world.built("pt2.example.org").decision;
    assert_eq!(second.settle(&decision), [format!("POST gs pt2.example.org [{shared}]")]);

    world.offered.clear();
    assert_eq!(world.settle(PT), [format!("DELETE gs {PT}")]);
}

/// EX-13.
#[test]
fn ex_13_an_edge_route_is_probed_by_https_on_its_path() {
    const HM: &str = "amko--ca961438d73ce81f64ecf6a934a89fd14bf8f925";
    let backend = Backend::Paths { paths: strings(&["/cart"]), tls: true };
    let mut world = World::new();
    world.offered = vec![route_endpoint("ctx-a", "edge", EDGE, "10.1.0.12", backend)];
    let monitor = HealthMonitor {
        tenant: "admin".to_owned(),
        name: HM.to_owned(),
        description: "created by: amko, gsname: edge.example.org, path: /cart, protocol: https".to_owned(),
        port: 443,
        probe: Probe::Https(HttpProbe {
            request: "HEAD /cart HTTP/1.0".to_owned(),
            response_codes: strings(&["HTTP_2XX", "HTTP_3XX"]),
        }),
    };
    let Desired { service, monitors } = world.desired(EDGE);
    assert_eq!((monitors, service.description.as_str()), (vec![monitor], "ROUTE/ctx-a/shop/edge"));
    assert_eq!(world.settle(EDGE), [format!("POST hm {HM}"), format!("POST gs {EDGE} [{HM}]")]);
}
