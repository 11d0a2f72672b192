//! The endpoints of one FQDN that become members, all of one tenant.

use crate::core::endpoint::{Endpoint, EndpointKey};
use crate::core::policy::{DeploymentPolicy, Installation};
use crate::core::select::{Verdict, judge};
use crate::core::tenancy::tenant;

/// The Kubernetes members of a service, and what cannot be one.
pub(super) struct Selection<'a> {
    pub tenant: &'a str,
    /// In the order of their keys.
    pub members: Vec<&'a Endpoint>,
    /// In the order of the keys.
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
    /// known what the controller has (`held` is `None`), nobody is refused for it. `endpoints` are expected in the order
    /// of their keys.
    pub fn of(
        endpoints: &[&'a Endpoint],
        policy: &DeploymentPolicy,
        installation: &'a Installation,
        held: Option<&[&str]>,
    ) -> Self {
        let mut refused = Vec::new();
        let mut candidates = Vec::new();
        for &endpoint in endpoints {
            match admit(endpoint, policy, installation) {
                Ok(tenant) => candidates.push(Candidate { tenant, endpoint }),
                Err(reason) => refused.push((endpoint.key.clone(), reason)),
            }
        }
        let Some(&Candidate { tenant, endpoint: first }) = senior(&candidates, held.unwrap_or_default()) else {
            return Self { tenant: &installation.default_tenant, members: Vec::new(), refused };
        };
        let (members, others): (Vec<_>, Vec<_>) = candidates.iter().partition(|candidate| candidate.tenant == tenant);
        if held.is_some() {
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
            refused.sort();
        }
        Self { tenant, members: members.into_iter().map(|candidate| candidate.endpoint).collect(), refused }
    }

    /// The objects behind the members (rule GS-05). One object with several hostnames may have one entry for all.
    pub fn description(&self) -> String {
        let mut entries: Vec<String> = self.members.iter().map(|member| member.key.describe()).collect();
        entries.dedup();
        entries.join(",")
    }
}

/// The tenant of an endpoint that the policy selects.
fn admit<'a>(
    endpoint: &'a Endpoint,
    policy: &DeploymentPolicy,
    installation: &'a Installation,
) -> Result<&'a str, String> {
    match judge(endpoint, policy, installation) {
        Verdict::Member => tenant(endpoint, installation),
        Verdict::Refused(reason) => Err(reason),
    }
}

/// The oldest of those whose tenant has the service, else the oldest of all.
fn senior<'b, 'a>(candidates: &'b [Candidate<'a>], held: &[&str]) -> Option<&'b Candidate<'a>> {
    let rank = |candidate: &&Candidate<'a>| (!held.contains(&candidate.tenant), candidate.endpoint.seniority());
    candidates.iter().min_by(|a, b| rank(a).cmp(&rank(b)))
}
