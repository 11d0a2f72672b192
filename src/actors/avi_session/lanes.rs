//! Who is next among those that may be served: urgent ones first, without leaving anybody out for good (DB-11). Pure.

use crate::avi::urgency::Urgency;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// Decisions made within this time count as made together: the deletions among them wait for the rest.
pub const ROUND: Duration = Duration::from_millis(250);
/// A deletion waits no longer than this for the changes of its round.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Of so many turns in a row while others wait, one is theirs.
pub const SHARE: u32 = 8;
/// Of those that keep failing, so many are worked on at the same time.
pub const QUARANTINE_PLACES: usize = 2;

/// What is served alike. In the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane {
    pub urgency: Urgency,
    /// The service goes away for good.
    pub removal: bool,
    /// It failed too often.
    pub quarantined: bool,
}

/// A place in the order of coming; no two are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    pub at: Instant,
    pub number: u64,
}

/// Those that may be served and those that are.
#[derive(Debug)]
pub struct Lanes<K> {
    /// At most eight lanes, none of them empty.
    ready: BTreeMap<Lane, BTreeMap<Ticket, K>>,
    served: BTreeMap<Ticket, Lane>,
    /// Turns in a row that went to the first lane while another one waited.
    preferred: u32,
    /// Of bulk work, so much is done at the same time.
    bulk_places: usize,
}

impl<K> Default for Lanes<K> {
    fn default() -> Self {
        Self { ready: BTreeMap::new(), served: BTreeMap::new(), preferred: 0, bulk_places: usize::MAX }
    }
}

impl<K> Lanes<K> {
    pub fn set_bulk_places(&mut self, places: usize) {
        self.bulk_places = places;
    }

    pub fn add(&mut self, lane: Lane, ticket: Ticket, key: K) {
        self.ready.entry(lane).or_default().insert(ticket, key);
    }

    pub fn remove(&mut self, lane: Lane, ticket: Ticket) {
        if let Some(waiting) = self.ready.get_mut(&lane) {
            waiting.remove(&ticket);
            if waiting.is_empty() {
                self.ready.remove(&lane);
            }
        }
    }

    /// Takes out who is next, who is being served until [`Lanes::done`] is told.
    pub fn next(&mut self, now: Instant) -> Option<(Ticket, K)> {
        let (lane, ticket) = self.choose(now)?;
        let key = self.ready.get_mut(&lane)?.remove(&ticket)?;
        self.remove(lane, ticket);
        self.served.insert(ticket, lane);
        Some((ticket, key))
    }

    pub fn done(&mut self, ticket: Ticket) {
        self.served.remove(&ticket);
    }

    /// How many wait, by lane.
    pub fn counts(&self) -> impl Iterator<Item = (Lane, usize)> {
        self.ready.iter().map(|(lane, waiting)| (*lane, waiting.len()))
    }

    pub fn len(&self) -> usize {
        self.ready.values().map(BTreeMap::len).sum()
    }

    /// Who came first in each lane.
    pub fn fronts(&self) -> impl Iterator<Item = &K> {
        self.ready.values().filter_map(|waiting| waiting.values().next())
    }

    /// When a deletion that waits may go, if nothing that ends lets it go earlier.
    pub fn wake(&self, now: Instant) -> Option<Instant> {
        let held = self.firsts().filter(|(lane, _)| lane.removal);
        held.filter_map(|(_, ticket)| [ROUND, PATIENCE].map(|wait| ticket.at + wait).into_iter().find(|at| *at > now))
            .min()
    }

    /// The first lane with somebody in it who may go; from time to time, instead of it, who waits longest in the others.
    fn choose(&mut self, now: Instant) -> Option<(Lane, Ticket)> {
        let mut candidates = self.firsts().filter(|(lane, ticket)| self.may_go(*lane, *ticket, now));
        let first = candidates.next()?;
        let longest = candidates.min_by_key(|(_, ticket)| *ticket);
        let (chosen, preferred) = match longest {
            Some(longest) if self.preferred + 1 >= SHARE => (longest, 0),
            Some(_) => (first, self.preferred + 1),
            None => (first, 0),
        };
        self.preferred = preferred;
        Some(chosen)
    }

    /// The front of each lane, in the order of precedence.
    fn firsts(&self) -> impl Iterator<Item = (Lane, Ticket)> {
        self.ready.iter().filter_map(|(lane, waiting)| Some((*lane, *waiting.keys().next()?)))
    }

    fn may_go(&self, lane: Lane, ticket: Ticket, now: Instant) -> bool {
        let quarantined = self.served.values().filter(|lane| lane.quarantined).count();
        if lane.quarantined && quarantined >= QUARANTINE_PLACES {
            return false;
        }
        let bulk = self.served.values().filter(|lane| lane.urgency == Urgency::Bulk).count();
        if lane.urgency == Urgency::Bulk && bulk >= self.bulk_places {
            return false;
        }
        !lane.removal || now >= ticket.at + PATIENCE || (now >= ticket.at + ROUND && !self.is_awaited(lane, ticket))
    }

    /// Whether changes of its round, at least as urgent, are not done. What keeps failing is nobody's reason to wait.
    fn is_awaited(&self, removal: Lane, ticket: Ticket) -> bool {
        let served = self.served.iter().map(|(ticket, lane)| (*lane, *ticket));
        let mut open = self.firsts().chain(served);
        open.any(|(lane, open)| {
            !lane.removal && !lane.quarantined && lane.urgency <= removal.urgency && open.at <= ticket.at + ROUND
        })
    }
}
