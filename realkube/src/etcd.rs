//! The etcd that all API servers of one control plane share.

use crate::guardian::Guardian;
use crate::process::Process;
use crate::{Error, ports};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How often a port may be lost to somebody who was faster.
const TRIES: usize = 5;
/// How long etcd may take for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running etcd of one member.
pub(crate) struct Etcd {
    process: Process,
    client: Client,
}

impl Etcd {
    /// Starts etcd with its data in `directory` and waits until it answers.
    ///
    /// # Errors
    /// When it cannot be run or does not get ready.
    pub(crate) async fn start(program: &Path, directory: &Path, guardian: &Arc<Guardian>) -> Result<Self, Error> {
        for _ in 1..TRIES {
            match Self::try_start(program, directory, guardian).await {
                Err(error) if error.is_port_taken() => {}
                outcome => return outcome,
            }
        }
        Self::try_start(program, directory, guardian).await
    }

    async fn try_start(program: &Path, directory: &Path, guardian: &Arc<Guardian>) -> Result<Self, Error> {
        // By its name we know that it is ours that answers, and not one that took the port before.
        let name = Uuid::new_v4().to_string();
        let (port, peers) = (ports::free()?, ports::free()?);
        let client = Client::of(port)?;
        let mut command = Command::new(program);
        command.args(["--name", &name, "--data-dir"]).arg(directory.join(format!("etcd-{port}")));
        command.args(["--listen-client-urls", &client.url, "--advertise-client-urls", &client.url]);
        let peers = format!("http://127.0.0.1:{peers}");
        command.args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers]);
        command.args(["--initial-cluster", &format!("{name}={peers}"), "--unsafe-no-fsync", "--log-level", "warn"]);
        let log = directory.join(format!("etcd-{port}.log"));
        let mut process = Process::spawn("etcd", command, log, guardian)?;
        process.wait_until(async || client.is_member(&name).await).await?;
        Ok(Self { process, client })
    }

    /// What asks this etcd.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Stops it in order.
    pub(crate) async fn stop(self) {
        self.process.stop().await;
    }
}

/// Asks an etcd, by its gRPC interface in JSON.
#[derive(Clone)]
pub(crate) struct Client {
    url: String,
    http: reqwest::Client,
}

impl Client {
    fn of(port: u16) -> Result<Self, Error> {
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        Ok(Self { url: format!("http://127.0.0.1:{port}"), http })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Forgets every revision before the present one, which is returned.
    ///
    /// # Errors
    /// When etcd cannot be reached or refuses.
    pub(crate) async fn compact(&self) -> Result<i64, Error> {
        let status = self.ask("maintenance/status", json!({})).await?;
        let revision = status["header"]["revision"].as_str().and_then(|text| text.parse::<i64>().ok());
        let revision = revision.ok_or_else(|| Error::Answer(status.clone()))?;
        self.ask("kv/compaction", json!({ "revision": revision.to_string(), "physical": true })).await?;
        Ok(revision)
    }

    /// Succeeds when the one member is called `name` and there is a leader, so that it can be written.
    async fn is_member(&self, name: &str) -> Result<(), Error> {
        let list = self.ask("cluster/member/list", json!({ "linearizable": true })).await?;
        if list["members"][0]["name"] == name { Ok(()) } else { Err(Error::Answer(list)) }
    }

    async fn ask(&self, what: &str, question: Value) -> Result<Value, Error> {
        let sent = self.http.post(format!("{}/v3/{what}", self.url)).json(&question).send().await?;
        Ok(sent.error_for_status()?.json().await?)
    }
}
