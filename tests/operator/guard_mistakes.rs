//! Mistakes that the guard has to see through: over restarts, one after the other, and approvals that are left behind.

use crate::guard::{BOTH, addresses, answered, approve, condition, id, offer, seconds, select, with_services};
use crate::support::controller::add_third_party_sites;
use crate::support::objects::{apply, config, delete_policy, patch_config, policy};
use crate::support::status::{RULES, host_rule};
use crate::support::{World, lines};
use serde_json::{Value, json};

fn rename(world: &World) {
    patch_config(world.home(), json!({"spec": {"useCustomGlobalFqdn": true}}));
}

/// FND-A3: names that a GSLBConfig gives otherwise stay held over a restart, and over a new session.
#[tokio::test(start_paused = true)]
async fn a_rename_that_is_held_stays_held_over_a_restart_and_over_a_new_session() {
    let mut world = with_services(8).await;
    let before = world.avi.last_request();
    rename(&world);
    seconds(30).await;
    assert!(condition(&world, "ChangesHeld").is_some_and(|held| held.contains("8 of 8 names")));
    world.stop().await;
    world.start().await;
    seconds(120).await;
    assert!(condition(&world, "ChangesHeld").is_some_and(|held| held.contains("8 of 8 names")));
    patch_config(world.home(), json!({"spec": {"gslbLeader": {"controllerVersion": "22.1.3"}}}));
    seconds(120).await;
    assert!(condition(&world, "ChangesHeld").is_some_and(|held| held.contains("8 of 8 names")));
    assert_eq!((world.writes_since(before), answered(&world, 8)), (vec![], 8));
}

/// FND-A3: members that rules gave up while no operator ran are explained by nothing, and are asked about all the same; a
/// new address in place of another one is no loss.
#[tokio::test(start_paused = true)]
async fn third_party_members_that_were_given_up_unseen_are_asked_about() {
    let mut world = with_services(9).await;
    add_third_party_sites(&world, &["cdn"]).await;
    let rule = |world: &World, number: usize, vip: &str| {
        let spec = json!({"fqdn": format!("app{number:02}.example.org"),
            "thirdPartyMembers": [{"site": "cdn", "vip": vip}]});
        apply(world.home(), host_rule(&format!("rule-{number}"), spec));
    };
    (0..9).for_each(|number| rule(&world, number, "198.51.100.7"));
    seconds(60).await;
    let counts = |world: &World| -> Vec<usize> { (0..9).map(|number| addresses(world, number).len()).collect() };
    assert_eq!(counts(&world), [3; 9]);

    world.stop().await;
    (0..8).for_each(|number| world.home().delete(RULES, Some("avi-system"), &format!("rule-{number}")).unwrap());
    rule(&world, 8, "198.51.100.8");
    world.start().await;
    seconds(120).await;
    assert_eq!(counts(&world), [3; 9]);
    assert!(addresses(&world, 8).contains(&"198.51.100.8".to_owned()), "{:?}", addresses(&world, 8));
    let said = condition(&world, "ChangesHeld").unwrap();
    assert!(said.starts_with("members of which nothing is known would go in 8"), "{said}");
    approve(&world, &id(&world));
    seconds(60).await;
    assert_eq!(counts(&world), [2, 2, 2, 2, 2, 2, 2, 2, 3]);
    assert_eq!(condition(&world, "ChangesHeld"), None);
}

/// FND-A3: the second mistake takes nothing of what the first one did not take.
#[tokio::test(start_paused = true)]
async fn a_rename_after_an_edit_of_namespaces_that_is_held_lets_nothing_go() {
    let mut world = World::of_examples();
    let label = |world: &World, labels: Value| {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": labels}});
        BOTH.iter().for_each(|cluster| drop(apply(world.cluster(cluster), namespace.clone())));
    };
    let selector = json!({"label": {"env": "prod"}});
    let rules = json!({"appSelector": {"label": {"app": "gslb"}}, "namespaceSelector": selector});
    apply(world.home(), policy(&BOTH, json!({"matchRules": rules})));
    label(&world, json!({"env": "prod"}));
    (0..8).for_each(|number| offer(&world, number));
    world.start().await;
    assert_eq!(answered(&world, 8), 8);
    label(&world, json!({}));
    seconds(30).await;
    assert!(condition(&world, "ChangesHeld").is_some_and(|held| held.contains("8 of 8 names")));
    rename(&world);
    seconds(120).await;
    let kept: Vec<usize> = (0..8).map(|number| addresses(&world, number).len()).collect();
    assert_eq!(kept, [2; 8]);
}

/// FND-A3: one misspelt name in both lists is no wish to give a cluster up.
#[tokio::test(start_paused = true)]
async fn the_same_slip_in_config_and_policy_keeps_the_members_of_the_cluster() {
    let world = with_services(8).await;
    let before = world.avi.last_request();
    let members = json!([{"clusterContext": "ctx-a"}, {"clusterContext": "ctx-bb"}]);
    patch_config(world.home(), json!({"spec": {"memberClusters": members}}));
    seconds(30).await;
    apply(world.home(), policy(&["ctx-a", "ctx-bb"], json!({"ttl": 30})));
    seconds(120).await;
    let kept: Vec<Vec<String>> = (0..8).map(|number| addresses(&world, number)).collect();
    assert!(kept.iter().all(|addresses| addresses.len() == 2), "{kept:?}");
    assert_eq!(lines(&world.writes_since(before)).iter().filter(|line| line.starts_with("DELETE")).count(), 0);
    assert!(condition(&world, "ChangesHeld").is_some_and(|held| held.contains("ctx-b")));
}

/// FND-A3: a draft that takes the place of the policy in force was never meant to give a cluster up; who takes one out of
/// the draft, once it is in force, says what it does.
#[tokio::test(start_paused = true)]
async fn a_draft_that_takes_over_gives_no_cluster_up_unasked() {
    let mut world = with_services(8).await;
    let draft = |clusters: &[&str]| {
        let mut draft = policy(clusters, json!({"ttl": 30}));
        draft["metadata"]["name"] = json!("draft");
        draft
    };
    apply(world.home(), draft(&["ctx-a"]));
    seconds(5).await;
    delete_policy(world.home());
    let members = |world: &World| (0..8).map(|number| addresses(world, number).len()).collect::<Vec<_>>();
    for restart in [false, true] {
        if restart {
            world.stop().await;
            world.start().await;
        }
        seconds(120).await;
        let asked = "cluster ctx-b would lose its members in 8";
        assert!(condition(&world, "ChangesHeld").is_some_and(|held| held.contains(asked)), "restart: {restart}");
        assert_eq!(members(&world), [2; 8], "restart: {restart}");
    }
    apply(world.home(), draft(&BOTH));
    seconds(30).await;
    assert_eq!((condition(&world, "ChangesHeld"), members(&world)), (None, vec![2; 8]));
    apply(world.home(), draft(&["ctx-a"]));
    seconds(30).await;
    assert_eq!((condition(&world, "ChangesHeld"), members(&world)), (None, vec![1; 8]));
}

/// FND-A3: a policy that is made again under its name is another object, and not an edit of the one before.
#[tokio::test(start_paused = true)]
async fn a_policy_made_again_with_less_clusters_gives_none_up_unasked() {
    let world = with_services(8).await;
    delete_policy(world.home());
    seconds(2).await;
    apply(world.home(), policy(&["ctx-a"], json!({})));
    seconds(60).await;
    let members: Vec<usize> = (0..8).map(|number| addresses(&world, number).len()).collect();
    assert_eq!(members, [2; 8]);
    assert!(condition(&world, "ChangesHeld").is_some_and(|held| held.contains("ctx-b would lose its members in 8")));
}

/// FND-C3: an object whose member is held is told nothing else than before, and what becomes of it once that is approved.
#[tokio::test(start_paused = true)]
async fn objects_of_held_members_are_told_once_they_are_no_members() {
    let mut world = with_services(8).await;
    let told = |world: &World| {
        let of_objects =
            |event: &Value| event["involvedObject"]["kind"] == "Ingress" && event["reason"] == "NotSelected";
        let count = |cluster| world.cluster(cluster).list("events").iter().filter(|event| of_objects(event)).count();
        BOTH.map(count)
    };
    select(&world, "gslbb", 30);
    seconds(60).await;
    assert_eq!((answered(&world, 8), told(&world)), (8, [0, 0]));
    world.stop().await;
    world.start().await;
    seconds(60).await;
    assert_eq!((answered(&world, 8), told(&world)), (8, [0, 0]), "nor by a restart");
    let meant = id(&world);
    approve(&world, &meant);
    seconds(60).await;
    assert_eq!((answered(&world, 8), told(&world)), (0, [8, 8]));
}

/// FND-C10: an approval does not outlive what it was for.
#[tokio::test(start_paused = true)]
async fn an_approval_is_taken_out_once_it_is_carried_out_or_is_for_nothing() {
    let mut world = with_services(8).await;
    select(&world, "gslbb", 30);
    seconds(30).await;
    let meant = id(&world);
    approve(&world, &meant);
    seconds(60).await;
    let annotation = |world: &World| {
        let annotations = config(world.home(), "gc-1")["metadata"]["annotations"].clone();
        annotations.get("amko.vmware.com/approve-deletions").cloned()
    };
    assert_eq!((answered(&world, 8), annotation(&world)), (0, None));

    select(&world, "gslb", 30);
    seconds(120).await;
    assert_eq!(answered(&world, 8), 8);
    select(&world, "gslbb", 30);
    seconds(30).await;
    world.stop().await;
    world.start().await;
    seconds(120).await;
    assert_eq!(answered(&world, 8), 8, "nobody approved that");
    approve(&world, "deadbeef");
    seconds(5).await;
    assert_eq!((answered(&world, 8), annotation(&world)), (8, None));
    let told = world.home().list("events").into_iter().filter(|event| event["reason"] == "ApprovalNeedless").count();
    assert_eq!(told, 1);
}

/// FND-A1: where the GSLBConfig goes as well, nobody could say what is about to happen, and nothing does.
#[tokio::test(start_paused = true)]
async fn policy_and_config_that_are_deleted_together_delete_nothing() {
    let world = with_services(8).await;
    let before = world.avi.last_request();
    let config = config(world.home(), "gc-1");
    world.home().delete("gslbconfigs.amko.vmware.com", Some("avi-system"), "gc-1").unwrap();
    seconds(1).await;
    delete_policy(world.home());
    seconds(120).await;
    assert_eq!((world.writes_since(before), answered(&world, 8)), (vec![], 8));
    apply(
        world.home(),
        json!({"apiVersion": config["apiVersion"], "kind": "GSLBConfig", "spec": config["spec"],
        "metadata": {"name": "gc-1", "namespace": "avi-system", "annotations": config["metadata"]["annotations"]}}),
    );
    seconds(120).await;
    assert_eq!((world.writes_since(before), answered(&world, 8)), (vec![], 8));
    assert!(condition(&world, "PolicyAbsent").is_some());
}
