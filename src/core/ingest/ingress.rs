//! Ingress: see `docs/RULES.md#ingress`.

use super::annotations::{ENABLE_TLS, PASSTHROUGH};
use super::families::Families;
use super::{Ingested, Intake, Place, hostname, silence};
use crate::core::dns_name::{NAMELESS, normal, same};
use crate::core::endpoint::{Backend, Kind};
use crate::core::object::{Ingress, IngressRule};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

const NO_HOST: &str = "none of its rules names a host, and a GSLB service is one of a host; name it in spec.rules[].host, or \
                       take the Ingress out of the policy's selection";

/// The endpoints of an Ingress: one per hostname of its rules that has an address in its status.
///
/// A hostname with several addresses gets the smallest of each family, so that the choice depends on the status alone
/// and not on the order of its entries or events (DB-22). With custom names, one that hands TLS through gives none.
pub fn ingest(ingress: &Ingress, place: Place<'_>) -> Ingested {
    let mut intake = Intake::new(Kind::Ingress, &ingress.meta, place);
    if place.naming.custom_global_fqdn && is_passthrough(ingress) {
        if silence::of_entries(&ingress.addresses).is_some() {
            let why = format!(
                "the annotation {PASSTHROUGH} hands TLS through, and with useCustomGlobalFqdn such an Ingress is of no \
                 GSLB service (rule OBJ-02); take the annotation away"
            );
            intake.withhold(NAMELESS, &why);
        }
        return intake.ingested;
    }
    let addresses = addresses(ingress, &mut intake);
    if addresses.is_empty() && !intake.has_unreadable_address {
        tell_silence(ingress, &mut intake);
    }
    for (hostname, families) in addresses {
        let backend = backend(ingress, &hostname, &mut intake);
        intake.offer(&hostname, families, backend);
    }
    intake.ingested
}

fn is_passthrough(ingress: &Ingress) -> bool {
    ingress.meta.annotations.get(PASSTHROUGH).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// The addresses of each hostname that the rules name.
fn addresses<'a>(ingress: &'a Ingress, intake: &mut Intake<'_>) -> BTreeMap<Cow<'a, str>, Families> {
    let mut chosen: BTreeMap<Cow<'a, str>, Families> = BTreeMap::new();
    for entry in &ingress.addresses {
        let Some(hostname) = hostname(entry).filter(|hostname| rule_for(ingress, hostname).is_some()) else { continue };
        let Some(address) = intake.address(entry) else { continue };
        chosen.entry(normal(hostname)).or_insert_with(|| Families::of(intake.place.clients)).smallest(address);
    }
    chosen
}

/// No rule names a host, or none of the hosts has an address, although the status has been written.
fn tell_silence(ingress: &Ingress, intake: &mut Intake<'_>) {
    let hosts = ingress.rules.iter().map(|rule| normal(&rule.host)).filter(|host| !host.is_empty());
    let hosts: BTreeSet<_> = hosts.collect();
    if hosts.is_empty() {
        return intake.withhold(NAMELESS, NO_HOST);
    }
    let Some(why) = silence::of_entries(&ingress.addresses) else { return };
    for host in hosts {
        intake.withhold(&host, &why);
    }
}

/// The first rule of a host decides its paths; later rules of the same host are ignored.
fn rule_for<'a>(ingress: &'a Ingress, hostname: &str) -> Option<&'a IngressRule> {
    ingress.rules.iter().find(|rule| same(&rule.host, hostname))
}

fn backend(ingress: &Ingress, hostname: &str, intake: &mut Intake<'_>) -> Backend {
    let written = rule_for(ingress, hostname).map(|rule| rule.paths.as_slice()).unwrap_or_default();
    let paths = intake.paths(written);
    let tls = ingress.meta.annotations.contains_key(ENABLE_TLS) || ingress.tls_hosts.iter().any(|h| same(h, hostname));
    Backend::Paths { paths, tls }
}
