//! How fast the core is: everything decided anew for 10,000 FQDNs of three clusters in one thread, and one change
//! among them, each beside the time that hashing the same input once takes. `make bench` prints the figures; an
//! ordinary run checks on a smaller world that what is measured is the whole work.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and tells figures")]

use amko::core::build::{Decision, Inputs, build};
use amko::core::inventory::{Inventory, Offer, Seen};
use amko::core::object::{Ingress, IngressRule, LoadBalancerAddress, Meta, Namespace};
use amko::core::owner::Owner;
use amko::core::plan::{Observed, Stored, Write, plan};
use amko::core::policy::{ClusterPolicy, DeploymentPolicy, DeploymentState, Installation, PolicySnapshot};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const CLUSTERS: [&str; 3] = ["s1az1", "s1az2", "s2"];
/// Repetitions of which the middle one counts.
const ROUNDS: usize = 9;

fn fqdns() -> usize {
    if cfg!(debug_assertions) { 200 } else { 10_000 }
}

fn policy() -> PolicySnapshot {
    let installation = Installation {
        owner: Owner::from_uuid("11111111-2222-11ee-8000-333333333333".parse().unwrap()),
        default_tenant: "admin".into(),
        member_clusters: CLUSTERS.map(str::to_owned).into(),
        custom_global_fqdn: false,
        status_for_all: false,
    };
    let deployment = DeploymentPolicy {
        app_selector: [("app".to_owned(), "gslb".to_owned())].into(),
        clusters: CLUSTERS.map(|name| (name.to_owned(), ClusterPolicy::default())).into(),
        ..DeploymentPolicy::default()
    };
    PolicySnapshot { installation: Some(installation), deployment: DeploymentState::InForce(deployment) }
}

fn ingress(net: usize, index: usize, last: u8) -> Seen {
    let host = format!("app{index}.example.org");
    let annotations = [
        ("ako.vmware.com/host-fqdn-vs-uuid-map".to_owned(), format!("{{\"{host}\":\"virtualservice-{net}-{index}\"}}")),
        ("ako.vmware.com/controller-cluster-uuid".to_owned(), format!("cluster-{net}")),
    ];
    Seen::Ingress(Ingress {
        meta: Meta {
            namespace: "shop".into(),
            name: format!("app{index}"),
            labels: [("app".to_owned(), "gslb".to_owned())].into(),
            annotations: annotations.into(),
            ..Meta::default()
        },
        rules: vec![IngressRule { host: host.clone(), paths: vec!["/".into()] }],
        tls_hosts: vec![],
        addresses: vec![LoadBalancerAddress {
            ip: Some(format!("10.{net}.{}.{last}", index / 250)),
            hostname: Some(host),
        }],
    })
}

/// Offers by FQDN, one per cluster.
type Offers = BTreeMap<String, Vec<Offer>>;

fn inventories() -> Vec<Inventory> {
    let filled = |(net, cluster): (usize, &&str)| {
        let mut inventory = Inventory::new(cluster, Arc::default());
        inventory.put_namespace(Namespace { name: "shop".into(), ..Namespace::default() });
        for index in 0..fqdns() {
            inventory.put(ingress(net, index, u8::try_from(index % 250).unwrap()));
        }
        inventory
    };
    CLUSTERS.iter().enumerate().map(filled).collect()
}

fn offers(inventories: &[Inventory]) -> Offers {
    let mut offers = Offers::new();
    for inventory in inventories {
        for (fqdn, offer) in inventory.offers() {
            offers.entry(fqdn).or_default().push(offer);
        }
    }
    offers
}

fn decide(fqdn: &str, offers: &[Offer], policy: &PolicySnapshot) -> Decision {
    let endpoints = offers.iter().flat_map(|offer| offer.endpoints.iter()).map(AsRef::as_ref);
    build(Inputs::plain(fqdn, policy), endpoints).decision
}

/// What the controller holds once a decision has been carried out.
fn carried_out(decision: &Decision) -> Observed {
    let mut observed = Observed::default();
    for write in plan(decision, &observed) {
        let stored = Stored { uuid: "uuid".into(), last_modified: Some("1".into()) };
        observed.applied(&write, Some(stored));
    }
    observed
}

fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[ROUNDS / 2]
}

fn hashed(offers: &[Offer]) -> u64 {
    let mut hasher = DefaultHasher::new();
    offers.iter().for_each(|offer| offer.endpoints.hash(&mut hasher));
    hasher.finish()
}

fn report(what: &str, time: Duration, floor: Duration) {
    println!(
        "{what}: {time:?}; hashing the same input: {floor:?}; ratio {:.1}",
        time.as_secs_f64() / floor.as_secs_f64()
    );
}

#[test]
fn everything_is_decided_anew_and_one_change_touches_one_service() {
    let policy = policy();
    let mut inventories = inventories();
    let offered = offers(&inventories);
    let held: BTreeMap<&String, Observed> =
        offered.iter().map(|(fqdn, offers)| (fqdn, carried_out(&decide(fqdn, offers, &policy)))).collect();
    let all = || -> usize {
        offered.iter().map(|(fqdn, offers)| plan(&decide(fqdn, offers, &policy), &held[fqdn]).len()).sum()
    };
    assert_eq!((offered.len(), all()), (fqdns(), 0), "what was carried out needs no write");
    let floor = median(|| _ = std::hint::black_box(offered.values().map(|offers| hashed(offers)).max()));
    let time = median(|| assert_eq!(all(), 0));
    report(&format!("{} FQDNs of {} clusters, decided and compared", fqdns(), CLUSTERS.len()), time, floor);

    let fqdn = "app7.example.org".to_owned();
    let mut last = 250;
    let mut change = || {
        last = if last == 250 { 251 } else { 250 };
        let touched = inventories[1].put(ingress(1, 7, last));
        let offers: Vec<Offer> = inventories.iter().map(|inventory| inventory.offer(&fqdn)).collect();
        let writes = plan(&decide(&fqdn, &offers, &policy), &held[&fqdn]);
        (touched, writes)
    };
    let (touched, writes) = change();
    assert_eq!(touched, [fqdn.clone()].into());
    assert!(matches!(&writes[..], [Write::UpdateService { service, .. }] if service.name == fqdn), "{writes:?}");
    let time = median(|| _ = std::hint::black_box(change()));
    let floor = median(|| _ = std::hint::black_box(hashed(&offered[&fqdn])));
    report(&format!("one address among {} FQDNs: ingested, decided and planned", fqdns()), time, floor);
}
