//! Random events of AMKO's own objects: policies and GSLBHostRules, valid and not.

use crate::place::{CONTEXTS, FQDNS, NAMESPACES};
use crate::support::World;
use crate::support::objects::{apply, delete_policy, policy};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};

pub const RULES: &str = "gslbhostrules.amko.vmware.com";
const POLICIES: &str = "globaldeploymentpolicies.amko.vmware.com";
const OTHER_POLICY: &str = "other-gdp";
const ALL_RECORDS: &str = "GSLB_SERVICE_DOWN_RESPONSE_ALL_RECORDS";

pub fn step(world: &World, rng: &mut StdRng) {
    match rng.random_range(0..20) {
        0..=13 => put_rule(world, rng),
        14..=16 => delete_rule(world, rng),
        17 => put_policy(world, rng),
        18 => put_other_policy(world, rng),
        _ if rng.random_range(0..4) == 0 && has_policy(world) => delete_policy(world.home()),
        _ => drop(world.home().delete(POLICIES, Some("avi-system"), OTHER_POLICY)),
    }
}

/// What is left to chance by history gets an end: one valid policy, and for some FQDNs one rule instead of two.
pub fn conclude(world: &World, rng: &mut StdRng) {
    let _ = world.home().delete(POLICIES, Some("avi-system"), OTHER_POLICY);
    let clusters = crate::expected::member_clusters(world);
    let known: Vec<&str> = CONTEXTS.into_iter().filter(|context| clusters.contains(*context)).collect();
    apply(world.home(), policy(&known, valid_policy(&known, rng)));
    for rule in world.home().list(RULES) {
        let name = rule["metadata"]["name"].as_str().unwrap();
        if name.starts_with("rule") && rng.random_range(0..4) == 0 {
            world.home().delete(RULES, rule["metadata"]["namespace"].as_str(), name).unwrap();
        }
    }
}

fn has_policy(world: &World) -> bool {
    world.home().get(POLICIES, Some("avi-system"), "global-gdp").is_some()
}

fn put_policy(world: &World, rng: &mut StdRng) {
    let clusters = if rng.random_range(0..3) == 0 { &CONTEXTS[..2] } else { &CONTEXTS[..] };
    let mut more = valid_policy(clusters, rng);
    match rng.random_range(0..12) {
        0 => more["trafficSplit"] = json!([{"cluster": "elsewhere", "weight": 5, "priority": 10}]),
        1 => more["healthMonitorRefs"] = json!(["missing"]),
        2 => {
            more["healthMonitorRefs"] = json!(["user-hm1"]);
            more["healthMonitorTemplate"] = json!("tmpl1");
        }
        _ => {}
    }
    let mut policy = policy(clusters, more);
    if rng.random_range(0..6) == 0 {
        policy["spec"]["matchRules"]["namespaceSelector"] = json!({"label": {"env": "prod"}});
    }
    if rng.random_range(0..3) == 0 {
        let at = rng.random_range(0..clusters.len());
        policy["spec"]["matchClusters"][at]["syncVipOnly"] = json!(true);
    }
    apply(world.home(), policy);
}

/// Never in force while the first one is.
fn put_other_policy(world: &World, rng: &mut StdRng) {
    let mut other = policy(&CONTEXTS, valid_policy(&CONTEXTS, rng));
    other["metadata"]["name"] = json!(OTHER_POLICY);
    apply(world.home(), other);
}

fn valid_policy(clusters: &[&str], rng: &mut StdRng) -> Value {
    let mut share = |context: &&str| {
        let priority = rng.random_range(1..=2) * 10;
        json!({"cluster": context, "weight": rng.random_range(1..=20), "priority": priority})
    };
    let split: Vec<_> = clusters.iter().map(&mut share).collect();
    let mut more = json!({"trafficSplit": split, "ttl": rng.random_range(1..100)});
    random_monitors(&mut more, rng);
    if rng.random_range(0..4) == 0 {
        more["defaultDomain"] = json!(["apps.example.org", "example.org"][rng.random_range(0..2)]);
    }
    if rng.random_range(0..4) == 0 {
        more["sitePersistenceRef"] = json!("gap-1");
    }
    if rng.random_range(0..4) == 0 {
        more["downResponse"] = json!({"type": ALL_RECORDS});
    }
    more
}

/// Own monitors mostly.
fn random_monitors(more: &mut Value, rng: &mut StdRng) {
    match rng.random_range(0..8) {
        0 => more["healthMonitorRefs"] = json!(["user-hm1", "user-hm2"]),
        1 => more["healthMonitorTemplate"] = json!("tmpl1"),
        2 => more["controlPlaneHmOnly"] = json!(true),
        _ => {}
    }
}

/// Two objects in each namespace may be for an FQDN, which is one of few so that they often are.
fn rule_name(rng: &mut StdRng) -> (usize, &'static str, String) {
    let number = rng.random_range(0..FQDNS / 2);
    (number, NAMESPACES[rng.random_range(0..2)], format!("rule{number}"))
}

fn delete_rule(world: &World, rng: &mut StdRng) {
    let (_, namespace, name) = rule_name(rng);
    // It may not be there; then nothing happens.
    let _ = world.home().delete(RULES, Some(namespace), &name);
}

fn put_rule(world: &World, rng: &mut StdRng) {
    let (mut number, namespace, name) = rule_name(rng);
    if rng.random_range(0..8) == 0 {
        number += 1;
    }
    let global = rng.random_range(0..4) == 0;
    let fqdn = if global { format!("global{}.example.org", number % 20) } else { format!("app{number}.example.org") };
    let mut spec = json!({"fqdn": fqdn});
    for _ in 0..rng.random_range(1..4) {
        random_property(&mut spec, rng);
    }
    let rule = json!({"apiVersion": "amko.vmware.com/v1alpha1", "kind": "GSLBHostRule",
        "metadata": {"name": name, "namespace": namespace}, "spec": spec});
    apply(world.home(), rule);
}

fn random_property(spec: &mut Value, rng: &mut StdRng) {
    let context = CONTEXTS[rng.random_range(0..3)];
    match rng.random_range(0..11) {
        0..=1 => spec["ttl"] = json!(rng.random_range(1..300)),
        2 => {
            let name = ["tp1", context][rng.random_range(0..2)];
            let weight = rng.random_range(1..=20);
            spec["trafficSplit"] = json!([{"cluster": name, "weight": weight, "priority": rng.random_range(0..110)}]);
        }
        3..=4 => {
            let site = ["tp1", "tp2", "tp2", "elsewhere"][rng.random_range(0..4)];
            spec["thirdPartyMembers"] =
                json!([{"site": site, "vip": format!("198.51.100.{}", rng.random_range(1..9))}]);
        }
        5 => {
            let cluster = [context, context, context, "elsewhere"][rng.random_range(0..4)];
            spec["publicIP"] = json!([{"cluster": cluster, "ip": format!("203.0.113.{}", rng.random_range(1..99))}]);
        }
        6 => {
            let name = ["user-hm1", "user-hm2", "missing"][rng.random_range(0..3)];
            spec["healthMonitorRefs"] = json!([name]);
        }
        7 => spec["healthMonitorTemplate"] = json!(["tmpl1", "user-hm1", "missing"][rng.random_range(0..3)]),
        8 => spec["controlPlaneHmOnly"] = json!(rng.random::<bool>()),
        9 => {
            let profile = ["gap-1", "gap-1", "missing"][rng.random_range(0..3)];
            spec["sitePersistence"] = json!({"enabled": rng.random::<bool>(), "profileRef": profile});
        }
        _ => spec["poolAlgorithmSettings"] = json!({"lbAlgorithm": "GSLB_ALGORITHM_TOPOLOGY"}),
    }
}
