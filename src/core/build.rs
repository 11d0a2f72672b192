//! Endpoints and policy to the GSLB service they ask for: see `docs/RULES.md#services`.

mod pools;
#[cfg(test)]
mod tests;

use super::endpoint::{Backend, Endpoint, EndpointKey};
use super::gslb::{GslbService, HealthMonitor, SitePersistence};
use super::host_rule::RuleState;
use super::monitor::{OwnMonitors, Subject};
use super::policy::{DeploymentPolicy, DeploymentState, Installation, MonitorChoice, MonitorSource, PolicySnapshot};
use super::references::{Catalog, Question};
use super::select::{Verdict, judge};
use super::tenancy::tenant;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

/// What should be on the controller for one FQDN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Too little is known to decide: leave the controller as it is.
    Wait(&'static str),
    /// No service and no monitors.
    Nothing,
    Service(Box<Desired>),
}

/// A service with the monitors that it owns, in the order of its references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    pub service: GslbService,
    pub monitors: Vec<HealthMonitor>,
}

/// The decision, and what people want to know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    pub decision: Decision,
    /// Each endpoint that is not a member, or a member with a limitation, with the reason; in the order of the keys.
    pub refused: Vec<(EndpointKey, String)>,
    /// What is behind each member, in the order of the members of the pools.
    pub members: Vec<Placed>,
    /// What the controller's limits leave out of the service as a whole, in words.
    pub limitations: Vec<String>,
    /// What has to be found out before the decision is final.
    pub questions: BTreeSet<Question>,
}

/// A member, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub origin: Origin,
    pub address: IpAddr,
    pub public_address: Option<IpAddr>,
    /// 1 to 20.
    pub ratio: u32,
    /// 0 to 100.
    pub priority: u32,
}

/// What is behind a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Object(EndpointKey),
    /// The third-party site of this name.
    Site(String),
}

/// What decides about one FQDN, beside its endpoints.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    pub fqdn: &'a str,
    pub policy: &'a PolicySnapshot,
    pub rule: &'a RuleState,
    /// Further domain names that belong to this service.
    pub aliases: &'a [Arc<str>],
    /// What is known about the objects that policy and rule refer to.
    pub catalog: &'a Catalog,
}

impl<'a> Inputs<'a> {
    /// Without rule, aliases and references.
    pub fn plain(fqdn: &'a str, policy: &'a PolicySnapshot) -> Self {
        Self { fqdn, policy, rule: &RuleState::None, aliases: &[], catalog: Catalog::EMPTY }
    }
}

/// Decides what an FQDN should look like. The order of `endpoints` does not matter; their keys are distinct.
pub fn build<'a>(inputs: Inputs<'_>, endpoints: impl IntoIterator<Item = &'a Endpoint>) -> Built {
    let Inputs { fqdn, policy, .. } = inputs;
    let Some(installation) = &policy.installation else { return wait("no GSLBConfig is active") };
    let mut endpoints: Vec<&Endpoint> = endpoints.into_iter().collect();
    endpoints.sort_by(|a, b| a.key.cmp(&b.key));
    match &policy.deployment {
        DeploymentState::Unknown => wait("no GlobalDeploymentPolicy has been seen or was valid so far"),
        DeploymentState::Absent => without_policy(&endpoints),
        DeploymentState::InForce(deployment) => {
            Selection::of(&endpoints, deployment, installation).build(fqdn, deployment)
        }
    }
}

impl Built {
    fn of(decision: Decision, refused: Vec<(EndpointKey, String)>) -> Self {
        Self { decision, refused, members: Vec::new(), limitations: Vec::new(), questions: BTreeSet::new() }
    }
}

fn wait(reason: &'static str) -> Built {
    Built::of(Decision::Wait(reason), Vec::new())
}

/// The deletion of the policy empties every service.
fn without_policy(endpoints: &[&Endpoint]) -> Built {
    let reason = "there is no GlobalDeploymentPolicy, so nothing is selected; create one";
    let refused = endpoints.iter().map(|endpoint| (endpoint.key.clone(), reason.to_owned())).collect();
    Built::of(Decision::Nothing, refused)
}

/// The endpoints that become members, all of one tenant.
struct Selection<'a> {
    tenant: &'a str,
    /// In the order of their keys.
    members: Vec<&'a Endpoint>,
    refused: Vec<(EndpointKey, String)>,
}

impl<'a> Selection<'a> {
    /// The tenant is that of the first selected endpoint (rule GS-01); those of other tenants cannot join (rule
    /// TEN-05).
    fn of(endpoints: &[&'a Endpoint], policy: &DeploymentPolicy, installation: &'a Installation) -> Self {
        let mut selection = Self { tenant: &installation.default_tenant, members: Vec::new(), refused: Vec::new() };
        for &endpoint in endpoints {
            if let Err(reason) = selection.admit(endpoint, policy, installation) {
                selection.refused.push((endpoint.key.clone(), reason));
            }
        }
        selection
    }

    fn admit(
        &mut self,
        endpoint: &'a Endpoint,
        policy: &DeploymentPolicy,
        installation: &'a Installation,
    ) -> Result<(), String> {
        if let Verdict::Refused(reason) = judge(endpoint, policy, installation) {
            return Err(reason);
        }
        let tenant = tenant(endpoint, installation)?;
        match self.members.first() {
            Some(first) if tenant != self.tenant => {
                return Err(format!(
                    "it is of tenant {tenant:?}, but GSLB service {} is of tenant {:?} because of {} (rule TEN-05); \
                     give both namespaces the same tenant",
                    endpoint.key.hostname, self.tenant, first.key
                ));
            }
            _ => self.tenant = tenant,
        }
        self.members.push(endpoint);
        Ok(())
    }

    fn build(mut self, fqdn: &str, policy: &DeploymentPolicy) -> Built {
        if self.members.is_empty() {
            return Built::of(Decision::Nothing, self.refused);
        }
        let OwnMonitors { monitors, unmonitored } = match choice(policy) {
            MonitorChoice::Own(_) => Subject { tenant: self.tenant, gs_name: fqdn }.monitors(&self.members),
            MonitorChoice::Refs(_) | MonitorChoice::ControlPlaneOnly => OwnMonitors::default(),
        };
        self.refused.extend(unmonitored);
        self.refused.sort();
        let service = self.service(fqdn, policy, &monitors);
        Built::of(Decision::Service(Box::new(Desired { service, monitors })), self.refused)
    }

    fn service(&self, fqdn: &str, policy: &DeploymentPolicy, own: &[HealthMonitor]) -> GslbService {
        GslbService {
            tenant: self.tenant.to_owned(),
            name: fqdn.to_owned(),
            domain_names: vec![fqdn.to_owned()],
            description: self.members.iter().map(|member| member.key.describe()).collect::<Vec<_>>().join(","),
            pools: pools::pools(&self.members, policy),
            monitors: match choice(policy) {
                MonitorChoice::Refs(names) => names.to_vec(),
                MonitorChoice::Own(_) | MonitorChoice::ControlPlaneOnly => own.iter().map(|m| m.name.clone()).collect(),
            },
            ttl: policy.ttl,
            down_response: policy.down_response,
            persistence: self.persistence(policy),
        }
    }

    /// Only while every member is secure (DB-31).
    fn persistence(&self, policy: &DeploymentPolicy) -> Option<SitePersistence> {
        let profile = policy.site_persistence.clone()?;
        let secure = self.members.iter().all(|member| matches!(member.backend, Backend::Paths { tls: true, .. }));
        secure.then(|| SitePersistence { profile, pki_profile: policy.pki_profile.clone() })
    }
}

fn choice(policy: &DeploymentPolicy) -> MonitorChoice<'_> {
    match &policy.monitors {
        _ if policy.control_plane_only => MonitorChoice::ControlPlaneOnly,
        Some(MonitorSource::Refs(names)) => MonitorChoice::Refs(names),
        Some(MonitorSource::Template(template)) => MonitorChoice::Own(Some(template)),
        None => MonitorChoice::Own(None),
    }
}
