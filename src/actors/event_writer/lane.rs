//! The Events that wait for one cluster, and how fast they may leave. Pure: time is handed in.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use tokio::time::Instant;

/// Events that may leave at once after a quiet time; then one per [`REFILL`].
pub const BURST: u32 = 50;
/// Time after which one more Event may leave.
pub const REFILL: Duration = Duration::from_secs(1);
/// Events that wait at most; when there are more, the oldest is dropped.
pub const DEPTH: usize = 500;
/// How long an Event waits for a newer one about the same thing: most of what changes is over by then.
pub const MOMENT: Duration = Duration::from_secs(1);
/// How long nothing is tried after the cluster refused Events: so long at first, twice as long after each refusal in a
/// row. An API server that starts refuses for a moment what it allows right after.
pub const FIRST_SILENCE: Duration = Duration::from_secs(15);
/// But never longer than this.
pub const LONGEST_SILENCE: Duration = Duration::from_secs(600);

/// What became of an Event that was put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put<T> {
    Waits,
    /// An earlier one about the same thing is not needed any more.
    Replaced,
    /// There were too many: this is the oldest.
    Dropped {
        id: u64,
        oldest: T,
    },
    /// The cluster takes no Events at present.
    Forbidden,
}

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next<T> {
    Send {
        id: u64,
        item: T,
    },
    /// Nothing before this time.
    At(Instant),
    Idle,
}

#[derive(Debug)]
struct Waiting<T> {
    id: u64,
    due: Instant,
    item: T,
}

/// The queue of one cluster, newest only per id, with a token bucket at its end.
#[derive(Debug)]
pub struct Lane<T> {
    /// By turn.
    waiting: BTreeMap<u64, Waiting<T>>,
    /// The turn of each id that waits.
    turns: HashMap<u64, u64>,
    next_turn: u64,
    /// Tokens at `counted`.
    tokens: u32,
    counted: Instant,
    silent_until: Option<Instant>,
    /// In a row.
    refusals: u32,
}

impl<T> Lane<T> {
    pub fn new(now: Instant) -> Self {
        Self {
            waiting: BTreeMap::new(),
            turns: HashMap::new(),
            next_turn: 0,
            tokens: BURST,
            counted: now,
            silent_until: None,
            refusals: 0,
        }
    }

    /// Takes in an Event. One about the same thing that waits already keeps its turn and says this instead.
    pub fn put(&mut self, id: u64, item: T, now: Instant) -> Put<T> {
        if self.silent_until.is_some_and(|until| now < until) {
            return Put::Forbidden;
        }
        if let Some(waiting) = self.turns.get(&id).and_then(|turn| self.waiting.get_mut(turn)) {
            waiting.item = item;
            return Put::Replaced;
        }
        self.turns.insert(id, self.next_turn);
        self.waiting.insert(self.next_turn, Waiting { id, due: now + MOMENT, item });
        self.next_turn += 1;
        let oldest = if self.waiting.len() > DEPTH { self.pop() } else { None };
        oldest.map_or(Put::Waits, |Waiting { id, item, .. }| Put::Dropped { id, oldest: item })
    }

    fn pop(&mut self) -> Option<Waiting<T>> {
        let (_, waiting) = self.waiting.pop_first()?;
        self.turns.remove(&waiting.id);
        Some(waiting)
    }

    /// Whether nothing waits, and nothing is kept of what did.
    #[cfg(test)]
    pub fn is_blank(&self) -> bool {
        self.waiting.is_empty() && self.turns.is_empty()
    }

    /// What waits about this is not so any more.
    pub fn withdraw(&mut self, id: u64) {
        if let Some(turn) = self.turns.remove(&id) {
            self.waiting.remove(&turn);
        }
    }

    /// The Event whose turn it is, with its token spent.
    pub fn next(&mut self, now: Instant) -> Next<T> {
        self.refill(now);
        let Some((_, first)) = self.waiting.first_key_value() else { return Next::Idle };
        let token = if self.tokens > 0 { now } else { self.counted + REFILL };
        let at = first.due.max(token);
        if at > now {
            return Next::At(at);
        }
        self.tokens -= 1;
        match self.pop() {
            Some(Waiting { id, item, .. }) => Next::Send { id, item },
            None => Next::Idle,
        }
    }

    /// The cluster refuses Events: gives up what waits, and takes none for the time that is given back.
    pub fn fall_silent(&mut self, now: Instant) -> (Vec<(u64, T)>, Duration) {
        let factor = 1_u32.checked_shl(self.refusals).unwrap_or(u32::MAX);
        let silence = FIRST_SILENCE.saturating_mul(factor).min(LONGEST_SILENCE);
        self.silent_until = Some(now + silence);
        self.refusals += 1;
        self.turns.clear();
        let waiting = std::mem::take(&mut self.waiting).into_values();
        (waiting.map(|waiting| (waiting.id, waiting.item)).collect(), silence)
    }

    /// The cluster took an Event, or there is reason to think that it would.
    pub fn speak(&mut self) {
        self.silent_until = None;
        self.refusals = 0;
    }

    /// Forgets what waits: somebody else leads.
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.turns.clear();
    }

    /// A full bucket does not save up more.
    fn refill(&mut self, now: Instant) {
        while self.tokens < BURST && self.counted + REFILL <= now {
            self.tokens += 1;
            self.counted += REFILL;
        }
        if self.tokens == BURST {
            self.counted = now;
        }
    }
}
