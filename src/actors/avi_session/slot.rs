//! A slot: where one FQDN leaves the work that it wants done.
//!
//! The slot holds at most one piece of work, always the newest, so the memory for waiting work grows with the number
//! of FQDNs and never with the number of events. Being queued is a flag beside it.

use super::SessionMark;
use crate::avi::urgency::Urgency;
use crate::avi::wanted::Wanted;
use crate::core::plan::{Observed, Write};
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

/// What is to be done for one FQDN, decided inside a leadership term from what a session observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    pub task: Task,
    pub term: u64,
    pub session: SessionMark,
    pub class: Class,
}

impl Work {
    fn is_guarded(&self) -> bool {
        self.class.removal == Removal::Guarded
    }
}

/// How the session treats the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    pub urgency: Urgency,
    pub removal: Removal,
}

/// Whether the service goes away for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    No,
    /// It does, and many at once need an approval.
    Guarded,
    /// It does, as the user said by deleting the policy.
    Approved,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Read what the controller holds.
    Read(Reading),
    /// Write, starting from what the controller is known to hold.
    Write { writes: Vec<Write>, observed: Box<Observed> },
}

/// What to look for when one FQDN is read again, in each of the tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Of the service, where the controller may spell it otherwise than the FQDN.
    pub name: Option<String>,
    pub monitors: BTreeSet<String>,
    pub tenants: BTreeSet<String>,
}

/// Work that was taken, with the mark that its report must carry.
#[derive(Debug)]
pub struct Taken {
    pub work: Work,
    pub epoch: u64,
    /// Whether the owner still wants what is not sent yet.
    pub wanted: Wanted,
}

/// The owner's view of work that was taken.
#[derive(Debug)]
struct InFlight {
    removal: Removal,
    wanted: Wanted,
}

#[derive(Debug, Default)]
struct Inner {
    work: Option<Work>,
    /// The class under which the slot was queued.
    queued: Option<Class>,
    taken: Option<InFlight>,
    leave: Leave,
    /// Counts resets: a report from before the last one is stale.
    epoch: u64,
    /// The owner's state is lost.
    abandoned: bool,
}

/// Whether a guarded deletion may be done. It ends with the wish for the deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Leave {
    #[default]
    No,
    /// For one attempt.
    Once,
    /// Somebody approved it: until it is done.
    Approved,
}

/// The slot of one FQDN, for as long as the state of its GsActor lasts.
#[derive(Debug)]
pub struct Slot {
    pub fqdn: Arc<str>,
    inner: Mutex<Inner>,
}

/// The owner's end of a slot, part of its state. What is left there counts for nothing once this is dropped.
#[derive(Debug)]
pub struct OwnSlot(Arc<Slot>);

impl OwnSlot {
    pub fn new(fqdn: Arc<str>) -> Self {
        Self(Arc::new(Slot { fqdn, inner: Mutex::default() }))
    }

    /// The same slot, for the session.
    pub fn share(&self) -> Arc<Slot> {
        Arc::clone(&self.0)
    }

    /// Whether a report about `slot` is about this one.
    pub fn is(&self, slot: &Arc<Slot>) -> bool {
        Arc::ptr_eq(&self.0, slot)
    }
}

impl Deref for OwnSlot {
    type Target = Slot;

    fn deref(&self) -> &Slot {
        &self.0
    }
}

impl Drop for OwnSlot {
    fn drop(&mut self) {
        self.0.inner.lock().abandoned = true;
    }
}

impl Inner {
    fn lacks_leave(&self) -> bool {
        self.leave == Leave::No && self.work.as_ref().is_some_and(Work::is_guarded)
    }
}

impl Slot {
    /// Leaves work, replacing what waits. Answers whether the slot must be queued, or queued otherwise than it is.
    pub fn put(&self, work: Work) -> bool {
        let mut inner = self.inner.lock();
        if inner.taken.is_some() {
            return false;
        }
        let class = work.class;
        // A read in between says nothing about the wish.
        if class.removal != Removal::Guarded && matches!(work.task, Task::Write { .. }) {
            inner.leave = Leave::No;
        }
        inner.work = Some(work);
        inner.queued.replace(class) != Some(class)
    }

    /// Takes waiting work back. Answers whether the session must be told that it need not keep a place for it.
    pub fn clear(&self) -> bool {
        let mut inner = self.inner.lock();
        inner.work = None;
        inner.leave = Leave::No;
        inner.queued.take().is_some()
    }

    pub fn is_empty(&self) -> bool {
        self.inner.lock().work.is_none()
    }

    /// Of the work that waits; `None` when there is none.
    pub fn class(&self) -> Option<Class> {
        self.inner.lock().work.as_ref().map(|work| work.class)
    }

    /// Whether a guarded deletion waits here for leave.
    pub fn wants_leave(&self) -> bool {
        let inner = self.inner.lock();
        inner.lacks_leave() && !inner.abandoned
    }

    /// Lets the guarded deletion go that waits here.
    pub fn give(&self, leave: Leave) {
        let mut inner = self.inner.lock();
        // It may have been taken back a moment ago, and leave is for this wish only.
        if inner.lacks_leave() {
            inner.leave = leave;
        }
    }

    /// Takes leave back that was given for one attempt; `false` when the attempt has begun.
    pub fn recall(&self) -> bool {
        let mut inner = self.inner.lock();
        let recalled = inner.leave == Leave::Once && inner.work.as_ref().is_some_and(Work::is_guarded);
        if recalled {
            inner.leave = Leave::No;
        }
        recalled
    }

    /// Whether work was taken and its report has not come.
    pub fn is_taken(&self) -> bool {
        self.inner.lock().taken.is_some()
    }

    /// Whether work was taken that lets the service go, and its report has not come.
    pub fn is_removing(&self) -> bool {
        self.inner.lock().taken.as_ref().is_some_and(|taken| taken.removal != Removal::No)
    }

    /// Says whether what was taken is still wanted. What is not wanted when its turn comes is not sent.
    pub fn want(&self, wanted: bool) {
        self.inner.lock().taken.iter().for_each(|taken| taken.wanted.set(wanted));
    }

    /// The owner has received the report of `epoch`; `false` when it is stale.
    pub fn finish(&self, epoch: u64) -> bool {
        let mut inner = self.inner.lock();
        let current = inner.taken.is_some() && inner.epoch == epoch;
        if current {
            inner.taken = None;
        }
        current
    }

    /// The session was restarted: nothing is queued or taken any more.
    pub fn reset(&self) {
        let mut inner = self.inner.lock();
        *inner = Inner { epoch: inner.epoch + 1, ..Inner::default() };
    }

    /// The session takes the work out of the queue and does it. What a lost owner left is not done, nor what was
    /// decided before `term` or in another session: the owner decides again when it hears of that. A guarded deletion without leave
    /// stays: it came here in the place of other work, and is held.
    pub fn take(&self, term: u64, session: &SessionMark) -> Option<Taken> {
        let mut inner = self.inner.lock();
        if inner.lacks_leave() {
            return None;
        }
        inner.queued = None;
        let work = inner.work.take()?;
        if work.term < term || work.session != *session || inner.abandoned {
            return None;
        }
        let wanted = Wanted::default();
        inner.taken = Some(InFlight { removal: work.class.removal, wanted: wanted.clone() });
        if inner.leave == Leave::Once {
            inner.leave = Leave::No;
        }
        Some(Taken { work, epoch: inner.epoch, wanted })
    }

    /// Drops work that was decided in another session than this.
    pub fn discard_unless(&self, session: &SessionMark) {
        let mut inner = self.inner.lock();
        if inner.work.as_ref().is_some_and(|work| work.session != *session) {
            inner.queued = None;
            inner.work = None;
            inner.leave = Leave::No;
        }
    }
}
