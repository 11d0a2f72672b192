//! Custom resource definitions that come late and go again.

use super::objects::{SHOP, create_ingress, host_of};
use super::pod::Pod;
use super::world::{HOME, World, repository};
use amko_lab::testing::becomes_within;
use serde_json::{Value, json};
use std::time::Duration;

/// A kind that is not served is asked for every 30 s.
const NOTICED: Duration = Duration::from_secs(45);
const DEFINITIONS: &str = "apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const RULES: &str = "gslbhostrules.amko.vmware.com";
const HOST_RULES: &str = "hostrules.ako.vmware.com";
const ALIAS: &str = "www.example.org";

#[tokio::test]
async fn definitions_that_come_late_are_noticed_and_so_is_their_end() {
    let Some(world) = World::start("kinds", &[]).await else { return };
    world.install(&[]);
    world.home().delete(&format!("{DEFINITIONS}/{RULES}")).await;
    create_ingress(&world, HOME, "web", 10).await;
    let mut pod = world.operator().await;
    assert!(pod.ready().await.starts_with("ready: first look done: "));
    becomes_within(
        NOTICED,
        "neither kind is there",
        said(Some("so there are no GSLBHostRules"), "absent"),
        async || says(&pod).await,
    )
    .await;
    becomes_within(NOTICED, "as the policy has it", shown(&[], None), async || service(&world)).await;

    define(&world, "lab/src/up/hostrules.yaml", HOST_RULES).await;
    define(&world, "crds/amko.vmware.com_gslbhostrules.yaml", RULES).await;
    create_rules(&world).await;
    becomes_within(NOTICED, "both kinds are there", said(None, "listed"), async || says(&pod).await).await;
    becomes_within(NOTICED, "as the rules have it", shown(&[ALIAS], Some(60)), async || service(&world)).await;

    // The API server deletes the objects first, and says so.
    world.home().delete(&format!("{DEFINITIONS}/{RULES}")).await;
    world.home().delete(&format!("{DEFINITIONS}/{HOST_RULES}")).await;
    becomes_within(NOTICED, "as before", shown(&[], None), async || service(&world)).await;
    becomes_within(NOTICED, "both kinds are gone", said(Some("so there are no GSLBHostRules"), "gone"), async || {
        says(&pod).await
    })
    .await;
    assert_eq!(pod.stop().await, Some(0));
    // A status on its way when its definition goes is not tried as a field of the object.
    assert_eq!(world.forbidden(), [].into());
}

/// Alias names and TTL of the service.
fn shown(aliases: &[&str], ttl: Option<u32>) -> (Vec<String>, Option<u32>) {
    let names = std::iter::once(host_of("web")).chain(aliases.iter().map(|alias| (*alias).to_owned()));
    (names.collect(), ttl)
}

fn service(world: &World) -> (Vec<String>, Option<u32>) {
    let service = world.controller.service(&host_of("web"));
    (
        serde_json::from_value(service["domain_names"].clone()).unwrap_or_default(),
        serde_json::from_value(service["ttl"].clone()).unwrap(),
    )
}

/// What `/api/status` says of the two kinds: what is wrong with the rules, and how far HostRules are known.
fn said(rules: Option<&str>, host_rules: &str) -> (Option<String>, String) {
    (rules.map(str::to_owned), host_rules.to_owned())
}

async fn says(pod: &Pod) -> (Option<String>, String) {
    let status = pod.ask("/api/status").await;
    let error = status["gslb_host_rules"]["error"].as_str().map(|error| {
        let known = ["so there are no GSLBHostRules", "stay as last seen"];
        known.into_iter().find(|words| error.contains(words)).unwrap_or(error).to_owned()
    });
    (error, status["clusters"][HOME]["kinds"]["HostRule"].as_str().unwrap_or_default().to_owned())
}

async fn define(world: &World, file: &str, name: &str) {
    let text = std::fs::read_to_string(repository().join(file)).unwrap();
    let definition: Value = serde_saphyr::from_str(&text).unwrap();
    let path = format!("{DEFINITIONS}/{name}");
    world.home().apply(&path, &definition).await;
    world.kubectl(HOME, &["wait", "--for=condition=Established", "--timeout=30s", &format!("crd/{name}")]);
}

async fn create_rules(world: &World) {
    let rule = json!({"apiVersion": "amko.vmware.com/v1alpha1", "kind": "GSLBHostRule",
        "metadata": {"name": "web", "namespace": "avi-system"}, "spec": {"fqdn": host_of("web"), "ttl": 60}});
    world.home().apply("apis/amko.vmware.com/v1alpha1/namespaces/avi-system/gslbhostrules/web", &rule).await;
    let host_rule = json!({"apiVersion": "ako.vmware.com/v1beta1", "kind": "HostRule",
        "metadata": {"name": "web", "namespace": SHOP},
        "spec": {"virtualhost": {"fqdn": host_of("web"), "aliases": [ALIAS]}}});
    let path = format!("apis/ako.vmware.com/v1beta1/namespaces/{SHOP}/hostrules/web");
    world.home().apply(&path, &host_rule).await;
    world.home().merge(&format!("{path}/status"), &json!({"status": {"status": "Accepted", "error": ""}})).await;
}
