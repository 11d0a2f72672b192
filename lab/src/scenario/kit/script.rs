//! The telling of a scenario: one line for each thing done, expected and seen, as it happens.

use crate::up::lab::LabError;
use crate::up::operator::OperatorError;
use crate::up::out::say;
use std::fmt::Display;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often a condition that is waited for is looked at.
const POLL: Duration = Duration::from_millis(50);

/// Why a scenario failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Lab(#[from] LabError),
    #[error(transparent)]
    Operator(#[from] OperatorError),
    #[error("{what}: {problem}")]
    Broken { what: String, problem: String },
    /// Something was seen that a scenario does not allow.
    #[error("{0}")]
    Unexpected(String),
}

impl Failure {
    /// Something that a scenario needs for itself did not work.
    pub fn broken(what: impl Into<String>, problem: impl Display) -> Self {
        Self::Broken { what: what.into(), problem: problem.to_string() }
    }
}

/// Tells the steps, each with the time since the start.
#[derive(Debug, Clone, Copy)]
pub struct Script {
    start: Instant,
}

impl Script {
    pub fn begin() -> Self {
        Self { start: Instant::now() }
    }

    /// What is being done.
    pub fn does(&self, text: &str) {
        self.line("do", text);
    }

    /// What is expected of it.
    pub fn expects(&self, text: &str) {
        self.line("expect", text);
    }

    /// What was seen.
    pub fn sees(&self, text: &str) {
        self.line("see", text);
    }

    /// A detail of what was seen.
    pub fn shows(&self, text: &str) {
        self.line("", text);
    }

    /// Tells what was seen, and fails unless it is `right`.
    ///
    /// # Errors
    /// When it is not.
    pub fn check(&self, right: bool, seen: &str) -> Result<(), Failure> {
        self.sees(seen);
        if right { Ok(()) } else { Err(Failure::Unexpected(seen.to_owned())) }
    }

    /// Tells what is expected, looks again and again until it is so, and gives how long that took.
    ///
    /// # Errors
    /// When it is not so in time; says what was seen last.
    pub async fn wait(
        &self,
        what: &str,
        within: Duration,
        mut look: impl AsyncFnMut() -> Result<String, String>,
    ) -> Result<Duration, Failure> {
        self.expects(&format!("{what}, within {}", seconds(within)));
        let start = Instant::now();
        loop {
            match look().await {
                Ok(seen) => {
                    let took = start.elapsed();
                    self.sees(&format!("{seen}, after {}", seconds(took)));
                    return Ok(took);
                }
                Err(seen) if start.elapsed() >= within => {
                    return Err(Failure::Unexpected(format!("{what}: not within {}: {seen}", seconds(within))));
                }
                Err(_) => sleep(POLL).await,
            }
        }
    }

    fn line(&self, word: &str, text: &str) {
        say(&format!("{:>6.1} s  {word:<6}  {text}", self.start.elapsed().as_secs_f64()));
    }
}

/// As `4.2 s`.
pub fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// Items in a row, or `nothing`.
pub fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if items.is_empty() { "nothing".into() } else { items.join(", ") }
}
