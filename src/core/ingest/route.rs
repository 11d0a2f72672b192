//! OpenShift Route: see `docs/RULES.md#route`.

use super::annotations::{CLUSTER_UUID, TENANT, VS_UUID_MAP};
use super::families::Families;
use super::virtual_services::VirtualServices;
use super::{Ingested, Intake, Place, silence};
use crate::core::address::Clients;
use crate::core::dns_name::{NAMELESS, normal, same};
use crate::core::endpoint::{Backend, Kind};
use crate::core::object::{Route, RouteAdmission};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// AKO's routers have names that begin so.
const AKO_ROUTER: &str = "ako-";
/// `spec.tls.termination` of a Route that hands TLS through to the pods.
const PASSTHROUGH: &str = "passthrough";

/// The endpoint of a Route with a hostname to which AKO gave an address; at most one.
///
/// AKO writes the address as the message, and its annotations as JSON in the reason, of a condition in the status.
/// With custom names, a Route that hands TLS through gives none.
pub fn ingest(route: &Route, place: Place<'_>) -> Ingested {
    let is_passthrough = route.termination.as_deref() == Some(PASSTHROUGH);
    let mut intake = Intake::new(Kind::Route, &route.meta, place);
    if place.naming.custom_global_fqdn && is_passthrough {
        if !route.admissions.is_empty() {
            let why = "it hands TLS through, and with useCustomGlobalFqdn such a Route is of no GSLB service (rule OBJ-02); \
                       give it another termination";
            intake.withhold(NAMELESS, why);
        }
        return intake.ingested;
    }
    let Some(hostname) = hostname(route, place) else {
        if !route.subdomain.is_empty() && !route.admissions.is_empty() {
            let why = format!(
                "it names the subdomain {:?} alone, and the GlobalDeploymentPolicy has no defaultDomain (rule EX-14); set \
                 one of spec.host and spec.defaultDomain",
                route.subdomain
            );
            intake.withhold(NAMELESS, &why);
        }
        return intake.ingested;
    };
    read_reasons(route, &hostname, &mut intake);
    let families = addresses(route, &hostname, place.clients);
    let backend = if is_passthrough {
        Backend::Passthrough
    } else {
        Backend::Paths { paths: intake.paths([&route.path]), tls: route.termination.is_some() }
    };
    match families {
        Some(families) => intake.offer(&hostname, families, backend),
        None => {
            if let Some(why) = silence::of_admissions(&route.admissions, &hostname, is_ako) {
                intake.withhold(&hostname, &why);
            }
        }
    }
    intake.ingested
}

/// The host as written, else the subdomain below the policy's default domain (EX-14); in its normal form.
fn hostname<'a>(route: &'a Route, place: Place<'_>) -> Option<Cow<'a, str>> {
    if route.host.is_empty() {
        return place.naming.below_default_domain(&route.subdomain).map(Cow::Owned);
    }
    Some(normal(&route.host))
}

/// The first address of each family in the messages of AKO's admissions. Other messages are for people.
fn addresses(route: &Route, hostname: &str, clients: Clients) -> Option<Families> {
    let ours = admissions(route, hostname).filter(|admission| is_ako(admission));
    let found = ours.flat_map(|admission| &admission.conditions);
    let mut found = found.filter_map(|condition| condition.message.parse::<IpAddr>().ok()).peekable();
    found.peek()?;
    let mut families = Families::of(clients);
    found.for_each(|address| families.first(address));
    Some(families)
}

fn admissions<'a>(route: &'a Route, hostname: &str) -> impl Iterator<Item = &'a RouteAdmission> {
    route.admissions.iter().filter(move |admission| same(&admission.host, hostname))
}

fn is_ako(admission: &RouteAdmission) -> bool {
    admission.router_name.starts_with(AKO_ROUTER)
}

/// What the reasons say comes before the annotations of the Route, which the intake has read.
fn read_reasons(route: &Route, hostname: &str, intake: &mut Intake<'_>) {
    let mut found = VirtualServices::default();
    let mut tenant = None;
    for admission in admissions(route, hostname) {
        let reason = match reason(admission) {
            Ok(reason) => reason,
            Err(why) => {
                intake.refuse(why);
                continue;
            }
        };
        let text = |key: &str| reason.get(key).map(String::as_str);
        if found.is_unknown() {
            match VirtualServices::read(text(VS_UUID_MAP), text(CLUSTER_UUID)) {
                Ok(read) => found = read,
                Err(why) => intake.refuse(format!("in the reason of a condition in its status, {why}")),
            }
        }
        tenant = tenant.or_else(|| text(TENANT).filter(|tenant| !tenant.is_empty()).map(str::to_owned));
    }
    if !found.is_unknown() {
        intake.know(found, "in the reason of a condition in its status,");
    }
    intake.tenant = tenant.or_else(|| intake.tenant.take());
}

/// The texts that an admission's first condition carries. Other routers write plain words there, which carry none.
///
/// # Errors
/// AKO wrote something that begins like a JSON object and is none of strings: the reason, for the owner of the Route.
fn reason(admission: &RouteAdmission) -> Result<BTreeMap<String, String>, String> {
    let text = admission.conditions.first().map(|condition| condition.reason.as_str()).unwrap_or_default();
    match serde_json::from_str(text) {
        Ok(texts) => Ok(texts),
        Err(error) if is_ako(admission) && text.starts_with('{') => Err(format!(
            "the reason that router {} wrote into its status is not a JSON object of texts ({error}); check the AKO of \
             this cluster",
            admission.router_name
        )),
        Err(_) => Ok(BTreeMap::new()),
    }
}
