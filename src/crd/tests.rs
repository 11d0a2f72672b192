//! What the schemas promise: they are structural, compatible with objects written for upstream, and complete.

use super::*;
use serde_json::{Value, json};

/// The schema of each kind, by plural name.
fn schemas() -> Vec<(String, Value)> {
    let plural_and_schema = |crd: &Value| {
        let schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone();
        (crd["spec"]["names"]["plural"].as_str().unwrap_or_default().to_owned(), schema)
    };
    definitions().iter().map(plural_and_schema).collect()
}

fn definitions() -> Vec<Value> {
    all().iter().map(|crd| serde_json::to_value(crd).unwrap()).collect()
}

fn spec_schema(plural: &str) -> Value {
    let schemas = schemas();
    let (_, schema) = schemas.iter().find(|(name, _)| name == plural).expect("one of the four kinds");
    schema["properties"]["spec"].clone()
}

/// Paths of all nodes that break the rules of a structural schema.
fn not_structural(path: &str, node: &Value) -> Vec<String> {
    let forbidden = ["$ref", "oneOf", "anyOf", "allOf", "not", "definitions", "$defs", "patternProperties"];
    let broken = !node["type"].is_string() || forbidden.iter().any(|key| node.get(key).is_some());
    let mut found: Vec<String> = broken.then(|| path.to_owned()).into_iter().collect();
    for (name, property) in node["properties"].as_object().into_iter().flatten() {
        found.extend(not_structural(&format!("{path}.{name}"), property));
    }
    for key in ["items", "additionalProperties"] {
        found.extend(node.get(key).into_iter().flat_map(|child| not_structural(&format!("{path}.{key}"), child)));
    }
    found
}

#[test]
fn the_check_for_structural_schemas_finds_an_untyped_property() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "array", "items": {}}, "b": {"anyOf": []}}});
    assert_eq!(not_structural("x", &schema), ["x.a.items", "x.b"]);
}

#[test]
fn every_schema_is_structural() {
    let broken: Vec<String> = schemas().iter().flat_map(|(kind, schema)| not_structural(kind, schema)).collect();
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn names_versions_and_status_subresource_are_those_of_the_contract() {
    let summary = |crd: &Value| {
        let (names, version) = (&crd["spec"]["names"], &crd["spec"]["versions"][0]);
        let short = names["shortNames"].clone();
        json!([crd["metadata"]["name"], names["kind"], version["name"], short, version["subresources"]])
    };
    let found: Vec<Value> = definitions().iter().map(summary).collect();
    let status = json!({"status": {}});
    let expected = [
        json!(["amkoclusters.amko.vmware.com", "AMKOCluster", "v1alpha1", null, status]),
        json!(["globaldeploymentpolicies.amko.vmware.com", "GlobalDeploymentPolicy", "v1alpha2", ["gdp"], status]),
        json!(["gslbconfigs.amko.vmware.com", "GSLBConfig", "v1alpha1", ["gc"], status]),
        json!(["gslbhostrules.amko.vmware.com", "GSLBHostRule", "v1alpha1", ["ghr"], status]),
    ];
    assert_eq!(found, expected);
}

/// FND-C5
#[test]
fn the_columns_of_each_kind_tell_what_it_is_about_and_whether_it_works() {
    let columns = |crd: &Value| {
        let columns = crd["spec"]["versions"][0]["additionalPrinterColumns"].as_array().cloned().unwrap_or_default();
        let wide = |column: &Value| if column["priority"] == 1 { "*" } else { "" };
        columns.iter().map(|c| format!("{}{}", c["name"].as_str().unwrap(), wide(c))).collect::<Vec<_>>().join(" ")
    };
    let found: Vec<String> = definitions().iter().map(columns).collect();
    let expected = [
        "Context Leader Age",
        "Accepted Programmed Status* Age",
        "Controller Programmed Reason State* Age",
        "FQDN Status Programmed Members Error* Age",
    ];
    assert_eq!(found, expected);
}

/// Paths of all fields below this node that say nothing about themselves.
fn undescribed(path: &str, node: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, property) in node["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        if !property["description"].is_string() {
            found.push(path.clone());
        }
        found.extend(undescribed(&path, property));
        found.extend(undescribed(&path, &property["items"]));
    }
    found
}

#[test]
fn every_field_of_every_status_is_described() {
    let of_status = |(kind, schema): &(String, Value)| undescribed(kind, &schema["properties"]["status"]);
    let found: Vec<String> = schemas().iter().flat_map(of_status).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn only_the_parts_upstream_requires_are_required() {
    let required = |plural: &str, pointer: &str| spec_schema(plural).pointer(pointer).cloned().unwrap_or_default();
    for (plural, schema) in schemas() {
        assert_eq!(schema["required"], json!(["spec"]), "{plural}");
        assert_eq!(required(&plural, "/required"), Value::Null, "{plural}");
    }
    let rule = |pointer| required("gslbhostrules", pointer);
    assert_eq!(rule("/properties/downResponse/required"), json!(["type"]));
    assert_eq!(rule("/properties/publicIP/items/required"), json!(["cluster", "ip"]));
    assert_eq!(rule("/properties/trafficSplit/items/required"), Value::Null);
}

#[test]
fn numbers_have_the_ranges_and_defaults_of_the_tables() {
    let policy = spec_schema("globaldeploymentpolicies");
    let rule = spec_schema("gslbhostrules");
    let limits = |spec: &Value, pointer: &str| {
        let node = spec.pointer(pointer).cloned().unwrap_or_default();
        (node["default"].as_i64(), node["minimum"].as_f64(), node["maximum"].as_f64())
    };
    let (weight, priority) =
        ("/properties/trafficSplit/items/properties/weight", "/properties/trafficSplit/items/properties/priority");
    assert_eq!(limits(&policy, weight), (Some(1), Some(1.0), Some(20.0)));
    assert_eq!(limits(&policy, priority), (Some(10), Some(0.0), Some(100.0)));
    assert_eq!(limits(&rule, weight), (Some(1), Some(1.0), Some(20.0)));
    assert_eq!(limits(&rule, priority), (Some(1), Some(0.0), None));
    for spec in [&policy, &rule] {
        assert_eq!(limits(spec, "/properties/ttl"), (None, Some(0.0), Some(86400.0)));
        let mask = "/properties/poolAlgorithmSettings/properties/hashMask";
        assert_eq!(limits(spec, mask), (None, Some(1.0), Some(31.0)));
        let fallback_mask = "/properties/poolAlgorithmSettings/properties/geoFallback/properties/hashMask";
        assert_eq!(limits(spec, fallback_mask), (None, Some(1.0), Some(31.0)));
    }
}

#[test]
fn an_object_from_before_a_field_existed_can_be_read() {
    assert_eq!(serde_json::from_value::<GslbConfigSpec>(json!({})).unwrap(), GslbConfigSpec::default());
    assert_eq!(serde_json::from_value::<AmkoClusterSpec>(json!({})).unwrap(), AmkoClusterSpec::default());
    assert_eq!(serde_json::from_value::<GslbHostRuleSpec>(json!({})).unwrap(), GslbHostRuleSpec::default());
    let policy = json!({"trafficSplit": [{"cluster": "east"}], "poolAlgorithmSettings": {"lbAlgorithm": "NEWER"}});
    let expected = GlobalDeploymentPolicySpec {
        traffic_split: vec![TrafficSplitEntry { cluster: "east".to_owned(), weight: 1, priority: 10 }],
        pool_algorithm_settings: Some(PoolAlgorithmSettings {
            lb_algorithm: "NEWER".to_owned(),
            ..PoolAlgorithmSettings::default()
        }),
        ..GlobalDeploymentPolicySpec::default()
    };
    assert_eq!(serde_json::from_value::<GlobalDeploymentPolicySpec>(policy).unwrap(), expected);
}

#[test]
fn a_full_rule_keeps_every_field_by_the_name_users_write() {
    let rule = json!({
        "fqdn": "shop.example.org",
        "ttl": 30,
        "sitePersistence": {"enabled": true, "profileRef": "gap", "pkiProfileRef": "pki"},
        "thirdPartyMembers": [{"site": "cdn", "vip": "198.51.100.7", "publicIP": "203.0.113.7"}],
        "healthMonitorRefs": ["hm-1"],
        "healthMonitorTemplate": "template",
        "trafficSplit": [{"cluster": "east", "weight": 5, "priority": 0}],
        "publicIP": [{"cluster": "east", "ip": "203.0.113.9"}],
        "poolAlgorithmSettings": {
            "lbAlgorithm": "GSLB_ALGORITHM_GEO",
            "hashMask": 3,
            "geoFallback": {"lbAlgorithm": "GSLB_ALGORITHM_CONSISTENT_HASH", "hashMask": 24}
        },
        "downResponse": {"type": "GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP", "fallbackIP": "203.0.113.1"},
        "controlPlaneHmOnly": false
    });
    let read: GslbHostRuleSpec = serde_json::from_value(rule.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), rule);
}

#[test]
fn a_full_configuration_keeps_every_field_by_the_name_users_write() {
    let config = json!({
        "gslbLeader": {
            "credentials": "gslb-avi-secret",
            "controllerVersion": "31.1.1",
            "controllerIP": "192.0.2.1",
            "tenant": "blue",
            "insecureSkipVerify": true
        },
        "memberClusters": [{"clusterContext": "east"}],
        "refreshInterval": 300,
        "logLevel": "DEBUG",
        "useCustomGlobalFqdn": true
    });
    let read: GslbConfigSpec = serde_json::from_value(config.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), config);
}

#[test]
fn the_yaml_says_the_same_as_the_definitions() {
    for (crd, file) in all().iter().zip(files()) {
        let read: Value = serde_saphyr::from_str(&file.content).unwrap();
        assert_eq!(read, serde_json::to_value(crd).unwrap(), "{}", file.name);
    }
}
