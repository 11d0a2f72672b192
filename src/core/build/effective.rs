//! Where each property of a service comes from (`docs/RULES.md#where-a-property-comes-from`): from the host rule of
//! its FQDN, else from the policy, else from a default. One function per property.
//!
//! Numbers leave here within the controller's limits, whatever was let in.

#[cfg(test)]
mod tests;

use crate::core::endpoint::Endpoint;
use crate::core::gslb::{DownResponse, GeoFallback, PoolAlgorithm};
use crate::core::host_rule::{HostRule, RulePersistence, RuleState, ThirdParty};
use crate::core::policy::{DeploymentPolicy, MonitorChoice, MonitorSource, TrafficShare};
use std::net::IpAddr;

/// The longest time to live that the controller accepts, in seconds.
const MAX_TTL: u32 = 86_400;
/// The largest weight.
const MAX_RATIO: u32 = 20;
/// The highest priority.
const MAX_PRIORITY: u32 = 100;
/// The longest prefix of an address that a pool can hash.
const MAX_MASK: u32 = 31;

/// Host rule and policy, seen as one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effective<'a> {
    rule: Option<&'a HostRule>,
    policy: &'a DeploymentPolicy,
}

/// Site persistence as configured; whether the members allow it is another question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Persistence<'a> {
    pub profile: &'a str,
    /// `None`: the controller's default.
    pub pki_profile: Option<&'a str>,
}

impl<'a> Effective<'a> {
    /// # Errors
    /// What a rule that cannot be judged at present waits for: without it nothing is decided (DB-13).
    pub fn of(rule: &'a RuleState, policy: &'a DeploymentPolicy) -> Result<Self, &'a str> {
        let rule = match rule {
            RuleState::None => None,
            RuleState::Unknown(waits_for) => return Err(waits_for),
            RuleState::InForce(rule) => Some(&**rule).filter(|rule| !rule.managed),
        };
        Ok(Self { rule, policy })
    }

    /// Seconds.
    pub fn ttl(self) -> Option<u32> {
        self.rule_says(|rule| rule.ttl).or(self.policy.ttl).map(|ttl| ttl.min(MAX_TTL))
    }

    /// The control plane alone comes before any monitors, whoever asks for it. Of two sources the rule's counts,
    /// whatever their kinds.
    pub fn monitors(self) -> MonitorChoice<'a> {
        if self.rule_says(|rule| rule.control_plane_only).unwrap_or(self.policy.control_plane_only) {
            return MonitorChoice::ControlPlaneOnly;
        }
        match self.rule_says(|rule| rule.monitors.as_ref()).or(self.policy.monitors.as_ref()) {
            Some(MonitorSource::Refs(names)) => MonitorChoice::Refs(names),
            Some(MonitorSource::Template(template)) => MonitorChoice::Own(Some(template)),
            None => MonitorChoice::Own(None),
        }
    }

    /// A rule may switch persistence off; one that switches it on without a PKI profile takes the policy's.
    pub fn persistence(self) -> Option<Persistence<'a>> {
        let configured = self.policy.pki_profile.as_deref();
        match self.rule_says(|rule| rule.persistence.as_ref()) {
            Some(RulePersistence::Disabled) => None,
            Some(RulePersistence::Enabled { profile, pki_profile }) => {
                Some(Persistence { profile, pki_profile: pki_profile.as_deref().or(configured) })
            }
            None => {
                let profile = self.policy.site_persistence.as_deref()?;
                Some(Persistence { profile, pki_profile: configured })
            }
        }
    }

    pub fn algorithm(self) -> PoolAlgorithm {
        let chosen = self.rule_says(|rule| rule.algorithm).or(self.policy.algorithm);
        within_limits(chosen.unwrap_or(PoolAlgorithm::RoundRobin))
    }

    pub fn down_response(self) -> Option<DownResponse> {
        self.rule_says(|rule| rule.down_response).or(self.policy.down_response)
    }

    /// Of the members of a cluster. A rule that names other clusters only leaves this one to the policy (EX-24).
    pub fn share(self, cluster: &str) -> TrafficShare {
        let chosen = self.rule_says(|rule| rule.traffic_split.get(cluster));
        clamped(chosen.or_else(|| self.policy.traffic_split.get(cluster)).copied().unwrap_or_default())
    }

    /// Members outside every cluster, in the order of the rule.
    pub fn third_party(self) -> &'a [ThirdParty] {
        self.rule.map_or(&[], |rule| &rule.third_party)
    }

    /// Of a third-party site: the policy has no say.
    pub fn share_of_site(self, site: &str) -> TrafficShare {
        let chosen = self.rule_says(|rule| rule.traffic_split.get(site));
        clamped(chosen.copied().unwrap_or(TrafficShare { weight: 1, priority: 1 }))
    }

    /// Whether the rule wants no answers from the members of this cluster or third-party site.
    pub fn drains(self, name: &str) -> bool {
        self.rule.is_some_and(|rule| rule.drain.contains(name))
    }

    /// What public clients get instead of `address`. With an address of each family the public one belongs to the
    /// address of its own.
    pub fn public_address(self, endpoint: &Endpoint, address: IpAddr) -> Option<IpAddr> {
        let public = self.rule_says(|rule| rule.public_addresses.get(&endpoint.key.cluster)).copied()?;
        let alone = endpoint.addresses.iter().chain(endpoint.withheld_addresses()).count() == 1;
        (alone || public.is_ipv4() == address.is_ipv4()).then_some(public)
    }

    /// Rule OBJ-05: only the policy says so, and a cluster that it does not name is not.
    pub fn sync_vip_only(self, cluster: &str) -> bool {
        self.policy.clusters.get(cluster).is_some_and(|cluster| cluster.sync_vip_only)
    }

    fn rule_says<T>(self, property: impl FnOnce(&'a HostRule) -> Option<T>) -> Option<T> {
        self.rule.and_then(property)
    }
}

fn clamped(share: TrafficShare) -> TrafficShare {
    TrafficShare { weight: share.weight.clamp(1, MAX_RATIO), priority: share.priority.min(MAX_PRIORITY) }
}

fn within_limits(algorithm: PoolAlgorithm) -> PoolAlgorithm {
    let limited = |mask: u32| mask.clamp(1, MAX_MASK);
    match algorithm {
        PoolAlgorithm::ConsistentHash { mask } => PoolAlgorithm::ConsistentHash { mask: limited(mask) },
        PoolAlgorithm::Geo { fallback: GeoFallback::ConsistentHash { mask } } => {
            PoolAlgorithm::Geo { fallback: GeoFallback::ConsistentHash { mask: limited(mask) } }
        }
        other @ (PoolAlgorithm::RoundRobin
        | PoolAlgorithm::Topology
        | PoolAlgorithm::Geo { fallback: GeoFallback::RoundRobin }) => other,
    }
}
