//! What the log says of the operator's own cluster while its configuration cannot be watched: a line when that begins,
//! one for a further cause, one when it ends.

use super::PolicyWatcherMsg;
use crate::core::outage::{Line, Outage};
use crate::kubernetes::watch::WatchEvent;
use std::collections::BTreeSet;
use tokio::time::Instant;

/// Which kinds cannot be watched at present.
#[derive(Debug)]
pub struct Dark {
    kinds: BTreeSet<&'static str>,
    outage: Outage,
    began: Instant,
}

impl Default for Dark {
    fn default() -> Self {
        Self { kinds: BTreeSet::new(), outage: Outage::default(), began: Instant::now() }
    }
}

impl Dark {
    /// Notes what an event of a watch says of the cluster.
    pub fn note(&mut self, message: &PolicyWatcherMsg) {
        let (kind, failed) = match message {
            PolicyWatcherMsg::Configs(event) => ("GSLBConfig", failed(event)),
            PolicyWatcherMsg::Policies(event) => ("GlobalDeploymentPolicy", failed(event)),
            PolicyWatcherMsg::PoliciesNotServed(error) => ("GlobalDeploymentPolicy", Some(error.as_str())),
            PolicyWatcherMsg::AmkoClusters(event) => ("AMKOCluster", failed(event)),
            PolicyWatcherMsg::Rules(event) => ("GSLBHostRule", failed(event)),
            PolicyWatcherMsg::Namespaces(event) => ("Namespace", failed(event)),
            PolicyWatcherMsg::Secret(_, event) => ("Secret", failed(event)),
            _ => return,
        };
        match failed {
            Some(error) => self.failed(kind, error),
            None if self.kinds.remove(kind) && self.kinds.is_empty() => self.well(),
            None => {}
        }
    }

    fn failed(&mut self, kind: &'static str, error: &str) {
        self.kinds.insert(kind);
        match self.outage.failed(error, self.began.elapsed()) {
            Some(Line::Begins) => {
                tracing::warn!(kind, error, "the operator's own cluster cannot be watched, all stays as last seen");
            }
            Some(Line::GoesOn { failures, lasted }) => {
                let seconds = lasted.as_secs();
                tracing::warn!(
                    kind,
                    error,
                    failures,
                    seconds,
                    "the operator's own cluster still cannot be watched, for another reason"
                );
            }
            Some(Line::Ends { .. }) | None => {}
        }
    }

    fn well(&mut self) {
        if let Some(Line::Ends { failures, lasted }) = self.outage.over(self.began.elapsed()) {
            let seconds = lasted.as_secs();
            tracing::info!(failures, seconds, "the operator's own cluster can be watched again");
        }
    }
}

fn failed<P, I>(event: &WatchEvent<P, I>) -> Option<&str> {
    match event {
        WatchEvent::Failed(error) => Some(error),
        _ => None,
    }
}
