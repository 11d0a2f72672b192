//! Wall-clock time for the simulated worlds, driven by tokio's clock so that paused time moves it too.

use jiff::Timestamp;
use tokio::time::Instant;

/// A clock that starts at a given wall time and advances with tokio's clock. Cheap to clone.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    base: Timestamp,
    start: Instant,
}

impl Clock {
    /// Starts at the machine's wall time.
    pub fn real() -> Self {
        Self { base: Timestamp::now(), start: Instant::now() }
    }

    /// Starts at a fixed wall time, for worlds that must replay.
    pub fn starting_at(base: Timestamp) -> Self {
        Self { base, start: Instant::now() }
    }

    pub fn now(&self) -> Timestamp {
        self.base.checked_add(self.start.elapsed()).unwrap_or(Timestamp::MAX)
    }
}
