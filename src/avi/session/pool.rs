//! Which sessions there are, which of them a call uses, and when another login is allowed. Pure; the caller owns the
//! clock and sends the logins.
//!
//! What is guarded against: each refused login counts against the account, and three of them lock it. So nothing is
//! known about the credentials until a call has been served on a session; until then, and after each refusal of a
//! session, one login is sent alone and everybody waits for its outcome.

use super::SessionCounts;
use super::cookies::Jar;
use crate::avi::call_error::{CallError, Failure};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Half of upstream's eight, which it opens for each tenant: enough that the loss of one is not the loss of all, few
/// enough for accounts that are allowed only some.
pub const MAX_SESSIONS: usize = 4;

/// Logins that are under way together, for more sessions, once the credentials are known to be good: still one less than
/// lock an account, should the password change in that very moment.
const LOGINS_AT_ONCE: usize = 2;

/// How long a served call vouches for the credentials.
const PROOF: Duration = Duration::from_secs(60);

/// The pause after a login that was refused, with a word about the password or without: a lock lasts 30 minutes as
/// shipped, a try during it may prolong it, and one try in each such time never adds up to a lock.
const LOCKED_PAUSE: Duration = Duration::from_secs(35 * 60);

/// The pause before more sessions are asked for after the controller said that there are too many. Those of clients
/// that are gone end after 15 minutes idle.
const FULL_PAUSE: Duration = Duration::from_secs(10 * 60);

/// The pause before more sessions are asked for after that failed in another way.
const GROWTH_PAUSE: Duration = Duration::from_secs(60);

/// The pause of the whole pool after logins that work and sessions that do not.
const FRUITLESS_PAUSE: Duration = Duration::from_secs(60);

/// How long a session is left out that is refused again and again while others work.
const DROPPED_PAUSE: Duration = Duration::from_secs(10 * 60);

/// Sessions in a row that are refused without having served one call, until something is wrong with more than them.
const FRUITLESS: u32 = 2;

/// One login's worth of cookies. A call keeps the session that it was sent with, so that a late 401 of an older
/// generation does not end a newer session.
#[derive(Debug)]
pub struct Session {
    /// Counts the logins of the pool, from 1.
    pub generation: u64,
    pub jar: Mutex<Jar>,
}

#[derive(Debug, Clone, Default)]
enum Phase {
    #[default]
    Cold,
    LoggingIn,
    Ready(Arc<Session>),
    /// The controller refused it.
    Stale,
    /// Left out until then.
    Dropped(Instant),
}

/// The place of one session.
#[derive(Debug, Default)]
struct Slot {
    phase: Phase,
    /// Calls under way, of earlier sessions of this place too.
    in_flight: usize,
    /// Whether the present session has served a call.
    served: bool,
    /// Sessions of this place in a row that were refused without having served one.
    fruitless: u32,
}

/// Why no login is sent.
#[derive(Debug)]
struct Block {
    why: CallError,
    until: Instant,
}

/// All sessions with one controller.
#[derive(Debug)]
pub struct Pool {
    slots: [Slot; MAX_SESSIONS],
    /// Of the newest session.
    generation: u64,
    /// Logins that came to an end.
    finished: u64,
    /// Why the last login failed; `None` when it worked.
    failure: Option<CallError>,
    block: Option<Block>,
    grow_after: Option<Instant>,
    proven_at: Option<Instant>,
    /// Sessions in a row, of any place, that were refused without having served one call. Those that are lost together
    /// count once.
    fruitless: u32,
    /// The newest session when one was refused last.
    refused_at: u64,
    relogins: u64,
}

/// Which session a call wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Any,
    /// One opened after this generation: what lost the call's first session may have taken older ones too.
    YoungerThan(u64),
    /// One that has served calls: the newest ones are refused.
    Tried,
}

/// What a call without a session has to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// There is one.
    Use,
    /// Log in to this place; it is marked so.
    LogIn(usize),
    /// Somebody logs in.
    Wait,
}

impl Pool {
    pub fn new() -> Self {
        Self {
            slots: Default::default(),
            generation: 0,
            finished: 0,
            failure: None,
            block: None,
            grow_after: None,
            proven_at: None,
            fruitless: 0,
            refused_at: 0,
            relogins: 0,
        }
    }

    /// Of the newest session.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Logins that came to an end.
    pub fn finished(&self) -> u64 {
        self.finished
    }

    /// Logins that replaced a refused session.
    pub fn relogins(&self) -> u64 {
        self.relogins
    }

    /// Whether no login is sent, because one would harm the account.
    pub fn is_blocked(&self, now: Instant) -> bool {
        self.blocked(now).is_some()
    }

    /// Until when no login is sent, because one would harm the account.
    pub fn blocked_until(&self, now: Instant) -> Option<Instant> {
        self.blocked(now).map(|block| block.until)
    }

    /// Whether some session has served calls and was not refused since.
    pub fn has_tried(&self) -> bool {
        self.ready(Wish::Tried).is_some()
    }

    pub fn is_logging_in(&self) -> bool {
        self.logging_in() > 0
    }

    /// What a call has to do that came when `finished` logins had ended.
    ///
    /// # Errors
    /// When the login that it waited for failed, or none is allowed.
    pub fn next(&mut self, wish: Wish, finished: u64, now: Instant) -> Result<Next, CallError> {
        if self.least_loaded(wish, now).is_some() {
            return Ok(Next::Use);
        }
        if self.finished > finished
            && let Some(failure) = &self.failure
        {
            return Err(failure.clone());
        }
        if let Some(block) = self.blocked(now) {
            return Err(block.why.clone());
        }
        if self.is_logging_in() {
            return Ok(Next::Wait);
        }
        // Nobody would ever be called if all places were left out at once.
        let free = self.free(now).or_else(|| self.slots.iter().position(|slot| slot.is_dropped(now)));
        Ok(free.map_or(Next::Wait, |slot| self.start(slot)))
    }

    /// The session for one call, with its place, and another place to log in to when every session is busy. The call
    /// has to be given back with [`Pool::done`].
    pub fn choose(&mut self, wish: Wish, now: Instant) -> Option<(usize, Arc<Session>, Option<usize>)> {
        let (slot, session) = self.least_loaded(wish, now)?;
        let more = if self.slots[slot].in_flight > 0 && self.may_grow(now) { self.free(now) } else { None };
        self.slots[slot].in_flight += 1;
        if let Some(more) = more {
            self.start(more);
        }
        Some((slot, session, more))
    }

    /// A call ended, whatever became of it.
    pub fn done(&mut self, slot: usize) {
        self.slots[slot].in_flight = self.slots[slot].in_flight.saturating_sub(1);
    }

    /// The controller accepted a session.
    pub fn served(&mut self, slot: usize, generation: u64, now: Instant) {
        if self.is_current(slot, generation) {
            self.slots[slot].served = true;
            self.slots[slot].fruitless = 0;
            self.fruitless = 0;
            self.proven_at = Some(now);
        }
    }

    /// The controller refused a session. `why` is for those who have to wait, should it be more than this one.
    pub fn refused(&mut self, slot: usize, generation: u64, why: CallError, now: Instant) {
        if !self.is_current(slot, generation) {
            return;
        }
        self.proven_at = None;
        let lost_with_others = generation <= std::mem::replace(&mut self.refused_at, self.generation);
        let others_work = self
            .slots
            .iter()
            .zip(0..)
            .any(|(other, place)| place != slot && other.served && matches!(other.phase, Phase::Ready(_)));
        let refused = &mut self.slots[slot];
        refused.phase = Phase::Stale;
        if refused.served || lost_with_others {
            return;
        }
        refused.fruitless += 1;
        if refused.fruitless >= FRUITLESS && others_work {
            refused.phase = Phase::Dropped(now + DROPPED_PAUSE);
            tracing::warn!(error = %why, "one session is refused again and again while others work; it is left out");
            return;
        }
        self.fruitless += 1;
        if self.fruitless >= FRUITLESS {
            tracing::warn!(error = %why, "sessions are refused as soon as they are open; logins pause");
            self.block = Some(Block { why, until: now + FRUITLESS_PAUSE });
        }
    }

    /// A login came to its end.
    pub fn logged_in(&mut self, slot: usize, outcome: Result<Jar, CallError>, now: Instant) {
        self.finished += 1;
        self.failure = outcome.as_ref().err().cloned();
        let place = &mut self.slots[slot];
        match outcome {
            Ok(jar) => {
                self.generation += 1;
                place.served = false;
                place.phase = Phase::Ready(Arc::new(Session { generation: self.generation, jar: Mutex::new(jar) }));
                self.block = None;
            }
            Err(why) => {
                place.phase = Phase::Cold;
                let growth_pause = if let Failure::SessionLimit(_) = why.failure { FULL_PAUSE } else { GROWTH_PAUSE };
                self.grow_after = Some(now + growth_pause);
                match why.failure {
                    Failure::InvalidCredentials(_) | Failure::AccountLocked(_) => {
                        self.block = Some(Block { why, until: now + LOCKED_PAUSE });
                    }
                    _ => {}
                }
            }
        }
    }

    /// Takes all open sessions out.
    pub fn take_all(&mut self) -> Vec<Arc<Session>> {
        let open = self.slots.iter_mut().filter_map(|slot| match std::mem::take(&mut slot.phase) {
            Phase::Ready(session) => Some(session),
            other => {
                slot.phase = other;
                None
            }
        });
        open.collect()
    }

    pub fn counts(&self, now: Instant) -> SessionCounts {
        let count = |wanted: fn(&Phase) -> bool| self.slots.iter().filter(|slot| wanted(&slot.phase)).count();
        let (ready, logging_in) = (count(|phase| matches!(phase, Phase::Ready(_))), self.logging_in());
        let blocked = match self.blocked(now) {
            Some(_) => MAX_SESSIONS - ready - logging_in,
            None => self.slots.iter().filter(|slot| slot.is_dropped(now)).count(),
        };
        SessionCounts { ready, logging_in, blocked }
    }

    /// The wanted session with the fewest calls under way. Where no such can be had, any session will do: the controller
    /// has not refused those.
    fn least_loaded(&self, wish: Wish, now: Instant) -> Option<(usize, Arc<Session>)> {
        self.ready(wish).or_else(|| {
            let opens = self.logging_in() > 0 || (self.free(now).is_some() && self.blocked(now).is_none());
            let full = self.grow_after.is_some_and(|after| now < after);
            if opens && !full { None } else { self.ready(Wish::Any) }
        })
    }

    fn ready(&self, wish: Wish) -> Option<(usize, Arc<Session>)> {
        let suits = |slot: &Slot, session: &Session| match wish {
            Wish::Any => true,
            Wish::YoungerThan(generation) => session.generation > generation,
            Wish::Tried => slot.served,
        };
        let ready = self.slots.iter().zip(0..).filter_map(|(slot, place)| match &slot.phase {
            Phase::Ready(session) if suits(slot, session) => Some((slot.in_flight, place, session)),
            _ => None,
        });
        ready
            .min_by_key(|(in_flight, place, _)| (*in_flight, *place))
            .map(|(_, place, session)| (place, session.clone()))
    }

    fn may_grow(&self, now: Instant) -> bool {
        let paused = self.grow_after.is_some_and(|after| now < after);
        !paused && self.is_proven(now) && self.blocked(now).is_none() && self.logging_in() < LOGINS_AT_ONCE
    }

    /// A place without a session: rather one that had one.
    fn free(&self, now: Instant) -> Option<usize> {
        let find = |wanted: &dyn Fn(&Slot) -> bool| self.slots.iter().position(wanted);
        find(&|slot| matches!(slot.phase, Phase::Stale))
            .or_else(|| find(&|slot| matches!(slot.phase, Phase::Cold)))
            .or_else(|| find(&|slot| matches!(slot.phase, Phase::Dropped(_)) && !slot.is_dropped(now)))
    }

    fn start(&mut self, slot: usize) -> Next {
        if let Phase::Stale = std::mem::replace(&mut self.slots[slot].phase, Phase::LoggingIn) {
            self.relogins += 1;
        }
        Next::LogIn(slot)
    }

    fn blocked(&self, now: Instant) -> Option<&Block> {
        self.block.as_ref().filter(|block| now < block.until)
    }

    fn is_proven(&self, now: Instant) -> bool {
        self.proven_at.is_some_and(|at| now.saturating_duration_since(at) < PROOF)
    }

    fn logging_in(&self) -> usize {
        self.slots.iter().filter(|slot| matches!(slot.phase, Phase::LoggingIn)).count()
    }

    fn is_current(&self, slot: usize, generation: u64) -> bool {
        matches!(&self.slots[slot].phase, Phase::Ready(session) if session.generation == generation)
    }
}

impl Slot {
    fn is_dropped(&self, now: Instant) -> bool {
        matches!(self.phase, Phase::Dropped(until) if now < until)
    }
}
