//! The kinds of AKO and OpenShift that a cluster may serve: minimal CRDs, and objects as AKO leaves them.

use super::World;
use amko_lab::kube::KubeWorld;
use serde_json::{Value, json};

pub const ROUTES: &str = "routes.route.openshift.io";
pub const CLUSTER_VERSIONS: &str = "clusterversions.config.openshift.io";
pub const HOST_RULES: &str = "hostrules.ako.vmware.com";
pub const MULTI_CLUSTER_INGRESSES: &str = "multiclusteringresses.ako.vmware.com";

/// HostRule and MultiClusterIngress, which AKO brings along.
pub fn install_ako_crds(cluster: &KubeWorld) {
    cluster.apply(crd("ako.vmware.com", "hostrules", "HostRule", &["v1beta1", "v1alpha1"])).unwrap();
    cluster.apply(crd("ako.vmware.com", "multiclusteringresses", "MultiClusterIngress", &["v1alpha1"])).unwrap();
}

/// Route alone, which makes no OpenShift of a cluster.
pub fn install_route_crd(cluster: &KubeWorld) {
    cluster.apply(crd("route.openshift.io", "routes", "Route", &["v1"])).unwrap();
}

/// By which a cluster is OpenShift.
pub fn install_cluster_version_crd(cluster: &KubeWorld) {
    cluster.apply(crd("config.openshift.io", "clusterversions", "ClusterVersion", &["v1"])).unwrap();
}

/// Makes the cluster OpenShift.
pub fn install_openshift(cluster: &KubeWorld) {
    install_cluster_version_crd(cluster);
    install_route_crd(cluster);
}

/// Takes a CRD away, and its objects with it.
pub fn remove_crd(cluster: &KubeWorld, name: &str) {
    cluster.delete("customresourcedefinitions.apiextensions.k8s.io", None, name).unwrap();
}

/// A CRD that takes any object.
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

/// A started world of the examples whose clusters are OpenShift and know HostRules.
pub async fn started_with_crds() -> World {
    let mut world = world_with_crds();
    world.start().await;
    world
}

/// The same before its start.
pub fn world_with_crds() -> World {
    let world = World::of_examples();
    for cluster in world.clusters.values() {
        install_openshift(cluster);
        install_ako_crds(cluster);
    }
    world
}

/// A Route in namespace `shop`; `spec` says host, subdomain, path and TLS, and AKO admitted it for `host` at `ip`, as the condition's
/// message and reason say.
pub fn route_of(name: &str, host: &str, ip: &str, spec: Value) -> Value {
    let reason = json!({
        "ako.vmware.com/host-fqdn-vs-uuid-map": json!({host: format!("virtualservice-{host}")}).to_string(),
        "ako.vmware.com/controller-cluster-uuid": format!("cluster-avi-{name}"),
    });
    let condition = json!({"type": "Admitted", "status": "True", "message": ip, "reason": reason.to_string()});
    json!({"apiVersion": "route.openshift.io/v1", "kind": "Route",
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": "gslb"}}, "spec": spec,
        "status": {"ingress": [{"host": host, "routerName": "ako-test", "conditions": [condition]}]}})
}

/// A Route with annotations, as older releases of AKO leave it.
pub fn route(name: &str, host: &str, ip: &str, path: &str) -> Value {
    let to = json!({"kind": "Service", "name": "web", "weight": 100});
    let mut route = route_of(name, host, ip, json!({"host": host, "path": path, "to": to}));
    route["metadata"]["annotations"] = annotations(name, host);
    route
}

/// A passthrough Route.
pub fn passthrough(name: &str, host: &str, ip: &str) -> Value {
    route_of(name, host, ip, json!({"host": host, "tls": {"termination": "passthrough"}}))
}

/// An accepted HostRule in namespace `shop` for a local hostname; `virtualhost` holds further fields of
/// `spec.virtualhost`, for instance `aliases`, `gslb` or `tls`.
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

/// A MultiClusterIngress in namespace `shop` as AKO leaves it, with one backend per path.
pub fn multi_cluster_ingress(name: &str, host: &str, ip: &str, paths: &[&str]) -> Value {
    let backend =
        |path: &&str| json!({"path": path, "clusterContext": "ctx-a", "weight": 100, "service": {"name": "web"}});
    json!({"apiVersion": "ako.vmware.com/v1alpha1", "kind": "MultiClusterIngress",
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": "gslb"}, "annotations": annotations(name, host)},
        "spec": {"hostname": host, "config": paths.iter().map(backend).collect::<Vec<_>>()},
        "status": {"loadBalancer": {"ingress": [{"ip": ip, "hostname": host}]}}})
}

fn annotations(name: &str, host: &str) -> Value {
    json!({"ako.vmware.com/host-fqdn-vs-uuid-map": json!({host: format!("virtualservice-{host}")}).to_string(),
        "ako.vmware.com/controller-cluster-uuid": format!("cluster-avi-{name}")})
}
