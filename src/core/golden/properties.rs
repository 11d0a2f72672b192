//! What holds for any endpoints, policies, host rules, aliases and objects.

use crate::core::build::{Built, Decision, Inputs, Origin, Placed, build};
use crate::core::dns_name::normal;
use crate::core::endpoint::{Addresses, Backend, Endpoint, Protocol};
use crate::core::fixtures::{
    Anyone, Controller, default_pki, deployment, endpoint, in_force, installation, labels, place, rule, share,
    template, third_party,
};
use crate::core::gslb::{GslbService, Member};
use crate::core::host_rule::{HostRule, RulePersistence, RuleState};
use crate::core::ingest::{annotations, ingress, service};
use crate::core::monitor::is_shared;
use crate::core::object::{Ingress, IngressRule, LoadBalancerAddress, Meta, Service, ServicePort};
use crate::core::pairs::Pairs;
use crate::core::plan::{Observed, Unseen, keep_unseen};
use crate::core::policy::{ClusterPolicy, DeploymentPolicy, DeploymentState, MonitorSource, PolicySnapshot};
use crate::core::references::Catalog;
use crate::core::select::{Verdict, judge};
use crate::core::tenancy::tenant;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

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
        1 => Just(Backend::Passthrough),
    ]
}

fn an_endpoint() -> impl Strategy<Value = Endpoint> {
    let place = (0..CLUSTERS.len(), 0..3_u8, 0..4_u8, 0..3_i64);
    let families = prop_oneof![3 => Just((true, false)), 1 => Just((false, true)), 1 => Just((true, true))];
    let flags = (any::<bool>(), prop::bool::weighted(0.8), prop::option::of("t[12]"), families);
    (place, backend(), flags).prop_map(
        |((cluster, name, ip, age), backend, (identified, labelled, tenant, families))| {
            let mut endpoint = endpoint(CLUSTERS[cluster], &format!("web{name}"), &format!("10.0.0.{ip}"));
            endpoint.backend = backend;
            endpoint.created = jiff::Timestamp::from_second(age).unwrap().into();
            let v4 = families.0.then(|| format!("10.0.0.{ip}").parse().unwrap());
            let v6 = families.1.then(|| format!("2001:db8::{ip}").parse().unwrap());
            endpoint.addresses = Addresses::new(v4, v6).unwrap();
            // Each cluster has a controller of its own.
            endpoint
                .virtual_service
                .iter_mut()
                .for_each(|found| found.cluster_uuid = format!("cluster-{}", CLUSTERS[cluster]));
            endpoint.virtual_service.take_if(|_| !identified);
            if !labelled {
                endpoint.labels = Pairs::default();
            }
            endpoint.namespace_tenant.clone_from(&tenant);
            endpoint.object_tenant = tenant;
            endpoint
        },
    )
}

/// Endpoints with distinct keys, in random order.
fn endpoints() -> impl Strategy<Value = Vec<Endpoint>> {
    vec(an_endpoint(), 0..8).prop_map(|mut all| {
        let mut keys = BTreeSet::new();
        all.retain(|endpoint| keys.insert(endpoint.key.clone()));
        all
    })
}

fn monitor_source() -> impl Strategy<Value = Option<MonitorSource>> {
    let refs = vec("my-hm[0-9]", 1..9).prop_map(MonitorSource::Refs);
    let templates = prop_oneof![Just("1.0"), Just("1.1")];
    let templates = templates.prop_map(|version| MonitorSource::Template(template("tmpl1", version)));
    prop_oneof![4 => Just(None), 1 => refs.prop_map(Some), 1 => templates.prop_map(Some)]
}

fn a_policy() -> impl Strategy<Value = PolicySnapshot> {
    let split = vec((0..CLUSTERS.len(), 1..21_u32, 0..3_u32), 0..3);
    let clusters = btree_map(prop::sample::select(CLUSTERS.to_vec()), any::<bool>(), 0..4);
    let persistence = prop::option::of(Just("gap-1".to_owned()));
    let health = (prop::bool::weighted(0.2), monitor_source());
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

/// Third-party sites have addresses that clusters have, too; numbers are not always what validation lets in.
fn a_host_rule() -> impl Strategy<Value = HostRule> {
    let sites = vec(("tp[12]", 0..4_u8, prop::option::of(Just("203.0.113.1"))), 0..4);
    let names = prop_oneof![prop::sample::select(CLUSTERS.to_vec()), Just("tp1")];
    let split = vec((names, 0..25_u32, prop_oneof![0..3_u32, 99..103_u32]), 0..4);
    let public = vec((0..CLUSTERS.len(), prop_oneof![Just("203.0.113.9"), Just("2001:db8::99")]), 0..3);
    let persistence = prop_oneof![
        2 => Just(None),
        1 => Just(Some(RulePersistence::Disabled)),
        1 => Just(Some(RulePersistence::Enabled { profile: "gap-2".to_owned(), pki_profile: None })),
    ];
    let plain = (prop::option::of(0..90_000_u32), prop::option::of(any::<bool>()), monitor_source(), persistence);
    (plain, sites, split, public).prop_map(
        |((ttl, control_plane_only, monitors, persistence), sites, split, public)| HostRule {
            ttl,
            control_plane_only,
            monitors,
            persistence,
            third_party: sites.iter().map(|(site, ip, to)| third_party(site, &format!("10.0.0.{ip}"), *to)).collect(),
            traffic_split: split.into_iter().map(|(name, weight, priority)| share(name, weight, priority)).collect(),
            public_addresses: public
                .into_iter()
                .map(|(at, ip)| (CLUSTERS[at].to_owned(), ip.parse().unwrap()))
                .collect(),
            ..rule(FQDN)
        },
    )
}

/// Everything that decides beside the endpoints.
#[derive(Debug, Clone)]
struct Setting {
    policy: PolicySnapshot,
    rule: RuleState,
    aliases: Vec<Arc<str>>,
    catalog: Catalog,
}

fn a_setting() -> impl Strategy<Value = Setting> {
    let rule = prop_oneof![
        4 => Just(RuleState::None),
        1 => Just(RuleState::Unknown("the controller".to_owned())),
        8 => a_host_rule().prop_map(|rule| RuleState::InForce(Arc::new(rule))),
    ];
    let aliases = vec("[a-c]", 0..3).prop_map(|names| names.into_iter().map(Arc::from).collect());
    let answers = prop_oneof![1 => Just(None), 1 => Just(Some(None)), 4 => Just(Some(Some("pki-x")))];
    let catalog = answers.prop_map(|answer| {
        let tenants = ["admin", "t1", "t2"].into_iter();
        answer.map(|pki| tenants.map(|tenant| default_pki(tenant, pki)).collect()).unwrap_or_default()
    });
    (a_policy(), rule, aliases, catalog).prop_map(|(policy, rule, aliases, catalog)| Setting {
        policy,
        rule,
        aliases,
        catalog,
    })
}

fn built(endpoints: &[Endpoint], setting: &Setting) -> Built {
    built_beside(Observed::EMPTY, endpoints, setting)
}

/// With what the controller has.
fn built_beside(present: &Observed, endpoints: &[Endpoint], setting: &Setting) -> Built {
    let Setting { policy, rule, aliases, catalog } = setting;
    build(Inputs { rule, aliases, present: Some(present), catalog, ..Inputs::plain(FQDN, policy) }, endpoints)
}

fn decide(endpoints: &[Endpoint], setting: &Setting) -> Decision {
    built(endpoints, setting).decision
}

/// The entries of the description that these endpoints should have.
fn described(endpoints: &[Endpoint], setting: &Setting, service: &GslbService) -> BTreeSet<String> {
    let DeploymentState::InForce(policy) = &setting.policy.deployment else { panic!("{setting:?}") };
    let installation = installation();
    let selected = endpoints.iter().filter(|endpoint| judge(endpoint, policy, &installation) == Verdict::Member);
    let here = selected.filter(|endpoint| tenant(endpoint, &installation) == Ok(&service.tenant));
    here.map(|endpoint| endpoint.key.describe()).collect()
}

fn is_third_party(rule: &RuleState, member: &Member) -> bool {
    matches!(rule, RuleState::InForce(rule) if rule.third_party.iter().any(|other| other.address == member.address))
}

proptest! {
    /// GS-02.
    #[test]
    fn the_order_of_endpoints_changes_nothing(
        (ordered, shuffled) in endpoints().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        setting in a_setting(),
    ) {
        prop_assert_eq!(built(&ordered, &setting), built(&shuffled, &setting));
    }

    /// DB-09, and resumability: the fixture's controller checks after each write that planning again gives the rest.
    /// GS-04.
    #[test]
    fn from_any_state_to_any_state_the_plan_arrives_and_is_then_empty(
        states in vec((endpoints(), a_setting()), 1..4),
    ) {
        let mut controller = Controller::default();
        for (endpoints, setting) in &states {
            let decision = decide(endpoints, setting);
            controller.settle(&decision);
            prop_assert_eq!(controller.settle(&decision), Vec::<String>::new());
            match decision {
                Decision::Service(desired) => {
                    let held = controller.observed.only().service.as_ref().map(|held| &held.content);
                    prop_assert_eq!(held, Some(&desired.service));
                    // The shared one outlives those that need it.
                    let names: BTreeSet<_> = desired.monitors.iter().map(|monitor| &monitor.name).collect();
                    let held = controller.observed.only().monitors.keys();
                    let held: BTreeSet<_> = held.filter(|name| names.contains(name) || !is_shared(name)).collect();
                    prop_assert_eq!(held, names);
                }
                Decision::Nothing => {
                    let kept = controller.observed.holdings().flat_map(|held| held.monitors.keys());
                    prop_assert!(controller.observed.services().next().is_none() && kept.into_iter().all(|name| is_shared(name)));
                }
                Decision::Wait(_) => {}
            }
        }
    }

    #[test]
    fn a_service_is_within_the_limits_of_the_controller(endpoints in endpoints(), setting in a_setting()) {
        if let Decision::Service(desired) = decide(&endpoints, &setting) {
            let service = &desired.service;
            prop_assert!(service.monitors.len() <= 6);
            prop_assert!(service.ttl.is_none_or(|ttl| ttl <= 86_400));
            prop_assert!(!service.pools.is_empty() && service.pools.iter().all(|pool| !pool.members.is_empty()));
            prop_assert!(service.pools.is_sorted_by(|a, b| a.priority > b.priority));
            prop_assert!(service.placed_members().all(|(priority, member)| (1..=20).contains(&member.ratio) && priority <= 100));
            prop_assert!(service.domain_names.is_sorted_by(|a, b| a < b));
            prop_assert!(service.domain_names.iter().any(|name| name == FQDN));
            prop_assert!(service.pools.iter().all(|pool| (1..=7).contains(&pool.min_health_monitors_up)));
            for pool in &service.pools {
                let places: BTreeSet<_> = pool.members.iter().map(|m| (m.address, m.public_address)).collect();
                prop_assert_eq!(places.len(), pool.members.len(), "each address once");
            }
        }
    }

    /// DB-23 and rule GS-05.
    #[test]
    fn what_is_told_of_a_service_fits_the_service(endpoints in endpoints(), setting in a_setting()) {
        let Built { decision, members: placed, questions, .. } = built(&endpoints, &setting);
        let Decision::Service(desired) = decision else {
            prop_assert_eq!(placed, vec![]);
            return Ok(());
        };
        let service = &desired.service;
        prop_assert!(questions.is_empty());
        let told: Vec<_> = placed.iter().map(|placed| {
            let Placed { priority, address, ratio, public_address, .. } = *placed;
            (priority, address, ratio, public_address)
        }).collect();
        let held: Vec<_> = service.placed_members().map(|(p, m)| (p, m.address, m.ratio, m.public_address)).collect();
        prop_assert_eq!(told, held);

        let entries: Vec<&str> = service.description.split(',').collect();
        let expected = described(&endpoints, &setting, service);
        prop_assert_eq!(entries.len(), expected.len());
        prop_assert_eq!(entries.iter().map(|entry| (*entry).to_owned()).collect::<BTreeSet<_>>(), expected);
        for (placed, (_, member)) in placed.iter().zip(service.placed_members()) {
            match &placed.origin {
                Origin::Object(key) => prop_assert!(entries.contains(&key.describe().as_str())),
                Origin::Site(_) => prop_assert_eq!((&member.vs_uuid, &member.cluster_uuid), (&None, &None)),
            }
        }
        prop_assert!(placed.iter().any(|placed| matches!(placed.origin, Origin::Object(_))));
    }

    /// DB-01: a restart with some clusters out of sight loses no member that a seen cluster does not explain, settles,
    /// and ends where a restart with full sight does.
    #[test]
    fn a_restart_in_the_dark_loses_nothing(
        endpoints in endpoints(), setting in a_setting(), dark in btree_set(0..CLUSTERS.len(), 1..3),
    ) {
        let full = decide(&endpoints, &setting);
        let mut controller = Controller::default();
        controller.settle(&full);
        let before = controller.observed.clone();
        let unseen: Unseen = dark.iter().map(|at| CLUSTERS[*at].to_owned()).collect();
        let visible: Vec<Endpoint> =
            endpoints.iter().filter(|endpoint| !unseen.contains(&endpoint.key.cluster)).cloned().collect();

        for round in 0..2 {
            let seen = built_beside(&controller.observed, &visible, &setting).decision;
            let decision = keep_unseen(seen, &controller.observed, &unseen, &Anyone);
            let calls = controller.settle(&decision);
            prop_assert!(round == 0 || calls.is_empty(), "{calls:?}");
            prop_assert!(calls.iter().all(|call| !call.starts_with("DELETE gs")), "{calls:?}");
            if let (Some(before), Some(after)) = (before.services().next(), controller.observed.services().next()) {
                let after: Vec<_> = after.content.placed_members().collect();
                // An address that a third-party site has too keeps its place, with the weight of whoever is seen.
                let stays = |(priority, member): (u32, &Member)| {
                    let shared = is_third_party(&setting.rule, member);
                    after.iter().any(|(p, m)| *p == priority && (*m == member || shared && m.address == member.address))
                };
                prop_assert!(before.content.placed_members().all(stays), "{before:?} {after:?}");
            }
        }
        controller.settle(&full);
        // What was decided from less is not undone by waiting.
        if !matches!(full, Decision::Wait(_)) {
            let content = |observed: &Observed| observed.services().next().map(|held| held.content.clone());
            prop_assert_eq!(content(&controller.observed), content(&before));
        }
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
        let named = hosts.iter().any(|host| !normal(host).is_empty());
        let says_why = |endpoint: &Endpoint| !named && endpoint.is_bare();
        prop_assert!(offered.iter().all(|endpoint| !endpoint.key.hostname.is_empty() || says_why(endpoint)));
        let ports = ports.into_iter().map(|(port, protocol)| ServicePort { port, protocol }).collect();
        let service_type = "LoadBalancer".to_owned();
        let object = Service { meta, service_type, ports, addresses };
        let offered = service::ingest(&object, place("ctx-a")).endpoints;
        prop_assert!(offered.len() <= 1);
    }
}
