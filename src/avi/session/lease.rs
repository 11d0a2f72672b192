//! One call's use of one session.

use super::pool::{Next, Session, Wish};
use super::{AviClient, Shared};
use crate::avi::call_error::CallError;
use http::StatusCode;
use std::pin::pin;
use std::sync::Arc;
use tokio::time::Instant;

/// Counts as a call under way until it is dropped.
pub struct Lease {
    shared: Arc<Shared>,
    slot: usize,
    pub session: Arc<Session>,
}

impl AviClient {
    /// The wanted session, where that can be had, and the turn to use it at once. A turn is waited for last: who waits
    /// for a login has not taken one, so that not all of them are used in one moment.
    pub(super) async fn lease(&self, wish: Wish) -> Result<Lease, CallError> {
        loop {
            self.usable(wish).await?;
            self.shared.pacer.turn(self.urgency).await;
            match self.take(wish) {
                Some(lease) => return Ok(lease),
                // The session was lost meanwhile.
                None => self.shared.pacer.give_back(),
            }
        }
    }

    /// Waits until there is a session; logs in when nobody does.
    async fn usable(&self, wish: Wish) -> Result<(), CallError> {
        let finished = self.shared.pool.lock().finished();
        loop {
            let mut login_ended = pin!(self.shared.login_ended.notified());
            login_ended.as_mut().enable();
            let next = self.shared.pool.lock().next(wish, finished, Instant::now())?;
            match next {
                Next::Use => return Ok(()),
                Next::LogIn(slot) => self.start_login(slot),
                Next::Wait => login_ended.await,
            }
        }
    }

    fn take(&self, wish: Wish) -> Option<Lease> {
        let (slot, session, more) = self.shared.pool.lock().choose(wish, Instant::now())?;
        if let Some(more) = more {
            self.start_login(more);
        }
        Some(Lease { shared: Arc::clone(&self.shared), slot, session })
    }
}

impl Lease {
    /// The controller answered. Only what it answers itself, and not a proxy in front of it, tells of the session.
    pub fn answered(&self, status: StatusCode) {
        if !status.is_server_error() && !status.is_redirection() {
            self.shared.pool.lock().served(self.slot, self.session.generation, Instant::now());
        }
    }

    /// The controller refused the session.
    pub fn refused(&self, why: CallError) {
        self.shared.pool.lock().refused(self.slot, self.session.generation, why, Instant::now());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.shared.pool.lock().done(self.slot);
    }
}
