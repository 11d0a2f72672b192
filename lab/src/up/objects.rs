//! The Kubernetes objects that a lab starts with.

use super::topology::Topology;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

const CRDS: [&str; 5] = [
    include_str!("../../../crds/amko.vmware.com_amkoclusters.yaml"),
    include_str!("../../../crds/amko.vmware.com_globaldeploymentpolicies.yaml"),
    include_str!("../../../crds/amko.vmware.com_gslbconfigs.yaml"),
    include_str!("../../../crds/amko.vmware.com_gslbhostrules.yaml"),
    include_str!("hostrules.yaml"),
];
/// Version in AMKOCluster; configuration is copied only between equal ones.
const AMKO_VERSION: &str = "2.2.1";
const CREDENTIALS: &str = "gslb-avi-secret";

/// How to reach the controllers, for AMKO's objects.
#[derive(Debug, Clone)]
pub struct ControllerAccess {
    /// `host:port` of the GSLB leader.
    pub address: String,
    pub version: String,
    pub username: String,
    pub password: String,
    /// PEM of the CA to trust.
    pub ca: String,
}

/// The CRDs of AMKO and of AKO's HostRule.
///
/// # Errors
/// When one of the embedded documents is no YAML.
pub fn crds() -> Result<Vec<Value>, serde_saphyr::Error> {
    CRDS.iter().map(|text| serde_saphyr::from_str(text)).collect()
}

/// What every cluster has: AMKO's namespace, its place in the federation and the demo application.
pub fn everywhere(topology: &Topology, context: &str) -> Vec<Value> {
    let mut objects = vec![namespace(&topology.namespace), amko_cluster(topology, context), ingress_class()];
    objects.extend(demo_application(topology));
    objects
}

/// What only the cluster with AMKO's configuration has; `members` is the kubeconfig of all clusters.
pub fn configuration(topology: &Topology, controller: &ControllerAccess, members: &str) -> Vec<Value> {
    let login = [
        ("username", controller.username.as_str()),
        ("password", controller.password.as_str()),
        ("ca.crt", controller.ca.as_str()),
    ];
    vec![
        secret(topology, CREDENTIALS, &login),
        secret(topology, "gslb-config-secret", &[("gslb-members", members)]),
        gslb_config(topology, controller),
        deployment_policy(topology),
    ]
}

fn namespace(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } })
}

fn secret(topology: &Topology, name: &str, entries: &[(&str, &str)]) -> Value {
    let data: serde_json::Map<String, Value> =
        entries.iter().map(|(key, text)| ((*key).to_owned(), json!(BASE64.encode(text)))).collect();
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": { "name": name, "namespace": topology.namespace },
        "data": data,
    })
}

fn contexts(topology: &Topology) -> Vec<&str> {
    topology.clusters.iter().map(|cluster| cluster.context.as_str()).collect()
}

fn amko_cluster(topology: &Topology, context: &str) -> Value {
    json!({
        "apiVersion": "amko.vmware.com/v1alpha1", "kind": "AMKOCluster",
        "metadata": { "name": "amkocluster-federation", "namespace": topology.namespace },
        "spec": {
            "clusterContext": context,
            "clusters": contexts(topology),
            "isLeader": context == topology.config_cluster(),
            "version": AMKO_VERSION,
        },
    })
}

fn gslb_config(topology: &Topology, controller: &ControllerAccess) -> Value {
    let members: Vec<Value> =
        contexts(topology).into_iter().map(|context| json!({ "clusterContext": context })).collect();
    json!({
        "apiVersion": "amko.vmware.com/v1alpha1", "kind": "GSLBConfig",
        "metadata": { "name": "gc-1", "namespace": topology.namespace },
        "spec": {
            "gslbLeader": {
                "controllerIP": controller.address,
                "controllerVersion": controller.version,
                "credentials": CREDENTIALS,
                "tenant": "admin",
            },
            "memberClusters": members,
            "logLevel": "INFO",
            "refreshInterval": 60,
        },
    })
}

fn deployment_policy(topology: &Topology) -> Value {
    let matched: Vec<Value> = contexts(topology).into_iter().map(|context| json!({ "cluster": context })).collect();
    let priority = topology.policy.priority;
    let split = topology.clusters.iter();
    let split = split.map(|c| json!({ "cluster": c.context, "weight": c.weight, "priority": priority }));
    json!({
        "apiVersion": "amko.vmware.com/v1alpha2", "kind": "GlobalDeploymentPolicy",
        "metadata": { "name": "global-gdp", "namespace": topology.namespace },
        "spec": {
            "matchRules": { "appSelector": { "label": { "app": "gslb" } } },
            "matchClusters": matched,
            "trafficSplit": split.collect::<Vec<_>>(),
            "ttl": topology.policy.ttl,
        },
    })
}

fn ingress_class() -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
        "metadata": { "name": "avi-lb" },
        "spec": { "controller": "ako.vmware.com/avi-lb" },
    })
}

fn demo_application(topology: &Topology) -> [Value; 2] {
    let name = &topology.policy.app;
    let metadata = json!({ "name": name, "namespace": "default", "labels": { "app": "gslb" } });
    let backend = json!({ "service": { "name": name, "port": { "number": 80 } } });
    let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
    let service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": metadata,
        "spec": { "selector": { "app": name }, "ports": [{ "name": "http", "port": 80, "targetPort": 8080 }] },
    });
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": metadata,
        "spec": {
            "ingressClassName": "avi-lb",
            "rules": [{ "host": topology.demo_host(), "http": { "paths": [path] } }],
        },
    });
    [service, ingress]
}
