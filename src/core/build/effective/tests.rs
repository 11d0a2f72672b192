//! The table of precedence: for each property what the rule says, what the policy says, and what nobody says.

use super::*;
use crate::core::fixtures::{deployment, dual_stack, endpoint, rule, share, strings, template, third_party};
use crate::core::policy::ClusterPolicy;
use std::sync::Arc;

const FQDN: &str = "web.example.org";

/// What a property is without rule and policy, with the policy alone, with both, and with the rule alone.
fn table<T>(
    set_policy: impl FnOnce(&mut DeploymentPolicy),
    set_rule: impl FnOnce(&mut HostRule),
    property: impl Fn(Effective<'_>) -> T,
) -> [T; 4] {
    let (plain, mut policy) = (deployment(), deployment());
    set_policy(&mut policy);
    let mut rule = rule(FQDN);
    set_rule(&mut rule);
    let rule = RuleState::InForce(Arc::new(rule));
    let with = |rule: &RuleState, policy: &DeploymentPolicy| property(Effective::of(rule, policy).unwrap());
    [with(&RuleState::None, &plain), with(&RuleState::None, &policy), with(&rule, &policy), with(&rule, &plain)]
}

#[test]
fn ttl() {
    let found = table(|policy| policy.ttl = Some(30), |rule| rule.ttl = Some(0), |effective| effective.ttl());
    assert_eq!(found, [None, Some(30), Some(0), Some(0)]);
}

#[test]
fn control_plane_only_may_be_switched_on_and_off_by_a_rule() {
    let only = |effective: Effective<'_>| effective.monitors() == MonitorChoice::ControlPlaneOnly;
    let on = |policy: &mut DeploymentPolicy| policy.control_plane_only = true;
    assert_eq!(table(on, |rule| rule.control_plane_only = Some(false), only), [false, true, false, false]);
    assert_eq!(table(|_| (), |rule| rule.control_plane_only = Some(true), only), [false, false, true, true]);
    assert_eq!(table(on, |_| (), only), [false, true, true, false]);
}

/// The kinds of source do not matter: the rule's comes first; the control plane alone comes before all of them.
#[test]
fn monitors() {
    let refs = |name: &str| Some(MonitorSource::Refs(strings(&[name])));
    let from_template = || Some(MonitorSource::Template(template("tmpl1", "HTTP/1.1")));
    let shown = |effective: Effective<'_>| match effective.monitors() {
        MonitorChoice::Own(None) => "own".to_owned(),
        MonitorChoice::Own(Some(template)) => template.name.clone(),
        MonitorChoice::Refs(names) => names.join(" "),
        MonitorChoice::ControlPlaneOnly => "control plane".to_owned(),
    };
    let found = table(|policy| policy.monitors = refs("hm-p"), |rule| rule.monitors = refs("hm-r"), shown);
    assert_eq!(found, ["own", "hm-p", "hm-r", "hm-r"]);
    let found = table(|policy| policy.monitors = refs("hm-p"), |rule| rule.monitors = from_template(), shown);
    assert_eq!(found, ["own", "hm-p", "tmpl1", "tmpl1"]);
    let found = table(|policy| policy.monitors = from_template(), |rule| rule.monitors = refs("hm-r"), shown);
    assert_eq!(found, ["own", "tmpl1", "hm-r", "hm-r"]);
    let found = table(|policy| policy.control_plane_only = true, |rule| rule.monitors = refs("hm-r"), shown);
    assert_eq!(found, ["own", "control plane", "control plane", "hm-r"]);
}

/// See `docs/RULES.md#site-persistence`.
#[test]
fn persistence_and_its_pki_profile() {
    type Said = Option<(String, Option<String>)>;
    fn said(profile: &str, pki: Option<&str>) -> Said {
        Some((profile.to_owned(), pki.map(str::to_owned)))
    }
    let shown = |effective: Effective<'_>| -> Said {
        effective.persistence().map(|found| (found.profile.to_owned(), found.pki_profile.map(str::to_owned)))
    };
    let policy = |policy: &mut DeploymentPolicy| {
        policy.site_persistence = Some("gap-p".to_owned());
        policy.pki_profile = Some("pki-p".to_owned());
    };
    let enabled = |pki: Option<&str>| {
        let pki_profile = pki.map(str::to_owned);
        move |rule: &mut HostRule| {
            rule.persistence = Some(RulePersistence::Enabled { profile: "gap-r".to_owned(), pki_profile });
        }
    };
    let from_policy = || said("gap-p", Some("pki-p"));
    let own_pki = || said("gap-r", Some("pki-r"));
    assert_eq!(table(policy, enabled(Some("pki-r")), shown), [None, from_policy(), own_pki(), own_pki()]);
    let inherited = said("gap-r", Some("pki-p"));
    assert_eq!(table(policy, enabled(None), shown), [None, from_policy(), inherited, said("gap-r", None)]);
    let disabled = |rule: &mut HostRule| rule.persistence = Some(RulePersistence::Disabled);
    assert_eq!(table(policy, disabled, shown), [None, from_policy(), None, None]);
    assert_eq!(table(policy, |_| (), shown), [None, from_policy(), from_policy(), None]);
    let only_pki = |policy: &mut DeploymentPolicy| policy.pki_profile = Some("pki-p".to_owned());
    assert_eq!(table(only_pki, |_| (), shown), [None, None, None, None]);
}

#[test]
fn algorithm_and_down_response() {
    use PoolAlgorithm::{RoundRobin, Topology};
    let geo = PoolAlgorithm::Geo { fallback: GeoFallback::RoundRobin };
    let found = table(
        |policy| policy.algorithm = Some(Topology),
        |rule| rule.algorithm = Some(geo),
        |effective| effective.algorithm(),
    );
    assert_eq!(found, [RoundRobin, Topology, geo, geo]);
    let [all, empty] = [Some(DownResponse::AllRecords), Some(DownResponse::Empty)];
    let found = table(
        |policy| policy.down_response = all,
        |rule| rule.down_response = empty,
        |effective| effective.down_response(),
    );
    assert_eq!(found, [None, all, empty, empty]);
}

/// EX-24.
#[test]
fn the_share_of_a_cluster_comes_from_the_rule_the_policy_or_is_1_at_10() {
    let split = |policy: &mut DeploymentPolicy| {
        policy.traffic_split = [share("ctx-a", 3, 30), share("ctx-b", 4, 20)].into();
    };
    let override_a = |rule: &mut HostRule| rule.traffic_split = [share("ctx-a", 11, 1)].into();
    let of = |cluster: &'static str| {
        move |effective: Effective<'_>| {
            let TrafficShare { weight, priority } = effective.share(cluster);
            (weight, priority)
        }
    };
    assert_eq!(table(split, override_a, of("ctx-a")), [(1, 10), (3, 30), (11, 1), (11, 1)]);
    assert_eq!(table(split, override_a, of("ctx-b")), [(1, 10), (4, 20), (4, 20), (1, 10)]);
}

/// EX-22: the policy has no say, whatever the site is called.
#[test]
fn the_share_of_a_third_party_site_comes_from_the_rule_alone_or_is_1_at_1() {
    let split = |policy: &mut DeploymentPolicy| policy.traffic_split = [share("tp-site", 9, 90)].into();
    let of_site = |effective: Effective<'_>| {
        let TrafficShare { weight, priority } = effective.share_of_site("tp-site");
        (weight, priority)
    };
    let own = |rule: &mut HostRule| rule.traffic_split = [share("tp-site", 3, 10)].into();
    assert_eq!(table(split, own, of_site), [(1, 1), (1, 1), (3, 10), (3, 10)]);
}

#[test]
fn third_party_members_are_the_rules() {
    let members = || vec![third_party("tp-site", "198.51.100.7", None)];
    let found = table(|_| (), |rule| rule.third_party = members(), |effective| effective.third_party().to_vec());
    assert_eq!(found, [vec![], vec![], members(), members()]);
}

#[test]
fn a_public_address_goes_to_the_member_of_its_family_or_to_the_only_one() {
    let both = dual_stack("ctx-a", "web", "10.1.0.5", "2001:db8::5");
    let [v4, v6] = ["203.0.113.9", "2001:db8::99"].map(|ip| ip.parse::<IpAddr>().unwrap());
    let cases = [
        (both.clone(), v4, [Some(v4), None]),
        (both, v6, [None, Some(v6)]),
        (endpoint("ctx-a", "web", "10.1.0.5"), v6, [Some(v6), None]),
        (endpoint("ctx-b", "web", "10.2.0.5"), v4, [None, None]),
    ];
    for (object, public, expected) in cases {
        let found = |effective: Effective<'_>| {
            let mut given = object.addresses.iter().map(|address| effective.public_address(&object, address));
            [given.next().flatten(), given.next().flatten()]
        };
        let set = |rule: &mut HostRule| rule.public_addresses = [("ctx-a".to_owned(), public)].into();
        assert_eq!(table(|_| (), set, found), [[None; 2], [None; 2], expected, expected], "{object:?}");
    }
}

/// Rule OBJ-05.
#[test]
fn only_the_policy_says_which_clusters_are_known_by_address_alone() {
    let set = |policy: &mut DeploymentPolicy| {
        policy.clusters.insert("ctx-b".to_owned(), ClusterPolicy { sync_vip_only: true });
    };
    let found = table(set, |_| (), |effective| ["ctx-a", "ctx-b", "ctx-z"].map(|c| effective.sync_vip_only(c)));
    let [without, with] = [[false; 3], [false, true, false]];
    assert_eq!(found, [without, with, with, without]);
}

/// DB-13; and a rule that only carries a status says nothing.
#[test]
fn a_rule_that_cannot_be_judged_decides_nothing_and_a_managed_one_says_nothing() {
    let policy = DeploymentPolicy { ttl: Some(30), ..deployment() };
    let unknown = RuleState::Unknown("the controller has not answered".to_owned());
    assert_eq!(Effective::of(&unknown, &policy).err(), Some("the controller has not answered"));
    let managed = HostRule { managed: true, ttl: Some(5), ..rule(FQDN) };
    let managed = RuleState::InForce(Arc::new(managed));
    assert_eq!(Effective::of(&managed, &policy).unwrap().ttl(), Some(30));
}

#[test]
fn numbers_stay_within_the_limits_of_the_controller_whatever_was_let_in() {
    let excess = |rule: &mut HostRule| {
        rule.ttl = Some(86_401);
        rule.traffic_split = [share("ctx-a", 21, 101), share("ctx-b", 0, 0)].into();
        rule.algorithm = Some(PoolAlgorithm::ConsistentHash { mask: 32 });
    };
    let found = table(
        |_| (),
        excess,
        |effective| {
            let [a, b] = ["ctx-a", "ctx-b"].map(|cluster| effective.share_of_site(cluster));

            (effective.ttl(), [(a.weight, a.priority), (b.weight, b.priority)], effective.algorithm())
        },
    );
    let limited = (Some(86_400), [(20, 100), (1, 0)], PoolAlgorithm::ConsistentHash { mask: 31 });
    assert_eq!(found[2..], [limited, limited]);
    let fallback = GeoFallback::ConsistentHash { mask: 0 };
    let geo = |rule: &mut HostRule| rule.algorithm = Some(PoolAlgorithm::Geo { fallback });
    let limited = PoolAlgorithm::Geo { fallback: GeoFallback::ConsistentHash { mask: 1 } };
    assert_eq!(table(|_| (), geo, |effective| effective.algorithm())[3], limited);
}
