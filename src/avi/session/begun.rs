//! Work that has begun and must not be left where it is: between two calls of which the second makes good what the first
//! took away.

use super::{AviClient, Permit};
use std::time::Duration;
use tokio::sync::watch;

/// Something is half done until this is dropped.
#[derive(Debug)]
pub struct Begun(watch::Sender<usize>);

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.send_modify(|begun| *begun -= 1);
    }
}

impl AviClient {
    /// Says that from now on calls belong together. Whoever ends the client waits for them.
    pub(in crate::avi) fn begin(&self) -> Begun {
        let begun = self.shared.begun.clone();
        begun.send_modify(|begun| *begun += 1);
        Begun(begun)
    }

    /// Begins nothing new, lets what has begun come to its end within `patience`, and changes nothing any more after
    /// that.
    pub async fn finish(&self, patience: Duration) {
        self.permit(Permit::Begun);
        let mut begun = self.shared.begun.subscribe();
        // The sender lives in `self`.
        let ended = tokio::time::timeout(patience, begun.wait_for(|begun| *begun == 0)).await.is_ok();
        if !ended {
            tracing::warn!(?patience, "what has begun at the controller did not come to its end in time");
        }
        self.permit(Permit::None);
    }
}
