//! What is held: one set for each ground. A set is shown once it was quiet for a while, has a name then, and is approved
//! by it.

use super::words::{HeldChanges, NAMED};
use super::{Cause, Ground, Keep, Limits, Loss, Lost, Party};
use data_encoding::HEXLOWER;
use sha1::{Digest, Sha1};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// A set is named once nothing has joined or left it for this long.
pub const FORM: Duration = Duration::from_secs(3);

/// And not later than this.
const FORM_AT_LAST: Duration = Duration::from_secs(15);

/// How many of the latest names of a set can be approved: somebody may approve what was shown before others joined, and
/// they may join one by one.
const NAMES: usize = 1000;

/// Makes another name for what was approved before and is held again.
const AGAIN: &str = "again";

/// What became of a set, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    pub kind: NewsKind,
    pub held: Arc<HeldChanges>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewsKind {
    Held,
    Approved,
    /// What was approved is carried out.
    Done,
    /// Nothing of it is wished for any more, or the limits allow it.
    Withdrawn,
}

/// What one FQDN has in a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub parties: BTreeMap<Party, Cause>,
    pub empties: bool,
    /// The number of the first set that was shown with it.
    shown: u64,
}

impl Entry {
    pub fn of(loss: &Loss, lost: &Lost) -> Self {
        Self { parties: [(lost.party.clone(), lost.cause)].into(), empties: loss.empties, shown: 0 }
    }
}

#[derive(Debug, Default)]
struct Set {
    entries: BTreeMap<Arc<str>, Entry>,
    /// Names and numbers of the latest that were shown, the present one last. What was shown with a name is what is still
    /// held of it and was first shown with that name or an earlier one.
    names: VecDeque<(String, u64)>,
    /// Of the present one.
    number: u64,
    present: Option<Arc<HeldChanges>>,
    /// Since when, and until when, something has joined or left since it was named.
    moved: Option<(Duration, Duration)>,
}

/// Names what some FQDNs would lose: equal losses have equal names, whenever they are made. Each is an FQDN that would
/// keep no member, or FQDN and party.
pub fn set_id<S: AsRef<str>>(sorted: impl IntoIterator<Item = S>) -> String {
    let mut hasher = Sha1::new();
    for line in sorted {
        hasher.update(line.as_ref().as_bytes());
        hasher.update(b"\n");
    }
    HEXLOWER.encode(hasher.finalize().first_chunk::<4>().map_or(&[], |first| first))
}

/// An FQDN of which something was approved, what it would lose, and what stays of that.
pub(super) type Released = (Arc<str>, Arc<Loss>, Keep);

/// What was approved and is not done yet.
#[derive(Debug)]
struct Approved {
    held: Arc<HeldChanges>,
    left: BTreeSet<Arc<str>>,
    at: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Sets {
    sets: BTreeMap<Ground, Set>,
    /// Of the FQDNs in them.
    losses: BTreeMap<Arc<str>, Arc<Loss>>,
    approved: Vec<Approved>,
    news: Vec<News>,
}

impl Sets {
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub fn fqdns(&self) -> impl Iterator<Item = &Arc<str>> {
        self.losses.keys()
    }

    pub fn losses(&self) -> Vec<(Arc<str>, Arc<Loss>)> {
        self.losses.iter().map(|(fqdn, loss)| (Arc::clone(fqdn), Arc::clone(loss))).collect()
    }

    pub fn holds(&self, fqdn: &str) -> bool {
        self.losses.contains_key(fqdn)
    }

    pub fn is_held_as(&self, fqdn: &str, loss: &Loss) -> bool {
        self.losses.get(fqdn).is_some_and(|known| **known == *loss)
    }

    /// Whether anything is held on this ground.
    pub fn is_of(&self, ground: &Ground) -> bool {
        self.sets.get(ground).is_some_and(|set| !set.entries.is_empty())
    }

    pub fn has(&self, ground: &Ground, fqdn: &str, party: &Party) -> bool {
        let entry = self.sets.get(ground).and_then(|set| set.entries.get(fqdn));
        entry.is_some_and(|entry| entry.parties.contains_key(party))
    }

    pub fn entries(&self) -> impl Iterator<Item = (&Ground, &Arc<str>, &Entry)> {
        self.sets.iter().flat_map(|(ground, set)| set.entries.iter().map(move |(fqdn, entry)| (ground, fqdn, entry)))
    }

    /// One party of an FQDN joins.
    pub fn hold(&mut self, ground: &Ground, fqdn: &Arc<str>, entry: Entry, now: Duration) {
        let set = self.sets.entry(ground.clone()).or_default();
        let shown = set.number + 1;
        let known = set.entries.entry(Arc::clone(fqdn)).or_insert_with(|| Entry { shown: 0, ..entry.clone() });
        let before = (known.parties.len(), known.empties);
        known.parties.extend(entry.parties);
        known.empties = entry.empties;
        if known.shown == 0 || before != (known.parties.len(), known.empties) {
            known.shown = shown;
            set.moves(now);
        }
    }

    /// Of what an FQDN would lose, exactly this is held.
    pub fn settle(&mut self, fqdn: &Arc<str>, loss: &Arc<Loss>, kept: &Keep, now: Duration) {
        if kept.0.is_empty() {
            self.losses.remove(fqdn);
        } else {
            self.losses.insert(Arc::clone(fqdn), Arc::clone(loss));
        }
        for (ground, set) in &mut self.sets {
            let Some(entry) = set.entries.get_mut(fqdn) else { continue };
            let before = entry.parties.len();
            entry
                .parties
                .retain(|party, _| kept.0.get(party).is_some_and(|cause| Ground::of(*cause, party) == *ground));
            let left = entry.parties.len();
            if left == 0 {
                set.entries.remove(fqdn);
            }
            if left != before {
                set.moves(now);
            }
        }
    }

    /// Nothing of an FQDN is held any more.
    pub fn take_out(&mut self, fqdn: &str, now: Duration) {
        for approved in &mut self.approved {
            approved.left.remove(fqdn);
        }
        if self.losses.remove(fqdn).is_some() {
            for set in self.sets.values_mut() {
                if set.entries.remove(fqdn).is_some() {
                    set.moves(now);
                }
            }
        }
    }

    /// What was approved for an FQDN is done.
    pub fn done(&mut self, fqdn: &str) {
        for approved in &mut self.approved {
            approved.left.remove(fqdn);
        }
    }

    /// Whether something was approved under this name that is not done.
    pub fn is_undone(&self, id: &str) -> bool {
        self.approved.iter().any(|approved| approved.held.id == id && !approved.left.is_empty())
    }

    /// Tells what is done, a moment after it was approved.
    fn tell_done(&mut self, now: Duration) {
        let done = |approved: &mut Approved| approved.done_at().is_some_and(|at| at <= now);
        let done: Vec<Approved> = self.approved.extract_if(.., done).collect();
        self.news.extend(done.into_iter().map(|approved| News { kind: NewsKind::Done, held: approved.held }));
    }

    /// Lets go what was shown under this name; sets on several grounds have one name when they would take the same away.
    /// Answers for each FQDN what stays of it; `None` for an unknown name.
    pub fn approve(&mut self, id: &str, now: Duration) -> Option<Vec<Released>> {
        let named = |set: &Set| set.names.iter().find(|(known, _)| known == id).map(|(_, number)| *number);
        let grounds: Vec<(Ground, u64)> =
            self.sets.iter().filter_map(|(ground, set)| named(set).map(|number| (ground.clone(), number))).collect();
        if grounds.is_empty() {
            return None;
        }
        let released: BTreeSet<Arc<str>> =
            grounds.iter().flat_map(|(ground, number)| self.release(ground, id, *number, now)).collect();
        let of = |fqdn: Arc<str>| {
            let rest = self.kept(&fqdn);
            let loss = if rest.0.is_empty() { self.losses.remove(&fqdn) } else { self.losses.get(&fqdn).cloned() };
            loss.map(|loss| (fqdn, loss, rest))
        };
        Some(released.into_iter().filter_map(of).collect())
    }

    /// Takes out of a set what was shown with this number or an earlier one.
    fn release(&mut self, ground: &Ground, id: &str, number: u64, now: Duration) -> Vec<Arc<str>> {
        let Some(set) = self.sets.get_mut(ground) else { return Vec::new() };
        let released: BTreeMap<Arc<str>, Entry> =
            set.entries.extract_if(.., |_, entry| entry.shown <= number).collect();
        if let Some(held) = set.present.take() {
            let held = Arc::new(HeldChanges { id: id.to_owned(), ..(*held).clone() });
            self.news.push(News { kind: NewsKind::Approved, held: Arc::clone(&held) });
            self.approved.push(Approved { held, left: released.keys().cloned().collect(), at: now });
        }
        if set.entries.is_empty() {
            self.sets.remove(ground);
        } else {
            set.moves(now);
        }
        released.into_keys().collect()
    }

    fn kept(&self, fqdn: &str) -> Keep {
        let entries = self.sets.values().filter_map(|set| set.entries.get(fqdn));
        Keep(entries.flat_map(|entry| entry.parties.clone()).collect())
    }

    /// When a set is to be named, or something to be told.
    pub fn due(&self) -> Option<Duration> {
        let done = self.approved.iter().filter_map(Approved::done_at);
        self.sets.values().filter_map(Set::due).chain(done).min()
    }

    /// Names the sets that are quiet. `own` is how many services there were before; an approval under the name `used` does
    /// not count any more, so no set gets that.
    pub fn form(&mut self, now: Duration, own: usize, limits: Limits, used: Option<&str>) {
        self.tell_done(now);
        for (ground, set) in &mut self.sets {
            let quiet = set.due().is_some_and(|due| due <= now);
            let outdated = set.present.as_ref().is_some_and(|present| present.limits != limits);
            let is_due = quiet || (outdated && set.moved.is_none());
            if !is_due {
                continue;
            }
            set.moved = None;
            let before = set.present.take();
            if set.entries.is_empty() {
                self.news.extend(before.map(|held| News { kind: NewsKind::Withdrawn, held }));
                continue;
            }
            let held = Arc::new(set.name(ground, own, limits, used));
            if before.is_none_or(|before| before.id != held.id) {
                self.news.push(News { kind: NewsKind::Held, held: Arc::clone(&held) });
            }
            set.present = Some(held);
        }
        self.sets.retain(|_, set| !set.entries.is_empty() || set.moved.is_some());
    }

    pub fn formed(&self) -> Vec<Arc<HeldChanges>> {
        self.sets.values().filter_map(|set| set.present.clone()).collect()
    }

    pub fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }
}

impl Approved {
    fn done_at(&self) -> Option<Duration> {
        self.left.is_empty().then(|| self.at + FORM)
    }
}

impl Set {
    fn moves(&mut self, now: Duration) {
        let first = self.moved.map_or(now, |(first, _)| first);
        self.moved = Some((first, now));
    }

    fn due(&self) -> Option<Duration> {
        self.moved.map(|(first, last)| (last + FORM).min(first + FORM_AT_LAST))
    }

    fn name(&mut self, ground: &Ground, own: usize, limits: Limits, used: Option<&str>) -> HeldChanges {
        let lines = || {
            self.entries.iter().flat_map(|(fqdn, entry)| {
                let parties =
                    entry.parties.keys().filter(|_| !entry.empties).map(move |party| format!("{fqdn} {party}"));
                entry.empties.then(|| fqdn.to_string()).into_iter().chain(parties)
            })
        };
        let id = set_id(lines());
        let id = if used == Some(id.as_str()) { set_id(lines().chain([AGAIN.to_owned()])) } else { id };
        self.number += 1;
        self.names.retain(|(known, _)| *known != id);
        self.names.push_back((id.clone(), self.number));
        if self.names.len() > NAMES {
            self.names.pop_front();
        }
        let names = || self.entries.iter().filter(|(_, entry)| entry.empties).map(|(fqdn, _)| fqdn);
        let mut members: BTreeMap<Party, usize> = BTreeMap::new();
        for party in self.entries.values().flat_map(|entry| entry.parties.keys()) {
            *members.entry(party.clone()).or_default() += 1;
        }
        HeldChanges {
            id,
            ground: ground.clone(),
            causes: self.entries.values().flat_map(|entry| entry.parties.values().copied()).collect(),
            services: self.entries.len(),
            names: names().count(),
            first: names()
                .chain(self.entries.keys())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .take(NAMED)
                .cloned()
                .collect(),
            members,
            own,
            limits,
        }
    }
}
