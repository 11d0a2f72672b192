//! The circuit breaker: whether the controller as a whole has failed. Pure; the caller sends the probes.
//!
//! Failures are counted over all exchanges with the controller. A row of them may still concern only a part of it, such
//! as one collection or one tenant, so it makes the breaker doubt, and a probe decides.

use crate::avi::call_error::Failure;
use crate::avi::transport::TransportError;
use http::StatusCode;
use std::time::Duration;
use tokio::time::Instant;

/// So many exchanges have to fail in a row.
const ROW: u32 = 5;

/// After a probe has found the controller well, failures are taken for those of a part of it for so long.
const TRUST: Duration = Duration::from_secs(10);

/// How one exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// Whatever the answer was.
    Answered,
    /// The controller was not reached, or its front proxy answered for it.
    Failed,
}

impl Exchange {
    pub fn of(answer: Result<StatusCode, &TransportError>) -> Self {
        match answer {
            Err(error) if is_unreachable(error) => Self::Failed,
            Ok(status) if is_proxys(status.as_u16()) => Self::Failed,
            _ => Self::Answered,
        }
    }

    /// The length of the row after this exchange.
    pub fn extend(self, row: u32) -> u32 {
        match self {
            Self::Answered => 0,
            Self::Failed => row.saturating_add(1),
        }
    }
}

/// Whether a call failed like an exchange that counts.
pub fn is_outage(failure: &Failure) -> bool {
    match failure {
        Failure::Transport(error) => is_unreachable(error),
        Failure::ServerError { status, .. } => is_proxys(*status),
        _ => false,
    }
}

fn is_unreachable(error: &TransportError) -> bool {
    match error {
        TransportError::Connect(_) | TransportError::Tls(_) => true,
        TransportError::Timeout(_) | TransportError::Interrupted(_) => true,
        // One call is at fault.
        TransportError::Unsendable(_) | TransportError::TooLarge { .. } => false,
    }
}

/// The front proxy's answers while the controller starts or is overloaded.
fn is_proxys(status: u16) -> bool {
    matches!(status, 502..=504)
}

/// What may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// Everything.
    #[default]
    Closed,
    /// One probe, whose answer is waited for.
    HalfOpen,
    /// Nothing until the backoff has passed.
    Open,
}

/// The breaker of one session.
#[derive(Debug, Default)]
pub struct Breaker {
    state: State,
    trusted_until: Option<Instant>,
}

impl Breaker {
    pub fn state(&self) -> State {
        self.state
    }

    /// Whether a row of failures of this length asks for a probe.
    pub fn doubts(&self, row: u32, now: Instant) -> bool {
        self.state == State::Closed && row >= ROW && self.trusted_until.is_none_or(|until| until <= now)
    }

    /// A probe is on its way.
    pub fn probe(&mut self) {
        self.state = State::HalfOpen;
    }

    /// The controller as a whole was found well.
    pub fn close(&mut self, now: Instant) {
        if self.state == State::HalfOpen {
            self.trusted_until = Some(now + TRUST);
        }
        self.state = State::Closed;
    }

    /// The controller as a whole was found to have failed.
    pub fn open(&mut self) {
        self.state = State::Open;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Exchange::{Answered, Failed};

    fn status(code: u16) -> Exchange {
        Exchange::of(Ok(StatusCode::from_u16(code).unwrap()))
    }

    #[test]
    fn only_no_answer_and_the_answers_of_a_front_proxy_are_failures() {
        for code in [200, 201, 204, 301, 400, 401, 403, 404, 409, 412, 419, 429, 500, 501] {
            assert_eq!(status(code), Answered, "{code}");
        }
        for code in [502, 503, 504] {
            assert_eq!(status(code), Failed, "{code}");
        }
        let text = String::new;
        let failed = [
            TransportError::Connect(text()),
            TransportError::Tls(text()),
            TransportError::Timeout(text()),
            TransportError::Interrupted(text()),
        ];
        for error in failed {
            assert_eq!(Exchange::of(Err(&error)), Failed, "{error}");
            assert!(is_outage(&Failure::Transport(error)));
        }
        for error in [TransportError::Unsendable(text()), TransportError::TooLarge { limit: 1 }] {
            assert_eq!(Exchange::of(Err(&error)), Answered, "{error}");
            assert!(!is_outage(&Failure::Transport(error)));
        }
    }

    #[test]
    fn five_failures_in_a_row_are_doubtful_and_any_answer_ends_the_row() {
        let table: [(&[Exchange], bool); 6] = [
            (&[], false),
            (&[Failed; 4], false),
            (&[Failed; 5], true),
            (&[Failed, Failed, Failed, Failed, Answered, Failed], false),
            (&[Answered, Failed, Failed, Failed, Failed, Failed], true),
            (&[Failed, Failed, Failed, Failed, Failed, Failed, Failed, Answered], false),
        ];
        for (exchanges, doubtful) in table {
            let row = exchanges.iter().fold(0, |row, exchange| exchange.extend(row));
            assert_eq!(Breaker::default().doubts(row, Instant::now()), doubtful, "{exchanges:?}");
        }
    }

    #[test]
    fn it_opens_after_a_failed_probe_and_closes_after_a_good_one() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        let mut states = vec![breaker.state()];
        breaker.probe();
        states.push(breaker.state());
        breaker.open();
        states.push(breaker.state());
        assert!(!breaker.doubts(99, now), "it knows already");
        breaker.probe();
        states.push(breaker.state());
        breaker.close(now);
        states.push(breaker.state());
        assert_eq!(states, [State::Closed, State::HalfOpen, State::Open, State::HalfOpen, State::Closed]);
    }

    #[test]
    fn after_a_good_probe_a_row_of_failures_is_that_of_a_part_for_a_while() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        breaker.close(now);
        assert!(breaker.doubts(ROW, now), "a probe that nobody needed proves nothing");
        breaker.probe();
        breaker.close(now);
        assert!(!breaker.doubts(ROW, now) && !breaker.doubts(ROW, now + TRUST - Duration::from_millis(1)));
        assert!(breaker.doubts(ROW, now + TRUST));
    }
}
