//! Watches against API servers that misbehave.

use super::*;
use crate::kubernetes::objects::NamespaceObject;
use axum::body::Body as Answer;
use bytes::Bytes;
use http::{Request, Response};
use kube::Client;
use kube::client::Body;
use parking_lot::Mutex;
use rand::SeedableRng;
use serde_json::json;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

type Event = WatchEvent<String, String>;

/// Everything that a watch tells and asks within `time`, of a server that answers with `answer`.
async fn watched<F>(time: Duration, answer: fn(bool) -> F) -> (Vec<Event>, Vec<String>)
where
    F: Future<Output = Answer> + Send + 'static,
{
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let client = Client::new(
        tower::service_fn(move |request: Request<Body>| {
            let is_watch = request.uri().query().unwrap_or_default().contains("watch=true");
            log.lock().push(if is_watch { "watch" } else { "list" }.to_owned());
            async move { Ok::<_, Infallible>(Response::new(answer(is_watch).await)) }
        }),
        "default",
    );
    let (api, ear) = source(&client, Api::all);
    let watch = Watch {
        api,
        ear,
        config: watcher::Config::default(),
        project: |namespace: NamespaceObject| namespace.name_any(),
        identify: |_, name| name.to_owned(),
        retry: RetryPolicy::default(),
        rng: StdRng::seed_from_u64(1),
        identity: None,
    };
    let mut told = Vec::new();
    let _ = tokio::time::timeout(time, watch.run(|event| told.push(event))).await;
    let asked = asked.lock().clone();
    (told, asked)
}

fn list() -> Answer {
    let text = json!({"apiVersion": "v1", "kind": "NamespaceList", "metadata": {"resourceVersion": "7"},
        "items": [{"metadata": {"name": "shop", "resourceVersion": "3"}}]})
    .to_string();
    Answer::from(text)
}

#[tokio::test(start_paused = true)]
async fn f03_a_list_that_is_never_answered_is_noticed_and_tried_again() {
    let (told, asked) = watched(Duration::from_secs(100), |_| std::future::pending()).await;
    assert!(asked.len() >= 3, "{asked:?}");
    let Some(WatchEvent::Failed(error)) = told.first() else { panic!("{told:?}") };
    assert!(error.contains("no answer to GET /api/v1/namespaces in 30s"), "{error}");
}

/// CL-06: kube's stream says nothing of a watch that is open again and has no news.
#[tokio::test(start_paused = true)]
async fn a_watch_that_is_open_again_is_told_once_and_before_any_news() {
    static FAILURES: AtomicUsize = AtomicUsize::new(0);
    let answer = |is_watch| async move {
        match (is_watch, FAILURES.fetch_add(usize::from(is_watch), Ordering::Relaxed)) {
            (false, _) => list(),
            (true, 0) => Answer::from("no JSON"),
            (true, _) => silence(),
        }
    };
    let (told, _) = watched(Duration::from_secs(20), answer).await;
    let kinds: Vec<&str> = told.iter().map(word).collect();
    assert_eq!(kinds, ["listed", "failed", "reopened"], "{told:?}");
}

/// An answer of which nothing comes yet.
fn silence() -> Answer {
    Answer::from_stream(futures::stream::pending::<Result<Bytes, Infallible>>())
}

fn word(event: &Event) -> &'static str {
    match event {
        WatchEvent::Listed { .. } => "listed",
        WatchEvent::Failed(_) => "failed",
        WatchEvent::Reopened => "reopened",
        _ => "other",
    }
}

#[tokio::test(start_paused = true)]
async fn f08_a_watch_that_ends_at_once_is_not_opened_more_than_once_per_second() {
    let answer = |is_watch| async move { if is_watch { Answer::empty() } else { list() } };
    let (told, asked) = watched(Duration::from_secs(60), answer).await;
    assert_eq!(told, [WatchEvent::Listed { objects: vec!["shop".into()], undecodable: vec![] }]);
    assert!((55..=62).contains(&asked.len()), "{} requests", asked.len());
}
