//! The GSLB leader is lost for good, another site takes over, and later the old one returns as a follower.

use super::kit::script::list;
use super::kit::stage::{AFTER_OUTAGE, SOON};
use super::kit::{Failure, Stage};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

const NEW_LEADER: &str = "site1";
/// A refused or failed call, the search for the leader, a full read, the write: with `refreshInterval: 60` of the lab.
const FOLLOW: Duration = Duration::from_secs(150);
/// How long the returned leader is watched.
const AFTERMATH: Duration = Duration::from_secs(5);

pub async fn play(stage: &Stage) -> Result<(), Failure> {
    let (script, old) = (&stage.script, stage.leader());
    script.does("gc-1: spec.gslbLeader.followLeader: true");
    let patch = json!({ "spec": { "gslbLeader": { "followLeader": true } } });
    stage.kube.patch(stage.home(), &stage.config_path(), patch).await?;
    script.does("Ingress shop in s1az1");
    stage.create("shop", &["s1az1"]).await?;
    stage.in_sync(&["hello", "shop"], SOON).await?;
    // What the old leader had not copied yet would be lost with it, and the operator would write it again.
    stage.resolve(vec![stage.expected("shop", &["s1az1"]).await?], SOON).await?;

    script.does(&format!("{old}, the GSLB leader, goes dark; {NEW_LEADER} is promoted"));
    stage.lab.black_out(old).await?;
    let mark = stage.mark();
    stage.lab.promote(NEW_LEADER).await?;
    script.does("Ingresses: fresh created in s1az1 and s2, shop in s2");
    stage.create("fresh", &["s1az1", "s2"]).await?;
    stage.create("shop", &["s2"]).await?;
    let writes =
        [format!("POST gslbservice {}", stage.host("fresh")), format!("PUT gslbservice {}", stage.host("shop"))];
    let written = async || {
        let done = stage.requests(mark).of(NEW_LEADER).done();
        if writes.iter().all(|write| done.contains_key(write)) {
            Ok(list(done.keys()))
        } else {
            Err(format!("done: {}", list(done.keys())))
        }
    };
    script.wait(&format!("{NEW_LEADER} gets {}", list(&writes)), FOLLOW, written).await?;
    let others = stage.dns_without(&[old]);
    let both = ["s1az1", "s2"];
    let expected = vec![stage.expected("fresh", &both).await?, stage.expected("shop", &both).await?];
    stage.resolve_at(&others, expected.clone(), SOON).await?;
    only_the_new_leader(stage, mark)?;

    script.does(&format!("{old} is back"));
    let mark = stage.mark();
    stage.lab.restore(old).await?;
    stage.resolve(expected, SOON).await?;
    let avi = &stage.lab.worlds().avi;
    let new = Value::from(avi.cluster_uuid(NEW_LEADER));
    let follows = async || {
        let known = avi.objects(old, "gslb").first().map(|gslb| gslb["leader_cluster_uuid"].clone());
        let (known, new) = (known.unwrap_or_default(), &new);
        if known == *new {
            Ok(format!("its leader is {known}"))
        } else {
            Err(format!("its leader is {known}, not {new}"))
        }
    };
    script.wait(&format!("{old} follows {NEW_LEADER}"), SOON, follows).await?;
    script.does("Ingress later created in s2");
    stage.create("later", &["s2"]).await?;
    let later = stage.expected("later", &["s2"]).await?;
    stage.resolve(vec![later], AFTER_OUTAGE).await?;
    stage.in_sync(&["fresh", "hello", "later", "shop"], SOON).await?;
    sleep(AFTERMATH).await;
    only_the_new_leader(stage, mark)
}

/// Fails when another controller than the new leader's got a write since the mark, or an object was written twice.
fn only_the_new_leader(stage: &Stage, mark: u64) -> Result<(), Failure> {
    let requests = stage.requests(mark);
    let writes: Vec<(String, usize)> =
        stage.lab.worlds().sites().map(|site| (site.to_owned(), requests.of(site).writes().len())).collect();
    let text = list(writes.iter().map(|(site, count)| format!("{count} to {site}")));
    let right = writes.iter().all(|(site, count)| (*count > 0) == (site == NEW_LEADER));
    stage.script.check(right, &format!("writes tried: {text}"))?;
    requests.at_most_once(&stage.script)
}
