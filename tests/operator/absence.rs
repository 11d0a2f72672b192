//! The policy is not there: deleted, deleted and made again, or missing from the start. What follows, when, and what is
//! said meanwhile.

use crate::support::objects::{apply, config, delete_policy, patch_config, policy, set_leader, web};
use crate::support::status::said;
use crate::support::{World, lines};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

const POLICIES: &str = "globaldeploymentpolicies.amko.vmware.com";
const CRDS: &str = "customresourcedefinitions.apiextensions.k8s.io";
const CONTEXTS: [&str; 2] = ["ctx-a", "ctx-b"];
const NAMES: [&str; 3] = ["mail.example.org", "shop.example.org", "web.example.org"];

/// Three services, members of both clusters; with fewer than ten, no limit of the guard counts.
async fn three() -> World {
    let mut world = World::of_examples();
    for name in ["mail", "shop", "web"] {
        apply(world.cluster("ctx-a"), web(name, "10.1.0.5"));
        apply(world.cluster("ctx-b"), web(name, "10.2.0.5"));
    }
    world.start().await;
    assert_eq!(world.service_names(), NAMES);
    world
}

async fn seconds(n: f64) {
    tokio::time::sleep(Duration::from_secs_f64(n)).await;
}

fn create_policy(world: &World) {
    apply(world.home(), policy(&CONTEXTS, json!({})));
}

/// The present second of the world, and the one in which a deletion of now takes effect.
fn now_and_due(world: &World) -> [String; 2] {
    let now = Timestamp::from_second(world.clock.now().as_second()).unwrap();
    [now, now + Duration::from_secs(30)].map(|time| time.to_string())
}

fn condition(world: &World, type_: &str) -> Option<[String; 3]> {
    let conditions = config(world.home(), "gc-1")["status"]["conditions"].as_array().unwrap().clone();
    let found = conditions.into_iter().find(|condition| condition["type"] == type_)?;
    Some(["status", "reason", "message"].map(|key| found[key].as_str().unwrap().to_owned()))
}

/// Status, reason and message of the condition that a policy is absent.
fn absent(world: &World) -> Option<[String; 3]> {
    condition(world, "PolicyAbsent")
}

fn kept(world: &World) -> Value {
    config(world.home(), "gc-1")["status"]["policyDeletion"].clone()
}

/// Type, reason and message of the Events about absent policies.
fn events(world: &World) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let about = |event: &Value| text(&event["reason"]).starts_with("Policy");
    let events = world.home().list("events").into_iter().filter(about);
    let mut lines: Vec<String> = events
        .map(|event| {
            let about = &event["involvedObject"];
            assert_eq!((text(&about["kind"]), text(&about["name"])), ("GSLBConfig".into(), "gc-1".into()));
            format!("{} {}: {}", text(&event["type"]), text(&event["reason"]), text(&event["message"]))
        })
        .collect();
    lines.sort();
    lines
}

/// What is said while the grace of a policy runs.
fn in_grace([deleted, due]: &[String; 2]) -> String {
    format!(
        "GlobalDeploymentPolicy avi-system/global-gdp was deleted at {deleted}: what it said stays in force until {due} \
         (spec.deletionGuard.policyGraceSeconds), then every GSLB service of this installation is deleted, as soon as a \
         list of the policies has confirmed that there is none. To stop that, create global-gdp again before"
    )
}

const MISSING: &str = "there is no GlobalDeploymentPolicy, and this process has not seen one deleted, so that is taken \
                       for no wish: nothing is written, and every GSLB service stays as it is. Create the policy; if \
                       every GSLB service shall be deleted, approve what condition DeletionsHeld names";

/// FND-A1, FND-E3: what a tool does that replaces an object takes no name out of DNS.
#[tokio::test(start_paused = true)]
async fn a_policy_that_is_deleted_and_made_again_changes_nothing_and_says_what_would_have_happened() {
    let world = three().await;
    let before = world.avi.last_request();
    let times = now_and_due(&world);
    delete_policy(world.home());
    seconds(1.5).await;
    let message = in_grace(&times);
    assert_eq!(absent(&world), Some(["True".into(), "Grace".into(), message.clone()]));
    assert_eq!(world.links().board.read().deployment_policy, message);
    assert_eq!(kept(&world), json!({"policy": "global-gdp", "deletedAt": times[0], "effectiveAt": times[1]}));
    create_policy(&world);
    seconds(120.0).await;
    assert_eq!((world.writes_since(before), world.service_names()), (vec![], NAMES.map(str::to_owned).into()));
    assert_eq!((absent(&world), kept(&world)), (None, Value::Null));
    let returned = "Normal PolicyReturned: there is a GlobalDeploymentPolicy again".to_owned();
    assert_eq!(events(&world), [returned, format!("Warning PolicyDeleted: {message}")]);
    assert_eq!(world.links().board.read().deployment_policy, "success");
}

/// FND-A1: what the clusters show is followed meanwhile.
#[tokio::test(start_paused = true)]
async fn while_the_grace_runs_services_follow_their_clusters_by_the_last_policy() {
    let world = three().await;
    delete_policy(world.home());
    seconds(1.0).await;
    let before = world.avi.last_request();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.6"));
    seconds(5.0).await;
    assert_eq!(lines(&world.writes_since(before)), ["PUT gslbservice/<uuid>"]);
}

/// FND-A1, DEL-02: `kubectl delete gdp` still deletes everything without an approval, after the grace, whatever the
/// guard allows.
#[tokio::test(start_paused = true)]
async fn a_deleted_policy_takes_everything_along_after_the_grace_and_says_when_that_is_done() {
    for guard in [json!({}), json!({"maxPercent": 100}), json!({"maxPercent": 0, "maxCount": 0})] {
        let world = three().await;
        patch_config(world.home(), json!({"spec": {"deletionGuard": guard}}));
        world.settle().await;
        let before = world.avi.last_request();
        let [deleted, due] = now_and_due(&world);
        delete_policy(world.home());
        seconds(29.0).await;
        assert_eq!(world.writes_since(before), [], "{guard}");
        seconds(6.0).await;
        assert_eq!((world.service_names(), world.monitor_names()), (vec![], vec![]), "{guard}");
        world.settle().await;
        let gone = format!(
            "GlobalDeploymentPolicy avi-system/global-gdp was deleted at {deleted} and did not come back by {due}: every \
             GSLB service of this installation is deleted; condition CleanedUp says when none is left. A new policy ends \
             that"
        );
        assert_eq!(absent(&world), Some(["True".into(), "Deleted".into(), gone.clone()]));
        let clean =
            ["True", "NoServiceLeft", "the policy was deleted, and no GSLB service of this installation is left"];
        assert_eq!(condition(&world, "CleanedUp"), Some(clean.map(str::to_owned)));
        let told = [in_grace(&[deleted, due]), gone].map(|message| format!("Warning PolicyDeleted: {message}"));
        let mut found = events(&world);
        found.reverse();
        assert_eq!(found.len(), 2);
        assert!(told.iter().all(|line| found.contains(line)), "{found:?}");

        create_policy(&world);
        world.settle().await;
        assert_eq!(world.service_names(), NAMES);
        assert_eq!((absent(&world), condition(&world, "CleanedUp"), kept(&world)), (None, None, Value::Null));
    }
}

/// FND-A1
#[tokio::test(start_paused = true)]
async fn a_grace_of_nothing_deletes_at_once_and_makes_no_start_without_a_policy_a_deletion() {
    let mut world = three().await;
    let guard = json!({"maxPercent": 100, "policyGraceSeconds": 0});
    patch_config(world.home(), json!({"spec": {"deletionGuard": guard}}));
    world.settle().await;
    world.stop().await;
    let kept_policy = world.home().get(POLICIES, Some("avi-system"), "global-gdp").unwrap();
    delete_policy(world.home());
    let before = world.avi.last_request();
    world.start().await;
    seconds(120.0).await;
    assert_eq!(world.writes_since(before), []);
    assert_eq!(absent(&world), Some(["True", "Missing", MISSING].map(str::to_owned)));

    let mut again = kept_policy;
    for key in ["resourceVersion", "uid"] {
        again["metadata"].as_object_mut().unwrap().remove(key);
    }
    apply(world.home(), again);
    world.settle().await;
    assert_eq!((world.writes_since(before), absent(&world)), (vec![], None));
    delete_policy(world.home());
    seconds(3.0).await;
    assert_eq!((world.service_names(), world.monitor_names()), (vec![], vec![]));
}

/// FND-A1: the same for a follower that never got the policy.
#[tokio::test(start_paused = true)]
async fn a_follower_that_is_promoted_without_a_policy_writes_nothing_and_says_so() {
    let mut world = three().await;
    world.stop().await;
    delete_policy(world.home());
    set_leader(world.home(), false);
    let before = world.avi.last_request();
    world.start_without_settling().await;
    seconds(60.0).await;
    set_leader(world.home(), true);
    seconds(600.0).await;
    assert_eq!((world.writes_since(before), world.service_names()), (vec![], NAMES.map(str::to_owned).into()));
    assert_eq!(absent(&world), Some(["True", "Missing", MISSING].map(str::to_owned)));
    assert_eq!(events(&world), [format!("Warning PolicyMissing: {MISSING}")]);
    assert_eq!(world.links().board.read().deployment_policy, MISSING);
    assert_eq!(kept(&world), Value::Null);

    create_policy(&world);
    world.settle().await;
    assert_eq!((world.writes_since(before), absent(&world)), (vec![], None));
}

/// FND-A1: it went while another cluster led, so it is nobody's wish here.
#[tokio::test(start_paused = true)]
async fn a_policy_that_goes_on_a_follower_is_no_wish_after_its_promotion() {
    let world = three().await;
    set_leader(world.home(), false);
    seconds(5.0).await;
    delete_policy(world.home());
    seconds(5.0).await;
    let before = world.avi.last_request();
    set_leader(world.home(), true);
    seconds(300.0).await;
    assert_eq!((world.writes_since(before), world.service_names()), (vec![], NAMES.map(str::to_owned).into()));
    assert_eq!(absent(&world), Some(["True", "Missing", MISSING].map(str::to_owned)));
}

/// FND-A1: the same deadline, not a new one.
#[tokio::test(start_paused = true)]
async fn a_restart_within_the_grace_goes_on_with_it() {
    let mut world = three().await;
    let times = now_and_due(&world);
    delete_policy(world.home());
    seconds(5.0).await;
    let said_before = kept(&world);
    assert_eq!(said_before, json!({"policy": "global-gdp", "deletedAt": times[0], "effectiveAt": times[1]}));
    world.stop().await;
    let before = world.avi.last_request();
    world.start_without_settling().await;
    seconds(23.0).await;
    assert_eq!((world.writes_since(before), kept(&world)), (vec![], said_before));
    assert_eq!(condition(&world, "DeletionsHeld"), None, "nobody is asked before the grace is over");
    seconds(12.0).await;
    assert_eq!((world.service_names(), world.monitor_names()), (vec![], vec![]));
}

/// FND-A1: a restart that brings the policy back undoes the wish, and so does a long absence: another policy may have
/// come and gone meanwhile.
#[tokio::test(start_paused = true)]
async fn a_kept_wish_is_gone_on_with_soon_after_its_end_and_not_later() {
    for (absent_for, back) in [(300.0, false), (3600.0, false), (300.0, true)] {
        let mut world = three().await;
        delete_policy(world.home());
        seconds(5.0).await;
        world.stop().await;
        let before = world.avi.last_request();
        seconds(absent_for).await;
        if back {
            create_policy(&world);
        }
        world.start().await;
        let case = format!("{absent_for} {back}");
        assert_eq!(world.writes_since(before), [], "{case}: the policy may come back while somebody looks");
        seconds(35.0).await;
        if absent_for < 3600.0 && !back {
            assert_eq!(world.service_names(), [""; 0], "{case}");
            continue;
        }
        assert_eq!((world.writes_since(before), world.service_names()), (vec![], NAMES.map(str::to_owned).to_vec()));
        match absent(&world) {
            None => assert_eq!((back, kept(&world)), (true, Value::Null), "{case}"),
            Some(said) => assert_eq!((back, said[1].as_str()), (false, "Missing"), "{case}: {said:?}"),
        }
    }
}

/// FND-A1: who takes the definition away makes it anew, and the policy with it, in whatever time that takes.
#[tokio::test(start_paused = true)]
async fn policies_that_go_with_their_definition_are_not_wished_away() {
    let world = three().await;
    let before = world.avi.last_request();
    let definition = world.home().get(CRDS, None, POLICIES).unwrap();
    world.home().delete(CRDS, None, POLICIES).unwrap();
    seconds(12.0).await;
    let mut anew = definition;
    anew["metadata"] = json!({"name": POLICIES});
    apply(world.home(), anew);
    seconds(100.0).await;
    assert_eq!(
        (lines(&world.writes_since(before)), world.service_names()),
        (vec![], NAMES.map(str::to_owned).to_vec())
    );
    assert_eq!((&absent(&world).unwrap()[1], kept(&world)), (&"Missing".to_owned(), Value::Null));
    create_policy(&world);
    world.settle().await;
    assert_eq!((lines(&world.writes_since(before)), absent(&world)), (vec![], None));
    delete_policy(world.home());
    seconds(40.0).await;
    assert_eq!(world.service_names(), [""; 0], "deleted under a definition that stays");
}

/// FND-A1: who was told to stop leading within the grace goes on when it leads again.
#[tokio::test(start_paused = true)]
async fn a_wish_outlives_the_time_in_which_another_cluster_leads() {
    let world = three().await;
    delete_policy(world.home());
    seconds(5.0).await;
    let before = world.avi.last_request();
    set_leader(world.home(), false);
    seconds(120.0).await;
    assert_eq!(world.writes_since(before), []);
    set_leader(world.home(), true);
    world.settle().await;
    assert_eq!((world.service_names(), world.monitor_names()), (vec![], vec![]));
}

/// FND-A1: the deletion that a watch tells of is confirmed by a list that began after the grace.
#[tokio::test(start_paused = true)]
async fn a_list_that_fails_confirms_nothing() {
    let world = three().await;
    let before = world.avi.last_request();
    delete_policy(world.home());
    seconds(5.0).await;
    let path = "/apis/amko.vmware.com/v1alpha2/namespaces/avi-system/globaldeploymentpolicies";
    world.mischief.refuse_reads.lock().insert("home".into(), (path, 500));
    seconds(600.0).await;
    assert_eq!((world.writes_since(before), world.service_names()), (vec![], NAMES.map(str::to_owned).into()));
    assert_eq!(absent(&world).unwrap()[1], "Grace");
    world.mischief.refuse_reads.lock().clear();
    seconds(120.0).await;
    assert_eq!((world.service_names(), world.monitor_names()), (vec![], vec![]));
}

/// FND-A2: the one that was in force has the place when it comes back, and a draft waits until the grace is over.
#[tokio::test(start_paused = true)]
async fn a_rejected_draft_does_not_take_the_place_of_a_policy_that_is_made_anew() {
    let world = three().await;
    let mut draft = policy(&["ctx-a"], json!({"ttl": 7}));
    draft["metadata"]["name"] = json!("draft");
    apply(world.home(), draft);
    world.settle().await;
    let of_draft = || world.home().get(POLICIES, Some("avi-system"), "draft").unwrap();
    let refused = ["Accepted=False Conflicted", "ResolvedRefs=Unknown NotChecked", "Programmed=False NotInForce"];
    assert_eq!(said(&of_draft()), refused);
    let before = world.avi.last_request();
    let [deleted, due] = now_and_due(&world);
    delete_policy(world.home());
    seconds(1.5).await;
    let status = of_draft()["status"].clone();
    assert_eq!(status["errorStatus"], "a GDP object already exists, can't add another");
    let waits = format!(
        "policy avi-system/global-gdp was in force, was deleted at {deleted}, and may come back until {due}; then this \
         one is looked at"
    );
    let accepted = &status["conditions"][0];
    assert_eq!((&accepted["reason"], &accepted["message"]), (&json!("Waiting"), &json!(waits)));
    assert!(absent(&world).unwrap()[2].contains("then another policy takes its place"), "{:?}", absent(&world));
    create_policy(&world);
    seconds(120.0).await;
    assert_eq!((world.writes_since(before), said(&of_draft())), (vec![], refused.map(str::to_owned).into()));

    delete_policy(world.home());
    seconds(29.0).await;
    assert_eq!(world.writes_since(before), []);
    seconds(6.0).await;
    assert_eq!(of_draft()["status"]["errorStatus"], "success");
    assert_eq!(lines(&world.writes_since(before)), ["PUT gslbservice/<uuid>"; 3], "its TTL, and nothing is deleted");
    let [_, _, held] = condition(&world, "ChangesHeld").unwrap();
    let asked = "cluster ctx-b would lose its members in 3, because of an edit of the GlobalDeploymentPolicy";
    assert!(held.contains(asked), "{held}");
    assert_eq!(absent(&world), None);
}

/// FND-E3: what the API server drops of a mistyped key leaves an empty wish, and an empty wish is none.
#[tokio::test(start_paused = true)]
async fn a_policy_that_selects_by_nothing_is_refused_and_the_last_valid_one_stays() {
    let no_label = "no label in matchRules.appSelector.label or matchRules.namespaceSelector.label, so nothing would be \
                    selected: name one, or delete the policy if every GSLB service shall go";
    let no_cluster = "no cluster in matchClusters, so nothing would be selected: name one, or delete the policy if every \
                      GSLB service shall go";
    let cases = [
        (json!({"matchRules": {"appSelector": {"labels": {"app": "gslb"}}}}), no_label),
        (json!({"matchRules": {"appselector": {"label": {"app": "gslb"}}}}), no_label),
        (json!({"matchRules": {}}), no_label),
        (json!({"matchRules": {"appSelector": {"label": {}}, "namespaceSelector": {"label": {}}}}), no_label),
        (json!({"matchClusters": []}), no_cluster),
    ];
    for (fields, text) in cases {
        let mut world = three().await;
        let before = world.avi.last_request();
        apply(world.home(), policy(&CONTEXTS, fields.clone()));
        world.settle().await;
        let object = world.home().get(POLICIES, Some("avi-system"), "global-gdp").unwrap();
        assert_eq!(object["status"]["errorStatus"], text, "{fields}");
        let expected = ["Accepted=False Invalid", "ResolvedRefs=Unknown NotChecked", "Programmed=False NotInForce"];
        assert_eq!(said(&object), expected);
        world.stop().await;
        world.start().await;
        assert_eq!(world.writes_since(before), [], "{fields}: nor by a restart");
    }
}

/// FND-E3
#[tokio::test(start_paused = true)]
async fn a_selector_without_a_label_beside_another_one_is_told() {
    let world = three().await;
    let before = world.avi.last_request();
    let rules = json!({"appSelector": {"label": {"app": "gslb"}}, "namespaceSelector": {"labels": {"env": "prod"}}});
    apply(world.home(), policy(&CONTEXTS, json!({"matchRules": rules})));
    world.settle().await;
    let object = world.home().get(POLICIES, Some("avi-system"), "global-gdp").unwrap();
    assert_eq!(world.writes_since(before), []);
    let message = "the policy is in force; namespaceSelector has no label, so it restricts nothing";
    assert_eq!(object["status"]["conditions"][0]["message"], message);
}

/// FND-E3: the same kind in the GSLBConfig.
#[tokio::test(start_paused = true)]
async fn a_config_without_clusters_is_refused_and_the_last_valid_one_stays() {
    for members in [json!([]), json!([{"clusterContext": "ctx-a"}, {"clusterContexts": "ctx-b"}])] {
        let mut world = three().await;
        let before = world.avi.last_request();
        patch_config(world.home(), json!({"spec": {"memberClusters": members}}));
        world.settle().await;
        let state = config(world.home(), "gc-1")["status"]["state"].clone();
        let expected = "error: invalid gslb config with memberClusters: name at least one cluster, and each by its \
                        clusterContext; the last valid ones stay";
        assert_eq!(state, expected);
        world.stop().await;
        world.start().await;
        assert_eq!((world.writes_since(before), world.service_names()), (vec![], NAMES.map(str::to_owned).into()));
    }
}
