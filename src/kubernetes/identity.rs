//! Whether a server is still the cluster that is meant, and whether its state went back: asked after each complete list
//! and every minute, of the namespace `kube-system`, in a list that needs no right but that to list namespaces.

use super::bounded::bounded;
use super::cause::said;
use super::objects::NamespaceObject;
use crate::retry::pause;
use kube::api::{Api, ListParams};
use kube::{Client, ResourceExt};
use parking_lot::Mutex;
use rand::RngExt;
use rand::rngs::StdRng;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch::{Receiver, Sender};

/// The namespace that is made with a cluster.
const NAMESPACE: &str = "kube-system";
/// Seconds between two looks.
const LOOK: std::ops::RangeInclusive<f64> = 50.0..=70.0;

/// What a look has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// UID of kube-system; `None` where there is no such namespace.
    Cluster(Option<String>),
    /// Nobody answers, or may not say, and why.
    Unknown(String),
}

/// Decides whether what was found counts.
pub type Judge = Arc<dyn Fn(Found) -> Result<(), String> + Send + Sync>;

/// One cluster's identity, for all that watch it. Clones share it.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    namespaces: Api<NamespaceObject>,
    judge: Judge,
    /// Highest version seen.
    version: Mutex<u64>,
    /// Moves when everything has to be listed anew.
    anew: Sender<()>,
}

impl Identity {
    pub fn new(client: &Client, judge: Judge) -> Self {
        let (version, anew) = (Mutex::default(), Sender::new(()));
        Self(Arc::new(Inner { namespaces: Api::all(bounded(client)), judge, version, anew }))
    }

    /// Whether the server is the cluster that is meant, now.
    ///
    /// # Errors
    /// When what it says does not count, and why.
    pub async fn prove(&self) -> Result<(), String> {
        (self.0.judge)(self.ask().await)
    }

    async fn ask(&self) -> Found {
        let one = ListParams::default().fields(&format!("metadata.name={NAMESPACE}")).limit(1);
        match self.0.namespaces.list(&one).await {
            Ok(list) => {
                let version = list.metadata.resource_version.as_deref().and_then(|version| version.parse().ok());
                self.notice(version);
                let found = list.items.iter().find(|namespace| namespace.name_any() == NAMESPACE);
                Found::Cluster(found.and_then(ResourceExt::uid))
            }
            Err(error) => Found::Unknown(said(&error)),
        }
    }

    /// A version that went back: the cluster was restored from a backup, and watches would say nothing of what went with
    /// it.
    fn notice(&self, version: Option<u64>) {
        let Some(version) = version else { return };
        let mut highest = self.0.version.lock();
        if version < *highest {
            self.0.anew.send_replace(());
        }
        *highest = version;
    }

    /// Told when everything has to be listed anew.
    pub fn anew(&self) -> Receiver<()> {
        self.0.anew.subscribe()
    }

    /// Looks again and again. What is watched of another cluster than the one that is meant is listed anew, which needs a
    /// proof. Who does not answer is watched as before.
    pub async fn look(&self, mut rng: StdRng) {
        let mut proven = true;
        loop {
            pause(Duration::from_secs_f64(rng.random_range(LOOK))).await;
            let found = self.ask().await;
            if matches!(found, Found::Unknown(_)) {
                continue;
            }
            let now = (self.0.judge)(found).is_ok();
            if proven && !now {
                self.0.anew.send_replace(());
            }
            proven = now;
        }
    }
}
