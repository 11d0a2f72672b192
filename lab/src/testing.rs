//! What tests of several crates share: waiting with a bound, a cluster on a port, a status without its times. What is
//! wrong ends the test.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use crate::chance::Chance;
use crate::clock::Clock;
use crate::kube::{KubeWorld, KubeWorldConfig};
use serde_json::{Value, json};
use std::fmt::Debug;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

/// How long anything may take to come about, unless a test knows better.
pub const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

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

/// An empty cluster on real time and on a port of its own; gives its URL as well.
pub async fn serve_cluster(name: &str) -> (KubeWorld, String) {
    let (clock, chance) = (Clock::real(), Chance::seeded(1));
    let world = KubeWorld::new(KubeWorldConfig { name: name.to_owned(), clock, chance, history: 1000 });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let router = world.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (world, server)
}

/// A status in which each time is only `<time>`: times are of the machine's clock, and each must be in whole seconds.
pub fn without_times(mut value: Value) -> Value {
    mask(&mut value);
    value
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if key == "time" || key == "lastTransitionTime" {
                    assert_eq!(value.as_str().unwrap().len(), "2026-01-01T00:00:00Z".len());
                    *value = json!("<time>");
                }
                mask(value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}
