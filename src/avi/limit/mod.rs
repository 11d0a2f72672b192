//! Waiting for one's turn at the controller: one line for those in a hurry, one for the others.

mod bucket;

use super::urgency::Urgency;
use crate::retry::pause;
use bucket::Bucket;
use parking_lot::Mutex;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Of this many requests, one is of those that are not in a hurry, when any wait: a full read comes to an end however
/// many single changes there are.
const SHARE: u32 = 10;

/// What the limit does at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Requests per second that are allowed now, below the configured rate after the controller refused some; 0 for no
    /// limit.
    pub rate: u32,
    /// Calls that wait for their turn.
    pub waiting: usize,
}

/// Gives out the turns of one controller, for all that talk to it.
#[derive(Debug)]
pub struct Pacer {
    inner: Mutex<Inner>,
    interactive: Line,
    bulk: Line,
}

#[derive(Debug)]
struct Inner {
    bucket: Bucket,
    interactive: usize,
    bulk: usize,
    /// Turns in a row that went to the interactive line while others waited.
    ahead: u32,
}

/// Those who wait, first come first served; only the first of a line looks at the bucket.
#[derive(Debug, Default)]
struct Line {
    first: tokio::sync::Mutex<()>,
    /// It may be this line's turn.
    called: Notify,
}

/// What the first of a line has to do.
enum Next {
    Go,
    WaitUntil(Instant),
    /// The other line comes first.
    StandBack,
}

impl Pacer {
    pub fn unlimited() -> Self {
        let inner = Inner { bucket: Bucket::new(0, Instant::now()), interactive: 0, bulk: 0, ahead: 0 };
        Self { inner: Mutex::new(inner), interactive: Line::default(), bulk: Line::default() }
    }

    /// Requests per second on average from now on; 0 for no limit.
    pub fn set_rate(&self, rate: u32) {
        self.inner.lock().bucket.configure(rate);
    }

    pub fn pace(&self) -> Pace {
        let inner = self.inner.lock();
        Pace { rate: inner.bucket.rate(Instant::now()), waiting: inner.interactive + inner.bulk }
    }

    /// Of `whole` calls at once, how many may be made while the controller asks for fewer requests; at least one.
    pub fn part(&self, whole: usize) -> usize {
        self.inner.lock().bucket.part(whole, Instant::now())
    }

    /// Waits until one request may be sent. Whoever stops waiting loses nothing for the others.
    pub async fn turn(&self, urgency: Urgency) {
        let _waiting = Waiting::new(self, urgency);
        let line = self.line(urgency);
        let _first = line.first.lock().await;
        loop {
            let now = Instant::now();
            let next = self.inner.lock().next(urgency, now);
            match next {
                Next::Go => return,
                Next::WaitUntil(at) => pause(at.saturating_duration_since(now)).await,
                Next::StandBack => line.called.notified().await,
            }
        }
    }

    /// Counts a request that could not wait.
    pub fn count(&self) {
        self.inner.lock().bucket.count(Instant::now());
    }

    /// A turn was not used.
    pub fn give_back(&self) {
        self.inner.lock().bucket.give_back(Instant::now());
    }

    /// The controller refused a request, sent at `sent`, because there were too many.
    pub fn refused(&self, sent: Instant, retry_after: Option<Duration>) {
        let now = Instant::now();
        let mut inner = self.inner.lock();
        let before = inner.bucket.rate(now);
        inner.bucket.refused(sent, retry_after, now);
        let rate = inner.bucket.rate(now);
        if rate != before {
            tracing::warn!(rate, ?retry_after, "the controller limits the request rate; fewer per second are sent");
        }
    }

    fn line(&self, urgency: Urgency) -> &Line {
        match urgency {
            Urgency::Interactive => &self.interactive,
            Urgency::Bulk => &self.bulk,
        }
    }
}

impl Inner {
    fn next(&mut self, urgency: Urgency, now: Instant) -> Next {
        if self.first_line() != urgency {
            return Next::StandBack;
        }
        match self.bucket.take(now) {
            Ok(()) => {
                self.ahead = if urgency == Urgency::Interactive && self.bulk > 0 { self.ahead + 1 } else { 0 };
                Next::Go
            }
            Err(at) => Next::WaitUntil(at),
        }
    }

    fn first_line(&self) -> Urgency {
        let bulks_share = self.bulk > 0 && self.ahead + 1 >= SHARE;
        if self.interactive > 0 && !bulks_share { Urgency::Interactive } else { Urgency::Bulk }
    }

    fn waiting(&mut self, urgency: Urgency) -> &mut usize {
        match urgency {
            Urgency::Interactive => &mut self.interactive,
            Urgency::Bulk => &mut self.bulk,
        }
    }
}

/// One place in a line, given up when dropped.
struct Waiting<'a> {
    pacer: &'a Pacer,
    urgency: Urgency,
}

impl<'a> Waiting<'a> {
    fn new(pacer: &'a Pacer, urgency: Urgency) -> Self {
        *pacer.inner.lock().waiting(urgency) += 1;
        Self { pacer, urgency }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        *self.pacer.inner.lock().waiting(self.urgency) -= 1;
        self.pacer.interactive.called.notify_one();
        self.pacer.bulk.called.notify_one();
    }
}

#[cfg(test)]
mod tests;
