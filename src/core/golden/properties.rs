//! What holds for any endpoints, policies and objects.

use crate::core::build::{Decision, Inputs, build};
use crate::core::endpoint::{Backend, Endpoint, Protocol};
use crate::core::fixtures::{Controller, deployment, endpoint, in_force, labels, place, share, strings};
use crate::core::gslb::{GslbService, Member};
use crate::core::ingest::{annotations, ingress, service};
use crate::core::object::{Ingress, IngressRule, LoadBalancerAddress, Meta, Service, ServicePort};
use crate::core::pairs::Pairs;
use crate::core::plan::{Observed, Unseen, keep_unseen};
use crate::core::policy::{ClusterPolicy, DeploymentPolicy, DeploymentState, MonitorSource, PolicySnapshot};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use std::collections::BTreeSet;

const CLUSTERS: [&str; 3] = ["ctx-a", "ctx-b", "ctx-c"];
const FQDN: &str = "web.example.org";

fn backend() -> impl Strategy<Value = Backend> {
    let paths = vec("/[a-d]", 1..9).prop_map(|mut paths| {
        paths.sort();
        paths.dedup();
        paths
    });
    let protocol = prop_oneof![Just(Protocol::Tcp), Just(Protocol::Udp)];
    prop_oneof![
        3 => (paths, any::<bool>()).prop_map(|(paths, tls)| Backend::Paths { paths, tls }),
        1 => (1..4_u16, protocol).prop_map(|(port, protocol)| Backend::Port { port, protocol }),
    ]
}

fn an_endpoint() -> impl Strategy<Value = Endpoint> {
    let place = (0..CLUSTERS.len(), 0..3_u8, 0..4_u8);
    let flags = (any::<bool>(), prop::bool::weighted(0.8), prop::option::of("t[12]"));
    (place, backend(), flags).prop_map(|((cluster, name, ip), backend, (identified, labelled, tenant))| {
        let mut endpoint = endpoint(CLUSTERS[cluster], &format!("web{name}"), &format!("10.0.0.{ip}"));
        endpoint.backend = backend;
        endpoint.virtual_service.take_if(|_| !identified);
        if !labelled {
            endpoint.labels = Pairs::default();
        }
        endpoint.namespace_tenant.clone_from(&tenant);
        endpoint.object_tenant = tenant;
        endpoint
    })
}

/// Endpoints with distinct keys, in random order.
fn endpoints() -> impl Strategy<Value = Vec<Endpoint>> {
    vec(an_endpoint(), 0..8).prop_map(|mut all| {
        let mut keys = BTreeSet::new();
        all.retain(|endpoint| keys.insert(endpoint.key.clone()));
        all
    })
}

fn a_policy() -> impl Strategy<Value = PolicySnapshot> {
    let health = prop_oneof![
        4 => Just((false, None)),
        1 => Just((false, Some(MonitorSource::Refs(strings(&["my-hm1", "my-hm2"]))))),
        1 => Just((true, None)),
    ];
    let split = vec((0..CLUSTERS.len(), 1..21_u32, 0..3_u32), 0..3);
    let clusters = btree_map(prop::sample::select(CLUSTERS.to_vec()), any::<bool>(), 0..4);
    let persistence = prop::option::of(Just("gap-1".to_owned()));
    let known = (health, split, clusters, persistence).prop_map(
        |((control_plane_only, monitors), split, clusters, site_persistence)| {
            let clusters =
                clusters.into_iter().map(|(name, vip)| (name.to_owned(), ClusterPolicy { sync_vip_only: vip }));
            let traffic_split = split.into_iter().map(|(at, weight, priority)| share(CLUSTERS[at], weight, priority));
            in_force(DeploymentPolicy {
                control_plane_only,
                monitors,
                site_persistence,
                clusters: clusters.collect(),
                traffic_split: traffic_split.collect(),
                ..deployment()
            })
        },
    );
    let blank = |deployment| PolicySnapshot { deployment, ..in_force(DeploymentPolicy::default()) };
    prop_oneof![8 => known, 1 => Just(blank(DeploymentState::Absent)), 1 => Just(blank(DeploymentState::Unknown))]
}

fn decide(endpoints: &[Endpoint], policy: &PolicySnapshot) -> Decision {
    build(Inputs::plain(FQDN, policy), endpoints).decision
}

fn members(service: &GslbService) -> impl Iterator<Item = (u32, &Member)> {
    service.pools.iter().flat_map(|pool| pool.members.iter().map(|member| (pool.priority, member)))
}

proptest! {
    #[test]
    fn the_order_of_endpoints_changes_nothing(
        (ordered, shuffled) in endpoints().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        policy in a_policy(),
    ) {
        prop_assert_eq!(build(Inputs::plain(FQDN, &policy), &ordered), build(Inputs::plain(FQDN, &policy), &shuffled));
    }

    /// DB-09, and resumability: the fixture's controller checks after each write that planning again gives the rest.
    #[test]
    fn from_any_state_to_any_state_the_plan_arrives_and_is_then_empty(
        states in vec((endpoints(), a_policy()), 1..4),
    ) {
        let mut controller = Controller::default();
        for (endpoints, policy) in &states {
            let decision = decide(endpoints, policy);
            controller.settle(&decision);
            prop_assert_eq!(controller.settle(&decision), Vec::<String>::new());
            match decision {
                Decision::Service(desired) => {
                    let held = controller.observed.only().service.as_ref().map(|held| &held.content);
                    prop_assert_eq!(held, Some(&desired.service));
                    let names: BTreeSet<_> = desired.monitors.iter().map(|monitor| &monitor.name).collect();
                    prop_assert_eq!(controller.observed.only().monitors.keys().collect::<BTreeSet<_>>(), names);
                }
                Decision::Nothing => prop_assert_eq!(&controller.observed, &Default::default()),
                Decision::Wait(_) => {}
            }
        }
    }

    #[test]
    fn a_service_is_within_the_limits_of_the_controller(endpoints in endpoints(), policy in a_policy()) {
        if let Decision::Service(desired) = decide(&endpoints, &policy) {
            let service = &desired.service;
            prop_assert!(service.monitors.len() <= 6);
            prop_assert!(!service.pools.is_empty() && service.pools.iter().all(|pool| !pool.members.is_empty()));
            prop_assert!(service.pools.is_sorted_by(|a, b| a.priority > b.priority));
            prop_assert!(members(service).all(|(_, member)| (1..=20).contains(&member.ratio)));
        }
    }

    /// DB-01: a restart with some clusters out of sight loses no member that a seen cluster does not explain, settles,
    /// and ends where a restart with full sight does.
    #[test]
    fn a_restart_in_the_dark_loses_nothing(
        endpoints in endpoints(), policy in a_policy(), dark in btree_set(0..CLUSTERS.len(), 1..3),
    ) {
        let full = decide(&endpoints, &policy);
        let mut controller = Controller::default();
        controller.settle(&full);
        let before = controller.observed.clone();
        let unseen: Unseen = dark.iter().map(|at| CLUSTERS[*at].to_owned()).collect();
        let visible: Vec<Endpoint> =
            endpoints.iter().filter(|endpoint| !unseen.contains(&endpoint.key.cluster)).cloned().collect();

        for round in 0..2 {
            let decision = keep_unseen(decide(&visible, &policy), &controller.observed, &unseen);
            let calls = controller.settle(&decision);
            prop_assert!(round == 0 || calls.is_empty(), "{calls:?}");
            prop_assert!(calls.iter().all(|call| !call.starts_with("DELETE gs")), "{calls:?}");
            if let (Some(before), Some(after)) = (before.services().next(), controller.observed.services().next()) {
                let after: Vec<_> = members(&after.content).collect();
                prop_assert!(members(&before.content).all(|member| after.contains(&member)), "{before:?} {after:?}");
            }
        }
        controller.settle(&full);
        let content = |observed: &Observed| observed.services().next().map(|held| held.content.clone());
        prop_assert_eq!(content(&controller.observed), content(&before));
    }

    #[test]
    fn no_object_makes_ingestion_panic(
        hosts in vec(".{0,3}", 0..4), paths in vec(".{0,3}", 0..4), ips in vec("[0-9a-f.:]{0,9}", 0..4),
        map in ".{0,20}", ports in vec((any::<u16>(), "TCP|UDP|SCTP|.{0,2}"), 0..4),
    ) {
        let annotated = labels(&[(annotations::VS_UUID_MAP, &map), (annotations::CLUSTER_UUID, &map)]);
        let meta = Meta { annotations: annotated.into(), ..Meta::default() };
        let rule = |host: &String| IngressRule { host: host.clone(), paths: paths.clone() };
        let address = |(ip, host): (&String, &String)| {
            LoadBalancerAddress { ip: Some(ip.clone()), hostname: Some(host.clone()) }
        };
        let addresses: Vec<_> = ips.iter().zip(&hosts).map(address).collect();
        let rules = hosts.iter().map(rule).collect();
        let object = Ingress { meta: meta.clone(), rules, tls_hosts: hosts.clone(), addresses: addresses.clone() };
        let offered = ingress::ingest(&object, place("ctx-a")).endpoints;
        prop_assert!(offered.iter().all(|endpoint| !endpoint.key.hostname.is_empty()));
        let ports = ports.into_iter().map(|(port, protocol)| ServicePort { port, protocol }).collect();
        let service_type = "LoadBalancer".to_owned();
        let object = Service { meta, service_type, ports, addresses };
        let offered = service::ingest(&object, place("ctx-a")).endpoints;
        prop_assert!(offered.len() <= 1);
    }
}
