//! The fuzz targets for some seconds, with seeds that are changed at random: what the real fuzzer does for hours, on
//! every run of the tests. A panic names the input.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

#[path = "../fuzz/targets.rs"]
mod targets;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Inputs per target.
const INPUTS: usize = 4000;

/// Values that programs stumble over.
const NASTY: [&str; 16] = [
    "",
    " ",
    "/",
    "0",
    "-1",
    "*",
    "*.example.org",
    "web.example.org",
    "WEB.example.org.",
    "10.1.0.5",
    "::1",
    "0.0.0.0",
    "{}",
    "{\"web.example.org\":1}",
    "a, b: c",
    "\u{0}\u{202e}",
];

fn seeds(target: &str) -> Vec<Value> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut paths: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()).collect()
}

/// Changes one place of a value: another value, one less, one twice, or one level deeper.
fn change(value: &mut Value, rng: &mut StdRng) {
    let deeper = rng.random_bool(0.8);
    match value {
        Value::Object(map) if deeper && !map.is_empty() => {
            let keys: Vec<String> = map.keys().cloned().collect();
            let key = keys.choose(rng).unwrap();
            match rng.random_range(0..12) {
                0 => drop(map.remove(key)),
                1 => {
                    let moved = map.remove(key).unwrap();
                    map.insert((*NASTY.choose(rng).unwrap()).to_owned(), moved);
                }
                _ => change(&mut map[key], rng),
            }
        }
        Value::Array(items) if deeper && !items.is_empty() => {
            let at = rng.random_range(0..items.len());
            match rng.random_range(0..6) {
                0 => drop(items.remove(at)),
                1 => {
                    let twin = items[at].clone();
                    (0..rng.random_range(1..12)).for_each(|_| items.push(twin.clone()));
                }
                _ => change(&mut items[at], rng),
            }
        }
        other => *other = anything(rng),
    }
}

fn anything(rng: &mut StdRng) -> Value {
    match rng.random_range(0..8) {
        0 => Value::Null,
        1 => json!(rng.random_bool(0.5)),
        2 => json!(rng.random_range(-2..120_000)),
        3 => json!([]),
        4 => json!({}),
        _ => json!(NASTY.choose(rng).unwrap()),
    }
}

fn run(target: &str, function: impl Fn(&[u8]) -> targets::Decisions) {
    let seeds = seeds(target);
    let mut decisions = 0;
    for input in 0..INPUTS {
        let mut rng = StdRng::seed_from_u64(input as u64);
        let mut value = seeds.choose(&mut rng).unwrap().clone();
        (0..rng.random_range(0..6)).for_each(|_| change(&mut value, &mut rng));
        let text = value.to_string();
        let outcome = catch_unwind(AssertUnwindSafe(|| function(text.as_bytes())));
        decisions += outcome.unwrap_or_else(|_| panic!("input {input} of {target}: {text}"));
    }
    assert!(decisions > INPUTS / 10, "{target}: only {decisions} decisions, the inputs are too odd");
}

#[test]
fn no_ingress_makes_the_core_panic_or_leave_the_limits() {
    run("ingress", targets::ingress);
}

#[test]
fn no_service_makes_the_core_panic_or_leave_the_limits() {
    run("service", targets::service);
}

#[test]
fn no_route_makes_the_core_panic_or_leave_the_limits() {
    run("route", targets::route);
}

#[test]
fn no_multi_cluster_ingress_makes_the_core_panic_or_leave_the_limits() {
    run("multi_cluster_ingress", targets::multi_cluster_ingress);
}

#[test]
fn no_host_rule_makes_the_core_panic_or_leave_the_limits() {
    run("host_rule", targets::host_rule);
}

#[test]
fn no_namespace_makes_the_core_panic_or_leave_the_limits() {
    run("namespace", targets::namespace);
}

#[test]
fn no_deployment_policy_makes_the_core_panic_or_leave_the_limits() {
    run("deployment_policy", targets::deployment_policy);
}

#[test]
fn no_gslb_host_rule_makes_the_core_panic_or_leave_the_limits() {
    run("gslb_host_rule", targets::gslb_host_rule);
}
