//! When two services or monitors mean the same to the controller (DB-09).

use super::ObservedService;
use crate::core::gslb::{GslbService, HealthMonitor, Probe};
use std::borrow::Cow;

/// Whether the services differ in nothing but the order of domain names, description entries, pools, members and
/// monitor references.
pub(super) fn same_service(a: &GslbService, b: &GslbService) -> bool {
    ordered(a) == ordered(b)
}

/// The same for a service as the controller tells it: what its version does not know is no difference, and writing it
/// would not end one.
pub(super) fn is_like(told: &ObservedService, service: &GslbService) -> bool {
    same_service(&told.content, &as_told(told, service))
}

/// `service` as the controller would tell it.
pub(super) fn as_told<'a>(told: &ObservedService, service: &'a GslbService) -> Cow<'a, GslbService> {
    if told.tells_pki || service.persistence.as_ref().is_none_or(|persistence| persistence.pki_profile.is_none()) {
        return Cow::Borrowed(service);
    }
    let mut service = service.clone();
    service.persistence.iter_mut().for_each(|persistence| persistence.pki_profile = None);
    Cow::Owned(service)
}

/// Whether the monitors differ in nothing but the order of accepted answers.
pub fn same_monitor(a: &HealthMonitor, b: &HealthMonitor) -> bool {
    codes_ordered(a) == codes_ordered(b)
}

fn ordered(service: &GslbService) -> GslbService {
    let mut service = service.clone();
    service.domain_names.sort();
    service.description = description_ordered(&service.description);
    for pool in &mut service.pools {
        pool.members.sort_by(|a, b| {
            let key = |m: &crate::core::gslb::Member| (m.address, m.ratio, m.public_address);
            key(a).cmp(&key(b)).then_with(|| (&a.cluster_uuid, &a.vs_uuid).cmp(&(&b.cluster_uuid, &b.vs_uuid)))
        });
    }
    service.pools.sort_by_key(|pool| std::cmp::Reverse(pool.priority));
    service.monitors.sort();
    service
}

fn description_ordered(description: &str) -> String {
    let mut entries: Vec<&str> = description.split(',').collect();
    entries.sort_unstable();
    entries.join(",")
}

fn codes_ordered(monitor: &HealthMonitor) -> HealthMonitor {
    let mut monitor = monitor.clone();
    if let Probe::Http(probe) | Probe::Https(probe) = &mut monitor.probe {
        probe.response_codes.sort();
    }
    monitor
}
