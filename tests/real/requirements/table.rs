//! Objects that keep or break one requirement, and what is said of each.

use serde_json::{Value, json};

/// A kind with requirements: name, plural and version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind(pub &'static str, pub &'static str, pub &'static str);

pub const POLICY: Kind = Kind("GlobalDeploymentPolicy", "globaldeploymentpolicies", "v1alpha2");
pub const RULE: Kind = Kind("GSLBHostRule", "gslbhostrules", "v1alpha1");
pub const CLUSTER: Kind = Kind("AMKOCluster", "amkoclusters", "v1alpha1");

const ROUND_ROBIN: &str = "GSLB_ALGORITHM_ROUND_ROBIN";
const TOPOLOGY: &str = "GSLB_ALGORITHM_TOPOLOGY";
const HASH: &str = "GSLB_ALGORITHM_CONSISTENT_HASH";
const GEO: &str = "GSLB_ALGORITHM_GEO";
/// The name of every object.
pub const NAME: &str = "tried";

/// One object.
#[derive(Debug)]
pub struct Case {
    pub kind: Kind,
    pub spec: Value,
    /// What is wrong with it.
    pub refusal: Option<Refusal>,
}

#[derive(Debug)]
pub struct Refusal {
    /// What the API server says, after the words that it has for every invalid object.
    pub said: String,
    /// What the operator says in the object's status or, of an AMKOCluster, in a condition.
    pub status: String,
}

pub fn cases() -> Vec<Case> {
    let shared = [POLICY, RULE].into_iter().flat_map(|kind| {
        [algorithms(kind), accepted_algorithms(kind), responses(kind), accepted_responses(kind), monitors(kind)]
    });
    shared.flatten().chain(rules()).chain(clusters()).collect()
}

/// An object with this field. A rule needs an FQDN beside it.
fn with(kind: Kind, field: &str, value: Value) -> Value {
    if kind == RULE { json!({"fqdn": "web.example.org", field: value}) } else { json!({field: value}) }
}

fn accepted(kind: Kind, field: &str, value: Value) -> Case {
    Case { kind, spec: with(kind, field, value), refusal: None }
}

fn refused(kind: Kind, spec: Value, (at, wrong, remedy): (&str, &str, &str), status: String) -> Case {
    Case { kind, spec, refusal: Some(Refusal { said: format!("spec.{at}: {wrong}: {remedy}"), status }) }
}

fn algorithms(kind: Kind) -> Vec<Case> {
    let needs_algorithm = "set geoFallback.lbAlgorithm to GSLB_ALGORITHM_ROUND_ROBIN or GSLB_ALGORITHM_CONSISTENT_HASH";
    let to_geo = "remove geoFallback, or set lbAlgorithm to GSLB_ALGORITHM_GEO";
    let to_hash = "remove hashMask, or set lbAlgorithm to GSLB_ALGORITHM_CONSISTENT_HASH";
    let (plain, mask) = (json!({"lbAlgorithm": ROUND_ROBIN}), "set hashMask, 1 to 31");
    let rows = [
        (
            json!({"lbAlgorithm": ROUND_ROBIN, "geoFallback": plain}),
            ("geoFallback: Forbidden", "geoFallback not allowed for GSLB_ALGORITHM_ROUND_ROBIN", to_geo),
        ),
        (
            json!({"lbAlgorithm": TOPOLOGY, "geoFallback": plain}),
            ("geoFallback: Forbidden", "geoFallback not allowed for GSLB_ALGORITHM_TOPOLOGY", to_geo),
        ),
        (
            json!({"hashMask": 24}),
            ("hashMask: Forbidden", "hashMask not allowed for GSLB_ALGORITHM_ROUND_ROBIN", to_hash),
        ),
        (
            json!({"lbAlgorithm": TOPOLOGY, "hashMask": 24}),
            ("hashMask: Forbidden", "hashMask not allowed for GSLB_ALGORITHM_TOPOLOGY", to_hash),
        ),
        (
            json!({"lbAlgorithm": HASH, "hashMask": 24, "geoFallback": plain}),
            ("geoFallback: Forbidden", "geoFallback is not allowed with ConsistentHash", to_geo),
        ),
        (
            json!({"lbAlgorithm": HASH, "hashMask": null}),
            ("hashMask: Required value", "hashMask is required for ConsistentHash", mask),
        ),
        (
            json!({"lbAlgorithm": GEO, "hashMask": 24}),
            (
                "geoFallback: Required value",
                "geoFallback has to be set for Geo, available choices: RoundRobin, ConsistentHash",
                needs_algorithm,
            ),
        ),
        (
            json!({"lbAlgorithm": GEO, "geoFallback": {}}),
            ("geoFallback.lbAlgorithm: Required value", "unsupported algorithm  for geoFallback", needs_algorithm),
        ),
        (
            json!({"lbAlgorithm": GEO, "geoFallback": {"lbAlgorithm": ROUND_ROBIN, "hashMask": 24}}),
            (
                "geoFallback.hashMask: Forbidden",
                "hashMask is not allowed with GSLB_ALGORITHM_ROUND_ROBIN as geoFallback algorithm",
                "remove geoFallback.hashMask, or set geoFallback.lbAlgorithm to GSLB_ALGORITHM_CONSISTENT_HASH",
            ),
        ),
        (
            json!({"lbAlgorithm": GEO, "geoFallback": {"lbAlgorithm": HASH}}),
            (
                "geoFallback.hashMask: Required value",
                "hashMask is required for GSLB_ALGORITHM_CONSISTENT_HASH as the geoFallback algorithm",
                "set geoFallback.hashMask, 1 to 31",
            ),
        ),
    ];
    let prefix = if kind == RULE { "Invalid Pool Algorithm" } else { "invalid pool algorithm" };
    let case = |(settings, (at, wrong, remedy)): (Value, (&str, &str, &str))| {
        let at = format!("poolAlgorithmSettings.{at}");
        let spec = with(kind, "poolAlgorithmSettings", settings);
        refused(kind, spec, (&at, wrong, remedy), format!("{prefix}: {wrong}"))
    };
    rows.into_iter().map(case).collect()
}

fn accepted_algorithms(kind: Kind) -> Vec<Case> {
    let settings = [
        json!(null),
        json!({}),
        json!({"lbAlgorithm": ROUND_ROBIN, "hashMask": null, "geoFallback": null}),
        json!({"lbAlgorithm": TOPOLOGY}),
        json!({"lbAlgorithm": HASH, "hashMask": 24}),
        json!({"lbAlgorithm": GEO, "geoFallback": {"lbAlgorithm": ROUND_ROBIN}}),
        json!({"lbAlgorithm": GEO, "hashMask": 8, "geoFallback": {"lbAlgorithm": HASH, "hashMask": 24}}),
    ];
    settings.map(|settings| accepted(kind, "poolAlgorithmSettings", settings)).into()
}

fn responses(kind: Kind) -> Vec<Case> {
    let [none, all, empty, fallback] =
        ["NONE", "ALL_RECORDS", "EMPTY", "FALLBACK_IP"].map(|name| format!("GSLB_SERVICE_DOWN_RESPONSE_{name}"));
    let prefix = if kind == RULE { "" } else { "invalid down response configuration: " };
    let case = |response: Value, reason: &str, wrong: &str, remedy: &str| {
        let at = format!("downResponse.fallbackIP: {reason}");
        refused(kind, with(kind, "downResponse", response), (&at, wrong, remedy), format!("{prefix}{wrong}"))
    };
    let without = [json!({"type": fallback}), json!({"type": fallback, "fallbackIP": ""})].map(|response| {
        let wrong = format!("Fallback IP is required for {fallback}");
        case(response, "Required value", &wrong, "set fallbackIP")
    });
    let remedy = format!("remove fallbackIP, or set type to {fallback}");
    let beside = [none, all, empty].map(|other| {
        let response = json!({"type": other, "fallbackIP": "203.0.113.1"});
        case(response, "Forbidden", &format!("Fallback IP is not allowed for {other}"), &remedy)
    });
    without.into_iter().chain(beside).collect()
}

fn accepted_responses(kind: Kind) -> Vec<Case> {
    let responses = [
        json!(null),
        json!({"type": "GSLB_SERVICE_DOWN_RESPONSE_NONE"}),
        json!({"type": "GSLB_SERVICE_DOWN_RESPONSE_EMPTY", "fallbackIP": null}),
        json!({"type": "GSLB_SERVICE_DOWN_RESPONSE_ALL_RECORDS", "fallbackIP": ""}),
        json!({"type": "GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP", "fallbackIP": "2001:db8::1"}),
    ];
    responses.map(|response| accepted(kind, "downResponse", response)).into()
}

fn monitors(kind: Kind) -> Vec<Case> {
    let both = |refs: Value, template: Value| {
        let mut spec = with(kind, "healthMonitorRefs", refs);
        spec["healthMonitorTemplate"] = template;
        spec
    };
    let wrong = "health monitor reference and template cannot be specified together";
    let status = if kind == RULE { format!("{wrong} for {NAME} GSLBHostRule") } else { wrong.to_owned() };
    let said = ("healthMonitorTemplate: Forbidden", wrong, "remove healthMonitorRefs or healthMonitorTemplate");
    let accepted = [
        both(json!(["my-hm"]), json!(null)),
        both(json!(["my-hm"]), json!("")),
        both(json!([]), json!("template")),
        with(kind, "healthMonitorTemplate", json!("template")),
    ];
    let accepted = accepted.map(|spec| Case { kind, spec, refusal: None });
    [refused(kind, both(json!(["my-hm"]), json!("template")), said, status)].into_iter().chain(accepted).collect()
}

fn rules() -> Vec<Case> {
    let fqdn = ("fqdn: Required value", "GSFqdn missing", "set fqdn to the name of the GSLB service");
    let profile = (
        "sitePersistence.profileRef: Required value",
        "SitePersistence Profile  error",
        "set profileRef to the name of a federated application persistence profile",
    );
    let without_fqdn = |spec: Value| refused(RULE, spec, fqdn, format!("GSFqdn missing for {NAME} GSLBHostRule"));
    let without_profile = |persistence: Value| {
        let status = format!("SitePersistence Profile  error for {NAME} GSLBHostRule");
        refused(RULE, with(RULE, "sitePersistence", persistence), profile, status)
    };
    vec![
        without_fqdn(json!({})),
        without_fqdn(json!({"fqdn": "", "ttl": 30})),
        Case { kind: RULE, spec: json!({"fqdn": "web.example.org"}), refusal: None },
        without_profile(json!({"enabled": true})),
        without_profile(json!({"enabled": true, "profileRef": "", "pkiProfileRef": "pki"})),
        accepted(RULE, "sitePersistence", json!({"enabled": true, "profileRef": "gap"})),
        accepted(RULE, "sitePersistence", json!({"enabled": false})),
        accepted(RULE, "sitePersistence", json!({})),
    ]
}

fn clusters() -> Vec<Case> {
    let context = (
        "clusterContext: Required value",
        "clusterContext field can't be empty in AMKOCluster object",
        "set clusterContext to the context of this cluster",
    );
    let version = (
        "version: Required value",
        "version field can't be empty in AMKOCluster object",
        "set version to the version of AMKO",
    );
    let wrong = "current cluster context east not part of member clusters";
    let listed = format!("error in initialising member cluster contexts: {wrong}");
    let unlisted = ("clusters: Required value", wrong, "add it to clusters");
    let whole = json!({"isLeader": true, "clusterContext": "east", "version": "2.2.1", "clusters": ["west", "east"]});
    let changed = |field: &str, value: Value| {
        let mut spec = whole.clone();
        spec[field] = value;
        spec
    };
    let accepted = [whole.clone(), json!({}), json!({"isLeader": false, "clusters": ["west"]})];
    let accepted = accepted.map(|spec| Case { kind: CLUSTER, spec, refusal: None });
    let refused = [
        refused(CLUSTER, changed("clusterContext", json!("")), context, context.1.to_owned()),
        refused(CLUSTER, changed("version", json!("")), version, version.1.to_owned()),
        refused(CLUSTER, changed("clusters", json!(["west"])), unlisted, listed.clone()),
        refused(CLUSTER, changed("clusters", json!([])), unlisted, listed),
    ];
    refused.into_iter().chain(accepted).collect()
}
