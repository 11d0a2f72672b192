//! A service that changes its tenant, and what was left of such a change.

use super::*;
use crate::core::fixtures::Anyone;
use litemap::LiteMap;
use std::sync::Arc;

const OLD: &str = "admin";
const NEW: &str = "tenant2";

/// One member and one monitor, settled in `tenant`.
fn settled_in(tenant: &str) -> (Decision, Holding) {
    let mut world = World::new();
    world.set_ingress("ctx-a", ingress("web", WEB, &["/"], "10.1.0.5"));
    let mut moved = desired(&world.built(WEB).decision).clone();
    moved.service.tenant = tenant.to_owned();
    moved.monitors.iter_mut().for_each(|monitor| monitor.tenant = tenant.to_owned());
    let decision = Decision::Service(Box::new(moved));
    world.controller.settle(&decision);
    (decision, world.controller.observed.only().clone())
}

fn without_service(holding: Holding) -> Holding {
    Holding { service: None, ..holding }
}

fn without_monitors(holding: Holding) -> Holding {
    Holding { monitors: LiteMap::new(), ..holding }
}

fn controller(holdings: impl IntoIterator<Item = Holding>) -> Controller {
    let mut controller = Controller::default();
    controller.observed = holdings.into_iter().collect();
    controller
}

/// The calls with their tenants.
fn placed(decision: &Decision, observed: &Observed) -> Vec<String> {
    plan(decision, observed).iter().map(|write| format!("{} in {}", call(write), write.tenant())).collect()
}

/// TEN-05, DB-47: the new tenant has taken the monitors before the old one loses the service. Wherever a move was interrupted, and whatever somebody else left, the rest of it follows. After each
/// call the fixture's controller checks that planning again gives the rest.
#[test]
fn a_move_between_tenants_goes_on_from_wherever_it_was_interrupted() {
    let (decision, new) = settled_in(NEW);
    let old = settled_in(OLD).1;
    let third = settled_in("zoo").1;
    let delete_gs = |tenant: &str| format!("DELETE gs {WEB} in {tenant}");
    let delete_hm = |tenant: &str| format!("DELETE hm {ROOT_HM} in {tenant}");
    let post_hm = || format!("POST hm {ROOT_HM} in {NEW}");
    let post_gs = || format!("POST gs {WEB} [{ROOT_HM}] in {NEW}");
    let move_gs = || format!("MOVE gs {WEB} [{ROOT_HM}] from {OLD} in {NEW}");
    let states: [(Vec<Holding>, Vec<String>); 10] = [
        (vec![old.clone()], vec![post_hm(), move_gs(), delete_hm(OLD)]),
        (vec![without_service(old.clone())], vec![post_hm(), post_gs(), delete_hm(OLD)]),
        (vec![without_monitors(old.clone())], vec![post_hm(), move_gs()]),
        (vec![], vec![post_hm(), post_gs()]),
        (vec![without_service(new.clone())], vec![post_gs()]),
        (vec![new.clone()], vec![]),
        (vec![old.clone(), new.clone()], vec![delete_gs(OLD), delete_hm(OLD)]),
        (vec![old.clone(), without_service(new.clone())], vec![move_gs(), delete_hm(OLD)]),
        (vec![without_service(old.clone()), new.clone()], vec![delete_hm(OLD)]),
        (
            vec![old, without_monitors(new.clone()), third],
            vec![delete_gs(OLD), delete_gs("zoo"), post_hm(), delete_hm(OLD), delete_hm("zoo")],
        ),
    ];
    for (index, (holdings, expected)) in states.into_iter().enumerate() {
        let mut controller = controller(holdings);
        assert_eq!(placed(&decision, &controller.observed), expected, "state {index}");
        controller.settle(&decision);
        let held = controller.observed.only();
        assert_eq!(placed(&decision, &controller.observed), Vec::<String>::new(), "state {index}");
        let service = held.service.as_ref().map(|service| &service.content);
        assert_eq!((held.tenant.as_str(), service), (NEW, new.service.as_ref().map(|s| &s.content)), "state {index}");
    }
}

/// DB-47.
#[test]
fn nothing_of_any_tenant_is_left_when_nothing_is_wanted() {
    let mut controller = controller([settled_in(OLD).1, settled_in(NEW).1]);
    let expected = [
        format!("DELETE gs {WEB} in {OLD}"),
        format!("DELETE gs {WEB} in {NEW}"),
        format!("DELETE hm {ROOT_HM} in {OLD}"),
        format!("DELETE hm {ROOT_HM} in {NEW}"),
    ];
    assert_eq!(placed(&Decision::Nothing, &controller.observed), expected);
    controller.settle(&Decision::Nothing);
    assert_eq!(controller.observed, Observed::default());
}

/// DB-01: half of a move is no reason to forget what an unseen cluster explains.
#[test]
fn a_service_in_another_tenant_stays_while_a_cluster_it_names_is_unseen() {
    let (decision, new) = settled_in(NEW);
    let mut old = settled_in(OLD).1;
    old.service_mut().content.description.push_str(",INGRESS/ctx-b/shop/web/web.example.org");
    let observed: Observed = [old, new].into_iter().collect();
    let unseen: Unseen = ["ctx-b".to_owned()].into();
    let kept = keep_unseen(decision.clone(), &observed, &unseen, &Anyone);
    assert_eq!(plan(&kept, &observed), []);
    assert_eq!(plan(&keep_unseen(decision, &observed, &Unseen::new(), &Anyone), &observed).len(), 2);
}

/// A monitor left in another tenant goes last, because the service may still refer to it.
#[test]
fn a_stray_monitor_of_another_tenant_is_deleted_after_the_service_is_right() {
    let (decision, mut observed) = settled();
    let stray = Arc::clone(observed.only().monitors.get(ROOT_HM).unwrap());
    observed.edit("tenant9", |held| drop(held.monitors.insert("amko--stray".to_owned(), stray)));
    assert_eq!(calls(&decision, &observed), ["DELETE hm amko--stray".to_owned()]);
}
