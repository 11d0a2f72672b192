//! Mass deletions: a mistake in a cluster takes no services along before somebody has looked at it, and everything
//! else goes on.

use crate::support::objects::{Host, apply, config, ingress, patch_config, policy, set_leader};
use crate::support::{LEADER, World, lines};
use amko::actors::board::DeletionsNotice;
use amko::actors::operator::{Child, OperatorMsg};
use amko::core::guard::set_id;
use amko_lab::avi::Fault;
use amko_lab::kube::KubeWorld;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The Ingress of `app<number>.example.org` in a namespace.
fn app(number: usize, namespace: &str) -> Value {
    let name = format!("app{number:02}");
    let mut object = ingress(&name, &[Host { host: &fqdn(number), ip: "10.1.0.5", paths: &["/"] }]);
    object["metadata"]["namespace"] = json!(namespace);
    object
}

fn fqdn(number: usize) -> String {
    format!("app{number:02}.example.org")
}

fn delete(cluster: &KubeWorld, number: usize) {
    let namespace = if number < 30 { "left" } else { "right" };
    cluster.delete("ingresses.networking.k8s.io", Some(namespace), &format!("app{number:02}")).unwrap();
}

/// Labels a namespace as one that the policy picks, or takes the label away.
fn pick(world: &World, namespace: &str, picked: bool) {
    let env = if picked { json!("prod") } else { Value::Null };
    let patch = json!({"metadata": {"labels": {"env": env}}});
    world.cluster("ctx-a").merge_patch("namespaces", None, namespace, None, patch).unwrap();
}

/// An operator that has written sixty services, half of them of each of two namespaces.
async fn sixty() -> World {
    sixty_of(60).await
}

async fn sixty_of(count: usize) -> World {
    let mut world = World::of_examples();
    let selector = json!({"label": {"env": "prod"}});
    let rules = json!({"appSelector": {"label": {"app": "gslb"}}, "namespaceSelector": selector});
    apply(world.home(), policy(&["ctx-a", "ctx-b"], json!({"matchRules": rules})));
    for namespace in ["left", "right"] {
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": {"env": "prod"}}});
        apply(world.cluster("ctx-a"), object);
    }
    for number in 0..count {
        apply(world.cluster("ctx-a"), app(number, if number < 30 { "left" } else { "right" }));
    }
    world.start().await;
    assert_eq!(world.service_names().len(), count);
    // Younger ones do not count.
    minutes(2).await;
    world
}

/// The id of the set of these services.
fn id_of(numbers: impl IntoIterator<Item = usize>) -> String {
    let fqdns: Vec<Arc<str>> = numbers.into_iter().map(|number| fqdn(number).into()).collect();
    set_id(&fqdns)
}

fn approve(world: &World, id: &str) {
    patch_config(world.home(), json!({"metadata": {"annotations": {"amko.vmware.com/approve-deletions": id}}}));
}

/// `DELETE gslbservice` and other writes since `seq`, counted.
fn deletions_since(world: &World, seq: u64) -> (usize, usize) {
    let writes = world.writes_since(seq);
    let (services, others): (Vec<_>, Vec<_>) =
        writes.iter().partition(|write| write.line == "DELETE gslbservice/<uuid>");
    let others = others.iter().filter(|write| write.line != "DELETE healthmonitor/<uuid>");
    (services.len(), others.count())
}

fn condition(world: &World) -> Option<Value> {
    let conditions = config(world.home(), "gc-1")["status"]["conditions"].as_array().unwrap().clone();
    conditions.into_iter().find(|condition| condition["type"] == "DeletionsHeld")
}

/// Reason and message of the condition, while there is one.
fn held(world: &World) -> Option<(String, String)> {
    let condition = condition(world)?;
    assert_eq!(condition["status"], "True");
    let text = |key: &str| condition[key].as_str().unwrap().to_owned();
    Some((text("reason"), text("message")))
}

/// What is said of services that have members in one cluster only.
fn message(
    why: &Why,
    count: usize,
    own: usize,
    first: impl IntoIterator<Item = usize>,
    more: &str,
    id: &str,
) -> String {
    let first: Vec<String> = first.into_iter().map(fqdn).collect();
    let Why { cause, limit, remedy } = why;
    format!(
        "{count} of {own} names would keep no answer, cluster ctx-a would lose its members in {count}, because of \
         {cause}; {limit} (spec.deletionGuard). If this is meant, run kubectl annotate --overwrite gslbconfig gc-1 -n \
         avi-system amko.vmware.com/approve-deletions={id}; if not, {remedy}. They are: {}{more}",
        first.join(", ")
    )
}

struct Why {
    cause: &'static str,
    limit: &'static str,
    remedy: &'static str,
}

const EDIT: &str = "one edit may take away 20 %";

const LABEL: Why = Why {
    cause: "other labels, or another tenant, of a namespace",
    limit: EDIT,
    remedy: "set the namespace's labels and tenant as they were",
};

const CONFIG: Why = Why { cause: "an edit of the GSLBConfig", limit: EDIT, remedy: "correct the GSLBConfig" };

const OBJECTS: Why = Why {
    cause: "objects that are gone, or were changed",
    limit: "that is more than 10 and more than 20 % within a minute, or within a day",
    remedy: "bring the objects back",
};

const BEFORE: Why = Why {
    cause: "objects that are gone, or are named otherwise, since before this process looked",
    limit: "that is more than one object and more than 20 %",
    remedy: "bring the objects back, or undo what names them otherwise",
};

/// What is said while the first thirty of sixty are held.
fn left_is_held() -> Option<(String, String)> {
    left_is_held_by(&LABEL)
}

fn left_is_held_by(why: &Why) -> Option<(String, String)> {
    Some(("MassDeletion".into(), message(why, 30, 60, 0..10, " and 20 more", &id_of(0..30))))
}

/// Type, reason and message of the Events about held deletions, in the order of their names.
fn events(world: &World) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let held = world.home().list("events").into_iter().filter(|event| event["reason"] == "DeletionsHeld");
    let mut lines: Vec<String> = held
        .map(|event| {
            let about = &event["involvedObject"];
            assert_eq!((text(&about["kind"]), text(&about["name"])), ("GSLBConfig".into(), "gc-1".into()));
            format!("{}: {}", text(&event["type"]), text(&event["message"]))
        })
        .collect();
    lines.sort();
    lines
}

fn metrics(world: &World) -> Vec<String> {
    let links = world.links();
    let text = links.metrics.render(&links.board.read());
    text.lines().filter(|line| line.starts_with("amko_deletions")).map(str::to_owned).collect()
}

async fn minutes(n: u64) {
    tokio::time::sleep(Duration::from_secs(60 * n)).await;
}

/// DEL-06
#[tokio::test(start_paused = true)]
async fn a_label_that_vanishes_from_a_namespace_deletes_nothing_and_says_what_to_do() {
    let world = sixty().await;
    let writes = world.writes_after(|world| pick(world, "left", false)).await;
    assert_eq!((lines(&writes), held(&world)), (vec![], left_is_held()));
    let (_, said) = left_is_held().unwrap();
    assert_eq!(events(&world), [format!("Warning: {said}")]);
    let first: Vec<Arc<str>> = (0..10).map(|number| fqdn(number).into()).collect();
    let notice = DeletionsNotice { held: 30, of: Some(60), id: Some(id_of(0..30)), services: first };
    assert_eq!(world.links().board.read().deletions, notice);
    assert_eq!(metrics(&world), ["amko_deletions_held 30", "amko_deletions_blocked_total 1"]);

    let writes = world
        .writes_after(|world| {
            apply(world.cluster("ctx-a"), app(70, "right"));
            let mut moved = app(40, "right");
            moved["status"]["loadBalancer"]["ingress"][0]["ip"] = json!("10.1.0.99");
            apply(world.cluster("ctx-a"), moved);
        })
        .await;
    let mut found = lines(&writes);
    found.sort_unstable();
    assert_eq!(found, ["POST gslbservice", "POST healthmonitor", "PUT gslbservice/<uuid>"], "the others go on");
    minutes(40).await;
    assert_eq!((held(&world), events(&world).len()), (left_is_held(), 1), "however long it takes");
    assert_eq!(world.service_names().len(), 61);
}

/// DEL-06
#[tokio::test(start_paused = true)]
async fn what_comes_back_is_not_deleted_and_the_condition_goes() {
    let world = sixty().await;
    let before = world.avi.last_request();
    pick(&world, "left", false);
    world.settle().await;
    pick(&world, "left", true);
    world.settle().await;
    assert_eq!((world.writes_since(before), held(&world)), (vec![], None));
    assert_eq!(world.links().board.read().deletions, DeletionsNotice::default());
    assert_eq!(metrics(&world), ["amko_deletions_held 0", "amko_deletions_blocked_total 1"]);
    let writes = world.writes_after(|world| delete(world.cluster("ctx-a"), 3)).await;
    assert_eq!(lines(&writes), ["DELETE gslbservice/<uuid>", "DELETE healthmonitor/<uuid>"], "one goes at once");
}

/// DEL-06
#[tokio::test(start_paused = true)]
async fn what_was_back_for_a_moment_is_held_again() {
    let world = sixty().await;
    let before = world.avi.last_request();
    pick(&world, "left", false);
    world.settle().await;
    for pause in [1, 400, 2000, 20_000] {
        pick(&world, "left", true);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        pick(&world, "left", false);
        world.settle().await;
        assert_eq!((world.writes_since(before), held(&world)), (vec![], left_is_held()), "after {pause} ms");
    }
}

/// DEL-06: an update that waits for the controller gives its place in the queue to the deletion.
#[tokio::test(start_paused = true)]
async fn a_deletion_in_the_place_of_work_that_waits_is_held_too() {
    let world = sixty().await;
    world.avi.set_available(LEADER, false);
    for number in 0..30 {
        let mut moved = app(number, "left");
        moved["status"]["loadBalancer"]["ingress"][0]["ip"] = json!("10.1.0.99");
        apply(world.cluster("ctx-a"), moved);
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(world.links().board.read().queue.waiting > 0, "updates wait");
    let before = world.avi.last_request();
    pick(&world, "left", false);
    tokio::time::sleep(Duration::from_secs(5)).await;
    world.avi.set_available(LEADER, true);
    minutes(2).await;
    world.settle().await;
    assert_eq!((world.writes_since(before), held(&world)), (vec![], left_is_held()));
}

/// DEL-08: ten wait for the limit of requests, two for one of the ten.
#[tokio::test(start_paused = true)]
async fn what_comes_back_before_the_controller_is_told_is_not_deleted() {
    let world = sixty().await;
    patch_config(world.home(), json!({"spec": {"gslbLeader": {"requestsPerSecond": 1}}}));
    world.settle().await;
    let services = world.on_controller(LEADER, "gslbservice");
    let before = world.avi.last_request();
    (0..12).for_each(|number| delete(world.cluster("ctx-a"), number));
    // Virtual: some of the deletions are sent by then, and some wait for the limit of requests.
    tokio::time::sleep(Duration::from_millis(3500)).await;
    let queue = world.links().board.read().queue;
    assert!(queue.in_flight == 10 && queue.waiting > 0, "{queue:?}");
    let told = deletions_since(&world, before).0;
    assert!((2..6).contains(&told), "{told} are deleted");

    let back = world.avi.last_request();
    for number in 0..12 {
        let mut returned = app(number, "left");
        if number >= 6 {
            returned["status"]["loadBalancer"]["ingress"][0]["ip"] = json!("10.1.0.99");
        }
        apply(world.cluster("ctx-a"), returned);
    }
    world.settle().await;
    let mut lines: Vec<String> = world.writes_since(back).into_iter().map(|write| write.line).collect();
    lines.sort_unstable();
    lines.retain(|line| !line.ends_with("healthmonitor"));
    let mut expected = vec!["POST gslbservice"; told];
    expected.extend(["PUT gslbservice/<uuid>"; 6]);
    assert_eq!(lines, expected, "those that are gone come back, those that are not are put right");
    let now = world.on_controller(LEADER, "gslbservice");
    assert_eq!(now.keys().collect::<Vec<_>>(), services.keys().collect::<Vec<_>>());
    let same = now.iter().filter(|(fqdn, service)| services[*fqdn]["uuid"] == service["uuid"]).count();
    assert_eq!(same, 60 - told);
    assert_eq!(events(&world), Vec::<String>::new());
    let text = world.links().metrics.render(&world.links().board.read());
    assert!(!text.contains("amko_retries_total{"), "nothing has failed: {text}");
}

/// DEL-07
#[tokio::test(start_paused = true)]
async fn an_approval_deletes_exactly_the_set_that_it_names() {
    let world = sixty().await;
    pick(&world, "left", false);
    world.settle().await;
    let before = world.avi.last_request();
    pick(&world, "right", false);
    world.settle().await;
    let said = message(&LABEL, 60, 60, 0..10, " and 50 more", &id_of(0..60));
    assert_eq!(held(&world), Some(("MassDeletion".into(), said)), "the others wait with them");
    assert_eq!(events(&world).len(), 2, "one for each set");

    approve(&world, "12345678");
    world.settle().await;
    assert_eq!(world.writes_since(before), []);
    approve(&world, &id_of(0..30));
    world.settle().await;
    assert_eq!(deletions_since(&world, before), (30, 0));
    let left: Vec<String> = (30..60).map(fqdn).collect();
    assert_eq!(world.service_names(), left, "the others were not in that set");
    let said = message(&LABEL, 30, 60, 30..40, " and 20 more", &id_of(30..60));
    assert_eq!(held(&world), Some(("MassDeletion".into(), said)));

    approve(&world, &id_of(30..60));
    world.settle().await;
    assert_eq!((deletions_since(&world, before), held(&world)), ((60, 0), None));
}

/// DEL-07
#[tokio::test(start_paused = true)]
async fn an_approval_that_was_carried_out_approves_nothing_later() {
    let world = sixty().await;
    pick(&world, "left", false);
    world.settle().await;
    approve(&world, &id_of(0..30));
    world.settle().await;
    assert_eq!(world.service_names().len(), 30);
    pick(&world, "left", true);
    world.settle().await;
    assert_eq!(world.service_names().len(), 60);
    minutes(2).await;
    let writes = world.writes_after(|world| pick(world, "left", false)).await;
    assert_eq!((writes, held(&world)), (vec![], left_is_held()));
    approve(&world, &id_of(0..30));
    world.settle().await;
    assert_eq!(world.service_names().len(), 30);
}

/// DEL-06
#[tokio::test(start_paused = true)]
async fn what_the_limits_allow_goes_without_being_asked_about() {
    for (count, deleted) in [(60, 11), (6, 5), (9, 9)] {
        let world = sixty_of(count).await;
        let before = world.avi.last_request();
        (0..deleted).for_each(|number| delete(world.cluster("ctx-a"), number));
        world.settle().await;
        assert_eq!((deletions_since(&world, before), held(&world)), ((deleted, 0), None), "{deleted} of {count}");
    }
}

/// DEL-06: the first are gone when the others begin to go, and count with them.
#[tokio::test(start_paused = true)]
async fn deletions_that_trickle_in_are_stopped_where_the_limit_is() {
    let mut world = sixty().await;
    // What is there at a start is not young.
    world.stop().await;
    world.start().await;
    let before = world.avi.last_request();
    for number in 0..30 {
        delete(world.cluster("ctx-a"), number);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    world.settle().await;
    assert_eq!(deletions_since(&world, before), (12, 0));
    let said = message(&OBJECTS, 18, 60, 12..22, " and 8 more", &id_of(12..30));
    assert_eq!(held(&world), Some(("MassDeletion".into(), said)));
}

/// DEL-02 and DEL-06: after its grace.
#[tokio::test(start_paused = true)]
async fn deleting_the_policy_is_an_approval() {
    for held_before in [false, true] {
        let world = sixty().await;
        if held_before {
            pick(&world, "left", false);
            world.settle().await;
        }
        let before = world.avi.last_request();
        world.writes_after_deleted_policy().await;
        assert_eq!((deletions_since(&world, before), held(&world)), ((60, 0), None));
        assert_eq!((world.service_names(), world.monitor_names()), (vec![], vec![]));
    }
}

/// DEL-06
#[tokio::test(start_paused = true)]
async fn what_is_held_stays_held_over_a_restart_of_the_process_or_of_a_part_of_it() {
    for child in [None, Some(Child::AviSession), Some(Child::PolicyWatcher), Some(Child::GsDirectory)] {
        let mut world = sixty().await;
        let before = world.avi.last_request();
        pick(&world, "left", false);
        world.settle().await;
        let said = condition(&world);
        match &child {
            None => {
                world.stop().await;
                world.start().await;
            }
            Some(child) => world.links().operator.cast(OperatorMsg::Poison(child.clone())),
        }
        world.settle().await;
        minutes(2).await;
        assert_eq!(world.writes_since(before), [], "{child:?}");
        let since = |condition: Option<Value>| condition.map(|condition| condition["lastTransitionTime"].clone());
        assert_eq!(since(condition(&world)), since(said), "{child:?}");
        assert!(held(&world).unwrap().1.contains(&format!("={};", id_of(0..30))), "{child:?}");
        assert_eq!((events(&world).len(), world.links().board.read().deletions.held), (1, 30), "{child:?}");

        approve(&world, &id_of(0..30));
        world.settle().await;
        assert_eq!((deletions_since(&world, before), held(&world)), ((30, 0), None), "{child:?}");
    }
}

/// DEL-06
#[tokio::test(start_paused = true)]
async fn who_does_not_lead_holds_nothing_and_holds_the_same_again_when_it_leads() {
    let world = sixty().await;
    pick(&world, "left", false);
    minutes(2).await;
    assert_eq!(metrics(&world)[0], "amko_deletions_held 30");
    set_leader(world.home(), false);
    minutes(1).await;
    let notice = world.links().board.read().deletions.clone();
    assert_eq!((metrics(&world)[0].as_str(), notice), ("amko_deletions_held 0", DeletionsNotice::default()));
    set_leader(world.home(), true);
    minutes(3).await;
    assert_eq!((metrics(&world)[0].as_str(), held(&world)), ("amko_deletions_held 30", left_is_held()));
    assert_eq!(world.service_names().len(), 60);
}

/// DEL-07
#[tokio::test(start_paused = true)]
async fn an_approval_given_while_the_operator_is_down_counts() {
    let mut world = sixty().await;
    pick(&world, "left", false);
    world.settle().await;
    world.stop().await;
    let before = world.avi.last_request();
    approve(&world, &id_of(0..30));
    world.start().await;
    minutes(2).await;
    assert_eq!((deletions_since(&world, before), held(&world)), ((30, 0), None));
}

/// DEL-01 and DEL-06
#[tokio::test(start_paused = true)]
async fn objects_that_vanished_while_the_operator_was_down_are_asked_about_too() {
    let mut world = sixty().await;
    world.stop().await;
    let before = world.avi.last_request();
    (0..30).for_each(|number| delete(world.cluster("ctx-a"), number));
    world.start().await;
    assert_eq!((world.writes_since(before), held(&world)), (vec![], left_is_held_by(&BEFORE)));
    for number in 0..30 {
        apply(world.cluster("ctx-a"), app(number, "left"));
    }
    world.settle().await;
    minutes(2).await;
    assert_eq!((world.writes_since(before), held(&world)), (vec![], None));
}

/// DEL-06
#[tokio::test(start_paused = true)]
async fn a_condition_that_nothing_explains_after_a_restart_goes() {
    let mut world = sixty().await;
    pick(&world, "left", false);
    world.settle().await;
    world.stop().await;
    pick(&world, "left", true);
    world.start().await;
    minutes(2).await;
    assert_eq!((held(&world), world.service_names().len()), (None, 60));
}

/// DEL-06
#[tokio::test(start_paused = true)]
async fn other_limits_take_effect_at_once() {
    let world = sixty().await;
    let before = world.avi.last_request();
    let limits = |percent: u32, count: u32| {
        let guard = json!({"maxPercent": percent, "maxCount": count});
        patch_config(world.home(), json!({"spec": {"deletionGuard": guard}}));
    };
    pick(&world, "left", false);
    world.settle().await;
    limits(49, 29);
    world.settle().await;
    assert_eq!(world.writes_since(before), [], "still too many");
    limits(50, 29);
    world.settle().await;
    assert_eq!((deletions_since(&world, before), held(&world)), ((30, 0), None));

    minutes(2).await;
    limits(0, 0);
    let before = world.avi.last_request();
    delete(world.cluster("ctx-a"), 59);
    world.settle().await;
    assert_eq!(world.writes_since(before), [], "nothing goes without an approval");
    limits(100, 0);
    world.settle().await;
    assert_eq!(deletions_since(&world, before), (1, 0), "switched off");
}

/// DEL-07 and REST-03
#[tokio::test(start_paused = true)]
async fn an_approved_deletion_that_fails_needs_no_second_approval() {
    let world = sixty().await;
    pick(&world, "left", false);
    world.settle().await;
    let fault = Fault::once(LEADER, "/api/gslbservice", 412, r#"{"error": "not now"}"#);
    world.avi.inject(Fault { method: Some("DELETE".into()), times: 45, ..fault });
    approve(&world, &id_of(0..30));
    world.settle().await;
    minutes(5).await;
    assert_eq!((world.service_names().len(), held(&world)), (30, None));
}

/// DEL-06, TEN-05: a service that moves to another tenant is deleted first, and may be refused there.
#[tokio::test(start_paused = true)]
async fn a_mistyped_tenant_takes_no_service_along() {
    let world = sixty().await;
    let before = world.avi.last_request();
    patch_config(world.home(), json!({"spec": {"gslbLeader": {"tenant": "tenatn2"}}}));
    world.settle().await;
    let all = message(&CONFIG, 60, 60, 0..10, " and 50 more", &id_of(0..60));
    assert_eq!((deletions_since(&world, before), held(&world)), ((0, 0), Some(("MassDeletion".into(), all))));
    patch_config(world.home(), json!({"spec": {"gslbLeader": {"tenant": "admin"}}}));
    world.settle().await;
    assert_eq!((deletions_since(&world, before), held(&world)), ((0, 0), None));
}
