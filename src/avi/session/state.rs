//! What is known about the session.

use super::cookies::Jar;
use crate::avi::call_error::CallError;
use parking_lot::Mutex;
use std::sync::Arc;

/// One login's worth of cookies. A call keeps the session that it was sent with, so that a late 401 of an older
/// generation does not end a newer session.
#[derive(Debug)]
pub struct Session {
    pub generation: u64,
    pub jar: Mutex<Jar>,
}

/// Changed by [`super::login::Logins`] alone.
#[derive(Debug, Default)]
pub struct State {
    pub phase: Phase,
    /// Logins tried so far; the next session gets the next number as its generation.
    pub attempts: u64,
    /// Why the last login failed; `None` when it worked.
    pub failure: Option<CallError>,
}

#[derive(Debug, Default)]
pub enum Phase {
    #[default]
    Cold,
    Ready(Arc<Session>),
    /// The controller refused the credentials; another try could lock the account.
    Blocked,
}
