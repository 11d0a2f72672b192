//! The life of a release: what helm makes, what the accounts may do, and that no way of coming and going writes anything
//! on the controller.

use super::objects::{create_ingress, host_of};
use super::pod::Pod;
use super::world::{HOME, MEMBER, OPERATOR, UUID, World};
use amko_lab::testing::becomes;
use std::collections::BTreeSet;

const CONFIG: &str = "apis/amko.vmware.com/v1alpha1/namespaces/avi-system/gslbconfigs/gc-1";
const KINDS: &str = "amkoclusters,clusterrolebindings,clusterroles,globaldeploymentpolicies,gslbconfigs,networkpolicies,\
                     poddisruptionbudgets,rolebindings,roles,secrets,serviceaccounts,services,statefulsets";
/// What the article's values make.
const MADE: [&str; 11] = [
    "amkocluster.amko.vmware.com/amkocluster-federation",
    "clusterrole.rbac.authorization.k8s.io/amko-role",
    "clusterrolebinding.rbac.authorization.k8s.io/amko-binding",
    "globaldeploymentpolicy.amko.vmware.com/global-gdp",
    "gslbconfig.amko.vmware.com/gc-1",
    "role.rbac.authorization.k8s.io/amko-role",
    "rolebinding.rbac.authorization.k8s.io/amko-binding",
    "secret/gslb-avi-secret",
    "service/amko",
    "serviceaccount/amko-sa",
    "statefulset.apps/amko",
];
/// What an uninstallation leaves, so that services stay.
const LEFT: [&str; 2] = ["globaldeploymentpolicy.amko.vmware.com/global-gdp", "gslbconfig.amko.vmware.com/gc-1"];

/// DEL-04
#[tokio::test]
async fn upgrade_uninstallation_and_a_new_installation_write_nothing_on_the_controller() {
    let Some(world) = World::start("release", &[]).await else { return };
    world.install(&[]);
    assert_eq!(made(&world), MADE);
    let definitions = world.home().names("apis/apiextensions.k8s.io/v1/customresourcedefinitions").await;
    let kinds = ["amkoclusters", "globaldeploymentpolicies", "gslbconfigs", "gslbhostrules"];
    assert_eq!(definitions, kinds.map(|kind| format!("{kind}.amko.vmware.com")));
    the_accounts_may_what_stands_here(&world);

    for context in ["s1az1", "s2"] {
        create_ingress(&world, context, "web", 10).await;
    }
    let mut pod = world.operator().await;
    pod.ready().await;
    in_sync(&pod).await;
    let (before, service) = (world.controller.now(), world.controller.service(&host_of("web")));
    assert_eq!(service["pools"][0]["members"].as_array().unwrap().len(), 2);

    let uuid = format!("configs.amkoUUID={UUID}");
    world.helm("upgrade", "second-style", &["--set", &uuid]).unwrap();
    assert_eq!(made(&world), MADE);
    let pod = restarted(&world, pod).await;

    assert_eq!(world.forbidden(), [].into());
    // Helm takes the AMKOCluster and the rights away while the pod still runs; a kubelet ends it then.
    world.helm("uninstall", "", &[]).unwrap();
    assert_eq!(made(&world), LEFT);
    assert_eq!(pod.stop().await, Some(0));
    let without_rights = world.forbidden();

    world.helm("install", "second-style", &["--set", &uuid]).unwrap();
    assert_eq!(made(&world), MADE);
    let mut pod = world.operator().await;
    pod.ready().await;
    in_sync(&pod).await;
    assert_eq!(world.controller.writes_since(before), [""; 0]);
    assert_eq!(world.controller.service(&host_of("web")), service);

    // Helm takes the UUID out of the object when values do not name it any more; every service would be orphaned.
    world.helm("upgrade", "article", &[]).unwrap();
    let uuid = async || {
        let config = world.home().get(CONFIG).await.unwrap();
        config["metadata"]["annotations"]["amko.vmware.com/amko-uuid"].as_str().map(str::to_owned)
    };
    becomes("the UUID", Some(UUID.to_owned()), uuid).await;
    let pod = restarted(&world, pod).await;
    assert_eq!(world.controller.writes_since(before), [""; 0]);
    assert_eq!(pod.stop().await, Some(0));
    assert_eq!(world.forbidden(), without_rights);
}

async fn restarted(world: &World, pod: Pod) -> Pod {
    assert_eq!(pod.stop().await, Some(0));
    let mut pod = world.operator().await;
    pod.ready().await;
    in_sync(&pod).await;
    pod
}

async fn in_sync(pod: &Pod) {
    becomes("in sync", true, async || pod.in_sync(&[host_of("web")]).await).await;
}

/// What carries the labels of the release, sorted.
fn made(world: &World) -> Vec<String> {
    let labels = "app.kubernetes.io/instance=amko";
    let words = ["-n", "avi-system", "get", KINDS, "--selector", labels, "--output", "name", "--ignore-not-found"];
    let mut names: Vec<String> = world.kubectl(HOME, &words).lines().map(str::to_owned).collect();
    names.sort();
    names
}

/// Beside what everybody may who has logged in.
fn the_accounts_may_what_stands_here(world: &World) {
    let everybody = may(world, "system:serviceaccount:avi-system:somebody", "shop");
    for (user, namespace, expected) in [
        (OPERATOR, "avi-system", include_str!("golden/operator-at-home.txt")),
        (OPERATOR, "shop", include_str!("golden/operator-elsewhere.txt")),
        (MEMBER, "avi-system", include_str!("golden/member-at-home.txt")),
        (MEMBER, "shop", include_str!("golden/member-elsewhere.txt")),
    ] {
        let found: Vec<String> = may(world, user, namespace).difference(&everybody).cloned().collect();
        assert_eq!(found, expected.lines().collect::<Vec<_>>(), "{user} in {namespace}");
    }
}

/// Resources, URLs, names and verbs, as kubectl shows them.
fn may(world: &World, user: &str, namespace: &str) -> BTreeSet<String> {
    let said = world.kubectl(HOME, &["auth", "can-i", "--list", "--no-headers", "-n", namespace, "--as", user]);
    said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}
