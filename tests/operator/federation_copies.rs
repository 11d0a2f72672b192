//! What the followers get and keep: while the leader's policy may come back, while there is none, and while copies are
//! under way.

use crate::federation::{CLIENTS, CONFIG, Fleet, MEMBERS, OWN, POLICIES, POLICY, after};
use crate::support::objects::{apply, delete_config, delete_policy, patch_config, policy, set_leader};
use amko::actors::board::CopyNotice;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// FND-A1
#[tokio::test(start_paused = true)]
async fn a_promoted_follower_that_never_got_a_policy_or_a_config_takes_none_from_the_others() {
    let mut fleet = Fleet::of(&["ctx-a", "ctx-b"]);
    delete_policy(fleet.cluster("ctx-a"));
    delete_config(fleet.cluster("ctx-a"));
    set_leader(fleet.cluster("ctx-a"), false);
    apply(fleet.cluster("ctx-b"), policy(&["ctx-b"], json!({})));
    let config = json!({"apiVersion": "amko.vmware.com/v1alpha1", "kind": "GSLBConfig",
        "metadata": {"name": "gc-1", "namespace": "avi-system"}, "spec": {"gslbLeader": {"controllerIP": "old"}}});
    apply(fleet.cluster("ctx-b"), config);
    fleet.start("ctx-a").await;
    let before = fleet.copies("ctx-b");
    assert_eq!(before.len(), 2);
    set_leader(fleet.cluster("ctx-a"), true);
    after(1300).await;
    assert_eq!((fleet.copies("ctx-b"), fleet.writes_to_members()), (before, vec![]));
}

/// FND-A1: a leader that starts again without the policy does not know that somebody deleted it.
#[tokio::test(start_paused = true)]
async fn a_leader_that_starts_without_a_policy_takes_none_from_the_others() {
    let mut fleet = Fleet::of(&["ctx-a", "ctx-b"]);
    delete_policy(fleet.cluster("ctx-a"));
    apply(fleet.cluster("ctx-b"), policy(&["ctx-b"], json!({})));
    let before = fleet.cluster("ctx-b").list(POLICIES);
    fleet.start("ctx-a").await;
    after(1300).await;
    assert_eq!(fleet.cluster("ctx-b").list(POLICIES), before);
}

/// FND-A2: the followers keep the policy that was in force for as long as it may come back, whatever waits beside it.
#[tokio::test(start_paused = true)]
async fn a_draft_beside_a_deleted_policy_reaches_the_followers_after_the_grace_only() {
    let mut fleet = Fleet::of(&["ctx-a", "ctx-b"]);
    fleet.start("ctx-a").await;
    let mut draft = policy(&["ctx-a"], json!({"ttl": 7}));
    draft["metadata"]["name"] = json!("draft");
    apply(fleet.cluster("ctx-a"), draft);
    after(5).await;
    fleet.writes();
    let names = |fleet: &Fleet| {
        let policies = fleet.cluster("ctx-b").list(POLICIES).into_iter();
        policies.map(|policy| policy["metadata"]["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    delete_policy(fleet.cluster("ctx-a"));
    after(29).await;
    assert_eq!((names(&fleet), fleet.writes_to_members()), (vec!["global-gdp".to_owned()], vec![]));
    after(5).await;
    assert_eq!(names(&fleet), ["draft"]);
}

/// FND-F1: a change that is made while a copy is on its way is copied right after it, and what each follower has is told.
#[tokio::test(start_paused = true)]
async fn what_changes_during_a_copy_is_copied_by_the_next_one_at_once() {
    for delay in [0, 300] {
        let mut fleet = Fleet::of(&["ctx-a", "ctx-b"]);
        let links = fleet.start("ctx-a").await;
        fleet.network.late.lock().insert("ctx-b".into(), Duration::from_millis(delay));
        let told = |what: CopyNotice| -> BTreeMap<String, BTreeMap<&'static str, CopyNotice>> {
            let kinds = [("GSLBConfig", what), ("GlobalDeploymentPolicy", what)];
            [("ctx-b".to_owned(), kinds.into())].into()
        };
        assert_eq!(links.board.read().followers, told(CopyNotice::Copied));
        for pair in 0..40 {
            patch_config(fleet.cluster("ctx-a"), json!({"spec": {"refreshInterval": 700 + pair}}));
            tokio::time::sleep(Duration::from_millis(25 * pair)).await;
            apply(fleet.cluster("ctx-a"), policy(&["ctx-a", "ctx-b"], json!({"ttl": 30 + pair})));
            tokio::time::sleep(Duration::from_millis(10)).await;
            let notice = links.board.read().followers["ctx-b"]["GlobalDeploymentPolicy"];
            if delay > 0 {
                assert_eq!(notice, CopyNotice::Pending, "pair {pair}: nobody has it yet");
            }
            after(3).await;
            assert_eq!(fleet.copies("ctx-b"), fleet.copies("ctx-a"), "pair {pair}, {delay} ms late");
            assert_eq!(links.board.read().followers, told(CopyNotice::Copied));
        }
        assert_eq!(fleet.conditions("ctx-a"), [OWN, CLIENTS, MEMBERS, CONFIG, POLICY]);
    }
}
