//! Losses on their way to the controller (DEL-06). What is decided stands in the core; here are the slots that it is
//! about, and the clock.

use super::AviSessionState;
use super::settings::DeletionPolicy;
use super::slot::{Leave, Ruling, Slot};
use crate::actors::board::{ChangesNotice, DeletionsNotice};
use crate::actors::gs_directory::GsDirectoryMsg;
use crate::actors::policy_watcher::PolicyWatcherMsg;
use crate::core::guard::{Guard, HeldChanges, Limits, Loss, News, NewsKind, ROUND};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Time between two looks at the wishes that wait: the end of one is a message of its slot's owner, which a failed owner
/// does not send.
const LOOK: Duration = Duration::from_secs(1);

/// The losses that are held or were let go a short while ago.
#[derive(Debug)]
pub struct Losses {
    guard: Guard,
    /// Of the losses that the guard knows, with what it was told.
    slots: BTreeMap<Arc<str>, (Arc<Slot>, Arc<Loss>)>,
    /// From which the guard counts time.
    began: Instant,
    /// Time of the next look at the wishes that wait; `None` without one.
    look_at: Option<Instant>,
    /// Something has changed that may change a decision.
    unsettled: bool,
    /// Their losses were let go at once while nothing of that waited in their slots.
    ruled: Vec<Arc<str>>,
    state: Known,
}

/// What was told, and when it may be told that nothing is held.
#[derive(Debug, Default)]
struct Known {
    /// `None` until something was told.
    told: Option<Vec<Arc<HeldChanges>>>,
    /// Something was held since the session began, so it is known when nothing is.
    spoke: bool,
    /// After the first full read losses need a moment to be wished for; by then it is known too.
    known_at: Option<Instant>,
}

/// What follows from a judgement.
#[derive(Debug, Default)]
pub struct Released {
    /// Their work may go on.
    pub slots: Vec<Arc<Slot>>,
    /// Their owners decide anew.
    pub ruled: Vec<Arc<str>>,
    pub stopped: bool,
}

impl Losses {
    pub fn new(now: Instant) -> Self {
        Self {
            guard: Guard::default(),
            slots: BTreeMap::new(),
            began: now,
            look_at: None,
            unsettled: false,
            ruled: Vec::new(),
            state: Known::default(),
        }
    }

    /// A full read found these services.
    pub fn listed(&mut self, own: BTreeSet<Arc<str>>, now: Instant) {
        self.guard.listed(own, now - self.began);
        self.state.known_at.get_or_insert(now + ROUND);
    }

    /// Work for an FQDN has ended, and the controller holds a service for it, or not.
    pub fn finished(&mut self, fqdn: &Arc<str>, exists: bool, now: Instant) {
        self.guard.finished(fqdn, exists, now - self.began);
    }

    /// Members are back that had been let go.
    pub fn regained(&mut self, fqdn: &str) {
        self.guard.regained(fqdn);
    }

    /// All that was decided about an FQDN is done.
    pub fn done(&mut self, fqdn: &str) {
        self.guard.done(fqdn);
    }

    pub fn adjust(&mut self, policy: &DeletionPolicy) {
        let DeletionPolicy { max_percent, max_count, approved } = policy;
        self.guard.set_limits(Limits { max_percent: *max_percent, max_count: *max_count });
        self.guard.set_approval(approved.as_deref());
        self.unsettled = true;
    }

    /// The session starts over: what was held is void, and will be wished for again.
    pub fn restart(&mut self) {
        self.guard.restart();
        self.slots.clear();
        self.look_at = None;
        self.state.spoke = false;
        self.state.known_at = None;
    }

    /// Takes in what the work in a slot would take away. Answers whether the work may be queued.
    pub fn hold(&mut self, slot: &Arc<Slot>, now: Instant) -> bool {
        if !slot.wishes() {
            self.unsettled |= self.guard.is_held(&slot.fqdn);
            self.guard.leave(&slot.fqdn, now - self.began);
        } else if let Some(loss) = slot.open_wish() {
            if self.guard.wish(&slot.fqdn, &loss, now - self.began) && slot.rule(&loss, Ruling::Go(Leave::Once)) {
                self.ruled.push(Arc::clone(&slot.fqdn));
            }
            self.slots.insert(Arc::clone(&slot.fqdn), (Arc::clone(slot), loss));
            self.look_at.get_or_insert(now + LOOK);
        }
        !slot.waits_for_leave()
    }

    /// What may go on, and what stays.
    pub fn release(&mut self, now: Instant) -> Released {
        let ruled = std::mem::take(&mut self.ruled);
        if !self.unsettled && self.next_deadline().is_none_or(|due| due > now) {
            return Released { ruled, ..Released::default() };
        }
        self.unsettled = false;
        self.look(now);
        let (slots, time) = (&self.slots, now - self.began);
        let recall = |fqdn: &Arc<str>| slots.get(fqdn).is_some_and(|(slot, _)| slot.recall());
        let judgement = self.guard.judge(time, recall);
        let mut released = Released { slots: Vec::new(), ruled, stopped: judgement.stopped };
        let once = judgement.go.into_iter().map(|fqdn| (fqdn, Ruling::Go(Leave::Once)));
        let approved = judgement.approved.into_iter().map(|fqdn| (fqdn, Ruling::Go(Leave::Approved)));
        let keep = judgement.keep.into_iter().map(|(fqdn, keep)| (fqdn, Ruling::Keep(keep)));
        for (fqdn, ruling) in once.chain(approved).chain(keep) {
            let Some((slot, loss)) = self.slots.get(&fqdn) else { continue };
            if slot.rule(loss, ruling) {
                released.ruled.push(fqdn);
            } else if !slot.is_empty() {
                released.slots.push(Arc::clone(slot));
            }
        }
        let guard = &self.guard;
        self.slots.retain(|fqdn, _| guard.knows(fqdn, time));
        self.look_at = guard.waiting().next().map(|_| now + LOOK);
        released
    }

    /// Those leave that want something else by now.
    fn look(&mut self, now: Instant) {
        let wants = |fqdn: &Arc<str>| self.slots.get(fqdn).is_some_and(|(slot, _)| slot.waiting_wish().is_some());
        let gone: Vec<Arc<str>> = self.guard.waiting().filter(|fqdn| !wants(fqdn)).cloned().collect();
        gone.iter().for_each(|fqdn| self.guard.leave(fqdn, now - self.began));
    }

    /// When [`Losses::release`] has to be asked again.
    pub fn next_deadline(&self) -> Option<Instant> {
        let due = self.guard.due().map(|due| self.began + due);
        [due, self.look_at, self.state.due()].into_iter().flatten().min()
    }

    /// What is held now, when that is to be told.
    fn changed(&mut self, now: Instant) -> Option<Vec<Arc<HeldChanges>>> {
        let held = self.guard.held();
        self.state.spoke |= !held.is_empty();
        let known = self.state.spoke || self.state.known_at.is_some_and(|at| at <= now);
        if !known || self.state.told.as_ref() == Some(&held) {
            return None;
        }
        self.state.told = Some(held.clone());
        Some(held)
    }
}

impl Known {
    fn due(&self) -> Option<Instant> {
        self.known_at.filter(|_| !self.spoke && self.told.as_ref().is_none_or(|told| !told.is_empty()))
    }
}

impl AviSessionState {
    /// Those that may go on now. What is held is told when it has changed.
    pub(super) fn let_losses_go(&mut self, now: Instant) -> Vec<Arc<Slot>> {
        let released = self.losses.release(now);
        if released.stopped {
            self.args.metrics.deletions.block();
        }
        for fqdn in released.ruled {
            self.args.directory.cast(GsDirectoryMsg::Ruled(fqdn));
        }
        self.tell_held(now);
        released.slots
    }

    fn tell_held(&mut self, now: Instant) {
        for News { kind, held } in self.losses.guard.take_news() {
            match kind {
                NewsKind::Held => tracing::warn!(id = held.id, "{}", held.summary("changes wait for an approval,")),
                NewsKind::Approved => tracing::info!(id = held.id, "{}", held.summary("somebody approved")),
                NewsKind::Done => tracing::info!(id = held.id, "{}", held.summary("carried out after its approval:")),
                NewsKind::Withdrawn => tracing::info!(id = held.id, "{}", held.summary("not wished for any more:")),
            }
            self.args.policy.cast(PolicyWatcherMsg::HeldNews(News { kind, held }));
        }
        if let Some(id) = self.losses.guard.take_needless() {
            tracing::warn!(id, "somebody approved changes that nobody has asked about");
            self.args.policy.cast(PolicyWatcherMsg::ApprovalNeedless(id));
        }
        let Some(held) = self.losses.changed(now) else { return };
        let (names, services) = (held.iter().map(|held| held.names).sum(), held.iter().map(|held| held.services).sum());
        self.args.metrics.deletions.hold(names, services);
        let (deletions, changes) = (DeletionsNotice::from(held.as_slice()), ChangesNotice::of(&held));
        self.args.board.post(|notices| (notices.deletions, notices.changes_held) = (deletions, changes));
        self.args.policy.cast(PolicyWatcherMsg::Held(held));
    }

    /// Who does not lead holds nothing.
    pub(super) fn forget_losses(&mut self) {
        self.losses.state = Known::default();
        self.args.metrics.deletions.hold(0, 0);
        self.args.board.post(|notices| (notices.deletions, notices.changes_held) = Default::default());
    }

    /// For a policy watcher that was restarted.
    pub(super) fn repeat(&self) {
        self.repeat_references();
        self.args.policy.cast(PolicyWatcherMsg::Handshake(self.handshake.clone()));
        if let Some(held) = &self.losses.state.told {
            self.args.policy.cast(PolicyWatcherMsg::Held(held.clone()));
        }
    }
}
