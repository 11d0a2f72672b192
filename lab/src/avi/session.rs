//! Sessions of one controller: opening, sliding, running out, lockout.

use super::faults::SessionRank;
use super::inferred;
use crate::chance::Chance;
use jiff::Timestamp;
use std::collections::HashMap;

const TOKEN_LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const TOKEN_LENGTH: usize = 32;
/// CSRF tokens of a session that are good at the same time.
const TOKENS_KEPT: usize = 16;

/// One open session.
#[derive(Debug, Clone)]
struct Session {
    /// In the order of logins, from 1.
    number: u64,
    /// Newest last. Those before are good for requests that were on their way when it was set.
    csrf: Vec<String>,
    opened: Timestamp,
    used: Timestamp,
    /// The password changed since; the next call learns it with status 419.
    revoked: bool,
}

/// The cookies of a new session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ticket {
    pub session: String,
    pub csrf: String,
}

/// Why a login was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoginRefusal {
    WrongSecret,
    Locked,
    TooMany,
}

/// What a session cookie is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SessionCheck {
    /// The session is open; the CSRF tokens that are good for it.
    Open(Vec<String>),
    Unknown,
    Revoked,
}

/// All sessions of one controller, and the failed logins of its account.
#[derive(Debug, Clone, Default)]
pub(super) struct Sessions {
    open: HashMap<String, Session>,
    opened: u64,
    failures: u32,
    locked_until: Option<Timestamp>,
    most: Option<usize>,
}

impl Sessions {
    /// Opens a session when the secret is right. Failures in a row lock the account.
    pub fn login(&mut self, right: bool, now: Timestamp, chance: &Chance) -> Result<Ticket, LoginRefusal> {
        if self.locked_until.is_some_and(|until| now < until) {
            return Err(LoginRefusal::Locked);
        }
        self.locked_until = None;
        if !right {
            self.failures += 1;
            if self.failures >= inferred::LOGIN_FAILURES {
                self.failures = 0;
                self.locked_until = now.checked_add(inferred::ACCOUNT_LOCK).ok();
            }
            return Err(LoginRefusal::WrongSecret);
        }
        self.failures = 0;
        self.open.retain(|_, session| session.revoked || session.alive(now));
        let used = self.open.values().filter(|session| !session.revoked).count();
        if self.most.is_some_and(|most| used >= most) {
            return Err(LoginRefusal::TooMany);
        }
        let token = || chance.text(TOKEN_LETTERS, TOKEN_LENGTH);
        let ticket = Ticket { session: token(), csrf: token() };
        self.opened += 1;
        let session =
            Session { number: self.opened, csrf: vec![ticket.csrf.clone()], opened: now, used: now, revoked: false };
        self.open.insert(ticket.session.clone(), session);
        Ok(ticket)
    }

    /// Looks a session up and counts the call as its latest use.
    pub fn touch(&mut self, id: &str, now: Timestamp) -> SessionCheck {
        let Some(session) = self.open.get_mut(id) else { return SessionCheck::Unknown };
        if session.revoked {
            return SessionCheck::Revoked;
        }
        if !session.alive(now) {
            self.open.remove(id);
            return SessionCheck::Unknown;
        }
        session.used = now;
        SessionCheck::Open(session.csrf.clone())
    }

    /// Where the session stands among those that are open; `None` for an unknown one.
    pub fn rank(&self, id: &str) -> Option<SessionRank> {
        let number = self.open.get(id)?.number;
        let numbers = || self.open.values().map(|session| session.number);
        Some(SessionRank { number, oldest: numbers().min() == Some(number), newest: numbers().max() == Some(number) })
    }

    /// Gives the session another CSRF token; `None` for an unknown one. The last few before it stay good.
    pub fn rotate(&mut self, id: &str, chance: &Chance) -> Option<String> {
        let session = self.open.get_mut(id)?;
        let token = chance.text(TOKEN_LETTERS, TOKEN_LENGTH);
        session.csrf.push(token.clone());
        session.csrf.drain(..session.csrf.len().saturating_sub(TOKENS_KEPT));
        Some(token)
    }

    pub fn logout(&mut self, id: &str) {
        self.open.remove(id);
    }

    /// Refuses all logins until then.
    pub fn lock_until(&mut self, until: Timestamp) {
        self.locked_until = Some(until);
    }

    /// Allows so many sessions at once.
    pub fn cap(&mut self, most: Option<usize>) {
        self.most = most;
    }

    pub fn expire_all(&mut self) {
        self.open.clear();
    }

    pub fn revoke_all(&mut self) {
        self.open.values_mut().for_each(|session| session.revoked = true);
    }

    /// Sessions that have neither been closed nor found dead.
    pub fn count(&self) -> usize {
        self.open.len()
    }
}

impl Session {
    fn alive(&self, now: Timestamp) -> bool {
        now.duration_since(self.used) < inferred::SESSION_IDLE
            && now.duration_since(self.opened) < inferred::SESSION_FORCED
    }
}
