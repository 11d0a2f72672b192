//! A task that runs an action again whenever the world or the board has changed.

use futures::future::select_all;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Replicas count as changed only when somebody looks, so look this often at least.
const LOOK: Duration = Duration::from_millis(250);
/// Changes that come in a burst are taken together.
const SETTLE: Duration = Duration::from_millis(10);

/// Runs until it is dropped.
pub struct Follower(JoinHandle<()>);

impl Follower {
    /// Runs the action at each change of one of the counters, and at least four times a second.
    pub fn start(mut counters: Vec<watch::Receiver<u64>>, mut action: impl FnMut() + Send + 'static) -> Self {
        Self(tokio::spawn(async move {
            loop {
                action();
                sleep(SETTLE).await;
                let change = select_all(counters.iter_mut().map(|counter| Box::pin(counter.changed())));
                if let Ok((Err(_), ..)) = timeout(LOOK, change).await {
                    return; // who counted is gone
                }
            }
        }))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.abort();
    }
}
