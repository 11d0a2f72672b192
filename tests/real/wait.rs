//! Waiting for something to come about, with a bound.

use std::fmt::Debug;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long anything may take to come about, unless a test knows better.
pub const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// Asks again and again until `answer` is there.
pub async fn eventually<T>(what: &str, mut answer: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = answer().await {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        sleep(POLL).await;
    }
}

/// Asks again and again until the answer is `expected`; shows both when it never is.
pub async fn becomes<T: PartialEq + Debug>(what: &str, expected: T, answer: impl AsyncFnMut() -> T) {
    becomes_within(PATIENCE, what, expected, answer).await;
}

/// The same with another bound.
pub async fn becomes_within<T>(patience: Duration, what: &str, expected: T, mut answer: impl AsyncFnMut() -> T)
where
    T: PartialEq + Debug,
{
    let start = Instant::now();
    let mut found = answer().await;
    while found != expected && start.elapsed() < patience {
        sleep(POLL).await;
        found = answer().await;
    }
    assert_eq!(found, expected, "{what}, not within {patience:?}");
}
