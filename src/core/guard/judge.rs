//! The guard: holds losses, counts them and lets them go.

use super::sets::{Entry, News, Sets};
use super::tally::{Gone, Hold, Recent, Tally};
use super::words::HeldChanges;
use super::{Cause, Ground, Keep, Limits, Loss, Lost, Party};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Losses within this time of each other count together. One mistake shows in all clusters within seconds; people who
/// clean up by hand take longer than this for what the limits allow.
pub const ROUND: Duration = Duration::from_secs(60);

/// How long a loss waits before it is judged, so that the first few of many do not slip through while the others are on
/// their way. Nobody waits for a deletion.
pub const PAUSE: Duration = Duration::from_millis(500);

/// Those of an edit come in for as long as it takes to look at every service; they are judged together once none has
/// come for [`PAUSE`], or after this.
const PATIENCE: Duration = Duration::from_secs(5);

/// A loss that was not judged yet.
#[derive(Debug, Clone)]
pub(super) struct New {
    pub loss: Arc<Loss>,
    pub since: Duration,
}

/// What follows from a judgement, by FQDN.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judgement {
    /// May go on now.
    pub go: Vec<Arc<str>>,
    /// May go on now and, should they fail, later.
    pub approved: Vec<Arc<str>>,
    /// Go on with these members kept.
    pub keep: Vec<(Arc<str>, Arc<Keep>)>,
    /// Something was stopped that nothing like it was held of before.
    pub stopped: bool,
}

/// Of each FQDN it knows what its present decision would take away, and what was let go a short while ago.
#[derive(Debug, Default)]
pub struct Guard {
    limits: Limits,
    limits_changed: bool,
    /// Services that the controller holds, and since when; `None` of those that were found.
    own: BTreeMap<Arc<str>, Option<Duration>>,
    new: BTreeMap<Arc<str>, New>,
    sets: Sets,
    gone: Gone,
    recent: Recent,
    approval: Option<String>,
    /// The approval has not been used, and is not too old.
    fresh: bool,
    /// An approval that was for nothing, until that is told.
    needless: Option<String>,
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
        let first = self.listed.is_none();
        let known = std::mem::take(&mut self.own);
        let since = |fqdn: &Arc<str>| known.get(fqdn).copied().unwrap_or_else(|| (!first).then_some(now));
        self.own = own.into_iter().map(|fqdn| (Arc::clone(&fqdn), since(&fqdn))).collect();
        self.listed.get_or_insert(now);
    }

    /// Work for an FQDN has ended, and the controller holds a service for it, or not.
    pub fn finished(&mut self, fqdn: &Arc<str>, exists: bool, now: Duration) {
        if !exists {
            self.own.remove(fqdn);
        } else if !self.own.contains_key(fqdn) {
            self.own.insert(Arc::clone(fqdn), Some(now));
            self.gone.came_back(fqdn);
        }
    }

    /// Members are back that had been let go.
    pub fn regained(&mut self, fqdn: &str) {
        self.gone.remove(fqdn);
    }

    /// What was decided about an FQDN is done.
    pub fn done(&mut self, fqdn: &str) {
        self.sets.done(fqdn);
    }

    /// Everything that is wished for will be wished for again. What was let go still counts.
    pub fn restart(&mut self) {
        self.new.clear();
        // What somebody approved and was not carried out is not asked about again.
        self.fresh |= self.approval.as_deref().is_some_and(|id| self.sets.is_undone(id));
        self.sets.clear();
        self.listed = None;
    }

    /// A decision would take this away. Answers whether it may go on at once.
    pub fn wish(&mut self, fqdn: &Arc<str>, loss: &Arc<Loss>, now: Duration) -> bool {
        if self.new.get(fqdn).is_some_and(|new| new.loss == *loss) || self.sets.is_held_as(fqdn, loss) {
            return false;
        }
        self.recent.note(loss, now, &mut self.gone);
        let since = self.new.get(fqdn).map_or(now, |new| new.since);
        if self.goes_at_once(fqdn, loss, now) {
            self.new.remove(fqdn);
            self.sets.take_out(fqdn, now);
            let born = self.own.get(fqdn).copied().flatten();
            self.gone.note(fqdn, loss, now, (born, self.recent.are_single(loss)));
            return true;
        }
        self.new.insert(Arc::clone(fqdn), New { loss: Arc::clone(loss), since });
        false
    }

    /// Nothing is taken away any more, or it needs nobody's leave.
    pub fn leave(&mut self, fqdn: &str, now: Duration) {
        self.new.remove(fqdn);
        self.sets.take_out(fqdn, now);
    }

    /// FQDNs whose loss has not been let go.
    pub fn waiting(&self) -> impl Iterator<Item = &Arc<str>> {
        self.new.keys().chain(self.sets.fqdns())
    }

    /// Whether its loss waits, or was let go a short while ago.
    pub fn knows(&self, fqdn: &str, now: Duration) -> bool {
        self.new.contains_key(fqdn) || self.sets.holds(fqdn) || self.gone.within(fqdn, ROUND, now)
    }

    pub fn is_held(&self, fqdn: &str) -> bool {
        self.sets.holds(fqdn)
    }

    /// When to judge again.
    pub fn due(&self) -> Option<Duration> {
        let edits = self.edits_due();
        let new = self.new.values().map(|new| if is_edit(&new.loss) { edits } else { Some(new.since + PAUSE) });
        let approval = self.listed.filter(|_| self.fresh && self.approval.is_some()).map(|listed| listed + ROUND);
        [new.flatten().min(), self.sets.due(), approval].into_iter().flatten().min()
    }

    fn edits_due(&self) -> Option<Duration> {
        let edits = || self.new.values().filter(|new| is_edit(&new.loss)).map(|new| new.since);
        let (first, last) = (edits().min()?, edits().max()?);
        Some((last + PAUSE).min(first + PATIENCE))
    }

    /// What is held, each set once it was quiet for a while.
    pub fn held(&self) -> Vec<Arc<HeldChanges>> {
        self.sets.formed()
    }

    /// What became of sets that were shown since the last call.
    pub fn take_news(&mut self) -> Vec<News> {
        self.sets.take_news()
    }

    /// An approval that was for nothing.
    pub fn take_needless(&mut self) -> Option<String> {
        self.needless.take()
    }

    /// Decides. `recall` takes back a loss that was let go and has not begun; it answers whether it could.
    pub fn judge(&mut self, now: Duration, recall: impl FnMut(&Arc<str>) -> bool) -> Judgement {
        self.gone.forget(now);
        self.recent.forget(now);
        let mut judgement = self.approve(now);
        let anew = std::mem::take(&mut self.limits_changed);
        if anew {
            // Judged anew, with everything that joined.
            for (fqdn, loss) in self.sets.losses() {
                self.new.entry(fqdn).or_insert(New { loss, since: now.saturating_sub(PATIENCE) });
            }
        }
        let ripe = self.take_ripe(now);
        if !ripe.is_empty() {
            self.judge_ripe(ripe, (now, anew), &mut judgement, recall);
        }
        let own = self.own.len() + self.gone.emptied_beside(ROUND, now, |fqdn| self.own.contains_key(fqdn));
        let used = self.approval.as_deref().filter(|_| !self.fresh);
        self.sets.form(now, own, self.limits, used);
        judgement
    }

    fn take_ripe(&mut self, now: Duration) -> BTreeMap<Arc<str>, New> {
        let edits = self.edits_due().is_some_and(|due| due <= now);
        let (ripe, new) = std::mem::take(&mut self.new)
            .into_iter()
            .partition(|(_, new)| if is_edit(&new.loss) { edits } else { new.since + PAUSE <= now });
        self.new = new;
        ripe
    }

    fn judge_ripe(
        &mut self,
        ripe: BTreeMap<Arc<str>, New>,
        (now, anew): (Duration, bool),
        judgement: &mut Judgement,
        mut recall: impl FnMut(&Arc<str>) -> bool,
    ) {
        let mut stopped: BTreeSet<Ground> = BTreeSet::new();
        for (fqdn, loss, kept) in self.rule(&ripe, now, anew) {
            let since = ripe.get(&fqdn).map_or(now, |new| new.since);
            for (ground, lost) in loss.grounds().filter(|(_, lost)| kept.0.contains_key(&lost.party)) {
                judgement.stopped |= !self.sets.is_of(&ground);
                self.sets.hold(&ground, &fqdn, Entry::of(&loss, lost), now);
                stopped.insert(ground);
            }
            self.sets.settle(&fqdn, &loss, &kept, now);
            if kept.0.is_empty() {
                let born = self.own.get(&fqdn).copied().flatten();
                self.gone.note(&fqdn, &loss, since, (born, self.recent.are_single(&loss)));
                judgement.go.push(fqdn);
            } else {
                judgement.keep.push((fqdn, Arc::new(kept)));
            }
        }
        for (fqdn, loss) in self.gone.recallable(&stopped) {
            if recall(&fqdn) {
                self.gone.remove(&fqdn);
                let kept = Keep(self.take_back(&fqdn, &loss, now, &stopped));
                self.sets.settle(&fqdn, &loss, &kept, now);
                judgement.keep.push((fqdn, Arc::new(kept)));
            }
        }
    }

    /// What stays of each; `anew` says that the limits are others.
    fn rule(&self, ripe: &BTreeMap<Arc<str>, New>, now: Duration, anew: bool) -> Vec<(Arc<str>, Arc<Loss>, Keep)> {
        let waiting = ripe.iter().chain(&self.new);
        let tally = Tally::of(waiting, &self.sets, &self.gone, &self.recent, (self.limits, &self.own), now);
        let rule = |(fqdn, new): (&Arc<str>, &New)| {
            let born = self.own.get(fqdn).copied().flatten();
            let held = new.loss.grounds().filter(|(ground, lost)| {
                let hold = match (self.sets.has(ground, fqdn, &lost.party), anew) {
                    (false, _) => Hold::None,
                    (true, false) => Hold::Same,
                    (true, true) => Hold::OtherLimits,
                };
                tally.holds(ground, (lost, &new.loss), born, hold)
            });
            let kept = Keep(held.map(|(_, lost)| (lost.party.clone(), lost.cause)).collect());
            (Arc::clone(fqdn), Arc::clone(&new.loss), kept)
        };
        ripe.iter().map(rule).collect()
    }

    fn take_back(
        &mut self,
        fqdn: &Arc<str>,
        loss: &Arc<Loss>,
        now: Duration,
        stopped: &BTreeSet<Ground>,
    ) -> BTreeMap<Party, Cause> {
        let of = |(ground, lost): (Ground, &Lost)| {
            self.sets.hold(&ground, fqdn, Entry::of(loss, lost), now);
            (lost.party.clone(), lost.cause)
        };
        loss.grounds().filter(|(ground, _)| stopped.contains(ground)).map(of).collect()
    }

    fn approve(&mut self, now: Duration) -> Judgement {
        let mut judgement = Judgement::default();
        let Some(id) = self.approval.clone().filter(|_| self.fresh) else { return judgement };
        let Some(released) = self.sets.approve(&id, now) else {
            // After a start it may be meant for what is held then; later it is a leftover.
            self.fresh = self.listed.is_none_or(|listed| now < listed + ROUND);
            self.needless = Some(id).filter(|_| !self.fresh);
            return judgement;
        };
        self.fresh = false;
        for (fqdn, loss, rest) in released {
            if rest.0.is_empty() {
                self.gone.approved(&fqdn, &loss, now);
                judgement.approved.push(fqdn);
            } else {
                judgement.keep.push((fqdn, Arc::new(rest)));
            }
        }
        judgement
    }

    /// Whether it needs no judgement: nothing that is only seen together with others.
    fn goes_at_once(&self, fqdn: &Arc<str>, loss: &Loss, now: Duration) -> bool {
        if loss.lost.iter().any(|lost| lost.cause == Cause::NoPolicy) {
            return false;
        }
        if self.limits.is_off() {
            return true;
        }
        // A name that would keep no member can wait for half a second.
        if loss.empties || self.new.contains_key(fqdn) || self.sets.holds(fqdn) {
            return false;
        }
        let few = |lost: &Lost| match lost.cause {
            Cause::Unmatched => true,
            Cause::Objects => {
                self.recent.are_few(&lost.party, self.limits.max_count)
                    && (self.recent.is_single(lost)
                        || self.limits.allow(self.gone.of_party_today(&lost.party, now) + 1, self.own.len()))
            }
            _ => false,
        };
        loss.lost.iter().all(few)
    }
}

fn is_edit(loss: &Loss) -> bool {
    loss.grounds().any(|(ground, _)| matches!(ground, Ground::Edit | Ground::Before))
}
