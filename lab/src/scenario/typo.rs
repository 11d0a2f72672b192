//! One letter too much in the configuration of an installation with ten services.

use super::kit::answers::Answers;
use super::kit::stage::SOON;
use super::kit::{Failure, Stage};
use serde_json::{Value, json};
use std::time::Duration;

const MORE: [&str; 9] = ["app1", "app2", "app3", "app4", "app5", "app6", "app7", "app8", "app9"];
/// How long nothing may happen after a mistake.
const WATCHED: Duration = Duration::from_secs(20);

pub async fn play(stage: &Stage) -> Result<(), Failure> {
    let script = &stage.script;
    let contexts = stage.contexts();
    script.does("nine more Ingresses in every cluster");
    for name in MORE {
        stage.create(name, &contexts).await?;
    }
    let names: Vec<&str> = MORE.iter().copied().chain(["hello"]).collect();
    stage.in_sync(&names, SOON).await?;
    let before = Answers::now(stage);
    script.check(before.len() == names.len(), &format!("{} services on the controller", before.len()))?;
    let mark = stage.mark();

    script.does("the policy: app: gslbb instead of app: gslb");
    label(stage, "gslbb").await?;
    stage.keeps(&before, WATCHED).await?;
    let held = stage.told("what is held, and how to approve it", &["=True", "amko.vmware.com/approve-"], SOON).await?;
    stage.describe(stage.home()).await?;
    script.does("the policy: app: gslb again");
    label(stage, "gslb").await?;
    stage.nothing_waits(SOON).await?;
    stage.keeps(&before, Duration::from_secs(3)).await?;

    script.does("gc-1: memberClusters names s2typo instead of s2");
    members(stage, &["s1az1", "s1az2", "s2typo"]).await?;
    stage.keeps(&before, WATCHED).await?;
    stage.told("the cluster that is unknown", &["s2typo"], SOON).await?;
    stage.describe(stage.home()).await?;
    script.does("gc-1: s2 again");
    members(stage, &contexts).await?;
    stage.nothing_waits(SOON).await?;
    stage.in_sync(&names, SOON).await?;
    stage.keeps(&before, Duration::from_secs(3)).await?;

    script.does("the policy: no selector at all, as `labels` for `label` leaves it");
    let rules = json!({ "spec": { "matchRules": { "appSelector": null } } });
    stage.kube.patch(stage.home(), &stage.policy_path(), rules).await?;
    let refused = async || {
        let status = stage.policy_status().await.map_err(|failure| failure.to_string())?;
        let text = status["errorStatus"].as_str().unwrap_or_default().to_owned();
        if text.contains("elector") { Ok(text) } else { Err(format!("errorStatus is {text:?}")) }
    };
    script.wait("the policy is refused, for it selects by nothing", SOON, refused).await?;
    stage.keeps(&before, WATCHED).await?;
    script.does("the policy: app: gslb again");
    label(stage, "gslb").await?;
    stage.keeps(&before, Duration::from_secs(3)).await?;
    let written: Vec<String> = stage.requests(mark).done().into_keys().collect();
    script.check(written.is_empty(), &format!("written because of all three mistakes: {}", written.join(", ")))?;

    script.does("the same label again, and this time it is meant");
    label(stage, "gslbb").await?;
    let asked = stage.told("what is held", &["=True", "amko.vmware.com/approve-"], SOON).await?;
    script.shows(&format!("  asked first: {:?}, now: {:?}", held.approval(), asked.approval()));
    stage.approve(&asked).await?;
    let gone = async || {
        let left = Answers::now(stage).len();
        if left == 0 { Ok("all are gone".to_owned()) } else { Err(format!("{left} services are left")) }
    };
    script.wait("everything goes", SOON, gone).await?;
    stage.nothing_waits(SOON).await?;
    script.does("the policy: app: gslb again");
    label(stage, "gslb").await?;
    stage.in_sync(&names, SOON).await?;
    stage.resolve(vec![stage.expected("hello", &contexts).await?], SOON).await
}

async fn label(stage: &Stage, app: &str) -> Result<(), Failure> {
    let patch = json!({ "spec": { "matchRules": { "appSelector": { "label": { "app": app } } } } });
    stage.kube.patch(stage.home(), &stage.policy_path(), patch).await
}

async fn members(stage: &Stage, contexts: &[&str]) -> Result<(), Failure> {
    let members: Vec<Value> = contexts.iter().map(|context| json!({ "clusterContext": context })).collect();
    stage.kube.patch(stage.home(), &stage.config_path(), json!({ "spec": { "memberClusters": members } })).await
}
