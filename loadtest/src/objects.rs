//! The Kubernetes objects of a run: AMKO's configuration, and one Ingress per FQDN and cluster as AKO leaves it.

use serde_json::{Value, json};

pub const NAMESPACE: &str = "avi-system";
/// Namespace of the Ingresses.
pub const APPLICATIONS: &str = "shop";
pub const INGRESSES: &str = "ingresses.networking.k8s.io";
pub const POLICIES: &str = "globaldeploymentpolicies.amko.vmware.com";
pub const POLICY: &str = "global-gdp";
pub const CONFIGS: &str = "gslbconfigs.amko.vmware.com";
pub const CONFIG: &str = "gc-1";
pub const RULES: &str = "gslbhostrules.amko.vmware.com";
const UUID: &str = "11111111-2222-11ee-8000-333333333333";
/// The operator reads everything again this often; longer than a run, so that no run is disturbed by it.
const REFRESH: u32 = 7200;

/// How the operator reaches the controller.
pub struct Login<'a> {
    /// `host:port`.
    pub address: &'a str,
    pub ca: &'a str,
    /// Requests per second.
    pub rate: u32,
}

/// What every cluster has.
pub fn everywhere(contexts: &[String], context: &str) -> Vec<Value> {
    let namespace = |name: &str| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    vec![
        namespace(NAMESPACE),
        namespace(APPLICATIONS),
        json!({"apiVersion": "amko.vmware.com/v1alpha1", "kind": "AMKOCluster",
            "metadata": {"name": "amkocluster-federation", "namespace": NAMESPACE},
            "spec": {"isLeader": contexts.first().is_some_and(|first| first == context), "clusterContext": context,
                "version": "2.2.1", "clusters": contexts}}),
    ]
}

/// What only the first cluster has.
pub fn configuration(contexts: &[String], login: &Login<'_>) -> Vec<Value> {
    let members: Vec<Value> = contexts.iter().map(|context| json!({"clusterContext": context})).collect();
    let matched: Vec<Value> = contexts.iter().map(|context| json!({"cluster": context})).collect();
    vec![
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "gslb-avi-secret", "namespace": NAMESPACE},
            "stringData": {"username": "admin", "password": "avi123", "ca.crt": login.ca}}),
        json!({"apiVersion": "amko.vmware.com/v1alpha1", "kind": "GSLBConfig",
            "metadata": {"name": CONFIG, "namespace": NAMESPACE, "annotations": {"amko.vmware.com/amko-uuid": UUID}},
            "spec": {"gslbLeader": {"credentials": "gslb-avi-secret", "controllerVersion": "30.2.1",
                    "controllerIP": login.address, "requestsPerSecond": login.rate},
                "memberClusters": members, "refreshInterval": REFRESH, "logLevel": "INFO"}}),
        json!({"apiVersion": "amko.vmware.com/v1alpha2", "kind": "GlobalDeploymentPolicy",
            "metadata": {"name": POLICY, "namespace": NAMESPACE},
            "spec": {"matchRules": {"appSelector": {"label": {"app": "gslb"}}}, "matchClusters": matched, "ttl": 300}}),
    ]
}

/// Name of the n-th Ingress in every cluster.
pub fn name(nth: u32) -> String {
    format!("app-{nth:05}")
}

pub fn fqdn(nth: u32) -> String {
    format!("{}.example.org", name(nth))
}

/// The n-th application's address in a cluster, after this many changes. No two are equal.
pub fn address(cluster: u32, nth: u32, generation: u32) -> String {
    format!("10.{}.{}.{}", cluster * 12 + generation % 12, nth / 250, nth % 250 + 1)
}

/// The n-th Ingress of a cluster.
pub fn ingress(cluster: u32, nth: u32) -> Value {
    let (name, host) = (name(nth), fqdn(nth));
    let uuids = json!({&host: format!("virtualservice-{nth}-{cluster}")}).to_string();
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": name, "namespace": APPLICATIONS, "labels": {"app": "gslb"}, "annotations": {
            "ako.vmware.com/host-fqdn-vs-uuid-map": uuids,
            "ako.vmware.com/controller-cluster-uuid": format!("cluster-{cluster}")}},
        "spec": {"rules": [{"host": host, "http": {"paths": [{"path": "/", "pathType": "ImplementationSpecific",
            "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]},
        "status": with_address(cluster, nth, 0)["status"]})
}

/// Merge patch that gives the n-th Ingress its address after this many changes.
pub fn with_address(cluster: u32, nth: u32, generation: u32) -> Value {
    let entry = json!({"ip": address(cluster, nth, generation), "hostname": fqdn(nth)});
    json!({"status": {"loadBalancer": {"ingress": [entry]}}})
}

/// Addresses of the members of a service as the controller stores it.
pub fn member_addresses(service: &Value) -> impl Iterator<Item = &str> {
    let groups = service.get("groups").and_then(Value::as_array).into_iter().flatten();
    let members = groups.flat_map(|group| group.get("members").and_then(Value::as_array).into_iter().flatten());
    members.filter_map(|member| member.pointer("/ip/addr").and_then(Value::as_str))
}
