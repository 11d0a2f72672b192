//! Pools and members of a GSLB service: see `docs/RULES.md#pools-and-members`.

use crate::core::endpoint::Endpoint;
use crate::core::gslb::{Member, Pool, PoolAlgorithm};
use crate::core::policy::{DeploymentPolicy, MonitorChoice, TrafficShare};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// One pool per priority, the highest first; members keep the order of `endpoints`.
pub(super) fn pools(endpoints: &[&Endpoint], policy: &DeploymentPolicy) -> Vec<Pool> {
    let mut by_priority: BTreeMap<u32, Vec<Member>> = BTreeMap::new();
    for endpoint in unique(endpoints, policy) {
        let share = share(endpoint, policy);
        by_priority.entry(share.priority).or_default().push(member(endpoint, policy, share.weight));
    }
    let pool = |(priority, members)| Pool {
        priority,
        algorithm: policy.algorithm.unwrap_or(PoolAlgorithm::RoundRobin),
        min_health_monitors_up: min_health_monitors_up(&super::choice(policy)),
        members,
    };
    by_priority.into_iter().rev().map(pool).collect()
}

/// DB-26: the same address twice is one member, unless two virtual services or two clusters have it.
fn unique<'a>(endpoints: &[&'a Endpoint], policy: &DeploymentPolicy) -> Vec<&'a Endpoint> {
    let mut seen: BTreeSet<(bool, &str, Option<IpAddr>)> = BTreeSet::new();
    let mut unique = Vec::new();
    for &endpoint in endpoints {
        let identity = match &endpoint.virtual_service {
            Some(found) if !sync_vip_only(endpoint, policy) => {
                (true, found.vs_uuid.as_str(), endpoint.addresses.iter().next())
            }
            _ => (false, endpoint.key.cluster.as_str(), endpoint.addresses.iter().next()),
        };
        if seen.insert(identity) {
            unique.push(endpoint);
        }
    }
    unique
}

/// A member of a `syncVipOnly` cluster names no virtual service.
fn member(endpoint: &Endpoint, policy: &DeploymentPolicy, ratio: u32) -> Member {
    let named = endpoint.virtual_service.as_ref().filter(|_| !sync_vip_only(endpoint, policy));
    Member {
        address: endpoint.addresses.first(),
        ratio,
        cluster_uuid: named.map(|found| found.cluster_uuid.clone()),
        vs_uuid: named.map(|found| found.vs_uuid.clone()),
        public_address: None,
    }
}

fn share(endpoint: &Endpoint, policy: &DeploymentPolicy) -> TrafficShare {
    policy.traffic_split.get(&endpoint.key.cluster).copied().unwrap_or_default()
}

/// Rule OBJ-05: a cluster that the policy does not name is not.
fn sync_vip_only(endpoint: &Endpoint, policy: &DeploymentPolicy) -> bool {
    policy.clusters.get(&endpoint.key.cluster).is_some_and(|cluster| cluster.sync_vip_only)
}

/// DB-29: with references, all of them and the control plane have to be up, in every pool.
fn min_health_monitors_up(health: &MonitorChoice<'_>) -> u32 {
    match health {
        MonitorChoice::ControlPlaneOnly => 1,
        MonitorChoice::Own(_) => 2,
        MonitorChoice::Refs(names) => u32::try_from(names.len()).unwrap_or(u32::MAX).saturating_add(1),
    }
}
