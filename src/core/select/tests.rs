//! Which endpoints a policy selects.

use super::*;
use crate::core::fixtures::{deployment, endpoint, installation, labels};

fn reason(endpoint: &Endpoint, policy: &DeploymentPolicy) -> Option<String> {
    match judge(endpoint, policy, &installation()) {
        Verdict::Member => None,
        Verdict::Refused(reason) => Some(reason),
    }
}

/// Asserts that the reason has all these words, or that there is none when there are no words.
fn check(endpoint: &Endpoint, policy: &DeploymentPolicy, words: &[&str]) {
    let reason = reason(endpoint, policy);
    assert_eq!(reason.is_none(), words.is_empty(), "{reason:?}");
    for word in words {
        assert!(reason.as_ref().is_some_and(|reason| reason.contains(word)), "{word:?} in {reason:?}");
    }
}

fn policy(app: &[(&str, &str)], namespace: &[(&str, &str)]) -> DeploymentPolicy {
    DeploymentPolicy { app_selector: labels(app), namespace_selector: labels(namespace), ..deployment() }
}

/// See `docs/RULES.md#selection`; DB-27, OBJ-02 and OBJ-06.
#[test]
fn every_label_of_every_selector_has_to_be_there() {
    let mut object = endpoint("ctx-a", "web", "10.1.0.5");
    object.labels = labels(&[("app", "gslb"), ("tier", "front")]).into();
    object.namespace_labels = labels(&[("team", "shop")]).into();

    check(&object, &policy(&[("app", "gslb")], &[("team", "shop")]), &[]);
    check(&object, &policy(&[], &[("team", "shop")]), &[]);
    check(&object, &policy(&[("app", "gslb")], &[]), &[]);
    check(&object, &policy(&[("app", "gslb"), ("tier", "front")], &[]), &[]);
    check(&object, &policy(&[], &[]), &["appSelector", "namespaceSelector", "selects nothing"]);
    check(&object, &policy(&[("app", "gslb"), ("tier", "back")], &[]), &["appSelector", "tier: back"]);
    check(&object, &policy(&[("app", "gslb")], &[("team", "bank")]), &["namespaceSelector", "shop", "team: bank"]);
    object.namespace_labels = Pairs::default();
    check(&object, &policy(&[("app", "gslb")], &[("team", "shop")]), &["namespaceSelector"]);
}

/// OBJ-02.
#[test]
fn a_cluster_outside_match_clusters_is_refused() {
    check(&endpoint("ctx-c", "web", "10.3.0.5"), &deployment(), &["ctx-c", "matchClusters"]);
    let empty = DeploymentPolicy { clusters: BTreeMap::new(), ..deployment() };
    check(&endpoint("ctx-a", "web", "10.1.0.5"), &empty, &["ctx-a", "matchClusters"]);
}

/// Rules OBJ-04 and DB-21, EX-16.
#[test]
fn without_uuids_only_a_sync_vip_only_cluster_has_members() {
    let mut object = endpoint("ctx-a", "web", "10.1.0.5");
    object.virtual_service = None;
    let mut policy = deployment();

    check(&object, &policy, &[VS_UUID_MAP, CLUSTER_UUID, "syncVipOnly", "web.example.org"]);
    policy.clusters.insert("ctx-a".to_owned(), ClusterPolicy { sync_vip_only: true });
    check(&object, &policy, &[]);
}

/// TEN-01, TEN-02 and TEN-03.
#[test]
fn the_tenant_is_that_of_the_namespace_and_the_object_has_to_agree() {
    let cases = [
        (None, None, Ok("admin")),
        (None, Some("tenant2"), Ok("admin")),
        (Some("tenant2"), Some("tenant2"), Ok("tenant2")),
        (Some("tenant2"), Some("tenant3"), Err(["shop", "\"tenant2\"", "\"tenant3\""])),
        (Some("tenant2"), None, Err(["shop", "\"tenant2\"", "\"admin\""])),
        (Some("admin"), None, Ok("admin")),
    ];
    for (namespace, object, expected) in cases {
        let mut offered = endpoint("ctx-a", "web", "10.1.0.5");
        offered.namespace_tenant = namespace.map(str::to_owned);
        offered.object_tenant = object.map(str::to_owned);
        match expected {
            Ok(expected) => {
                assert_eq!(tenant(&offered, &installation()), Ok(expected));
                check(&offered, &deployment(), &[]);
            }
            Err(words) => check(&offered, &deployment(), &words),
        }
    }
}
