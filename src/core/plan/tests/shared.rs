//! The monitor that passthrough services share (EX-12).

use super::*;
use crate::core::monitor::passthrough_monitor_name;
use crate::core::owner::Owner;
use std::sync::Arc;

fn name() -> String {
    passthrough_monitor_name(&Owner::from_uuid(crate::core::fixtures::UUID.parse().unwrap()))
}

fn shared(tenant: &str) -> HealthMonitor {
    let description = "created by: amko".to_owned();
    HealthMonitor { tenant: tenant.to_owned(), name: name(), description, port: 443, probe: Probe::Tcp }
}

/// A service whose only monitor is the shared one.
fn passthrough(tenant: &str) -> Decision {
    let (decision, _) = settled();
    let mut desired = desired(&decision).clone();
    desired.service.tenant = tenant.to_owned();
    desired.service.monitors = vec![name()];
    desired.monitors = vec![shared(tenant)];
    Decision::Service(Box::new(desired))
}

/// EX-12: what the list or the other service's write says is enough.
#[test]
fn a_service_with_a_known_shared_monitor_costs_no_call_about_it() {
    let mut controller = Controller::default();
    let calls = [format!("POST hm {}", name()), format!("POST gs {WEB} [{}]", name())];
    assert_eq!(controller.settle(&passthrough("admin")), calls);
    assert_eq!(controller.settle(&passthrough("admin")), Vec::<String>::new());
}

/// EX-12.
#[test]
fn deleting_a_service_leaves_the_shared_monitor_and_nothing_to_remember() {
    let mut controller = Controller::default();
    controller.settle(&passthrough("admin"));
    assert_eq!(controller.settle(&Decision::Nothing), [format!("DELETE gs {WEB}")]);
    assert_eq!(controller.observed, Observed::default());
}

/// EX-12, TEN-05: each tenant has its own.
#[test]
fn a_service_that_moves_leaves_the_shared_monitor_of_its_old_tenant() {
    let mut controller = Controller::default();
    controller.settle(&passthrough("admin"));
    let moved = passthrough("tenant2");
    let calls = [format!("POST hm {}", name()), format!("MOVE gs {WEB} [{}] from admin", name())];
    assert_eq!(controller.settle(&moved), calls);
}

/// EX-12: others use it, so it can be put right but not replaced.
#[test]
fn a_shared_monitor_that_somebody_edited_is_updated_whatever_was_edited() {
    let mut controller = Controller::default();
    controller.settle(&passthrough("admin"));
    let edits: [fn(&mut ObservedMonitor); 3] = [
        |monitor| monitor.faithful = false,
        |monitor| monitor.content.as_mut().unwrap().port = 8443,
        |monitor| monitor.content = None,
    ];
    for edit in edits {
        let mut observed = controller.observed.clone();
        edit(observed.only_mut().monitor_mut(&name()));
        assert_eq!(calls(&passthrough("admin"), &observed), [format!("PUT hm {}", name())]);
    }
}

/// EX-12: a Route that is no passthrough any more lets go of it.
#[test]
fn a_service_that_gets_monitors_of_its_own_leaves_the_shared_one() {
    let mut controller = Controller::default();
    controller.settle(&passthrough("admin"));
    let calls = controller.settle(&settled().0);
    assert_eq!(calls.iter().filter(|call| call.starts_with("DELETE")).collect::<Vec<_>>(), Vec::<&String>::new());
}

/// EX-12.
#[test]
fn the_monitor_that_services_share_is_never_deleted() {
    let (decision, mut observed) = settled();
    let mut shared = ObservedMonitor::clone(observed.only().monitors.get(ROOT_HM).unwrap());
    shared.content = None;
    observed.only_mut().monitors.insert("amko--passthrough-hm-tcp-11111111".to_owned(), Arc::new(shared));
    assert_eq!(plan(&decision, &observed), []);
    let removal = calls(&Decision::Nothing, &observed);
    assert_eq!(removal.len(), 3, "{removal:?}");
    assert!(removal.iter().all(|call| !call.contains("passthrough")), "{removal:?}");
}
