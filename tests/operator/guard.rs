//! The guard: what one slip of a person would take from users waits until somebody approves it, and everything else goes
//! on.

use crate::support::objects::{Host, apply, config, delete_ingress, delete_policy, ingress, members, patch_config};
use crate::support::objects::{policy, web};
use crate::support::{LEADER, World, lines};
use amko::actors::gs_directory::GsDirectoryMsg;
use amko::http::{TestHooks, router};
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tower::ServiceExt;

pub const BOTH: [&str; 2] = ["ctx-a", "ctx-b"];

fn name(number: usize) -> String {
    format!("app{number:02}")
}

fn fqdn(number: usize) -> String {
    format!("{}.example.org", name(number))
}

/// An operator that has written this many services, each with a member of each of both clusters.
pub async fn with_services(count: usize) -> World {
    let mut world = World::of_examples();
    (0..count).for_each(|number| offer(&world, number));
    world.start().await;
    assert_eq!(world.service_names().len(), count);
    world
}

pub fn offer(world: &World, number: usize) {
    for (cluster, net) in [("ctx-a", 1), ("ctx-b", 2)] {
        apply(world.cluster(cluster), web(&name(number), &format!("10.{net}.0.{}", number + 1)));
    }
}

/// The policy with this app label.
pub fn select(world: &World, app: &str, ttl: u32) {
    let more = json!({"matchRules": {"appSelector": {"label": {"app": app}}}, "ttl": ttl});
    apply(world.home(), policy(&BOTH, more));
}

pub fn addresses(world: &World, number: usize) -> Vec<String> {
    let services = world.on_controller(LEADER, "gslbservice");
    let Some(service) = services.get(&fqdn(number)) else { return Vec::new() };
    let groups = service["groups"].as_array().unwrap();
    let members = groups.iter().flat_map(|group| group["members"].as_array().unwrap());
    members.map(|member| member["ip"]["addr"].as_str().unwrap().to_owned()).collect()
}

/// Names with at least one member.
pub fn answered(world: &World, count: usize) -> usize {
    (0..count).filter(|number| !addresses(world, *number).is_empty()).count()
}

/// Message of a condition of the GSLBConfig, while it is there.
pub fn condition(world: &World, type_: &str) -> Option<String> {
    let conditions = config(world.home(), "gc-1")["status"]["conditions"].as_array().unwrap().clone();
    let condition = conditions.into_iter().find(|condition| condition["type"] == type_)?;
    assert_eq!(condition["status"], "True");
    Some(condition["message"].as_str().unwrap().to_owned())
}

pub fn id(world: &World) -> String {
    let message = condition(world, "ChangesHeld").unwrap();
    message.split("approve-deletions=").nth(1).unwrap().split(';').next().unwrap().to_owned()
}

pub fn approve(world: &World, id: &str) {
    patch_config(world.home(), json!({"metadata": {"annotations": {"amko.vmware.com/approve-deletions": id}}}));
}

/// Reasons of the Events about the guard, in the order of their times and names.
fn events(world: &World) -> BTreeSet<String> {
    let events = world.home().list("events").into_iter();
    let reasons = events.map(|event| event["reason"].as_str().unwrap().to_owned());
    reasons.filter(|reason| reason.contains("Changes") || reason.contains("Held")).collect()
}

fn reasons<const N: usize>(reasons: [&str; N]) -> BTreeSet<String> {
    reasons.map(str::to_owned).into()
}

async fn shown(world: &World, number: usize) -> Value {
    let request = http::Request::get(format!("/api/gs/{}", fqdn(number))).body(Body::empty()).unwrap();
    let answer = router(world.links().clone(), TestHooks::Off).oneshot(request).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}

pub async fn seconds(n: u64) {
    tokio::time::sleep(Duration::from_secs(n)).await;
}

/// FND-A3
#[tokio::test(start_paused = true)]
async fn a_typo_in_the_app_label_takes_none_of_ten_names_and_says_what_it_would_do() {
    let world = with_services(10).await;
    let writes = world.writes_after(|world| select(world, "gslp", 30)).await;
    assert_eq!((lines(&writes), answered(&world, 10)), (vec![], 10));
    let said = condition(&world, "ChangesHeld").unwrap();
    let begin = "10 of 10 names would keep no answer, cluster ctx-a would lose its members in 10, cluster ctx-b would \
                 lose its members in 10, because of an edit of the GlobalDeploymentPolicy; one edit may take away 20 % \
                 (spec.deletionGuard). If this is meant, run kubectl annotate --overwrite gslbconfig gc-1 -n avi-system \
                 amko.vmware.com/approve-deletions=";
    assert!(said.starts_with(begin), "{said}");
    assert!(
        said.contains("; if not, correct the GlobalDeploymentPolicy. They are: app00.example.org, app01"),
        "{said}"
    );
    assert_eq!(condition(&world, "DeletionsHeld"), Some(said));
    let document = shown(&world, 3).await;
    assert_eq!(document["state"], "held");
    let kept = json!([
        {"address": "10.1.0.4", "of": "cluster ctx-a", "reason": "held: an edit of the GlobalDeploymentPolicy"},
        {"address": "10.2.0.4", "of": "cluster ctx-b", "reason": "held: an edit of the GlobalDeploymentPolicy"},
    ]);
    assert_eq!(document["kept"], kept);
    let notice = &world.links().board.read().changes_held;
    assert_eq!((notice.len(), notice[0].names, notice[0].members["ctx-b"]), (1, 10, 10));
    assert_eq!(events(&world), reasons(["DeletionsHeld"]));

    let writes = world.writes_after(|world| select(world, "gslb", 30)).await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"; 10], "the new TTL");
    assert_eq!((condition(&world, "ChangesHeld"), condition(&world, "DeletionsHeld")), (None, None));
    assert_eq!(events(&world), reasons(["DeletionsHeld", "ChangesWithdrawn"]));
}

/// FND-A3, FND-C10
#[tokio::test(start_paused = true)]
async fn what_was_meant_is_done_after_an_approval_and_events_follow_it() {
    let world = with_services(10).await;
    select(&world, "other", 30);
    world.settle().await;
    let id = id(&world);
    approve(&world, "12345678");
    world.settle().await;
    assert_eq!(answered(&world, 10), 10);
    approve(&world, &id);
    world.settle().await;
    assert_eq!((world.service_names(), condition(&world, "ChangesHeld")), (vec![], None));
    assert_eq!(events(&world), reasons(["DeletionsHeld", "ChangesApproved", "ChangesDone"]));
}

/// FND-A3
#[tokio::test(start_paused = true)]
async fn small_installations_are_protected_as_well_as_large_ones() {
    for count in [1, 4] {
        let world = with_services(count).await;
        let mut moved = web(&name(0), "10.1.0.1");
        moved["metadata"]["labels"]["tier"] = json!("other");
        let selects_the_rest = json!({"matchRules": {"appSelector": {"label": {"app": "gslb", "tier": "web"}}}});
        for number in 1..count {
            for (cluster, net) in [("ctx-a", 1), ("ctx-b", 2)] {
                let mut labelled = web(&name(number), &format!("10.{net}.0.{}", number + 1));
                labelled["metadata"]["labels"]["tier"] = json!("web");
                apply(world.cluster(cluster), labelled);
            }
        }
        world.settle().await;
        let writes = world.writes_after(|world| drop(apply(world.home(), policy(&BOTH, selects_the_rest)))).await;
        assert_eq!((lines(&writes), answered(&world, count)), (vec![], count), "one of {count}");
        let said = condition(&world, "ChangesHeld").unwrap();
        assert!(said.starts_with(&format!("1 of {count} names would keep no answer")), "{said}");
    }
}

/// FND-A3
#[tokio::test(start_paused = true)]
async fn a_mistyped_member_cluster_takes_no_site_out_of_dns() {
    let world = with_services(3).await;
    let writes = world.writes_after(|world| patch_config(world.home(), members(&["ctx-a", "ctx-bb"]))).await;
    assert_eq!(lines(&writes), Vec::<&str>::new());
    assert_eq!(addresses(&world, 1), ["10.1.0.2", "10.2.0.2"]);
    let said = condition(&world, "ChangesHeld").unwrap();
    let begin = "cluster ctx-b would lose its members in 3, because of a cluster that left spec.memberClusters of the \
                 GSLBConfig while that names a context which no kubeconfig has; a context that is not known may be a \
                 slip.";
    assert!(said.starts_with(begin), "{said}");
    assert_eq!((condition(&world, "DeletionsHeld"), events(&world)), (None, reasons(["ChangesHeld"])));

    // The known ones count.
    apply(world.cluster("ctx-a"), web(&name(1), "10.1.0.99"));
    world.settle().await;
    assert_eq!(addresses(&world, 1), ["10.1.0.99", "10.2.0.2"]);

    let writes = world.writes_after(|world| patch_config(world.home(), members(&BOTH))).await;
    assert_eq!((lines(&writes), condition(&world, "ChangesHeld")), (vec![], None));
}

/// FND-A3: so it is with one service of many.
#[tokio::test(start_paused = true)]
async fn clusters_that_left_beside_an_unknown_context_stay_until_somebody_approves() {
    let world = with_services(1).await;
    for number in 1..12 {
        apply(world.cluster("ctx-a"), web(&name(number), &format!("10.1.0.{}", number + 1)));
    }
    world.settle().await;
    patch_config(world.home(), members(&["ctx-a", "ctx-bb"]));
    world.settle().await;
    seconds(3600).await;
    assert_eq!(addresses(&world, 0).len(), 2);
    approve(&world, &id(&world));
    world.settle().await;
    assert_eq!(addresses(&world, 0), ["10.1.0.1"]);
}

/// FND-A3: all contexts are known, and the cluster is still in `matchClusters`.
#[tokio::test(start_paused = true)]
async fn a_cluster_that_leaves_the_members_while_it_is_matched_takes_no_fifth_of_the_services_along() {
    let world = with_services(3).await;
    patch_config(world.home(), members(&["ctx-a"]));
    world.settle().await;
    assert_eq!(addresses(&world, 0), ["10.1.0.1", "10.2.0.1"]);
    let said = condition(&world, "ChangesHeld").unwrap();
    assert!(
        said.starts_with("cluster ctx-b would lose its members in 3, because of an edit of the GSLBConfig"),
        "{said}"
    );
    approve(&world, &id(&world));
    world.settle().await;
    assert_eq!(addresses(&world, 0), ["10.1.0.1"]);
}

/// FND-A3
#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_taken_out_of_the_policy_goes_except_where_nothing_would_be_left() {
    let world = with_services(3).await;
    apply(world.cluster("ctx-b"), web("only", "10.2.0.77"));
    world.settle().await;
    let writes = world.writes_after(|world| drop(apply(world.home(), policy(&["ctx-a"], json!({}))))).await;
    assert_eq!(lines(&writes), ["PUT gslbservice/<uuid>"; 3]);
    assert_eq!(world.service_names().len(), 4);
    let said = condition(&world, "ChangesHeld").unwrap();
    assert!(said.starts_with("1 of 4 names would keep no answer"), "{said}");
    let writes = world.writes_after(|world| patch_config(world.home(), members(&["ctx-a"]))).await;
    assert_eq!((lines(&writes), world.service_names().len()), (vec![], 4), "as little as before");
}

/// FND-A3: one service loses a member by its owner while others are held, and that very service too.
#[tokio::test(start_paused = true)]
async fn what_owners_do_goes_on_while_an_edit_is_held() {
    let world = with_services(4).await;
    select(&world, "gslp", 30);
    world.settle().await;
    let held = id(&world);
    let writes = world.writes_after(|world| delete_ingress(world.cluster("ctx-b"), &name(0))).await;
    assert_eq!((lines(&writes), addresses(&world, 0)), (vec!["PUT gslbservice/<uuid>"], vec!["10.1.0.1".to_owned()]));
    let writes = world.writes_after(|world| delete_ingress(world.cluster("ctx-a"), &name(0))).await;
    assert_eq!(lines(&writes), ["DELETE gslbservice/<uuid>", "DELETE healthmonitor/<uuid>"]);
    assert_eq!(answered(&world, 4), 3);
    assert_ne!(id(&world), held, "another set");
    let mut selected = web("new", "10.1.0.50");
    selected["metadata"]["labels"]["app"] = json!("gslp");
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-a"), selected))).await;
    assert_eq!(lines(&writes), ["POST healthmonitor", "POST gslbservice"]);
}

/// FND-A3
#[tokio::test(start_paused = true)]
async fn a_namespace_that_its_owner_deletes_is_not_asked_about() {
    let world = with_services(10).await;
    for number in 0..8 {
        delete_ingress(world.cluster("ctx-a"), &name(number));
        delete_ingress(world.cluster("ctx-b"), &name(number));
    }
    world.settle().await;
    assert_eq!((world.service_names().len(), events(&world)), (2, reasons([])));
}

/// FND-A3: one object, however many names it has.
#[tokio::test(start_paused = true)]
async fn an_object_takes_all_its_names_along() {
    let mut world = World::of_examples();
    let names: Vec<String> = (0..15).map(fqdn).collect();
    let hosts: Vec<Host<'_>> = names.iter().map(|host| Host { host, ip: "10.1.0.5", paths: &["/"] }).collect();
    apply(world.cluster("ctx-a"), ingress("many", &hosts));
    world.start().await;
    assert_eq!(world.service_names().len(), 15);
    delete_ingress(world.cluster("ctx-a"), "many");
    world.settle().await;
    assert_eq!((world.service_names(), events(&world)), (vec![], reasons([])));
}

/// FND-A3: ten a minute do not pass for ever.
#[tokio::test(start_paused = true)]
async fn slow_losses_are_held_within_a_day() {
    let mut world = with_services(60).await;
    // What is there at a start is not young.
    world.stop().await;
    world.start().await;
    for number in 0..30 {
        delete_ingress(world.cluster("ctx-a"), &name(number));
        delete_ingress(world.cluster("ctx-b"), &name(number));
        seconds(6).await;
    }
    world.settle().await;
    assert_eq!(answered(&world, 60), 48);
    let said = condition(&world, "DeletionsHeld").unwrap();
    assert!(said.contains("within a day"), "{said}");
    delete_ingress(world.cluster("ctx-a"), &name(50));
    delete_ingress(world.cluster("ctx-b"), &name(50));
    world.settle().await;
    assert_eq!(answered(&world, 60), 47, "what goes alone goes");
}

/// FND-F4
#[tokio::test(start_paused = true)]
async fn young_services_come_and_go_at_any_rate() {
    let world = with_services(2).await;
    for number in 10..40 {
        apply(world.cluster("ctx-a"), web(&name(number), &format!("10.1.0.{number}")));
    }
    seconds(20).await;
    assert_eq!(world.service_names().len(), 32);
    (10..40).for_each(|number| delete_ingress(world.cluster("ctx-a"), &name(number)));
    world.settle().await;
    assert_eq!((world.service_names().len(), events(&world)), (2, reasons([])));
}

/// FND-A3: with `maxPercent: 100` everything is as upstream has it.
#[tokio::test(start_paused = true)]
async fn a_guard_that_is_switched_off_asks_about_nothing() {
    let world = with_services(4).await;
    patch_config(world.home(), json!({"spec": {"deletionGuard": {"maxPercent": 100}}}));
    patch_config(world.home(), members(&["ctx-a", "ctx-bb"]));
    world.settle().await;
    assert_eq!(addresses(&world, 0), ["10.1.0.1"]);
    patch_config(world.home(), members(&BOTH));
    world.settle().await;
    select(&world, "gslp", 30);
    world.settle().await;
    assert_eq!((world.service_names(), events(&world)), (vec![], reasons([])));
}

/// FND-F2
#[tokio::test(start_paused = true)]
async fn a_member_whose_cluster_is_seen_goes_while_another_cluster_is_unseen_and_what_stays_is_shown() {
    let mut world = World::new(1, &["ctx-a", "ctx-b", "ctx-c"]);
    for (cluster, net) in [("ctx-a", 1), ("ctx-b", 2), ("ctx-c", 3)] {
        apply(world.cluster(cluster), web(&name(0), &format!("10.{net}.0.1")));
    }
    world.start().await;
    world.stop().await;
    world.cluster("ctx-c").set_available(false);
    world.start().await;
    assert_eq!(addresses(&world, 0), ["10.1.0.1", "10.2.0.1", "10.3.0.1"]);
    delete_ingress(world.cluster("ctx-b"), &name(0));
    world.settle().await;
    assert_eq!(addresses(&world, 0), ["10.1.0.1", "10.3.0.1"]);
    let kept = json!([{"address": "10.3.0.1", "of": "cluster ctx-c",
        "reason": "cluster ctx-c has not been completely seen yet and may explain it"}]);
    assert_eq!(shown(&world, 0).await["kept"], kept);
    delete_ingress(world.cluster("ctx-a"), &name(0));
    world.settle().await;
    assert_eq!(addresses(&world, 0), ["10.3.0.1"]);
}

/// FND-A1: without a policy at the start, deleting needs the approval of any mass deletion, also where the guard is
/// switched off.
#[tokio::test(start_paused = true)]
async fn without_a_policy_at_the_start_everything_is_deleted_once_that_is_approved() {
    for guard in [json!({}), json!({"maxPercent": 100})] {
        let mut world = with_services(3).await;
        patch_config(world.home(), json!({"spec": {"deletionGuard": guard}}));
        world.settle().await;
        world.stop().await;
        delete_policy(world.home());
        let before = world.avi.last_request();
        world.start().await;
        seconds(60).await;
        assert_eq!((world.writes_since(before), answered(&world, 3)), (vec![], 3));
        let held = condition(&world, "ChangesHeld").unwrap();
        assert!(held.contains("3") && held.contains("create the GlobalDeploymentPolicy"), "{held}");
        assert!(condition(&world, "DeletionsHeld").is_some() && condition(&world, "PolicyAbsent").is_some());
        let id = id(&world);
        approve(&world, &id);
        seconds(10).await;
        world.settle().await;
        assert_eq!((world.service_names(), world.monitor_names()), (vec![], vec![]), "{guard}");
        assert_eq!((condition(&world, "ChangesHeld"), condition(&world, "DeletionsHeld")), (None, None));
        let told = reasons(["ChangesApproved", "ChangesDone", "DeletionsHeld"]);
        assert_eq!(events(&world), told);
    }
}

/// FND-A1: with the guard switched off nobody is asked about what the policy that comes does not select.
#[tokio::test(start_paused = true)]
async fn with_the_guard_off_a_late_policy_that_selects_nothing_is_followed() {
    let mut world = with_services(3).await;
    patch_config(world.home(), json!({"spec": {"deletionGuard": {"maxPercent": 100}}}));
    world.settle().await;
    world.stop().await;
    delete_policy(world.home());
    world.start().await;
    seconds(30).await;
    assert!(condition(&world, "ChangesHeld").is_some());
    select(&world, "other", 30);
    seconds(10).await;
    world.settle().await;
    assert_eq!((world.service_names(), condition(&world, "ChangesHeld")), (vec![], None));
}

/// FND-A1: what was held is let go when the policy comes.
#[tokio::test(start_paused = true)]
async fn a_policy_that_comes_late_ends_what_is_held_for_want_of_it() {
    let mut world = with_services(3).await;
    world.stop().await;
    delete_policy(world.home());
    world.start().await;
    seconds(30).await;
    assert!(condition(&world, "ChangesHeld").is_some());
    let before = world.avi.last_request();
    select(&world, "gslb", 30);
    world.settle().await;
    assert_eq!((condition(&world, "ChangesHeld"), condition(&world, "DeletionsHeld")), (None, None));
    assert_eq!(lines(&world.writes_since(before)), ["PUT gslbservice/<uuid>"; 3], "for the TTL");
}

/// FND-A3: what comes in the same change as a loss that is held is done without waiting for it.
#[tokio::test(start_paused = true)]
async fn members_that_an_edit_adds_come_while_those_that_it_takes_away_are_held() {
    let mut world = World::of_examples();
    for number in 0..4 {
        for (cluster, net, app) in [("ctx-a", 1, "gslb"), ("ctx-b", 2, "next")] {
            let mut object = web(&name(number), &format!("10.{net}.0.{}", number + 1));
            object["metadata"]["labels"] = json!({"app": app});
            apply(world.cluster(cluster), object);
        }
    }
    world.start().await;
    assert_eq!(addresses(&world, 3), ["10.1.0.4"]);
    select(&world, "next", 30);
    world.settle().await;
    let both = |number: usize| vec![format!("10.2.0.{}", number + 1), format!("10.1.0.{}", number + 1)];
    for number in 0..4 {
        assert_eq!(addresses(&world, number), both(number));
    }
    approve(&world, &id(&world));
    world.settle().await;
    assert_eq!(
        (0..4).map(|number| addresses(&world, number)).collect::<Vec<_>>(),
        [["10.2.0.1"], ["10.2.0.2"], ["10.2.0.3"], ["10.2.0.4"]]
    );
}

/// FND-A3: the memory of what an object was outlives the actor of its service.
#[tokio::test(start_paused = true)]
async fn an_object_taken_out_after_a_failed_actor_is_not_asked_about() {
    let world = with_services(3).await;
    world.links().directory.cast(GsDirectoryMsg::Poison(Some(fqdn(0))));
    // Of the paused clock: the actor fails, and its successor has not started.
    tokio::time::sleep(Duration::from_millis(1)).await;
    let mut object = web(&name(0), "10.2.0.1");
    object["metadata"]["labels"] = json!({"app": "none"});
    apply(world.cluster("ctx-b"), object);
    world.settle().await;
    assert_eq!(addresses(&world, 0), ["10.1.0.1"]);
    assert_eq!(condition(&world, "ChangesHeld"), None);
}
