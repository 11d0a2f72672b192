//! The session's queues: fair, one piece of work per key at a time, failed ones later. Pure; the caller owns the clock.

use crate::retry::{Backoff, RetryPolicy};
use rand::Rng;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

/// Who waits, who is being served, and who must wait longer because the last try failed. The key is an FQDN, or a
/// question about the controller.
#[derive(Debug)]
pub struct Queue<K, T> {
    ready: VecDeque<(K, T)>,
    /// Waits for its key's earlier work to finish.
    blocked: BTreeMap<K, T>,
    /// Waits for its backoff to pass; by time, then by key.
    delayed: BTreeMap<(Instant, K), T>,
    busy: BTreeSet<K>,
    failing: BTreeMap<K, (Backoff, Instant)>,
    /// When to forget old failures next.
    tidy_at: Instant,
    retry: RetryPolicy,
}

/// A failure that is not followed by another one for this long is forgotten; the key may be gone for good.
const FORGET: Duration = Duration::from_secs(600);

impl<K: Ord + Clone, T> Queue<K, T> {
    pub fn new(retry: RetryPolicy, now: Instant) -> Self {
        Self {
            ready: VecDeque::new(),
            blocked: BTreeMap::new(),
            delayed: BTreeMap::new(),
            busy: BTreeSet::new(),
            failing: BTreeMap::new(),
            tidy_at: now + FORGET,
            retry,
        }
    }

    /// Adds a key with new work.
    pub fn push(&mut self, key: K, item: T, now: Instant) {
        if self.busy.contains(&key) {
            self.blocked.insert(key, item);
            return;
        }
        match self.failing.get(&key) {
            Some((_, not_before)) if *not_before > now => drop(self.delayed.insert((*not_before, key), item)),
            _ => self.ready.push_back((key, item)),
        }
    }

    /// Lets those go on whose delay is over. Afterwards [`Queue::next_deadline`] is in the future, so a caller that
    /// sleeps until then does not spin while nobody may be served.
    pub fn ripen(&mut self, now: Instant) {
        while let Some(entry) = self.delayed.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((_, key), item) = entry.remove_entry();
            self.ready.push_back((key, item));
        }
        if self.tidy_at <= now {
            self.tidy_at = now + FORGET;
            self.failing.retain(|_, (_, not_before)| *not_before + FORGET > now);
        }
    }

    /// The next key to serve, which is busy from now on.
    pub fn pop(&mut self) -> Option<(K, T)> {
        loop {
            let (key, item) = self.ready.pop_front()?;
            if self.busy.insert(key.clone()) {
                return Some((key, item));
            }
            self.blocked.insert(key, item);
        }
    }

    /// The work of `key` is over; on failure the next one waits.
    pub fn finished(&mut self, key: &K, outcome: Outcome, now: Instant, rng: &mut impl Rng) {
        self.busy.remove(key);
        match outcome {
            Outcome::Done => drop(self.failing.remove(key)),
            Outcome::Failed { retry_after } => {
                let (backoff, not_before) =
                    self.failing.entry(key.clone()).or_insert_with(|| (Backoff::new(self.retry), now));
                *not_before = now + backoff.fail(retry_after, rng);
            }
            // The object may be refused again as before, so the next failure waits longer still.
            Outcome::Read => {}
            // Not its fault: it goes on as soon as the controller does.
            Outcome::Interrupted => {}
        }
        if let Some(item) = self.blocked.remove(key) {
            self.push(key.clone(), item, now);
        }
    }

    /// When the next delayed key becomes ready.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.delayed.keys().next().map(|(at, _)| *at)
    }

    pub fn waiting(&self) -> usize {
        self.ready.len() + self.blocked.len()
    }

    pub fn delayed(&self) -> usize {
        self.delayed.len()
    }

    pub fn busy(&self) -> usize {
        self.busy.len()
    }
}

/// How one piece of work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The controller took everything that was to be written.
    Done,
    /// It was only read, which says nothing about the next write.
    Read,
    /// The controller refused it or failed on it.
    Failed { retry_after: Option<Duration> },
    /// The controller as a whole could not be used.
    Interrupted,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    type Fqdn = std::sync::Arc<str>;

    fn fqdn(name: &str) -> Fqdn {
        name.into()
    }

    fn queue() -> (Queue<Fqdn, u8>, Instant, StdRng) {
        (Queue::new(RetryPolicy::default(), Instant::now()), Instant::now(), StdRng::seed_from_u64(1))
    }

    fn pop(queue: &mut Queue<Fqdn, u8>, now: Instant) -> Option<(String, u8)> {
        queue.ripen(now);
        queue.pop().map(|(fqdn, item)| (fqdn.to_string(), item))
    }

    #[test]
    fn first_come_is_first_served() {
        let (mut queue, now, _) = queue();
        queue.push(fqdn("b"), 1, now);
        queue.push(fqdn("a"), 2, now);
        assert_eq!(pop(&mut queue, now), Some(("b".into(), 1)));
        assert_eq!(pop(&mut queue, now), Some(("a".into(), 2)));
        assert_eq!(pop(&mut queue, now), None);
    }

    #[test]
    fn one_fqdn_is_served_once_at_a_time() {
        let (mut queue, now, mut rng) = queue();
        queue.push(fqdn("a"), 1, now);
        queue.pop();
        queue.push(fqdn("a"), 2, now);
        assert_eq!(pop(&mut queue, now), None, "the first is still in flight");
        queue.finished(&fqdn("a"), Outcome::Done, now, &mut rng);
        assert_eq!(pop(&mut queue, now), Some(("a".into(), 2)));
    }

    /// REST-01.
    #[test]
    fn a_failing_fqdn_waits_and_does_not_hold_up_others() {
        let (mut queue, now, mut rng) = queue();
        queue.push(fqdn("a"), 1, now);
        queue.pop();
        queue.finished(&fqdn("a"), Outcome::Failed { retry_after: Some(Duration::from_secs(5)) }, now, &mut rng);
        queue.push(fqdn("a"), 1, now);
        queue.push(fqdn("b"), 2, now);
        assert_eq!(pop(&mut queue, now), Some(("b".into(), 2)));
        assert_eq!(pop(&mut queue, now), None);
        let deadline = queue.next_deadline().unwrap();
        assert!(deadline >= now + Duration::from_secs(5) && deadline <= now + Duration::from_millis(5500));
        assert_eq!(pop(&mut queue, deadline), Some(("a".into(), 1)));
    }

    #[test]
    fn success_forgets_earlier_failures_and_an_outage_is_nobodys_failure() {
        for outcome in [Outcome::Done, Outcome::Interrupted] {
            let (mut queue, now, mut rng) = queue();
            queue.push(fqdn("a"), 1, now);
            queue.pop();
            queue.finished(&fqdn("a"), outcome, now, &mut rng);
            queue.push(fqdn("a"), 2, now);
            assert_eq!(pop(&mut queue, now), Some(("a".into(), 2)), "{outcome:?}");
        }
    }

    #[test]
    fn a_delay_that_is_over_is_no_deadline_although_nobody_was_served() {
        let (mut queue, now, mut rng) = queue();
        queue.push(fqdn("a"), 1, now);
        queue.pop();
        queue.finished(&fqdn("a"), Outcome::Failed { retry_after: None }, now, &mut rng);
        queue.push(fqdn("a"), 1, now);
        let later = queue.next_deadline().unwrap();
        queue.ripen(later);
        assert_eq!((queue.next_deadline(), queue.waiting(), queue.delayed()), (None, 1, 0));
    }

    #[test]
    fn reading_between_failures_does_not_start_the_backoff_over() {
        let (mut queue, mut now, mut rng) = queue();
        let started = now;
        for _ in 0..12 {
            for outcome in [Outcome::Failed { retry_after: None }, Outcome::Read] {
                queue.push(fqdn("a"), 1, now);
                now = queue.next_deadline().unwrap_or(now);
                queue.ripen(now);
                assert!(queue.pop().is_some());
                queue.finished(&fqdn("a"), outcome, now, &mut rng);
            }
        }
        assert!(now - started > Duration::from_secs(30), "{:?}", now - started);
    }

    #[test]
    fn an_fqdn_that_is_queued_twice_is_still_served_once_at_a_time() {
        let (mut queue, now, mut rng) = queue();
        queue.push(fqdn("a"), 1, now);
        queue.push(fqdn("a"), 2, now);
        assert_eq!(pop(&mut queue, now), Some(("a".into(), 1)));
        assert_eq!(pop(&mut queue, now), None);
        queue.finished(&fqdn("a"), Outcome::Done, now, &mut rng);
        assert_eq!(pop(&mut queue, now), Some(("a".into(), 2)));
    }

    #[test]
    fn old_failures_are_forgotten() {
        let (mut queue, now, mut rng) = queue();
        queue.push(fqdn("a"), 1, now);
        queue.pop();
        queue.finished(&fqdn("a"), Outcome::Failed { retry_after: None }, now, &mut rng);
        queue.ripen(now + FORGET);
        assert_eq!(queue.failing.len(), 1, "it failed less than that long ago");
        queue.ripen(now + FORGET * 2);
        assert_eq!(queue.failing.len(), 0);
    }
}
