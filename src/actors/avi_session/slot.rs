//! A slot: where one FQDN leaves the work that it wants done.
//!
//! The slot holds at most one piece of work, always the newest, so the memory for waiting work grows with the number
//! of FQDNs and never with the number of events. Being queued is a flag beside it.

use super::SessionMark;
use crate::avi::urgency::Urgency;
use crate::avi::wanted::Wanted;
use crate::core::guard::{Keep, Loss, Party};
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
    /// Whether it may take something away; a read takes nothing.
    fn writes(&self) -> bool {
        matches!(self.task, Task::Write { .. })
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
    /// It does; whether it may, the guard says.
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
    /// What the work takes away, or would take away if it was not held.
    wish: Option<Box<Wish>>,
    /// What was let go last, until some of it is back.
    gone: Option<Arc<Loss>>,
    /// Counts resets: a report from before the last one is stale.
    epoch: u64,
    /// The owner's state is lost.
    abandoned: bool,
}

/// What a decision takes away, and what was said about it.
#[derive(Debug)]
struct Wish {
    loss: Arc<Loss>,
    ruling: Ruling,
    /// Nothing was said about this loss, or not about all of it.
    open: bool,
}

/// What was said about a loss.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Ruling {
    /// Nothing yet: the work waits.
    #[default]
    None,
    /// It may be done. It ends with the wish.
    Go(Leave),
    /// These members stay, the rest of the work may be done.
    Keep(Arc<Keep>),
}

/// For how long a loss may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
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
        let unruled = self.wish.as_ref().is_some_and(|wish| wish.ruling == Ruling::None);
        unruled && self.work.as_ref().is_some_and(Work::writes)
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
        inner.work = Some(work);
        inner.queued.replace(class) != Some(class)
    }

    /// Takes waiting work back. Answers whether the session must be told that it need not keep a place for it.
    pub fn clear(&self) -> bool {
        let mut inner = self.inner.lock();
        inner.work = None;
        inner.queued.take().is_some()
    }

    /// Says what the present decision takes away. Answers whether the session must be told.
    pub fn wish(&self, loss: Option<Loss>) -> bool {
        let mut inner = self.inner.lock();
        let Some(loss) = loss else { return inner.wish.take().is_some() };
        match inner.wish.as_deref_mut() {
            Some(wish) if *wish.loss == loss => return false,
            Some(wish) => {
                match &mut wish.ruling {
                    Ruling::None => {}
                    Ruling::Go(_) if loss.is_within(&wish.loss) => {
                        wish.loss = Arc::new(loss);
                        return false;
                    }
                    ruling @ Ruling::Go(_) => *ruling = Ruling::None,
                    // Until it is judged anew.
                    Ruling::Keep(kept) => *kept = Arc::new(loss.all()),
                }
                (wish.loss, wish.open) = (Arc::new(loss), true);
            }
            None => inner.wish = Some(Box::new(Wish { loss: Arc::new(loss), ruling: Ruling::None, open: true })),
        }
        true
    }

    /// What was said about the present wish.
    pub fn ruling(&self) -> Ruling {
        self.inner.lock().wish.as_ref().map(|wish| wish.ruling.clone()).unwrap_or_default()
    }

    /// What stays although it is not wanted any more.
    pub fn kept(&self) -> Option<Arc<Keep>> {
        match self.ruling() {
            Ruling::Keep(keep) => Some(keep),
            Ruling::None | Ruling::Go(_) => None,
        }
    }

    /// What is to be judged.
    pub fn open_wish(&self) -> Option<Arc<Loss>> {
        let inner = self.inner.lock();
        let open = |wish: &&Wish| wish.open;
        inner.wish.as_deref().filter(|_| !inner.abandoned).filter(open).map(|wish| Arc::clone(&wish.loss))
    }

    /// Whether a party is back that was let go last; that is forgotten then.
    pub fn is_back(&self, wanted: impl Fn(&Party) -> bool) -> bool {
        let mut inner = self.inner.lock();
        inner.gone.take_if(|gone| gone.lost.iter().any(|lost| wanted(&lost.party))).is_some()
    }

    /// Whether anything is taken away, or would be.
    pub fn wishes(&self) -> bool {
        let inner = self.inner.lock();
        inner.wish.is_some() && !inner.abandoned
    }

    /// What is wished for, judged or not, unless it may go on.
    pub fn waiting_wish(&self) -> Option<Arc<Loss>> {
        let inner = self.inner.lock();
        let waits = |wish: &&Wish| !matches!(wish.ruling, Ruling::Go(_));
        inner.wish.as_deref().filter(|_| !inner.abandoned).filter(waits).map(|wish| Arc::clone(&wish.loss))
    }

    pub fn is_empty(&self) -> bool {
        self.inner.lock().work.is_none()
    }

    /// Of the work that waits; `None` when there is none.
    pub fn class(&self) -> Option<Class> {
        self.inner.lock().work.as_ref().map(|work| work.class)
    }

    /// Whether work waits here for leave. Then it is queued no longer: other work of the same class that comes in its
    /// place, and needs none, has to be queued anew.
    pub fn waits_for_leave(&self) -> bool {
        let mut inner = self.inner.lock();
        let lacks = inner.lacks_leave();
        if lacks {
            inner.queued = None;
        }
        lacks
    }

    /// Says whether a wish for this loss may go on. Answers whether its owner must decide anew: there is no work that this lets go.
    pub fn rule(&self, loss: &Loss, ruling: Ruling) -> bool {
        let mut inner = self.inner.lock();
        let waits = inner.lacks_leave();
        // It may be another one by now, which comes to be judged by itself.
        let wish = inner.wish.as_deref_mut().filter(|wish| wish.loss.is_within(loss));
        let Some(wish) = wish else { return false };
        let goes = matches!(ruling, Ruling::Go(_));
        let changed = wish.ruling != ruling;
        (wish.ruling, wish.open) = (ruling, false);
        changed && !(goes && waits)
    }

    /// Takes leave back that was given for one attempt; `false` when the attempt has begun.
    pub fn recall(&self) -> bool {
        let mut inner = self.inner.lock();
        let waits = inner.work.as_ref().is_some_and(Work::writes);
        let Some(wish) = inner.wish.as_deref_mut() else { return false };
        let recalled = waits && wish.ruling == Ruling::Go(Leave::Once);
        if recalled {
            wish.ruling = Ruling::None;
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
    /// decided before `term` or in another session: the owner decides again when it hears of that. Work without leave stays: it
    /// came here in the place of other work.
    pub fn take(&self, term: u64, session: &SessionMark) -> Option<Taken> {
        let mut inner = self.inner.lock();
        inner.queued = None;
        if inner.lacks_leave() {
            return None;
        }
        let work = inner.work.take()?;
        if work.term < term || work.session != *session || inner.abandoned {
            return None;
        }
        let wanted = Wanted::default();
        inner.taken = Some(InFlight { removal: work.class.removal, wanted: wanted.clone() });
        // A read in between says nothing about the wish.
        if work.writes() {
            // A service that moves to another tenant keeps its members, and is gone all the same should that fail.
            let goes = |wish: &&Wish| matches!(wish.ruling, Ruling::Go(_)) && !wish.loss.empties;
            if let Some(wish) = inner.wish.as_deref().filter(goes) {
                inner.gone = Some(Arc::clone(&wish.loss));
            }
            inner.wish.take_if(|wish| wish.ruling == Ruling::Go(Leave::Once));
        }
        Some(Taken { work, epoch: inner.epoch, wanted })
    }

    /// Drops work that was decided in another session than this.
    pub fn discard_unless(&self, session: &SessionMark) {
        let mut inner = self.inner.lock();
        if inner.work.as_ref().is_some_and(|work| work.session != *session) {
            inner.queued = None;
            inner.work = None;
            inner.wish = None;
        }
    }
}
