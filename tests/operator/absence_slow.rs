//! The policy is deleted, and the controller takes longer than five minutes to delete what follows from it.

use crate::guard::{condition, seconds, with_services};
use crate::support::objects::{apply, config, delete_policy, policy};
use crate::support::{LEADER, World};
use amko_lab::avi::Fault;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

const COUNT: usize = 3;

/// The wish in the GSLBConfig's status.
fn kept(world: &World) -> Value {
    config(world.home(), "gc-1")["status"]["policyDeletion"].clone()
}

/// A policy that was just deleted, on a controller that refuses to delete services. Also the wish of now, as it is to be
/// kept when it has been under way until so many seconds after its end.
async fn deleted(world: &World) -> impl Fn(Option<i64>) -> Value + use<> {
    let refused = Fault::once(LEADER, "/api/gslbservice", 500, r#"{"error": "busy"}"#);
    world.avi.inject(Fault { method: Some("DELETE".into()), times: u32::MAX, ..refused });
    let now = Timestamp::from_second(world.clock.now().as_second()).unwrap();
    delete_policy(world.home());
    move |under_way| {
        let due = now + 30.seconds();
        let mut kept = json!({"policy": "global-gdp", "deletedAt": now.to_string(), "effectiveAt": due.to_string()});
        if let Some(under_way) = under_way {
            kept["underWayAt"] = json!((due + under_way.seconds()).to_string());
        }
        kept
    }
}

/// FND-A1: a restart long after the grace goes on with what is under way, without an approval.
#[tokio::test(start_paused = true)]
async fn a_deletion_that_takes_long_goes_on_after_a_restart() {
    let mut world = with_services(COUNT).await;
    let wish = deleted(&world).await;
    seconds(80).await;
    assert_eq!(kept(&world), wish(None), "for less than a minute");
    seconds(20).await;
    assert_eq!(kept(&world), wish(Some(60)));
    seconds(20 * 60).await;
    assert_eq!((kept(&world), world.service_names().len()), (wish(Some(21 * 60)), COUNT));

    world.stop().await;
    seconds(200).await;
    world.start_without_settling().await;
    seconds(20).await;
    assert_eq!((world.service_names().len(), condition(&world, "DeletionsHeld")), (COUNT, None));
    world.avi.clear_faults();
    seconds(60).await;
    assert_eq!((world.service_names(), world.monitor_names()), (vec![], vec![]));
    seconds(120).await;
    assert_eq!((&kept(&world)["underWayAt"], condition(&world, "ChangesHeld")), (&Value::Null, None), "it is done");
}

/// FND-A1: the next write of the status says it, when one has failed.
#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_is_made_up_for() {
    let world = with_services(COUNT).await;
    let wish = deleted(&world).await;
    seconds(100).await;
    world.mischief.refuse_patches.store(true, Ordering::Relaxed);
    seconds(600).await;
    assert_eq!(kept(&world), wish(Some(60)));
    world.mischief.refuse_patches.store(false, Ordering::Relaxed);
    seconds(120).await;
    assert_eq!(kept(&world), wish(Some(13 * 60)));
}

/// FND-A1: a policy that comes back ends it at once, over a restart as well.
#[tokio::test(start_paused = true)]
async fn a_policy_that_comes_back_ends_a_deletion_that_is_under_way() {
    let mut world = with_services(COUNT).await;
    deleted(&world).await;
    seconds(1200).await;
    apply(world.home(), policy(&["ctx-a", "ctx-b"], json!({})));
    seconds(5).await;
    assert_eq!((kept(&world), condition(&world, "PolicyAbsent")), (Value::Null, None));
    world.avi.clear_faults();
    seconds(600).await;
    world.stop().await;
    world.start().await;
    seconds(120).await;
    assert_eq!((world.service_names().len(), kept(&world)), (COUNT, Value::Null));
}
