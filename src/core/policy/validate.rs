//! From what the user wrote to a policy that can be trusted (rule GDP-05). The texts end up in `status.errorStatus`
//! and are those of upstream, byte for byte; a text without a row there says so.

use super::monitors::{self, Texts};
use super::{ClusterPolicy, DeploymentPolicy, MonitorSource, TrafficShare, algorithm, down_response};
use crate::core::dns_name::{self, normal};
use crate::core::references::{Question, Stop, Surroundings, Validation};
use crate::crd::global_deployment_policy::ONE_MONITOR_SOURCE;
use crate::crd::{GlobalDeploymentPolicySpec, MatchCluster, Selector, TrafficSplitEntry};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

type Labels = BTreeMap<String, String>;

/// Checks a GlobalDeploymentPolicy against the clusters of the GSLBConfig and what is known of the controller. A
/// template's content as it is now is part of the result and serves all tenants (DB-18).
pub fn validate(spec: &GlobalDeploymentPolicySpec, around: Surroundings<'_>) -> Validation<DeploymentPolicy> {
    let checked = check(spec, around).map(|policy| (policy, limitations(spec)));
    Validation::new(checked, questions(spec, around), around.catalog)
}

/// Everything that the policy refers to on the controller.
pub fn questions(spec: &GlobalDeploymentPolicySpec, around: Surroundings<'_>) -> BTreeSet<Question> {
    let monitors = spec.health_monitor_refs.iter().chain(&spec.health_monitor_template);
    around.questions(monitors, spec.site_persistence_ref.as_ref(), spec.pki_profile_ref.as_ref())
}

/// The rows in their order.
fn check(spec: &GlobalDeploymentPolicySpec, around: Surroundings<'_>) -> Result<DeploymentPolicy, Stop> {
    let app_selector = app_selector(spec.match_rules.app_selector.as_ref())?;
    let namespace_selector = namespace_selector(spec.match_rules.namespace_selector.as_ref())?;
    selects_something(&app_selector, &namespace_selector, &spec.match_clusters)?;
    let clusters = match_clusters(&spec.match_clusters, around.clusters)?;
    let traffic_split = traffic_split(&spec.traffic_split, around.clusters)?;
    let monitors = monitors(spec, around)?;
    let algorithm = spec.pool_algorithm_settings.as_ref().map(algorithm::read).transpose();
    let algorithm = algorithm.map_err(|detail| format!("invalid pool algorithm: {detail}"))?;
    let site_persistence = site_persistence(spec.site_persistence_ref.as_ref(), around)?;
    let pki_profile = pki_profile(spec.pki_profile_ref.as_ref(), around)?;
    let down_response = spec.down_response.as_ref().map(down_response::read).transpose();
    let down_response = down_response.map_err(|detail| format!("invalid down response configuration: {detail}"))?;
    Ok(DeploymentPolicy {
        app_selector,
        namespace_selector,
        clusters,
        taken_out: BTreeSet::new(),
        traffic_split,
        ttl: spec.ttl.map(ttl).transpose()?,
        control_plane_only: spec.control_plane_hm_only.unwrap_or(false),
        monitors,
        site_persistence,
        pki_profile,
        algorithm,
        down_response,
        default_domain: spec
            .default_domain
            .as_deref()
            .map(normal)
            .filter(|domain| !domain.is_empty())
            .map(Cow::into_owned),
    })
}

/// What a valid policy asks for and gets otherwise than it may expect.
fn limitations(spec: &GlobalDeploymentPolicySpec) -> Vec<String> {
    let rules = &spec.match_rules;
    let app = several_labels("appSelector", rules.app_selector.as_ref(), "an object");
    let namespace = several_labels("namespaceSelector", rules.namespace_selector.as_ref(), "a namespace");
    let without = [("appSelector", &rules.app_selector), ("namespaceSelector", &rules.namespace_selector)];
    let without = without.into_iter().filter_map(|(field, selector)| no_label(field, selector.as_ref()));
    let labels = app.into_iter().chain(namespace).chain(without).chain(clusters(spec));
    labels.chain(default_domain(spec)).chain(monitors::limitation(&spec.health_monitor_refs)).collect()
}

/// Clusters that are named twice, and shares of clusters that are not matched: typos, more often than not.
fn clusters(spec: &GlobalDeploymentPolicySpec) -> Vec<String> {
    let matched = spec.match_clusters.iter().map(|entry| entry.cluster.as_str());
    let split = spec.traffic_split.iter().map(|entry| entry.cluster.as_str());
    let twice =
        |field, names: Vec<&str>| repeated(&names).map(|name| listed_twice(field, name, "first")).collect::<Vec<_>>();
    let mut limitations = twice("matchClusters", matched.clone().collect());
    limitations.extend(twice("trafficSplit", split.clone().collect()));
    let unmatched: BTreeSet<&str> = split.filter(|name| !matched.clone().any(|known| known == *name)).collect();
    limitations.extend(unmatched.into_iter().map(|name| {
        format!(
            "trafficSplit names {name}, which is not in matchClusters: it has no members to share; correct one of them"
        )
    }));
    limitations
}

/// Names that stand there more than once, each once.
fn repeated<'a>(names: &[&'a str]) -> impl Iterator<Item = &'a str> {
    let mut seen = BTreeSet::new();
    let again: BTreeSet<&str> = names.iter().filter(|name| !seen.insert(**name)).copied().collect();
    again.into_iter()
}

/// Says that only one of several entries counts.
pub fn listed_twice(field: &str, name: &str, which: &str) -> String {
    format!("{field} names {name} more than once: the {which} entry counts; remove the others, or correct their names")
}

/// The domain itself is no host; it is checked with one below it.
fn default_domain(spec: &GlobalDeploymentPolicySpec) -> Option<String> {
    let domain = spec.default_domain.as_deref().map(normal).filter(|domain| !domain.is_empty())?;
    let why = dns_name::check(domain.strip_prefix('.').unwrap_or(&domain)).err()?;
    Some(format!("defaultDomain: {why}"))
}

/// Upstream takes such a selector for absent (DB-27), so its users have to be told.
fn several_labels(field: &str, selector: Option<&Selector>, subject: &str) -> Option<String> {
    let count = selector.map_or(0, |selector| selector.label.len());
    let text = || format!("{field} has {count} labels: {subject} is selected only when it has all of them");
    (count > 1).then(text)
}

/// As in upstream, such a selector counts as absent: the other one selects more than was meant.
fn no_label(field: &str, selector: Option<&Selector>) -> Option<String> {
    let empty = selector.is_some_and(|selector| selector.label.is_empty());
    empty.then(|| format!("{field} has no label, so it restricts nothing"))
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

/// Rows without a text of upstream: a policy that selects nothing would delete every service, and most often a key was
/// mistyped, which the API server drops.
fn selects_something(app: &Labels, namespace: &Labels, clusters: &[MatchCluster]) -> Result<(), String> {
    if app.is_empty() && namespace.is_empty() {
        return Err(
            "no label in matchRules.appSelector.label or matchRules.namespaceSelector.label, so nothing would be \
                    selected: name one, or delete the policy if every GSLB service shall go"
                .to_owned(),
        );
    }
    if clusters.is_empty() {
        return Err(
            "no cluster in matchClusters, so nothing would be selected: name one, or delete the policy if every \
                    GSLB service shall go"
                .to_owned(),
        );
    }
    Ok(())
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

/// Rows 7 to 9.
fn monitors(spec: &GlobalDeploymentPolicySpec, around: Surroundings<'_>) -> Result<Option<MonitorSource>, Stop> {
    let texts =
        Texts { both: ONE_MONITOR_SOURCE.wrong, invalid_ref: &|name| format!("health monitor ref {name} is invalid") };
    monitors::read(&spec.health_monitor_refs, spec.health_monitor_template.as_deref(), around, &texts)
}

/// Rows 11 and 11b.
fn site_persistence(name: Option<&String>, around: Surroundings<'_>) -> Result<Option<String>, Stop> {
    match name {
        Some(name) if name.is_empty() => {
            Err(Stop::Invalid("empty string as site persistence reference not supported".to_owned()))
        }
        Some(name) if !around.has_persistence_profile(name)? => {
            Err(Stop::Invalid(format!("site persistence ref {name} not present")))
        }
        name => Ok(name.cloned()),
    }
}

/// Rows 12 and 12b.
fn pki_profile(name: Option<&String>, around: Surroundings<'_>) -> Result<Option<String>, Stop> {
    match name {
        Some(name) if name.is_empty() => {
            Err(Stop::Invalid("empty string as pki profile reference not supported".to_owned()))
        }
        Some(name) if !around.has_pki_profile(name)? => {
            Err(Stop::Invalid(format!("pki profile ref {name} not present")))
        }
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
