//! Which endpoints the policy selects (`docs/RULES.md#selection`) and which of those can be members.

#[cfg(test)]
mod tests;

use super::endpoint::Endpoint;
use super::ingest::annotations::{CLUSTER_UUID, VS_UUID_MAP};
use super::pairs::Pairs;
use super::policy::{ClusterPolicy, DeploymentPolicy, Installation};
use super::tenancy::tenant;
use std::collections::BTreeMap;

/// Why an endpoint is not a member, in words for the object's owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Member,
    /// Names the rule of the policy, or what is missing, and the remedy.
    Refused(String),
}

/// Decides about one endpoint.
pub fn judge(endpoint: &Endpoint, policy: &DeploymentPolicy, installation: &Installation) -> Verdict {
    let checks = || {
        let cluster = matched_cluster(endpoint, policy)?;
        selected(endpoint, policy)?;
        tenant(endpoint, installation)?;
        offers_anything(endpoint)?;
        identified(endpoint, cluster)
    };
    match checks() {
        Ok(()) => Verdict::Member,
        Err(reason) => Verdict::Refused(reason),
    }
}

/// Whether the policy picks the endpoint, whatever else may keep it from being a member.
pub fn is_selected(endpoint: &Endpoint, policy: &DeploymentPolicy) -> bool {
    matched_cluster(endpoint, policy).is_ok() && selected(endpoint, policy).is_ok()
}

/// The cluster has to be in `matchClusters`.
fn matched_cluster(endpoint: &Endpoint, policy: &DeploymentPolicy) -> Result<ClusterPolicy, String> {
    let cluster = &endpoint.key.cluster;
    policy.clusters.get(cluster).copied().ok_or_else(|| {
        format!("cluster {cluster} is not in spec.matchClusters of the GlobalDeploymentPolicy; add it there")
    })
}

/// Every selector that is present has to match, and one has to be present. All labels of a selector count (DB-27).
fn selected(endpoint: &Endpoint, policy: &DeploymentPolicy) -> Result<(), String> {
    let DeploymentPolicy { app_selector, namespace_selector, .. } = policy;
    if app_selector.is_empty() && namespace_selector.is_empty() {
        return Err(
            "the GlobalDeploymentPolicy has neither appSelector nor namespaceSelector and so selects nothing; \
                    give spec.matchRules one of them"
                .to_owned(),
        );
    }
    if let Some((key, value)) = missing(app_selector, &endpoint.labels) {
        return Err(format!(
            "it lacks the label {key}: {value} of spec.matchRules.appSelector of the GlobalDeploymentPolicy; set the \
             label on the object"
        ));
    }
    if let Some((key, value)) = missing(namespace_selector, &endpoint.namespace_labels) {
        return Err(format!(
            "its namespace {} lacks the label {key}: {value} of spec.matchRules.namespaceSelector of the \
             GlobalDeploymentPolicy; set the label on the namespace",
            endpoint.key.namespace
        ));
    }
    Ok(())
}

fn missing<'a>(wanted: &'a BTreeMap<String, String>, labels: &Pairs) -> Option<(&'a String, &'a String)> {
    wanted.iter().find(|(key, value)| labels.get(key) != Some(value.as_str()))
}

/// OBJ-01: an object whose status has been written and gives no address never becomes ready by itself.
fn offers_anything(endpoint: &Endpoint) -> Result<(), String> {
    match &endpoint.withheld {
        Some(withheld) if endpoint.is_bare() => Err(withheld.reason.to_string()),
        _ => Ok(()),
    }
}

/// Rules OBJ-04 and DB-21: without the UUIDs of its virtual service an endpoint is no member, not even the first,
/// unless its cluster is `syncVipOnly`.
fn identified(endpoint: &Endpoint, cluster: ClusterPolicy) -> Result<(), String> {
    if cluster.sync_vip_only || endpoint.virtual_service.is_some() {
        return Ok(());
    }
    Err(format!(
        "the annotations {VS_UUID_MAP} and {CLUSTER_UUID} do not name a virtual service for {} yet (rule OBJ-04); AKO \
         writes them, or set syncVipOnly for cluster {} in spec.matchClusters",
        endpoint.key.hostname, endpoint.key.cluster
    ))
}
