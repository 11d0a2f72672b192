//! A write in words, for whoever follows what the operator does.

use super::compare::{as_told, same_monitor};
use super::{Observed, ObservedMonitor, ObservedService, Write};
use crate::core::gslb::{GslbService, HealthMonitor, Member, Probe};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::net::IpAddr;

/// What a write does, to what, and to which parts of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// For instance `create GSLB service`.
    pub what: &'static str,
    pub tenant: String,
    pub name: String,
    /// The parts that differ, with what they were and become where that is short.
    pub fields: String,
}

/// Puts a write in words. `observed` is what the controller holds before.
pub fn describe(write: &Write, observed: &Observed) -> Described {
    let described = |what, tenant: &str, name: &str, fields: Vec<String>| Described {
        what,
        tenant: tenant.to_owned(),
        name: name.to_owned(),
        fields: fields.join("; "),
    };
    match write {
        Write::CreateMonitor(monitor) => {
            described("create health monitor", &monitor.tenant, &monitor.name, vec![probe_of(monitor)])
        }
        Write::UpdateMonitor { uuid, monitor, .. } => {
            let before = observed.holdings().flat_map(|held| held.monitors.values()).find(|held| held.uuid == *uuid);
            let fields = monitor_changes(before.map(AsRef::as_ref), monitor);
            described("update health monitor", &monitor.tenant, &monitor.name, fields)
        }
        Write::DeleteMonitor { tenant, name, .. } => described("delete health monitor", tenant, name, Vec::new()),
        Write::CreateService(service) => {
            described("create GSLB service", &service.tenant, &service.name, vec![members(None, service)])
        }
        Write::UpdateService { uuid, service, .. } => {
            let before = observed.services().find(|held| held.uuid == *uuid);
            let fields = before.map_or_else(Vec::new, |before| service_changes(before, service));
            described("update GSLB service", &service.tenant, &service.name, fields)
        }
        Write::DeleteService { uuid, tenant, name } => {
            let before = observed.services().find(|held| held.uuid == *uuid);
            let gone = before.map(|before| {
                let addresses = addresses(&before.content).into_keys().map(|address| format!("-{address}"));
                format!("members {}", addresses.collect::<Vec<_>>().join(" "))
            });
            described("delete GSLB service", tenant, name, gone.into_iter().collect())
        }
        Write::MoveService { service, from } => {
            let tenants: BTreeSet<&str> = from.iter().map(|from| from.content.tenant.as_str()).collect();
            let from = tenants.into_iter().collect::<Vec<_>>().join(", ");
            let fields = vec![format!("tenant {from} to {}", service.tenant)];
            described("move GSLB service", &service.tenant, &service.name, fields)
        }
    }
}

/// What distinguishes two members of one address.
type Place<'a> = (u32, &'a Member);

fn addresses(service: &GslbService) -> BTreeMap<IpAddr, Place<'_>> {
    let pools = service.pools.iter();
    pools.flat_map(|pool| pool.members.iter().map(|member| (member.address, (pool.priority, member)))).collect()
}

fn members(before: Option<&GslbService>, after: &GslbService) -> String {
    let (before, after) = (before.map(addresses).unwrap_or_default(), addresses(after));
    let come = after.iter().filter_map(|(address, place)| match before.get(address) {
        None => Some(format!("+{address}")),
        Some(earlier) if earlier == place => None,
        Some((priority, member)) => {
            let mut parts = Vec::new();
            parts.extend(changed("ratio", &member.ratio, &place.1.ratio));
            parts.extend(changed("priority", priority, &place.0));
            parts.extend((member.public_address != place.1.public_address).then(|| "public address".to_owned()));
            let uuids = |member: &Member| (member.vs_uuid.clone(), member.cluster_uuid.clone());
            parts.extend((uuids(member) != uuids(place.1)).then(|| "virtual service".to_owned()));
            parts.extend(changed("enabled", &member.enabled, &place.1.enabled));
            Some(format!("{address} ({})", parts.join(", ")))
        }
    });
    let go = before.keys().filter(|address| !after.contains_key(*address)).map(|address| format!("-{address}"));
    format!("members {}", come.chain(go).collect::<Vec<_>>().join(" "))
}

fn service_changes(before: &ObservedService, after: &GslbService) -> Vec<String> {
    let told = as_told(before, after);
    let (old, new) = (&before.content, told.as_ref());
    let mut fields = Vec::new();
    if addresses(old) != addresses(new) {
        fields.push(members(Some(old), new));
    }
    let rest = |service: &GslbService| -> Vec<_> {
        let pools = service.pools.iter();
        pools.map(|pool| (pool.priority, pool.algorithm, pool.min_health_monitors_up, pool.enabled)).collect()
    };
    let sorted = |list: &[String]| list.iter().cloned().collect::<BTreeSet<_>>();
    let named = |differs: bool, name: &str| differs.then(|| name.to_owned());
    fields.extend(named(rest(old) != rest(new), "pools"));
    fields.extend(named(sorted(&old.monitors) != sorted(&new.monitors), "health monitors"));
    fields.extend(named(sorted(&old.domain_names) != sorted(&new.domain_names), "domain names"));
    fields.extend(changed("TTL", &or_default(old.ttl), &or_default(new.ttl)));
    fields.extend(changed("enabled", &old.enabled, &new.enabled));
    fields.extend(named(old.down_response != new.down_response, "down response"));
    fields.extend(named(old.persistence != new.persistence, "site persistence"));
    let entries = |text: &str| text.split(',').map(str::to_owned).collect::<BTreeSet<_>>();
    fields.extend(named(entries(&old.description) != entries(&new.description), "description"));
    if fields.is_empty() {
        fields.push("what is the same for all services".to_owned());
    }
    fields
}

fn monitor_changes(before: Option<&ObservedMonitor>, after: &HealthMonitor) -> Vec<String> {
    match before.and_then(|before| before.content.as_ref()) {
        Some(before) if same_monitor(before, after) => vec!["what is the same for all monitors".to_owned()],
        Some(before) if probe_of(before) == probe_of(after) => vec!["description".to_owned()],
        Some(before) => vec![format!("{} to {}", probe_of(before), probe_of(after))],
        None => vec![probe_of(after)],
    }
}

fn probe_of(monitor: &HealthMonitor) -> String {
    let port = monitor.port;
    match &monitor.probe {
        Probe::Http(probe) => format!("HTTP {port} {} {}", probe.request, probe.response_codes.join(" ")),
        Probe::Https(probe) => format!("HTTPS {port} {} {}", probe.request, probe.response_codes.join(" ")),
        Probe::Tcp => format!("TCP {port}"),
        Probe::Udp => format!("UDP {port}"),
    }
}

fn or_default(ttl: Option<u32>) -> String {
    ttl.map_or_else(|| "default".to_owned(), |ttl| ttl.to_string())
}

fn changed<T: PartialEq + Display>(name: &str, before: &T, after: &T) -> Option<String> {
    (before != after).then(|| format!("{name} {before} to {after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::gslb::{HttpProbe, Pool, PoolAlgorithm};
    use crate::core::plan::Holding;
    use std::sync::Arc;

    fn service(members: &[(&str, u32)]) -> GslbService {
        let member = |(address, ratio): &(&str, u32)| Member {
            address: address.parse().unwrap(),
            ratio: *ratio,
            cluster_uuid: None,
            vs_uuid: None,
            public_address: None,
            enabled: true,
        };
        GslbService {
            tenant: "admin".into(),
            name: "web.example.org".into(),
            domain_names: vec!["web.example.org".into()],
            description: "a,b".into(),
            pools: vec![Pool {
                priority: 10,
                algorithm: PoolAlgorithm::RoundRobin,
                min_health_monitors_up: 1,
                members: members.iter().map(member).collect(),
                enabled: true,
            }],
            monitors: vec!["m".into()],
            ttl: None,
            down_response: None,
            persistence: None,
            enabled: true,
        }
    }

    fn held(content: GslbService) -> Observed {
        let service =
            ObservedService { uuid: "gs-1".into(), last_modified: None, content, faithful: true, tells_pki: true };
        [Holding { service: Some(Arc::new(service)), ..Holding::empty("admin") }].into_iter().collect()
    }

    fn fields(before: &GslbService, after: GslbService) -> String {
        let write = Write::UpdateService { uuid: "gs-1".into(), last_modified: None, service: after };
        describe(&write, &held(before.clone())).fields
    }

    /// FND-C3
    #[test]
    fn an_update_names_the_parts_that_differ() {
        let before = service(&[("10.1.0.5", 1), ("10.2.0.5", 1)]);
        let table = [
            (service(&[("10.1.0.6", 1), ("10.2.0.5", 3)]), "members +10.1.0.6 10.2.0.5 (ratio 1 to 3) -10.1.0.5"),
            (GslbService { ttl: Some(30), ..before.clone() }, "TTL default to 30"),
            (GslbService { monitors: vec!["m".into(), "n".into()], ..before.clone() }, "health monitors"),
            (GslbService { description: "b,c".into(), ..before.clone() }, "description"),
            (GslbService { description: "b,a".into(), ..before.clone() }, "what is the same for all services"),
        ];
        for (after, expected) in table {
            assert_eq!(fields(&before, after), expected);
        }
    }

    /// FND-C3
    #[test]
    fn what_is_created_and_deleted_is_named_with_its_members_or_its_probe() {
        let both = service(&[("10.1.0.5", 1), ("10.2.0.5", 1)]);
        let probe =
            Probe::Http(HttpProbe { request: "HEAD / HTTP/1.0".into(), response_codes: vec!["HTTP_2XX".into()] });
        let monitor =
            HealthMonitor { tenant: "admin".into(), name: "m".into(), description: String::new(), port: 80, probe };
        let delete = Write::DeleteService { uuid: "gs-1".into(), tenant: "admin".into(), name: both.name.clone() };
        let words = |write: &Write| {
            let Described { what, tenant, name, fields } = describe(write, &held(both.clone()));
            format!("{what} {name} in {tenant}: {fields}")
        };
        let service = "GSLB service web.example.org in admin: members";
        assert_eq!(words(&Write::CreateService(both.clone())), format!("create {service} +10.1.0.5 +10.2.0.5"));
        assert_eq!(words(&delete), format!("delete {service} -10.1.0.5 -10.2.0.5"));
        let created = "create health monitor m in admin: HTTP 80 HEAD / HTTP/1.0 HTTP_2XX";
        assert_eq!(words(&Write::CreateMonitor(monitor)), created);
    }
}
