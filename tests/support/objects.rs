//! The Kubernetes objects of the tests.

use super::{LEADER, UUID};
use amko_lab::kube::KubeWorld;
use serde_json::{Value, json};

/// The operator's CRDs.
pub fn install_crds(cluster: &KubeWorld) {
    for crd in amko::crd::all() {
        cluster.apply(serde_json::to_value(&crd).unwrap()).unwrap();
    }
}

/// The AMKO objects of the examples: no traffic split, all clusters, label `app: gslb`.
pub fn install_amko(home: &KubeWorld, contexts: &[&str]) {
    let members: Vec<Value> = contexts.iter().map(|context| json!({"clusterContext": context})).collect();
    apply(home, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "avi-system"}}));
    apply(
        home,
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "gslb-avi-secret", "namespace": "avi-system"},
            "stringData": {"username": "admin", "password": "avi123"}}),
    );
    apply(
        home,
        json!({"apiVersion": "amko.vmware.com/v1alpha1", "kind": "GSLBConfig",
            "metadata": {"name": "gc-1", "namespace": "avi-system", "annotations": {"amko.vmware.com/amko-uuid": UUID}},
            "spec": {"gslbLeader": {"credentials": "gslb-avi-secret", "controllerVersion": "30.2.1", "controllerIP": LEADER,
                "requestsPerSecond": 0},
                "memberClusters": members, "refreshInterval": 1800}}),
    );
    apply(home, policy(contexts, json!({})));
    apply(
        home,
        json!({"apiVersion": "amko.vmware.com/v1alpha1", "kind": "AMKOCluster",
            "metadata": {"name": "amkocluster-federation", "namespace": "avi-system"},
            "spec": {"isLeader": true, "clusterContext": contexts[0], "version": "2.2.1", "clusters": contexts}}),
    );
}

/// The GlobalDeploymentPolicy over these clusters, with more spec fields merged in.
pub fn policy(contexts: &[&str], more: Value) -> Value {
    let clusters: Vec<Value> = contexts.iter().map(|context| json!({"cluster": context})).collect();
    let mut spec = json!({"matchRules": {"appSelector": {"label": {"app": "gslb"}}}, "matchClusters": clusters});
    for (key, value) in more.as_object().unwrap() {
        spec[key] = value.clone();
    }
    json!({"apiVersion": "amko.vmware.com/v1alpha2", "kind": "GlobalDeploymentPolicy",
        "metadata": {"name": "global-gdp", "namespace": "avi-system"}, "spec": spec})
}

/// One host of an Ingress.
#[derive(Clone, Copy)]
pub struct Host<'a> {
    pub host: &'a str,
    pub ip: &'a str,
    pub paths: &'a [&'a str],
}

/// An Ingress in namespace `shop` as AKO leaves it: status, and annotations with `virtualservice-<host>` and
/// `cluster-avi-<ingress>`.
pub fn ingress(name: &str, hosts: &[Host<'_>]) -> Value {
    let uuids: serde_json::Map<String, Value> =
        hosts.iter().map(|h| (h.host.to_owned(), json!(format!("virtualservice-{}", h.host)))).collect();
    let path = |path: &&str| {
        json!({"path": path, "pathType": "ImplementationSpecific",
        "backend": {"service": {"name": "web", "port": {"number": 80}}}})
    };
    let rule = |h: &Host<'_>| {
        let paths: Vec<Value> = h.paths.iter().map(path).collect();
        if paths.is_empty() { json!({"host": h.host}) } else { json!({"host": h.host, "http": {"paths": paths}}) }
    };
    let status: Vec<Value> = hosts.iter().map(|h| json!({"ip": h.ip, "hostname": h.host})).collect();
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": "gslb"}, "annotations": {
            "ako.vmware.com/host-fqdn-vs-uuid-map": Value::Object(uuids).to_string(),
            "ako.vmware.com/controller-cluster-uuid": format!("cluster-avi-{name}")}},
        "spec": {"rules": hosts.iter().map(rule).collect::<Vec<_>>()},
        "status": {"loadBalancer": {"ingress": status}}})
}

/// The Ingress `<name>` of the host `<name>.example.org`. A virtual service belongs to one cluster, whose net is the
/// second number of its addresses.
pub fn web(name: &str, ip: &str) -> Value {
    let host = format!("{name}.example.org");
    let mut object = ingress(name, &[Host { host: &host, ip, paths: &["/"] }]);
    let net = ip.split('.').nth(1).unwrap();
    let uuids = json!({host: format!("virtualservice-{name}-{net}")}).to_string();
    object["metadata"]["annotations"]["ako.vmware.com/host-fqdn-vs-uuid-map"] = json!(uuids);
    object
}

/// A LoadBalancer Service in namespace `shop` as AKO leaves it. Ports are number and protocol.
pub fn service(name: &str, host: &str, ip: &str, ports: &[(u16, &str)]) -> Value {
    let port = |(port, protocol): &(u16, &str)| {
        json!({"name": format!("p{port}-{}", protocol.to_lowercase()),
        "port": port, "protocol": protocol})
    };
    json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": "gslb"}, "annotations": {
            "ako.vmware.com/host-fqdn-vs-uuid-map": json!({host: format!("virtualservice-{host}")}).to_string(),
            "ako.vmware.com/controller-cluster-uuid": format!("cluster-avi-{name}")}},
        "spec": {"type": "LoadBalancer", "ports": ports.iter().map(port).collect::<Vec<_>>()},
        "status": {"loadBalancer": {"ingress": [{"ip": ip, "hostname": host}]}}})
}

/// Applies an object, making its namespace when there is none.
pub fn apply(cluster: &KubeWorld, object: Value) -> Value {
    if let Some(namespace) = object["metadata"]["namespace"].as_str()
        && cluster.get("namespaces", None, namespace).is_none()
    {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        cluster.apply(namespace).unwrap();
    }
    cluster.apply(object).unwrap()
}

pub fn delete_ingress(cluster: &KubeWorld, name: &str) {
    cluster.delete("ingresses.networking.k8s.io", Some("shop"), name).unwrap();
}

pub fn delete_policy(home: &KubeWorld) {
    home.delete("globaldeploymentpolicies.amko.vmware.com", Some("avi-system"), "global-gdp").unwrap();
}

const CONFIGS: &str = "gslbconfigs.amko.vmware.com";

/// Changes the GSLBConfig of the examples.
pub fn patch_config(home: &KubeWorld, patch: Value) {
    home.merge_patch(CONFIGS, Some("avi-system"), "gc-1", None, patch).unwrap();
}

/// A GSLBConfig as it is now.
pub fn config(home: &KubeWorld, name: &str) -> Value {
    home.get(CONFIGS, Some("avi-system"), name).unwrap()
}

pub fn delete_config(home: &KubeWorld) {
    home.delete(CONFIGS, Some("avi-system"), "gc-1").unwrap();
}

/// The clusters of the GSLBConfig, for [`patch_config`].
pub fn members(contexts: &[&str]) -> Value {
    let members: Vec<Value> = contexts.iter().map(|context| json!({"clusterContext": context})).collect();
    json!({"spec": {"memberClusters": members}})
}

/// Sets the password in the credentials Secret.
pub fn set_password(home: &KubeWorld, password: &str) {
    let secret = json!({"apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "gslb-avi-secret", "namespace": "avi-system"},
        "stringData": {"username": "admin", "password": password}});
    apply(home, secret);
}

/// Says whether the home cluster leads.
pub fn set_leader(home: &KubeWorld, leader: bool) {
    let patch = json!({"spec": {"isLeader": leader}});
    let kind = "amkoclusters.amko.vmware.com";
    home.merge_patch(kind, Some("avi-system"), "amkocluster-federation", None, patch).unwrap();
}
