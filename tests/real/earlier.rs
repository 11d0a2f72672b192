//! Custom resource definitions as AMKO 2.2 leaves them, in which the status is an ordinary field, and their change.

use super::objects::{create_ingress, host_of};
use super::world::{HOME, OPERATOR, UUID, World, repository};
use amko_lab::testing::{becomes, becomes_within, without_times};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const DEFINITIONS: &str = "apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const CONFIG: &str = "apis/amko.vmware.com/v1alpha1/namespaces/avi-system/gslbconfigs/gc-1";
const POLICY: &str = "apis/amko.vmware.com/v1alpha2/namespaces/avi-system/globaldeploymentpolicies/global-gdp";
const RULE: &str = "apis/amko.vmware.com/v1alpha1/namespaces/avi-system/gslbhostrules/web";
/// Refuses to be changed under our definitions, since it has two sources of monitors.
const BROKEN: &str = "apis/amko.vmware.com/v1alpha1/namespaces/avi-system/gslbhostrules/broken";
/// Whether a status is held apart by now is asked every 30 s.
const NOTICED: Duration = Duration::from_secs(45);
const ANY: &str = "x-kubernetes-preserve-unknown-fields";

#[tokio::test]
async fn under_definitions_without_a_status_of_its_own_everything_works_and_their_change_needs_no_restart() {
    let Some(world) = World::start("earlier", &[]).await else { return };
    define_as_upstream(&world).await;
    world.install(&["--set", "crds.upgrade=false"]);
    create_ingress(&world, HOME, "web", 10).await;
    let rule = json!({"apiVersion": "amko.vmware.com/v1alpha1", "kind": "GSLBHostRule",
        "metadata": {"name": "web", "namespace": "avi-system"}, "spec": {"fqdn": host_of("web"), "ttl": 60}});
    world.home().apply(RULE, &rule).await;
    let mut broken = rule.clone();
    broken["metadata"]["name"] = json!("broken");
    broken["spec"] = json!({"fqdn": "broken.example.org", "healthMonitorRefs": ["hm"], "healthMonitorTemplate": "t"});
    world.home().apply(BROKEN, &broken).await;
    let mut pod = world.operator().await;
    pod.ready().await;
    let upstreams = [
        json!({"state": "success: gslb config accepted"}),
        json!({"errorStatus": "success"}),
        json!({"status": "Accepted"}),
    ];
    becomes("what upstream's status can hold", upstreams.to_vec(), async || statuses(&world).await).await;
    let rejected = json!({"status": "Rejected", "error": TWO_SOURCES});
    becomes("the broken rule is rejected", rejected, async || status(&world, BROKEN).await).await;
    becomes("in sync", true, async || pod.in_sync(&[host_of("web")]).await).await;
    let service = world.controller.service(&host_of("web"));
    assert_eq!((&service["ttl"], &service["created_by"]), (&json!(60), &json!(format!("amko-{UUID}"))));

    let before = world.controller.now();
    the_definitions_are_brought_up_to_date(&world).await;
    becomes("in sync", true, async || pod.in_sync(&[host_of("web")]).await).await;
    assert_eq!(world.controller.writes_since(before), [""; 0]);
    assert_eq!(world.controller.service(&host_of("web")), service);

    becomes_within(NOTICED, "every status is whole", vec!["True"; 3], async || programmed(&statuses(&world).await))
        .await;
    let generation = world.home().get(BROKEN).await.unwrap()["metadata"]["generation"].clone();
    becomes("that of the broken rule, too", whole(&generation), async || without_times(status(&world, BROKEN).await))
        .await;
    what_breaks_a_requirement_can_be_mended(&world).await;
    assert_eq!(world.controller.writes_since(before), [""; 0]);
    assert_eq!(pod.stop().await, Some(0));
    let busiest = patches(&world).into_values().max().unwrap_or_default();
    assert!(busiest <= 20, "what a definition drops is not written again and again: {:#?}", patches(&world));
    assert_eq!(world.forbidden(), [].into());
}

const TWO_SOURCES: &str = "health monitor reference and template cannot be specified together for broken GSLBHostRule";

/// What the status of the broken rule says of this generation: where a status is an ordinary field, writing it makes one.
fn whole(generation: &Value) -> Value {
    let condition = |about: &str, status: &str, reason: &str, message: &str| {
        json!({"type": about, "status": status, "reason": reason, "message": message,
            "observedGeneration": generation, "lastTransitionTime": "<time>"})
    };
    let overruled = "the rule is not in force, the service follows the GlobalDeploymentPolicy alone: see Accepted";
    let conditions = [
        condition("Accepted", "False", "Invalid", &format!("{TWO_SOURCES}: correct spec")),
        condition("ResolvedRefs", "Unknown", "NotChecked", "looked at once the rule is valid otherwise"),
        condition("Programmed", "False", "Rejected", overruled),
    ];
    json!({"status": "Rejected", "error": TWO_SOURCES, "observedGeneration": generation, "conditions": conditions})
}

/// An object from before a requirement keeps its place; only its spec can no more be changed without being mended.
async fn what_breaks_a_requirement_can_be_mended(world: &World) {
    world.home().merge(BROKEN, &json!({"metadata": {"labels": {"team": "shop"}}})).await;
    let refused = "GSLBHostRule.amko.vmware.com \"broken\" is invalid: spec.healthMonitorTemplate: Forbidden: health \
                   monitor reference and template cannot be specified together: remove healthMonitorRefs or \
                   healthMonitorTemplate";
    let edited = world.home().try_merge(BROKEN, &json!({"spec": {"ttl": 30}})).await;
    assert_eq!(edited, Err(refused.to_owned()));
    let mended = json!({"spec": {"ttl": 30, "healthMonitorRefs": null, "healthMonitorTemplate": null}});
    assert_eq!(world.home().try_merge(BROKEN, &mended).await, Ok(()));
    becomes("the rule is accepted", json!("Accepted"), async || status(world, BROKEN).await["status"].take()).await;
}

/// As the notes of the chart say.
async fn the_definitions_are_brought_up_to_date(world: &World) {
    let files = repository().join("charts/amko/crds");
    let words = ["apply", "--server-side", "--force-conflicts", "-f", files.to_str().unwrap()];
    world.kubectl(HOME, &words);
    let both = async || programmed(&statuses(world).await)[..2].to_vec();
    becomes("the status of configuration and policy is whole", vec!["True"; 2], both).await;
}

/// The condition `Programmed` of each status; empty where there is none.
fn programmed(statuses: &[Value]) -> Vec<&'static str> {
    let of_one = |status: &Value| {
        let conditions = status["conditions"].as_array().cloned().unwrap_or_default();
        let found = conditions.into_iter().find(|condition| condition["type"] == "Programmed").unwrap_or_default();
        ["True", "False", "Unknown"].into_iter().find(|value| found["status"] == *value).unwrap_or_default()
    };
    statuses.iter().map(of_one).collect()
}

/// The status of configuration, policy and rule.
async fn statuses(world: &World) -> Vec<Value> {
    let mut found = Vec::new();
    for path in [CONFIG, POLICY, RULE] {
        found.push(status(world, path).await);
    }
    found
}

async fn status(world: &World, path: &str) -> Value {
    world.home().get(path).await.unwrap_or_default()["status"].take()
}

/// How often the operator patched each object or its status.
fn patches(world: &World) -> BTreeMap<String, usize> {
    let asked = world.audit(HOME).counted(OPERATOR);
    asked.into_iter().filter(|(line, _)| line.contains(" patch ")).collect()
}

/// The four definitions, with what AMKO 2.2 keeps: only AMKOCluster has a status of its own.
async fn define_as_upstream(world: &World) {
    let any = json!({"type": "object", ANY: true});
    let text = |names: &[&str]| {
        let properties: serde_json::Map<String, Value> =
            names.iter().map(|name| ((*name).to_owned(), json!({"type": "string"}))).collect();
        json!({"type": "object", "properties": properties})
    };
    let kinds = [
        ("AMKOCluster", "amkoclusters", "v1alpha1", any.clone(), true),
        ("GSLBConfig", "gslbconfigs", "v1alpha1", text(&["state"]), false),
        ("GlobalDeploymentPolicy", "globaldeploymentpolicies", "v1alpha2", text(&["errorStatus"]), false),
        ("GSLBHostRule", "gslbhostrules", "v1alpha1", text(&["status", "error"]), false),
    ];
    for (kind, plural, version, status, subresource) in kinds {
        let schema = json!({"type": "object", "properties": {"spec": any, "status": status}});
        let mut version = json!({"name": version, "served": true, "storage": true,
            "schema": {"openAPIV3Schema": schema}});
        if subresource {
            version["subresources"] = json!({"status": {}});
        }
        let name = format!("{plural}.amko.vmware.com");
        let names =
            json!({"kind": kind, "plural": plural, "singular": kind.to_lowercase(), "listKind": format!("{kind}List")});
        let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": name}, "spec": {"group": "amko.vmware.com", "scope": "Namespaced", "names": names,
            "versions": [version]}});
        world.home().apply(&format!("{DEFINITIONS}/{name}"), &definition).await;
        world.kubectl(HOME, &["wait", "--for=condition=Established", "--timeout=30s", &format!("crd/{name}")]);
    }
}
