//! A cluster, then the controller that leads, goes dark: what status, pages, metrics and log say meanwhile and afterwards,
//! held against the world.

use super::kit::script::list;
use super::kit::{Failure, Stage};
use serde_json::Value;
use std::time::Duration;
use tokio::time::sleep;

const CLUSTER: &str = "s2";
/// By then, everything that is said is so.
const TOLD: Duration = Duration::from_secs(60);
/// How long the darkness lasts beyond that: long enough for a flood to show.
const MORE: Duration = Duration::from_secs(45);

pub async fn play(stage: &Stage) -> Result<(), Failure> {
    cluster(stage).await?;
    controller(stage).await
}

/// What the operator says of one cluster.
async fn cluster(stage: &Stage) -> Result<(), Failure> {
    let script = &stage.script;
    let line = stage.log_from(0).len();
    script.does(&format!("the API server of {CLUSTER} goes dark"));
    stage.lab.black_out(CLUSTER).await?;
    stage
        .page("/api/status", &format!("that {CLUSTER} is not seen"), TOLD, |text| {
            let cluster = clusters(text);
            cluster["synced"] == false && cluster["error"].is_string()
        })
        .await?;
    stage.told(&format!("that {CLUSTER} is not seen"), &["=False", CLUSTER], TOLD).await?;
    metric(stage, &format!("amko_cluster_synced{{cluster=\"{CLUSTER}\"}}"), 0.0).await?;
    sleep(MORE).await;
    stage.describe(stage.home()).await?;
    let dark = about(&stage.log_from(line), CLUSTER);
    script.check(
        (1..=4).contains(&dark.len()),
        &format!("{} lines of the log name {CLUSTER} during {} s of darkness", dark.len(), MORE.as_secs()),
    )?;
    dark.iter().for_each(|line| script.shows(&format!("  {line}")));

    let line = stage.log_from(0).len();
    script.does(&format!("{CLUSTER} is back"));
    stage.lab.restore(CLUSTER).await?;
    let seen = |text: &str| clusters(text)["synced"] == true && clusters(text)["error"].is_null();
    stage.page("/api/status", &format!("that {CLUSTER} is seen"), TOLD, seen).await?;
    good_again(stage).await?;
    metric(stage, &format!("amko_cluster_synced{{cluster=\"{CLUSTER}\"}}"), 1.0).await?;
    let end = about(&stage.log_from(line), CLUSTER);
    script.check(!end.is_empty(), &format!("the log tells of the end: {}", list(&end)))
}

/// What the operator says of the controller.
async fn controller(stage: &Stage) -> Result<(), Failure> {
    let (script, leader) = (&stage.script, stage.leader());
    let line = stage.log_from(0).len();
    script.does(&format!("{leader}, the GSLB leader, goes dark"));
    stage.lab.black_out(leader).await?;
    let lost = |text: &str| !text.contains("\"CONNECTED\"");
    stage.page("/api/status", "that the controller cannot be reached", TOLD, lost).await?;
    stage.told("that the controller cannot be reached", &["=False", "ontroller"], TOLD).await?;
    sleep(MORE).await;
    let text = stage.text("/readyz").await;
    script.sees(&format!("/readyz: {text:?}"));
    stage.describe(stage.home()).await?;
    let dark = stage.log_from(line);
    script.check(
        (1..=6).contains(&dark.len()),
        &format!("{} lines of the log during {} s of darkness", dark.len(), MORE.as_secs()),
    )?;
    dark.iter().for_each(|line| script.shows(&format!("  {line}")));

    let line = stage.log_from(0).len();
    script.does(&format!("{leader} is back"));
    stage.lab.restore(leader).await?;
    stage.page("/api/status", "that the controller is reached", TOLD, |text| text.contains("\"CONNECTED\"")).await?;
    good_again(stage).await?;
    let end = stage.log_from(line);
    script.check(!end.is_empty(), &format!("the log tells of the end: {}", list(&end)))
}

/// No condition that should be true is false.
async fn good_again(stage: &Stage) -> Result<(), Failure> {
    let look = async || {
        let conditions = stage.conditions_in(stage.home()).await.map_err(|failure| failure.to_string())?;
        let bad: Vec<String> = conditions.iter().filter(|c| c.status == "False").map(|c| c.line()).collect();
        if bad.is_empty() { Ok("so it is".to_owned()) } else { Err(bad.join(" | ")) }
    };
    stage.script.wait("the status of gc-1 is good again", TOLD, look).await.map(drop)
}

async fn metric(stage: &Stage, series: &str, wanted: f64) -> Result<(), Failure> {
    let look = async || match stage.metric(series).await {
        Some(value) if (value - wanted).abs() < f64::EPSILON => Ok(format!("it is {value}")),
        value => Err(format!("{series} is {value:?}")),
    };
    stage.script.wait(&format!("{series} is {wanted}"), TOLD, look).await.map(drop)
}

fn clusters(text: &str) -> Value {
    let status: Value = serde_json::from_str(text).unwrap_or_default();
    status["clusters"][CLUSTER].clone()
}

/// Lines that name this.
fn about(lines: &[String], name: &str) -> Vec<String> {
    lines.iter().filter(|line| line.contains(name)).cloned().collect()
}
