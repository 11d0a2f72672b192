//! An application gets TLS, cluster by cluster, and loses it again in the same way.

use super::kit::answers::Answers;
use super::kit::questions::{Answer, Survey, tally};
use super::kit::script::list;
use super::kit::stage::SOON;
use super::kit::{Failure, Stage};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const HELLO: &str = "/apis/networking.k8s.io/v1/namespaces/default/ingresses/hello";
/// Long enough for monitors that fail to take a member out of DNS.
const SETTLED: Duration = Duration::from_secs(40);
/// In this long at the end of each step, every address has to be named.
const SAMPLE: Duration = Duration::from_secs(15);

pub async fn play(stage: &Stage) -> Result<(), Failure> {
    let script = &stage.script;
    let contexts = stage.contexts();
    let all = stage.expected("hello", &contexts).await?.addresses;
    let before = Answers::now(stage);
    let survey = Survey::start(stage.dns.clone(), &stage.host("hello"));
    for tls in [true, false] {
        for context in &contexts {
            let spec =
                if tls { json!([{ "hosts": [stage.host("hello")], "secretName": "hello" }]) } else { Value::Null };
            script.does(&format!("{context}: spec.tls of Ingress hello {}", if tls { "set" } else { "taken out" }));
            stage.kube.patch(context, HELLO, json!({ "spec": { "tls": spec } })).await?;
            sleep(SETTLED.saturating_sub(SAMPLE)).await;
            let since = Instant::now();
            sleep(SAMPLE).await;
            named(stage, &survey, since, &all)?;
            script.shows(&format!("  monitors: {}", list(monitors(stage))));
        }
        stage.in_sync(&["hello"], SOON).await?;
    }
    let (text, bad) = tally(&survey.seen());
    drop(survey);
    script.check(bad == 0, &format!("hello all the time: {text}"))?;
    let lost = before.lost(&Answers::now(stage));
    script.check(lost.is_empty(), &format!("lost in the end: {}", list(lost)))
}

/// Every site named every address since then.
fn named(stage: &Stage, survey: &Survey, since: Instant, all: &BTreeSet<IpAddr>) -> Result<(), Failure> {
    let seen = survey.seen();
    for dns in &stage.dns {
        let here = seen.iter().filter(|seen| seen.site == dns.site && seen.at >= since);
        let found: BTreeSet<IpAddr> = here
            .filter_map(|seen| match &seen.answer {
                Answer::Address(address, _) => Some(*address),
                Answer::Empty(_) | Answer::Silence => None,
            })
            .collect();
        stage.script.check(found == *all, &format!("DNS of {} names {}", dns.site, list(&found)))?;
    }
    Ok(())
}

/// Names and types of the monitors of hello.
fn monitors(stage: &Stage) -> Vec<String> {
    let (avi, host) = (&stage.lab.worlds().avi, stage.host("hello"));
    let services = avi.objects(stage.leader(), "gslbservice");
    let service = services.iter().find(|service| service["name"] == host.as_str());
    let refs = service.and_then(|service| service["health_monitor_refs"].as_array()).cloned().unwrap_or_default();
    let monitors = avi.objects(stage.leader(), "healthmonitor");
    let used = monitors.iter().filter(|monitor| refs.contains(&monitor["url"]));
    used.map(|monitor| format!("{} {}", monitor["type"], monitor["monitor_port"])).collect()
}
