//! A cluster of the federation that is away: what the leader says of it, meanwhile and afterwards.

use crate::federation::{CLIENTS, CONFIG, Fleet, MEMBERS, OWN, POLICY, after};
use crate::truth::{shown_by_kubectl, shown_wide};
use amko::actors::operator::Links;
use serde_json::{Value, json};

/// `/api/status` of the cluster and its copies, the body of `/readyz`, and the metric.
fn faces(links: &Links) -> (Value, Value, String, String) {
    let notices = links.board.read();
    let metrics = links.metrics.render(&notices);
    let metric = metrics.lines().find(|line| line.starts_with("amko_federation_reached{cluster=\"ctx-b\"}"));
    (
        json!(notices.federation["ctx-b"]),
        json!(notices.followers["ctx-b"]),
        links.board.readiness().unwrap_or_else(|why| why),
        metric.unwrap_or_default().to_owned(),
    )
}

fn all_well() -> Vec<[String; 3]> {
    [OWN, CLIENTS, MEMBERS, CONFIG, POLICY].map(|condition| condition.map(str::to_owned)).into()
}

/// FND-C1: a follower that goes dark is named on every face within a minute, since when included, and its return likewise;
/// the others get what changes.
#[tokio::test(start_paused = true)]
async fn a_follower_that_goes_dark_is_named_since_when_and_so_is_its_return() {
    let mut fleet = Fleet::of(&["ctx-a", "ctx-b", "ctx-c"]);
    let links = fleet.start("ctx-a").await;
    let copied = json!({"GSLBConfig": "copied", "GlobalDeploymentPolicy": "copied"});
    let ready = links.board.readiness().unwrap_or_else(|why| why);
    let well = (
        json!({"reached": true}),
        copied.clone(),
        ready.clone(),
        "amko_federation_reached{cluster=\"ctx-b\"} 1".to_owned(),
    );
    assert_eq!((fleet.conditions("ctx-a"), faces(&links)), (all_well(), well.clone()));

    fleet.network.hanging.lock().insert("ctx-b".into());
    after(60).await;
    let (reach, copies, readiness, metric) = faces(&links);
    let since = reach["since"].as_str().unwrap().to_owned();
    assert_eq!(reach, json!({"reached": false, "since": since, "error": "no answer in 5s"}));
    assert_eq!(copies, json!({"GSLBConfig": "pending", "GlobalDeploymentPolicy": "pending"}));
    assert!(readiness.contains("not reached, so nothing is copied to it: cluster ctx-b"), "{readiness}");
    assert_eq!(metric, "amko_federation_reached{cluster=\"ctx-b\"} 0");
    let why =
        format!("error in getting AMKOCluster list for cluster ctx-b: no answer in 5s (not reached since {since})");
    let kept = format!("cluster ctx-b is not reached since {since} and keeps what it had");
    let dark = vec![
        OWN.map(str::to_owned),
        CLIENTS.map(str::to_owned),
        ["member cluster validation", "error in validating some member clusters", &why].map(str::to_owned),
        ["GSLBConfig Federation", "error in federating to some clusters", &kept].map(str::to_owned),
        ["GDP Federation", "error in federating to some clusters", &kept].map(str::to_owned),
    ];
    assert_eq!(fleet.conditions("ctx-a"), dark);
    let (columns, line) = shown_by_kubectl(fleet.cluster("ctx-a"), "amkoclusters").await;
    assert_eq!(columns, ["Name", "Context", "Leader", "Members", "Age"]);
    assert!(line.contains("\"error in validating some member clusters\"") && line.len() < 120, "{line}");
    assert!(shown_wide(fleet.cluster("ctx-a"), "amkoclusters").await.1.contains(&json!(why)));
    after(600).await;
    assert_eq!(fleet.conditions("ctx-a"), dark, "it goes on, since the same time");

    fleet.network.hanging.lock().clear();
    after(60).await;
    assert_eq!((fleet.conditions("ctx-a"), faces(&links)), (all_well(), well));
}
