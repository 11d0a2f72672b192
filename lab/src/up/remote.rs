//! Commands against a running lab, by its control interface.

use super::control::{ActiveFault, Answer};
use super::files::{FileError, LabDir};
use super::out::say;
use crate::avi::FaultOrder;
use reqwest::StatusCode;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(10);

/// Why a command had no effect.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    #[error(transparent)]
    Lab(#[from] FileError),
    #[error("no lab answers at {url}: is it still running? ({source})")]
    Unreachable { url: String, source: reqwest::Error },
    #[error("{0}")]
    Refused(String),
    /// The command itself makes no sense.
    #[error("{0}")]
    Usage(String),
}

/// The control interface of the lab in one directory.
pub struct Remote {
    url: String,
    client: reqwest::Client,
}

impl Remote {
    /// Finds the lab by its `lab.json`.
    ///
    /// # Errors
    /// When the directory has none.
    pub fn find(dir: &Path) -> Result<Self, RemoteError> {
        let url = LabDir::new(dir).read_report()?.control;
        let built = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build();
        let client = built.map_err(|source| RemoteError::Unreachable { url: url.clone(), source })?;
        Ok(Self { url, client })
    }

    /// Does `action` (`blackout`, `restore`, `promote`) to `target` and prints the answer.
    ///
    /// # Errors
    /// When the lab does not answer or refuses.
    pub async fn act(&self, action: &str, target: &str) -> Result<(), RemoteError> {
        let answer: Answer = self.ask(self.client.post(format!("{}/{action}/{target}", self.url))).await?;
        say(&answer.message);
        Ok(())
    }

    /// Adds a fault and prints its id.
    ///
    /// # Errors
    /// When the lab does not answer, or knows no such fault, option or site.
    pub async fn add_fault(&self, order: &FaultOrder) -> Result<(), RemoteError> {
        let answer: Answer = self.ask(self.client.post(format!("{}/faults", self.url)).json(order)).await?;
        say(&answer.message);
        Ok(())
    }

    /// Mends one fault, or `all`.
    ///
    /// # Errors
    /// When the lab does not answer or has no such fault.
    pub async fn clear_fault(&self, id: &str) -> Result<(), RemoteError> {
        let answer: Answer = self.ask(self.client.delete(format!("{}/faults/{id}", self.url))).await?;
        say(&answer.message);
        Ok(())
    }

    /// Prints what is broken on purpose.
    ///
    /// # Errors
    /// When the lab does not answer.
    pub async fn list_faults(&self) -> Result<(), RemoteError> {
        let faults: Vec<ActiveFault> = self.ask(self.client.get(format!("{}/faults", self.url))).await?;
        if faults.is_empty() {
            say("no faults");
        }
        faults.iter().for_each(|fault| say(&line(fault)));
        Ok(())
    }

    async fn ask<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, RemoteError> {
        let unreachable = |source| RemoteError::Unreachable { url: self.url.clone(), source };
        let answer = request.send().await.map_err(unreachable)?;
        if answer.status().is_success() {
            return answer.json().await.map_err(unreachable);
        }
        let status = answer.status();
        let refused: Result<Answer, _> = answer.json().await;
        let message = refused.map_or_else(|_| format!("the lab answers {status}"), |answer| answer.message);
        let wrong_use = matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY);
        Err(if wrong_use { RemoteError::Usage(message) } else { RemoteError::Refused(message) })
    }
}

fn line(fault: &ActiveFault) -> String {
    let options: String = fault.options.iter().map(|(name, value)| format!(" --{name} {value}")).collect();
    let struck = if fault.struck == 0 { String::new() } else { format!(", struck {} times", fault.struck) };
    format!("{}: {} of {}{options}{struck}", fault.id, fault.fault, fault.target)
}
