//! Looking up what policies refer to: see GDP-06 and `docs/RULES.md#requests`.

use super::encoded;
use super::leader::facts;
use crate::avi::call_error::CallError;
use crate::avi::session::AviClient;
use crate::avi::wire::{list, text, texts};
use crate::core::references::{Answer, Question, ReferencedMonitor};
use serde_json::Value;
use std::collections::BTreeSet;

impl AviClient {
    /// Asks the controller, in the tenant of the question.
    ///
    /// # Errors
    /// When the controller does not say: that is never taken for "absent" (DB-13). A collection that is not found is not
    /// an empty one.
    pub async fn answer(&self, question: &Question) -> Result<Answer, CallError> {
        let answer = match question {
            Question::Monitor { tenant, name } => self.named("healthmonitor", tenant, name).await.map(monitor),
            Question::PersistenceProfile { tenant, name } => {
                self.named("applicationpersistenceprofile", tenant, name).await.map(profile)
            }
            Question::PkiProfile { tenant, name } => self.named("pkiprofile", tenant, name).await.map(profile),
            Question::DefaultPkiProfile { tenant } => {
                self.first("/api/pkiprofile?is_federated=true&page_size=10", tenant).await.map(profile)
            }
            Question::ThirdPartySites { tenant } => self.first("/api/gslb", tenant).await.map(sites),
            Question::Gslb => {
                let found = self.first("/api/gslb", "admin").await;
                found.map(|gslb| gslb.map_or(Answer::Absent, |gslb| Answer::Gslb(facts(&gslb))))
            }
        };
        answer.map_err(|error| error.about(subject(question)))
    }

    async fn named(&self, collection: &str, tenant: &str, name: &str) -> Result<Option<Value>, CallError> {
        let found = self.find(&format!("/api/{collection}?name={}", encoded(name)), tenant).await?;
        Ok(found.into_iter().find(|object| text(object, "name") == Some(name)))
    }

    /// The first object, in the order of the controller.
    async fn first(&self, target: &str, tenant: &str) -> Result<Option<Value>, CallError> {
        Ok(self.find(target, tenant).await?.into_iter().next())
    }
}

fn subject(question: &Question) -> String {
    match question {
        Question::Monitor { name, .. } => format!("health monitor {name}"),
        Question::PersistenceProfile { name, .. } => format!("application persistence profile {name}"),
        Question::PkiProfile { name, .. } => format!("PKI profile {name}"),
        Question::DefaultPkiProfile { .. } => "federated PKI profiles".to_owned(),
        Question::ThirdPartySites { .. } => "third-party sites".to_owned(),
        Question::Gslb => "the GSLB configuration".to_owned(),
    }
}

fn monitor(found: Option<Value>) -> Answer {
    let Some(object) = found else { return Answer::Absent };
    let section = ["http_monitor", "https_monitor"].into_iter().find_map(|key| object.get(key));
    Answer::Monitor(ReferencedMonitor {
        federated: object.get("is_federated").and_then(Value::as_bool),
        monitor_type: text(&object, "type").unwrap_or_default().to_owned(),
        http_request: section.and_then(|section| text(section, "http_request")).map(str::to_owned),
        response_codes: section.map(|section| texts(section, "http_response_code")).unwrap_or_default(),
    })
}

fn profile(found: Option<Value>) -> Answer {
    let name = found.as_ref().and_then(|object| text(object, "name"));
    name.map_or(Answer::Absent, |name| Answer::Profile { name: name.to_owned() })
}

fn sites(found: Option<Value>) -> Answer {
    let Some(gslb) = found else { return Answer::Absent };
    let names = list(&gslb, "third_party_sites").iter().filter_map(|site| text(site, "name"));
    Answer::Sites(names.map(str::to_owned).collect::<BTreeSet<_>>())
}
