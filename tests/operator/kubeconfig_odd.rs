//! Something odd in the kubeconfig about one member: the others go on, and the cause is told.

use crate::kubeconfig::{exchange_text, kubeconfig as kubeconfig_of, prepared_with};
use crate::support::objects::{apply, web};
use crate::support::{LEADER, PLACE, World, lines};
use amko::actors::board::KubeconfigNotice;
use serde_json::{Value, json};
use std::time::Duration;

const A: (&str, &str, &str) = ("ctx-a", "ctx-a", "a-1");
const B: (&str, &str, &str) = ("ctx-b", "ctx-b", "b-1");
const BROKEN: (&str, &str, &str) = ("ctx-b", "ctx-b", "b-2\n");
const CAUSE: &str = "its token holds a line break, which no request can carry: write it without";

/// Services by address of their members.
fn addresses(world: &World) -> Vec<String> {
    let service = world.on_controller(LEADER, "gslbservice")["web.example.org"].clone();
    let groups = service["groups"].as_array().unwrap().clone();
    let members = groups.iter().flat_map(|group| group["members"].as_array().unwrap().clone());
    members.map(|member| member["ip"]["addr"].as_str().unwrap().to_owned()).collect()
}

fn restarts(world: &World) -> u64 {
    world.links().board.read().actors.values().map(|actor| actor.restarts).sum()
}

fn sight(world: &World, context: &str) -> (bool, Option<String>) {
    let notice = world.links().board.read().clusters[context].clone();
    (notice.synced, notice.error)
}

fn told(error: &str) -> KubeconfigNotice {
    KubeconfigNotice {
        place: PLACE.into(),
        contexts: vec!["ctx-a".into(), "ctx-b".into()],
        error: Some(format!(
            "in {PLACE}, context \"ctx-b\" cannot be used: {error}; until then each stays as it was. What was \
             read before stays in force"
        )),
    }
}

/// FND-E2: at the start.
#[tokio::test(start_paused = true)]
async fn a_token_with_a_line_break_is_the_trouble_of_its_cluster_alone_at_the_start() {
    let (mut world, _) = prepared_with(|dial| dial);
    exchange_text(&world, &kubeconfig_of(&[A, BROKEN]));
    world.start().await;
    assert_eq!(addresses(&world), ["10.1.0.5"]);
    assert_eq!(sight(&world, "ctx-a"), (true, None));
    assert_eq!(sight(&world, "ctx-b"), (false, Some(format!("kubeconfig context \"ctx-b\" cannot be used: {CAUSE}"))));
    assert_eq!((restarts(&world), world.links().board.readiness().is_ok()), (0, true));
    let writes = world.writes_after(|world| exchange_text(world, &kubeconfig_of(&[A, B]))).await;
    assert_eq!((lines(&writes), sight(&world, "ctx-b")), (vec!["PUT gslbservice/<uuid>"], (true, None)));
    assert_eq!(addresses(&world), ["10.1.0.5", "10.2.0.5"]);
}

/// FND-E2: while it runs. The new text about the cluster is refused, so that the old one stays.
#[tokio::test(start_paused = true)]
async fn a_token_that_gets_a_line_break_later_changes_nothing_and_is_told() {
    let (mut world, _) = prepared_with(|dial| dial);
    exchange_text(&world, &kubeconfig_of(&[A, B]));
    world.start().await;
    let writes = world.writes_after(|world| exchange_text(world, &kubeconfig_of(&[A, BROKEN]))).await;
    assert_eq!((writes, restarts(&world)), (vec![], 0));
    assert_eq!(world.links().board.read().kubeconfig, Some(told(CAUSE)));
    assert_eq!((sight(&world, "ctx-a"), sight(&world, "ctx-b")), ((true, None), (true, None)));
    let writes = world.writes_after(|world| drop(apply(world.cluster("ctx-b"), web("web", "10.2.0.6")))).await;
    assert_eq!((lines(&writes), addresses(&world)[1].as_str()), (vec!["PUT gslbservice/<uuid>"], "10.2.0.6"));
}

/// FND-E2: a library that panics on what the kubeconfig says of one member.
#[tokio::test(start_paused = true)]
async fn a_library_that_panics_on_one_member_stops_neither_the_others_nor_the_federation() {
    let (mut world, _) = prepared_with(|dial| {
        std::sync::Arc::new(move |config, context: &str| {
            assert_ne!(context, "ctx-b", "a bug of the test");
            dial(config, context)
        })
    });
    exchange_text(&world, &kubeconfig_of(&[A, B]));
    let both = json!({"spec": {"clusters": ["ctx-a", "ctx-b"]}});
    let kind = "amkoclusters.amko.vmware.com";
    world.home().merge_patch(kind, Some("avi-system"), "amkocluster-federation", None, both).unwrap();
    world.start().await;
    assert_eq!((addresses(&world), restarts(&world)), (vec!["10.1.0.5".to_owned()], 0));
    let why = "no client for cluster \"ctx-b\": a library gave up on what the kubeconfig says of it: compare its entries \
               with those of a cluster that works";
    assert_eq!(sight(&world, "ctx-b"), (false, Some(why.into())));
    let cluster = world.home().get(kind, Some("avi-system"), "amkocluster-federation").unwrap();
    let conditions: Vec<&Value> = cluster["status"]["conditions"].as_array().unwrap().iter().collect();
    assert!(
        conditions.iter().any(|condition| condition["reason"].as_str().is_some_and(|r| r.contains(why))),
        "{cluster}"
    );
}

/// FND-E6: nobody is ready who has not seen any cluster; later, that is said and ready it stays.
#[tokio::test(start_paused = true)]
async fn an_operator_that_has_seen_no_cluster_is_not_ready_and_stays_ready_later() {
    let (mut world, _) = prepared_with(|dial| dial);
    let broken_a = ("ctx-a", "ctx-a", "a\n");
    exchange_text(&world, &kubeconfig_of(&[broken_a, BROKEN]));
    world.start_without_settling().await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    let cause = |context: &str| format!("{context}: kubeconfig context {context:?} cannot be used: {CAUSE}");
    let unseen = format!("no member cluster has been seen yet: {}; {}", cause("ctx-a"), cause("ctx-b"));
    assert_eq!(world.links().board.readiness().map(|_| ()), Err(unseen));
    assert_eq!(world.writes(), []);
    exchange_text(&world, &kubeconfig_of(&[A, BROKEN]));
    world.settle().await;
    assert!(world.links().board.readiness().is_ok());
    world.cluster("ctx-a").set_available(false);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(world.links().board.readiness().is_ok());
}
