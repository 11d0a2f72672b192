//! Ingress: see `docs/RULES.md#ingress`.

use super::annotations::ENABLE_TLS;
use super::{Ingested, Intake, Place, hostname};
use crate::core::endpoint::{Backend, Kind};
use crate::core::object::{Ingress, IngressRule};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The endpoints of an Ingress: one per hostname of its rules that has an address in its status.
///
/// A hostname with several addresses gets the smallest (IPv4 before IPv6, then by number), so that the choice depends
/// on the status alone and not on the order of its entries or events (DB-22).
pub fn ingest(ingress: &Ingress, place: Place<'_>) -> Ingested {
    let mut intake = Intake::new(Kind::Ingress, &ingress.meta, place);
    for (hostname, address) in addresses(ingress, &mut intake) {
        if let Some(backend) = backend(ingress, hostname) {
            intake.offer(hostname, address, backend);
        }
    }
    intake.ingested
}

/// The address of each hostname that the rules name.
fn addresses<'a>(ingress: &'a Ingress, intake: &mut Intake<'_>) -> BTreeMap<&'a str, IpAddr> {
    let mut chosen = BTreeMap::new();
    for entry in &ingress.addresses {
        let Some(hostname) = hostname(entry).filter(|hostname| rule_for(ingress, hostname).is_some()) else { continue };
        let Some(address) = intake.address(entry) else { continue };
        chosen.entry(hostname).and_modify(|best: &mut IpAddr| *best = address.min(*best)).or_insert(address);
    }
    chosen
}

/// The first rule of a host decides its paths; later rules of the same host are ignored.
fn rule_for<'a>(ingress: &'a Ingress, hostname: &str) -> Option<&'a IngressRule> {
    ingress.rules.iter().find(|rule| rule.host == hostname)
}

fn backend(ingress: &Ingress, hostname: &str) -> Option<Backend> {
    let paths = paths(rule_for(ingress, hostname)?);
    let tls = ingress.meta.annotations.contains_key(ENABLE_TLS) || ingress.tls_hosts.iter().any(|h| h == hostname);
    Some(Backend::Paths { paths, tls })
}

/// The paths as written, an empty one as `/`, each once; `/` alone when there are none.
fn paths(rule: &IngressRule) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    for path in &rule.paths {
        let path = if path.is_empty() { "/" } else { path };
        if !paths.iter().any(|known| known == path) {
            paths.push(path.to_owned());
        }
    }
    if paths.is_empty() {
        paths.push("/".to_owned());
    }
    paths.shrink_to_fit();
    paths
}
