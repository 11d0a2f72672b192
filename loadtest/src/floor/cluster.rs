//! The least that any client needs to hear of a cluster's Ingresses: complete lists, and a watch.

use crate::bare::Write;
use crate::objects::APPLICATIONS;
use amko_lab::up::kubeconfig::Access;
use anyhow::{Context as _, Result};
use futures::{TryStream, stream};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What matters of a page of a list.
#[derive(Deserialize)]
struct Page {
    metadata: PageMeta,
}

#[derive(Deserialize)]
struct PageMeta {
    #[serde(rename = "continue")]
    next: Option<String>,
}

/// Reads the Ingresses of a cluster, in pages as large as the operator's, and forgets them.
///
/// # Errors
/// When one is refused.
pub async fn list(kube: &reqwest::Client, access: &Access) -> Result<()> {
    let url = format!("{}/apis/networking.k8s.io/v1/ingresses", access.server);
    let mut next = String::new();
    loop {
        let page = reqwest::Url::parse_with_params(&url, [("limit", "500"), ("continue", &next)])?;
        let answer = kube.get(page).bearer_auth(&access.token).send().await?.error_for_status()?;
        let page: Page = serde_json::from_slice(&answer.bytes().await?)?;
        match page.metadata.next.filter(|next| !next.is_empty()) {
            Some(more) => next = more,
            None => return Ok(()),
        }
    }
}

/// A watch, and for each Ingress the write that is ready when it changes.
pub struct Followed {
    events: reqwest::Response,
    /// What was read and not yet looked at.
    text: Vec<u8>,
    writes: BTreeMap<String, Write>,
}

impl Followed {
    /// Opens the watch where the cluster is now.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn open(kube: &reqwest::Client, access: &Access, writes: BTreeMap<String, Write>) -> Result<Self> {
        let url = format!("{}/apis/networking.k8s.io/v1/namespaces/{APPLICATIONS}/ingresses", access.server);
        let request = |query: &str| kube.get(format!("{url}?{query}")).bearer_auth(&access.token).send();
        let list: Value = serde_json::from_slice(&request("limit=1").await?.bytes().await?)?;
        let version = list["metadata"]["resourceVersion"].as_str().context("no resourceVersion")?;
        let events = request(&format!("watch=true&resourceVersion={version}")).await?.error_for_status()?;
        Ok(Self { events, text: Vec::new(), writes })
    }

    /// Each write once, when its Ingress changes; ends with the last one.
    pub fn writes(self) -> impl TryStream<Ok = Write, Error = anyhow::Error> {
        stream::try_unfold(self, |mut followed| async move {
            let next = followed.next().await?;
            Ok(next.map(|write| (write, followed)))
        })
    }

    async fn next(&mut self) -> Result<Option<Write>> {
        while !self.writes.is_empty() {
            let Some(end) = self.text.iter().position(|byte| *byte == b'\n') else {
                self.text.extend_from_slice(&self.events.chunk().await?.context("the watch ended")?);
                continue;
            };
            let event: Value = serde_json::from_slice(&self.text[..end])?;
            self.text.drain(..=end);
            let name = event["object"]["metadata"]["name"].as_str().unwrap_or_default();
            if let Some(write) = self.writes.remove(name) {
                return Ok(Some(write));
            }
        }
        Ok(None)
    }
}
