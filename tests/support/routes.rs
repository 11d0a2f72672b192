//! OpenShift Routes and AKO's HostRules as AKO leaves them, and CRDs for both that take any field.

use super::World;
use amko_lab::kube::KubeWorld;
use serde_json::{Value, json};

const HOST_RULES: &str = "hostrules.ako.vmware.com";

fn crd(group: &str, plural: &str, kind: &str, versions: &[&str]) -> Value {
    let version = |name: &&str| {
        json!({"name": name, "served": true, "storage": *name == versions[0], "subresources": {"status": {}},
            "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}})
    };
    let versions: Vec<Value> = versions.iter().map(version).collect();
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {"group": group, "scope": "Namespaced", "names": {"plural": plural, "kind": kind},
            "versions": versions}})
}

/// Makes a cluster know Routes.
pub fn install_route_crd(cluster: &KubeWorld) {
    cluster.apply(crd("route.openshift.io", "routes", "Route", &["v1"])).unwrap();
}

/// Makes a cluster know HostRules.
pub fn install_ako_crds(cluster: &KubeWorld) {
    cluster.apply(crd("ako.vmware.com", "hostrules", "HostRule", &["v1beta1", "v1alpha1"])).unwrap();
}

/// A started world of the examples whose clusters know HostRules and are no OpenShift.
pub async fn started_with_host_rules() -> World {
    let mut world = world_with_host_rules();
    world.start().await;
    world
}

/// The same before its start.
pub fn world_with_host_rules() -> World {
    let world = World::of_examples();
    world.clusters.values().for_each(install_ako_crds);
    world
}

/// A started world of the examples whose clusters know Routes and HostRules.
pub async fn started_with_crds() -> World {
    let mut world = world_with_crds();
    world.start().await;
    world
}

/// The same before its start.
pub fn world_with_crds() -> World {
    let world = World::of_examples();
    for cluster in world.clusters.values() {
        install_route_crd(cluster);
        install_ako_crds(cluster);
    }
    world
}

/// A Route in namespace `shop`; `spec` says host, subdomain, path and TLS, and AKO admitted it for `host` at `ip`.
pub fn route(name: &str, host: &str, ip: &str, spec: Value) -> Value {
    let reason = json!({
        "ako.vmware.com/host-fqdn-vs-uuid-map": json!({host: format!("virtualservice-{host}")}).to_string(),
        "ako.vmware.com/controller-cluster-uuid": format!("cluster-avi-{name}"),
    });
    let condition = json!({"type": "Admitted", "status": "True", "message": ip, "reason": reason.to_string()});
    json!({"apiVersion": "route.openshift.io/v1", "kind": "Route",
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": "gslb"}}, "spec": spec,
        "status": {"ingress": [{"host": host, "routerName": "ako-test", "conditions": [condition]}]}})
}

/// A passthrough Route.
pub fn passthrough(name: &str, host: &str, ip: &str) -> Value {
    route(name, host, ip, json!({"host": host, "tls": {"termination": "passthrough"}}))
}

/// An accepted HostRule in namespace `shop`.
pub fn host_rule(name: &str, fqdn: &str, virtualhost: Value) -> Value {
    let mut spec = json!({"virtualhost": virtualhost});
    spec["virtualhost"]["fqdn"] = json!(fqdn);
    json!({"apiVersion": "ako.vmware.com/v1beta1", "kind": "HostRule",
        "metadata": {"name": name, "namespace": "shop"}, "spec": spec, "status": {"status": "Accepted", "error": ""}})
}

/// An accepted HostRule that only adds aliases.
pub fn alias_rule(name: &str, fqdn: &str, aliases: &[&str]) -> Value {
    host_rule(name, fqdn, json!({"aliases": aliases}))
}

pub fn delete_host_rule(cluster: &KubeWorld, name: &str) {
    cluster.delete(HOST_RULES, Some("shop"), name).unwrap();
}
