//! Objects with hosts from which nothing comes, although their status has been written: why, in words for their owners.
//!
//! What is merely not ready has no status yet and becomes ready by itself; these never do.

use super::{Intake, hostname};
use crate::core::dns_name::normal;
use crate::core::endpoint::Backend;
use crate::core::object::{LoadBalancerAddress, RouteAdmission};
use std::collections::BTreeSet;

/// How to have an address and a host from AKO.
const REMEDY: &str = "only what AKO writes counts; let AKO serve the object (ingressClassName, loadBalancerClass), or take \
                      it out of the policy's selection";

impl Intake<'_> {
    /// Says of a hostname that nothing of it makes a member.
    pub(super) fn withhold(&mut self, hostname: &str, reason: &str) {
        let mut endpoint = self.endpoint(hostname, Backend::Passthrough);
        endpoint.withhold(reason);
        self.ingested.endpoints.push(endpoint);
    }
}

/// Why entries of a status give the hosts of an object no address; `None` when nothing was written yet.
pub(super) fn of_entries(entries: &[LoadBalancerAddress]) -> Option<String> {
    let named: BTreeSet<&str> = entries.iter().filter_map(hostname).collect();
    let ip = entries.iter().filter_map(|entry| entry.ip.as_deref()).find(|ip| !ip.is_empty());
    match (ip, named.is_empty()) {
        (None, true) => None,
        (None, false) => Some(format!(
            "its status has no address: it names {} alone, and a member of a GSLB service is an IP address; {REMEDY}",
            list(named)
        )),
        (Some(ip), true) => Some(format!(
            "no entry of its status names the host: the address {ip} stands alone, as ingress controllers other than AKO \
             write it; {REMEDY}"
        )),
        (Some(_), false) => {
            Some(format!("no entry of its status names the host with an address: it names {}; {REMEDY}", list(named)))
        }
    }
}

/// Why the admissions of a Route give its host no address; `None` when there are none yet.
pub(super) fn of_admissions(
    admissions: &[RouteAdmission],
    host: &str,
    is_ako: fn(&RouteAdmission) -> bool,
) -> Option<String> {
    if admissions.is_empty() {
        return None;
    }
    let mut ours = admissions.iter().filter(|admission| is_ako(admission)).peekable();
    if ours.peek().is_none() {
        let routers = admissions.iter().map(|admission| admission.router_name.as_str()).collect();
        return Some(format!(
            "no router of AKO has admitted it, only {}: its status has no address; check that AKO serves this Route, or \
             take it out of the policy's selection",
            list(routers)
        ));
    }
    let mut messages = BTreeSet::new();
    for admission in ours {
        if normal(&admission.host) != host {
            return Some(format!(
                "no entry of its status names the host: router {} has admitted it as {:?}; check the AKO of this cluster",
                admission.router_name, admission.host
            ));
        }
        messages.extend(admission.conditions.iter().map(|condition| condition.message.as_str()));
    }
    Some(format!("its status has no address: AKO's router says {}; check the AKO of this cluster", list(messages)))
}

/// At most three.
fn list(texts: BTreeSet<&str>) -> String {
    let shown: Vec<String> = texts.iter().take(3).map(|text| format!("{text:?}")).collect();
    let more = if texts.len() > shown.len() { ", ..." } else { "" };
    if shown.is_empty() { "nothing".to_owned() } else { format!("{}{more}", shown.join(", ")) }
}
