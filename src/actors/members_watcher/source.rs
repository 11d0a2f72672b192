//! Where the kubeconfig is looked at: a Secret that is watched, or a file that is read again and again.

use crate::kubernetes::members::Place;
use crate::kubernetes::watch::{Watch, WatchEvent, source};
use crate::retry::{RetryPolicy, pause};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::Client;
use kube::api::Api;
use kube::runtime::watcher;
use rand::rngs::StdRng;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// How often a file is read. A kubelet takes up to a minute to bring a changed Secret into it.
pub const LOOK: Duration = Duration::from_secs(15);

/// What was found where the kubeconfig should be.
#[derive(Debug)]
pub enum Finding {
    Text(SecretString),
    /// It is not there, or no text, and why.
    Missing(String),
    /// Nobody can look at present, and why.
    Blind(String),
    /// Looking is possible again, and nothing was missed.
    Sees,
}

/// What a Secret holds. Never shown.
struct Data(BTreeMap<String, ByteString>);

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Data")
    }
}

impl From<Secret> for Data {
    fn from(secret: Secret) -> Self {
        Self(secret.data.unwrap_or_default())
    }
}

/// Looks until dropped.
pub async fn look(place: Place, client: Client, retry: RetryPolicy, rng: StdRng, tell: impl FnMut(Finding)) {
    match place {
        Place::Given(_) => {}
        Place::File(path) => poll(&path, tell).await,
        Place::Secret { namespace, name, key } => watch(&client, (&namespace, &name, &key), retry, rng, tell).await,
    }
}

/// Watches the Secret of this name only; no other is ever read.
async fn watch(
    client: &Client,
    (namespace, name, key): (&str, &str, &str),
    retry: RetryPolicy,
    rng: StdRng,
    mut tell: impl FnMut(Finding),
) {
    let (api, ear) = source::<Secret>(client, |client| Api::namespaced(client, namespace));
    let watch = Watch {
        api,
        ear,
        config: watcher::Config::default().fields(&format!("metadata.name={name}")),
        project: Data::from,
        identify: |_: &str, _: &str| (),
        retry,
        rng,
        identity: None,
    };
    let missing = || Finding::Missing(format!("Secret {namespace}/{name} does not exist: make it, with key {key}"));
    watch
        .run(|event| {
            let finding = match event {
                WatchEvent::Listed { mut objects, undecodable } => match objects.pop() {
                    Some(data) => of_secret(data, (namespace, name, key)),
                    None if undecodable.is_empty() => missing(),
                    // That was told already.
                    None => return,
                },
                WatchEvent::Applied(data) => of_secret(data, (namespace, name, key)),
                WatchEvent::Deleted(()) => missing(),
                // The error may quote what it could not decode.
                WatchEvent::Undecodable { .. } => {
                    Finding::Missing(format!("Secret {namespace}/{name} cannot be decoded: correct it"))
                }
                WatchEvent::Failed(error) => Finding::Blind(format!(
                    "cannot watch Secret {namespace}/{name}: {error} (the operator's own service account needs list and \
                     watch on this one name)"
                )),
                WatchEvent::Reopened => Finding::Sees,
            };
            tell(finding);
        })
        .await;
}

fn of_secret(Data(mut data): Data, (namespace, name, key): (&str, &str, &str)) -> Finding {
    match data.remove(key) {
        Some(text) => Finding::Text(String::from_utf8_lossy(&text.0).into_owned().into()),
        None => {
            let others: Vec<String> = data.into_keys().collect();
            let has = if others.is_empty() { "it has none".into() } else { format!("it has {}", others.join(", ")) };
            Finding::Missing(format!("Secret {namespace}/{name} has no key {key} ({has}): put the kubeconfig there"))
        }
    }
}

/// Reads a file again and again: what a kubelet exchanges is a link to another directory, so that a watch of the file
/// itself would see nothing.
async fn poll(path: &Path, mut tell: impl FnMut(Finding)) {
    loop {
        tell(match tokio::fs::read(path).await {
            Ok(bytes) => Finding::Text(String::from_utf8_lossy(&bytes).into_owned().into()),
            Err(error) => Finding::Missing(format!(
                "cannot read file {}: {error}: mount the Secret with this key",
                path.display()
            )),
        });
        pause(LOOK).await;
    }
}
