//! The policy is deleted and made again, as tools replace it; then it is deleted for good.

use super::kit::answers::Answers;
use super::kit::questions::{Survey, tally};
use super::kit::script::seconds;
use super::kit::stage::{GRACE, SOON};
use super::kit::{Failure, Stage};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const MORE: [&str; 6] = ["app1", "app2", "app3", "app4", "app5", "app6"];
/// Between the deletion of the policy and its return.
const GAP: Duration = Duration::from_secs(2);
/// For the machine.
const MARGIN: Duration = Duration::from_secs(5);

pub async fn play(stage: &Stage) -> Result<(), Failure> {
    let script = &stage.script;
    let contexts = stage.contexts();
    script.does("six more Ingresses in every cluster, and a second policy, a draft that was forgotten");
    for name in MORE {
        stage.create(name, &contexts).await?;
    }
    let names: Vec<&str> = MORE.iter().copied().chain(["hello"]).collect();
    stage.in_sync(&names, SOON).await?;
    let policy = stage.kube.get(stage.home(), &stage.policy_path()).await?;
    let collection = stage.policy_path().trim_end_matches("/global-gdp").to_owned();
    let draft = made_new(&policy, "draft", 77);
    stage.kube.create(stage.home(), &collection, draft).await?;
    let before = Answers::now(stage);
    let mark = stage.mark();
    let survey = Survey::start(stage.dns.clone(), &stage.host("hello"));

    script.does(&format!("kubectl delete gdp global-gdp; sleep {}; kubectl create -f gdp.yaml", GAP.as_secs()));
    stage.kube.delete(stage.home(), &stage.policy_path()).await?;
    stage.keeps(&before, GAP).await?;
    stage.describe(stage.home()).await?;
    stage.kube.create(stage.home(), &collection, made_new(&policy, "global-gdp", 10)).await?;
    let accepted = async || {
        let status = stage.policy_status().await.map_err(|failure| failure.to_string())?;
        let text = status["errorStatus"].as_str().unwrap_or_default().to_owned();
        if text == "success" { Ok(text) } else { Err(format!("errorStatus is {text:?}")) }
    };
    script.wait("the policy that was in force is in force again, not the draft", SOON, accepted).await?;
    stage.keeps(&before, GRACE + MARGIN).await?;
    let written: Vec<String> = stage.requests(mark).done().into_keys().collect();
    script.check(written.is_empty(), &format!("written meanwhile: {}", written.join(", ")))?;
    let (text, bad) = tally(&survey.seen());
    drop(survey);
    script.check(bad == 0, &format!("hello all the time: {text}"))?;

    script.does("the draft goes; then kubectl delete gdp global-gdp, as the uninstall says");
    stage.kube.delete(stage.home(), &format!("{collection}/draft")).await?;
    let start = Instant::now();
    stage.kube.delete(stage.home(), &stage.policy_path()).await?;
    stage.told("what is about to happen, and when", &["PolicyAbsent=True"], SOON).await?;
    stage.describe(stage.home()).await?;
    stage.keeps(&before, (GRACE - MARGIN).saturating_sub(start.elapsed())).await?;
    let gone = async || {
        let left = Answers::now(stage).len();
        if left == 0 { Ok("all are gone".to_owned()) } else { Err(format!("{left} services are left")) }
    };
    script.wait("everything goes, without an approval", GRACE + SOON, gone).await?;
    script.sees(&format!("the last one went {} after the policy", seconds(start.elapsed())));
    sleep(Duration::from_secs(1)).await;
    stage.describe(stage.home()).await
}

/// The same spec under another name and with another TTL.
fn made_new(policy: &Value, name: &str, ttl: u32) -> Value {
    let mut spec = policy["spec"].clone();
    spec["ttl"] = json!(ttl);
    json!({
        "apiVersion": policy["apiVersion"], "kind": policy["kind"], "spec": spec,
        "metadata": { "name": name, "namespace": policy["metadata"]["namespace"] },
    })
}
