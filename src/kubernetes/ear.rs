//! Hearing that a watch was accepted: the stream of kube says nothing of a watch that is open again and has no news.

use tokio::sync::watch::{Receiver, Sender, channel};

/// Told of each watch that an API server accepts.
#[derive(Debug, Clone)]
pub struct Mouth(Sender<()>);

/// Hears of them.
#[derive(Debug)]
pub struct Ear(Receiver<()>);

/// The two ends.
pub fn ear() -> (Mouth, Ear) {
    let (mouth, ear) = channel(());
    (Mouth(mouth), Ear(ear))
}

impl Mouth {
    /// A watch was accepted.
    pub fn accepted(&self) {
        self.0.send_replace(());
    }
}

impl Ear {
    /// What was accepted so far does not count.
    pub fn forget(&mut self) {
        self.0.mark_unchanged();
    }

    /// Waits for the next watch that is accepted.
    pub async fn accepted(&mut self) {
        if self.0.changed().await.is_err() {
            // The client is gone, and with it everybody who could ask.
            std::future::pending().await
        }
    }
}
