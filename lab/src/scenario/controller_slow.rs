//! A controller that takes seconds for each answer, and many changes at once.

use super::kit::script::{Script, list, seconds};
use super::kit::stage::{SESSIONS, SOON};
use super::kit::{Failure, Stage};
use std::time::Duration;
use tokio::time::Instant;

const CHANGES: usize = 20;
/// Median of the delays; one in a hundred is three times as long.
const LATENCY: Duration = Duration::from_secs(2);
/// Twenty services and their monitors are 40 writes. One after the other they would take 90 s and more; eight at a
/// time, the operator's default, a bit over ten. The rest is for reads between them and for a slow machine.
const BOUND: Duration = Duration::from_secs(60);

pub async fn play(stage: &Stage) -> Result<(), Failure> {
    let script: &Script = &stage.script;
    script.does(&format!("every answer of a controller takes {} now (median)", seconds(LATENCY)));
    stage.lab.worlds().avi.set_latency(LATENCY);
    let names: Vec<String> = (1..=CHANGES).map(|n| format!("app-{n:02}")).collect();
    let mark = stage.mark();
    script.does(&format!("{CHANGES} Ingresses at once in s1az1"));
    let start = Instant::now();
    for name in &names {
        stage.create(name, &["s1az1"]).await?;
    }
    let mut wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    wanted.push("hello");
    stage.in_sync(&wanted, BOUND).await?;
    let took = start.elapsed();
    let requests = stage.requests(mark);
    requests.tell(script);
    requests.at_most_once(script)?;
    let done = requests.done();
    let expected = |kind: &str| done.keys().filter(|line| line.starts_with(&format!("POST {kind} "))).count();
    let (monitors, services) = (expected("healthmonitor"), expected("gslbservice"));
    script.check(
        monitors == CHANGES && services == CHANGES && done.len() == 2 * CHANGES,
        &format!(
            "{services} services and {monitors} monitors created, {} other writes",
            done.len() - monitors - services
        ),
    )?;
    let all = requests.writes().len();
    script.check(
        all == 2 * CHANGES,
        &format!("{all} writes tried, {} requests in all, {}", requests.len(), seconds(took)),
    )?;
    let logins = requests.logins();
    script.check(logins.len() <= SESSIONS, &format!("logins meanwhile: {}; at most {SESSIONS}", list(&logins)))?;
    script.does("the controller is quick again");
    stage.lab.worlds().avi.set_latency(Duration::ZERO);
    let last = stage.expected(wanted[CHANGES - 1], &["s1az1"]).await?;
    stage.resolve(vec![last], SOON).await
}
