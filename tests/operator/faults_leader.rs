//! Faults of leadership, replication and health: one leader is written to, followers and health never cause a write.

use crate::faults_support::{
    add, addresses, addresses_on, fault, minutes, patient, seconds, set_address, state, world_with,
};
use crate::support::objects::patch_config;
use crate::support::{LEADER, World, outcomes};
use amko_lab::avi::FaultOrder;
use serde_json::json;

fn only_the_leader_was_asked(world: &World, seq: u64) {
    let others: Vec<String> = world.requests_since(seq).into_iter().map(|r| r.site).filter(|s| s != LEADER).collect();
    assert_eq!(others, Vec::<String>::new());
}

/// F-23.
#[tokio::test(start_paused = true)]
async fn a_follower_is_not_written_to_and_what_waits_is_written_when_it_leads_again() {
    let world = world_with(&["web"]).await;
    let id = add(&world, &fault("follower").with("leader", "site1"));
    minutes(1).await;
    let before = world.avi.last_request();
    set_address(&world, "web", "10.1.0.6");
    minutes(10).await;
    let writes = world.writes_since(before);
    assert!(writes.len() <= 1 && writes.iter().all(|write| write.status == 400), "{writes:#?}");
    assert_eq!(state(&world), "error: controller not a leader");
    assert_eq!(addresses_on(&world, "site1", "web"), ["10.1.0.5"]);

    world.avi.clear_fault(id).unwrap();
    minutes(3).await;
    world.settle().await;
    assert_eq!(addresses(&world, "web"), ["10.1.0.6"]);
    assert_eq!(addresses_on(&world, "site1", "web"), ["10.1.0.6"]);
}

/// F-24.
#[tokio::test(start_paused = true)]
async fn a_new_leader_is_followed_and_read_whole_before_it_is_written() {
    let world = world_with(&["web"]).await;
    patch_config(world.home(), json!({"spec": {"gslbLeader": {"followLeader": true}}}));
    world.settle().await;
    let before = world.avi.last_request();
    add(&world, &fault("leader-change").with("leader", "site1"));
    seconds(10).await;
    set_address(&world, "web", "10.1.0.6");
    minutes(5).await;
    world.settle().await;
    assert_eq!(addresses_on(&world, "site1", "web"), ["10.1.0.6"]);
    let requests = world.requests_since(before);
    let at_new = |method: &str, path: &str| {
        let found = requests
            .iter()
            .find(|r| r.site == "site1" && r.method == method && r.status == 200 && r.path_and_query.starts_with(path));
        found.map(|r| r.seq).unwrap()
    };
    assert!(at_new("GET", "/api/gslbservice?") < at_new("PUT", "/api/gslbservice/"));
    let accepted = requests.iter().filter(|r| r.site == LEADER && r.method == "PUT" && r.status == 200).count();
    assert_eq!(accepted, 0);
}

/// F-24.
#[tokio::test(start_paused = true)]
async fn during_a_change_of_leader_nothing_is_accepted_and_nothing_is_lost() {
    let world = world_with(&["web"]).await;
    let id = add(&world, &fault("leader-change").with("leader", "site1").with("stale", "60s"));
    let before = world.avi.last_request();
    set_address(&world, "web", "10.1.0.6");
    minutes(10).await;
    let writes = world.writes_since(before);
    patient(writes.len(), 10);
    assert!(writes.iter().all(|write| write.status == 400), "{writes:#?}");
    world.avi.clear_fault(id).unwrap();
    minutes(3).await;
    world.settle().await;
    for site in [LEADER, "site1", "site2"] {
        assert_eq!(addresses_on(&world, site, "web"), ["10.1.0.6"], "{site}");
    }
}

/// F-25.
#[tokio::test(start_paused = true)]
async fn of_two_leaders_only_the_configured_one_is_written_to() {
    let world = world_with(&["web"]).await;
    let before = world.avi.last_request();
    let id = add(&world, &FaultOrder::new("two-leaders").on("site1").with("view", "same"));
    set_address(&world, "web", "10.1.0.6");
    minutes(10).await;
    assert_eq!(outcomes(&world.writes_since(before)), [("PUT gslbservice/<uuid>", 200)]);
    assert_eq!(addresses_on(&world, "site1", "web"), ["10.1.0.5"], "it hears nothing");
    only_the_leader_was_asked(&world, before);
    world.avi.clear_fault(id).unwrap();
    minutes(2).await;
    for site in [LEADER, "site1", "site2"] {
        assert_eq!(addresses_on(&world, site, "web"), ["10.1.0.6"], "{site}");
    }
}

/// F-25: the writes of the side that loses are gone with it.
#[tokio::test(start_paused = true)]
async fn a_leader_with_a_lower_view_is_left_alone_once_it_knows() {
    let world = world_with(&["web"]).await;
    let id = add(&world, &FaultOrder::new("two-leaders").on("site1"));
    minutes(2).await;
    world.avi.clear_fault(id).unwrap();
    minutes(2).await;
    let before = world.avi.last_request();
    set_address(&world, "web", "10.1.0.6");
    minutes(10).await;
    let writes = world.writes_since(before);
    assert!(writes.len() <= 1 && writes.iter().all(|write| write.status == 400), "{writes:#?}");
    assert_eq!(
        (world.avi.leader().as_deref(), state(&world).as_str()),
        (Some("site1"), "error: controller not a leader")
    );

    world.avi.promote(LEADER).unwrap();
    minutes(3).await;
    world.settle().await;
    for site in [LEADER, "site1", "site2"] {
        assert_eq!(addresses_on(&world, site, "web"), ["10.1.0.6"], "{site}");
    }
}

/// F-25 and FND-F3: the one controller that is asked names another leader for a while, and then itself again in the same
/// view.
#[tokio::test(start_paused = true)]
async fn a_controller_that_leads_again_in_the_same_view_is_written_to_again() {
    let world = world_with(&["web"]).await;
    patch_config(world.home(), json!({"spec": {"refreshInterval": 60}}));
    let name_leader = |site: &str| {
        let uuid = world.avi.cluster_uuid(site).unwrap();
        let gslb = world.avi.objects(LEADER, "gslb")[0]["name"].as_str().unwrap().to_owned();
        assert!(world.avi.edit_object(LEADER, "gslb", &gslb, |gslb| gslb["leader_cluster_uuid"] = json!(uuid)));
    };
    name_leader("site1");
    minutes(3).await;
    assert_eq!(state(&world), "error: controller not a leader");
    name_leader(LEADER);
    set_address(&world, "web", "10.1.0.6");
    minutes(3).await;
    assert_eq!(
        (state(&world).as_str(), addresses(&world, "web")),
        ("success: gslb config accepted", vec!["10.1.0.6".into()])
    );
}

/// F-26.
#[tokio::test(start_paused = true)]
async fn a_controller_that_wrongly_says_it_leads_is_not_hammered() {
    let world = world_with(&["web"]).await;
    let before = world.avi.last_request();
    let id = add(&world, &fault("stale-leader"));
    set_address(&world, "web", "10.1.0.6");
    minutes(10).await;
    let writes = world.writes_since(before);
    patient(writes.len(), 10);
    assert!(writes.iter().all(|write| write.status == 400), "{writes:#?}");
    let who_leads = world.requests_since(before).into_iter().filter(|r| r.path_and_query == "/api/gslb").count();
    // All but the last refusal have had time for it.
    assert!(who_leads + 1 >= writes.len(), "who leads is asked {who_leads} times after {} refusals", writes.len());
    world.avi.clear_fault(id).unwrap();
    minutes(3).await;
    world.settle().await;
    assert_eq!(addresses(&world, "web"), ["10.1.0.6"]);
}

/// F-48.
#[tokio::test(start_paused = true)]
async fn followers_that_lag_or_fail_are_not_repaired() {
    for order in [FaultOrder::new("replication-lag"), FaultOrder::new("failed-copies").on("site1")] {
        let world = world_with(&["web"]).await;
        let before = world.avi.last_request();
        let id = add(&world, &order);
        set_address(&world, "web", "10.1.0.6");
        minutes(1).await;
        assert_eq!(
            (addresses(&world, "web"), addresses_on(&world, "site1", "web")),
            (vec!["10.1.0.6".into()], vec!["10.1.0.5".into()])
        );
        world.avi.clear_fault(id).unwrap();
        minutes(31).await;
        assert_eq!(addresses_on(&world, "site1", "web"), ["10.1.0.6"], "{}", order.name);
        assert_eq!(outcomes(&world.writes_since(before)), [("PUT gslbservice/<uuid>", 200)], "{}", order.name);
        only_the_leader_was_asked(&world, before);
    }
}

/// F-49.
#[tokio::test(start_paused = true)]
async fn health_that_flaps_causes_no_write() {
    let world = world_with(&["web", "other"]).await;
    let before = world.avi.last_request();
    add(&world, &FaultOrder::new("health-flapping"));
    minutes(65).await;
    assert_eq!(world.writes_since(before), []);
    set_address(&world, "web", "10.1.0.6");
    world.settle().await;
    assert_eq!(outcomes(&world.writes_since(before)), [("PUT gslbservice/<uuid>", 200)]);
}

/// F-50: nothing is learned from events alone.
#[tokio::test(start_paused = true)]
async fn events_that_are_late_lost_doubled_or_out_of_order_change_nothing() {
    let world = world_with(&["web"]).await;
    let silent = FaultOrder::new("silent-events").with("delay", "10m").with("drop", 2).with("repeat", 3);
    add(&world, &silent.with("reversed", true));
    let before = world.avi.last_request();
    world.avi.delete_object(LEADER, "gslbservice", "web.example.org");
    minutes(31).await;
    assert_eq!(outcomes(&world.writes_since(before)), [("POST gslbservice", 201)]);
    assert_eq!(addresses(&world, "web"), ["10.1.0.5"]);
}
