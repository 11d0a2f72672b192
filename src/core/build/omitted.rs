//! What a service cannot have: left out of it, and told of those who brought it.
//!
//! Known beforehand, from what the controller says of its GSLB: a domain name outside of its DNS domains, and a member
//! whose controller is none of its sites; either would have the whole service refused. Learnt afterwards: what the
//! controller refused all the same ([`Omissions`]). What the controller has already stays in any case.

#[cfg(test)]
mod tests;

use super::{Desired, Origin, Placed};
use crate::core::dns_name;
use crate::core::endpoint::{Backend, Endpoint, EndpointKey};
use crate::core::gslb::{GslbService, Member, Pool};
use crate::core::monitor::path_monitor_name;
use crate::core::omission::{Omissions, Part, Setting, algorithm_at};
use crate::core::references::GslbFacts;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// What was left out, for people.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Omitted {
    pub refused: Vec<(EndpointKey, String)>,
    pub limitations: Vec<String>,
    /// Domain names, and why.
    pub names: Vec<(String, String)>,
}

/// What decides about parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits<'a> {
    pub omissions: &'a Omissions,
    /// `None` while it is not known.
    pub gslb: Option<&'a GslbFacts>,
    /// What the controller has of the service.
    pub before: Option<&'a GslbService>,
}

impl Limits<'_> {
    /// Takes what cannot be had out of the service and of `placed`, which stands for its members. `endpoints` are those
    /// behind the members.
    pub fn apply(self, desired: &mut Desired, placed: &mut Vec<Placed>, endpoints: &[&Endpoint]) -> Omitted {
        let mut omitted = Omitted::default();
        self.names(&mut desired.service, &mut omitted);
        self.members(&mut desired.service, placed, endpoints, &mut omitted);
        self.monitors(desired, endpoints, &mut omitted);
        self.settings(&mut desired.service, &mut omitted);
        omitted
    }

    fn names(self, service: &mut GslbService, omitted: &mut Omitted) {
        let GslbService { name: own, domain_names, .. } = service;
        let held = |name: &String| self.before.is_some_and(|before| before.domain_names.contains(name));
        domain_names.retain(|name| {
            let refused = self.omissions.why(&Part::Name(name.clone())).map(refused_by_controller);
            let outside = || self.gslb.and_then(|gslb| gslb.outside(name)).filter(|_| !held(name));
            let why = if dns_name::same(name, own) { None } else { refused.or_else(outside) };
            if let Some(why) = why {
                omitted.limitations.push(format!("the alias {name} of a HostRule is not used: {why}"));
                omitted.names.push((name.clone(), why));
                return false;
            }
            true
        });
    }

    /// A service without members would be none, so the last ones stay whatever they are.
    fn members(
        self,
        service: &mut GslbService,
        placed: &mut Vec<Placed>,
        endpoints: &[&Endpoint],
        omitted: &mut Omitted,
    ) {
        let knows_some = service.members().any(|member| self.is_of_site(member));
        let why = |(priority, member): (u32, &Member)| {
            let part = (!self.omissions.is_empty()).then(|| Part::member(priority, member));
            let refused = part.and_then(|part| self.omissions.why(&part)).map(refused_by_controller);
            refused.or_else(|| self.of_no_site(member).filter(|_| knows_some))
        };
        let reasons: Vec<Option<String>> = service.placed_members().map(why).collect();
        if reasons.iter().all(Option::is_none) || reasons.iter().all(Option::is_some) {
            return;
        }
        let mut gone: Vec<(IpAddr, Origin, String)> = Vec::new();
        for (place, why) in placed.iter().zip(&reasons) {
            let Some(why) = why else { continue };
            gone.push((place.address, place.origin.clone(), why.clone()));
            if let Origin::Site(site) = &place.origin {
                omitted.limitations.push(format!("the member {} of site {site} is left out: {why}", place.address));
            }
        }
        let mut keep = reasons.iter().map(Option::is_none);
        for Pool { members, .. } in &mut service.pools {
            members.retain(|_| keep.next().unwrap_or(true));
        }
        service.pools.retain(|pool| !pool.members.is_empty());
        let mut keep = reasons.iter().map(Option::is_none);
        placed.retain(|_| keep.next().unwrap_or(true));
        let there: BTreeSet<IpAddr> = placed.iter().map(|placed| placed.address).collect();
        describe_those_behind(service, endpoints, &there);
        for endpoint in endpoints {
            // With another public address the same one may be there for another object.
            let its = |(address, origin, _): &&(IpAddr, Origin, String)| match origin {
                Origin::Object(key) if *key == endpoint.key => true,
                _ => !there.contains(address) && addresses(endpoint).any(|own| own == *address),
            };
            if let Some((address, _, why)) = gone.iter().find(its) {
                omitted.refused.push((endpoint.key.clone(), format!("its address {address} is left out: {why}")));
            }
        }
    }

    pub(super) fn is_of_site(self, member: &Member) -> bool {
        let uuid = member.cluster_uuid.as_deref();
        uuid.is_some_and(|uuid| self.gslb.is_some_and(|gslb| gslb.sites.contains(uuid)))
    }

    /// Whether the controller of this UUID is known to be no site.
    pub(super) fn is_stranger(self, uuid: &str) -> bool {
        self.gslb.is_some_and(|gslb| !gslb.sites.is_empty() && !gslb.sites.contains(uuid))
    }

    pub(super) fn of_no_site(self, member: &Member) -> Option<String> {
        let uuid = member.cluster_uuid.as_deref()?;
        let held = |before: &GslbService| {
            before.members().any(|held| held.address == member.address && held.cluster_uuid == member.cluster_uuid)
        };
        if !self.is_stranger(uuid) || self.before.is_some_and(held) {
            return None;
        }
        Some(format!(
            "its controller, {uuid} in its annotations, is no site of the GSLB, and the whole service would be refused \
             for it; add the site to the GSLB, or set syncVipOnly for its cluster in spec.matchClusters"
        ))
    }

    fn monitors(self, desired: &mut Desired, endpoints: &[&Endpoint], omitted: &mut Omitted) {
        let Desired { service, monitors } = desired;
        let own = !monitors.is_empty();
        let mut gone: Vec<(String, String)> = Vec::new();
        for name in &service.monitors {
            if let Some(why) = self.omissions.why(&Part::Monitor(name.clone())) {
                gone.push((name.clone(), refused_by_controller(why)));
            }
        }
        if gone.is_empty() {
            return;
        }
        let stays = |name: &String| !gone.iter().any(|(gone, _)| gone == name);
        service.monitors.retain(stays);
        monitors.retain(|monitor| stays(&monitor.name));
        let left = u32::try_from(service.monitors.len()).unwrap_or(u32::MAX);
        for pool in &mut service.pools {
            // As many as there would be had they never been asked for.
            let most = if own { pool.min_health_monitors_up } else { left.saturating_add(1) };
            pool.min_health_monitors_up = if left == 0 { 1 } else { most };
        }
        for (name, why) in gone {
            let behind = endpoints.iter().filter_map(|endpoint| Some((endpoint, path_of(endpoint, service, &name)?)));
            let told: Vec<_> = behind
                .map(|(endpoint, path)| {
                    (endpoint.key.clone(), format!("its path {path} is not probed by health monitor {name}: {why}"))
                })
                .collect();
            if told.is_empty() {
                omitted.limitations.push(format!("health monitor {name} is left out: {why}"));
            }
            omitted.refused.extend(told);
        }
    }

    fn settings(self, service: &mut GslbService, omitted: &mut Omitted) {
        for (setting, field) in [
            (Setting::Ttl, "ttl"),
            (Setting::DownResponse, "downResponse"),
            (Setting::Persistence, "sitePersistence"),
            (Setting::Algorithm, "poolAlgorithmSettings"),
        ] {
            let Some(why) = self.omissions.why(&Part::Setting(setting)) else { continue };
            omitted.limitations.push(format!("{field} is left out: {}", refused_by_controller(why)));
            match setting {
                Setting::Ttl => service.ttl = self.before.and_then(|before| before.ttl),
                Setting::DownResponse => service.down_response = self.before.and_then(|before| before.down_response),
                Setting::Persistence => {
                    service.persistence = self.before.and_then(|before| before.persistence.clone());
                }
                Setting::Algorithm => {
                    let pools = service.pools.iter_mut();
                    pools.for_each(|pool| pool.algorithm = algorithm_at(pool.priority, self.before));
                }
            }
        }
    }
}

/// The description names the objects that are behind a member that stays.
fn describe_those_behind(service: &mut GslbService, endpoints: &[&Endpoint], there: &BTreeSet<IpAddr>) {
    let behind = endpoints.iter().filter(|endpoint| addresses(endpoint).any(|address| there.contains(&address)));
    let mut entries: Vec<String> = behind.map(|endpoint| endpoint.key.describe()).collect();
    entries.dedup();
    service.description = entries.join(",");
}

/// Also those that are only kept.
fn addresses(endpoint: &Endpoint) -> impl Iterator<Item = IpAddr> {
    endpoint.addresses.iter().chain(endpoint.withheld_addresses())
}

/// The path of the endpoint that this monitor asks for.
fn path_of<'a>(endpoint: &'a Endpoint, service: &GslbService, monitor: &str) -> Option<&'a str> {
    let Backend::Paths { paths, .. } = &endpoint.backend else { return None };
    let asks = |path: &&String| [false, true].iter().any(|tls| path_monitor_name(&service.name, path, *tls) == monitor);
    paths.iter().find(asks).map(String::as_str)
}

pub(super) fn refused_by_controller(why: &str) -> String {
    format!(
        "the controller refuses the GSLB service with it ({why}); correct it, or the controller; it is tried again at the \
         next full read"
    )
}
