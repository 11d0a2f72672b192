//! A site with its clusters, its controller and its DNS goes dark, among them AMKO's own cluster.

use super::kit::questions::{Answer, Seen, Survey, tally};
use super::kit::script::{list, seconds};
use super::kit::stage::SOON;
use super::kit::{Failure, Stage};
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The site that goes dark: two of the three clusters, one of them with AMKO's objects.
const SITE: &str = "site1";
/// For the machine and for the time that the probes' verdict takes to reach DNS.
const MARGIN: Duration = Duration::from_secs(5);
/// How long the operator is watched once everything is as it should be.
const AFTERMATH: Duration = Duration::from_secs(10);

/// The timers of the demo application's monitors, the slowest each.
struct Timers {
    interval: u64,
    timeout: u64,
    failed: u64,
    successful: u64,
}

pub async fn play(stage: &Stage) -> Result<(), Failure> {
    let script = &stage.script;
    let clusters = stage.lab.topology().clusters.iter();
    let (dark, bright): (Vec<_>, Vec<_>) = clusters.map(|c| (&c.context, &c.site)).partition(|(_, site)| *site == SITE);
    let of = |part: &[(&String, &String)]| part.iter().map(|(context, _)| (*context).clone()).collect::<Vec<_>>();
    let (dark, bright) = (addresses(stage, &of(&dark)).await?, addresses(stage, &of(&bright)).await?);
    let timers = Timers::of(stage)?;
    let out = Duration::from_secs(timers.failed * timers.interval + timers.timeout) + MARGIN;
    let back = Duration::from_secs(timers.successful * timers.interval + timers.timeout) + MARGIN;
    script.sees(&format!(
        "the monitors: a check every {} s with {} s for an answer, {} bad ones to go, {} good ones to return",
        timers.interval, timers.timeout, timers.failed, timers.successful
    ));

    let mark = stage.mark();
    let others = stage.dns_without(&[SITE]);
    let survey = Survey::start(others.clone(), &stage.host("hello"));
    script.does(&format!("{SITE} goes dark: controller, DNS, clusters, {} of hello's addresses", dark.len()));
    let start = Instant::now();
    stage.lab.black_out(SITE).await?;
    let what = format!("DNS of {} names only {}", list(others.iter().map(|dns| &dns.site)), list(&bright));
    let hello = super::kit::hosts::Expected { host: stage.host("hello"), addresses: bright.clone() };
    let look = async || hello.everywhere(&others).await.map(|()| "so it is".to_owned());
    script.wait(&what, out, look).await?;
    for dns in &others {
        let last = last_named(&survey.seen(), &dns.site, &dark, start);
        let ttl = stage.lab.topology().policy.ttl;
        script.check(
            last <= out,
            &format!(
                "{} named a dark address for the last time after {}; with a TTL of {ttl} s no client goes there {} \
                 after the blackout",
                dns.site,
                seconds(last),
                seconds(last + Duration::from_secs(ttl.into()))
            ),
        )?;
    }
    none_written(stage, mark, "during the blackout").await?;

    script.does(&format!("{SITE} is back"));
    stage.lab.restore(SITE).await?;
    let all = stage.expected("hello", &stage.contexts()).await?;
    stage.resolve(vec![all], back).await?;
    let seen = survey.seen();
    drop(survey);
    let (text, bad) = tally(&seen);
    script.check(bad == 0, &format!("hello at the other sites all the time: {text}"))?;
    stage.in_sync(&["hello"], SOON).await?;
    none_written(stage, mark, "in all").await
}

async fn addresses(stage: &Stage, contexts: &[String]) -> Result<BTreeSet<IpAddr>, Failure> {
    let contexts: Vec<&str> = contexts.iter().map(String::as_str).collect();
    Ok(stage.expected("hello", &contexts).await?.addresses)
}

/// How long after `start` this site named one of these addresses.
fn last_named(seen: &[Seen], site: &str, dark: &BTreeSet<IpAddr>, start: Instant) -> Duration {
    let named = |seen: &&Seen| matches!(&seen.answer, Answer::Address(address, _) if dark.contains(address));
    let last = seen.iter().filter(|seen| seen.site == site).rfind(named);
    last.map_or(Duration::ZERO, |seen| seen.at.saturating_duration_since(start))
}

async fn none_written(stage: &Stage, mark: u64, when: &str) -> Result<(), Failure> {
    stage.script.expects(&format!("the operator writes nothing for another {}", seconds(AFTERMATH)));
    sleep(AFTERMATH).await;
    let requests = stage.requests(mark);
    let writes: Vec<String> = requests.writes().iter().map(super::kit::requests::Write::line).collect();
    let seen = format!("{} requests {when}, of these writes: {}", requests.len(), list(&writes));
    stage.script.check(writes.is_empty(), &seen)
}

impl Timers {
    /// The slowest of the monitors of the demo application.
    fn of(stage: &Stage) -> Result<Self, Failure> {
        let (avi, host) = (&stage.lab.worlds().avi, stage.host("hello"));
        let services = avi.objects(stage.leader(), "gslbservice");
        let service = services.iter().find(|service| service["name"] == host.as_str());
        let refs = service.and_then(|service| service["health_monitor_refs"].as_array()).cloned().unwrap_or_default();
        let monitors = avi.objects(stage.leader(), "healthmonitor");
        let used = monitors.iter().filter(|monitor| refs.contains(&monitor["url"]));
        let most = |field: &str| used.clone().filter_map(|monitor| monitor[field].as_u64()).max();
        let timer =
            |field: &str| most(field).ok_or_else(|| Failure::broken(format!("monitors of {host}"), Value::from(field)));
        Ok(Self {
            interval: timer("send_interval")?,
            timeout: timer("receive_timeout")?,
            failed: timer("failed_checks")?,
            successful: timer("successful_checks")?,
        })
    }
}
