//! How long an FQDN waits after a failure, by what can be done about it (REST-02). Pure; the caller owns the clock.

use crate::avi::call_error::{CallError, Failure, Remedy, Restored};
use crate::retry::{Backoff, RETRY_AFTER_CAP, RetryPolicy, slow};
use rand::{Rng, RngExt as _};
use std::time::Duration;
use tokio::time::Instant;

/// How often in a row somebody else may be faster before it is taken for what only a person can mend.
const AT_ONCE: u32 = 5;
/// Keeps two writers that meet from meeting again.
const JITTER: Duration = Duration::from_millis(100);
/// The first pause of what only a person can mend, and the longest.
const HUMAN: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(600));
/// Up to a tenth less, so that what failed together is not tried together.
const HUMAN_PART: std::ops::RangeInclusive<f64> = 0.9..=1.0;

/// What decides the pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Somebody was faster: read and decide again at once, a few times.
    AtOnce,
    /// Again after the usual delay.
    Backoff,
    /// Something on the controller has to end first: a minute or two.
    Slow,
    /// A person has to change something: from half a minute up to ten.
    Human,
}

impl From<&CallError> for Pace {
    fn from(error: &CallError) -> Self {
        let overtaken =
            matches!(error.failure, Failure::NotFound(_) | Failure::AlreadyExists(_) | Failure::StaleWrite(_));
        match error.remedy() {
            Remedy::Reread if overtaken => Self::AtOnce,
            // Each try leaves DNS without the service for a moment.
            Remedy::Reread if matches!(&error.failure, Failure::MoveBroken { restored, .. } if *restored != Restored::No) => {
                Self::Human
            }
            // The controller is unwell; reading at once would not help it.
            Remedy::Reread | Remedy::Backoff => Self::Backoff,
            Remedy::Slow => Self::Slow,
            Remedy::Human => Self::Human,
        }
    }
}

/// The failures of one FQDN in a row, and until when it waits.
#[derive(Debug)]
pub struct Streak {
    failures: u32,
    /// Of these, the latest that were of [`Pace::AtOnce`].
    overtaken: u32,
    /// Those after which it waited as at [`Pace::Human`].
    human: u32,
    backoff: Backoff,
    not_before: Instant,
    not_sooner: Instant,
}

impl Streak {
    pub fn new(retry: RetryPolicy, now: Instant) -> Self {
        let backoff = Backoff::new(retry);
        Self { failures: 0, overtaken: 0, human: 0, backoff, not_before: now, not_sooner: now }
    }

    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// When it is tried again.
    pub fn not_before(&self) -> Instant {
        self.not_before
    }

    /// When it may be tried again because somebody changed what it is made of.
    pub fn not_sooner(&self) -> Instant {
        self.not_sooner
    }

    /// Whether it waits longer than the usual delay.
    pub fn is_patient(&self) -> bool {
        self.not_before > self.not_sooner
    }

    /// It failed. What the controller asked for in `Retry-After` is waited in any case.
    pub fn fail(&mut self, pace: Pace, retry_after: Option<Duration>, now: Instant, rng: &mut impl Rng) {
        self.failures = self.failures.saturating_add(1);
        self.overtaken = if pace == Pace::AtOnce { self.overtaken.saturating_add(1) } else { 0 };
        let asked = retry_after.unwrap_or_default().min(RETRY_AFTER_CAP);
        let at_once = pace == Pace::AtOnce && self.overtaken <= AT_ONCE;
        let usual = match at_once {
            true => asked + JITTER.mul_f64(rng.random_range(0.0..=1.0)),
            false => self.backoff.fail(retry_after, rng),
        };
        let whole = match pace {
            Pace::AtOnce if at_once => usual,
            // A name that stays taken, or a writer who never rests.
            Pace::AtOnce => asked + self.human(rng),
            Pace::Backoff => usual,
            Pace::Slow => asked + slow(rng),
            Pace::Human => asked + self.human(rng),
        };
        self.not_sooner = now + usual;
        self.not_before = now + usual.max(whole);
    }

    /// It could not be tried, which is not its fault. The moment that it waits keeps it from being tried over and over
    /// should nothing else hold it.
    pub fn interrupt(&mut self, retry: RetryPolicy, now: Instant, rng: &mut impl Rng) {
        self.not_sooner = now + retry.delay(0, None, rng);
        self.not_before = self.not_sooner;
    }

    fn human(&mut self, rng: &mut impl Rng) -> Duration {
        let (first, longest) = HUMAN;
        let factor = 1_u32.checked_shl(self.human).unwrap_or(u32::MAX);
        self.human = self.human.saturating_add(1);
        first.saturating_mul(factor).min(longest).mul_f64(rng.random_range(HUMAN_PART))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::avi::transport::TransportError;
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    #[test]
    fn each_failure_has_its_pace() {
        let text = String::new;
        let lost = || TransportError::Interrupted(text());
        let server = |status| Failure::ServerError { status, text: text(), retry_after: None };
        let table = [
            (false, Failure::Transport(TransportError::Connect(text())), Pace::Backoff),
            (true, Failure::Transport(TransportError::Connect(text())), Pace::Backoff),
            (true, Failure::Transport(lost()), Pace::Backoff),
            (true, server(500), Pace::Backoff),
            (false, server(503), Pace::Backoff),
            (true, Failure::Malformed(text()), Pace::Backoff),
            (true, Failure::RateLimited { retry_after: None }, Pace::Backoff),
            (true, Failure::NotFound(text()), Pace::AtOnce),
            (true, Failure::AlreadyExists(text()), Pace::AtOnce),
            (true, Failure::StaleWrite(text()), Pace::AtOnce),
            (true, Failure::Maintenance(text()), Pace::Slow),
            (true, Failure::DomainConflict(text()), Pace::Slow),
            (true, Failure::Upgrade(text()), Pace::Slow),
            (true, Failure::InUse(text()), Pace::Slow),
            (true, Failure::BadRequest(text()), Pace::Human),
            (true, Failure::Forbidden(text()), Pace::Human),
            (true, Failure::OwnedElsewhere { owner: text() }, Pace::Human),
            (true, Failure::UnknownTenant(text()), Pace::Human),
            (true, Failure::MoveBroken { restored: Restored::Yes, why: text() }, Pace::Human),
            (true, Failure::MoveBroken { restored: Restored::Unknown, why: text() }, Pace::Human),
            (true, Failure::MoveBroken { restored: Restored::No, why: text() }, Pace::Backoff),
        ];
        for (write, failure, pace) in table {
            let error = CallError { what: "PUT".into(), write, half_done: false, failure };
            assert_eq!(Pace::from(&error), pace, "{error:?}");
        }
    }

    /// Shortest and longest pause in seconds after each of `n` failures in a row, over many seeds.
    fn pauses(pace: Pace, retry_after: Option<Duration>, n: usize) -> Vec<(f64, f64)> {
        let now = Instant::now();
        let mut ranges = vec![(f64::MAX, 0.0_f64); n];
        for seed in 0..500 {
            let mut rng = StdRng::seed_from_u64(seed);
            let mut streak = Streak::new(RetryPolicy::default(), now);
            for range in &mut ranges {
                streak.fail(pace, retry_after, now, &mut rng);
                let pause = (streak.not_before() - now).as_secs_f64();
                *range = (range.0.min(pause), range.1.max(pause));
            }
        }
        ranges
    }

    /// REST-02.
    #[test]
    fn each_pace_has_its_pauses() {
        let table: [(Pace, &[(f64, f64)]); 4] = [
            (Pace::AtOnce, &[(0.0, 0.1), (0.0, 0.1), (0.0, 0.1), (0.0, 0.1), (0.0, 0.1), (27.0, 30.0), (54.0, 60.0)]),
            (Pace::Backoff, &[(0.0, 0.5), (0.0, 1.0), (0.0, 2.0), (0.0, 4.0), (0.0, 8.0), (0.0, 16.0), (0.0, 30.0)]),
            (Pace::Slow, &[(60.0, 120.0); 7]),
            (
                Pace::Human,
                &[
                    (27.0, 30.0),
                    (54.0, 60.0),
                    (108.0, 120.0),
                    (216.0, 240.0),
                    (432.0, 480.0),
                    (540.0, 600.0),
                    (540.0, 600.0),
                ],
            ),
        ];
        for (pace, expected) in table {
            for ((shortest, longest), (least, most)) in pauses(pace, None, 7).into_iter().zip(expected) {
                let slack = (most - least) * 0.05;
                assert!(shortest >= *least && shortest <= least + slack, "{pace:?}: {shortest} of {least}");
                assert!(longest <= *most && longest >= most - slack, "{pace:?}: {longest} of {most}");
            }
        }
    }

    /// REST-02.
    #[test]
    fn what_the_controller_asked_for_is_waited_at_every_pace() {
        for pace in [Pace::AtOnce, Pace::Backoff, Pace::Slow, Pace::Human] {
            for (shortest, _) in pauses(pace, Some(Duration::from_secs(100)), 7) {
                assert!(shortest >= 100.0, "{pace:?}: {shortest}");
            }
        }
    }

    #[test]
    fn only_a_long_pause_can_be_cut_short_and_never_below_the_usual_delay() {
        for (pace, patient) in [(Pace::AtOnce, false), (Pace::Backoff, false), (Pace::Slow, true), (Pace::Human, true)]
        {
            let (now, mut rng) = (Instant::now(), StdRng::seed_from_u64(1));
            let mut streak = Streak::new(RetryPolicy::default(), now);
            streak.fail(pace, Some(Duration::from_secs(5)), now, &mut rng);
            assert_eq!(streak.is_patient(), patient, "{pace:?}");
            let sooner = streak.not_sooner() - now;
            assert!(sooner >= Duration::from_secs(5) && sooner <= Duration::from_millis(5500), "{pace:?}: {sooner:?}");
        }
    }

    #[test]
    fn somebody_elses_failure_between_makes_being_overtaken_start_over() {
        let (now, mut rng) = (Instant::now(), StdRng::seed_from_u64(1));
        let mut streak = Streak::new(RetryPolicy::default(), now);
        for pace in [Pace::AtOnce, Pace::AtOnce, Pace::AtOnce, Pace::Backoff].repeat(4) {
            streak.fail(pace, None, now, &mut rng);
            assert!(pace == Pace::Backoff || streak.not_before() - now <= JITTER);
        }
        assert_eq!(streak.failures(), 16);
    }

    #[test]
    fn an_interruption_counts_as_no_failure_and_is_no_reason_to_try_over_and_over() {
        let (now, mut rng) = (Instant::now(), StdRng::seed_from_u64(1));
        let mut streak = Streak::new(RetryPolicy::default(), now);
        for _ in 0..50 {
            streak.interrupt(RetryPolicy::default(), now, &mut rng);
            assert!(streak.not_before() > now && streak.not_before() <= now + Duration::from_millis(500));
        }
        assert_eq!((streak.failures(), streak.is_patient()), (0, false));
    }
}
