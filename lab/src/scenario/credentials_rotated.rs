//! The controllers' password changes, and some time later the Secret.

use super::kit::script::{list, seconds};
use super::kit::stage::{AFTER_OUTAGE, SESSIONS, SOON};
use super::kit::{Failure, Stage};
use rustix::process::{Pid, test_kill_process};
use std::time::Duration;
use tokio::time::sleep;

const PASSWORD: &str = "rotated-by-the-security-team";
/// Two more refused logins would lock the account: long enough to see them come.
const WATCHED: Duration = Duration::from_secs(20);

pub async fn play(stage: &Stage) -> Result<(), Failure> {
    let script = &stage.script;
    script.does("Ingress shop in s1az1");
    stage.create("shop", &["s1az1"]).await?;
    stage.in_sync(&["hello", "shop"], SOON).await?;

    script.does("the controllers' password changes; Ingresses: shop created in s2, fresh in s1az1");
    let mark = stage.mark();
    stage.lab.worlds().avi.set_password(PASSWORD);
    stage.create("shop", &["s2"]).await?;
    stage.create("fresh", &["s1az1"]).await?;
    let told = async || {
        let status = stage.config_status().await.map_err(|failure| failure.to_string())?;
        let state = status["state"].as_str().unwrap_or_default().to_owned();
        let clear = state.contains("password") && state.contains("Secret");
        if clear { Ok(format!("{state:?}")) } else { Err(format!("status.state is {state:?}")) }
    };
    script.wait("the status of gc-1 names the password and the Secret", SOON, told).await?;
    script.expects(&format!("exactly one refused login in {}, nothing written", seconds(WATCHED)));
    sleep(WATCHED).await;
    let requests = stage.requests(mark);
    requests.tell(script);
    let (logins, done) = (requests.logins(), requests.done());
    script.check(
        logins == [401] && done.is_empty(),
        &format!("logins answered with: {}; written: {}", list(&logins), list(done.keys())),
    )?;
    let conditions = stage.config_status().await?["conditions"].as_array().cloned().unwrap_or_default();
    for condition in conditions.iter().filter(|condition| condition["status"] != "True") {
        let text = |field: &str| condition[field].as_str().unwrap_or_default().to_owned();
        script.shows(&format!("  condition {}: {} {}", text("type"), text("status"), text("message")));
    }

    script.does("the Secret gslb-avi-secret gets the new password");
    let mark = stage.mark();
    stage.kube.set_password(stage.home(), &stage.lab.topology().namespace, PASSWORD).await?;
    stage.in_sync(&["fresh", "hello", "shop"], AFTER_OUTAGE).await?;
    let expected = vec![stage.expected("fresh", &["s1az1"]).await?, stage.expected("shop", &["s1az1", "s2"]).await?];
    stage.resolve(expected, AFTER_OUTAGE).await?;
    let requests = stage.requests(mark);
    let logins = requests.logins();
    script.check(
        (1..=SESSIONS).contains(&logins.len()) && logins.iter().all(|status| *status == 200),
        &format!("logins answered with: {}; at most {SESSIONS}", list(&logins)),
    )?;
    requests.at_most_once(script)?;
    let done = requests.done();
    let services = done.keys().filter(|line| line.contains("gslbservice"));
    script.check(services.clone().count() == 2, &format!("services written: {}", list(services)))?;
    let accepted = async || {
        let status = stage.config_status().await.map_err(|failure| failure.to_string())?;
        let state = status["state"].to_string();
        if state.contains("success") { Ok(state) } else { Err(format!("status.state is {state}")) }
    };
    script.wait("the status of gc-1 is good again", SOON, accepted).await?;
    let process = stage.process;
    let runs = Pid::from_raw(process.cast_signed()).is_some_and(|pid| test_kill_process(pid).is_ok());
    script.check(runs, &format!("the operator is process {process} from the start to the end"))
}
