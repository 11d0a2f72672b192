//! From what the user wrote to a policy that can be trusted (rule GDP-05). The texts end up in `status.errorStatus`
//! and are those of upstream, byte for byte; a text without a row there says so.

use super::{ClusterPolicy, DeploymentPolicy, MonitorSource, TrafficShare, algorithm, down_response};
use crate::crd::{GlobalDeploymentPolicySpec, MatchCluster, Selector, TrafficSplitEntry};
use std::collections::{BTreeMap, BTreeSet};

type Labels = BTreeMap<String, String>;

/// Checks a GlobalDeploymentPolicy against the clusters of the GSLBConfig. What needs a look at the controller (rows
/// 8, 9, 11b and 12b: do the named monitors and profiles exist) is not checked here; until that look exists, a
/// `healthMonitorTemplate` is accepted and has no effect.
///
/// # Errors
/// The text for `status.errorStatus`; the first failure in the order of the rows.
pub fn validate(
    spec: &GlobalDeploymentPolicySpec,
    known_clusters: &BTreeSet<String>,
) -> Result<DeploymentPolicy, String> {
    let app_selector = app_selector(spec.match_rules.app_selector.as_ref())?;
    let namespace_selector = namespace_selector(spec.match_rules.namespace_selector.as_ref())?;
    let clusters = match_clusters(&spec.match_clusters, known_clusters)?;
    let traffic_split = traffic_split(&spec.traffic_split, known_clusters)?;
    let monitors = monitors(spec)?;
    let algorithm = spec.pool_algorithm_settings.as_ref().map(algorithm::read).transpose();
    let algorithm = algorithm.map_err(|detail| format!("invalid pool algorithm: {detail}"))?;
    let site_persistence = reference(spec.site_persistence_ref.as_ref(), "site persistence")?;
    let pki_profile = reference(spec.pki_profile_ref.as_ref(), "pki profile")?;
    let down_response = spec.down_response.as_ref().map(down_response::read).transpose();
    let down_response = down_response.map_err(|detail| format!("invalid down response configuration: {detail}"))?;
    Ok(DeploymentPolicy {
        app_selector,
        namespace_selector,
        clusters,
        traffic_split,
        ttl: spec.ttl.map(ttl).transpose()?,
        control_plane_only: spec.control_plane_hm_only.unwrap_or(false),
        monitors,
        site_persistence,
        pki_profile,
        algorithm,
        down_response,
        default_domain: spec.default_domain.clone().filter(|domain| !domain.is_empty()),
    })
}

/// Rows 1 and 1b; the two spaces are upstream's.
fn app_selector(selector: Option<&Selector>) -> Result<Labels, String> {
    labels(
        selector,
        ["label value is missing for key  for appSelector", "label key is missing for value  for appSelector"],
    )
}

/// Rows 2 and 2b.
fn namespace_selector(selector: Option<&Selector>) -> Result<Labels, String> {
    labels(
        selector,
        [
            "label value is missing for key for namespaceSelector",
            "label key is missing for value for namespaceSelector",
        ],
    )
}

fn labels(selector: Option<&Selector>, [empty_key, empty_value]: [&str; 2]) -> Result<Labels, String> {
    let labels = selector.map(|selector| selector.label.clone()).unwrap_or_default();
    for (key, value) in &labels {
        if key.is_empty() {
            return Err(empty_key.to_owned());
        }
        if value.is_empty() {
            return Err(empty_value.to_owned());
        }
    }
    Ok(labels)
}

/// Row 3; the first entry of a cluster counts.
fn match_clusters(
    entries: &[MatchCluster],
    known: &BTreeSet<String>,
) -> Result<BTreeMap<String, ClusterPolicy>, String> {
    let mut clusters = BTreeMap::new();
    for MatchCluster { cluster, sync_vip_only } in entries {
        if !known.contains(cluster) {
            return Err(format!("cluster context {cluster} not present in GSLBConfig"));
        }
        clusters.entry(cluster.clone()).or_insert(ClusterPolicy { sync_vip_only: *sync_vip_only });
    }
    Ok(clusters)
}

/// Rows 4 to 6, all of one entry before the next; the first entry of a cluster counts.
fn traffic_split(
    entries: &[TrafficSplitEntry],
    known: &BTreeSet<String>,
) -> Result<BTreeMap<String, TrafficShare>, String> {
    let mut split = BTreeMap::new();
    for entry in entries {
        let TrafficSplitEntry { cluster, weight, priority } = entry;
        if !known.contains(cluster) {
            return Err(format!("cluster {cluster} in traffic policy not present in GSLBConfig"));
        }
        let share = TrafficShare {
            weight: within(*weight, 1, 20)
                .ok_or_else(|| format!("traffic weight {weight} must be between 1 and 20"))?,
            priority: within(*priority, 0, 100)
                .ok_or_else(|| format!("priority {priority} must be between 1 and 100"))?,
        };
        split.entry(cluster.clone()).or_insert(share);
    }
    Ok(split)
}

/// Row 7.
fn monitors(spec: &GlobalDeploymentPolicySpec) -> Result<Option<MonitorSource>, String> {
    let template = spec.health_monitor_template.as_deref().is_some_and(|name| !name.is_empty());
    let refs = &spec.health_monitor_refs;
    if template && !refs.is_empty() {
        return Err("health monitor reference and template cannot be specified together".to_owned());
    }
    Ok((!refs.is_empty()).then(|| MonitorSource::Refs(refs.clone())))
}

/// Rows 11 and 12.
fn reference(name: Option<&String>, what: &str) -> Result<Option<String>, String> {
    match name {
        Some(name) if name.is_empty() => Err(format!("empty string as {what} reference not supported")),
        name => Ok(name.cloned()),
    }
}

/// Upstream leaves this range to the schema, which objects stored earlier may violate.
fn ttl(seconds: i32) -> Result<u32, String> {
    within(seconds, 0, 86_400).ok_or_else(|| format!("ttl {seconds} must be between 0 and 86400"))
}

/// `value` when it is from `low` to `high`, both included and neither negative.
pub(super) fn within(value: i32, low: u32, high: u32) -> Option<u32> {
    u32::try_from(value).ok().filter(|value| (low..=high).contains(value))
}
