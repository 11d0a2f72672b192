//! A cluster is taken out of `matchClusters`, and the operator is started before that is over.

use crate::guard::{addresses, approve, condition, id, seconds, with_services};
use crate::support::objects::{apply, members, patch_config, policy, web};
use crate::support::{LEADER, World};
use amko_lab::avi::Fault;
use serde_json::json;

const COUNT: usize = 8;

fn with_two_members(world: &World) -> usize {
    (0..COUNT).filter(|number| addresses(world, *number).len() == 2).count()
}

/// FND-A3: a name that would keep no member is asked about after a start as well, however few there are; also once the
/// cluster is no member any more.
#[tokio::test(start_paused = true)]
async fn the_last_member_of_a_name_stays_held_over_restarts() {
    let mut world = with_services(COUNT).await;
    apply(world.cluster("ctx-b"), web("only", "10.2.0.77"));
    world.settle().await;
    apply(world.home(), policy(&["ctx-a"], json!({})));
    seconds(30).await;
    let (said, held) = (condition(&world, "ChangesHeld").unwrap(), id(&world));
    assert!(said.starts_with("1 of 9 names would keep no answer"), "{said}");
    for leaves in [false, true] {
        if leaves {
            patch_config(world.home(), members(&["ctx-a"]));
            seconds(30).await;
        }
        world.stop().await;
        world.start().await;
        seconds(120).await;
        let now = (condition(&world, "ChangesHeld").unwrap(), world.service_names().len(), with_two_members(&world));
        assert_eq!(now, (said.clone(), COUNT + 1, 0), "{leaves}");
    }
    approve(&world, &held);
    seconds(10).await;
    assert_eq!((world.service_names().len(), condition(&world, "ChangesHeld")), (COUNT, None));
}

/// FND-A3: who started the operator in the middle of it is asked about the rest.
#[tokio::test(start_paused = true)]
async fn an_edit_that_a_start_interrupts_is_asked_about() {
    let mut world = with_services(COUNT).await;
    let refused = Fault::once(LEADER, "/api/gslbservice", 500, r#"{"error": "busy"}"#);
    world.avi.inject(Fault { method: Some("PUT".into()), times: u32::MAX, ..refused });
    apply(world.home(), policy(&["ctx-a"], json!({})));
    seconds(10).await;
    assert_eq!((condition(&world, "ChangesHeld"), with_two_members(&world)), (None, COUNT));
    world.stop().await;
    world.avi.clear_faults();
    world.start().await;
    seconds(60).await;
    let said = condition(&world, "ChangesHeld").unwrap();
    let begin = "cluster ctx-b would lose its members in 8, because of an edit of the GlobalDeploymentPolicy";
    assert!(said.starts_with(begin), "{said}");
    assert_eq!(with_two_members(&world), COUNT);
    approve(&world, &id(&world));
    seconds(10).await;
    assert_eq!((with_two_members(&world), condition(&world, "ChangesHeld")), (0, None));
}
