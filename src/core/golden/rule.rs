//! EX-21 to EX-24, DB-13 and DB-23: what a host rule changes.

use crate::core::build::{Built, Decision, Origin};
use crate::core::fixtures::{
    World, default_pki, deployment, in_force, ingress, pools, rule, share, strings, third_party, tls_ingress,
};
use crate::core::gslb::{GslbService, SitePersistence};
use crate::core::host_rule::{HostRule, RulePersistence, RuleState};
use crate::core::policy::DeploymentPolicy;
use std::collections::BTreeSet;

const WEB: &str = "web.example.org";
const SEC: &str = "sec.example.org";
const ROOT_HM: &str = "amko--e429dd2b33d47bc53f75b4ca3b5ad359d29f72aa";
const SECURE_HM: &str = "amko--f050ab68b1757c43d9457b3d2fc9b9fb8fc5789d";

fn web() -> World {
    let mut world = World::new();
    world.set_ingress("ctx-a", ingress("web", WEB, &["/"], "10.1.0.5"));
    world
}

fn with_third_party() -> HostRule {
    HostRule { third_party: vec![third_party("tp-site", "198.51.100.7", Some("2001:db8::7"))], ..rule(WEB) }
}

/// EX-21.
#[test]
fn ex_21_a_rule_sets_persistence_public_address_and_share_until_it_is_deleted() {
    let mut world = World::new();
    world.set_ingress("ctx-a", tls_ingress("sec", SEC, &["/"], "10.1.0.6"));
    world.settle(SEC);
    let before = world.controller.held().cloned().unwrap();
    let profile = "gap-1".to_owned();
    let public = "203.0.113.9".parse().unwrap();
    world.set_rule(HostRule {
        persistence: Some(RulePersistence::Enabled { profile: profile.clone(), pki_profile: None }),
        public_addresses: [("ctx-a".to_owned(), public)].into(),
        traffic_split: [share("ctx-a", 5, 7)].into(),
        ..rule(SEC)
    });

    let (question, answer) = default_pki("admin", Some("pki-x"));
    let Built { decision, questions, members, .. } = world.built(SEC);
    let waits_for = "site persistence needs a PKI profile, none is configured, and whether the controller has a \
                     federated one in tenant \"admin\" is not known yet";
    assert_eq!(decision, Decision::Wait(waits_for.into()));
    assert_eq!((questions, members), (BTreeSet::from([question.clone()]), vec![]));
    assert_eq!(world.settle(SEC), Vec::<String>::new());

    world.catalog.insert(question, answer);
    assert_eq!(world.settle(SEC), [format!("PUT gs {SEC} [{SECURE_HM}]")]);
    let mut expected = GslbService {
        persistence: Some(SitePersistence { profile, pki_profile: Some("pki-x".to_owned()) }),
        ..before.clone()
    };
    expected.pools[0].priority = 7;
    expected.pools[0].members[0].ratio = 5;
    expected.pools[0].members[0].public_address = Some(public);
    assert_eq!(world.controller.held(), Some(&expected));
    assert_eq!(world.built(SEC).questions, BTreeSet::new());

    world.rules.clear();
    assert_eq!(world.settle(SEC), [format!("PUT gs {SEC} [{SECURE_HM}]")]);
    assert_eq!(world.controller.held(), Some(&before));
}

/// EX-22.
#[test]
fn ex_22_a_third_party_member_has_its_own_pool_or_joins_another() {
    let mut world = web();
    world.settle(WEB);
    world.set_rule(with_third_party());
    assert_eq!(world.settle(WEB), [format!("PUT gs {WEB} [{ROOT_HM}]")]);
    let held = world.controller.held().unwrap();
    assert_eq!(pools(held), ["10: 10.1.0.5/1", "1: 198.51.100.7/1"]);
    let member = &held.pools[1].members[0];
    assert_eq!(member.public_address, Some("2001:db8::7".parse().unwrap()));
    assert_eq!((&member.cluster_uuid, &member.vs_uuid), (&None, &None));
    assert_eq!(held.description, "INGRESS/ctx-a/shop/web/web.example.org");

    world.set_rule(HostRule { traffic_split: [share("tp-site", 3, 10)].into(), ..with_third_party() });
    world.settle(WEB);
    assert_eq!(pools(world.controller.held().unwrap()), ["10: 10.1.0.5/1 198.51.100.7/3"]);
    let origins: Vec<Origin> = world.built(WEB).members.into_iter().map(|placed| placed.origin).collect();
    assert_eq!(origins[1], Origin::Site("tp-site".to_owned()));
}

/// EX-23 and GHR-01.
#[test]
fn ex_23_a_rule_without_objects_makes_no_service_and_waits_for_them() {
    let mut world = World::new();
    world.set_rule(with_third_party());
    assert_eq!(world.settle(WEB), Vec::<String>::new());
    world.set_ingress("ctx-a", ingress("web", WEB, &["/"], "10.1.0.5"));
    assert_eq!(world.settle(WEB), [format!("POST hm {ROOT_HM}"), format!("POST gs {WEB} [{ROOT_HM}]")]);
    assert_eq!(pools(world.controller.held().unwrap()), ["10: 10.1.0.5/1", "1: 198.51.100.7/1"]);
}

/// DB-23.
#[test]
fn third_party_members_go_with_the_rule_and_never_stay_alone() {
    let mut world = web();
    world.set_rule(with_third_party());
    world.settle(WEB);
    world.set_rule(rule(WEB));
    assert_eq!(world.settle(WEB), [format!("PUT gs {WEB} [{ROOT_HM}]")]);
    assert_eq!(pools(world.controller.held().unwrap()), ["10: 10.1.0.5/1"]);

    world.set_rule(with_third_party());
    world.settle(WEB);
    world.ingresses.clear();
    assert_eq!(world.settle(WEB), [format!("DELETE gs {WEB}"), format!("DELETE hm {ROOT_HM}")]);
}

/// DB-23: upstream breaks the monitors when one of several members leaves a service with third-party members.
#[test]
fn a_member_that_leaves_beside_third_party_ones_costs_no_monitor() {
    let mut world = web();
    world.set_ingress("ctx-b", ingress("web", WEB, &["/"], "10.2.0.5"));
    world.set_rule(with_third_party());
    world.settle(WEB);
    world.ingresses.remove(&("ctx-b", "web".to_owned()));
    assert_eq!(world.settle(WEB), [format!("PUT gs {WEB} [{ROOT_HM}]")]);
    assert_eq!(pools(world.controller.held().unwrap()), ["10: 10.1.0.5/1", "1: 198.51.100.7/1"]);
}

/// DB-31: third-party members have no say about persistence, whose terms only Kubernetes members can break.
#[test]
fn persistence_stays_on_beside_third_party_members() {
    let mut world = World::new();
    world.set_ingress("ctx-a", tls_ingress("sec", SEC, &["/"], "10.1.0.6"));
    let persistence = SitePersistence { profile: "gap-1".to_owned(), pki_profile: Some("pki-x".to_owned()) };
    let SitePersistence { profile, pki_profile } = persistence.clone();
    let persisting = Some(RulePersistence::Enabled { profile, pki_profile });
    let third_party = vec![third_party("tp-site", "198.51.100.7", None)];
    world.set_rule(HostRule { persistence: persisting, third_party, ..rule(SEC) });
    assert_eq!(world.desired(SEC).service.persistence, Some(persistence));
}

/// EX-24.
#[test]
fn ex_24_a_split_of_the_rule_for_one_cluster_leaves_the_other_to_the_policy() {
    let mut world = web();
    world.set_ingress("ctx-b", ingress("web", WEB, &["/"], "10.2.0.5"));
    let traffic_split = [share("ctx-a", 3, 30), share("ctx-b", 4, 20)].into();
    world.policy = in_force(DeploymentPolicy { traffic_split, ..deployment() });
    world.set_rule(HostRule { traffic_split: [share("ctx-a", 11, 1)].into(), ..rule(WEB) });
    assert_eq!(pools(&world.desired(WEB).service), ["20: 10.2.0.5/4", "1: 10.1.0.5/11"]);
}

/// DB-13: what the controller has stays, but a service that nobody offers any more needs no rule to be deleted.
#[test]
fn a_rule_that_cannot_be_judged_changes_nothing_as_long_as_there_are_members() {
    let mut world = web();
    world.set_rule(HostRule { ttl: Some(7), ..rule(WEB) });
    world.settle(WEB);
    world.rules.insert(WEB.to_owned(), RuleState::Unknown("health monitor my-hm1 is being looked up".to_owned()));
    assert_eq!(world.built(WEB).decision, Decision::Wait("health monitor my-hm1 is being looked up".into()));
    assert_eq!(world.settle(WEB), Vec::<String>::new());
    world.ingresses.clear();
    assert_eq!(world.settle(WEB), [format!("DELETE gs {WEB}"), format!("DELETE hm {ROOT_HM}")]);
}

#[test]
fn too_many_references_are_told_as_a_limitation_of_the_service() {
    let mut world = web();
    let names = strings(&["h1", "h2", "h3", "h4", "h5", "h6", "h7"]);
    let monitors = Some(crate::core::policy::MonitorSource::Refs(names));
    world.set_rule(HostRule { monitors, ..rule(WEB) });
    assert_eq!(world.settle(WEB), [format!("POST gs {WEB} [h1 h2 h3 h4 h5 h6]")]);
    assert_eq!(world.controller.held().unwrap().pools[0].min_health_monitors_up, 7);
    let told = "healthMonitorRefs names 7 health monitors, but the controller accepts 6 on a GSLB service; not used: \
                h7; remove some";
    assert_eq!(world.built(WEB).limitations, [told]);
}

/// GHR-05.
#[test]
fn a_rule_that_says_what_holds_already_costs_no_call() {
    let mut world = web();
    world.policy = in_force(DeploymentPolicy { ttl: Some(30), ..deployment() });
    world.settle(WEB);
    world.set_rule(HostRule { ttl: Some(30), traffic_split: [share("ctx-a", 1, 10)].into(), ..rule(WEB) });
    assert_eq!(world.settle(WEB), Vec::<String>::new());
    world.set_rule(HostRule { ttl: Some(31), ..rule(WEB) });
    assert_eq!(world.settle(WEB), [format!("PUT gs {WEB} [{ROOT_HM}]")]);
}
