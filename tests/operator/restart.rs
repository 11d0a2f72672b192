//! What a restart of the operator does to the controller: nothing, unless something has changed meanwhile.

use crate::support::objects::{apply, delete_ingress, delete_policy, patch_config, policy, service, web};
use crate::support::{LEADER, Request, World, lines};
use serde_json::{Value, json};

/// Both clusters hold `web`, `ctx-b` also holds `only`, `ctx-a` a Service.
async fn busy_world() -> World {
    let mut world = World::of_examples();
    world.start().await;
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    apply(world.cluster("ctx-b"), web("only", "10.2.0.6"));
    apply(world.cluster("ctx-a"), service("db", "db.example.org", "10.1.0.7", &[(5432, "TCP")]));
    world.settle().await;
    assert_eq!(world.service_names(), ["db.example.org", "only.example.org", "web.example.org"]);
    world
}

/// The writes of a restart, with `meanwhile` done while the operator is down.
async fn restart(world: &mut World, meanwhile: impl FnOnce(&World)) -> Vec<Request> {
    world.stop().await;
    let before = world.avi.last_request();
    meanwhile(world);
    world.start().await;
    world.writes_since(before)
}

/// Otherwise more than one object that nobody saw go is asked about where services are few.
fn unguarded(world: &World) {
    patch_config(world.home(), json!({"spec": {"deletionGuard": {"maxPercent": 100}}}));
}

/// DEL-01, FND-A3: one object is its owner's, whoever saw it go.
#[tokio::test(start_paused = true)]
async fn one_object_that_went_while_the_operator_was_down_is_not_asked_about() {
    let mut world = busy_world().await;
    let writes = restart(&mut world, |world| delete_ingress(world.cluster("ctx-b"), "only")).await;
    assert_eq!(lines(&writes), ["DELETE gslbservice/<uuid>", "DELETE healthmonitor/<uuid>"]);
}

/// DB-09.
#[tokio::test(start_paused = true)]
async fn an_unchanged_world_costs_no_write() {
    let mut world = busy_world().await;
    assert_eq!(restart(&mut world, |_| {}).await, []);
}

/// DEL-01.
#[tokio::test(start_paused = true)]
async fn what_changed_while_the_operator_was_down_is_caught_up_with() {
    let mut world = busy_world().await;
    unguarded(&world);
    let writes = restart(&mut world, |world| {
        delete_ingress(world.cluster("ctx-b"), "web");
        delete_ingress(world.cluster("ctx-b"), "only");
    })
    .await;
    let mut found = lines(&writes);
    found.sort_unstable();
    assert_eq!(found, ["DELETE gslbservice/<uuid>", "DELETE healthmonitor/<uuid>", "PUT gslbservice/<uuid>"]);
    assert_eq!(world.service_names(), ["db.example.org", "web.example.org"]);
}

/// CL-01, CL-04, CL-05 and DB-01.
#[tokio::test(start_paused = true)]
async fn db_01_a_cluster_that_cannot_be_reached_at_start_loses_nothing() {
    let mut world = busy_world().await;
    let before = world.on_controller(LEADER, "gslbservice");
    let writes = restart(&mut world, |world| world.cluster("ctx-b").set_available(false)).await;
    assert_eq!(writes, [], "ctx-b is not seen, so nothing of it is known to be gone");

    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-a"), web("web", "10.1.0.99")))).await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"], "the cluster that is seen goes on");
    let members = writes[0].body["groups"][0]["members"].as_array().unwrap();
    let addresses: Vec<&Value> = members.iter().map(|m| &m["ip"]["addr"]).collect();
    assert_eq!(addresses, [&json!("10.1.0.99"), &json!("10.2.0.5")], "the unseen cluster's member stays");

    let seq = world.avi.last_request();
    world.cluster("ctx-b").set_available(true);
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(world.writes_since(seq), [], "the cluster is back, and is as it was");
    assert_eq!(
        world.on_controller(LEADER, "gslbservice").keys().collect::<Vec<_>>(),
        before.keys().collect::<Vec<_>>()
    );
}

/// CL-04, CL-05 and DB-01.
#[tokio::test(start_paused = true)]
async fn db_01_an_unreachable_cluster_that_turns_out_to_be_empty_loses_its_members_then() {
    let mut world = busy_world().await;
    unguarded(&world);
    let writes = restart(&mut world, |world| {
        world.cluster("ctx-b").set_available(false);
        delete_ingress(world.cluster("ctx-b"), "web");
        delete_ingress(world.cluster("ctx-b"), "only");
    })
    .await;
    assert_eq!(writes, []);
    world.cluster("ctx-b").set_available(true);
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    world.settle().await;
    assert_eq!(world.service_names(), ["db.example.org", "web.example.org"]);
}

/// CL-06.
#[tokio::test(start_paused = true)]
async fn cl_06_a_cluster_that_goes_away_later_keeps_its_members() {
    let world = busy_world().await;
    let writes = world.writes_after(|world| world.cluster("ctx-b").set_available(false)).await;
    assert_eq!(writes, []);
    let notice = world.links().board.read().clusters["ctx-b"].clone();
    assert!(notice.error.is_some(), "the trouble is told: {notice:?}");
}

/// DB-06.
#[tokio::test(start_paused = true)]
async fn a_controller_that_is_down_at_start_is_waited_for() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.avi.set_available(LEADER, false);
    world.start_without_settling().await;
    tokio::time::sleep(std::time::Duration::from_secs(120)).await;
    let config = world.home().get("gslbconfigs.amko.vmware.com", Some("avi-system"), "gc-1").unwrap();
    let state = config["status"]["state"].as_str().unwrap();
    assert!(state.starts_with("error: issue in connecting to the controller API, "), "{state}");
    assert!(world.links().board.readiness().is_err());

    world.avi.set_available(LEADER, true);
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    world.settle().await;
    assert_eq!(world.service_names(), ["web.example.org"]);
    let config = world.home().get("gslbconfigs.amko.vmware.com", Some("avi-system"), "gc-1").unwrap();
    assert_eq!(config["status"]["state"], "success: gslb config accepted");
    assert_eq!(
        world.links().board.readiness(),
        Ok("first look done: every GSLB service is as it should be".to_owned())
    );
}

/// DB-49.
#[tokio::test(start_paused = true)]
async fn changes_during_a_blackout_of_the_controller_are_written_once_afterwards() {
    let world = busy_world().await;
    world.avi.set_available(LEADER, false);
    let before = world.avi.last_request();
    for last in 10..30 {
        apply(world.cluster("ctx-a"), web("web", &format!("10.1.0.{last}")));
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    }
    apply(world.cluster("ctx-a"), web("new", "10.1.0.40"));
    world.avi.set_available(LEADER, true);
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    world.settle().await;
    let writes = world.writes_since(before);
    let mut found = lines(&writes);
    found.sort_unstable();
    assert_eq!(found, ["POST gslbservice", "POST healthmonitor", "PUT gslbservice/<uuid>"]);
    let put = writes.iter().find(|w| w.line.starts_with("PUT")).unwrap();
    assert_eq!(put.body["groups"][0]["members"][0]["ip"]["addr"], "10.1.0.29", "the newest state only");
}

#[tokio::test(start_paused = true)]
async fn an_expired_session_is_replaced_without_anybody_noticing() {
    let world = busy_world().await;
    world.avi.expire_sessions(LEADER);
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-a"), web("web", "10.1.0.77")))).await;
    let statuses: Vec<(&str, u16)> = writes.iter().map(|w| (w.line.as_str(), w.status)).collect();
    assert_eq!(statuses, [("PUT gslbservice/<uuid>", 401), ("PUT gslbservice/<uuid>", 200)]);
}

/// GDP-07.
#[tokio::test(start_paused = true)]
async fn gdp_07_an_invalid_policy_keeps_the_last_valid_one_in_force() {
    let world = busy_world().await;
    let invalid = json!({"trafficSplit": [{"cluster": "unknown", "weight": 5, "priority": 10}]});
    let writes = world.writes_after(|w| drop(apply(w.home(), policy(&["ctx-a", "ctx-b"], invalid)))).await;
    assert_eq!(writes, []);
    let kind = "globaldeploymentpolicies.amko.vmware.com";
    let gdp = world.home().get(kind, Some("avi-system"), "global-gdp").unwrap();
    assert_eq!(gdp["status"]["errorStatus"], "cluster unknown in traffic policy not present in GSLBConfig");
}

/// DB-02.
#[tokio::test(start_paused = true)]
async fn a_follower_writes_nothing_until_it_is_told_to_lead() {
    let mut world = World::of_examples();
    let lead = |world: &World, leader: bool| {
        let patch = json!({"spec": {"isLeader": leader}});
        let kind = "amkoclusters.amko.vmware.com";
        world.home().merge_patch(kind, Some("avi-system"), "amkocluster-federation", None, patch).unwrap();
    };
    lead(&world, false);
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start().await;
    assert_eq!((world.avi.last_request(), world.writes()), (0, vec![]), "a follower never talks to the controller");
    assert_eq!(world.links().board.readiness(), Ok("standing by as follower".to_owned()));

    world.writes_after(|world| lead(world, true)).await;
    assert_eq!(world.service_names(), ["web.example.org"]);
    let writes = world
        .writes_after(|world| {
            lead(world, false);
            apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
        })
        .await;
    assert_eq!(writes, [], "the term is over");
}

/// CL-04.
#[tokio::test(start_paused = true)]
async fn a_new_service_is_written_once_all_clusters_were_seen_instead_of_once_per_cluster() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    world.cluster("ctx-b").set_available(false);
    world.start_without_settling().await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(world.writes(), [], "ctx-b may still come");

    world.cluster("ctx-b").set_available(true);
    world.settle().await;
    let writes = world.writes();
    assert_eq!(lines(&writes), ["POST healthmonitor", "POST gslbservice"]);
    assert_eq!(writes[1].body["groups"][0]["members"].as_array().unwrap().len(), 2);
}

/// CL-01, CL-04 and DB-14.
#[tokio::test(start_paused = true)]
async fn a_cluster_that_does_not_come_holds_nobody_up_for_longer_than_the_settle_period() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.cluster("ctx-b").set_available(false);
    world.start_without_settling().await;
    tokio::time::sleep(std::time::Duration::from_secs(11)).await;
    assert_eq!(lines(&world.writes()), ["POST healthmonitor", "POST gslbservice"]);
}

/// DEL-02: nothing holds the deletion of the policy up, and the next start does not know who wished for it.
#[tokio::test(start_paused = true)]
async fn a_policy_that_is_not_there_at_a_start_takes_nothing_along() {
    let mut world = busy_world().await;
    let (before, services) = (world.avi.last_request(), world.service_names());
    restart(&mut world, |world| {
        delete_policy(world.home());
        let kind = "globaldeploymentpolicies.amko.vmware.com";
        assert_eq!(world.home().get(kind, Some("avi-system"), "global-gdp"), None, "no finalizer keeps it");
    })
    .await;
    assert_eq!((world.writes_since(before), world.service_names()), (vec![], services));
}

/// DB-40: whoever deletes everything together loses nothing on the controller once the operator has stopped.
#[tokio::test(start_paused = true)]
async fn a_stopped_operator_asks_and_writes_nothing_any_more() {
    let mut world = busy_world().await;
    let (before, services) = (world.avi.last_request(), world.service_names());
    apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
    world.stop().await;
    let stopped = world.avi.last_request();
    delete_policy(world.home());
    delete_ingress(world.cluster("ctx-a"), "web");
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!((world.avi.last_request(), world.service_names()), (stopped, services));
    let deletions = world.writes_since(before).into_iter().filter(|write| write.line.starts_with("DELETE"));
    assert_eq!(deletions.collect::<Vec<_>>(), []);
}
