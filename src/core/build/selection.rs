//! The endpoints of one FQDN that become members, all of one tenant.

use super::held::Held;
use crate::core::endpoint::{Endpoint, EndpointKey, Withheld};
use crate::core::policy::{DeploymentPolicy, Installation};
use crate::core::select::{Verdict, judge};
use crate::core::tenancy::tenant;
use std::net::IpAddr;

/// The Kubernetes members of a service, and what cannot be one.
pub(super) struct Selection<'a> {
    pub tenant: &'a str,
    /// In the order of their keys.
    pub members: Vec<&'a Endpoint>,
    /// In the order of the keys; also members, with what of them is withheld.
    pub refused: Vec<(EndpointKey, String)>,
}

/// An endpoint that the policy selects.
struct Candidate<'a> {
    tenant: &'a str,
    endpoint: &'a Endpoint,
}

impl<'a> Selection<'a> {
    /// Who is there stays: the tenant in which the controller has the service keeps it while it has a member; else it is
    /// that of the oldest selected object (rule GS-01). Those of other tenants cannot join (rule TEN-05); while it is not
    /// known what the controller has (`tenants` is `None`), nobody is refused for it. `endpoints` are expected in the order
    /// of their keys.
    pub fn of(
        endpoints: &[&'a Endpoint],
        policy: &DeploymentPolicy,
        installation: &'a Installation,
        tenants: Option<&[&str]>,
        held: Held<'_>,
    ) -> Self {
        let mut refused = Vec::new();
        let mut candidates = Vec::new();
        for &endpoint in endpoints {
            match admit(endpoint, policy, installation, held) {
                Ok(tenant) => candidates.push(Candidate { tenant, endpoint }),
                Err(reason) => refused.push((endpoint.key.clone(), reason)),
            }
        }
        let Some(&Candidate { tenant, endpoint: first }) = senior(&candidates, tenants.unwrap_or_default()) else {
            return Self { tenant: &installation.default_tenant, members: Vec::new(), refused };
        };
        let (members, others): (Vec<_>, Vec<_>) = candidates.iter().partition(|candidate| candidate.tenant == tenant);
        let limited =
            members.iter().filter_map(|member| Some((member.endpoint.key.clone(), limitation(member.endpoint, held)?)));
        refused.extend(limited);
        if tenants.is_some() {
            let of_another = |other: &&Candidate<'_>| {
                let reason = format!(
                    "it is of tenant {:?}, but GSLB service {} is of tenant {tenant:?} because of {}, which was there \
                     before (rule TEN-05); give both namespaces the same tenant",
                    other.tenant,
                    first.gs_name(),
                    first.key
                );
                (other.endpoint.key.clone(), reason)
            };
            refused.extend(others.iter().map(of_another));
        }
        refused.sort();
        Self { tenant, members: members.into_iter().map(|candidate| candidate.endpoint).collect(), refused }
    }

    /// The objects behind the members (rule GS-05). One object with several hostnames may have one entry for all.
    pub fn description(&self) -> String {
        let mut entries: Vec<String> = self.members.iter().map(|member| member.key.describe()).collect();
        entries.dedup();
        entries.join(",")
    }
}

/// The tenant of an endpoint that the policy selects. One of which everything is withheld is let in only for what the
/// controller has of it.
fn admit<'a>(
    endpoint: &'a Endpoint,
    policy: &DeploymentPolicy,
    installation: &'a Installation,
    held: Held<'_>,
) -> Result<&'a str, String> {
    if let Verdict::Refused(reason) = judge(endpoint, policy, installation) {
        return Err(reason);
    }
    match &endpoint.withheld {
        Some(withheld) if endpoint.addresses.is_empty() && kept(endpoint, held).is_empty() => {
            Err(withheld.reason.to_string())
        }
        _ => tenant(endpoint, installation),
    }
}

/// The oldest of those whose tenant has the service, else the oldest of all.
fn senior<'b, 'a>(candidates: &'b [Candidate<'a>], held: &[&str]) -> Option<&'b Candidate<'a>> {
    let rank = |candidate: &&Candidate<'a>| (!held.contains(&candidate.tenant), candidate.endpoint.seniority());
    candidates.iter().min_by(|a, b| rank(a).cmp(&rank(b)))
}

/// The withheld addresses of an endpoint that stay, because the controller has them.
pub(super) fn kept(endpoint: &Endpoint, held: Held<'_>) -> Vec<IpAddr> {
    endpoint.withheld_addresses().filter(|address| held.has_member(*address)).collect()
}

/// What of a member is withheld, or stays although it would not be let in any more.
fn limitation(endpoint: &Endpoint, held: Held<'_>) -> Option<String> {
    let Withheld { reason, .. } = endpoint.withheld.as_deref()?;
    let kept: Vec<String> = kept(endpoint, held).iter().map(IpAddr::to_string).collect();
    if kept.is_empty() {
        return Some(format!("not all of it is used: {reason}"));
    }
    Some(format!(
        "{} stays only because the controller has it already, and leaves with the object: {reason}",
        kept.join(" and ")
    ))
}
