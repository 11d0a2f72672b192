//! EX-19, EX-20 and DB-18: own monitors modelled on one of the user's.

use crate::core::fixtures::{World, deployment, in_force, namespace, strings, template, tls_ingress};
use crate::core::gslb::{HealthMonitor, HttpProbe, Probe};
use crate::core::ingest::annotations::TENANT;
use crate::core::policy::{DeploymentPolicy, MonitorSource, PolicySnapshot, Template};

const SEC: &str = "sec.example.org";

fn policy(monitors: Option<MonitorSource>) -> PolicySnapshot {
    in_force(DeploymentPolicy { monitors, ..deployment() })
}

fn from(template: Template) -> PolicySnapshot {
    policy(Some(MonitorSource::Template(template)))
}

/// A service with two path monitors.
fn secure() -> World {
    let mut world = World::new();
    world.set_ingress("ctx-a", tls_ingress("sec", SEC, &["/", "/x"], "10.1.0.6"));
    world
}

fn requests(world: &World) -> Vec<(String, String)> {
    let request = |monitor: HealthMonitor| match monitor.probe {
        Probe::Https(probe) => (probe.request, monitor.description),
        other => panic!("{other:?}"),
    };
    world.desired(SEC).monitors.into_iter().map(request).collect()
}

/// EX-19.
#[test]
fn ex_19_references_give_way_to_monitors_made_from_a_template() {
    let mut world = secure();
    world.policy = policy(Some(MonitorSource::Refs(strings(&["my-hm1", "my-hm2"]))));
    assert_eq!(world.settle(SEC), [format!("POST gs {SEC} [my-hm1 my-hm2]")]);

    world.policy = from(template("tmpl1", "HTTP/1.1"));
    let [root, x] = world.desired(SEC).monitors.try_into().unwrap();
    let expected = HealthMonitor {
        tenant: "admin".to_owned(),
        name: "amko--f050ab68b1757c43d9457b3d2fc9b9fb8fc5789d".to_owned(),
        description: "created by: amko, gsname: sec.example.org, path: /, protocol: https, created from: tmpl1"
            .to_owned(),
        port: 443,
        probe: Probe::Https(HttpProbe { request: "GET / HTTP/1.1".to_owned(), response_codes: strings(&["HTTP_2XX"]) }),
    };
    assert_eq!(root, expected);
    let calls = [
        format!("POST hm {}", root.name),
        format!("POST hm {}", x.name),
        format!("PUT gs {SEC} [{} {}]", root.name, x.name),
    ];
    assert_eq!(world.settle(SEC), calls);
    assert_eq!(world.controller.held().unwrap().pools[0].min_health_monitors_up, 2);
}

/// The service itself stays as it is, so only its monitors are written. EX-20.
#[test]
fn ex_20_another_template_or_none_updates_the_monitors_in_place() {
    let mut world = secure();
    world.policy = from(template("tmpl1", "HTTP/1.1"));
    world.settle(SEC);
    let names: Vec<String> = world.desired(SEC).monitors.into_iter().map(|monitor| monitor.name).collect();
    let updates: Vec<String> = names.iter().map(|name| format!("PUT hm {name}")).collect();
    let described = |path: &str, origin: &str| {
        format!("created by: amko, gsname: sec.example.org, path: {path}, protocol: https{origin}")
    };

    world.policy = from(template("tmpl2", "HTTP/1.0"));
    let origin = ", created from: tmpl2";
    let expected = ["/", "/x"].map(|path| (format!("GET {path} HTTP/1.0"), described(path, origin)));
    assert_eq!(requests(&world), expected);
    assert_eq!(world.settle(SEC), updates);

    world.policy = policy(None);
    let expected = ["/", "/x"].map(|path| (format!("HEAD {path} HTTP/1.0"), described(path, "")));
    assert_eq!(requests(&world), expected);
    assert_eq!(world.settle(SEC), updates);
}

/// DB-18: what a template says was read once, and is good in every tenant. TEN-08.
#[test]
fn a_template_is_good_for_services_of_every_tenant() {
    let mut world = secure();
    world.policy = from(template("tmpl1", "HTTP/1.1"));
    let in_admin = requests(&world);
    world.namespaces.insert("ctx-a", namespace(&[], Some("tenant2")));
    let mut object = tls_ingress("sec", SEC, &["/", "/x"], "10.1.0.6");
    object.meta.annotations = object.meta.annotations.with(TENANT, "tenant2");
    world.set_ingress("ctx-a", object);
    let tenants: Vec<String> = world.desired(SEC).monitors.into_iter().map(|monitor| monitor.tenant).collect();
    assert_eq!((tenants, requests(&world)), (strings(&["tenant2", "tenant2"]), in_admin));
}
