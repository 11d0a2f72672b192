//! Mass deletions: which deletions of whole services may go on, and which wait until somebody approves them (DEL-06).
//!
//! An object that vanishes takes its service along; a label removed from a namespace by mistake takes hundreds. So
//! deletions are counted in rounds, and a round that would delete too much deletes nothing at all. Times are those
//! since any fixed moment.

#[cfg(test)]
mod tests;

use data_encoding::HEXLOWER;
use sha1::{Digest, Sha1};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// Deletions that are wished for within this time of each other count together. One mistake shows in all clusters
/// within seconds; people who clean up by hand take longer than this for what the limits allow.
pub const ROUND: Duration = Duration::from_secs(60);

/// How long a deletion is held before it is decided, so that the first few of a mass deletion do not slip through
/// while the others are on their way. Nobody waits for a deletion.
pub const PAUSE: Duration = Duration::from_millis(500);

/// How many FQDNs are named.
pub const NAMED: usize = 10;

/// How many of the latest sets can be approved: somebody may approve a set that was shown before others joined, and they
/// may join one by one.
const SETS: usize = 1000;

/// What one round may delete: not more than both say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Of the own services, 0 to 100. With 100 nothing is ever too much.
    pub max_percent: u32,
    pub max_count: usize,
}

impl Limits {
    /// Whether a round of so many deletions may go on where there were `own` services before it.
    pub fn allow(self, deletions: usize, own: usize) -> bool {
        let percent = usize::try_from(self.max_percent).unwrap_or(usize::MAX);
        deletions <= self.max_count || deletions.saturating_mul(100) <= own.saturating_mul(percent)
    }
}

/// Deletions that wait for an approval, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldDeletions {
    /// Names the set.
    pub id: String,
    pub count: usize,
    /// Own services, before the round began.
    pub own: usize,
    pub limits: Limits,
    /// The first [`NAMED`], sorted.
    pub first: Vec<Arc<str>>,
}

impl HeldDeletions {
    /// What is held, and what to do. The list comes last, because an Event is cut off.
    pub fn message(&self, namespace: &str, config: &str, annotation: &str) -> String {
        let Self { id, count, own, limits: Limits { max_percent, max_count }, first } = self;
        let mut message = format!(
            "{count} of {own} GSLB services wait to be deleted, because one round would delete more than {max_count} \
             and more than {max_percent} % of them (spec.deletionGuard). If this is meant, run kubectl annotate \
             --overwrite gslbconfig {config} -n {namespace} {annotation}={id}; if not, bring the objects back. They \
             are: {}",
            first.join(", ")
        );
        if *count > first.len() {
            // Writing to a String cannot fail.
            let _ = write!(message, " and {} more", count - first.len());
        }
        message
    }
}

/// Names a set of FQDNs: equal sets have equal names, whenever they are made.
pub fn set_id<'a>(sorted: impl IntoIterator<Item = &'a Arc<str>>) -> String {
    let mut hasher = Sha1::new();
    for fqdn in sorted {
        hasher.update(fqdn.as_bytes());
        hasher.update(b"\n");
    }
    HEXLOWER.encode(hasher.finalize().first_chunk::<4>().map_or(&[], |first| first))
}

/// A deletion that was let go.
#[derive(Debug, Clone, Copy)]
struct LetGo {
    wished: Duration,
    approved: bool,
}

/// A deletion that was stopped.
#[derive(Debug, Clone, Copy)]
struct Held {
    wished: Duration,
    /// The number of the first set that was shown with it.
    shown: u64,
}

/// What follows from a judgement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judgement {
    /// May go on now.
    pub go: Vec<Arc<str>>,
    /// May go on now and, should they fail, later.
    pub approved: Vec<Arc<str>>,
    /// A round was stopped.
    pub stopped: bool,
}

/// Holds deletions, counts them and lets them go. Of each FQDN it knows one thing: its deletion is new, held, or was
/// let go a short while ago.
#[derive(Debug, Default)]
pub struct Guard {
    limits: Limits,
    limits_changed: bool,
    /// Services that the controller holds.
    own: BTreeSet<Arc<str>>,
    /// Not decided yet, with the time since when they are wished for.
    new: BTreeMap<Arc<str>, Duration>,
    /// Stopped.
    held: BTreeMap<Arc<str>, Held>,
    /// Something joined those that are held, or left them, since they were named.
    regrouped: bool,
    /// Those of the present round.
    let_go: BTreeMap<Arc<str>, LetGo>,
    /// Names and numbers of the latest sets that were held, the present one last; empty when nothing is held. What was
    /// shown with a set is what is still held of it and was first shown with this set or an earlier one.
    sets: VecDeque<(String, u64)>,
    /// Of the present set.
    number: u64,
    present: Option<Arc<HeldDeletions>>,
    approval: Option<String>,
    /// The approval has not been used, and is not too old.
    fresh: bool,
    listed: Option<Duration>,
}

impl Guard {
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits_changed |= self.limits != limits;
        self.limits = limits;
    }

    /// Somebody approves the set of this name. An approval counts once, however long it stays.
    pub fn set_approval(&mut self, id: Option<&str>) {
        if self.approval.as_deref() != id {
            self.approval = id.map(str::to_owned);
            self.fresh = true;
        }
    }

    /// A full read found these services.
    pub fn listed(&mut self, own: BTreeSet<Arc<str>>, now: Duration) {
        self.own = own;
        self.listed.get_or_insert(now);
    }

    /// The controller holds a service for the FQDN, or not.
    pub fn finished(&mut self, fqdn: &Arc<str>, exists: bool) {
        if exists {
            self.own.insert(Arc::clone(fqdn));
        } else {
            self.own.remove(fqdn);
        }
    }

    /// Everything that is wished for will be wished for again. What was let go still counts.
    pub fn restart(&mut self) {
        self.new.clear();
        self.held.clear();
        self.sets.clear();
        self.present = None;
        self.listed = None;
    }

    /// The deletion of a service is wished for.
    pub fn wish(&mut self, fqdn: &Arc<str>, now: Duration) {
        if !self.held.contains_key(fqdn) {
            self.new.entry(Arc::clone(fqdn)).or_insert(now);
        }
    }

    /// It is not wished for any more, or needs nobody's leave.
    pub fn leave(&mut self, fqdn: &str) {
        self.new.remove(fqdn);
        self.regrouped |= self.held.remove(fqdn).is_some();
    }

    /// Deletions that have not been let go.
    pub fn waiting(&self) -> impl Iterator<Item = &Arc<str>> {
        self.new.keys().chain(self.held.keys())
    }

    /// Whether its deletion waits, or was let go a short while ago.
    pub fn knows(&self, fqdn: &str) -> bool {
        self.new.contains_key(fqdn) || self.held.contains_key(fqdn) || self.let_go.contains_key(fqdn)
    }

    pub fn is_held(&self, fqdn: &str) -> bool {
        self.held.contains_key(fqdn)
    }

    /// When the oldest new deletion is to be decided.
    pub fn due(&self) -> Option<Duration> {
        self.new.values().min().map(|wished| *wished + PAUSE)
    }

    /// What is held, as of the last judgement.
    pub fn held(&self) -> Option<&Arc<HeldDeletions>> {
        self.present.as_ref()
    }

    /// Decides. `recall` takes back a deletion that was let go and has not begun; it answers whether it could.
    pub fn judge(&mut self, now: Duration, mut recall: impl FnMut(&Arc<str>) -> bool) -> Judgement {
        // A judgement may come late.
        let round_begins = self.new.values().min().copied().unwrap_or(now);
        self.let_go.retain(|_, let_go| let_go.wished + ROUND > round_begins);
        let mut judgement = Judgement { approved: self.approve(now), ..Judgement::default() };
        if std::mem::take(&mut self.limits_changed) && !self.held.is_empty() && self.is_allowed() {
            judgement.go = self.held.keys().cloned().collect();
            let held = std::mem::take(&mut self.held);
            self.let_go.extend(held.into_keys().map(|fqdn| (fqdn, LetGo { wished: now, approved: false })));
        }
        if self.due().is_some_and(|due| due <= now) {
            if !self.held.is_empty() {
                // The round goes on for as long as it is stopped.
                self.hold_new();
            } else if self.is_allowed() {
                judgement.go.extend(self.let_ripe_go(now));
            } else {
                judgement.stopped = true;
                self.hold_new();
                self.take_back(&mut recall);
            }
        }
        self.name_set();
        judgement
    }

    fn hold_new(&mut self) {
        for (fqdn, wished) in std::mem::take(&mut self.new) {
            self.hold(fqdn, wished);
        }
    }

    fn hold(&mut self, fqdn: Arc<str>, wished: Duration) {
        self.held.insert(fqdn, Held { wished, shown: self.number + 1 });
        self.regrouped = true;
    }

    /// Whether everything of the present round may go.
    fn is_allowed(&self) -> bool {
        let round = self.round();
        self.limits.allow(round.len(), self.own_before(&round))
    }

    fn round(&self) -> BTreeSet<&Arc<str>> {
        self.new.keys().chain(self.held.keys()).chain(self.let_go.keys()).collect()
    }

    fn own_before(&self, round: &BTreeSet<&Arc<str>>) -> usize {
        self.own.len() + round.iter().filter(|fqdn| !self.own.contains(**fqdn)).count()
    }

    fn approve(&mut self, now: Duration) -> Vec<Arc<str>> {
        let Some(id) = self.approval.as_ref().filter(|_| self.fresh) else { return Vec::new() };
        let Some((_, number)) = self.sets.iter().find(|(known, _)| known == id) else {
            // After a start it may be meant for what is held then; later it is a leftover.
            self.fresh = self.listed.is_none_or(|listed| now <= listed + ROUND);
            return Vec::new();
        };
        self.fresh = false;
        let number = *number;
        let (approved, held) = std::mem::take(&mut self.held).into_iter().partition(|(_, held)| held.shown <= number);
        (self.held, self.regrouped) = (held, true);
        let approved: BTreeMap<Arc<str>, Held> = approved;
        let let_go =
            |(fqdn, held): (&Arc<str>, &Held)| (Arc::clone(fqdn), LetGo { wished: held.wished, approved: true });
        self.let_go.extend(approved.iter().map(let_go));
        approved.into_keys().collect()
    }

    fn let_ripe_go(&mut self, now: Duration) -> Vec<Arc<str>> {
        let ripe: Vec<_> = self.new.iter().filter(|(_, wished)| **wished + PAUSE <= now).collect();
        let ripe: Vec<_> = ripe.into_iter().map(|(fqdn, wished)| (Arc::clone(fqdn), *wished)).collect();
        for (fqdn, wished) in &ripe {
            self.new.remove(fqdn);
            self.let_go.insert(Arc::clone(fqdn), LetGo { wished: *wished, approved: false });
        }
        ripe.into_iter().map(|(fqdn, _)| fqdn).collect()
    }

    fn take_back(&mut self, recall: &mut impl FnMut(&Arc<str>) -> bool) {
        let candidates = self.let_go.iter().filter(|(_, let_go)| !let_go.approved);
        let back: Vec<_> = candidates.map(|(fqdn, let_go)| (Arc::clone(fqdn), let_go.wished)).collect();
        for (fqdn, wished) in back {
            if recall(&fqdn) {
                self.let_go.remove(&fqdn);
                self.hold(fqdn, wished);
            }
        }
    }

    /// Gives the set that is held its name, when it is another than before.
    fn name_set(&mut self) {
        if self.held.is_empty() {
            self.sets.clear();
            self.present = None;
            return;
        }
        let regrouped = std::mem::take(&mut self.regrouped);
        if !regrouped && self.present.as_ref().is_some_and(|present| present.limits == self.limits) {
            return;
        }
        self.number += 1;
        let (id, count) = (set_id(self.held.keys()), self.held.len());
        let first = self.held.keys().take(NAMED).cloned().collect();
        let own = self.own_before(&self.round());
        self.present = Some(Arc::new(HeldDeletions { id: id.clone(), count, own, limits: self.limits, first }));
        self.sets.retain(|(known, _)| *known != id);
        self.sets.push_back((id, self.number));
        if self.sets.len() > SETS {
            self.sets.pop_front();
        }
    }
}
