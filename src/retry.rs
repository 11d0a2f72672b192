//! The retry policy of everything that talks to the outside: exponential, full jitter, honours `Retry-After`.
//!
//! The caller owns the random numbers and decides what may be tried again. [`pause`] is the only sleep of the
//! operator: tasks that watch or write wait in it, actors use timers instead.

use rand::{Rng, RngExt as _};
use std::time::Duration;

/// A server that asks for a longer pause than this is asked again anyway.
pub const RETRY_AFTER_CAP: Duration = Duration::from_secs(300);

/// How long to wait before the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Upper bound of the first delay.
    pub start: Duration,
    /// Upper bound of every delay.
    pub cap: Duration,
}

impl Default for RetryPolicy {
    /// 500 ms, doubling up to 30 s.
    fn default() -> Self {
        Self { start: Duration::from_millis(500), cap: Duration::from_secs(30) }
    }
}

impl RetryPolicy {
    /// Delay after `attempt` earlier failures (0 for the first one): a random part of the exponential bound, on top
    /// of what the server asked for in `Retry-After` (at most five minutes of that are honoured).
    pub fn delay(&self, attempt: u32, retry_after: Option<Duration>, rng: &mut impl Rng) -> Duration {
        let jitter = self.bound(attempt).mul_f64(rng.random_range(0.0..=1.0));
        retry_after.unwrap_or_default().min(RETRY_AFTER_CAP).saturating_add(jitter)
    }

    fn bound(&self, attempt: u32) -> Duration {
        let factor = 1_u32.checked_shl(attempt).unwrap_or(u32::MAX);
        self.start.saturating_mul(factor).min(self.cap)
    }
}

/// How long something on the other side is given to end, when trying earlier would be of no use: a minute or two.
pub fn slow(rng: &mut impl Rng) -> Duration {
    const SECONDS: std::ops::RangeInclusive<f64> = 60.0..=120.0;
    Duration::from_secs_f64(rng.random_range(SECONDS))
}

/// Waits, on the clock that tests may pause.
pub async fn pause(delay: Duration) {
    tokio::time::sleep(delay).await;
}

/// Counts the failures in a row of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backoff {
    policy: RetryPolicy,
    failures: u32,
}

impl Backoff {
    pub fn new(policy: RetryPolicy) -> Self {
        Self { policy, failures: 0 }
    }

    /// Failures since the last success.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Counts a failure and says how long to wait before the next attempt.
    pub fn fail(&mut self, retry_after: Option<Duration>, rng: &mut impl Rng) -> Duration {
        let delay = self.policy.delay(self.failures, retry_after, rng);
        self.failures = self.failures.saturating_add(1);
        delay
    }

    /// After a success: the next failure starts from the shortest delay.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng as _, rngs::StdRng};

    fn longest(policy: RetryPolicy, attempt: u32) -> Duration {
        let mut rng = StdRng::seed_from_u64(1);
        (0..2000).map(|_| policy.delay(attempt, None, &mut rng)).max().unwrap()
    }

    /// REST-02.
    #[test]
    fn the_bound_doubles_until_the_cap() {
        let policy = RetryPolicy::default();
        for (attempt, millis) in [(0, 500), (1, 1000), (2, 2000), (5, 16_000), (6, 30_000), (31, 30_000), (99, 30_000)]
        {
            let bound = Duration::from_millis(millis);
            let longest = longest(policy, attempt);
            assert!(longest <= bound && longest > bound.mul_f64(0.95), "attempt {attempt}: {longest:?}");
        }
    }

    #[test]
    fn jitter_reaches_down_to_nothing() {
        let mut rng = StdRng::seed_from_u64(1);
        let policy = RetryPolicy::default();
        let shortest = (0..2000).map(|_| policy.delay(6, None, &mut rng)).min().unwrap();
        assert!(shortest < Duration::from_millis(300), "{shortest:?}");
    }

    #[test]
    fn never_earlier_than_the_server_asked() {
        let mut rng = StdRng::seed_from_u64(1);
        let policy = RetryPolicy::default();
        for _ in 0..200 {
            let delay = policy.delay(0, Some(Duration::from_secs(7)), &mut rng);
            assert!((Duration::from_secs(7)..=Duration::from_millis(7500)).contains(&delay), "{delay:?}");
        }
    }

    #[test]
    fn a_server_cannot_ask_for_hours() {
        let mut rng = StdRng::seed_from_u64(1);
        let delay = RetryPolicy::default().delay(0, Some(Duration::from_secs(86_400)), &mut rng);
        assert!(delay <= RETRY_AFTER_CAP + Duration::from_millis(500), "{delay:?}");
    }

    #[test]
    fn the_same_seed_gives_the_same_delays_and_a_success_starts_over() {
        let delays = |backoff: &mut Backoff| {
            let mut rng = StdRng::seed_from_u64(7);
            (0..6).map(|_| backoff.fail(None, &mut rng)).collect::<Vec<_>>()
        };
        let mut backoff = Backoff::default();
        let first = delays(&mut backoff);
        assert_eq!(backoff.failures(), 6);
        backoff.reset();
        assert_eq!(delays(&mut backoff), first);
    }
}
