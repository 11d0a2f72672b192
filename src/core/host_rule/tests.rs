//! Validation of one rule by itself.

mod book;
mod table;

use super::*;
use crate::core::gslb::GeoFallback;
use crate::core::policy::Template;
use crate::core::references::{Answer, Catalog, Question, ReferencedMonitor, Surroundings, Validation};
use crate::crd::GslbHostRuleSpec;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const TENANT: &str = "blue";

fn object() -> ObjectName {
    ObjectName { namespace: "shop".to_owned(), name: "ghr-1".to_owned() }
}

fn monitor(name: &str) -> Question {
    Question::Monitor { tenant: TENANT.to_owned(), name: name.to_owned() }
}

fn persistence(name: &str) -> Question {
    Question::PersistenceProfile { tenant: TENANT.to_owned(), name: name.to_owned() }
}

fn pki(name: &str) -> Question {
    Question::PkiProfile { tenant: TENANT.to_owned(), name: name.to_owned() }
}

fn sites() -> Question {
    Question::ThirdPartySites { tenant: "admin".to_owned() }
}

fn referenced(federated: bool, monitor_type: &str, request: Option<&str>) -> Answer {
    Answer::Monitor(ReferencedMonitor {
        federated: Some(federated),
        monitor_type: monitor_type.to_owned(),
        http_request: request.map(str::to_owned),
        response_codes: vec!["HTTP_2XX".to_owned()],
    })
}

/// A controller with `my-hm1` to `my-hm8`, some templates, `gap-1`, `pki-x`, third-party site `tp-site`, and without
/// anything called `gone`.
fn catalog() -> Catalog {
    let own = (1..=8).map(|number| (monitor(&format!("my-hm{number}")), referenced(true, "HEALTH_MONITOR_TCP", None)));
    let profile = |name: &str| Answer::Profile { name: name.to_owned() };
    let others = [
        (monitor("tmpl1"), referenced(true, "HEALTH_MONITOR_HTTPS", Some("GET /old HTTP/1.1"))),
        (monitor("local"), referenced(false, "HEALTH_MONITOR_HTTPS", Some("GET /old HTTP/1.1"))),
        (monitor("tcp"), referenced(true, "HEALTH_MONITOR_TCP", None)),
        (monitor("odd"), referenced(true, "HEALTH_MONITOR_HTTP", Some("GET"))),
        (monitor("bare"), referenced(true, "HEALTH_MONITOR_HTTP", None)),
        (monitor("gone"), Answer::Absent),
        (persistence("gap-1"), profile("gap-1")),
        (persistence("gone"), Answer::Absent),
        (pki("pki-x"), profile("pki-x")),
        (pki("gone"), Answer::Absent),
        (sites(), Answer::Sites(["tp-site".to_owned()].into())),
    ];
    own.chain(others).collect()
}

/// The spec with an FQDN, unless it has one.
fn spec(mut value: Value) -> GslbHostRuleSpec {
    if value.get("fqdn").is_none() {
        value["fqdn"] = json!("web.example.org");
    }
    serde_json::from_value(value).unwrap()
}

fn checked(value: Value, catalog: &Catalog) -> Validation<HostRule> {
    let clusters = ["ctx-a", "ctx-b"].map(str::to_owned).into();
    let around = Surroundings { clusters: &clusters, default_tenant: "admin", tenant: TENANT, catalog };
    validate(Subject { object: &object(), managed: false }, &spec(value), around)
}

fn error(value: Value) -> String {
    match checked(value, &catalog()) {
        Validation::Invalid(text) => text,
        other => panic!("{other:?}"),
    }
}

/// The rule and its limitations.
fn valid(value: Value) -> (HostRule, Vec<String>) {
    match checked(value, &catalog()) {
        Validation::Valid { value, limitations } => (value, limitations),
        other => panic!("{other:?}"),
    }
}

fn plain() -> HostRule {
    HostRule {
        object: object(),
        managed: false,
        fqdn: "web.example.org".to_owned(),
        ttl: None,
        control_plane_only: None,
        monitors: None,
        persistence: None,
        third_party: Vec::new(),
        traffic_split: BTreeMap::new(),
        public_addresses: BTreeMap::new(),
        algorithm: None,
        down_response: None,
        drain: BTreeSet::new(),
    }
}

#[test]
fn refusals_have_the_texts_of_upstream() {
    let fallback = "GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP";
    let cases = [
        ("1", json!({"fqdn": ""}), "GSFqdn missing for ghr-1 GSLBHostRule"),
        (
            "2",
            json!({"sitePersistence": {"enabled": true, "profileRef": "gone"}}),
            "SitePersistence Profile gone error for ghr-1 GSLBHostRule",
        ),
        ("2", json!({"sitePersistence": {"enabled": true}}), "SitePersistence Profile  error for ghr-1 GSLBHostRule"),
        (
            "3",
            json!({"sitePersistence": {"enabled": true, "profileRef": "gap-1", "pkiProfileRef": "gone"}}),
            "PKI Profile gone error for ghr-1 GSLBHostRule",
        ),
        (
            "3, off",
            json!({"sitePersistence": {"enabled": false, "pkiProfileRef": "gone"}}),
            "PKI Profile gone error for ghr-1 GSLBHostRule",
        ),
        (
            "5",
            json!({"thirdPartyMembers": [{"site": "tp-site", "vip": "web"}]}),
            "Invalid VIP for thirdPartyMember site tp-site,ghr-1 GSLBHostRule (expecting IP address)",
        ),
        (
            "6",
            json!({"thirdPartyMembers": [{"site": "nowhere", "vip": "198.51.100.7"}]}),
            "ThirdPartyMember site nowhere does not exist for ghr-1 GSLBHostRule",
        ),
        (
            "8",
            json!({"publicIP": [{"cluster": "ctx-a", "ip": "203.0.113"}]}),
            "Invalid IP for site ctx-a,ghr-1 GSLBHostRule (expecting IP address)",
        ),
        (
            "9",
            json!({"healthMonitorRefs": ["my-hm1"], "healthMonitorTemplate": "tmpl1"}),
            "health monitor reference and template cannot be specified together for ghr-1 GSLBHostRule",
        ),
        ("10, 8", json!({"healthMonitorTemplate": "gone"}), "health monitor template gone not found"),
        ("10, 8b", json!({"healthMonitorTemplate": "local"}), "health monitor template local not federated"),
        (
            "10, 8c",
            json!({"healthMonitorTemplate": "tcp"}),
            "health monitor template is not supported for non-path based health monitors",
        ),
        (
            "10, 8d",
            json!({"healthMonitorTemplate": "odd"}),
            "client request header in health monitor template odd is invalid",
        ),
        (
            "10, DB-52",
            json!({"healthMonitorTemplate": "bare"}),
            "client request header in health monitor template bare is invalid",
        ),
        (
            "11",
            json!({"healthMonitorRefs": ["my-hm1", "gone"]}),
            "Health Monitor Ref gone error for ghr-1 GSLBHostRule",
        ),
        ("11", json!({"healthMonitorRefs": ["local"]}), "Health Monitor Ref local error for ghr-1 GSLBHostRule"),
        (
            "12",
            json!({"downResponse": {"type": fallback}}),
            "Fallback IP is required for GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP",
        ),
        ("12", json!({"downResponse": {"type": fallback, "fallbackIP": "10.0"}}), "Fallback IP 10.0 is not valid"),
        (
            "12",
            json!({"downResponse": {"type": "GSLB_SERVICE_DOWN_RESPONSE_EMPTY", "fallbackIP": "10.0.0.1"}}),
            "Fallback IP is not allowed for GSLB_SERVICE_DOWN_RESPONSE_EMPTY",
        ),
    ];
    for (row, value, text) in cases {
        assert_eq!(error(value), text, "row {row}");
    }
    assert_eq!(ANOTHER_EXISTS, "there's an existing GSLBHostRule for the same FQDN", "row 13");
}

/// Row 4: the details are those of rule GDP-05.
#[test]
fn pool_algorithm_refusals_have_the_texts_of_upstream() {
    let [rr, topology, hash, geo] =
        ["ROUND_ROBIN", "TOPOLOGY", "CONSISTENT_HASH", "GEO"].map(|name| format!("GSLB_ALGORITHM_{name}"));
    let fallback = json!({"lbAlgorithm": rr});
    let cases = [
        (json!({"lbAlgorithm": rr, "geoFallback": fallback}), format!("geoFallback not allowed for {rr}")),
        (json!({"lbAlgorithm": topology, "hashMask": 8}), format!("hashMask not allowed for {topology}")),
        (
            json!({"lbAlgorithm": hash, "geoFallback": fallback}),
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
        (json!({"lbAlgorithm": ""}), "unsupported lbAlgorithm ".to_owned()),
    ];
    for (settings, detail) in cases {
        let expected = format!("Invalid Pool Algorithm: {detail}");
        assert_eq!(error(json!({"poolAlgorithmSettings": settings})), expected, "{settings}");
    }
}

#[test]
fn the_first_failure_in_the_order_of_the_rows_wins() {
    // Worst first; removing the failing field brings up the next.
    let mut everything = json!({
        "fqdn": "",
        "sitePersistence": {"enabled": true, "profileRef": "gone", "pkiProfileRef": "gone"},
        "poolAlgorithmSettings": {"lbAlgorithm": "X"},
        "thirdPartyMembers": [{"site": "nowhere", "vip": "x"}],
        "publicIP": [{"cluster": "ctx-a", "ip": "x"}],
        "healthMonitorRefs": ["gone"], "healthMonitorTemplate": "gone",
        "downResponse": {"type": "X", "fallbackIP": "1"},
    });
    let steps = [
        ("fqdn", "GSFqdn missing for ghr-1 GSLBHostRule"),
        ("sitePersistence", "SitePersistence Profile gone error for ghr-1 GSLBHostRule"),
        ("poolAlgorithmSettings", "Invalid Pool Algorithm: unsupported lbAlgorithm X"),
        (
            "thirdPartyMembers",
            "Invalid VIP for thirdPartyMember site nowhere,ghr-1 GSLBHostRule (expecting IP address)",
        ),
        ("publicIP", "Invalid IP for site ctx-a,ghr-1 GSLBHostRule (expecting IP address)"),
        (
            "healthMonitorTemplate",
            "health monitor reference and template cannot be specified together for ghr-1 GSLBHostRule",
        ),
        ("healthMonitorRefs", "Health Monitor Ref gone error for ghr-1 GSLBHostRule"),
        ("downResponse", "Fallback IP is not allowed for X"),
    ];
    for (field, text) in steps {
        assert_eq!(error(everything.clone()), text, "{field}");
        everything.as_object_mut().unwrap().remove(field);
    }
    assert_eq!(valid(everything), (plain(), Vec::new()));
}

/// All checks of one entry come before the next entry.
#[test]
fn lists_are_checked_entry_by_entry() {
    let third_party = json!([{"site": "nowhere", "vip": "198.51.100.7"}, {"site": "tp-site", "vip": "x"}]);
    assert_eq!(
        error(json!({"thirdPartyMembers": third_party})),
        "ThirdPartyMember site nowhere does not exist for ghr-1 GSLBHostRule"
    );
    let public = json!([{"cluster": "ctx-a", "ip": "x"}, {"cluster": "ctx-b", "ip": "y"}]);
    assert_eq!(
        error(json!({"publicIP": public})),
        "Invalid IP for site ctx-a,ghr-1 GSLBHostRule (expecting IP address)"
    );
}

/// FND-A9: row 7 of upstream refuses the whole rule.
#[test]
fn an_entry_for_a_cluster_that_is_not_known_is_ignored_alone_and_told() {
    let (rule, limitations) = valid(json!({
        "ttl": 30,
        "publicIP": [{"cluster": "gone", "ip": "203.0.113.8"}, {"cluster": "ctx-a", "ip": "203.0.113.9"}],
        "drain": ["ctx-b", "gone"],
    }));
    let expected = HostRule {
        ttl: Some(30),
        public_addresses: [("ctx-a".to_owned(), "203.0.113.9".parse().unwrap())].into(),
        drain: ["ctx-b".to_owned()].into(),
        ..plain()
    };
    assert_eq!(rule, expected);
    let told = [
        "publicIP names cluster gone, which is not in spec.memberClusters of the GSLBConfig: the entry is not used; \
         correct the name, or remove the entry",
        "drain names gone, which is neither in spec.memberClusters of the GSLBConfig nor a site of thirdPartyMembers: \
         not used; correct the name, or remove it",
    ];
    assert_eq!(limitations, told);
}

/// EX-21 and EX-22 in one rule, and priority 0 of DB-35.
#[test]
fn a_valid_rule_keeps_everything_it_says() {
    let (rule, limitations) = valid(json!({
        "fqdn": "web.example.org",
        "ttl": 0,
        "sitePersistence": {"enabled": true, "profileRef": "gap-1", "pkiProfileRef": "pki-x"},
        "healthMonitorTemplate": "tmpl1",
        "trafficSplit": [{"cluster": "ctx-a", "weight": 9}, {"cluster": "ctx-a", "weight": 5, "priority": 7},
            {"cluster": "tp-site", "weight": 3, "priority": 0}, {"cluster": "ctx-b"}],
        "publicIP": [{"cluster": "ctx-a", "ip": "203.0.113.9"}, {"cluster": "ctx-b", "ip": "2001:db8::9"}],
        "poolAlgorithmSettings": {"lbAlgorithm": "GSLB_ALGORITHM_GEO", "hashMask": 3,
            "geoFallback": {"lbAlgorithm": "GSLB_ALGORITHM_CONSISTENT_HASH", "hashMask": 24}},
        "downResponse": {"type": "GSLB_SERVICE_DOWN_RESPONSE_ALL_RECORDS"},
        "controlPlaneHmOnly": false,
    }));
    let share = |cluster: &str, weight, priority| (cluster.to_owned(), TrafficShare { weight, priority });
    let expected = HostRule {
        ttl: Some(0),
        control_plane_only: Some(false),
        monitors: Some(MonitorSource::Template(Template {
            name: "tmpl1".to_owned(),
            method: "GET".to_owned(),
            version: "HTTP/1.1".to_owned(),
            response_codes: vec!["HTTP_2XX".to_owned()],
        })),
        persistence: Some(RulePersistence::Enabled {
            profile: "gap-1".to_owned(),
            pki_profile: Some("pki-x".to_owned()),
        }),
        traffic_split: [share("ctx-a", 5, 7), share("tp-site", 3, 0), share("ctx-b", 1, 1)].into(),
        public_addresses: [("ctx-a", "203.0.113.9"), ("ctx-b", "2001:db8::9")]
            .map(|(cluster, ip)| (cluster.to_owned(), ip.parse().unwrap()))
            .into(),
        algorithm: Some(PoolAlgorithm::Geo { fallback: GeoFallback::ConsistentHash { mask: 24 } }),
        down_response: Some(DownResponse::AllRecords),
        ..plain()
    };
    let told = [
        "trafficSplit names ctx-a more than once: the last entry counts; remove the others, or correct their names",
        "trafficSplit names tp-site, which is neither a cluster of the GSLBConfig nor the site of a thirdPartyMember: not \
         used, correct the name",
    ];
    assert_eq!((rule, limitations), (expected, told.map(str::to_owned).to_vec()));
}

/// EX-22: the order stays, repeated entries count once.
#[test]
fn third_party_members_are_read_once_each() {
    let (rule, limitations) = valid(json!({"thirdPartyMembers": [
        {"site": "tp-site", "vip": "198.51.100.8", "publicIP": ""},
        {"site": "tp-site", "vip": "198.51.100.7", "publicIP": "2001:db8::7"},
        {"site": "tp-site", "vip": "198.51.100.8"},
        {"site": "tp-site", "vip": "198.51.100.9", "publicIP": "nine"},
    ]}));
    let member = |address: &str, public: Option<&str>| ThirdParty {
        site: "tp-site".to_owned(),
        address: address.parse().unwrap(),
        public_address: public.map(|ip| ip.parse().unwrap()),
    };
    let third_party =
        vec![member("198.51.100.8", None), member("198.51.100.7", Some("2001:db8::7")), member("198.51.100.9", None)];
    let said = "publicIP nine of the third-party member at site tp-site is not an address: not used";
    assert_eq!((rule, limitations), (HostRule { third_party, ..plain() }, vec![said.to_owned()]));
}

/// A persistence that is off says so, other than one that is absent.
#[test]
fn persistence_that_is_off_needs_no_profile() {
    let (rule, _) =
        valid(json!({"sitePersistence": {"enabled": false, "profileRef": "gone", "pkiProfileRef": "pki-x"}}));
    assert_eq!(rule, HostRule { persistence: Some(RulePersistence::Disabled), ..plain() });
}

#[test]
fn what_the_controller_cannot_take_is_limited_and_said() {
    let (rule, limitations) = valid(json!({
        "ttl": 86401,
        "trafficSplit": [{"cluster": "ctx-a", "weight": 21, "priority": 101},
            {"cluster": "ctx-b", "weight": 0, "priority": -1}],
        "healthMonitorRefs": (1..=8).map(|number| format!("my-hm{number}")).collect::<Vec<_>>(),
        "sitePersistence": {"enabled": true, "profileRef": "gap-1"},
        "thirdPartyMembers": [{"site": "tp-site", "vip": "198.51.100.7"}],
    }));
    assert_eq!(rule.ttl, Some(86400));
    let share = |weight, priority| TrafficShare { weight, priority };
    assert_eq!(rule.traffic_split.into_values().collect::<Vec<_>>(), [share(20, 100), share(1, 0)]);
    let six = (1..=6).map(|number| format!("my-hm{number}")).collect();
    assert_eq!(rule.monitors, Some(MonitorSource::Refs(six)));
    let expected = [
        "healthMonitorRefs names 8 health monitors, but the controller accepts 6 on one GSLB service: my-hm7, my-hm8 \
         are not used; name at most 6",
        "sitePersistence is enabled beside thirdPartyMembers, which Avi does not support: use one of them",
        "ttl is 86401, but the controller takes 0 to 86400: 86400 is used",
        "weight of ctx-a is 21, but the controller takes 1 to 20: 20 is used",
        "priority of ctx-a is 101, but the controller takes 0 to 100: 100 is used",
        "weight of ctx-b is 0, but the controller takes 1 to 20: 1 is used",
        "priority of ctx-b is -1, but the controller takes 0 to 100: 0 is used",
    ];
    assert_eq!(limitations, expected);
}

/// DB-13 and TEN-06: names are asked after in the tenant of the rule, sites in the default one; all at once.
#[test]
fn while_the_controller_has_not_answered_the_rule_is_pending_with_all_its_open_questions() {
    let everything = json!({
        "sitePersistence": {"enabled": true, "profileRef": "gap-1", "pkiProfileRef": "pki-x"},
        "healthMonitorRefs": ["my-hm1", "my-hm2"],
        "thirdPartyMembers": [{"site": "tp-site", "vip": "198.51.100.7"}],
    });
    let questions: BTreeSet<Question> =
        [persistence("gap-1"), pki("pki-x"), monitor("my-hm1"), monitor("my-hm2"), sites()].into();
    assert_eq!(checked(everything.clone(), Catalog::EMPTY), Validation::Pending(questions.clone()));
    for known in &questions {
        let catalog = [(known.clone(), catalog().answer(known).unwrap().clone())].into_iter().collect();
        let open = questions.iter().filter(|question| *question != known).cloned().collect();
        assert_eq!(checked(everything.clone(), &catalog), Validation::Pending(open), "{known}");
    }
    let off = json!({"sitePersistence": {"enabled": false, "profileRef": "gap-1"}});
    assert_eq!(checked(off.clone(), Catalog::EMPTY), checked(off, &catalog()), "a profile that is not used");
}

/// DB-13: what fails before the open row is certain, what fails after it is not.
#[test]
fn a_failure_counts_when_it_comes_before_the_open_question() {
    let open = |value| checked(value, Catalog::EMPTY);
    let third_party = json!([{"site": "tp-site", "vip": "x"}]);
    let text = "Invalid VIP for thirdPartyMember site tp-site,ghr-1 GSLBHostRule (expecting IP address)".to_owned();
    assert_eq!(open(json!({"thirdPartyMembers": third_party})), Validation::Invalid(text));
    let persistence_first = json!({"sitePersistence": {"enabled": true, "profileRef": "gap-1"},
        "poolAlgorithmSettings": {"lbAlgorithm": "X"}});
    assert_eq!(open(persistence_first), Validation::Pending([persistence("gap-1")].into()));
    let entry_first = json!({"thirdPartyMembers": [{"site": "tp-site", "vip": "198.51.100.7"},
        {"site": "tp-site", "vip": "x"}]});
    assert_eq!(open(entry_first), Validation::Pending([sites()].into()));
}
