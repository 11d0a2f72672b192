//! What the controller that leads would answer for each name of ours, and that none of it is taken away.

use super::requests::members;
use super::script::{Failure, list, seconds};
use super::stage::Stage;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two looks.
const BEAT: Duration = Duration::from_millis(100);

/// Uuid and addresses of each service, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers(BTreeMap<String, (String, Vec<String>)>);

impl Answers {
    /// Of the services in the zone of the lab, as they are now on the controller that leads.
    pub fn now(stage: &Stage) -> Self {
        let avi = &stage.lab.worlds().avi;
        let leader = avi.leader().unwrap_or_else(|| stage.leader().to_owned());
        let services = avi.objects(&leader, "gslbservice");
        let ours = services.iter().filter(|service| {
            let creator = service["created_by"].as_str().unwrap_or_default();
            creator.starts_with("amko-")
        });
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        Self(ours.map(|s| (text(&s["name"]), (text(&s["uuid"]), members(s)))).collect())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Addresses of one name; none when there is no such service.
    pub fn of(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], |(_, addresses)| addresses)
    }

    /// What was there before and is not any more: services, members, and services that were made anew.
    pub fn lost(&self, now: &Self) -> Vec<String> {
        let mut lost = Vec::new();
        for (name, (uuid, addresses)) in &self.0 {
            match now.0.get(name) {
                None => lost.push(format!("{name} is gone")),
                Some((anew, _)) if anew != uuid => lost.push(format!("{name} was made anew")),
                Some((_, left)) => {
                    let gone = addresses.iter().filter(|address| !left.contains(address));
                    lost.extend(gone.map(|address| format!("{name} lost {address}")));
                }
            }
        }
        lost
    }
}

impl Stage {
    /// Watches the controller for a while: nothing of what was there before may go.
    ///
    /// # Errors
    /// When something goes; says what and when.
    pub async fn keeps(&self, before: &Answers, span: Duration) -> Result<(), Failure> {
        self.script.expects(&format!("for {}, none of {} names loses an answer", seconds(span), before.len()));
        let start = Instant::now();
        while start.elapsed() < span {
            let lost = before.lost(&Answers::now(self));
            if !lost.is_empty() {
                let after = seconds(start.elapsed());
                return Err(Failure::Unexpected(format!("after {after}: {} lost: {}", lost.len(), list(lost))));
            }
            sleep(BEAT).await;
        }
        self.script.sees("nothing went");
        Ok(())
    }
}
