//! What waits after a failure need not wait on when its cluster answers again: one watch finds out, and all go on.

use crate::retry::pause;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch::{Receiver, Sender};
use tokio::time::Instant;

/// Silence after which an answer is news. Watches that work are opened anew every half minute, so a kind that fails beside
/// others is asked for hardly more often than without this.
const SILENCE: Duration = Duration::from_secs(10);

/// One cluster's, for all that watch it. Clones share it.
#[derive(Debug, Clone)]
pub struct Revival(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    heard: Mutex<Option<Instant>>,
    revived: Sender<()>,
}

/// The pauses of one watch.
#[derive(Debug, Default)]
pub struct Rest(Option<Receiver<()>>);

impl Default for Revival {
    fn default() -> Self {
        Self(Arc::new(Inner { heard: Mutex::default(), revived: Sender::new(()) }))
    }
}

impl Revival {
    /// The cluster has answered.
    pub fn heard(&self, now: Instant) {
        let before = self.0.heard.lock().replace(now);
        if before.is_none_or(|before| now.saturating_duration_since(before) >= SILENCE) {
            self.0.revived.send_replace(());
        }
    }

    /// For one watch of the cluster.
    pub fn rest(&self) -> Rest {
        Rest(Some(self.0.revived.subscribe()))
    }
}

impl Rest {
    /// Waits, until the cluster answers again at the longest.
    pub async fn pause(&mut self, delay: Duration) {
        let Some(revived) = &mut self.0 else { return pause(delay).await };
        tokio::select! {
            () = pause(delay) => {}
            Ok(()) = revived.changed() => {}
        }
    }
}
