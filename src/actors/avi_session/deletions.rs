//! Deletions of whole services on their way to the queue (DEL-06). What is decided stands in the core; here are the
//! slots that it is about, and the clock.

use super::AviSessionState;
use super::settings::DeletionPolicy;
use super::slot::{Leave, Slot};
use crate::actors::board::DeletionsNotice;
use crate::actors::policy_watcher::PolicyWatcherMsg;
use crate::core::deletions::{Guard, HeldDeletions, Limits, ROUND};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often those that wait are asked whether they still want it. The owner of a slot tells when it
/// takes its wish back; one that has died tells nobody.
const LOOK: Duration = Duration::from_secs(1);

/// The deletions that are held or were let go a short while ago.
#[derive(Debug)]
pub struct Deletions {
    guard: Guard,
    /// Of the deletions that the guard knows.
    slots: BTreeMap<Arc<str>, Arc<Slot>>,
    /// From which the guard counts time.
    began: Instant,
    /// When to ask those that wait again; `None` while nobody does.
    look_at: Option<Instant>,
    /// Something has changed that may change a decision.
    unsettled: bool,
    news: News,
}

/// What was told, and when it may be told that nothing is held.
#[derive(Debug, Default)]
struct News {
    /// `None` until something was told.
    told: Option<Option<Arc<HeldDeletions>>>,
    /// Something was held since the session began, so it is known when nothing is.
    spoke: bool,
    /// After the first full read deletions need a moment to be wished for; by then it is known too.
    known_at: Option<Instant>,
}

/// What may go on.
#[derive(Debug, Default)]
pub struct Released {
    pub slots: Vec<Arc<Slot>>,
    pub stopped: bool,
}

impl Deletions {
    pub fn new(now: Instant) -> Self {
        Self {
            guard: Guard::default(),
            slots: BTreeMap::new(),
            began: now,
            look_at: None,
            unsettled: false,
            news: News::default(),
        }
    }

    /// A full read found these services.
    pub fn listed(&mut self, own: BTreeSet<Arc<str>>, now: Instant) {
        self.guard.listed(own, now - self.began);
        self.news.known_at.get_or_insert(now + ROUND);
    }

    /// Work for an FQDN has ended, and the controller holds a service for it, or not.
    pub fn finished(&mut self, fqdn: &Arc<str>, exists: bool) {
        self.guard.finished(fqdn, exists);
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
        self.news.spoke = false;
        self.news.known_at = None;
    }

    /// Takes a slot that wants its service deleted, if that needs leave; gives any other back.
    pub fn hold(&mut self, slot: Arc<Slot>, now: Instant) -> Option<Arc<Slot>> {
        if !slot.wants_leave() {
            self.unsettled |= self.guard.is_held(&slot.fqdn);
            self.guard.leave(&slot.fqdn);
            return Some(slot);
        }
        self.guard.wish(&slot.fqdn, now - self.began);
        self.slots.insert(Arc::clone(&slot.fqdn), slot);
        self.look_at.get_or_insert(now + LOOK);
        None
    }

    /// Those that may go on.
    pub fn release(&mut self, now: Instant) -> Released {
        if !self.unsettled && self.next_deadline().is_none_or(|due| due > now) {
            return Released::default();
        }
        self.unsettled = false;
        self.look();
        let slots = &self.slots;
        let recall = |fqdn: &Arc<str>| slots.get(fqdn).is_some_and(|slot| slot.recall());
        let judgement = self.guard.judge(now - self.began, recall);
        let mut released = Released { slots: Vec::new(), stopped: judgement.stopped };
        for (fqdns, leave) in [(judgement.go, Leave::Once), (judgement.approved, Leave::Approved)] {
            for slot in fqdns.iter().filter_map(|fqdn| self.slots.get(fqdn)) {
                slot.give(leave);
                released.slots.push(Arc::clone(slot));
            }
        }
        let guard = &self.guard;
        self.slots.retain(|fqdn, _| guard.knows(fqdn));
        self.look_at = guard.waiting().next().map(|_| now + LOOK);
        released
    }

    /// Those leave that want something else by now.
    fn look(&mut self) {
        let wants = |fqdn: &Arc<str>| self.slots.get(fqdn).is_some_and(|slot| slot.wants_leave());
        let gone: Vec<Arc<str>> = self.guard.waiting().filter(|fqdn| !wants(fqdn)).cloned().collect();
        gone.iter().for_each(|fqdn| self.guard.leave(fqdn));
    }

    /// When [`Deletions::release`] has to be asked again.
    pub fn next_deadline(&self) -> Option<Instant> {
        let due = self.guard.due().map(|due| self.began + due);
        [due, self.look_at, self.news.due()].into_iter().flatten().min()
    }

    /// What is held now, when that is to be told.
    fn news(&mut self, now: Instant) -> Option<Option<Arc<HeldDeletions>>> {
        let held = self.guard.held().cloned();
        self.news.spoke |= held.is_some();
        let known = self.news.spoke || self.news.known_at.is_some_and(|at| at <= now);
        if !known || self.news.told.as_ref() == Some(&held) {
            return None;
        }
        self.news.told = Some(held.clone());
        Some(held)
    }
}

impl News {
    fn due(&self) -> Option<Instant> {
        self.known_at.filter(|_| !self.spoke && self.told != Some(None))
    }
}

impl AviSessionState {
    /// Those that may go on now. What is held is told when it has changed.
    pub(super) fn let_deletions_go(&mut self, now: Instant) -> Vec<Arc<Slot>> {
        let released = self.deletions.release(now);
        if released.stopped {
            self.args.metrics.deletions.block();
        }
        self.tell_deletions(now);
        released.slots
    }

    fn tell_deletions(&mut self, now: Instant) {
        let Some(held) = self.deletions.news(now) else { return };
        if let Some(held) = &held {
            tracing::warn!(count = held.count, own = held.own, id = held.id, "deletions wait for an approval");
        }
        let notice = DeletionsNotice::from(held.as_deref());
        self.args.metrics.deletions.hold(notice.held);
        self.args.board.post(|notices| notices.deletions = notice);
        self.args.policy.cast(PolicyWatcherMsg::Deletions(held));
    }

    /// Who does not lead holds nothing.
    pub(super) fn forget_deletions(&mut self) {
        self.deletions.news = News::default();
        self.args.metrics.deletions.hold(0);
        self.args.board.post(|notices| notices.deletions = DeletionsNotice::default());
    }

    /// For a policy watcher that was restarted.
    pub(super) fn repeat(&self) {
        self.repeat_references();
        self.args.policy.cast(PolicyWatcherMsg::Handshake(self.handshake.clone()));
        if let Some(held) = &self.deletions.news.told {
            self.args.policy.cast(PolicyWatcherMsg::Deletions(held.clone()));
        }
    }
}
