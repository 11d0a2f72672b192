//! Endpoints and policy to the service they ask for.

use super::*;
use crate::core::endpoint::Backend;
use crate::core::fixtures::{deployment, endpoint, in_force, installation, share, strings};
use crate::core::gslb::{DownResponse, Member, Pool, PoolAlgorithm, SitePersistence};
use crate::core::pairs::Pairs;
use crate::core::policy::{ClusterPolicy, DeploymentPolicy, MonitorSource};

const FQDN: &str = "web.example.org";

fn built(endpoints: &[Endpoint], policy: DeploymentPolicy) -> Built {
    build(Inputs::plain(FQDN, &in_force(policy)), endpoints)
}

fn desired(endpoints: &[Endpoint], policy: DeploymentPolicy) -> Desired {
    match built(endpoints, policy).decision {
        Decision::Service(desired) => *desired,
        other => panic!("{other:?}"),
    }
}

fn member(of: &Endpoint, ratio: u32) -> Member {
    let named = of.virtual_service.as_ref();
    Member {
        address: of.addresses.first().unwrap(),
        ratio,
        cluster_uuid: named.map(|found| found.cluster_uuid.clone()),
        vs_uuid: named.map(|found| found.vs_uuid.clone()),
        public_address: None,
        enabled: true,
    }
}

fn pool(priority: u32, members: Vec<Member>) -> Pool {
    Pool { priority, algorithm: PoolAlgorithm::RoundRobin, min_health_monitors_up: 2, members, enabled: true }
}

fn secure(mut endpoint: Endpoint, tls: bool) -> Endpoint {
    endpoint.backend = Backend::Paths { paths: strings(&["/"]), tls };
    endpoint
}

#[test]
fn too_little_knowledge_decides_nothing_and_a_deleted_policy_empties_the_service() {
    let endpoints = [endpoint("ctx-a", "web", "10.1.0.5")];
    let snapshot =
        |installed: bool, deployment| PolicySnapshot { installation: installed.then(installation), deployment };
    let decide = |policy| build(Inputs::plain(FQDN, &policy), &endpoints);

    for policy in [
        snapshot(false, DeploymentState::InForce(deployment())),
        snapshot(false, DeploymentState::Absent),
        snapshot(true, DeploymentState::Unknown),
        snapshot(true, DeploymentState::Missing),
    ] {
        let Built { decision, refused, .. } = decide(policy);
        assert!(matches!(decision, Decision::Wait(_)), "{decision:?}");
        assert_eq!(refused, []);
    }
    let absent = decide(snapshot(true, DeploymentState::Absent));
    assert_eq!(absent.decision, Decision::Nothing);
    assert_eq!(absent.refused[0].0, endpoints[0].key);
    assert_eq!(build(Inputs::plain(FQDN, &in_force(deployment())), &[]), Built::of(Decision::Nothing, vec![]));
}

/// Rule GS-05 and `docs/RULES.md#pools-and-members`. GS-02.
#[test]
fn members_are_ordered_by_key_and_pools_by_descending_priority() {
    let (b, a) = (endpoint("ctx-b", "web", "10.2.0.5"), endpoint("ctx-a", "web", "10.1.0.5"));
    let service = desired(&[b.clone(), a.clone()], deployment()).service;
    assert_eq!(service.pools, [pool(10, vec![member(&a, 1), member(&b, 1)])]);
    let entries = "INGRESS/ctx-a/shop/web/web.example.org,INGRESS/ctx-b/shop/web/web.example.org";
    assert_eq!(service.description, entries);

    let traffic_split = [share("ctx-a", 3, 5), share("ctx-b", 4, 100)].into();
    let service = desired(&[b.clone(), a.clone()], DeploymentPolicy { traffic_split, ..deployment() }).service;
    assert_eq!(service.pools, [pool(100, vec![member(&b, 4)]), pool(5, vec![member(&a, 3)])]);
    assert_eq!(service.description, entries);
}

/// DB-26, EX-30 and GS-03.
#[test]
fn the_same_address_is_one_member_whatever_is_behind_it_and_the_description_lists_all() {
    let first = endpoint("ctx-a", "web", "10.1.0.5");
    let same = endpoint("ctx-a", "web2", "10.1.0.5");
    let overlapping = endpoint("ctx-b", "web", "10.1.0.5");
    let all = [first.clone(), same, overlapping];

    let service = desired(&all, deployment()).service;
    assert_eq!(service.pools, [pool(10, vec![member(&first, 1)])]);
    let entries = ["ctx-a/shop/web", "ctx-a/shop/web2", "ctx-b/shop/web"].map(|at| format!("INGRESS/{at}/{FQDN}"));
    assert_eq!(service.description, entries.join(","));

    let mut policy = deployment();
    policy.clusters.values_mut().for_each(|cluster| *cluster = ClusterPolicy { sync_vip_only: true });
    let bare = Member { cluster_uuid: None, vs_uuid: None, ..member(&first, 1) };
    assert_eq!(desired(&all, policy).service.pools, [pool(10, vec![bare])]);
}

/// DB-29.
#[test]
fn the_number_of_monitors_that_have_to_be_up_is_the_same_in_every_pool() {
    let endpoints = [endpoint("ctx-a", "web", "10.1.0.5"), endpoint("ctx-b", "web", "10.2.0.5")];
    let cases = [
        (false, None, 2, 1),
        (false, Some(MonitorSource::Refs(strings(&["my-hm1", "my-hm2"]))), 3, 2),
        (true, None, 1, 0),
    ];
    for (control_plane_only, monitors, up, refs) in cases {
        let traffic_split = [share("ctx-a", 1, 20)].into();
        let Desired { service, .. } =
            desired(&endpoints, DeploymentPolicy { control_plane_only, monitors, traffic_split, ..deployment() });
        let counts: Vec<u32> = service.pools.iter().map(|pool| pool.min_health_monitors_up).collect();
        assert_eq!((counts, service.monitors.len()), (vec![up, up], refs));
    }
}

/// DB-31.
#[test]
fn persistence_needs_every_member_to_be_secure() {
    let policy = || DeploymentPolicy {
        site_persistence: Some("gap-1".to_owned()),
        pki_profile: Some("pki-x".to_owned()),
        ..deployment()
    };
    let [a, b] = [endpoint("ctx-a", "web", "10.1.0.5"), endpoint("ctx-b", "web", "10.2.0.5")];
    let expected = SitePersistence { profile: "gap-1".to_owned(), pki_profile: Some("pki-x".to_owned()) };
    for (tls_a, tls_b, expected) in [(true, true, Some(expected)), (true, false, None), (false, false, None)] {
        let members = [secure(a.clone(), tls_a), secure(b.clone(), tls_b)];
        assert_eq!(desired(&members, policy()).service.persistence, expected, "{tls_a} {tls_b}");
        assert_eq!(desired(&members, deployment()).service.persistence, None);
    }
}

/// DB-30: the family is in the address.
#[test]
fn policy_values_reach_the_service_and_ipv6_members_stay_ipv6() {
    let object = endpoint("ctx-a", "web", "2001:db8::5");
    let down_response = Some(DownResponse::FallbackIp("10.9.9.9".parse().unwrap()));
    let policy = DeploymentPolicy {
        ttl: Some(0),
        down_response,
        algorithm: Some(PoolAlgorithm::ConsistentHash { mask: 24 }),
        ..deployment()
    };
    let Desired { service, monitors } = desired(std::slice::from_ref(&object), policy);
    let expected = GslbService {
        tenant: "admin".to_owned(),
        name: FQDN.to_owned(),
        domain_names: strings(&[FQDN]),
        description: "INGRESS/ctx-a/shop/web/web.example.org".to_owned(),
        pools: vec![Pool {
            algorithm: PoolAlgorithm::ConsistentHash { mask: 24 },
            ..pool(10, vec![member(&object, 1)])
        }],
        monitors: strings(&["amko--e429dd2b33d47bc53f75b4ca3b5ad359d29f72aa"]),
        ttl: Some(0),
        down_response,
        persistence: None,
        enabled: true,
    };
    assert_eq!((service, monitors.len()), (expected, 1));
}

fn of_tenant(mut endpoint: Endpoint, tenant: &str, second: i64) -> Endpoint {
    endpoint.namespace_tenant = Some(tenant.to_owned());
    endpoint.object_tenant = Some(tenant.to_owned());
    endpoint.created = jiff::Timestamp::from_second(second).unwrap().into();
    endpoint
}

/// FND-A6 and FND-E4; rules GS-01, TEN-04 and TEN-05.
#[test]
fn the_oldest_selected_endpoint_decides_the_tenant_and_others_are_refused() {
    let mut unselected = of_tenant(endpoint("ctx-a", "aaa", "10.1.0.4"), "tenant3", 1_000);
    unselected.labels = Pairs::default();
    let newcomer = of_tenant(endpoint("ctx-a", "aab", "10.1.0.6"), "tenant3", 3_000);
    let oldest = of_tenant(endpoint("ctx-b", "web", "10.2.0.5"), "tenant2", 2_000);

    let Built { decision, refused, .. } = built(&[newcomer.clone(), unselected.clone(), oldest.clone()], deployment());
    let Decision::Service(desired) = decision else { panic!("{decision:?}") };
    assert_eq!(desired.service.tenant, "tenant2");
    assert_eq!(desired.monitors[0].tenant, "tenant2");
    assert_eq!(desired.service.pools, [pool(10, vec![member(&oldest, 1)])]);
    let keys: Vec<EndpointKey> = refused.iter().map(|(key, _)| key.clone()).collect();
    assert_eq!(keys, [unselected.key, newcomer.key]);
    let why = "it is of tenant \"tenant3\", but GSLB service web.example.org is of tenant \"tenant2\" because of \
               INGRESS/ctx-b/shop/web/web.example.org, which was there before (rule TEN-05); give both namespaces the \
               same tenant";
    assert_eq!(refused[1].1, why);
}

/// FND-A6: who is there stays, and a move happens when no member of the old tenant is left.
#[test]
fn a_service_stays_in_its_tenant_while_it_has_a_member_there_however_old_the_others_are() {
    let old = of_tenant(endpoint("ctx-a", "aaa", "10.1.0.4"), "blue", 1_000);
    let young = of_tenant(endpoint("ctx-b", "web", "10.2.0.5"), "red", 2_000);
    let policy = in_force(deployment());
    let build_beside = |present: Option<&Observed>, endpoints: &[Endpoint]| {
        let Built { decision, refused, .. } = build(Inputs { present, ..Inputs::plain(FQDN, &policy) }, endpoints);
        let Decision::Service(desired) = decision else { panic!("{decision:?}") };
        let refused: Vec<String> = refused.into_iter().map(|(key, _)| key.name).collect();
        (desired.service.tenant, refused)
    };
    let mut controller = crate::core::fixtures::Controller::default();
    controller.settle(&built(std::slice::from_ref(&young), deployment()).decision);
    let both = [old.clone(), young.clone()];
    let there = Some(&controller.observed);
    assert_eq!(build_beside(there, &both), ("red".to_owned(), vec!["aaa".to_owned()]));
    assert_eq!(build_beside(there, &[old]), ("blue".to_owned(), vec![]));
    assert_eq!(build_beside(Some(Observed::EMPTY), &both), ("blue".to_owned(), vec!["web".to_owned()]));
    assert_eq!(build_beside(None, &both).1, Vec::<String>::new(), "nobody is refused for what is not known");
}

#[test]
fn a_member_with_too_many_paths_stays_a_member_and_is_reported() {
    let mut object = endpoint("ctx-a", "web", "10.1.0.5");
    object.backend = Backend::Paths { paths: (0..9).map(|n| format!("/{n}")).collect(), tls: false };
    let Built { decision, refused, .. } = built(std::slice::from_ref(&object), deployment());
    let Decision::Service(desired) = decision else { panic!("{decision:?}") };
    assert_eq!((desired.service.monitors.len(), desired.monitors.len()), (6, 6));
    assert_eq!(refused.iter().map(|(key, _)| key).collect::<Vec<_>>(), [&object.key]);
}
