//! What a check is, how it says what differed, and the words that checks are written in.

use std::future::Future;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::client::Cluster;

/// One numbered behaviour.
#[derive(Clone, Copy)]
pub(crate) struct Check {
    /// Its place in the list of behaviours.
    pub(crate) number: u16,
    /// The function's name, which is the sentence.
    pub(crate) name: &'static str,
    pub(crate) group: &'static str,
    pub(crate) needs: &'static [Need],
    pub(crate) run: fn(Cluster) -> BoxFuture<'static, Checked>,
}

/// What a server must have for a check to mean anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Namespaces end, and dependents go with their owners: the controller manager's work.
    Controllers,
    /// `x-kubernetes-validations` are evaluated.
    Cel,
    /// `sendInitialEvents` is on: 1.32, and from 1.34 on.
    StreamingLists,
    /// The target names a client certificate.
    ClientCertificate,
}

/// Why a check did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// What was seen and what should have been.
    Differs(String),
    /// Nothing was learnt about the server, and why.
    NotApplicable(String),
}

pub(crate) type Checked = Result<(), Failure>;

impl Failure {
    pub(crate) fn differs(text: impl Into<String>) -> Self {
        Self::Differs(text.into())
    }
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        Self::Differs(format!("no answer: {error:?}"))
    }
}

/// `check!(number, function)` or `check!(number, function, [Need, …])`.
macro_rules! check {
    ($number:literal, $function:ident) => {
        check!($number, $function, [])
    };
    ($number:literal, $function:ident, [$($need:ident),*]) => {
        $crate::check::Check {
            number: $number,
            name: stringify!($function),
            group: module_path!(),
            needs: &[$($crate::check::Need::$need),*],
            run: |cluster| Box::pin($function(cluster)),
        }
    };
}

/// Both sides are the same as JSON.
macro_rules! same {
    ($actual:expr, $expected:expr) => {{
        let (actual, expected) = (serde_json::json!($actual), serde_json::json!($expected));
        if actual != expected {
            let text = format!("{} is {actual} and should be {expected}", stringify!($actual));
            return Err($crate::check::Failure::Differs(text));
        }
    }};
}

/// The condition holds; the rest says what was seen.
macro_rules! holds {
    ($condition:expr, $($seen:tt)+) => {
        if !$condition {
            let text = format!("not so: {}; {}", stringify!($condition), format!($($seen)+));
            return Err($crate::check::Failure::Differs(text));
        }
    };
}

/// Looks again and again until it succeeds; the last failure when it does not within `limit`.
pub(crate) async fn eventually<T, F, L>(limit: Duration, mut look: F) -> Result<T, Failure>
where
    F: FnMut() -> L,
    L: Future<Output = Result<T, Failure>>,
{
    let end = Instant::now() + limit;
    let mut looks = interval(Duration::from_millis(50));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        match look().await {
            Err(Failure::Differs(why)) if Instant::now() >= end => {
                return Err(Failure::Differs(format!("still after {limit:?}: {why}")));
            }
            Err(Failure::Differs(_)) => {}
            decided => return decided,
        }
    }
}
