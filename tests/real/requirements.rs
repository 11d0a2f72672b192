//! What fields of one object require of each other: a real API server and the operator say the same of every object of
//! one table.

mod table;

use super::api::Api;
use super::world::{Single, repository};
use amko::core::federation::{self, FederationMember, Role};
use amko::core::host_rule::{self, Subject};
use amko::core::policy;
use amko::core::precedence::ObjectName;
use amko::core::references::{Catalog, Surroundings, Validation};
use amko::crd::{AmkoClusterSpec, GlobalDeploymentPolicySpec, GslbHostRuleSpec};
use amko_lab::testing::eventually;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use table::{CLUSTER, Case, Kind, NAME, POLICY, RULE, cases};

const NAMESPACE: &str = "default";

#[tokio::test]
async fn the_api_server_refuses_what_breaks_a_requirement_and_says_what_to_do() {
    let Some(server) = Single::start("requirements", &[]).await else { return };
    let api = &server.api;
    for plural in ["amkoclusters", "globaldeploymentpolicies", "gslbconfigs", "gslbhostrules"] {
        define(api, &definition(plural)).await;
    }
    let (mut found, mut expected) = (Vec::new(), Vec::new());
    for Case { kind: Kind(kind, plural, version), spec, refusal } in cases() {
        let object = json!({"apiVersion": format!("amko.vmware.com/{version}"), "kind": kind,
            "metadata": {"name": NAME, "namespace": NAMESPACE}, "spec": spec});
        let path = format!("apis/amko.vmware.com/{version}/namespaces/{NAMESPACE}/{plural}");
        let refused = api.create(&path, &object).await.err();
        if refused.is_none() {
            api.delete(&format!("{path}/{NAME}")).await;
        }
        found.push((spec.clone(), refused));
        let said = refusal.map(|refusal| format!("{kind}.amko.vmware.com \"{NAME}\" is invalid: {}", refusal.said));
        expected.push((spec, said));
    }
    assert_eq!(found, expected);
}

/// Servers before Kubernetes 1.30 check whole objects at every write. That of a status is refused there as any other, and
/// says what to mend.
#[tokio::test]
async fn a_server_that_checks_what_did_not_change_refuses_the_status_of_an_object_that_breaks_a_requirement() {
    for (story, flags, expected) in [
        ("ratcheting", [].as_slice(), Ok(())),
        (
            "no-ratcheting",
            ["--emulated-version=1.32", "--feature-gates=CRDValidationRatcheting=false"].as_slice(),
            Err("GSLBHostRule.amko.vmware.com \"tried\" is invalid: spec.fqdn: Required value: GSFqdn missing: set fqdn \
                 to the name of the GSLB service"
                .to_owned()),
        ),
    ] {
        let Some(server) = Single::start(story, flags).await else { return };
        let api = &server.api;
        let Kind(kind, plural, version) = RULE;
        let mut definition = definition(plural);
        let mut lax = definition.clone();
        let schema = "/spec/versions/0/schema/openAPIV3Schema/properties/spec";
        *lax.pointer_mut(schema).unwrap() = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        define(api, &lax).await;
        let object = json!({"apiVersion": format!("amko.vmware.com/{version}"), "kind": kind,
            "metadata": {"name": NAME, "namespace": NAMESPACE}, "spec": {"ttl": 30}});
        let path = format!("apis/amko.vmware.com/{version}/namespaces/{NAMESPACE}/{plural}");
        api.create(&path, &object).await.unwrap();
        definition["metadata"]["labels"] = json!({"second": "yes"});
        define(api, &definition).await;
        strict(api, &path).await;

        let status = json!({"status": {"status": "Rejected", "error": "GSFqdn missing"}});
        assert_eq!(api.try_merge(&format!("{path}/{NAME}/status"), &status).await, expected, "{story}");
        let stored = api.get(&format!("{path}/{NAME}")).await.unwrap_or_default();
        assert_eq!(stored["spec"], json!({"ttl": 30}), "it is read as before");
    }
}

/// Waits until a server goes by the new definition, which it learns of a moment after it has stored it.
async fn strict(api: &Api, path: &str) {
    eventually("the new definition counts", async || {
        let empty = json!({"apiVersion": "amko.vmware.com/v1alpha1", "kind": RULE.0,
            "metadata": {"name": "another", "namespace": NAMESPACE}, "spec": {}});
        api.create(&format!("{path}?dryRun=All"), &empty).await.err().map(drop)
    })
    .await;
}

/// GDP-05
#[test]
fn the_operator_rejects_the_same_objects_in_the_same_words() {
    for Case { kind, spec, refusal } in cases() {
        assert_eq!(rejection(kind, &spec), refusal.map(|refusal| refusal.status), "{} {spec}", kind.0);
    }
}

#[test]
fn every_requirement_of_a_definition_has_an_object_that_breaks_it() {
    let said: Vec<(Kind, String)> =
        cases().into_iter().filter_map(|case| Some((case.kind, case.refusal?.said))).collect();
    let (mut required, mut broken) = (BTreeSet::new(), BTreeSet::new());
    for definition in amko::crd::all() {
        let kind = definition.spec.names.kind.clone();
        let schema =
            serde_json::to_value(&definition).unwrap()["spec"]["versions"][0]["schema"]["openAPIV3Schema"].take();
        for (at, words) in requirements("", &schema) {
            let is_it = |said: &&(Kind, String)| said.0.0 == kind && said.1.starts_with(&at) && said.1.contains(&words);
            broken.extend(said.iter().find(is_it).map(|_| (kind.clone(), at.clone(), words.clone())));
            required.insert((kind.clone(), at, words));
        }
    }
    assert_eq!(required.len(), 27);
    assert_eq!(broken, required);
}

/// A file of `crds/`.
fn definition(plural: &str) -> Value {
    let path = repository().join(format!("crds/amko.vmware.com_{plural}.yaml"));
    serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

async fn define(api: &Api, definition: &Value) {
    let name = definition["metadata"]["name"].as_str().unwrap();
    let path = format!("apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");
    api.apply(&path, definition).await;
    eventually(&format!("{name} is established"), async || {
        let conditions = api.get(&path).await?["status"]["conditions"].take();
        let established = |condition: &&Value| condition["type"] == "Established" && condition["status"] == "True";
        conditions.as_array()?.iter().find(established).map(drop)
    })
    .await;
}

/// What the operator finds wrong with an object alone; that something is not known of the controller is nothing.
fn rejection(kind: Kind, spec: &Value) -> Option<String> {
    let clusters = BTreeSet::from(["s1".to_owned()]);
    let around =
        Surroundings { clusters: &clusters, default_tenant: "admin", tenant: "admin", catalog: Catalog::EMPTY };
    match kind {
        POLICY => {
            // What every policy needs, beside what the case is about.
            let mut whole = json!({"matchRules": {"appSelector": {"label": {"app": "gslb"}}},
                "matchClusters": [{"cluster": "s1"}]});
            whole.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
            invalid(policy::validate(&read::<GlobalDeploymentPolicySpec>(&whole), around))
        }
        RULE => {
            let object = ObjectName { namespace: NAMESPACE.to_owned(), name: NAME.to_owned() };
            let subject = Subject { object: &object, managed: false };
            invalid(host_rule::validate(subject, &read::<GslbHostRuleSpec>(spec), around))
        }
        CLUSTER => {
            let AmkoClusterSpec { is_leader, cluster_context: context, version, clusters } = read(spec);
            let member = FederationMember {
                namespace: NAMESPACE.to_owned(),
                uid: String::new(),
                is_leader,
                context,
                version,
                clusters,
            };
            match federation::decide(&[member], NAMESPACE) {
                Role::Undecided(text) => Some(text),
                Role::Leader { .. } | Role::Follower => None,
            }
        }
        other => unreachable!("{other:?} has no requirements"),
    }
}

fn read<T: serde::de::DeserializeOwned>(spec: &Value) -> T {
    serde_json::from_value(spec.clone()).unwrap()
}

fn invalid<T>(validation: Validation<T>) -> Option<String> {
    match validation {
        Validation::Invalid(text) => Some(text),
        Validation::Valid { .. } | Validation::Pending(_) => None,
    }
}

/// Path of the field in question, and the words of the message up to what depends on the object, of each requirement
/// below this node.
fn requirements(path: &str, node: &Value) -> Vec<(String, String)> {
    let own = node["x-kubernetes-validations"].as_array().into_iter().flatten().map(|rule| {
        let words = rule["message"].as_str().or_else(|| rule["messageExpression"].as_str()?.split('"').nth(1));
        (format!("{path}{}: ", rule["fieldPath"].as_str().unwrap()), words.unwrap().to_owned())
    });
    let fields = node["properties"].as_object().into_iter().flatten();
    let below = fields.flat_map(|(name, node)| {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        requirements(&path, node)
    });
    own.chain(below).collect()
}
