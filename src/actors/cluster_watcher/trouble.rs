//! What is told of a cluster as a whole: that it is dark and again light, what it is, and that it is another one than it
//! was.

use super::platform::Platform;
use super::{ClusterWatcherMsg, ClusterWatcherState};
use crate::actors::identities::Identities;
use crate::actors::link::Link;
use crate::actors::policy_watcher::PolicyWatcherMsg;
use crate::core::inventory::Touched;
use crate::core::outage::Line;
use crate::kubernetes::identity::{Found, Judge};
use ractor::ActorRef;
use std::sync::Arc;

/// Without a namespace kube-system, or without the right to see it.
const NAMELESS: &str = "its namespace kube-system is not seen, so another cluster in its place would not be noticed";

impl ClusterWatcherState {
    /// Something of the cluster cannot be read, for this reason. What was known stays.
    pub(super) fn failed(&mut self, cause: &str) -> Touched {
        let line = self.outage.failed(cause, self.began.elapsed());
        let cluster = &self.context;
        match line {
            Some(Line::Begins) => {
                tracing::warn!(cluster, error = cause, "member cluster cannot be read, its last known members stay");
            }
            Some(Line::GoesOn { failures, lasted }) => {
                let seconds = lasted.as_secs();
                tracing::warn!(
                    cluster,
                    error = cause,
                    failures,
                    seconds,
                    "member cluster still cannot be read, for another reason"
                );
            }
            Some(Line::Ends { .. }) | None => {}
        }
        self.post_kinds();
        Touched::new()
    }

    /// Nothing is wrong with the cluster.
    pub(super) fn well(&mut self) {
        if let Some(Line::Ends { failures, lasted }) = self.outage.over(self.began.elapsed()) {
            let (cluster, seconds) = (&self.context, lasted.as_secs());
            tracing::info!(cluster, failures, seconds, "member cluster can be read again");
        }
    }

    pub(super) fn on_platform(&mut self, platform: Platform, ingresses_count: bool) -> Touched {
        let first = self.platform.replace(platform).is_none();
        let news = self.kinds.is(platform, ingresses_count);
        self.notes.platform = platform.note(ingresses_count);
        if news {
            let cluster = &self.context;
            match (platform, self.notes.platform) {
                (_, Some(note)) => tracing::warn!(cluster, "{note}"),
                (Platform::OpenShift, None) => {
                    tracing::info!(cluster, "the cluster is OpenShift: its Routes count and its Ingresses do not");
                }
                (Platform::Plain, None) if !first => {
                    tracing::info!(cluster, "the cluster is no OpenShift: its Ingresses count beside its Routes");
                }
                (Platform::Plain, None) => {}
            }
        }
        self.post_kinds();
        self.post_notes();
        Touched::new()
    }

    pub(super) fn on_identity(&mut self, note: Option<String>) -> Touched {
        self.notes.identity = note;
        self.post_notes();
        Touched::new()
    }

    fn post_notes(&self) {
        let notes = self.notes.platform.into_iter().chain(self.notes.identity.as_deref());
        let notes: Vec<&str> = notes.collect();
        let note = (!notes.is_empty()).then(|| notes.join("; "));
        self.post(|notice| notice.note = note);
    }
}

/// Decides whether the cluster behind a context is the one that is meant. One whose identity cannot be read passes as
/// long as none is recorded for the context.
pub(super) fn judge(
    context: String,
    identities: Identities,
    policy: Link<PolicyWatcherMsg>,
    myself: ActorRef<ClusterWatcherMsg>,
) -> Judge {
    identities.with(|register| register.look_anew(&context));
    Arc::new(move |found| {
        let uid = match &found {
            Found::Cluster(uid) => uid.as_deref(),
            Found::Unknown(why) if identities.with(|register| register.knows(&context)) => return Err(why.clone()),
            Found::Unknown(_) => None,
        };
        let (verdict, changed) = identities.with(|register| register.judge(&context, uid));
        if changed {
            policy.cast(PolicyWatcherMsg::Identities);
        }
        let note = (verdict.is_ok() && uid.is_none()).then(|| NAMELESS.to_owned());
        // The actor owns the task that asks: when it is gone, so is the task.
        let _ = myself.cast(ClusterWatcherMsg::Identity(note));
        verdict.map_err(|stranger| stranger.to_string())
    })
}
