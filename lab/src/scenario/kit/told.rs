//! What the operator tells people: conditions, Events, its log.

use super::script::Failure;
use super::stage::Stage;
use serde_json::{Value, json};
use std::time::Duration;

/// How an approval is asked for in the text of a condition.
const ASKS: &str = "amko.vmware.com/approve-";

/// One condition of an object.
#[derive(Debug, Clone)]
pub struct Condition {
    pub kind: String,
    pub status: String,
    pub reason: String,
    pub message: String,
}

impl Condition {
    fn of(value: &Value) -> Self {
        let text = |field: &str| value[field].as_str().unwrap_or_default().to_owned();
        Self { kind: text("type"), status: text("status"), reason: text("reason"), message: text("message") }
    }

    pub fn line(&self) -> String {
        let Self { kind, status, reason, message } = self;
        format!("{kind}={status} {reason}: {message}")
    }

    /// The annotation that approves what it speaks of, and its value.
    pub fn approval(&self) -> Option<(String, String)> {
        let (_, rest) = self.message.split_once(ASKS)?;
        let (which, rest) = rest.split_once('=')?;
        let value = rest.split(|c: char| c.is_whitespace() || ";:.'\"".contains(c)).next()?;
        Some((format!("{ASKS}{which}"), value.to_owned()))
    }
}

impl Stage {
    /// The conditions in the status of gc-1 of a cluster.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub async fn conditions_in(&self, context: &str) -> Result<Vec<Condition>, Failure> {
        let object = self.kube.get(context, &self.config_path()).await?;
        Ok(object["status"]["conditions"].as_array().into_iter().flatten().map(Condition::of).collect())
    }

    /// The status of the policy.
    ///
    /// # Errors
    /// When the cluster does not answer, or there is no policy.
    pub async fn policy_status(&self) -> Result<Value, Failure> {
        Ok(self.kube.get(self.home(), &self.policy_path()).await?["status"].clone())
    }

    /// Waits until a condition of gc-1 speaks of this, which is not how it is while all is well.
    ///
    /// # Errors
    /// When none does in time; says which conditions there are.
    pub async fn told(&self, what: &str, words: &[&str], within: Duration) -> Result<Condition, Failure> {
        let mut found = None;
        let look = async || {
            let conditions = self.conditions_in(self.home()).await.map_err(|failure| failure.to_string())?;
            let speaks = |condition: &Condition| words.iter().all(|word| condition.line().contains(word));
            found = conditions.iter().find(|condition| speaks(condition)).cloned();
            match &found {
                Some(condition) => Ok(condition.line()),
                None => Err(conditions.iter().map(Condition::line).collect::<Vec<_>>().join(" | ")),
            }
        };
        self.script.wait(&format!("the status of gc-1 tells {what}"), within, look).await?;
        found.ok_or_else(|| Failure::Unexpected(format!("nobody tells {what}")))
    }

    /// Waits until no condition of gc-1 asks for an approval.
    ///
    /// # Errors
    /// When one still does.
    pub async fn nothing_waits(&self, within: Duration) -> Result<(), Failure> {
        let look = async || {
            let conditions = self.conditions_in(self.home()).await.map_err(|failure| failure.to_string())?;
            let asks = conditions.iter().find(|c| c.status == "True" && c.approval().is_some());
            asks.map_or_else(|| Ok("none does".to_owned()), |condition| Err(condition.line()))
        };
        self.script.wait("no condition of gc-1 asks for an approval", within, look).await.map(drop)
    }

    /// Sets the annotation that a condition asks for.
    ///
    /// # Errors
    /// When it asks for none, or the cluster refuses.
    pub async fn approve(&self, condition: &Condition) -> Result<(), Failure> {
        let asked = condition.approval();
        let (annotation, value) = asked.ok_or_else(|| Failure::Unexpected(format!("no way: {}", condition.line())))?;
        self.script.does(&format!("kubectl annotate --overwrite gslbconfig gc-1 {annotation}={value}"));
        let patch = json!({ "metadata": { "annotations": { annotation: value } } });
        self.kube.patch(self.home(), &self.config_path(), patch).await
    }

    /// Shows the conditions of gc-1 and of the policy, and the Events about both, as `kubectl describe` does.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub async fn describe(&self, context: &str) -> Result<(), Failure> {
        self.script.shows("  kubectl describe gslbconfig gc-1:");
        for condition in self.conditions_in(context).await? {
            self.script.shows(&format!("    {}", condition.line()));
        }
        if let Ok(policy) = self.kube.get(context, &self.policy_path()).await {
            self.script.shows(&format!("  kubectl describe gdp: {}", policy["status"]["errorStatus"]));
            for condition in policy["status"]["conditions"].as_array().into_iter().flatten() {
                self.script.shows(&format!("    {}", Condition::of(condition).line()));
            }
        }
        let about = ["GSLBConfig", "GlobalDeploymentPolicy"];
        for event in self.events(context, &self.lab.topology().namespace).await? {
            if about.iter().any(|kind| event["involvedObject"]["kind"] == *kind) {
                let text = |field: &str| event[field].as_str().unwrap_or_default();
                self.script.shows(&format!("    Event {} {}: {}", text("type"), text("reason"), text("message")));
            }
        }
        Ok(())
    }

    /// Events of a namespace.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub async fn events(&self, context: &str, namespace: &str) -> Result<Vec<Value>, Failure> {
        let found = self.kube.get(context, &format!("/api/v1/namespaces/{namespace}/events")).await?;
        Ok(found["items"].as_array().cloned().unwrap_or_default())
    }

    /// Waits until an Event about an object of namespace `default` holds one of these words.
    ///
    /// # Errors
    /// When none does in time.
    pub async fn event_about(
        &self,
        context: &str,
        name: &str,
        words: &[&str],
        within: Duration,
    ) -> Result<(), Failure> {
        let look = async || {
            let events = self.events(context, "default").await.map_err(|failure| failure.to_string())?;
            let about = events.iter().filter(|event| event["involvedObject"]["name"] == name);
            let texts: Vec<String> = about.map(|event| format!("{}: {}", event["reason"], event["message"])).collect();
            let right = texts.iter().find(|text| words.iter().any(|word| text.contains(word)));
            right.cloned().ok_or_else(|| format!("Events about {name}: {}", texts.join(" | ")))
        };
        self.script.wait(&format!("an Event on {name} in {context} says why"), within, look).await.map(drop)
    }

    /// The operator's log from this many lines on.
    pub fn log_from(&self, line: usize) -> Vec<String> {
        let text = std::fs::read_to_string(self.lab.dir().operator_log(self.home())).unwrap_or_default();
        text.lines().skip(line).map(str::to_owned).collect()
    }

    /// Of the metrics, the first value of the series that begins so; `None` when there is none.
    pub async fn metric(&self, begin: &str) -> Option<f64> {
        let text = self.text("/metrics").await;
        let line = text.lines().find(|line| line.starts_with(begin))?;
        line.rsplit(' ').next()?.parse().ok()
    }

    /// Waits until what the operator answers at this path is right.
    ///
    /// # Errors
    /// When it is not in time; says what it was last.
    pub async fn page(
        &self,
        path: &str,
        what: &str,
        within: Duration,
        right: impl Fn(&str) -> bool,
    ) -> Result<(), Failure> {
        let look = async || {
            let text = self.text(path).await;
            let short: String = text.chars().take(600).collect();
            if right(&text) { Ok(format!("{path} does")) } else { Err(short) }
        };
        self.script.wait(&format!("{path} says {what}"), within, look).await.map(drop)
    }
}
