//! Validation of a GlobalDeploymentPolicy, and which of several is in force.

mod lookups;

use super::*;
use crate::core::gslb::GeoFallback;
use crate::core::precedence::{Candidate, ObjectName};
use crate::core::references::{Answer, Catalog, Question, ReferencedMonitor, Surroundings, Validation};
use crate::crd::{self, GlobalDeploymentPolicySpec};
use serde_json::{Value, json};

/// A policy that selects `app: gslb` in `ctx-a`, unless it says otherwise.
fn spec(value: Value) -> GlobalDeploymentPolicySpec {
    let mut whole =
        json!({"matchRules": {"appSelector": {"label": {"app": "gslb"}}}, "matchClusters": [{"cluster": "ctx-a"}]});
    for (field, content) in value.as_object().unwrap() {
        whole[field] = content.clone();
    }
    serde_json::from_value(whole).unwrap()
}

/// The policy that says nothing else.
fn least() -> DeploymentPolicy {
    DeploymentPolicy {
        app_selector: [("app".to_owned(), "gslb".to_owned())].into(),
        clusters: [("ctx-a".to_owned(), ClusterPolicy::default())].into(),
        ..DeploymentPolicy::default()
    }
}

/// Everything that the tests refer to is there, my-hm1 and so on, gap-1 and pki-x, all federated; but nothing is called
/// `gone`.
fn catalog() -> Catalog {
    let tenant = || "admin".to_owned();
    let monitors = (1..=8).map(|number| {
        let question = Question::Monitor { tenant: tenant(), name: format!("my-hm{number}") };
        (question, Answer::Monitor(ReferencedMonitor { federated: Some(true), ..ReferencedMonitor::default() }))
    });
    let profile = Answer::Profile { name: "as the controller spells it".to_owned() };
    let gap = Question::PersistenceProfile { tenant: tenant(), name: "gap-1".to_owned() };
    let pki = Question::PkiProfile { tenant: tenant(), name: "pki-x".to_owned() };
    let gone = Question::Monitor { tenant: tenant(), name: "gone".to_owned() };
    monitors.chain([(gap, profile.clone()), (pki, profile), (gone, Answer::Absent)]).collect()
}

fn checked(value: Value, catalog: &Catalog) -> Validation<DeploymentPolicy> {
    let clusters = ["ctx-a", "ctx-b"].map(str::to_owned).into();
    let around = Surroundings { clusters: &clusters, default_tenant: "other", tenant: "admin", catalog };
    validate(&spec(value), around)
}

fn validated(value: Value) -> Result<DeploymentPolicy, String> {
    match checked(value, &catalog()) {
        Validation::Valid { value, .. } => Ok(value),
        Validation::Invalid(text) => Err(text),
        Validation::Pending(questions) => panic!("open questions: {questions:?}"),
    }
}

fn error(value: Value) -> String {
    validated(value).unwrap_err()
}

/// Rule GDP-05, rows 1 to 7, 11 and 12.
#[test]
fn refusals_have_the_texts_of_upstream() {
    let cases = [
        (
            json!({"matchRules": {"appSelector": {"label": {"": "x"}}}}),
            "label value is missing for key  for appSelector",
        ),
        (
            json!({"matchRules": {"appSelector": {"label": {"app": ""}}}}),
            "label key is missing for value  for appSelector",
        ),
        (
            json!({"matchRules": {"namespaceSelector": {"label": {"": "x"}}}}),
            "label value is missing for key for namespaceSelector",
        ),
        (
            json!({"matchRules": {"namespaceSelector": {"label": {"ns": ""}}}}),
            "label key is missing for value for namespaceSelector",
        ),
        (
            json!({"matchClusters": [{"cluster": "ctx-a"}, {"cluster": "x"}]}),
            "cluster context x not present in GSLBConfig",
        ),
        (json!({"trafficSplit": [{"cluster": "x"}]}), "cluster x in traffic policy not present in GSLBConfig"),
        (json!({"trafficSplit": [{"cluster": "ctx-a", "weight": 21}]}), "traffic weight 21 must be between 1 and 20"),
        (json!({"trafficSplit": [{"cluster": "ctx-a", "weight": 0}]}), "traffic weight 0 must be between 1 and 20"),
        (json!({"trafficSplit": [{"cluster": "ctx-a", "priority": 101}]}), "priority 101 must be between 1 and 100"),
        (
            json!({"healthMonitorRefs": ["a"], "healthMonitorTemplate": "t"}),
            "health monitor reference and template cannot be specified together",
        ),
        (json!({"sitePersistenceRef": ""}), "empty string as site persistence reference not supported"),
        (json!({"pkiProfileRef": ""}), "empty string as pki profile reference not supported"),
        (json!({"ttl": 86401}), "ttl 86401 must be between 0 and 86400"),
    ];
    for (value, text) in cases {
        assert_eq!(error(value.clone()), text, "{value}");
    }
}

/// Rule GDP-05, row 10.
#[test]
fn pool_algorithm_refusals_have_the_texts_of_upstream() {
    let [rr, topology, hash, geo] =
        ["ROUND_ROBIN", "TOPOLOGY", "CONSISTENT_HASH", "GEO"].map(|name| format!("GSLB_ALGORITHM_{name}"));
    let fallback = json!({"lbAlgorithm": rr});
    let cases = [
        (json!({"lbAlgorithm": rr, "geoFallback": fallback}), format!("geoFallback not allowed for {rr}")),
        (json!({"lbAlgorithm": topology, "hashMask": 8}), format!("hashMask not allowed for {topology}")),
        (
            json!({"lbAlgorithm": hash, "geoFallback": fallback, "hashMask": 8}),
            "geoFallback is not allowed with ConsistentHash".to_owned(),
        ),
        (json!({"lbAlgorithm": hash}), "hashMask is required for ConsistentHash".to_owned()),
        (
            json!({"lbAlgorithm": geo}),
            "geoFallback has to be set for Geo, available choices: RoundRobin, ConsistentHash".to_owned(),
        ),
        (
            json!({"lbAlgorithm": geo, "geoFallback": {"lbAlgorithm": rr, "hashMask": 8}}),
            "hashMask is not allowed with GSLB_ALGORITHM_ROUND_ROBIN as geoFallback algorithm".to_owned(),
        ),
        (
            json!({"lbAlgorithm": geo, "geoFallback": {"lbAlgorithm": hash}}),
            "hashMask is required for GSLB_ALGORITHM_CONSISTENT_HASH as the geoFallback algorithm".to_owned(),
        ),
        (
            json!({"lbAlgorithm": geo, "geoFallback": {"lbAlgorithm": topology}}),
            format!("unsupported algorithm {topology} for geoFallback"),
        ),
        (json!({"lbAlgorithm": "X"}), "unsupported lbAlgorithm X".to_owned()),
        (json!({"lbAlgorithm": ""}), "unsupported lbAlgorithm ".to_owned()),
        (json!({"lbAlgorithm": hash, "hashMask": 32}), "hashMask 32 must be between 1 and 31".to_owned()),
    ];
    for (settings, detail) in cases {
        let expected = format!("invalid pool algorithm: {detail}");
        assert_eq!(error(json!({"poolAlgorithmSettings": settings})), expected, "{settings}");
    }
}

/// Rule GDP-05, row 13.
#[test]
fn down_response_refusals_have_the_texts_of_upstream() {
    let fallback = "GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP";
    let cases = [
        (json!({"type": fallback}), "Fallback IP is required for GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP"),
        (json!({"type": fallback, "fallbackIP": "10.0.0"}), "Fallback IP 10.0.0 is not valid"),
        (
            json!({"type": "GSLB_SERVICE_DOWN_RESPONSE_NONE", "fallbackIP": "10.0.0.1"}),
            "Fallback IP is not allowed for GSLB_SERVICE_DOWN_RESPONSE_NONE",
        ),
    ];
    for (response, detail) in cases {
        let expected = format!("invalid down response configuration: {detail}");
        assert_eq!(error(json!({"downResponse": response})), expected, "{response}");
    }
}

/// Rule GDP-05, rows 5 and 6: the ends of the ranges belong to them.
#[test]
fn the_smallest_and_the_largest_weight_and_priority_are_accepted() {
    let split = |entries: [(&str, i32, i32); 2]| {
        let entries = entries
            .map(|(cluster, weight, priority)| json!({"cluster": cluster, "weight": weight, "priority": priority}));
        json!({"trafficSplit": entries})
    };
    let policy = validated(split([("ctx-a", 1, 0), ("ctx-b", 20, 100)])).unwrap();
    let shares = [("ctx-a", 1, 0), ("ctx-b", 20, 100)];
    let shares = shares.map(|(cluster, weight, priority)| (cluster.to_owned(), TrafficShare { weight, priority }));
    assert_eq!(policy.traffic_split, shares.into());
}

const NO_LABEL: &str = "no label in matchRules.appSelector.label or matchRules.namespaceSelector.label, so nothing would \
                        be selected: name one, or delete the policy if every GSLB service shall go";
const NO_CLUSTER: &str = "no cluster in matchClusters, so nothing would be selected: name one, or delete the policy if \
                          every GSLB service shall go";

/// FND-E3
#[test]
fn a_policy_that_selects_by_nothing_is_invalid() {
    for rules in [json!({}), json!({"appSelector": {}}), json!({"appSelector": {"labels": {"app": "gslb"}}})] {
        assert_eq!(error(json!({ "matchRules": rules })), NO_LABEL);
    }
    assert_eq!(error(json!({"matchClusters": []})), NO_CLUSTER);
    assert!(validated(json!({"matchRules": {"namespaceSelector": {"label": {"env": "prod"}}}})).is_ok());
}

#[test]
fn the_first_failure_in_the_order_of_the_rows_wins() {
    let split = json!({"trafficSplit": [{"cluster": "ctx-a", "priority": 999}, {"cluster": "x"}]});
    assert_eq!(error(split), "priority 999 must be between 1 and 100");
    // Worst first; removing the failing field brings up the next.
    let mut everything = json!({
        "matchRules": {"appSelector": {"label": {"": ""}}, "namespaceSelector": {"label": {"": ""}}},
        "matchClusters": [{"cluster": "x"}],
        "trafficSplit": [{"cluster": "x", "weight": 99, "priority": 999}],
        "healthMonitorRefs": ["gone"], "healthMonitorTemplate": "gone",
        "poolAlgorithmSettings": {"lbAlgorithm": "X"},
        "sitePersistenceRef": "", "pkiProfileRef": "",
        "downResponse": {"type": "X", "fallbackIP": "1"},
    });
    let steps = [
        ("/matchRules/appSelector", "label value is missing for key  for appSelector"),
        ("/matchRules/namespaceSelector", "label value is missing for key for namespaceSelector"),
        ("/matchRules", NO_LABEL),
        ("/matchClusters", "cluster context x not present in GSLBConfig"),
        ("/trafficSplit", "cluster x in traffic policy not present in GSLBConfig"),
        ("/healthMonitorTemplate", "health monitor reference and template cannot be specified together"),
        ("/healthMonitorRefs", "health monitor ref gone is invalid"),
        ("/poolAlgorithmSettings", "invalid pool algorithm: unsupported lbAlgorithm X"),
        ("/sitePersistenceRef", "empty string as site persistence reference not supported"),
        ("/pkiProfileRef", "empty string as pki profile reference not supported"),
        ("/downResponse", "invalid down response configuration: Fallback IP is not allowed for X"),
    ];
    for (field, text) in steps {
        assert_eq!(error(everything.clone()), text, "{field}");
        let (parent, name) = field.rsplit_once('/').unwrap();
        everything.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name);
    }
    assert!(validated(everything).is_ok());
}

/// The policy of EX-15, and EX-29: priority 0 is accepted and stays what it is (DB-35).
#[test]
fn a_valid_policy_keeps_everything_it_says() {
    let policy = validated(json!({
        "matchRules": {"appSelector": {"label": {"app": "gslb", "tier": "front"}}},
        "matchClusters": [{"cluster": "ctx-a"}, {"cluster": "ctx-b", "syncVipOnly": true}],
        "trafficSplit": [
            {"cluster": "ctx-a", "weight": 8, "priority": 0}, {"cluster": "ctx-a", "weight": 1},
        ],
        "ttl": 30,
        "healthMonitorRefs": ["my-hm1", "my-hm2"],
        "sitePersistenceRef": "gap-1",
        "pkiProfileRef": "pki-x",
        "poolAlgorithmSettings": {"lbAlgorithm": "GSLB_ALGORITHM_GEO", "hashMask": 3,
            "geoFallback": {"lbAlgorithm": "GSLB_ALGORITHM_CONSISTENT_HASH", "hashMask": 24}},
        "downResponse": {"type": "GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP", "fallbackIP": "2001:db8::9"},
        "defaultDomain": "apps.example.org",
    }));
    let text = str::to_owned;
    let expected = DeploymentPolicy {
        app_selector: [("app", "gslb"), ("tier", "front")].map(|(k, v)| (text(k), text(v))).into(),
        namespace_selector: BTreeMap::new(),
        taken_out: BTreeSet::new(),
        clusters: [("ctx-a", false), ("ctx-b", true)]
            .map(|(cluster, sync_vip_only)| (text(cluster), ClusterPolicy { sync_vip_only }))
            .into(),
        traffic_split: [(text("ctx-a"), TrafficShare { weight: 8, priority: 0 })].into(),
        ttl: Some(30),
        control_plane_only: false,
        monitors: Some(MonitorSource::Refs(vec![text("my-hm1"), text("my-hm2")])),
        site_persistence: Some(text("gap-1")),
        pki_profile: Some(text("pki-x")),
        algorithm: Some(PoolAlgorithm::Geo { fallback: GeoFallback::ConsistentHash { mask: 24 } }),
        down_response: Some(DownResponse::FallbackIp("2001:db8::9".parse().unwrap())),
        default_domain: Some(text("apps.example.org")),
    };
    assert_eq!(policy, Ok(expected));
    assert_eq!(validated(json!({})), Ok(least()));
}

#[test]
fn settings_without_parameters_are_read() {
    let algorithm = |name: &str, hash_mask| {
        algorithm::read(&crd::PoolAlgorithmSettings { lb_algorithm: name.to_owned(), hash_mask, geo_fallback: None })
    };
    assert_eq!(algorithm("GSLB_ALGORITHM_ROUND_ROBIN", None), Ok(PoolAlgorithm::RoundRobin));
    assert_eq!(algorithm("GSLB_ALGORITHM_TOPOLOGY", None), Ok(PoolAlgorithm::Topology));
    assert_eq!(algorithm("GSLB_ALGORITHM_CONSISTENT_HASH", Some(31)), Ok(PoolAlgorithm::ConsistentHash { mask: 31 }));
    for (kind, expected) in
        [("NONE", DownResponse::None), ("ALL_RECORDS", DownResponse::AllRecords), ("EMPTY", DownResponse::Empty)]
    {
        let type_ = format!("GSLB_SERVICE_DOWN_RESPONSE_{kind}");
        let response = crd::DownResponse { type_, fallback_ip: None };
        assert_eq!(down_response::read(&response), Ok(expected));
    }
}

/// See `docs/RULES.md#where-a-property-comes-from`.
#[test]
fn control_plane_only_comes_before_references() {
    let health = |value| {
        let valid = validated(value).unwrap();
        (valid.control_plane_only, valid.monitors)
    };
    let refs = json!(["my-hm1"]);
    let own = Some(MonitorSource::Refs(vec!["my-hm1".to_owned()]));
    assert_eq!(health(json!({"controlPlaneHmOnly": true, "healthMonitorRefs": refs})), (true, own.clone()));
    assert_eq!(health(json!({"controlPlaneHmOnly": false, "healthMonitorRefs": refs})), (false, own));
    assert_eq!(health(json!({})), (false, None));
}

/// Rules GDP-01, GDP-02, GDP-04 and DB-03.
#[test]
fn one_policy_is_in_force_and_the_choice_never_depends_on_the_order_of_the_list() {
    let candidate = |name: &str, created: &str, accepted| Candidate {
        object: ObjectName { namespace: "avi-system".to_owned(), name: name.to_owned() },
        created: created.parse().ok(),
        accepted,
    };
    let old = candidate("old", "2024-01-01T00:00:00Z", false);
    let twin = candidate("twin", "2024-01-01T00:00:00Z", false);
    let accepted = candidate("accepted", "2025-01-01T00:00:00Z", true);
    let no_time = candidate("ageless", "", false);
    let mut elsewhere = candidate("elsewhere", "2020-01-01T00:00:00Z", true);
    elsewhere.object.namespace = "default".to_owned();
    let all = [elsewhere, no_time, accepted.clone(), twin, old.clone()];

    let ranked = |in_force: Option<&ObjectName>, turn: usize| -> Vec<String> {
        let turned: Vec<Candidate> = all.iter().cycle().skip(turn).take(all.len()).cloned().collect();
        let precedence = choose(&turned, in_force, "avi-system");
        precedence.first.into_iter().chain(precedence.others).map(|candidate| candidate.object.name.clone()).collect()
    };
    for turn in 0..all.len() {
        assert_eq!(ranked(None, turn), ["accepted", "old", "twin", "ageless"]);
        assert_eq!(ranked(Some(&old.object), turn), ["old", "accepted", "twin", "ageless"]);
    }
    assert_eq!(choose(&[], Some(&accepted.object), "avi-system").first, None);
    assert_eq!(ANOTHER_EXISTS, "a GDP object already exists, can't add another");
}
