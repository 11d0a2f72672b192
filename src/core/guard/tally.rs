//! What losses come to when they are counted together.

use super::judge::{New, ROUND};
use super::sets::Sets;
use super::{Cause, Ground, Limits, Loss, Lost, Party};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Objects of one cluster that are gone within this time of each other may be the work of one person.
const BURST: Duration = Duration::from_secs(10);

/// Slow losses count over this time.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Objects that went lately, by cluster or site.
#[derive(Debug, Default)]
pub(super) struct Recent(BTreeMap<Party, VecDeque<(Duration, u64)>>);

impl Recent {
    /// Notes the objects that are behind a loss. The second of a party makes the first one no single one any more.
    pub fn note(&mut self, loss: &Loss, now: Duration, gone: &mut Gone) {
        for lost in loss.lost.iter().filter(|lost| lost.cause == Cause::Objects) {
            let objects = self.0.entry(lost.party.clone()).or_default();
            objects.retain(|(at, _)| *at + BURST > now);
            let before = objects.len();
            for object in &lost.objects {
                if !objects.iter().any(|(_, known)| known == object) {
                    objects.push_back((now, *object));
                }
            }
            if before == 1 && objects.len() > 1 {
                gone.are_several(&lost.party, now);
            }
        }
    }

    pub fn forget(&mut self, now: Duration) {
        self.0.values_mut().for_each(|objects| objects.retain(|(at, _)| *at + BURST > now));
        self.0.retain(|_, objects| !objects.is_empty());
    }

    /// Whether not more than `count` objects of the party went.
    pub fn are_few(&self, party: &Party, count: usize) -> bool {
        self.0.get(party).is_none_or(|objects| objects.len() <= count)
    }

    /// Whether a loss is that of single objects.
    pub fn are_single(&self, loss: &Loss) -> bool {
        loss.lost.iter().all(|lost| lost.cause == Cause::Objects && self.is_single(lost))
    }

    /// Whether nothing else of the party went.
    pub fn is_single(&self, lost: &Lost) -> bool {
        let objects = self.0.get(&lost.party);
        objects.is_none_or(|objects| objects.iter().all(|(_, object)| lost.objects.contains(object)))
    }
}

/// A loss that was let go.
#[derive(Debug, Clone)]
struct Went {
    at: Duration,
    loss: Arc<Loss>,
    /// When the service was made, if this process saw that.
    born: Option<Duration>,
    /// Nothing else went with it.
    single: bool,
    approved: bool,
}

impl Went {
    fn counts_on(&self, ground: &Ground, now: Duration, window: Duration) -> bool {
        let recent = !self.approved && self.at + window > now;
        match ground {
            Ground::Objects(_) => recent && !self.single && !is_young(self.born, self.at, window),
            // However young they are, and however few.
            Ground::Edit | Ground::Before => recent,
            Ground::Unmatched | Ground::UnknownContext | Ground::NoPolicy => false,
        }
    }
}

/// Whether a service is younger than the time over which is counted.
fn is_young(born: Option<Duration>, at: Duration, window: Duration) -> bool {
    born.is_some_and(|born| born + window > at)
}

/// The losses that were let go within a day, as far as they may count.
#[derive(Debug, Default)]
pub(super) struct Gone(BTreeMap<Arc<str>, Went>);

impl Gone {
    /// It may go. `single` says that nothing else went with it so far.
    pub fn note(&mut self, fqdn: &Arc<str>, loss: &Arc<Loss>, at: Duration, (born, single): (Option<Duration>, bool)) {
        self.0.insert(Arc::clone(fqdn), Went { at, loss: Arc::clone(loss), born, single, approved: false });
    }

    /// Somebody approved it.
    pub fn approved(&mut self, fqdn: &Arc<str>, loss: &Arc<Loss>, at: Duration) {
        let went = Went { at, loss: Arc::clone(loss), born: None, single: false, approved: true };
        self.0.insert(Arc::clone(fqdn), went);
    }

    /// Another object of the party went within a short time.
    fn are_several(&mut self, party: &Party, now: Duration) {
        let of = |went: &&mut Went| went.at + BURST > now && went.loss.lost.iter().any(|lost| lost.party == *party);
        self.0.values_mut().filter(of).for_each(|went| went.single = false);
    }

    pub fn forget(&mut self, now: Duration) {
        let counts = |ground: &Ground, went: &Went| went.counts_on(ground, now, DAY);
        let counted = |went: &Went| went.loss.grounds().any(|(ground, _)| counts(&ground, went));
        self.0.retain(|_, went| went.at + ROUND > now || counted(went));
    }

    /// The service is there again.
    pub fn came_back(&mut self, fqdn: &str) {
        if self.0.get(fqdn).is_some_and(|went| went.loss.empties) {
            self.0.remove(fqdn);
        }
    }

    pub fn remove(&mut self, fqdn: &str) {
        self.0.remove(fqdn);
    }

    pub fn within(&self, fqdn: &str, window: Duration, now: Duration) -> bool {
        self.0.get(fqdn).is_some_and(|went| went.at + window > now)
    }

    /// How many services lost the party's objects today.
    pub fn of_party_today(&self, party: &Party, now: Duration) -> usize {
        let of = |went: &&Went| {
            let lost = |lost: &Lost| lost.cause == Cause::Objects && lost.party == *party;
            went.counts_on(&Ground::Objects(party.clone()), now, DAY) && went.loss.lost.iter().any(lost)
        };
        self.0.values().filter(of).count()
    }

    /// How many names lost their last member that are not counted otherwise.
    pub fn emptied_beside(&self, window: Duration, now: Duration, known: impl Fn(&Arc<str>) -> bool) -> usize {
        let beside = |(fqdn, went): &(&Arc<str>, &Went)| went.loss.empties && went.at + window > now && !known(fqdn);
        self.0.iter().filter(beside).count()
    }

    /// Those on one of these grounds that nobody approved.
    pub fn recallable(&self, grounds: &BTreeSet<Ground>) -> Vec<(Arc<str>, Arc<Loss>)> {
        let of = |went: &Went| !went.approved && went.loss.grounds().any(|(ground, _)| grounds.contains(&ground));
        let all = self.0.iter().filter(|(_, went)| of(went));
        all.map(|(fqdn, went)| (Arc::clone(fqdn), Arc::clone(&went.loss))).collect()
    }
}

/// Names and parties that are lost within one time.
#[derive(Debug, Default)]
struct Counts<'a> {
    own: usize,
    names: BTreeSet<&'a Arc<str>>,
    parties: BTreeMap<&'a Party, BTreeSet<&'a Arc<str>>>,
}

impl<'a> Counts<'a> {
    fn add(&mut self, fqdn: &'a Arc<str>, empties: bool, party: &'a Party) {
        if empties {
            self.names.insert(fqdn);
        }
        self.parties.entry(party).or_default().insert(fqdn);
    }

    /// Names, or services of the party that loses something in most.
    fn most(&self) -> usize {
        self.parties.values().map(BTreeSet::len).chain([self.names.len()]).max().unwrap_or_default()
    }

    fn of_party(&self, party: &Party) -> usize {
        self.parties.get(party).map_or(0, BTreeSet::len)
    }
}

/// Whether a loss was held until now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    None,
    Same,
    /// Under other limits.
    OtherLimits,
}

/// Everything that counts at one moment.
#[derive(Debug)]
pub(super) struct Tally<'a> {
    limits: Limits,
    now: Duration,
    recent: &'a Recent,
    minute: Counts<'a>,
    day: Counts<'a>,
    edits: Counts<'a>,
    edits_of_day: Counts<'a>,
    before: Counts<'a>,
    /// Behind what went before this process looked.
    objects_before: BTreeSet<u64>,
    /// Edits take too much.
    edits_held: bool,
}

impl<'a> Tally<'a> {
    pub fn of(
        waiting: impl Iterator<Item = (&'a Arc<str>, &'a New)>,
        sets: &'a Sets,
        gone: &'a Gone,
        recent: &'a Recent,
        (limits, own): (Limits, &BTreeMap<Arc<str>, Option<Duration>>),
        now: Duration,
    ) -> Self {
        let born = |fqdn: &Arc<str>| own.get(fqdn).copied().flatten();
        let mut tally = Self {
            limits,
            now,
            recent,
            minute: Counts::default(),
            day: Counts::default(),
            edits: Counts::default(),
            edits_of_day: Counts::default(),
            before: Counts::default(),
            objects_before: BTreeSet::new(),
            edits_held: false,
        };
        for (fqdn, new) in waiting {
            for (ground, lost) in new.loss.grounds() {
                let few = recent.are_few(&lost.party, limits.max_count);
                let (is_edit, single) = (!matches!(ground, Ground::Objects(_)), few && recent.is_single(lost));
                if ground == Ground::Before {
                    tally.objects_before.extend(&lost.objects);
                }
                let counts = |window| is_edit || (!single && !is_young(born(fqdn), now, window));
                tally.add(fqdn, (&ground, &lost.party), new.loss.empties, counts);
            }
        }
        for (ground, fqdn, entry) in sets.entries() {
            for party in entry.parties.keys() {
                tally.add(fqdn, (ground, party), entry.empties, |_| true);
            }
        }
        for (fqdn, went) in &gone.0 {
            for (ground, lost) in went.loss.grounds() {
                if ground == Ground::Before && went.counts_on(&ground, now, ROUND) {
                    tally.objects_before.extend(&lost.objects);
                }
                tally.add(fqdn, (&ground, &lost.party), went.loss.empties, |window| {
                    went.counts_on(&ground, now, window)
                });
            }
        }
        let beside = |window| own.len() + gone.emptied_beside(window, now, |fqdn| own.contains_key(fqdn));
        (tally.minute.own, tally.edits.own, tally.before.own) = (beside(ROUND), beside(ROUND), beside(ROUND));
        (tally.day.own, tally.edits_of_day.own) = (beside(DAY), beside(DAY));
        tally.edits_held = tally.do_edits_exceed();
        tally
    }

    fn add(
        &mut self,
        fqdn: &'a Arc<str>,
        (ground, party): (&Ground, &'a Party),
        empties: bool,
        counts: impl Fn(Duration) -> bool,
    ) {
        match ground {
            Ground::Objects(_) => {
                if counts(ROUND) {
                    self.minute.add(fqdn, empties, party);
                }
                if counts(DAY) {
                    self.day.add(fqdn, empties, party);
                }
            }
            Ground::Edit => {
                if counts(ROUND) {
                    self.edits.add(fqdn, empties, party);
                }
                if counts(DAY) {
                    self.edits_of_day.add(fqdn, empties, party);
                }
            }
            Ground::Before => {
                if counts(ROUND) {
                    self.before.add(fqdn, empties, party);
                }
            }
            Ground::Unmatched | Ground::UnknownContext | Ground::NoPolicy => {}
        }
    }

    fn do_edits_exceed(&self) -> bool {
        let Self { edits, edits_of_day, limits, .. } = self;
        !limits.allow_percent(edits.most(), edits.own) || !limits.allow(edits_of_day.most(), edits_of_day.own)
    }

    /// Whether more than one object, and more than the percentage, went before this process looked.
    fn does_before_exceed(&self) -> bool {
        self.objects_before.len() > 1 && !self.limits.allow_percent(self.before.most(), self.before.own)
    }

    /// Whether what `loss` takes from one party is held. `born` is when its service was made, if that is known.
    pub fn holds(&self, ground: &Ground, (lost, loss): (&Lost, &Loss), born: Option<Duration>, hold: Hold) -> bool {
        match ground {
            Ground::NoPolicy => true,
            _ if self.limits.is_off() => false,
            Ground::UnknownContext => true,
            Ground::Unmatched => loss.empties,
            Ground::Edit => self.edits_held,
            // It waits for its own approval, whatever else was approved.
            Ground::Before | Ground::Objects(_) if hold == Hold::Same => true,
            Ground::Before => self.does_before_exceed(),
            Ground::Objects(party) => self.holds_objects(party, (lost, loss), born, hold),
        }
    }

    fn holds_objects(&self, party: &Party, (lost, loss): (&Lost, &Loss), born: Option<Duration>, hold: Hold) -> bool {
        let few = hold == Hold::None && self.recent.are_few(party, self.limits.max_count);
        if few && self.recent.is_single(lost) {
            return false;
        }
        let exceeds = |counts: &Counts<'_>, window| {
            let names = loss.empties && !self.limits.allow(counts.names.len(), counts.own);
            !is_young(born, self.now, window) && (names || !self.limits.allow(counts.of_party(party), counts.own))
        };
        exceeds(&self.day, DAY) || (!few && exceeds(&self.minute, ROUND))
    }
}
