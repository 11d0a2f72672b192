//! The session's queues: fair, one piece of work per key at a time, failed ones later. Pure; the caller owns the clock.
//!
//! Each key waits at most once and is served at most once, so a queue never holds more than two entries for a key.

#[cfg(test)]
mod tests;

use super::lanes::{Lane, Lanes, Ticket};
use super::pace::{Pace, Streak};
use super::slot::{Class, Removal};
use crate::avi::urgency::Urgency;
use crate::retry::RetryPolicy;
use rand::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// A failure that is not followed by another one for this long is forgotten; the key may be gone for good.
const FORGET: Duration = Duration::from_secs(600);

/// Who failed so often in a row is in quarantine.
pub const QUARANTINE: u32 = 5;

/// Who waits, who is being served, and who must wait longer because the last try failed. The key is an FQDN, or a
/// question about the controller.
#[derive(Debug)]
pub struct Queue<K, T> {
    waiting: BTreeMap<K, Entry<T>>,
    lanes: Lanes<K>,
    /// Those that wait for a pause to pass; by time, then by key.
    delayed: BTreeSet<(Instant, K)>,
    busy: BTreeMap<K, Ticket>,
    streaks: BTreeMap<K, Streak>,
    quarantined: BTreeSet<K>,
    /// Of the next ticket.
    number: u64,
    /// The time when it was looked at the clock last.
    now: Instant,
    /// When to forget old failures next.
    tidy_at: Instant,
    retry: RetryPolicy,
}

#[derive(Debug)]
struct Entry<T> {
    item: T,
    class: Class,
    ticket: Ticket,
    /// Since when it waits.
    since: Instant,
    place: Place,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    Ready(Lane),
    /// Waits for its key's earlier work to finish.
    Blocked,
    /// Waits for its pause to pass.
    Delayed(Instant),
}

/// How one piece of work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The controller took everything that was to be written.
    Done,
    /// It was only read, which says nothing about the next write.
    Read,
    /// There was nothing to do.
    Nothing,
    /// The controller refused it or failed on it.
    Failed { pace: Pace, retry_after: Option<Duration> },
    /// The controller as a whole could not be used.
    Interrupted,
}

/// How a key is treated, for its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// It failed too often.
    pub quarantined: bool,
    /// The next try comes after a long pause, unless its objects change.
    pub patient: bool,
}

impl<K: Ord + Clone, T> Queue<K, T> {
    pub fn new(retry: RetryPolicy, now: Instant) -> Self {
        Self {
            waiting: BTreeMap::new(),
            lanes: Lanes::default(),
            delayed: BTreeSet::new(),
            busy: BTreeMap::new(),
            streaks: BTreeMap::new(),
            quarantined: BTreeSet::new(),
            number: 0,
            now,
            tidy_at: now + FORGET,
            retry,
        }
    }

    /// How much bulk work is done at the same time from now on.
    pub fn set_bulk_places(&mut self, places: usize) {
        self.lanes.set_bulk_places(places);
    }

    /// Adds a key with new work, or says how its waiting work is to be treated from now on. It keeps its place in the
    /// order of coming, except when it becomes a deletion or is none any more.
    pub fn push(&mut self, key: K, item: T, class: Class, now: Instant) {
        let before = self.take_out(&key);
        let place = match &before {
            Some(entry) if is_removal(entry.class) == is_removal(class) => entry.ticket,
            _ => self.ticket(now),
        };
        let since = before.map_or(now, |entry| entry.since);
        if self.fails_often(&key) {
            self.quarantined.insert(key.clone());
        }
        self.put_in(key, Entry { item, class, ticket: place, since, place: Place::Blocked }, now);
    }

    /// The key has no work any more. What it failed before is not forgotten yet: it may be the same work that comes
    /// again.
    pub fn withdraw(&mut self, key: &K) {
        self.take_out(key);
        if !self.busy.contains_key(key) {
            self.quarantined.remove(key);
        }
    }

    /// Lets those go on whose pause is over. Afterwards [`Queue::next_deadline`] is in the future, so a caller that
    /// sleeps until then does not spin while nobody may be served.
    pub fn ripen(&mut self, now: Instant) {
        self.now = now;
        while let Some((_, key)) = self.delayed.first().filter(|(at, _)| *at <= now).cloned() {
            // It may not wait any longer only because it is known to wait now: taking it out always succeeds.
            match self.take_out(&key) {
                Some(entry) => self.put_in(key, entry, now),
                None => drop(self.delayed.pop_first()),
            }
        }
        if self.tidy_at <= now {
            self.tidy_at = now + FORGET;
            self.tidy(now);
        }
    }

    /// The next key to serve, which is busy from now on. At the time of the last [`Queue::ripen`].
    pub fn pop(&mut self) -> Option<(K, T)> {
        let (ticket, key) = self.lanes.next(self.now)?;
        let entry = self.waiting.remove(&key)?;
        self.busy.insert(key.clone(), ticket);
        Some((key, entry.item))
    }

    /// The work of `key` is over; on failure the next one waits.
    pub fn finished(&mut self, key: &K, outcome: Outcome, now: Instant, rng: &mut impl Rng) {
        if let Some(ticket) = self.busy.remove(key) {
            self.lanes.done(ticket);
        }
        match outcome {
            Outcome::Done => {
                self.streaks.remove(key);
                self.quarantined.remove(key);
            }
            Outcome::Failed { pace, retry_after } => {
                self.streak(key, now).fail(pace, retry_after, now, rng);
                if self.fails_often(key) {
                    self.quarantined.insert(key.clone());
                }
            }
            // Not its fault: it goes on as soon as the controller does.
            Outcome::Interrupted => {
                let retry = self.retry;
                self.streak(key, now).interrupt(retry, now, rng);
            }
            // The object may be refused again as before, so the next failure waits longer still.
            Outcome::Read | Outcome::Nothing => {}
        }
        if let Some(entry) = self.take_out(key) {
            self.put_in(key.clone(), entry, now);
        }
    }

    /// When the next key may be served that may not be now.
    pub fn next_deadline(&self) -> Option<Instant> {
        let delayed = self.delayed.first().map(|(at, _)| *at);
        delayed.into_iter().chain(self.lanes.wake(self.now)).min()
    }

    pub fn standing(&self, key: &K) -> Standing {
        let patient = self.streaks.get(key).is_some_and(Streak::is_patient);
        Standing { quarantined: self.quarantined.contains(key), patient }
    }

    /// Those in quarantine, and how often each failed.
    pub fn quarantined(&self) -> impl ExactSizeIterator<Item = (&K, u32)> {
        self.quarantined.iter().map(|key| (key, self.streaks.get(key).map_or(0, Streak::failures)))
    }

    /// Since when the one waits that has waited longest. One that waits for a pause to pass does not count.
    pub fn waiting_since(&self) -> Option<Instant> {
        let ready = self.lanes.fronts().filter_map(|key| self.waiting.get(key));
        ready.chain(self.blocked()).map(|entry| entry.since).min()
    }

    /// How many wait for their turn, by urgency and by whether their services go away for good.
    pub fn depth(&self) -> BTreeMap<(Urgency, bool), usize> {
        let ready = self.lanes.counts().map(|(lane, count)| ((lane.urgency, lane.removal), count));
        let blocked = self.blocked().map(|entry| ((entry.class.urgency, is_removal(entry.class)), 1));
        let mut depth = BTreeMap::new();
        for (class, count) in ready.chain(blocked) {
            *depth.entry(class).or_insert(0) += count;
        }
        depth
    }

    pub fn waiting(&self) -> usize {
        self.lanes.len() + self.blocked().count()
    }

    pub fn delayed(&self) -> usize {
        self.delayed.len()
    }

    pub fn busy(&self) -> usize {
        self.busy.len()
    }

    fn blocked(&self) -> impl Iterator<Item = &Entry<T>> {
        self.busy.keys().filter_map(|key| self.waiting.get(key))
    }

    fn ticket(&mut self, at: Instant) -> Ticket {
        self.number += 1;
        Ticket { at, number: self.number }
    }

    fn fails_often(&self, key: &K) -> bool {
        self.streaks.get(key).is_some_and(|streak| streak.failures() >= QUARANTINE)
    }

    fn streak(&mut self, key: &K, now: Instant) -> &mut Streak {
        let retry = self.retry;
        self.streaks.entry(key.clone()).or_insert_with(|| Streak::new(retry, now))
    }

    /// Takes waiting work out of its place.
    fn take_out(&mut self, key: &K) -> Option<Entry<T>> {
        let entry = self.waiting.remove(key)?;
        match entry.place {
            Place::Ready(lane) => self.lanes.remove(lane, entry.ticket),
            Place::Delayed(at) => drop(self.delayed.remove(&(at, key.clone()))),
            Place::Blocked => {}
        }
        Some(entry)
    }

    /// Puts it where it belongs now.
    fn put_in(&mut self, key: K, mut entry: Entry<T>, now: Instant) {
        let pause = self.streaks.get(&key).map(|streak| match entry.class.urgency {
            // Somebody has changed what it is made of.
            Urgency::Interactive => streak.not_sooner(),
            Urgency::Bulk => streak.not_before(),
        });
        entry.place = match pause.filter(|until| *until > now) {
            _ if self.busy.contains_key(&key) => Place::Blocked,
            Some(until) => {
                self.delayed.insert((until, key.clone()));
                Place::Delayed(until)
            }
            None => {
                let (removal, quarantined) = (is_removal(entry.class), self.quarantined.contains(&key));
                let lane = Lane { urgency: entry.class.urgency, removal, quarantined };
                self.lanes.add(lane, entry.ticket, key.clone());
                Place::Ready(lane)
            }
        };
        self.waiting.insert(key, entry);
    }

    fn tidy(&mut self, now: Instant) {
        let (waiting, busy) = (&self.waiting, &self.busy);
        self.streaks.retain(|key, streak| {
            waiting.contains_key(key) || busy.contains_key(key) || streak.not_before() + FORGET > now
        });
        let streaks = &self.streaks;
        self.quarantined.retain(|key| streaks.contains_key(key));
    }
}

fn is_removal(class: Class) -> bool {
    class.removal != Removal::No
}
