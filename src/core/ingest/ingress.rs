//! Ingress: see `docs/RULES.md#ingress`.

use super::annotations::{ENABLE_TLS, PASSTHROUGH};
use super::families::Families;
use super::{Ingested, Intake, Place, hostname, paths};
use crate::core::endpoint::{Backend, Kind};
use crate::core::object::{Ingress, IngressRule};
use std::collections::BTreeMap;

/// The endpoints of an Ingress: one per hostname of its rules that has an address in its status.
///
/// A hostname with several addresses gets the smallest of each family, so that the choice depends on the status alone
/// and not on the order of its entries or events (DB-22). With custom names, one that hands TLS through gives none.
pub fn ingest(ingress: &Ingress, place: Place<'_>) -> Ingested {
    if place.naming.custom_global_fqdn && is_passthrough(ingress) {
        return Ingested::default();
    }
    let mut intake = Intake::new(Kind::Ingress, &ingress.meta, place);
    for (hostname, families) in addresses(ingress, &mut intake) {
        if let (Some(addresses), Some(backend)) = (families.addresses(), backend(ingress, hostname)) {
            intake.offer(hostname, addresses, backend);
        }
    }
    intake.ingested
}

fn is_passthrough(ingress: &Ingress) -> bool {
    ingress.meta.annotations.get(PASSTHROUGH).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// The addresses of each hostname that the rules name.
fn addresses<'a>(ingress: &'a Ingress, intake: &mut Intake<'_>) -> BTreeMap<&'a str, Families> {
    let mut chosen: BTreeMap<&str, Families> = BTreeMap::new();
    for entry in &ingress.addresses {
        let Some(hostname) = hostname(entry).filter(|hostname| rule_for(ingress, hostname).is_some()) else { continue };
        let Some(address) = intake.address(entry) else { continue };
        chosen.entry(hostname).or_default().smallest(address);
    }
    chosen
}

/// The first rule of a host decides its paths; later rules of the same host are ignored.
fn rule_for<'a>(ingress: &'a Ingress, hostname: &str) -> Option<&'a IngressRule> {
    ingress.rules.iter().find(|rule| rule.host == hostname)
}

fn backend(ingress: &Ingress, hostname: &str) -> Option<Backend> {
    let paths = paths::distinct(&rule_for(ingress, hostname)?.paths);
    let tls = ingress.meta.annotations.contains_key(ENABLE_TLS) || ingress.tls_hosts.iter().any(|h| h == hostname);
    Some(Backend::Paths { paths, tls })
}
