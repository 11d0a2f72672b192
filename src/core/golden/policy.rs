//! EX-15 to EX-18, EX-24 for the policy alone, EX-28, EX-29 and DB-51.

use crate::core::build::Decision;
use crate::core::fixtures::{
    World, deployment, in_force, ingress, labels, namespace, pools, share, strings, tls_ingress,
};
use crate::core::gslb::{DownResponse, GeoFallback, GslbService, PoolAlgorithm};
use crate::core::pairs::Pairs;
use crate::core::policy::{ClusterPolicy, DeploymentPolicy, DeploymentState, MonitorSource};

const WEB: &str = "web.example.org";
const ROOT_HM: &str = "amko--e429dd2b33d47bc53f75b4ca3b5ad359d29f72aa";

/// The host in both clusters.
fn both() -> World {
    let mut world = World::new();
    world.set_ingress("ctx-a", ingress("web", WEB, &["/"], "10.1.0.5"));
    world.set_ingress("ctx-b", ingress("web", WEB, &["/"], "10.2.0.5"));
    world
}

fn service(world: &World) -> GslbService {
    match world.built(WEB).decision {
        Decision::Service(desired) => desired.service,
        other => panic!("{other:?}"),
    }
}

/// EX-15.
#[test]
fn ex_15_every_value_of_the_policy_reaches_every_pool() {
    let mut world = both();
    let algorithm = PoolAlgorithm::Geo { fallback: GeoFallback::ConsistentHash { mask: 24 } };
    let down_response = DownResponse::FallbackIp("10.9.9.9".parse().unwrap());
    world.policy = in_force(DeploymentPolicy {
        ttl: Some(30),
        traffic_split: [share("ctx-a", 8, 20), share("ctx-b", 2, 15)].into(),
        algorithm: Some(algorithm),
        down_response: Some(down_response),
        ..deployment()
    });
    let service = service(&world);
    assert_eq!(pools(&service), ["20: 10.1.0.5/8", "15: 10.2.0.5/2"]);
    assert!(service.pools.iter().all(|pool| pool.algorithm == algorithm && pool.min_health_monitors_up == 2));
    assert_eq!((service.ttl, service.down_response), (Some(30), Some(down_response)));
}

/// DB-21, EX-16 and OBJ-04.
#[test]
fn ex_16_only_a_sync_vip_only_cluster_may_lack_the_annotations() {
    let mut world = World::new();
    let mut policy = deployment();
    policy.clusters.insert("ctx-b".to_owned(), ClusterPolicy { sync_vip_only: true });
    world.policy = in_force(policy);
    let mut bare = ingress("web", WEB, &["/"], "10.2.0.5");
    bare.meta.annotations = Pairs::default();

    world.set_ingress("ctx-a", bare.clone());
    assert_eq!(world.settle(WEB), Vec::<String>::new());
    assert_eq!(world.built(WEB).refused.len(), 1);

    world.set_ingress("ctx-b", bare);
    let service = service(&world);
    assert_eq!(pools(&service), ["10: 10.2.0.5/1"]);
    let member = &service.pools[0].members[0];
    assert_eq!((&member.cluster_uuid, &member.vs_uuid), (&None, &None));
}

/// EX-17.
#[test]
fn ex_17_control_plane_only_needs_no_monitor_calls_and_drops_own_monitors_afterwards() {
    let policy = || in_force(DeploymentPolicy { control_plane_only: true, ..deployment() });
    let mut world = both();
    world.policy = policy();
    assert_eq!(world.settle(WEB), [format!("POST gs {WEB} []")]);
    assert_eq!(service(&world).pools[0].min_health_monitors_up, 1);

    let mut later = both();
    later.settle(WEB);
    later.policy = policy();
    assert_eq!(later.settle(WEB), [format!("PUT gs {WEB} []"), format!("DELETE hm {ROOT_HM}")]);
}

/// EX-18.
#[test]
fn ex_18_references_replace_own_monitors_and_back() {
    let mut world = World::new();
    world.set_ingress("ctx-a", tls_ingress("web", WEB, &["/", "/x"], "10.1.0.5"));
    world.settle(WEB);
    let own = service(&world).monitors;
    // Deletes go by name.
    let mut sorted = own.clone();
    sorted.sort();

    let refs = strings(&["my-hm1", "my-hm2"]);
    world.policy = in_force(DeploymentPolicy { monitors: Some(MonitorSource::Refs(refs)), ..deployment() });
    let calls = [
        format!("PUT gs {WEB} [my-hm1 my-hm2]"),
        format!("DELETE hm {}", sorted[0]),
        format!("DELETE hm {}", sorted[1]),
    ];
    assert_eq!(world.settle(WEB), calls);
    assert_eq!(service(&world).pools[0].min_health_monitors_up, 3);

    world.policy = in_force(deployment());
    let calls =
        [format!("POST hm {}", own[0]), format!("POST hm {}", own[1]), format!("PUT gs {WEB} [{}]", own.join(" "))];
    assert_eq!(world.settle(WEB), calls);
}

/// EX-24 without a host rule: a cluster without an entry has weight 1 and priority 10. EX-29: priority 0 is a pool.
#[test]
fn ex_24_a_partial_split_leaves_other_clusters_at_the_default() {
    let mut world = both();
    world.policy = in_force(DeploymentPolicy { traffic_split: [share("ctx-a", 11, 0)].into(), ..deployment() });
    assert_eq!(pools(&service(&world)), ["10: 10.2.0.5/1", "0: 10.1.0.5/11"]);
}

/// DEL-02, EX-28 and GS-04.
#[test]
fn ex_28_clusters_leave_and_return_with_match_clusters_and_the_policy_takes_everything_along() {
    let mut world = both();
    world.settle(WEB);
    let mut only_a = deployment();
    only_a.clusters.remove("ctx-b");

    world.policy = in_force(only_a);
    assert_eq!(world.settle(WEB), [format!("PUT gs {WEB} [{ROOT_HM}]")]);
    assert_eq!(pools(&service(&world)), ["10: 10.1.0.5/1"]);
    world.policy = in_force(deployment());
    assert_eq!(world.settle(WEB), [format!("PUT gs {WEB} [{ROOT_HM}]")]);
    assert_eq!(pools(&service(&world)), ["10: 10.1.0.5/1 10.2.0.5/1"]);

    let mut nowhere = deployment();
    nowhere.clusters.clear();
    let gone = [format!("DELETE gs {WEB}"), format!("DELETE hm {ROOT_HM}")];
    world.policy = in_force(nowhere);
    assert_eq!(world.settle(WEB), gone);
    world.policy = in_force(deployment());
    world.settle(WEB);
    world.policy.deployment = DeploymentState::Absent;
    assert_eq!(world.settle(WEB), gone);
}

/// DB-51.
#[test]
fn db_51_a_new_address_alone_is_sent_at_once() {
    let mut world = both();
    world.settle(WEB);
    world.set_ingress("ctx-a", ingress("web", WEB, &["/"], "10.1.0.99"));
    assert_eq!(world.settle(WEB), [format!("PUT gs {WEB} [{ROOT_HM}]")]);
}

/// DB-03 and rule GDP-07: while no valid policy is known, nothing changes.
#[test]
fn an_unknown_policy_leaves_the_controller_alone() {
    let mut world = both();
    world.settle(WEB);
    world.policy.deployment = DeploymentState::Unknown;
    world.ingresses.clear();
    assert_eq!(world.settle(WEB), Vec::<String>::new());
}

/// NS-02: what a namespace says decides for the objects that are there already, in either direction.
#[test]
fn objects_join_and_leave_with_the_labels_of_their_namespace() {
    let mut world = both();
    let namespace_selector = labels(&[("team", "shop")]);
    world.policy = in_force(DeploymentPolicy { namespace_selector, ..deployment() });
    assert_eq!(world.settle(WEB), Vec::<String>::new());
    world.namespaces.insert("ctx-a", namespace(&[("team", "shop")], None));
    assert_eq!(world.settle(WEB), [format!("POST hm {ROOT_HM}"), format!("POST gs {WEB} [{ROOT_HM}]")]);
    assert_eq!(pools(&service(&world)), ["10: 10.1.0.5/1"]);
    world.namespaces.insert("ctx-a", namespace(&[("team", "bank")], None));
    assert_eq!(world.settle(WEB), [format!("DELETE gs {WEB}"), format!("DELETE hm {ROOT_HM}")]);
}
