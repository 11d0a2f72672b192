//! A link: how one actor reaches another that may be restarted.

use parking_lot::RwLock;
use ractor::{ActorRef, Message};
use std::sync::Arc;

/// A stable address of an actor. Its supervisor points it at each new incarnation; in between, messages are dropped.
///
/// Dropping is safe because every message between actors carries a full state, and the supervisor asks for all of it
/// again once the receiver is back. Links are handed down from the root; there are no process-wide names.
#[derive(Debug)]
pub struct Link<M>(Arc<RwLock<Option<ActorRef<M>>>>);

impl<M> Clone for Link<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M> Default for Link<M> {
    fn default() -> Self {
        Self(Arc::new(RwLock::new(None)))
    }
}

impl<M: Message> Link<M> {
    /// Points at a new incarnation.
    pub fn point_at(&self, actor: ActorRef<M>) {
        *self.0.write() = Some(actor);
    }

    /// The present incarnation, if there is one.
    pub fn get(&self) -> Option<ActorRef<M>> {
        self.0.read().clone()
    }

    /// Sends, or drops the message when nobody is there.
    pub fn cast(&self, message: M) {
        if let Some(actor) = self.0.read().as_ref() {
            // A dead receiver is about to be restarted and will be told everything again.
            let _ = actor.cast(message);
        }
    }
}
