//! What is off stays off, what the rule drains is off, and what it lets go is on.

use super::*;
use crate::core::build::{Built, Decision, Inputs, build};
use crate::core::endpoint::Endpoint;
use crate::core::fixtures::{Controller, deployment, endpoint, in_force, rule, third_party};
use crate::core::host_rule::{HostRule, RuleState};
use crate::core::plan::Observed;
use std::sync::Arc;

const FQDN: &str = "web.example.org";

fn endpoints() -> [Endpoint; 2] {
    let mut all = [endpoint("ctx-a", "web", "10.1.0.5"), endpoint("ctx-b", "web", "10.2.0.5")];
    all[1].virtual_service.as_mut().unwrap().cluster_uuid = "cluster-b".to_owned();
    all
}

/// Of the service, its pools and their members.
type Switches = (bool, Vec<bool>, Vec<bool>);

/// The decision, the switches, and what is told of the members.
fn switches(
    endpoints: &[Endpoint],
    rule: &RuleState,
    present: &Observed,
    released: &[&str],
) -> (Decision, Switches, Vec<Option<Drained>>) {
    let policy = in_force(deployment());
    let released = released.iter().map(|name| (*name).to_owned()).collect();
    let inputs = Inputs { rule, present: Some(present), released: &released, ..Inputs::plain(FQDN, &policy) };
    let Built { decision, members, .. } = build(inputs, endpoints);
    let Decision::Service(desired) = &decision else { panic!("{decision:?}") };
    let pools = &desired.service.pools;
    let found = (
        desired.service.enabled,
        pools.iter().map(|pool| pool.enabled).collect(),
        pools.iter().flat_map(|pool| &pool.members).map(|member| member.enabled).collect(),
    );
    (decision, found, members.iter().map(|placed| placed.drained).collect())
}

fn draining(names: &[&str]) -> RuleState {
    let drain = names.iter().map(|name| (*name).to_owned()).collect();
    let third_party = vec![third_party("cdn", "198.51.100.7", None)];
    RuleState::InForce(Arc::new(HostRule { drain, third_party, ..rule(FQDN) }))
}

/// FND-E10
#[test]
fn what_somebody_switched_off_on_the_controller_stays_off_and_is_told() {
    let mut controller = Controller::default();
    controller.settle(&switches(&endpoints(), &RuleState::None, Observed::EMPTY, &[]).0);
    let mut edit = |change: fn(&mut GslbService)| {
        let mut observed = controller.observed.clone();
        change(&mut observed.only_mut().service_mut().content);
        let (decision, found, told) = switches(&endpoints(), &RuleState::None, &observed, &[]);
        controller.observed = observed;
        assert_eq!(controller.settle(&decision), Vec::<String>::new(), "it is no drift");
        (found, told)
    };
    let off = Some(Drained::OnController);
    let on = (true, vec![true], vec![true, true]);
    assert_eq!(
        edit(|service| service.pools[0].members[1].enabled = false),
        ((true, vec![true], vec![true, false]), vec![None, off])
    );
    let pool = edit(|service| {
        service.pools[0].members[1].enabled = true;
        service.pools[0].enabled = false;
    });
    assert_eq!(pool, ((true, vec![false], vec![true, true]), vec![off, off]));
    let whole = edit(|service| (service.pools[0].enabled, service.enabled) = (true, false));
    assert_eq!(whole, ((false, vec![true], vec![true, true]), vec![off, off]));
    assert_eq!(edit(|service| service.enabled = true), (on, vec![None, None]), "a person says otherwise");
}

/// FND-E10: the member is known by its address, else by its virtual service.
#[test]
fn a_member_that_is_off_stays_so_with_a_new_address_or_a_new_virtual_service() {
    let mut controller = Controller::default();
    controller.settle(&switches(&endpoints(), &RuleState::None, Observed::EMPTY, &[]).0);
    controller.observed.only_mut().service_mut().content.pools[0].members[1].enabled = false;
    for change in [
        (|object: &mut Endpoint| object.addresses = "10.2.0.99".parse::<std::net::IpAddr>().unwrap().into())
            as fn(&mut _),
        |object: &mut Endpoint| object.virtual_service.as_mut().unwrap().vs_uuid = "virtualservice-new".to_owned(),
    ] {
        let mut changed = endpoints();
        change(&mut changed[1]);
        let (_, found, _) = switches(&changed, &RuleState::None, &controller.observed, &[]);
        assert_eq!(found.2, [true, false]);
    }
}

/// FND-E10
#[test]
fn a_rule_drains_clusters_and_sites_and_what_it_lets_go_is_on_again() {
    let mut controller = Controller::default();
    let (drained, found, told) = switches(&endpoints(), &draining(&["ctx-b", "cdn"]), Observed::EMPTY, &[]);
    assert_eq!(found.2, [true, false, false]);
    assert_eq!(told, [None, Some(Drained::ByRule), Some(Drained::ByRule)]);
    controller.settle(&drained);
    let (_, found, told) = switches(&endpoints(), &draining(&["cdn"]), &controller.observed, &["ctx-b"]);
    assert_eq!((found.2, told), (vec![true, true, false], vec![None, None, Some(Drained::ByRule)]));
    let (_, found, told) = switches(&endpoints(), &draining(&["cdn"]), &controller.observed, &[]);
    assert_eq!(found.2, [true, false, false], "without knowing whose switch it was it stays");
    assert_eq!(told[1], Some(Drained::OnController));
}
