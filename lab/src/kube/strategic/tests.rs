//! Strategic merge patches as kubectl sends them.

use serde_json::json;

use super::*;

fn service(ports: Value) -> Value {
    json!({"metadata": {"labels": {"a": "1"}}, "spec": {"ports": ports, "type": "ClusterIP"}})
}

#[test]
fn objects_merge_and_null_deletes() {
    let current = json!({"metadata": {"labels": {"a": "1", "b": "2"}}, "data": {"x": "1"}});
    let patch = json!({"metadata": {"labels": {"a": null, "c": "3"}}, "new": {"k": 1, "n": null}});
    let wanted = json!({"metadata": {"labels": {"b": "2", "c": "3"}}, "data": {"x": "1"}, "new": {"k": 1}});
    assert_eq!(merge("ConfigMap", current, patch), Ok(wanted));
}

#[test]
fn service_ports_merge_by_port() {
    let live = json!([{"port": 80, "name": "http"}, {"port": 443, "name": "https"}]);
    let cases = [
        (
            "change one, add one",
            json!({"ports": [{"port": 80, "targetPort": 8080}, {"port": 90}]}),
            json!([{"port": 80, "name": "http", "targetPort": 8080}, {"port": 443, "name": "https"}, {"port": 90}]),
        ),
        ("delete", json!({"ports": [{"$patch": "delete", "port": 80}]}), json!([{"port": 443, "name": "https"}])),
        ("replace all", json!({"ports": [{"$patch": "replace"}, {"port": 1}]}), json!([{"port": 1}])),
        (
            "order only",
            json!({"$setElementOrder/ports": [{"port": 443}, {"port": 80}]}),
            json!([{"port": 443, "name": "https"}, {"port": 80, "name": "http"}]),
        ),
        (
            "an unnamed live element keeps its place",
            json!({"$setElementOrder/ports": [{"port": 443}]}),
            json!([{"port": 80, "name": "http"}, {"port": 443, "name": "https"}]),
        ),
        (
            "order with a delete and an addition",
            json!({"$setElementOrder/ports": [{"port": 7}, {"port": 443}],
                   "ports": [{"port": 7}, {"$patch": "delete", "port": 80}]}),
            json!([{"port": 7}, {"port": 443, "name": "https"}]),
        ),
    ];
    for (name, patch, wanted) in cases {
        assert_eq!(merge("Service", service(live.clone()), json!({"spec": patch})), Ok(service(wanted)), "{name}");
    }
}

#[test]
fn lists_without_a_merge_key_replace() {
    let current = json!({"spec": {"rules": [{"host": "a"}], "tls": [{"hosts": ["a"]}]}});
    let patch = json!({"spec": {"rules": [{"host": "b"}]}});
    let wanted = json!({"spec": {"rules": [{"host": "b"}], "tls": [{"hosts": ["a"]}]}});
    assert_eq!(merge("Ingress", current, patch), Ok(wanted));
}

#[test]
fn directives_act_and_vanish() {
    let cases = [
        (
            "finalizers are a set",
            json!({"metadata": {"finalizers": ["a"]}}),
            json!({"metadata": {"$setElementOrder/finalizers": ["b", "a"], "finalizers": ["b"]}}),
            json!({"metadata": {"finalizers": ["b", "a"]}}),
        ),
        (
            "delete from a primitive list",
            json!({"metadata": {"finalizers": ["a", "b"]}}),
            json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}),
            json!({"metadata": {"finalizers": ["b"]}}),
        ),
        (
            "retain keys",
            json!({"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}),
            json!({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}),
            json!({"spec": {"strategy": {"type": "Recreate"}}}),
        ),
        (
            "replace an object",
            json!({"spec": {"a": 1, "b": 2}}),
            json!({"spec": {"$patch": "replace", "c": 3}}),
            json!({"spec": {"c": 3}}),
        ),
        (
            "nested lists of containers",
            json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "env": [{"name": "A", "value": "1"}]}]}}}}),
            json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "env": [{"name": "B", "value": "2"}]}]}}}}),
            json!({"spec": {"template": {"spec": {"containers": [
                {"name": "c", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}]}}}}),
        ),
    ];
    for (name, current, patch, wanted) in cases {
        assert_eq!(merge("Deployment", current, patch), Ok(wanted), "{name}");
    }
}

#[test]
fn wrong_directives_are_refused() {
    let cases = [
        (json!({"spec": {"$patch": "burn"}}), r#"apply strategic merge patch at "spec": unknown $patch "burn""#),
        (
            json!({"spec": {"$retainKeys": 1}}),
            r#"apply strategic merge patch at "spec": $retainKeys must be a list, not 1"#,
        ),
        (
            json!({"spec": {"ports": [{"name": "x"}]}}),
            r#"apply strategic merge patch at "spec.ports": {"name":"x"} lacks the merge key "port""#,
        ),
    ];
    for (patch, wanted) in cases {
        assert_eq!(merge("Service", service(json!([])), patch), Err(wanted.to_owned()));
    }
}
