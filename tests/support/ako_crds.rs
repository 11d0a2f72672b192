//! The kinds of AKO and OpenShift that a cluster may serve: minimal CRDs, and objects as AKO leaves them.

use amko_lab::kube::KubeWorld;
use serde_json::{Value, json};

pub const ROUTES: &str = "routes.route.openshift.io";
pub const HOST_RULES: &str = "hostrules.ako.vmware.com";
pub const MULTI_CLUSTER_INGRESSES: &str = "multiclusteringresses.ako.vmware.com";

/// HostRule and MultiClusterIngress, which AKO brings along.
pub fn install_ako_crds(cluster: &KubeWorld) {
    cluster.apply(crd("ako.vmware.com", "v1beta1", "hostrules", "HostRule")).unwrap();
    cluster.apply(crd("ako.vmware.com", "v1alpha1", "multiclusteringresses", "MultiClusterIngress")).unwrap();
}

/// Route, as if the cluster were OpenShift.
pub fn install_route_crd(cluster: &KubeWorld) {
    cluster.apply(crd("route.openshift.io", "v1", "routes", "Route")).unwrap();
}

/// Takes a CRD away, and its objects with it.
pub fn remove_crd(cluster: &KubeWorld, name: &str) {
    cluster.delete("customresourcedefinitions.apiextensions.k8s.io", None, name).unwrap();
}

/// A CRD that takes any object.
fn crd(group: &str, version: &str, plural: &str, kind: &str) -> Value {
    let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let schema = json!({"type": "object", "properties": {"spec": anything, "status": anything}});
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {"group": group, "scope": "Namespaced", "names": {"plural": plural, "kind": kind},
            "versions": [{"name": version, "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": schema}}]}})
}

/// A Route in namespace `shop` as AKO leaves it: admitted by `ako-<name>` with the address in the condition's message.
pub fn route(name: &str, host: &str, ip: &str, path: &str) -> Value {
    json!({"apiVersion": "route.openshift.io/v1", "kind": "Route",
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": "gslb"}, "annotations": annotations(name, host)},
        "spec": {"host": host, "path": path, "to": {"kind": "Service", "name": "web", "weight": 100}},
        "status": {"ingress": [{"routerName": format!("ako-{name}"), "host": host,
            "conditions": [{"type": "Admitted", "status": "True", "message": ip}]}]}})
}

/// An accepted HostRule in namespace `shop` for a local hostname. Further fields of `spec.virtualhost` are merged in,
/// for instance `aliases`, `gslb` or `tls`.
pub fn host_rule(name: &str, fqdn: &str, more: Value) -> Value {
    let mut virtual_host = json!({"fqdn": fqdn});
    for (key, value) in more.as_object().unwrap() {
        virtual_host[key] = value.clone();
    }
    json!({"apiVersion": "ako.vmware.com/v1beta1", "kind": "HostRule",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"virtualhost": virtual_host}, "status": {"status": "Accepted", "error": ""}})
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
