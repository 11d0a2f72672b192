//! When two services or monitors mean the same to the controller (DB-09).

use super::ObservedService;
use crate::core::dns_name::normal;
use crate::core::gslb::{
    DownResponse, GslbService, HealthMonitor, HttpProbe, Member, Pool, PoolAlgorithm, Probe, SitePersistence,
};
use std::borrow::Cow;
use std::cmp::Reverse;

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
    let HealthMonitor { tenant, name, description, port, probe } = a;
    (tenant, name, description, port) == (&b.tenant, &b.name, &b.description, &b.port) && same_probe(probe, &b.probe)
}

fn same_probe(a: &Probe, b: &Probe) -> bool {
    match (a, b) {
        (Probe::Http(a), Probe::Http(b)) | (Probe::Https(a), Probe::Https(b)) => {
            let HttpProbe { request, response_codes } = a;
            *request == b.request && sorted(response_codes) == sorted(&b.response_codes)
        }
        _ => a == b,
    }
}

/// A service to be compared: its lists in one order, and nothing copied.
#[derive(PartialEq)]
struct Ordered<'a> {
    tenant: &'a str,
    name: &'a str,
    domain_names: Vec<&'a String>,
    /// Its entries.
    description: Vec<Cow<'a, str>>,
    pools: Vec<OrderedPool<'a>>,
    monitors: Vec<&'a String>,
    ttl: Option<u32>,
    down_response: Option<DownResponse>,
    persistence: Option<&'a SitePersistence>,
    enabled: bool,
}

#[derive(PartialEq)]
struct OrderedPool<'a> {
    priority: u32,
    algorithm: PoolAlgorithm,
    min_health_monitors_up: u32,
    members: Vec<&'a Member>,
    enabled: bool,
}

/// Names every field: a new one has to find its place here.
fn ordered(service: &GslbService) -> Ordered<'_> {
    let GslbService {
        tenant,
        name,
        domain_names,
        description,
        pools,
        monitors,
        ttl,
        down_response,
        persistence,
        enabled,
    } = service;
    let mut entries: Vec<Cow<'_, str>> = description.split(',').map(entry).collect();
    entries.sort_unstable();
    let mut pools: Vec<OrderedPool<'_>> = pools.iter().map(ordered_pool).collect();
    pools.sort_by_key(|pool| Reverse(pool.priority));
    Ordered {
        tenant,
        name,
        domain_names: sorted(domain_names),
        description: entries,
        pools,
        monitors: sorted(monitors),
        ttl: *ttl,
        down_response: *down_response,
        persistence: persistence.as_ref(),
        enabled: *enabled,
    }
}

/// An entry of a description with its hostname in the normal form: upstream wrote it as the object has it (OBJ-08).
fn entry(text: &str) -> Cow<'_, str> {
    let named = ["INGRESS/", "MCI/"].iter().any(|kind| text.starts_with(kind));
    match text.rsplit_once('/').filter(|_| named) {
        Some((object, hostname)) if *hostname != *normal(hostname) => format!("{object}/{}", normal(hostname)).into(),
        _ => text.into(),
    }
}

fn ordered_pool(pool: &Pool) -> OrderedPool<'_> {
    let Pool { priority, algorithm, min_health_monitors_up, members, enabled } = pool;
    let mut members: Vec<&Member> = members.iter().collect();
    members.sort_by(|a, b| {
        let key = |m: &Member| (m.address, m.ratio, m.public_address, m.enabled);
        key(a).cmp(&key(b)).then_with(|| (&a.cluster_uuid, &a.vs_uuid).cmp(&(&b.cluster_uuid, &b.vs_uuid)))
    });
    OrderedPool {
        priority: *priority,
        algorithm: *algorithm,
        min_health_monitors_up: *min_health_monitors_up,
        members,
        enabled: *enabled,
    }
}

fn sorted(list: &[String]) -> Vec<&String> {
    let mut list: Vec<&String> = list.iter().collect();
    list.sort_unstable();
    list
}
