//! The controller of the GSLB leader goes dark while applications come, change and go.

use super::kit::questions::{Survey, tally};
use super::kit::requests::Requests;
use super::kit::script::{list, seconds};
use super::kit::stage::{AFTER_OUTAGE, SESSIONS, SOON};
use super::kit::{Failure, Stage};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::sleep;

/// How long the controller stays dark after the last change.
const DARK: Duration = Duration::from_secs(10);
/// How long the operator has to write once more than it should.
const AFTERMATH: Duration = Duration::from_secs(5);

pub async fn play(stage: &Stage) -> Result<(), Failure> {
    let (script, leader) = (&stage.script, stage.leader());
    script.does("Ingresses: shop in s1az1, catalog in s1az1 and s2");
    stage.create("shop", &["s1az1"]).await?;
    stage.create("catalog", &["s1az1", "s2"]).await?;
    stage.in_sync(&["hello", "shop", "catalog"], SOON).await?;
    let (shop, catalog) =
        (stage.expected("shop", &["s1az1"]).await?, stage.expected("catalog", &["s1az1", "s2"]).await?);
    stage.resolve(vec![shop.clone(), catalog.clone()], SOON).await?;

    script.does(&format!("{leader}, the GSLB leader, goes dark"));
    let mark = stage.mark();
    stage.lab.black_out(leader).await?;
    let others = stage.dns_without(&[leader]);
    let survey = Survey::start(others.clone(), &stage.host("hello"));
    let passing = change_applications(stage).await?;
    script.expects(&format!("for {}: old answers at the other sites, nothing written", seconds(DARK)));
    sleep(DARK).await;
    stage.resolve_at(&others, vec![shop, catalog, stage.expected("fresh", &[]).await?], SOON).await?;
    let requests = stage.requests(mark);
    script.check(requests.len() == 0, &format!("{} requests reached a controller meanwhile", requests.len()))?;

    script.does(&format!("{leader} is back"));
    stage.lab.restore(leader).await?;
    stage.in_sync(&["fresh", "hello", "shop"], AFTER_OUTAGE).await?;
    let both = ["s1az1", "s2"];
    let (fresh, shop) = (stage.expected("fresh", &both).await?, stage.expected("shop", &both).await?);
    stage.resolve(vec![fresh, shop, stage.expected("catalog", &[]).await?], AFTER_OUTAGE).await?;
    let seen = survey.seen();
    drop(survey);
    let (text, bad) = tally(&seen);
    let sites = list(others.iter().map(|dns| &dns.site));
    script.check(bad == 0 && !seen.is_empty(), &format!("hello at {sites} all the time: {text}"))?;

    sleep(AFTERMATH).await;
    read_the_log(stage, &stage.requests(mark), &passing)
}

/// One Ingress created, one changed several times, one deleted; gives the address that the changed one had only in
/// passing.
async fn change_applications(stage: &Stage) -> Result<String, Failure> {
    stage.script.does("Ingresses: fresh created in s1az1 and s2");
    stage.create("fresh", &["s1az1", "s2"]).await?;
    stage.script.does("Ingresses: shop created in s1az2, then in s2; that in s1az2 deleted again");
    stage.create("shop", &["s1az2"]).await?;
    let passing = stage.address("s1az2", "shop").await?.to_string();
    stage.create("shop", &["s2"]).await?;
    stage.address("s2", "shop").await?;
    stage.delete("shop", &["s1az2"]).await?;
    stage.script.does("Ingresses: catalog deleted in s1az1 and s2");
    stage.delete("catalog", &["s1az1", "s2"]).await?;
    Ok(passing)
}

/// Whatever was asked of a controller since it went dark.
fn read_the_log(stage: &Stage, requests: &Requests, passing: &str) -> Result<(), Failure> {
    let script = &stage.script;
    script.expects(
        "one write for each changed service and for each of their monitors, of the newest state; everything else reads",
    );
    requests.tell(script);
    requests.at_most_once(script)?;
    let writes = requests.writes();
    let refused: Vec<String> =
        writes.iter().filter(|w| w.record.status >= 300).map(|w| format!("{} {}", w.line(), w.record.status)).collect();
    script.check(refused.is_empty(), &format!("refused: {}", list(refused)))?;

    let services: BTreeSet<String> = writes.iter().filter(|write| write.is_service()).map(|w| w.line()).collect();
    let of = |method: &str, name: &str| format!("{method} gslbservice {}", stage.host(name));
    let wanted = BTreeSet::from([of("POST", "fresh"), of("PUT", "shop"), of("DELETE", "catalog")]);
    script.check(services == wanted, &format!("services written: {}", list(&services)))?;
    let monitors: Vec<String> = writes.iter().filter(|write| !write.is_service()).map(|w| w.line()).collect();
    script.check(
        monitors.len() == 2,
        &format!("monitors written, one for each service that is new or gone: {}", list(monitors)),
    )?;
    let stale = writes.iter().filter(|write| write.members().iter().any(|address| address == passing)).count();
    script.check(stale == 0, &format!("{stale} writes had the address {passing}, which shop had only in passing"))?;
    let logins = requests.logins();
    script.check(
        logins.len() <= SESSIONS && logins.iter().all(|status| *status == 200),
        &format!("{} logins, at most {SESSIONS}; {} requests in all", logins.len(), requests.len()),
    )
}
