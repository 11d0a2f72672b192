//! Changes of the configuration while the operator runs: each takes effect without a restart, and what is not said
//! clearly changes nothing.
//!
//! Time is paused: a sleep is virtual and takes no time.

use crate::support::controller::create_tenant;
use crate::support::objects::{
    apply, config, delete_config, delete_ingress, members, patch_config, policy, set_leader, set_password, web,
};
use crate::support::{LEADER, UUID, World, lines, outcomes};
use amko::actors::gs_directory::views;
use amko::actors::operator::{Child, OperatorMsg};
use amko_lab::avi::FaultOrder;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// An operator that has written `web` of both clusters and rests.
async fn world_with_web() -> World {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    world.start().await;
    assert_eq!(addresses(&world, LEADER), ["10.1.0.5", "10.2.0.5"]);
    world
}

/// Addresses of the members of `web` on a site.
fn addresses(world: &World, site: &str) -> Vec<String> {
    let service = world.on_controller(site, "gslbservice")["web.example.org"].clone();
    let groups = service["groups"].as_array().unwrap().clone();
    let members = groups.iter().flat_map(|group| group["members"].as_array().unwrap().clone());
    members.map(|member| member["ip"]["addr"].as_str().unwrap().to_owned()).collect()
}

fn state(world: &World, name: &str) -> Value {
    config(world.home(), name)["status"]["state"].clone()
}

/// A GSLBConfig like that of the examples, with another name or no UUID.
fn new_config(name: &str, uuid: Option<&str>) -> Value {
    let annotations = uuid.map_or(json!({}), |uuid| json!({"amko.vmware.com/amko-uuid": uuid}));
    json!({"apiVersion": "amko.vmware.com/v1alpha1", "kind": "GSLBConfig",
        "metadata": {"name": name, "namespace": "avi-system", "annotations": annotations},
        "spec": {"gslbLeader": {"credentials": "gslb-avi-secret", "controllerVersion": "30.2.1", "controllerIP": LEADER},
            "memberClusters": [{"clusterContext": "ctx-a"}, {"clusterContext": "ctx-b"}], "refreshInterval": 1800}})
}

/// DB-02.
#[tokio::test(start_paused = true)]
async fn a_new_controller_address_is_used_at_once() {
    let world = world_with_web().await;
    world.avi.promote("site1").unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let writes = world
        .writes_after(|world| patch_config(world.home(), json!({"spec": {"gslbLeader": {"controllerIP": "site1"}}})))
        .await;
    assert_eq!(writes, [], "the new leader holds what the old one replicated");
    let before = world.avi.last_request();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
    world.settle().await;
    assert_eq!(outcomes(&world.writes_since(before)), [("PUT gslbservice/<uuid>", 200)]);
    assert!(world.requests_since(before).iter().all(|request| request.site == "site1"));
    assert_eq!(addresses(&world, "site1"), ["10.1.0.6", "10.2.0.5"]);
    assert_eq!(world.avi.session_count(LEADER), 0, "the session with the old one was closed");
}

/// CL-07 and DB-02.
#[tokio::test(start_paused = true)]
async fn a_cluster_leaves_the_configuration_and_comes_back() {
    let world = world_with_web().await;
    let writes = world.writes_after(|world| drop(apply(world.home(), policy(&["ctx-a"], json!({}))))).await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"]);
    let writes = world.writes_after(|world| patch_config(world.home(), members(&["ctx-a"]))).await;
    assert_eq!(writes, []);
    apply(world.home(), policy(&["ctx-a", "ctx-b"], json!({})));
    world.settle().await;
    assert_eq!(addresses(&world, LEADER), ["10.1.0.5"]);
    assert_eq!(world.links().board.read().clusters.keys().collect::<Vec<_>>(), ["ctx-a"]);

    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-b"), web("web", "10.2.0.6")))).await;
    assert_eq!(writes, [], "nobody looks at it");
    let writes = world.writes_after(|world| patch_config(world.home(), members(&["ctx-a", "ctx-b"]))).await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"]);
    assert_eq!(addresses(&world, LEADER), ["10.1.0.5", "10.2.0.6"]);
    assert!(world.links().board.read().clusters["ctx-b"].synced);
}

#[tokio::test(start_paused = true)]
async fn a_config_without_uuid_gets_one_and_only_then_is_anything_written() {
    let mut world = World::of_examples();
    delete_config(world.home());
    apply(world.home(), new_config("gc-1", None));
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.mischief.refuse_patches.store(true, Ordering::Relaxed);
    world.start_without_settling().await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(world.avi.last_request(), 0, "a UUID that is not stored would orphan every service");

    world.mischief.refuse_patches.store(false, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(60)).await;
    world.settle().await;
    let uuid = config(world.home(), "gc-1")["metadata"]["annotations"]["amko.vmware.com/amko-uuid"].clone();
    let owner = world.on_controller(LEADER, "gslbservice")["web.example.org"]["created_by"].clone();
    assert_eq!(owner, format!("amko-{}", uuid.as_str().unwrap()));
    assert_eq!(uuid::Uuid::parse_str(uuid.as_str().unwrap()).unwrap().get_version_num(), 1);
}

/// `helm upgrade` does this, with values that named the UUID before and do not any more.
#[tokio::test(start_paused = true)]
async fn a_uuid_that_somebody_takes_away_is_put_back_so_that_no_service_is_orphaned() {
    let world = world_with_web().await;
    let without = json!({"metadata": {"annotations": {"amko.vmware.com/amko-uuid": null}}});
    let writes = world.writes_after(|world| patch_config(world.home(), without)).await;
    let uuid = config(world.home(), "gc-1")["metadata"]["annotations"]["amko.vmware.com/amko-uuid"].clone();
    assert_eq!((writes, uuid), (vec![], json!(UUID)));
}

/// Taken away while no operator runs, nobody knows it any more but the services themselves.
#[tokio::test(start_paused = true)]
async fn a_config_that_was_in_use_and_has_no_uuid_gets_a_new_one_and_says_how_to_get_the_old_one_back() {
    for (status, told) in [(json!({}), 0), (json!({"state": "success: gslb config accepted"}), 1)] {
        let mut world = World::of_examples();
        delete_config(world.home());
        let mut used = new_config("gc-1", None);
        used["status"] = status;
        apply(world.home(), used);
        world.start().await;
        let uuid = config(world.home(), "gc-1")["metadata"]["annotations"]["amko.vmware.com/amko-uuid"].clone();
        assert!(uuid.as_str().is_some_and(|uuid| uuid != UUID), "{uuid}");
        let events = world.home().list("events").into_iter();
        let events: Vec<Value> = events.filter(|event| event["reason"] == "UuidLost").collect();
        let lost = "the GSLBConfig was in use and has lost its annotation amko.vmware.com/amko-uuid, so it gets a new \
                    UUID, under which GSLB services made before are not recognised: field created_by of such a service \
                    is amko- and the old UUID; set the annotation to it, or configs.amkoUUID in the chart's values";
        let expected = vec![(json!("GSLBConfig"), json!("Warning"), json!(lost)); told];
        let said =
            |event: &Value| (event["involvedObject"]["kind"].clone(), event["type"].clone(), event["message"].clone());
        assert_eq!(events.iter().map(said).collect::<Vec<_>>(), expected);
    }
}

/// DB-05.
#[tokio::test(start_paused = true)]
async fn a_second_config_is_refused_and_takes_over_when_the_first_goes() {
    let world = world_with_web().await;
    let writes = world.writes_after(|world| drop(apply(world.home(), new_config("gc-0", Some(UUID))))).await;
    assert_eq!(writes, []);
    assert_eq!(state(&world, "gc-0"), "error: can't add another gslbconfig");
    assert_eq!(state(&world, "gc-1"), "success: gslb config accepted");
    let writes = world.writes_after(|world| delete_config(world.home())).await;
    assert_eq!((writes, state(&world, "gc-0")), (vec![], "success: gslb config accepted".into()));
}

/// DB-03, GDP-02 and GDP-03.
#[tokio::test(start_paused = true)]
async fn gdp_02_a_second_policy_is_refused_in_the_known_words() {
    let world = world_with_web().await;
    patch_config(world.home(), json!({"spec": {"deletionGuard": {"maxPercent": 100}}}));
    let mut second = policy(&["ctx-a"], json!({}));
    second["metadata"]["name"] = json!("another");
    let writes = world.writes_after(|world| drop(apply(world.home(), second))).await;
    assert_eq!(writes, []);
    let kind = "globaldeploymentpolicies.amko.vmware.com";
    let status =
        |name: &str| world.home().get(kind, Some("avi-system"), name).unwrap()["status"]["errorStatus"].clone();
    assert_eq!(status("another"), "a GDP object already exists, can't add another");
    assert_eq!(status("global-gdp"), "success");
    world.writes_after_deleted_policy().await;
    assert_eq!((status("another"), addresses(&world, LEADER)), ("success".into(), vec!["10.1.0.5".to_owned()]));
}

/// DEL-03.
#[tokio::test(start_paused = true)]
async fn del_03_without_its_config_the_operator_goes_on_as_it_was_whatever_is_restarted() {
    let world = world_with_web().await;
    let writes = world.writes_after(|world| delete_config(world.home())).await;
    assert_eq!(writes, []);
    for child in [Child::AviSession, Child::GsDirectory] {
        world.writes_after(|world| world.links().operator.cast(OperatorMsg::Poison(child))).await;
    }
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-a"), web("web", "10.1.0.6")))).await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"]);
    let writes = world.writes_after(|world| drop(apply(world.home(), new_config("gc-1", Some(UUID))))).await;
    assert_eq!((writes, state(&world, "gc-1")), (vec![], "success: gslb config accepted".into()));
}

/// DB-02.
#[tokio::test(start_paused = true)]
async fn a_new_log_level_takes_effect_and_costs_nothing() {
    let world = world_with_web().await;
    let before = world.avi.last_request();
    patch_config(world.home(), json!({"spec": {"logLevel": "DEBUG"}}));
    world.settle().await;
    assert_eq!(world.mischief.log_levels.lock().last().map(String::as_str), Some("DEBUG"));
    assert_eq!(world.avi.last_request(), before, "the session goes on");
}

/// What a change of the GSLBConfig or of its Secret costs: logins, full reads, writes.
async fn cost(world: &World, change: impl FnOnce(&World)) -> (usize, usize, usize) {
    let before = world.avi.last_request();
    let writes = world.writes_after(change).await.len();
    (world.logins_since(before), full_reads_since(world, before), writes)
}

fn full_reads_since(world: &World, seq: u64) -> usize {
    world.requests_since(seq).iter().filter(|r| r.path_and_query.contains("created_by=amko-gslb&")).count()
}

/// DB-02.
#[tokio::test(start_paused = true)]
async fn only_what_needs_another_session_costs_a_login_and_a_full_read() {
    let world = world_with_web().await;
    let leader = |patch: Value| json!({"spec": {"gslbLeader": patch}});
    let table = [
        ("log level", json!({"spec": {"logLevel": "WARN"}}), (0, 0, 0)),
        ("refresh interval", json!({"spec": {"refreshInterval": 900}}), (0, 0, 0)),
        ("rate", leader(json!({"requestsPerSecond": 7})), (0, 0, 0)),
        ("no rate", leader(json!({"requestsPerSecond": 0})), (0, 0, 0)),
        ("following", leader(json!({"followLeader": true})), (0, 0, 0)),
        ("not following", leader(json!({"followLeader": false})), (0, 0, 0)),
        ("guard", json!({"spec": {"deletionGuard": {"maxPercent": 5, "maxCount": 1}}}), (0, 0, 0)),
        ("version", leader(json!({"controllerVersion": "22.1.3"})), (1, 1, 0)),
        ("certificate", leader(json!({"insecureSkipVerify": true})), (1, 1, 0)),
        ("address", leader(json!({"controllerIP": format!("{LEADER}:443")})), (1, 1, 0)),
    ];
    for (what, patch, expected) in table {
        let cost = cost(&world, |world| patch_config(world.home(), patch)).await;
        assert_eq!(cost, expected, "{what}");
    }
    world.avi.set_password("another");
    let changed = cost(&world, |world| set_password(world.home(), "another")).await;
    assert_eq!(changed, (1, 1, 0), "password");
    let owner = UUID.replace("1111", "4444");
    let annotation = json!({"metadata": {"annotations": {"amko.vmware.com/amko-uuid": owner}}});
    let before = world.avi.last_request();
    patch_config(world.home(), annotation);
    // It never settles: the services are those of somebody else now.
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((world.logins_since(before), full_reads_since(&world, before)), (1, 1), "owner");
    assert_eq!(world.avi.session_count(LEADER), 1, "each earlier session was closed");
}

/// DB-02: a shorter interval counts from now on, not from the next read.
#[tokio::test(start_paused = true)]
async fn a_shorter_refresh_interval_takes_effect_at_once() {
    let world = world_with_web().await;
    patch_config(world.home(), json!({"spec": {"refreshInterval": 60}}));
    let before = world.avi.last_request();
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert_eq!((world.logins_since(before), full_reads_since(&world, before)), (0, 3));
}

/// TEN-05 and DB-02.
#[tokio::test(start_paused = true)]
async fn another_default_tenant_moves_the_services_within_the_same_session() {
    let world = world_with_web().await;
    create_tenant(&world, "green").await;
    let before = world.avi.last_request();
    let patch = json!({"spec": {"deletionGuard": {"maxPercent": 100}, "gslbLeader": {"tenant": "green"}}});
    let writes = world.writes_after(|world| patch_config(world.home(), patch)).await;
    let expected = [
        ("POST healthmonitor", 201),
        // Nothing but its domain name is in the way.
        ("POST gslbservice", 400),
        ("DELETE gslbservice/<uuid>", 204),
        ("POST gslbservice", 201),
        ("DELETE healthmonitor/<uuid>", 204),
    ];
    assert_eq!(outcomes(&writes), expected);
    assert_eq!(world.logins_since(before), 0);
}

/// TEN-05: the service stays where it is until the new tenant takes it.
#[tokio::test(start_paused = true)]
async fn a_tenant_that_refuses_a_service_takes_it_from_nobody() {
    for fault in [None, Some("tenant-forbidden")] {
        let world = world_with_web().await;
        let mut forbidden = None;
        if let Some(fault) = fault {
            create_tenant(&world, "green").await;
            forbidden = Some(world.avi.add_fault(&FaultOrder::new(fault).with("name", "green")).unwrap());
        }
        let service = world.on_controller(LEADER, "gslbservice");
        let before = world.avi.last_request();
        patch_config(
            world.home(),
            json!({"spec": {"deletionGuard": {"maxPercent": 100}, "gslbLeader": {"tenant": "green"}}}),
        );
        // Virtual: time for many tries.
        tokio::time::sleep(Duration::from_secs(1200)).await;
        let writes = world.writes_since(before);
        assert!(writes.iter().all(|write| write.line == "POST healthmonitor" && write.status == 403), "{writes:?}");
        assert_eq!(world.on_controller(LEADER, "gslbservice"), service, "{fault:?}");

        match forbidden {
            Some(id) => world.avi.clear_fault(id).unwrap(),
            None => create_tenant(&world, "green").await,
        }
        // Virtual: time for many tries.
        tokio::time::sleep(Duration::from_secs(1200)).await;
        let moved = world.on_controller(LEADER, "gslbservice");
        let name = |services: &BTreeMap<String, Value>| services.keys().cloned().collect::<Vec<_>>();
        assert_eq!(name(&moved), name(&service));
        assert_ne!(moved["web.example.org"]["tenant_ref"], service["web.example.org"]["tenant_ref"], "{fault:?}");
        assert_eq!(world.monitor_names().len(), 1);
    }
}

/// DB-01.
#[tokio::test(start_paused = true)]
async fn db_01_a_policy_that_cannot_be_read_at_start_is_not_a_policy_that_is_gone() {
    let mut world = world_with_web().await;
    world.stop().await;
    let kind = "globaldeploymentpolicies.amko.vmware.com";
    let mut crd = world.home().get("customresourcedefinitions.apiextensions.k8s.io", None, kind).unwrap();
    for version in crd["spec"]["versions"].as_array_mut().unwrap() {
        let lax = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        version["schema"] = json!({"openAPIV3Schema": lax});
    }
    world.home().apply(crd).unwrap();
    apply(world.home(), policy(&["ctx-a", "ctx-b"], json!({"ttl": "thirty"})));
    let before = world.avi.last_request();
    world.start().await;
    assert_eq!(world.writes_since(before), []);
    let notice = world.links().board.read().deployment_policy;
    let expected = "GlobalDeploymentPolicy avi-system/global-gdp cannot be decoded: correct it or delete it";
    assert_eq!(notice, expected);
    let writes =
        world.writes_after(|world| drop(apply(world.home(), policy(&["ctx-a", "ctx-b"], json!({"ttl": 30}))))).await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"]);
}

#[tokio::test(start_paused = true)]
async fn a_follower_forgets_what_no_cluster_offers_any_more() {
    let mut world = World::of_examples();
    set_leader(world.home(), false);
    world.start().await;
    for n in 0..5 {
        apply(world.cluster("ctx-a"), web(&format!("preview{n}"), "10.1.0.5"));
        tokio::time::sleep(Duration::from_secs(10)).await;
        delete_ingress(world.cluster("ctx-a"), &format!("preview{n}"));
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(views(&world.links().directory).await.unwrap(), []);
}

/// CL-02 and DB-14: it counts as known, is told with its remedy, and holds nobody up.
#[tokio::test(start_paused = true)]
async fn a_context_that_the_kubeconfig_lacks_is_told_and_the_other_clusters_go_on() {
    let world = world_with_web().await;
    let all = ["ctx-a", "ctx-b", "ctx-c"];
    let writes = world
        .writes_after(|world| {
            patch_config(world.home(), members(&all));
            apply(world.home(), policy(&all, json!({"ttl": 30})));
        })
        .await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"], "the policy may name it");
    let notice = world.links().board.read().clusters["ctx-c"].clone();
    let error = "context \"ctx-c\" is not in the multi-cluster kubeconfig: add it to key gslb-members of Secret \
                 avi-system/gslb-config-secret";
    assert_eq!((notice.synced, notice.error.as_deref()), (false, Some(error)));
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-b"), web("web", "10.2.0.6")))).await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"]);
}
