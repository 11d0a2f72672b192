//! How many requests one controller gets: a token bucket that learns from refusals. Pure; the caller owns the clock.
//!
//! The bucket is kept as one moment, that at which it will be full again. A request moves it by the time that its
//! token takes to come back, and is allowed while the moment is at most [`BURST`] ahead. So nothing has to be refilled,
//! and when the rate changes the bucket stays as full, in parts of itself, as it was.
//!
//! No crate does this: governor, the usual one, fixes its quota when it is built, and its waiting runs on timers that
//! do not stop with tokio's paused clock.

use std::time::Duration;
use tokio::time::Instant;

/// A full bucket holds as many requests as are allowed in this time.
pub const BURST: Duration = Duration::from_secs(1);

/// Where a limit starts that a controller demands of a client that has none: below the 32 that it allows as shipped.
const DEMANDED: u32 = 20;

/// A demanded limit that has recovered to this rate is over, if none is configured: controllers that were tuned upwards
/// stand near it.
const OVER: u32 = 128;

/// A controller that asks for a longer silence is asked again anyway.
const SILENCE_CAP: Duration = Duration::from_secs(300);

/// The requests that may be sent.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Per second; 0 for no limit.
    configured: u32,
    lowered: Option<Lowered>,
    full_at: Instant,
    silent_until: Instant,
}

/// After a refusal.
#[derive(Debug, Clone, Copy)]
struct Lowered {
    rate: u32,
    at: Instant,
    /// One more per second is allowed for each second after this.
    recovers_from: Instant,
}

impl Bucket {
    /// `rate` is in requests per second; 0 means no limit.
    pub fn new(rate: u32, now: Instant) -> Self {
        Self { configured: rate, lowered: None, full_at: now, silent_until: now }
    }

    /// Another rate from now on. What the controller demanded stays in force.
    pub fn configure(&mut self, rate: u32) {
        self.configured = rate;
    }

    /// Requests per second that are allowed now; 0 for no limit.
    pub fn rate(&self, now: Instant) -> u32 {
        let Some(lowered) = &self.lowered else { return self.configured };
        let seconds = now.saturating_duration_since(lowered.recovers_from).as_secs();
        let recovered = lowered.rate.saturating_add(u32::try_from(seconds).unwrap_or(u32::MAX));
        let end = if self.configured == 0 { OVER } else { self.configured };
        if recovered >= end { self.configured } else { recovered }
    }

    /// Of `whole` calls at once, how many may be made: in the proportion to which refusals have lowered the rate, and at
    /// least one.
    pub fn part(&self, whole: usize, now: Instant) -> usize {
        let usual = if self.configured == 0 { OVER } else { self.configured };
        let numbers = (usize::try_from(self.rate(now)), usize::try_from(usual));
        let (Ok(rate @ 1..), Ok(usual)) = numbers else { return whole };
        whole.saturating_mul(rate).div_ceil(usual).clamp(whole.min(1), whole)
    }

    /// Takes the token of one request.
    ///
    /// # Errors
    /// When there is none: the moment from which it is worth asking again.
    pub fn take(&mut self, now: Instant) -> Result<(), Instant> {
        if now < self.silent_until {
            return Err(self.silent_until);
        }
        let Some(cost) = cost(self.rate(now)) else { return Ok(()) };
        let full_at = self.full_at.max(now) + cost;
        let ahead = full_at.saturating_duration_since(now);
        if ahead > BURST {
            return Err(now + (ahead - BURST));
        }
        self.full_at = full_at;
        Ok(())
    }

    /// Counts a request that could not wait.
    pub fn count(&mut self, now: Instant) {
        if let Some(cost) = cost(self.rate(now)) {
            self.full_at = (self.full_at.max(now) + cost).min(now + 2 * BURST);
        }
    }

    /// The request whose token was taken is not sent after all.
    pub fn give_back(&mut self, now: Instant) {
        if let Some(cost) = cost(self.rate(now)) {
            let ahead = self.full_at.saturating_duration_since(now);
            self.full_at = now + ahead.saturating_sub(cost);
        }
    }

    /// The controller refused a request, sent at `sent`, because there were too many. Halves the rate, once for all the
    /// requests that were under way together, empties the bucket, and is silent for as long as was asked.
    pub fn refused(&mut self, sent: Instant, retry_after: Option<Duration>, now: Instant) {
        let silence = retry_after.unwrap_or_default().min(SILENCE_CAP);
        self.silent_until = self.silent_until.max(now + silence);
        let recovers_from = self.silent_until.max(now);
        if let Some(lowered) = self.lowered.as_mut().filter(|lowered| sent <= lowered.at) {
            lowered.recovers_from = lowered.recovers_from.max(recovers_from);
            return;
        }
        let rate = match self.rate(now) {
            0 => DEMANDED,
            rate => (rate / 2).max(1),
        };
        self.lowered = Some(Lowered { rate, at: now, recovers_from });
        self.full_at = now + BURST;
    }
}

/// Time in which one token comes back, at most a second; rounded up, so that the rate is never exceeded.
fn cost(rate: u32) -> Option<Duration> {
    const SECOND: u64 = 1_000_000_000;
    (rate > 0).then(|| Duration::from_nanos(SECOND.div_ceil(u64::from(rate))))
}
