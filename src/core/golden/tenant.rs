//! EX-27, and DB-47 for members whose tenant no longer fits.

use crate::core::build::{Decision, Desired};
use crate::core::fixtures::{World, ingress, namespace, pools, rule};
use crate::core::host_rule::HostRule;
use crate::core::ingest::annotations::TENANT;
use crate::core::object::Ingress;

const WEB: &str = "web.example.org";
const ROOT_HM: &str = "amko--e429dd2b33d47bc53f75b4ca3b5ad359d29f72aa";

fn of_tenant(tenant: &str, ip: &str) -> Ingress {
    let mut object = ingress("web", WEB, &["/"], ip);
    object.meta.annotations = object.meta.annotations.with(TENANT, tenant);
    object
}

/// EX-27, TEN-02 and TEN-04.
#[test]
fn ex_27_service_and_monitors_live_in_the_tenant_that_namespace_and_object_name() {
    let mut world = World::new();
    world.namespaces.insert("ctx-a", namespace(&[], Some("tenant2")));
    for object in [ingress("web", WEB, &["/"], "10.1.0.5"), of_tenant("tenant3", "10.1.0.5")] {
        world.set_ingress("ctx-a", object);
        assert_eq!(world.built(WEB).decision, Decision::Nothing);
    }
    world.set_ingress("ctx-a", of_tenant("tenant2", "10.1.0.5"));
    let Desired { service, monitors } = world.desired(WEB);
    assert_eq!((service.tenant.as_str(), monitors[0].tenant.as_str()), ("tenant2", "tenant2"));
    assert_eq!(world.settle(WEB), [format!("POST hm {ROOT_HM}"), format!("POST gs {WEB} [{ROOT_HM}]")]);
}

/// DB-47: and the last one takes the service along.
#[test]
fn a_member_whose_tenant_no_longer_fits_leaves() {
    let mut world = World::new();
    for (cluster, ip) in [("ctx-a", "10.1.0.5"), ("ctx-b", "10.2.0.5")] {
        world.namespaces.insert(cluster, namespace(&[], Some("tenant2")));
        world.set_ingress(cluster, of_tenant("tenant2", ip));
    }
    world.settle(WEB);
    world.set_ingress("ctx-b", of_tenant("tenant3", "10.2.0.5"));
    assert_eq!(world.settle(WEB), [format!("PUT gs {WEB} [{ROOT_HM}]")]);
    assert_eq!(pools(world.controller.held().unwrap()), ["10: 10.1.0.5/1"]);
    world.set_ingress("ctx-a", of_tenant("tenant3", "10.1.0.5"));
    assert_eq!(world.settle(WEB), [format!("DELETE gs {WEB}"), format!("DELETE hm {ROOT_HM}")]);
}

/// TEN-07.
#[test]
fn a_host_rule_counts_in_whatever_tenant_the_service_lives() {
    let mut world = World::new();
    world.set_rule(HostRule { ttl: Some(77), ..rule(WEB) });
    world.set_ingress("ctx-a", ingress("web", WEB, &["/"], "10.1.0.5"));
    let lives = |world: &World| {
        let Desired { service, .. } = world.desired(WEB);
        (service.tenant, service.ttl)
    };
    assert_eq!(lives(&world), ("admin".to_owned(), Some(77)));
    world.namespaces.insert("ctx-a", namespace(&[], Some("tenant2")));
    world.set_ingress("ctx-a", of_tenant("tenant2", "10.1.0.5"));
    assert_eq!(lives(&world), ("tenant2".to_owned(), Some(77)));
}
