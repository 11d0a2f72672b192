//! The writes from observed to desired, in their order.

mod drift;
mod shared;
mod tenants;

use super::*;
use crate::core::endpoint::Protocol;
use crate::core::fixtures::{Controller, World, call, ingress, lb_service, strings};
use crate::core::gslb::{DownResponse, HttpProbe, Pool, PoolAlgorithm, Probe, SitePersistence};
use crate::core::monitor::Subject;
use litemap::LiteMap;
use std::sync::Arc;

const WEB: &str = "web.example.org";
const ROOT_HM: &str = "amko--e429dd2b33d47bc53f75b4ca3b5ad359d29f72aa";

/// Two members in two pools, two monitors, on the controller.
fn settled() -> (Decision, Observed) {
    let mut world = World::new();
    world.set_ingress("ctx-a", ingress("web", WEB, &["/", "/api"], "10.1.0.5"));
    world.set_ingress("ctx-b", ingress("web", WEB, &["/"], "10.2.0.5"));
    world.settle(WEB);
    (world.built(WEB).decision, world.controller.observed)
}

fn calls(decision: &Decision, observed: &Observed) -> Vec<String> {
    plan(decision, observed).iter().map(call).collect()
}

fn desired(decision: &Decision) -> &Desired {
    match decision {
        Decision::Service(desired) => desired,
        other => panic!("{other:?}"),
    }
}

#[test]
fn waiting_writes_nothing_whatever_is_observed() {
    let (_, observed) = settled();
    assert_eq!(plan(&Decision::Wait("test".into()), &observed), []);
    assert_eq!(plan(&Decision::Nothing, &Observed::default()), []);
}

/// DB-09.
#[test]
fn an_order_that_means_nothing_causes_no_write() {
    let (decision, mut observed) = settled();
    let service = &mut observed.only_mut().service_mut().content;
    service.monitors.reverse();
    service.pools[0].members.reverse();
    let pool = service.pools[0].clone();
    service.pools.push(Pool { priority: 3, ..pool });
    service.description = service.description.split(',').rev().collect::<Vec<_>>().join(",");
    let monitor = observed.only_mut().monitor_mut(ROOT_HM).content.as_mut().unwrap();
    let Probe::Http(probe) = &mut monitor.probe else { panic!("{monitor:?}") };
    probe.response_codes.reverse();

    let mut with_pool = desired(&decision).clone();
    with_pool.service.pools.insert(0, Pool { priority: 3, ..with_pool.service.pools[0].clone() });
    assert_eq!(plan(&Decision::Service(Box::new(with_pool)), &observed), []);
}

/// DB-09: writing would not end the difference.
#[test]
fn a_pki_profile_that_the_controllers_version_cannot_tell_is_no_difference_until_it_can() {
    let (decision, mut observed) = settled();
    let persistence =
        |pki: Option<&str>| Some(SitePersistence { profile: "gap-1".into(), pki_profile: pki.map(str::to_owned) });
    let mut with_pki = desired(&decision).clone();
    with_pki.service.persistence = persistence(Some("pki-x"));
    let wanted = Decision::Service(Box::new(with_pki.clone()));
    let written = Observed::clone(&observed);

    let service = observed.only_mut().service_mut();
    (service.content.persistence, service.tells_pki) = (persistence(None), false);
    assert_eq!(calls(&wanted, &observed), Vec::<String>::new());
    let mut before = written;
    before.only_mut().service_mut().content = with_pki.service;
    assert_eq!(super::drift(&before, &observed), [], "nobody changed it");
    observed.only_mut().service_mut().content.ttl = Some(9);
    assert_eq!(calls(&wanted, &observed).len(), 1, "other differences count");

    let service = observed.only_mut().service_mut();
    (service.content.ttl, service.tells_pki) = (None, true);
    assert_eq!(calls(&wanted, &observed).len(), 1, "after an upgrade it is written");
}

/// DB-10: every field that the operator decides is repaired.
#[test]
fn each_difference_in_content_causes_one_update() {
    type Change = fn(&mut ObservedService);
    let changes: [Change; 19] = [
        |service| service.content.enabled = false,
        |service| service.content.pools[0].enabled = false,
        |service| service.content.pools[0].members[0].enabled = false,
        |service| service.content.description.push_str(",INGRESS/x/y/z/h"),
        |service| service.content.domain_names.push("alias.example.org".to_owned()),
        |service| service.content.pools[0].priority = 11,
        |service| service.content.pools[0].min_health_monitors_up = 1,
        |service| service.content.pools[0].members[0].ratio = 7,
        |service| service.content.pools[0].members[0].address = "10.9.9.9".parse().unwrap(),
        |service| service.content.pools[0].members[0].vs_uuid = None,
        |service| drop(service.content.pools[0].members.pop()),
        |service| drop(service.content.monitors.pop()),
        |service| service.content.ttl = Some(1),
        |service| service.content.pools[0].algorithm = PoolAlgorithm::Topology,
        |service| service.content.pools[0].members[0].cluster_uuid = None,
        |service| service.content.pools[0].members[0].public_address = Some("203.0.113.7".parse().unwrap()),
        |service| service.content.down_response = Some(DownResponse::Empty),
        |service| service.content.persistence = Some(SitePersistence { profile: "gap-1".into(), pki_profile: None }),
        |service| service.faithful = false,
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let (decision, mut observed) = settled();
        let service = observed.only_mut().service_mut();
        change(service);
        let expected = Write::UpdateService {
            uuid: service.uuid.clone(),
            last_modified: service.last_modified.clone(),
            service: desired(&decision).service.clone(),
        };
        assert_eq!(plan(&decision, &observed), [expected], "change {index}");
    }
}

fn probe_of(monitor: &mut ObservedMonitor) -> &mut HttpProbe {
    match &mut monitor.content.as_mut().unwrap().probe {
        Probe::Http(probe) => probe,
        other => panic!("{other:?}"),
    }
}

/// EX-20: an existing service is updated before its monitors; here it needs no update.
#[test]
fn a_monitor_with_another_request_or_owner_is_updated_in_place() {
    let (decision, observed) = settled();
    let edited = |edit: fn(&mut ObservedMonitor)| {
        let mut observed = observed.clone();
        edit(observed.only_mut().monitor_mut(ROOT_HM));
        calls(&decision, &observed)
    };
    let expected = [format!("PUT hm {ROOT_HM}")];
    assert_eq!(edited(|monitor| monitor.faithful = false), expected);
    assert_eq!(edited(|monitor| monitor.content.as_mut().unwrap().description.clear()), expected);
    assert_eq!(edited(|monitor| probe_of(monitor).request.push('x')), expected);
    assert_eq!(edited(|monitor| probe_of(monitor).response_codes[0] = "HTTP_5XX".into()), expected);
    let mut missing_service = observed.clone();
    missing_service.only_mut().service = None;
    missing_service.only_mut().monitor_mut(ROOT_HM).faithful = false;
    let [first, second] = calls(&decision, &missing_service).try_into().unwrap();
    assert_eq!(first, expected[0], "EX-31: before a new service");
    assert!(second.starts_with("POST gs"), "{second}");
}

#[test]
fn a_monitor_of_a_foreign_kind_is_replaced_off_the_service() {
    let (decision, mut observed) = settled();
    observed.only_mut().monitor_mut(ROOT_HM).content = None;
    let all = desired(&decision).service.monitors.join(" ");
    let others = all.replace(&format!("{ROOT_HM} "), "");
    let expected = [
        format!("PUT gs {WEB} [{others}]"),
        format!("DELETE hm {ROOT_HM}"),
        format!("POST hm {ROOT_HM}"),
        format!("PUT gs {WEB} [{all}]"),
    ];
    assert_eq!(calls(&decision, &observed), expected);
}

/// EX-09: the second update gets the version that the first brought.
#[test]
fn the_second_update_of_a_list_takes_the_version_of_the_first() {
    let mut world = World::new();
    world.set_service("ctx-a", lb_service("web", WEB, &[(80, "TCP")], "10.1.0.5"));
    world.settle(WEB);
    world.set_service("ctx-a", lb_service("web", WEB, &[(81, "TCP")], "10.1.0.5"));
    let writes = plan(&world.built(WEB).decision, &world.controller.observed);
    let version = |write: &Write| match write {
        Write::UpdateService { last_modified, .. } => last_modified.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!((version(&writes[1]), version(&writes[4])), (Some("2".to_owned()), Some("2".to_owned())));
    writes[..4].iter().for_each(|write| world.controller.apply(write));
    assert_eq!(version(&world.controller.observed.refresh(writes[4].clone())), Some("4".to_owned()));
}

/// FND-G1: an earlier attempt may have left a stand-in, for another port or of another kind.
#[test]
fn a_stand_in_that_was_left_behind_is_used_when_it_fits_and_made_anew_when_not() {
    let mut world = World::new();
    world.set_service("ctx-a", lb_service("web", WEB, &[(80, "TCP")], "10.1.0.5"));
    world.settle(WEB);
    world.set_service("ctx-a", lb_service("web", WEB, &[(81, "TCP")], "10.1.0.5"));
    let decision = world.built(WEB).decision;
    let first = plan(&decision, &world.controller.observed).remove(0);
    world.controller.apply(&first);
    let Write::CreateMonitor(stand_in) = first else { panic!("{first:?}") };
    assert!(call(&plan(&decision, &world.controller.observed)[0]).starts_with("PUT gs"), "it is there");
    let of_before = world.controller.observed.clone();
    world.set_service("ctx-a", lb_service("web", WEB, &[(82, "TCP")], "10.1.0.5"));
    let again = calls(&world.built(WEB).decision, &of_before);
    assert_eq!(again[..2], [format!("DELETE hm {}", stand_in.name), format!("POST hm {}", stand_in.name)]);
    world.settle(WEB);
}

#[test]
fn the_observed_state_follows_the_writes() {
    let monitor = Subject { tenant: "admin", gs_name: WEB }.port_monitor(80, Protocol::Tcp);
    let stored = |version: &str| Some(Stored { uuid: "hm-1".to_owned(), last_modified: Some(version.to_owned()) });
    let create = Write::CreateMonitor(monitor.clone());
    let delete = |uuid: &str| Write::DeleteMonitor {
        uuid: uuid.to_owned(),
        tenant: "admin".to_owned(),
        name: monitor.name.clone(),
    };
    let mut observed = Observed::default();

    observed.applied(&create, stored("1"));
    let expected = ObservedMonitor {
        uuid: "hm-1".to_owned(),
        last_modified: Some("1".to_owned()),
        content: Some(monitor.clone()),
        faithful: true,
    };
    assert_eq!(observed.only().monitors, LiteMap::from_iter([(monitor.name.clone(), Arc::new(expected))]));
    observed.applied(&delete("another"), None);
    assert_eq!(observed.only().monitors.len(), 1, "another object of the same name");
    observed.applied(&delete("hm-1"), None);
    assert_eq!(observed, Observed::default());
    observed.applied(&create, None);
    assert_eq!(observed, Observed::default(), "an answer that could not be read proves nothing");
}

#[test]
fn a_service_that_was_deleted_by_hand_comes_back_with_its_monitors() {
    let (decision, observed) = settled();
    let all = desired(&decision).service.monitors.clone();
    let mut controller = Controller::default();
    controller.observed = observed.clone();
    controller.observed.only_mut().service = None;
    assert_eq!(controller.settle(&decision), [format!("POST gs {WEB} [{}]", all.join(" "))]);
    let mut without_monitor = observed;
    without_monitor.only_mut().monitors.remove(ROOT_HM);
    assert_eq!(calls(&decision, &without_monitor), strings(&[&format!("POST hm {ROOT_HM}")]));
}
