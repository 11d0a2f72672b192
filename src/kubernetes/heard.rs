//! Noticing that an API server answers, whatever it answers with.

use http::Request;
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tower::BoxError;

/// Nobody is told more often.
const MIN_PAUSE: Duration = Duration::from_secs(1);

/// Told when an API server has answered.
pub type Hearing = Arc<dyn Fn(Instant) + Send + Sync>;

/// The same client; `hearing` is told of successful answers and of whatever comes through a running watch, bookmarks
/// too, at most once a second.
pub fn overheard(client: &Client, hearing: Hearing) -> Client {
    let (client, namespace) = (client.clone(), client.default_namespace().to_owned());
    let hearing = at_most_once_a_second(hearing);
    let service = tower::service_fn(move |request: Request<Body>| {
        let (client, hearing) = (client.clone(), Arc::clone(&hearing));
        async move {
            let answer = client.send(request).await?;
            let hears = answer.status().is_success();
            let hear = move || hears.then(|| hearing(Instant::now()));
            hear();
            Ok::<_, BoxError>(answer.map(|body| {
                body.map_frame(move |frame| {
                    hear();
                    frame
                })
            }))
        }
    });
    Client::new(service, namespace)
}

fn at_most_once_a_second(hearing: Hearing) -> Hearing {
    let last: Mutex<Option<Instant>> = Mutex::default();
    Arc::new(move |now| {
        let mut last = last.lock();
        if last.is_none_or(|last| now.saturating_duration_since(last) >= MIN_PAUSE) {
            *last = Some(now);
            hearing(now);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_within_a_second_is_told_once() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let ear = Arc::clone(&told);
        let hearing = at_most_once_a_second(Arc::new(move |at| ear.lock().push(at)));
        let begin = Instant::now();
        let at = |millis| begin + Duration::from_millis(millis);
        [0, 1, 999, 1000, 1500, 2000, 9000].into_iter().for_each(|millis| hearing(at(millis)));
        assert_eq!(*told.lock(), [0, 1000, 2000, 9000].map(at));
    }
}
