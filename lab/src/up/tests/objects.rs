//! The objects that a lab starts with.

use crate::up::objects::{ControllerAccess, configuration, crds, everywhere};
use crate::up::topology::Topology;
use serde_json::{Value, json};

fn named(objects: Vec<Value>, kind: &str, name: &str) -> Value {
    let found = objects.into_iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("no {kind} {name}"))
}

fn configured() -> Vec<Value> {
    let access = ControllerAccess {
        address: "127.0.0.1:18460".into(),
        version: "30.2.1".into(),
        username: "admin".into(),
        password: "secret".into(),
        ca: "CA".into(),
    };
    configuration(&Topology::default(), &access, "KUBECONFIG")
}

#[test]
fn every_embedded_crd_names_itself_after_plural_and_group() {
    let crds = crds().unwrap();
    let names: Vec<&str> = crds.iter().filter_map(|crd| crd["metadata"]["name"].as_str()).collect();
    assert_eq!(
        names,
        [
            "amkoclusters.amko.vmware.com",
            "globaldeploymentpolicies.amko.vmware.com",
            "gslbconfigs.amko.vmware.com",
            "gslbhostrules.amko.vmware.com",
            "hostrules.ako.vmware.com",
        ]
    );
    for crd in &crds {
        let spec = &crd["spec"];
        let expected = format!("{}.{}", spec["names"]["plural"].as_str().unwrap(), spec["group"].as_str().unwrap());
        assert_eq!(crd["metadata"]["name"], expected);
    }
}

#[test]
fn only_one_cluster_of_the_federation_leads() {
    let topology = Topology::default();
    let leads = |context: &str| {
        let spec = named(everywhere(&topology, context), "AMKOCluster", "amkocluster-federation")["spec"].clone();
        (spec["clusterContext"].clone(), spec["isLeader"].clone(), spec["clusters"].clone())
    };
    let all = json!(["s1az1", "s1az2", "s2"]);
    assert_eq!(leads("s1az1"), (json!("s1az1"), json!(true), all.clone()));
    assert_eq!(leads("s2"), (json!("s2"), json!(false), all));
}

#[test]
fn the_credentials_carry_login_and_ca() {
    let secret = named(configured(), "Secret", "gslb-avi-secret");
    assert_eq!(secret["data"], json!({ "username": "YWRtaW4=", "password": "c2VjcmV0", "ca.crt": "Q0E=" }));
    let members = named(configured(), "Secret", "gslb-config-secret");
    assert_eq!(members["data"], json!({ "gslb-members": "S1VCRUNPTkZJRw==" }));
}

#[test]
fn the_configuration_points_at_the_leading_controller() {
    let expected = json!({
        "controllerIP": "127.0.0.1:18460",
        "controllerVersion": "30.2.1",
        "credentials": "gslb-avi-secret",
        "tenant": "admin",
    });
    assert_eq!(named(configured(), "GSLBConfig", "gc-1")["spec"]["gslbLeader"], expected);
}

#[test]
fn the_policy_splits_the_traffic_by_weight_in_one_priority() {
    let expected = json!({
        "matchRules": { "appSelector": { "label": { "app": "gslb" } } },
        "matchClusters": [{ "cluster": "s1az1" }, { "cluster": "s1az2" }, { "cluster": "s2" }],
        "trafficSplit": [
            { "cluster": "s1az1", "weight": 6, "priority": 10 },
            { "cluster": "s1az2", "weight": 4, "priority": 10 },
            { "cluster": "s2", "weight": 2, "priority": 10 },
        ],
        "ttl": 10,
    });
    assert_eq!(named(configured(), "GlobalDeploymentPolicy", "global-gdp")["spec"], expected);
}

#[test]
fn the_demo_ingress_is_selected_by_the_policy() {
    let ingress = named(everywhere(&Topology::default(), "s2"), "Ingress", "hello");
    assert_eq!(ingress["metadata"]["labels"], json!({ "app": "gslb" }));
    assert_eq!(ingress["spec"]["rules"][0]["host"], "hello.avi.iberia.local");
}
