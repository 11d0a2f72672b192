//! Routes, HostRules and dual-stack Ingresses: what AKO shows on them.

use super::worlds::{World, world};
use serde_json::{Value, json};

const ROUTES: &str = "routes.route.openshift.io";
const HOST_RULES: &str = "hostrules.ako.vmware.com";

/// A CRD with a status and no rules about its fields.
fn crd(group: &str, version: &str, plural: &str, kind: &str) -> Value {
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {"group": group, "scope": "Namespaced", "names": {"plural": plural, "kind": kind},
            "versions": [{"name": version, "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}})
}

fn openshift() -> World {
    let world = world();
    world.kube.apply(crd("route.openshift.io", "v1", "routes", "Route")).unwrap();
    world.kube.apply(crd("ako.vmware.com", "v1beta1", "hostrules", "HostRule")).unwrap();
    world
}

fn put_route(world: &World, spec: &Value) {
    let metadata = json!({"name": "cart", "namespace": "default"});
    let route = json!({"apiVersion": "route.openshift.io/v1", "kind": "Route", "metadata": metadata, "spec": spec});
    world.kube.apply(route).unwrap();
}

#[test]
fn a_route_gets_address_and_uuids_in_the_condition_of_its_router() {
    let world = openshift();
    put_route(&world, &json!({"host": "cart.lab.example"}));
    assert_eq!(world.ako.reconcile_once().unwrap(), 1);
    let services = world.virtual_services();
    assert_eq!(services.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["c1--cart.lab.example"]);
    let reason = json!({
        "ako.vmware.com/host-fqdn-vs-uuid-map": json!({"cart.lab.example": services[0].1}).to_string(),
        "ako.vmware.com/controller-cluster-uuid": world.avi.cluster_uuid("site1"),
    });
    let condition = json!({"type": "Admitted", "status": "True", "message": "127.10.25.1",
        "reason": reason.to_string()});
    let shown = json!({"ingress": [{"host": "cart.lab.example", "routerName": "ako-c1", "conditions": [condition]}]});
    let route = world.kube.get(ROUTES, Some("default"), "cart").unwrap();
    assert_eq!(route["status"], shown);
    assert_eq!(world.ako.reconcile_once().unwrap(), 0, "a second pass writes nothing");

    put_route(&world, &json!({"host": ""}));
    world.ako.reconcile_once().unwrap();
    assert_eq!(world.virtual_services(), vec![]);
}

#[test]
fn a_host_rule_is_accepted_unless_it_names_no_host_or_one_that_is_taken() {
    let world = openshift();
    let put = |name: &str, fqdn: &str| {
        let metadata = json!({"name": name, "namespace": "default"});
        let spec = json!({"virtualhost": {"fqdn": fqdn}});
        let rule =
            json!({"apiVersion": "ako.vmware.com/v1beta1", "kind": "HostRule", "metadata": metadata, "spec": spec});
        world.kube.apply(rule).unwrap();
    };
    put("first", "web.lab.example");
    put("none", "");
    put("second", "web.lab.example");
    assert_eq!(world.ako.reconcile_once().unwrap(), 3);
    let status = |name: &str| world.kube.get(HOST_RULES, Some("default"), name).unwrap()["status"].clone();
    assert_eq!(status("first"), json!({"status": "Accepted", "error": ""}));
    assert_eq!(status("none"), json!({"status": "Rejected", "error": "spec.virtualhost.fqdn is empty"}));
    let taken = "another HostRule is for web.lab.example already";
    assert_eq!(status("second"), json!({"status": "Rejected", "error": taken}));
    assert_eq!(world.ako.reconcile_once().unwrap(), 0);

    world.kube.delete(HOST_RULES, Some("default"), "first").unwrap();
    assert_eq!(world.ako.reconcile_once().unwrap(), 1);
    assert_eq!(status("second"), json!({"status": "Accepted", "error": ""}));
}

#[test]
fn an_ingress_that_asks_for_it_shows_an_ipv6_address_beside_the_other() {
    let world = world();
    world.put_ingress("web.lab.example");
    let annotated = json!({"metadata": {"annotations": {"lab.amko/dual-stack": "true"}}});
    world.kube.merge_patch("ingresses.networking.k8s.io", Some("default"), "web", None, annotated).unwrap();
    world.ako.reconcile_once().unwrap();
    let shown = json!([{"hostname": "web.lab.example", "ip": "127.10.25.1"},
        {"hostname": "web.lab.example", "ip": "2001:db8::7f0a:1901"}]);
    assert_eq!(world.ingress()["status"]["loadBalancer"]["ingress"], shown);
    assert_eq!(world.ako.reconcile_once().unwrap(), 0);
}
