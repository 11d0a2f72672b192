//! Random histories of three clusters, replayed from a seed: whatever happened, and in whatever order, the controller
//! ends with exactly what the core computes from what the clusters hold.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test may panic, and tells figures")]

mod support;

use amko::avi::session::{AviClient, SessionSettings};
use amko::core::build::{Decision, Inputs, build};
use amko::core::gslb::{GslbService, HealthMonitor};
use amko::core::inventory::{Inventory, Seen};
use amko::core::object::Namespace;
use amko::core::owner::Owner;
use amko::core::policy::{DeploymentState, Installation, PolicySnapshot, validate};
use amko::core::references::{Catalog, Surroundings, Validation};
use amko::crd::GlobalDeploymentPolicy;
use amko::kubernetes::objects::{IngressObject, NamespaceObject, ServiceObject};
use amko_lab::kube::KubeWorld;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::de::DeserializeOwned;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use support::objects::{Host, apply, ingress, policy, service};
use support::{InProcessTransport, LEADER, UUID, World};

const CONTEXTS: [&str; 3] = ["s1az1", "s1az2", "s2"];
const FQDNS: usize = 100;
const STEPS: usize = 250;
const SEEDS: u64 = 50;

/// What the controller holds, or should hold, of one FQDN: service and monitors in a comparable order.
type Content = BTreeMap<String, (GslbService, Vec<HealthMonitor>)>;

/// One random event.
fn step(world: &World, rng: &mut StdRng) {
    let cluster = world.cluster(CONTEXTS[rng.random_range(0..CONTEXTS.len())]);
    let number = rng.random_range(0..FQDNS);
    let name = format!("app{number}");
    let host = format!("app{number}.example.org");
    let ip = format!("10.{}.{}.{}", rng.random_range(1..4), number / 50, rng.random_range(1..250));
    match rng.random_range(0..20) {
        // Every fifth FQDN is a Service's.
        0..=11 if number % 5 == 0 => {
            let port = [80, 443, 5432][rng.random_range(0..3)];
            let protocol = if number % 10 == 0 { "UDP" } else { "TCP" };
            apply(cluster, service(&name, &host, &ip, &[(port, protocol)]));
        }
        0..=11 => {
            let path = ["/", "/api", "/login"][rng.random_range(0..3)];
            let mut object = ingress(&name, &[Host { host: &host, ip: &ip, paths: &[path] }]);
            if rng.random_range(0..4) == 0 {
                object["spec"]["tls"] = json!([{"hosts": [host], "secretName": "tls"}]);
            }
            if rng.random_range(0..8) == 0 {
                object["metadata"]["labels"]["app"] = json!("other");
            }
            apply(cluster, object);
        }
        12..=18 => {
            let kind = if number % 5 == 0 { "services" } else { "ingresses.networking.k8s.io" };
            // It may not be there; then nothing happens.
            let _ = cluster.delete(kind, Some("shop"), &name);
        }
        _ => drop(apply(world.home(), random_policy(rng))),
    }
}

fn random_policy(rng: &mut StdRng) -> serde_json::Value {
    let mut share = |context: &&str| {
        let priority = rng.random_range(1..=2) * 10;
        json!({"cluster": context, "weight": rng.random_range(1..=20), "priority": priority})
    };
    let split: Vec<_> = CONTEXTS.iter().map(&mut share).collect();
    let clusters = if rng.random_range(0..3) == 0 { &CONTEXTS[..2] } else { &CONTEXTS[..] };
    policy(clusters, json!({"trafficSplit": split, "ttl": rng.random_range(1..100)}))
}

async fn run(seed: u64) -> World {
    let mut world = World::new(seed, &CONTEXTS);
    let mut rng = StdRng::seed_from_u64(seed);
    for _ in 0..40 {
        step(&world, &mut rng);
    }
    world.start_without_settling().await;
    for _ in 0..STEPS {
        step(&world, &mut rng);
        tokio::time::sleep(Duration::from_millis(rng.random_range(0..400))).await;
    }
    world.settle().await;
    world
}

fn decode<T: DeserializeOwned>(cluster: &KubeWorld, resource: &str) -> Vec<T> {
    cluster.list(resource).into_iter().map(|object| serde_json::from_value(object).unwrap()).collect()
}

/// What the core makes of everything that the clusters hold.
fn computed(world: &World) -> Content {
    let mut offers = BTreeMap::<String, Vec<_>>::new();
    for (context, cluster) in &world.clusters {
        let mut inventory = Inventory::new(context, Arc::default());
        let namespaces = decode::<NamespaceObject>(cluster, "namespaces");
        inventory.replace_namespaces(namespaces.into_iter().map(Namespace::from).collect(), &[]);
        for object in decode::<IngressObject>(cluster, "ingresses.networking.k8s.io") {
            inventory.put(Seen::from(object));
        }
        for object in decode::<ServiceObject>(cluster, "services") {
            inventory.put(Seen::from(object));
        }
        for (fqdn, offer) in inventory.offers() {
            offers.entry(fqdn).or_default().push(offer);
        }
    }
    let policy = snapshot(world);
    let decisions = offers.iter().map(|(fqdn, offers)| {
        let endpoints = offers.iter().flat_map(|offer| offer.endpoints.iter()).map(AsRef::as_ref);
        (fqdn.clone(), build(Inputs::plain(fqdn, &policy), endpoints).decision)
    });
    let services = decisions.filter_map(|(fqdn, decision)| match decision {
        Decision::Service(desired) => Some((fqdn, sorted(desired.service, desired.monitors))),
        Decision::Nothing => None,
        Decision::Wait(why) => panic!("{fqdn} waits: {why}"),
    });
    services.collect()
}

fn snapshot(world: &World) -> PolicySnapshot {
    let members: BTreeSet<String> = CONTEXTS.iter().map(|c| (*c).to_owned()).collect();
    let objects: Vec<GlobalDeploymentPolicy> = decode(world.home(), "globaldeploymentpolicies.amko.vmware.com");
    let around = Surroundings { clusters: &members, default_tenant: "admin", tenant: "admin", catalog: Catalog::EMPTY };
    let Validation::Valid { value, .. } = validate(&objects[0].spec, around) else { panic!("a valid policy") };
    let deployment = DeploymentState::InForce(value);
    let installation = Installation {
        custom_global_fqdn: false,
        status_for_all: false,
        owner: Owner::from_uuid(UUID.parse().unwrap()),
        default_tenant: "admin".into(),
        member_clusters: members,
    };
    PolicySnapshot { installation: Some(installation), deployment }
}

/// What the leader holds, read with a session of its own.
async fn held(world: &World) -> Content {
    let settings = SessionSettings {
        address: LEADER.into(),
        username: "admin".into(),
        password: "avi123".to_owned().into(),
        version: "30.2.1".into(),
    };
    let client = AviClient::new(Arc::new(InProcessTransport(world.avi.clone())), settings).unwrap();
    let own = client.list_own(&Owner::from_uuid(UUID.parse().unwrap())).await.unwrap();
    assert_eq!(own.loose_monitors, [], "no monitor is left without a service");
    let observed = own.by_fqdn.into_iter().map(|(fqdn, observed)| {
        let held: Vec<_> = observed.holdings().cloned().collect();
        let [held] = held.try_into().unwrap_or_else(|held| panic!("{fqdn} is in several tenants: {held:?}"));
        let service = held.service.unwrap_or_else(|| panic!("{fqdn} has monitors without a service"));
        assert!(service.faithful, "{fqdn} is written as the operator writes");
        let monitors = held.monitors.into_values().map(|monitor| monitor.content.unwrap()).collect();
        (fqdn, sorted(service.content, monitors))
    });
    observed.collect()
}

fn sorted(mut service: GslbService, mut monitors: Vec<HealthMonitor>) -> (GslbService, Vec<HealthMonitor>) {
    monitors.sort_by(|a, b| a.name.cmp(&b.name));
    service.monitors.sort();
    (service, monitors)
}

async fn check(seed: u64) -> usize {
    let world = run(seed).await;
    let (held, computed) = (held(&world).await, computed(&world));
    assert!(held == computed, "seed {seed}\nheld {held:#?}\ncomputed {computed:#?}");
    assert!(!computed.is_empty());
    world.writes().len()
}

/// Each seed runs in a runtime of its own, so that nothing of one reaches another.
fn in_its_own_world<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(future)
}

/// One fifth of the seeds: tests of their own use every core.
fn seeds(fifth: u64) {
    let range = SEEDS / 5 * fifth..SEEDS / 5 * (fifth + 1);
    let writes: usize = range.clone().map(|seed| in_its_own_world(check(seed))).sum();
    println!("seeds {range:?}: {writes} writes");
    assert!(writes > 0);
}

#[test]
fn any_history_ends_with_what_the_core_computes_first_fifth() {
    seeds(0);
}

#[test]
fn any_history_ends_with_what_the_core_computes_second_fifth() {
    seeds(1);
}

#[test]
fn any_history_ends_with_what_the_core_computes_third_fifth() {
    seeds(2);
}

#[test]
fn any_history_ends_with_what_the_core_computes_fourth_fifth() {
    seeds(3);
}

#[test]
fn any_history_ends_with_what_the_core_computes_last_fifth() {
    seeds(4);
}

#[test]
fn the_same_seed_gives_the_same_requests() {
    let log = |seed| in_its_own_world(async move { run(seed).await.avi.requests() });
    let [seven, eight] = [7, 8].map(|seed| {
        let (first, second) = (log(seed), log(seed));
        assert!(first.len() > 100);
        for (a, b) in first.iter().zip(&second) {
            assert_eq!(a, b, "seed {seed}");
        }
        assert_eq!(first.len(), second.len());
        first
    });
    assert_ne!(seven, eight);
}
