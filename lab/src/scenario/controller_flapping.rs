//! A controller that is there for some seconds and gone for some, while applications change.

use super::kit::script::{list, seconds};
use super::kit::stage::{AFTER_OUTAGE, SESSIONS};
use super::kit::{Failure, Stage};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const ROUNDS: usize = 10;
const UP: Duration = Duration::from_secs(4);
const DOWN: Duration = Duration::from_secs(2);
/// Median delay of the answers, so that calls are on their way when the controller goes.
const LATENCY: Duration = Duration::from_millis(200);
/// From a change to the next outage: less than a write takes.
const IN_THE_MIDDLE: Duration = Duration::from_millis(150);

pub async fn play(stage: &Stage) -> Result<(), Failure> {
    let (script, leader) = (&stage.script, stage.leader());
    let mark = stage.mark();
    let start = Instant::now();
    script.does("answers of a controller take 0.2 s (median) now; Ingress shop in s1az1");
    stage.lab.worlds().avi.set_latency(LATENCY);
    stage.create("shop", &["s1az1"]).await?;
    let mut names = vec!["hello".to_owned(), "shop".to_owned()];
    let mut changes = 1;
    for round in 1..=ROUNDS {
        let name = format!("app-{round:02}");
        let shop = if round % 2 == 1 { "created" } else { "deleted" };
        script.does(&format!(
            "round {round}: Ingress {name} created in s1az2; {leader} is gone for {}, and shop is {shop} in s2; then {} \
             of peace",
            seconds(DOWN),
            seconds(UP)
        ));
        stage.create(&name, &["s1az2"]).await?;
        sleep(IN_THE_MIDDLE).await;
        stage.lab.black_out(leader).await?;
        match round % 2 {
            1 => stage.create("shop", &["s2"]).await?,
            _ => stage.delete("shop", &["s2"]).await?,
        }
        names.push(name);
        changes += 2;
        sleep(DOWN).await;
        stage.lab.restore(leader).await?;
        sleep(UP).await;
    }
    let meanwhile = stage.requests(mark).done().values().sum::<usize>();
    script.sees(&format!("{changes} changes in {}, {meanwhile} writes done meanwhile", seconds(start.elapsed())));

    script.does(&format!("{leader} stays"));
    let wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    stage.in_sync(&wanted, AFTER_OUTAGE).await?;
    let mut expected = vec![stage.expected("shop", &["s1az1"]).await?];
    for name in names.iter().filter(|name| name.starts_with("app-")) {
        expected.push(stage.expected(name, &["s1az2"]).await?);
    }
    stage.resolve(expected, AFTER_OUTAGE).await?;

    let requests = stage.requests(mark);
    let (logins, done, tried) = (requests.logins(), requests.done(), requests.writes().len());
    let written: usize = done.values().sum();
    script.shows(&format!("  {}", list(by_method(&done))));
    // A service and its monitor for each new name, a change of shop for each other change; as much again for answers
    // that were cut off after the controller had done what it was asked.
    let (most_written, most_logins) = (2 * 2 * changes, SESSIONS * (ROUNDS + 1) / 2);
    script.check(
        written <= most_written && tried <= 2 * most_written,
        &format!("{written} writes done, at most {most_written}; {tried} tried"),
    )?;
    script.check(
        logins.len() <= most_logins && logins.iter().all(|status| *status == 200),
        &format!("{} logins, at most {most_logins}; {} requests in all", logins.len(), requests.len()),
    )?;
    let created = |kind: &str| done.keys().filter(|line| line.starts_with(&format!("POST {kind} "))).count();
    let twice: Vec<&String> =
        done.iter().filter(|(line, n)| line.starts_with("POST ") && **n > 1).map(|(line, _)| line).collect();
    script.check(
        created("gslbservice") == ROUNDS + 1 && twice.is_empty(),
        &format!("{} services created, twice: {}", created("gslbservice"), list(twice)),
    )
}

/// `PUT gslbservice ×9`.
fn by_method(done: &BTreeMap<String, usize>) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (line, count) in done {
        let words: Vec<&str> = line.split(' ').take(2).collect();
        *counts.entry(words.join(" ")).or_default() += count;
    }
    counts.iter().map(|(what, count)| format!("{what} ×{count}")).collect()
}
