//! What somebody else changed on the controller: the difference between what was known to be there and what is.

use super::compare::{as_told, same_monitor, same_service};
use super::{Holding, Observed, ObservedMonitor, ObservedService};
use crate::core::gslb::{GslbService, HealthMonitor};
use crate::core::monitor::is_shared;
use std::collections::BTreeSet;
use std::sync::Arc;

/// One object that is otherwise than it was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    pub kind: DriftKind,
    pub tenant: String,
    pub name: String,
    /// Names of fields as the controller has them; or `deleted`, `created`, and `uuid` for one that was made anew.
    pub fields: Vec<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriftKind {
    Service,
    Monitor,
}

/// How many objects of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DriftCounts {
    /// Put right, and not only found.
    pub repaired: bool,
    pub services: u32,
    pub monitors: u32,
}

impl DriftCounts {
    /// What was found.
    pub fn of(drifts: &[Drift]) -> Self {
        let count = |kind| u32::try_from(drifts.iter().filter(|drift| drift.kind == kind).count()).unwrap_or(u32::MAX);
        Self { repaired: false, services: count(DriftKind::Service), monitors: count(DriftKind::Monitor) }
    }

    pub fn is_empty(&self) -> bool {
        self.services == 0 && self.monitors == 0
    }
}

/// What differs, by tenant. Fields that the operator does not own do not count, nor does the version of an object, nor
/// a monitor that several services share: no single one of them could say that it was put right.
pub fn drift(before: &Observed, now: &Observed) -> Vec<Drift> {
    let tenants: BTreeSet<&str> =
        before.holdings().chain(now.holdings()).map(|holding| holding.tenant.as_str()).collect();
    let (mut drifts, nothing) = (Vec::new(), Holding::empty(""));
    for tenant in tenants {
        let was = before.in_tenant(tenant).unwrap_or(&nothing);
        let is = now.in_tenant(tenant).unwrap_or(&nothing);
        let mut add = |kind, name: &str, fields: Vec<&'static str>| {
            if !fields.is_empty() {
                drifts.push(Drift { kind, tenant: tenant.to_owned(), name: name.to_owned(), fields });
            }
        };
        let name = was.service.iter().chain(&is.service).map(|service| service.content.name.as_str()).next();
        add(
            DriftKind::Service,
            name.unwrap_or_default(),
            of(was.service.as_deref(), is.service.as_deref(), of_service),
        );
        let monitors: BTreeSet<&String> = was.monitors.keys().chain(is.monitors.keys()).collect();
        for name in monitors.into_iter().filter(|name| !is_shared(name)) {
            let fields =
                of(was.monitors.get(name).map(Arc::as_ref), is.monitors.get(name).map(Arc::as_ref), of_monitor);
            add(DriftKind::Monitor, name, fields);
        }
    }
    drifts
}

/// What became of one object: it came, it went, or some of its fields differ.
fn of<T>(was: Option<&T>, is: Option<&T>, fields: impl FnOnce(&T, &T) -> Vec<&'static str>) -> Vec<&'static str> {
    match (was, is) {
        (None, None) => Vec::new(),
        (Some(_), None) => vec!["deleted"],
        (None, Some(_)) => vec!["created"],
        (Some(was), Some(is)) => fields(was, is),
    }
}

fn of_service(was: &ObservedService, is: &ObservedService) -> Vec<&'static str> {
    let mut fields = if was.uuid == is.uuid { Vec::new() } else { vec!["uuid"] };
    let content = as_told(is, &was.content);
    if !same_service(&content, &is.content) {
        fields.append(&mut service_fields(&content, &is.content));
    }
    fields.extend((was.faithful && !is.faithful).then_some("others"));
    fields
}

/// Each by itself put back: what then differs less was different.
fn service_fields(was: &GslbService, is: &GslbService) -> Vec<&'static str> {
    type Put = fn(&mut GslbService, &GslbService);
    let fields: [(&'static str, Put); 9] = [
        ("enabled", |to, from| to.enabled = from.enabled),
        ("domain_names", |to, from| to.domain_names.clone_from(&from.domain_names)),
        ("description", |to, from| to.description.clone_from(&from.description)),
        ("groups", |to, from| to.pools.clone_from(&from.pools)),
        ("health_monitor_refs", |to, from| to.monitors.clone_from(&from.monitors)),
        ("ttl", |to, from| to.ttl = from.ttl),
        ("down_response", |to, from| to.down_response = from.down_response),
        ("site_persistence", |to, from| to.persistence.clone_from(&from.persistence)),
        ("name", |to, from| to.name.clone_from(&from.name)),
    ];
    let differs = |put: Put| {
        let mut alike = is.clone();
        put(&mut alike, was);
        !same_service(&alike, is)
    };
    fields.into_iter().filter(|(_, put)| differs(*put)).map(|(name, _)| name).collect()
}

fn of_monitor(was: &ObservedMonitor, is: &ObservedMonitor) -> Vec<&'static str> {
    let mut fields = if was.uuid == is.uuid { Vec::new() } else { vec!["uuid"] };
    match (&was.content, &is.content) {
        (Some(was), Some(is)) if !same_monitor(was, is) => fields.append(&mut monitor_fields(was, is)),
        (Some(_), None) => fields.push("type"),
        _ => {}
    }
    fields.extend((was.faithful && !is.faithful).then_some("others"));
    fields
}

fn monitor_fields(was: &HealthMonitor, is: &HealthMonitor) -> Vec<&'static str> {
    type Put = fn(&mut HealthMonitor, &HealthMonitor);
    let request =
        if std::mem::discriminant(&was.probe) == std::mem::discriminant(&is.probe) { "http_request" } else { "type" };
    let fields: [(&'static str, Put); 3] = [
        ("description", |to, from| to.description.clone_from(&from.description)),
        ("monitor_port", |to, from| to.port = from.port),
        (request, |to, from| to.probe.clone_from(&from.probe)),
    ];
    let differs = |put: Put| {
        let mut alike = is.clone();
        put(&mut alike, was);
        !same_monitor(&alike, is)
    };
    fields.into_iter().filter(|(_, put)| differs(*put)).map(|(name, _)| name).collect()
}
