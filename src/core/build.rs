//! Endpoints, policy and host rule to the GSLB service they ask for: see `docs/RULES.md#services`.

mod effective;
mod held;
mod monitoring;
mod omitted;
mod persistence;
mod pools;
mod selection;
mod staying;
mod switches;
#[cfg(test)]
mod tests;

use super::dns_name;
use super::endpoint::{Endpoint, EndpointKey};
use super::gslb::{GslbService, HealthMonitor};
use super::host_rule::RuleState;
use super::monitor::Subject;
use super::omission::Omissions;
use super::plan::{Observed, ObservedService};
use super::policy::{DeploymentState, Installation, PolicySnapshot};
use super::references::{Catalog, Question};
use effective::Effective;
use held::Held;
use monitoring::Monitoring;
use omitted::{Limits, Omitted};
use pools::Arrangement;
use selection::Selection;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

/// What should be on the controller for one FQDN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Too little is known to decide: leave the controller as it is. Carries what it waits for, for people.
    Wait(Cow<'static, str>),
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
    /// What is behind each member, in the order of the members of the pools; empty without a service.
    pub members: Vec<Placed>,
    /// What the controller's limits leave out of the service as a whole, in words.
    pub limitations: Vec<String>,
    /// Domain names that the service cannot have, and why; they are among the limitations.
    pub refused_names: Vec<(String, String)>,
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
    /// Why it gets no answers, when it is switched off.
    pub drained: Option<Drained>,
}

/// Who switched a member off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    ByRule,
    /// A person, there: the member, its pool or its service.
    OnController,
}

impl Drained {
    /// As a status says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::ByRule => "ByRule",
            Self::OnController => "OnController",
        }
    }
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
    /// What the controller has for the FQDN; `None` while that is not known. A service that exists keeps the spelling of
    /// its names, and members that only a later rule would refuse.
    pub present: Option<&'a Observed>,
    /// What the controller refused of it.
    pub omissions: &'a Omissions,
    /// Clusters and sites that a rule kept switched off until now.
    pub released: &'a BTreeSet<String>,
    /// What is known about the objects that policy and rule refer to.
    pub catalog: &'a Catalog,
}

impl<'a> Inputs<'a> {
    /// Without rule, aliases and references, of a service that the controller does not have.
    pub fn plain(fqdn: &'a str, policy: &'a PolicySnapshot) -> Self {
        Self {
            fqdn,
            policy,
            rule: &RuleState::None,
            aliases: &[],
            present: Some(Observed::EMPTY),
            omissions: Omissions::NONE,
            released: const { &BTreeSet::new() },
            catalog: Catalog::EMPTY,
        }
    }
}

impl<'a> Inputs<'a> {
    /// The services of this name that the controller has, usually one or none.
    fn services(&self) -> Option<impl Iterator<Item = &'a ObservedService>> {
        let fqdn = self.fqdn;
        self.present
            .map(|present| present.services().filter(move |service| dns_name::same(&service.content.name, fqdn)))
    }

    /// Their tenants.
    fn tenants(&self) -> Option<Vec<&'a str>> {
        self.services().map(|services| services.map(|service| service.content.tenant.as_str()).collect())
    }
}

/// Decides what an FQDN should look like. The order of `endpoints` does not matter; their keys are distinct.
pub fn build<'a>(inputs: Inputs<'_>, endpoints: impl IntoIterator<Item = &'a Endpoint>) -> Built {
    let Some(installation) = &inputs.policy.installation else {
        return Built::of(Decision::Wait("no GSLBConfig is active".into()), Vec::new());
    };
    let mut endpoints: Vec<&Endpoint> = endpoints.into_iter().collect();
    endpoints.sort_by(|a, b| a.key.cmp(&b.key));
    match &inputs.policy.deployment {
        DeploymentState::Unknown => {
            Built::of(Decision::Wait("no GlobalDeploymentPolicy has been seen or was valid so far".into()), Vec::new())
        }
        DeploymentState::Missing => Built::of(
            Decision::Wait(
                "there is no GlobalDeploymentPolicy, and nobody is known to have deleted the one that was in force; create one"
                    .into(),
            ),
            Vec::new(),
        ),
        DeploymentState::Absent => without_policy(&endpoints),
        DeploymentState::InForce(deployment) => {
            let selection = Selection::of(
                &endpoints,
                deployment,
                installation,
                inputs.tenants().as_deref(),
                Held::of(inputs.present),
            );
            match Effective::of(inputs.rule, deployment) {
                // Third-party members do not make a service (DB-23), so without others no rule matters.
                _ if selection.members.is_empty() => Built::of(Decision::Nothing, selection.refused),
                Ok(effective) => selection.build(inputs, effective, installation),
                Err(reason) => Built::of(Decision::Wait(reason.to_owned().into()), selection.refused),
            }
        }
    }
}

/// Whether the policy selects any of the endpoints; while none is known, whether there are any. What is withheld may be
/// on the controller, and counts.
pub fn has_members<'a>(policy: &PolicySnapshot, endpoints: impl IntoIterator<Item = &'a Endpoint>) -> bool {
    let endpoints: Vec<&Endpoint> = endpoints.into_iter().collect();
    match (&policy.installation, &policy.deployment) {
        (None, _) | (_, DeploymentState::Unknown | DeploymentState::Missing) => !endpoints.is_empty(),
        (Some(_), DeploymentState::Absent) => false,
        (Some(installation), DeploymentState::InForce(deployment)) => {
            !Selection::of(&endpoints, deployment, installation, None, Held::ANYTHING).members.is_empty()
        }
    }
}

impl Built {
    /// Without a service.
    fn of(decision: Decision, refused: Vec<(EndpointKey, String)>) -> Self {
        Self {
            decision,
            refused,
            members: Vec::new(),
            limitations: Vec::new(),
            refused_names: Vec::new(),
            questions: BTreeSet::new(),
        }
    }
}

/// The deletion of the policy empties every service.
fn without_policy(endpoints: &[&Endpoint]) -> Built {
    let reason = "there is no GlobalDeploymentPolicy, so nothing is selected; create one";
    let refused = endpoints.iter().map(|endpoint| (endpoint.key.clone(), reason.to_owned())).collect();
    Built::of(Decision::Nothing, refused)
}

impl Selection<'_> {
    fn build(mut self, inputs: Inputs<'_>, effective: Effective<'_>, installation: &Installation) -> Built {
        let persistence = match persistence::resolve(&self.members, effective, self.tenant, inputs.catalog) {
            Ok(persistence) => persistence,
            Err(question) => return self.undecided(question),
        };
        let held = Held::of(inputs.present);
        let name = held.service_name(self.tenant, inputs.fqdn);
        let subject = Subject { tenant: self.tenant, gs_name: name };
        let monitoring = Monitoring::of(effective.monitors(), subject, &self.members, &installation.owner);
        let before: Vec<&GslbService> =
            inputs.services().into_iter().flatten().map(|service| &service.content).collect();
        let here = before.iter().copied().find(|before| before.tenant == self.tenant).or(before.first().copied());
        let limits = Limits { omissions: inputs.omissions, gslb: inputs.catalog.gslb(), before: here };
        let arrangement = pools::arrange(&self.members, effective, held, limits, |bare| monitoring.min_up(bare));
        let Monitoring { references, own, unmonitored, limitation, .. } = monitoring;
        self.refused.extend(unmonitored);
        let (domain_names, no_names) = domain_names(inputs, held, name);
        let Arrangement { pools, placed: mut members, left_out, refused: staying } = arrangement;
        let service = GslbService {
            tenant: self.tenant.to_owned(),
            name: name.to_owned(),
            domain_names,
            description: self.description(),
            pools,
            monitors: references,
            ttl: effective.ttl(),
            down_response: effective.down_response(),
            persistence,
            enabled: true,
        };
        let mut desired = Desired { service, monitors: own };
        let Omitted { refused, limitations, names } = limits.apply(&mut desired, &mut members, &self.members);
        switches::apply(&mut desired.service, &mut members, &before, effective, inputs.released);
        self.refused.extend(staying.into_iter().chain(refused));
        let unnamed = no_names.iter().map(|(_, why)| format!("an alias of a HostRule is not used: {why}"));
        let unnamed: Vec<String> = unnamed.collect();
        Built {
            decision: Decision::Service(Box::new(desired)),
            refused: one_each(self.refused),
            members,
            limitations: limitation.into_iter().chain(left_out).chain(unnamed).chain(limitations).collect(),
            refused_names: no_names.into_iter().chain(names).collect(),
            questions: BTreeSet::new(),
        }
    }

    /// While a question is open the controller keeps what it has, so that nothing is switched off and on again.
    fn undecided(self, question: Question) -> Built {
        let waits_for = format!(
            "site persistence needs a PKI profile, none is configured, and whether the controller has a federated one \
             in tenant {:?} is not known yet",
            self.tenant
        );
        Built { questions: [question].into(), ..Built::of(Decision::Wait(waits_for.into()), self.refused) }
    }
}

/// The name and the aliases, sorted bytewise, each once (`docs/RULES.md#aliases`), in the spelling that the controller
/// has; and the aliases that are none, with the reason. Of those, one that the controller has stays.
fn domain_names(inputs: Inputs<'_>, held: Held<'_>, name: &str) -> (Vec<String>, Vec<(String, String)>) {
    let mut names: BTreeSet<&str> = [held.domain_name(inputs.fqdn).unwrap_or(name)].into();
    let mut left_out = Vec::new();
    for alias in inputs.aliases {
        match (held.domain_name(alias), dns_name::check(alias)) {
            (Some(known), _) => drop(names.insert(known)),
            (None, Ok(())) => drop(names.insert(alias)),
            (None, Err(why)) => left_out.push((alias.to_string(), why.to_string())),
        }
    }
    (names.into_iter().map(str::to_owned).collect(), left_out)
}

/// All that is to be said of one endpoint in one sentence, in the order of the keys.
fn one_each(mut refused: Vec<(EndpointKey, String)>) -> Vec<(EndpointKey, String)> {
    refused.sort();
    refused.dedup_by(|next, first| {
        let same = next.0 == first.0;
        if same {
            first.1.push_str("; ");
            first.1.push_str(&next.1);
        }
        same
    });
    refused
}
