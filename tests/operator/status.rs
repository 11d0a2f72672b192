//! What the AMKO objects say of themselves and of the GSLB services, through the whole operator.

use crate::support::objects::{apply, config, delete_ingress, patch_config, policy, web};
use crate::support::status::{RULES, gdp, host_rule, rule, said};
use crate::support::{LEADER, World};
use amko::actors::operator::{Child, OperatorMsg};
use amko_lab::testing::without_times;
use serde_json::{Value, json};
use std::time::Duration;

/// An operator with `web` in both clusters, one of which also has an object without the label, and a rule for it.
async fn world_with_rule() -> World {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.cluster("ctx-b"), web("web", "10.2.0.5"));
    let mut unlabelled = web("web", "10.1.0.9");
    unlabelled["metadata"]["name"] = json!("spare");
    unlabelled["metadata"]["labels"] = json!({});
    apply(world.cluster("ctx-a"), unlabelled);
    apply(world.home(), host_rule("web-rule", json!({"fqdn": "web.example.org"})));
    world.start().await;
    world
}

/// DB-50.
#[tokio::test(start_paused = true)]
async fn a_rule_tells_everything_about_its_service() {
    let world = world_with_rule().await;
    let condition = |type_: &str, reason: &str, message: &str| {
        json!({"type": type_, "status": "True", "observedGeneration": 1, "lastTransitionTime": "<time>",
            "reason": reason, "message": message})
    };
    let member = |cluster: &str, address: &str| json!({"cluster": cluster, "object": "Ingress shop/web", "address": address, "ratio": 1, "priority": 10});
    let expected = json!({
        "status": "Accepted",
        "observedGeneration": 1,
        "conditions": [
            condition("Accepted", "Accepted", "the rule is in force"),
            condition("ResolvedRefs", "ResolvedRefs", "everything it refers to on the controller exists"),
            condition("Programmed", "InSync",
                "the controller holds the service with 2 members; service.refused tells about 1 object"),
        ],
        "service": {
            "state": "InSync",
            "tenant": "admin",
            "name": "web.example.org",
            "domainNames": ["web.example.org"],
            "memberCount": 2,
            "members": [member("ctx-a", "10.1.0.5"), member("ctx-b", "10.2.0.5")],
            "monitors": world.monitor_names(),
            "lastWrite": {"time": "<time>", "result": "Complete"},
            "refusedCount": 1,
            "refused": [{"object": "Ingress shop/spare (ctx-a)",
                "reason": "it lacks the label app: gslb of spec.matchRules.appSelector of the GlobalDeploymentPolicy; \
                    set the label on the object"}],
        },
    });
    assert_eq!(without_times(rule(&world, "web-rule").unwrap()["status"].clone()), expected);
}

#[tokio::test(start_paused = true)]
async fn a_rule_follows_its_service_and_says_when_there_is_none() {
    let world = world_with_rule().await;
    delete_ingress(world.cluster("ctx-a"), "web");
    world.settle().await;
    let status = rule(&world, "web-rule").unwrap()["status"].clone();
    assert_eq!((&status["service"]["memberCount"], &status["conditions"][2]["status"]), (&json!(1), &json!("True")));
    delete_ingress(world.cluster("ctx-b"), "web");
    delete_ingress(world.cluster("ctx-a"), "spare");
    world.settle().await;
    let status = rule(&world, "web-rule").unwrap();
    assert_eq!(said(&status)[2], "Programmed=False NoService");
    assert_eq!(status["status"]["service"], Value::Null, "there is none");
}

/// DB-04.
#[tokio::test(start_paused = true)]
async fn a_rejected_rule_says_why_with_the_text_of_upstream() {
    let world = world_with_rule().await;
    let spec = json!({"fqdn": "web.example.org", "thirdPartyMembers": [{"site": "nowhere", "vip": "192.0.2.1"}]});
    world.home().merge_patch(RULES, Some("avi-system"), "web-rule", None, json!({ "spec": spec })).unwrap();
    let text = "ThirdPartyMember site nowhere does not exist for web-rule GSLBHostRule";
    world.settle().await;
    let found = rule(&world, "web-rule").unwrap();
    let expected = ["Accepted=False RefNotFound", "ResolvedRefs=False RefNotFound", "Programmed=False Rejected"];
    assert_eq!(said(&found), expected);
    let status = &found["status"];
    assert_eq!((&status["status"], &status["error"]), (&json!("Rejected"), &json!(text)));
    assert_eq!((&status["observedGeneration"], status.get("service")), (&json!(2), None));
}

/// DB-04.
#[tokio::test(start_paused = true)]
async fn a_restart_into_an_unchanged_world_writes_no_status_of_a_rule_or_a_policy() {
    let mut world = world_with_rule().await;
    world.stop().await;
    let versions = |world: &World| {
        [rule(world, "web-rule").unwrap(), gdp(world)].map(|object| object["metadata"]["resourceVersion"].clone())
    };
    let before = versions(&world);
    world.start_without_settling().await;
    world.settle().await;
    assert_eq!(versions(&world), before);
}

/// DB-35.
#[tokio::test(start_paused = true)]
async fn a_status_write_leaves_every_byte_of_the_spec_as_the_user_wrote_it() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    let zero = json!([{"cluster": "ctx-a", "weight": 1, "priority": 0}]);
    apply(world.home(), policy(&["ctx-a", "ctx-b"], json!({"trafficSplit": zero})));
    apply(world.home(), host_rule("web-rule", json!({"fqdn": "web.example.org", "ttl": 0, "trafficSplit": zero})));
    let specs = |world: &World| [rule(world, "web-rule").unwrap(), gdp(world)].map(|object| object["spec"].to_string());
    let before = specs(&world);
    world.start().await;
    assert_eq!(specs(&world), before);
    assert_eq!(rule(&world, "web-rule").unwrap()["status"]["status"], "Accepted");
    assert_eq!(gdp(&world)["status"]["errorStatus"], "success");
}

/// DB-50.
#[tokio::test(start_paused = true)]
async fn policy_and_configuration_say_whether_they_are_carried_out() {
    let mut world = World::of_examples();
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start().await;
    let expected = ["Accepted=True InForce", "ResolvedRefs=True ResolvedRefs", "Programmed=True InSync"];
    assert_eq!(said(&gdp(&world)), expected);
    let config = crate::support::objects::config(world.home(), "gc-1");
    assert_eq!(
        said(&config)[..3],
        ["Accepted=True Active", "ResolvedRefs=True ResolvedRefs", "Programmed=True Synced"]
    );

    world.avi.set_available(LEADER, false);
    apply(world.home(), policy(&["ctx-a", "ctx-b"], json!({"ttl": 77})));
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(said(&gdp(&world))[2], "Programmed=False Pending");
    world.avi.set_available(LEADER, true);
    tokio::time::sleep(Duration::from_secs(120)).await;
    world.settle().await;
    let programmed = gdp(&world)["status"]["conditions"][2].clone();
    assert_eq!((&programmed["status"], &programmed["observedGeneration"]), (&json!("True"), &json!(2)));
}

#[tokio::test(start_paused = true)]
async fn with_status_objects_for_all_every_service_has_an_object_that_carries_its_status() {
    let mut world = World::of_examples();
    patch_config(world.home(), json!({"spec": {"statusObjects": "All"}}));
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    world.start().await;
    let carrier = rule(&world, "web.example.org").unwrap();
    assert_eq!(carrier["metadata"]["labels"], json!({"amko.vmware.com/managed-by": "amko"}));
    assert_eq!(carrier["spec"], json!({"fqdn": "web.example.org"}));
    assert_eq!(said(&rule(&world, "web.example.org").unwrap())[2], "Programmed=True InSync");

    delete_ingress(world.cluster("ctx-a"), "web");
    world.settle().await;
    assert_eq!((rule(&world, "web.example.org"), world.service_names()), (None, vec![]));
}

/// FND-C1.
#[tokio::test(start_paused = true)]
async fn a_status_of_a_rule_that_is_overwritten_is_put_right() {
    let world = world_with_rule().await;
    let told = rule(&world, "web-rule").unwrap()["status"].clone();
    let other = json!({"status": {"status": "Rejected", "conditions": null, "service": {"memberCount": 7}}});
    let overwrite = || world.home().merge_patch(RULES, Some("avi-system"), "web-rule", Some("status"), other.clone());
    let now = || without_times(rule(&world, "web-rule").unwrap()["status"].clone());
    overwrite().unwrap();
    world.settle().await;
    assert_eq!(now(), without_times(told.clone()));
    overwrite().unwrap();
    // Half of the minute in which it is put right once, by the paused clock.
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(now()["service"]["memberCount"], 7, "two writers do not answer each other at once");
    // The rest of the minute.
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(now(), without_times(told));
}

/// A rule that went while nobody looked leaves its service to an object that carries the status.
#[tokio::test(start_paused = true)]
async fn a_rule_that_went_unseen_is_forgotten_when_its_watcher_starts_anew() {
    let mut world = World::of_examples();
    patch_config(world.home(), json!({"spec": {"statusObjects": "All"}}));
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.home(), host_rule("mine", json!({"fqdn": "web.example.org"})));
    world.start().await;
    assert_eq!(rule(&world, "web.example.org"), None);
    world.home().lose(RULES, Some("avi-system"), "mine").unwrap();
    world.links().operator.cast(OperatorMsg::Poison(Child::PolicyWatcher));
    world.settle().await;
    assert_eq!(said(&rule(&world, "web.example.org").unwrap())[2], "Programmed=True InSync");
}

#[tokio::test(start_paused = true)]
async fn switching_the_setting_off_removes_the_carriers_and_leaves_other_rules_alone() {
    let mut world = World::of_examples();
    patch_config(world.home(), json!({"spec": {"statusObjects": "All"}}));
    apply(world.cluster("ctx-a"), web("web", "10.1.0.5"));
    apply(world.home(), host_rule("mine", json!({"fqdn": "mine.example.org"})));
    world.start().await;
    assert_eq!(world.home().list(RULES).len(), 2);
    patch_config(world.home(), json!({"spec": {"statusObjects": "Rules"}}));
    world.settle().await;
    let left: Vec<Value> = world.home().list(RULES).iter().map(|rule| rule["metadata"]["name"].clone()).collect();
    assert_eq!(left, ["mine"]);
    assert_eq!(world.service_names(), ["web.example.org"], "the service stays");
}

/// FND-C1: a backup brings back lower generations under what the objects say at present.
#[tokio::test(start_paused = true)]
async fn statuses_name_the_generations_that_objects_from_a_backup_have() {
    let world = world_with_rule().await;
    world.settle().await;
    let backup = world.home().backup();
    for ttl in [30, 40] {
        apply(world.home(), policy(&["ctx-a", "ctx-b"], json!({"ttl": ttl})));
        apply(world.home(), host_rule("web-rule", json!({"fqdn": "web.example.org", "ttl": ttl})));
        patch_config(world.home(), json!({"spec": {"refreshInterval": 1800 + ttl}}));
        world.settle().await;
    }
    apply(world.home(), policy(&["ctx-a", "ctx-b"], json!({})));
    apply(world.home(), host_rule("web-rule", json!({"fqdn": "web.example.org"})));
    patch_config(world.home(), json!({"spec": {"refreshInterval": 1800}}));
    world.settle().await;
    assert_eq!(generations(&world), [(4, vec![4]), (4, vec![4]), (4, vec![4])]);

    world.home().restore(&backup);
    // Every kind is listed anew within thirty minutes (FND-A11), on the test's own clock.
    tokio::time::sleep(Duration::from_secs(40 * 60)).await;
    world.settle().await;
    assert_eq!(generations(&world), [(1, vec![1]), (1, vec![1]), (1, vec![1])]);
}

/// Of configuration, policy and rule: the generation that the object has, and those that its status names.
fn generations(world: &World) -> [(i64, Vec<i64>); 3] {
    [config(world.home(), "gc-1"), gdp(world), rule(world, "web-rule").unwrap()].map(|object| {
        let status = &object["status"];
        let conditions = status["conditions"].as_array().unwrap().iter();
        let told = conditions.chain([status]).map(|part| part["observedGeneration"].as_i64().unwrap());
        let mut told: Vec<i64> = told.collect();
        told.sort_unstable();
        told.dedup();
        (object["metadata"]["generation"].as_i64().unwrap(), told)
    })
}
