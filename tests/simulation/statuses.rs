//! What the objects say in the end, and that nobody says it again.

use crate::expected::Expected;
use crate::policies::RULES;
use crate::support::World;
use crate::support::ako_crds::{HOST_RULES, ROUTES};
use amko::core::host_rule::{MANAGED_LABEL, RuleVerdict};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Each rule says what became of it, each service without one is carried where that is wanted, and the policy is in
/// force.
pub fn compare(seed: u64, world: &World, expected: &Expected) {
    let rules = world.home().list(RULES);
    let said: BTreeMap<String, (Value, Value)> =
        rules.iter().map(|rule| (name(rule), (rule["status"]["status"].clone(), error(rule)))).collect();
    let wanted: BTreeMap<String, (Value, Value)> = expected
        .verdicts
        .iter()
        .map(|(object, verdict)| (format!("{}/{}", object.namespace, object.name), in_words(verdict)))
        .collect();
    assert_eq!(said, wanted, "seed {seed}: status of the rules");
    assert_eq!(carriers(&rules), expected.carried, "seed {seed}: rules that only carry a status");
    let policy = world.home().list("globaldeploymentpolicies.amko.vmware.com").remove(0);
    assert_eq!(policy["status"]["errorStatus"], "success", "seed {seed}");
}

/// FQDNs with a rule that only carries a status.
pub fn carried(world: &World) -> BTreeSet<String> {
    carriers(&world.home().list(RULES))
}

fn carriers(rules: &[Value]) -> BTreeSet<String> {
    let managed = rules.iter().filter(|rule| rule["metadata"]["labels"][MANAGED_LABEL] == "amko");
    managed.map(|rule| rule["spec"]["fqdn"].as_str().unwrap().to_owned()).collect()
}

fn in_words(verdict: &RuleVerdict) -> (Value, Value) {
    match verdict {
        RuleVerdict::Accepted { .. } => ("Accepted".into(), "".into()),
        RuleVerdict::Rejected(error) => ("Rejected".into(), error.as_str().into()),
        RuleVerdict::Pending(why) => panic!("nothing is pending any more: {why}"),
    }
}

/// An empty one may be left out.
fn error(rule: &Value) -> Value {
    rule["status"]["error"].as_str().unwrap_or_default().into()
}

fn name(object: &Value) -> String {
    let metadata = &object["metadata"];
    [&metadata["namespace"], &metadata["name"]].map(|part| part.as_str().unwrap_or_default()).join("/")
}

/// The versions of all objects of all clusters but two: the GSLBConfig, whose status tells of every start, and Events,
/// which are best effort: what a fault kept back is told at the next start.
#[derive(Debug, PartialEq, Eq)]
pub struct Versions(BTreeMap<String, Value>);

impl Versions {
    pub fn of(world: &World) -> Self {
        let kinds = [
            RULES,
            "globaldeploymentpolicies.amko.vmware.com",
            "amkoclusters.amko.vmware.com",
            "namespaces",
            "services",
            "ingresses.networking.k8s.io",
            ROUTES,
            HOST_RULES,
        ];
        let of = |context: &str, kind: &str| {
            let objects = world.cluster(context).list(kind).into_iter();
            let key = |object: &Value| format!("{context} {kind} {}", name(object));
            let version = |object: &Value| json!([object["metadata"]["resourceVersion"], object["status"]]);
            objects.map(move |object| (key(&object), version(&object))).collect::<Vec<_>>()
        };
        Self(world.clusters.keys().flat_map(|context| kinds.iter().flat_map(move |kind| of(context, kind))).collect())
    }

    /// Without the times and versions that a start leaves which takes a while.
    pub fn without_times(mut self) -> Self {
        for version in self.0.values_mut() {
            version[0] = Value::Null;
            for condition in version[1]["conditions"].as_array_mut().into_iter().flatten() {
                condition["lastTransitionTime"] = Value::Null;
            }
            // Of a service that is gone, a process remembers it no longer than it lives.
            if let Some(service) = version[1]["service"].as_object_mut() {
                service.remove("lastWrite");
            }
        }
        self
    }

    pub fn compare(&self, seed: u64, now: &Self) {
        let keys: BTreeSet<&String> = self.0.keys().chain(now.0.keys()).collect();
        let both = |key: &&String| [self.0.get(*key).cloned(), now.0.get(*key).cloned()];
        let differing: BTreeMap<_, _> = keys.iter().map(|key| (*key, both(key))).filter(|(_, [a, b])| a != b).collect();
        assert!(differing.is_empty(), "seed {seed}: a restart writes no object: {differing:#?}");
    }
}
