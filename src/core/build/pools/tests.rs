//! Members of several addresses, and members outside every cluster.

use super::*;
use crate::core::fixtures::{deployment, dual_stack, endpoint, rule, share, third_party};
use crate::core::gslb::PoolAlgorithm;
use crate::core::host_rule::{HostRule, RuleState};
use crate::core::omission::Omissions;
use crate::core::plan::Observed;
use crate::core::policy::ClusterPolicy;
use std::sync::Arc;

fn arranged(endpoints: &[Endpoint], rule: HostRule, vip_only: bool) -> Arrangement {
    let mut policy = deployment();
    policy.clusters.values_mut().for_each(|cluster| *cluster = ClusterPolicy { sync_vip_only: vip_only });
    let rule = RuleState::InForce(Arc::new(rule));
    let endpoints: Vec<&Endpoint> = endpoints.iter().collect();
    let limits = Limits { omissions: Omissions::NONE, gslb: None, before: None };
    arrange(&endpoints, Effective::of(&rule, &policy).unwrap(), Held::of(Some(Observed::EMPTY)), limits, |_| 2)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A member of the virtual service of `of`.
fn named(of: &Endpoint, address: &str) -> Member {
    let found = of.virtual_service.clone().unwrap();
    let (cluster_uuid, vs_uuid) = (Some(found.cluster_uuid), Some(found.vs_uuid));
    Member { cluster_uuid, vs_uuid, ..bare(address) }
}

fn bare(address: &str) -> Member {
    Member { address: ip(address), ratio: 1, cluster_uuid: None, vs_uuid: None, public_address: None, enabled: true }
}

fn pool(priority: u32, members: Vec<Member>) -> Pool {
    Pool { priority, algorithm: PoolAlgorithm::RoundRobin, min_health_monitors_up: 2, members, enabled: true }
}

/// DB-30.
#[test]
fn an_endpoint_of_both_families_is_two_members_of_one_virtual_service() {
    let object = dual_stack("ctx-a", "web", "10.1.0.5", "2001:db8::5");
    let public = ip("2001:db8::99");
    let rule = HostRule { public_addresses: [("ctx-a".to_owned(), public)].into(), ..rule("web.example.org") };
    let [v4, mut v6] = ["10.1.0.5", "2001:db8::5"].map(|address| named(&object, address));
    v6.public_address = Some(public);

    let found = arranged(std::slice::from_ref(&object), rule, false);
    assert_eq!(found.pools, [pool(10, vec![v4, v6])]);
    let placed = |address: &str, public_address| Placed {
        origin: Origin::Object(object.key.clone()),
        address: ip(address),
        public_address,
        ratio: 1,
        priority: 10,
        drained: None,
    };
    assert_eq!(found.placed, [placed("10.1.0.5", None), placed("2001:db8::5", Some(public))]);
}

/// DB-26: each address counts for itself.
#[test]
fn of_two_endpoints_only_the_address_that_both_have_is_one_member() {
    let first = endpoint("ctx-a", "web", "10.1.0.5");
    let both = dual_stack("ctx-a", "web2", "10.1.0.5", "2001:db8::5");
    let found = arranged(&[first.clone(), both.clone()], rule("web.example.org"), false);
    assert_eq!(found.pools, [pool(10, vec![named(&first, "10.1.0.5"), named(&both, "2001:db8::5")])]);
    let found = arranged(&[first, both], rule("web.example.org"), true);
    assert_eq!(found.pools, [pool(10, vec![bare("10.1.0.5"), bare("2001:db8::5")])]);
}

fn aged(endpoint: Endpoint, second: i64) -> Endpoint {
    Endpoint { created: jiff::Timestamp::from_second(second).unwrap().into(), ..endpoint }
}

/// FND-E1 and FND-E4; DB-26.
#[test]
fn an_address_is_one_member_of_a_pool_and_the_oldest_object_has_it() {
    let [young, old] =
        [("ctx-a", 2_000), ("ctx-b", 1_000)].map(|(cluster, age)| aged(endpoint(cluster, "web", "10.1.0.5"), age));
    let found = arranged(&[young.clone(), old.clone()], rule("web.example.org"), false);
    assert_eq!(found.pools, [pool(10, vec![named(&old, "10.1.0.5")])]);
    let [first, second] = [young, old].map(|endpoint| aged(endpoint, 1_000));
    let found = arranged(&[first.clone(), second.clone()], rule("web.example.org"), false);
    assert_eq!(found.pools, [pool(10, vec![named(&first, "10.1.0.5")])], "the first by key of equal age");

    let public = HostRule {
        public_addresses: [("ctx-a".to_owned(), ip("203.0.113.1")), ("ctx-b".to_owned(), ip("203.0.113.2"))].into(),
        ..rule("web.example.org")
    };
    let [mut a, mut b] = [&first, &second].map(|endpoint| named(endpoint, "10.1.0.5"));
    (a.public_address, b.public_address) = (Some(ip("203.0.113.1")), Some(ip("203.0.113.2")));
    let found = arranged(&[first.clone(), second.clone()], public, false);
    assert_eq!(found.pools, [pool(10, vec![a, b])], "another public address is another answer");

    let apart = HostRule { traffic_split: [share("ctx-b", 1, 5)].into(), ..rule("web.example.org") };
    let found = arranged(&[first.clone(), second.clone()], apart, false);
    let expected = [pool(10, vec![named(&first, "10.1.0.5")]), pool(5, vec![named(&second, "10.1.0.5")])];
    assert_eq!(found.pools, expected, "another pool");
}

/// EX-22; an address that a cluster has is no member twice (DB-26).
#[test]
fn third_party_members_follow_those_of_clusters_in_the_pool_of_their_own_priority() {
    let object = endpoint("ctx-a", "web", "10.1.0.5");
    let mut rule = rule("web.example.org");
    rule.third_party = vec![
        third_party("near", "10.1.0.5", None),
        third_party("far", "198.51.100.7", Some("2001:db8::7")),
        third_party("near", "10.1.0.4", None),
    ];
    rule.traffic_split = [share("near", 3, 10)].into();
    let near = |address| Member { ratio: 3, ..bare(address) };
    let far = Member { public_address: Some(ip("2001:db8::7")), ..bare("198.51.100.7") };

    let found = arranged(std::slice::from_ref(&object), rule, false);
    let first = pool(10, vec![named(&object, "10.1.0.5"), near("10.1.0.4")]);
    assert_eq!(found.pools, [first, pool(1, vec![far])]);
    let site = |name: &str| Origin::Site(name.to_owned());
    let origins: Vec<Origin> = found.placed.into_iter().map(|placed| placed.origin).collect();
    assert_eq!(origins, [Origin::Object(object.key), site("near"), site("far")]);
    let told = "thirdPartyMembers names 10.1.0.5 of site near, which is a member of the same pool already; it counts \
                once, remove the entry or give the site another priority in trafficSplit";
    assert_eq!(found.left_out, [told]);
}

#[test]
fn an_address_that_a_site_lists_twice_is_one_member_and_is_told() {
    let mut rule = rule("web.example.org");
    let first = third_party("far", "198.51.100.7", Some("203.0.113.1"));
    let again = third_party("far", "198.51.100.7", Some("203.0.113.2"));
    rule.third_party = vec![first, again, third_party("other", "198.51.100.7", None)];
    let found = arranged(&[], rule, false);
    let far = Member { public_address: Some(ip("203.0.113.1")), ..bare("198.51.100.7") };
    assert_eq!(found.pools, [pool(1, vec![far, bare("198.51.100.7")])], "that of another site has no public address");
    let told = "thirdPartyMembers names 198.51.100.7 of site far more than once; only the first entry is used, remove \
                the others";
    assert_eq!(found.left_out, [told]);
}
