//! Counting what was recorded.

use crate::recorder::Seen;
use crate::results::Calls;
use http::Method;
use std::time::Duration;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// How many requests of each sort there are.
pub fn count(seen: &[Seen]) -> Calls {
    let number = |wanted: &dyn Fn(&Seen) -> bool| seen.iter().filter(|seen| wanted(seen)).count();
    let wrote = |seen: &Seen, method: &Method| seen.is_write() && seen.method == *method;
    let reads = |seen: &Seen| seen.method.is_safe();
    let paged = |seen: &Seen| seen.method.is_safe() && seen.path_and_query.contains("page_size=");
    Calls {
        all: seen.len(),
        writes: number(&Seen::is_write),
        creates: number(&|seen| wrote(seen, &Method::POST)),
        updates: number(&|seen| wrote(seen, &Method::PUT) || wrote(seen, &Method::PATCH)),
        deletes: number(&|seen| wrote(seen, &Method::DELETE)),
        pages: number(&paged),
        other_reads: number(&|seen| reads(seen) && !paged(seen)),
        logins: number(&|seen| !reads(seen) && seen.is_session()),
        failed: number(&|seen| !(200..300).contains(&seen.status)),
        most_in_a_second: most_in_a_second(seen),
    }
}

/// Arrivals are recorded in the order of time.
fn most_in_a_second(seen: &[Seen]) -> usize {
    let mut most = 0;
    let mut first = 0;
    for (last, request) in seen.iter().enumerate() {
        while seen.get(first).is_some_and(|early| early.at + SECOND <= request.at) {
            first += 1;
        }
        most = most.max(last + 1 - first);
    }
    most
}

/// When the first write arrived.
pub fn first_write(seen: &[Seen]) -> Option<Instant> {
    seen.iter().find(|seen| seen.is_write()).map(|seen| seen.at)
}

/// When the last write was answered.
pub fn last_answer(seen: &[Seen]) -> Option<Instant> {
    seen.iter().filter(|seen| seen.is_write()).filter_map(|seen| seen.answered).max()
}

/// Answered writes over time, in at most about two hundred points.
pub fn progress(seen: &[Seen], since: Instant) -> Vec<(f64, usize)> {
    let mut answers: Vec<Instant> = seen.iter().filter(|s| s.is_write()).filter_map(|s| s.answered).collect();
    answers.sort_unstable();
    let step = answers.len().div_ceil(200).max(1);
    let point = |(nth, at): (usize, &Instant)| {
        let seconds = at.saturating_duration_since(since).as_secs_f64();
        ((seconds * 1000.0).round() / 1000.0, nth + 1)
    };
    let last = answers.len().saturating_sub(1);
    let numbered = answers.iter().enumerate().filter(|(nth, _)| nth % step == 0 || *nth == last);
    numbered.map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn seen(began: Instant, at: u64, method: Method, path: &str, status: u16) -> Seen {
        let at = began + Duration::from_millis(at);
        let answered = (status > 0).then_some(at + Duration::from_millis(5));
        Seen { at, answered, status, method, path_and_query: path.to_owned(), body: Bytes::new() }
    }

    #[tokio::test]
    async fn every_request_is_counted_once_by_its_sort() {
        let began = Instant::now();
        let log = [
            seen(began, 0, Method::POST, "/login", 200),
            seen(began, 10, Method::GET, "/api/initial-data", 200),
            seen(began, 20, Method::GET, "/api/gslbservice?page_size=100&sort=name", 200),
            seen(began, 30, Method::POST, "/api/healthmonitor/", 201),
            seen(began, 1005, Method::PUT, "/api/gslbservice/gslbservice-1", 412),
            seen(began, 1100, Method::DELETE, "/api/gslbservice/gslbservice-2", 0),
        ];
        let expected = Calls {
            all: 6,
            writes: 3,
            creates: 1,
            updates: 1,
            deletes: 1,
            pages: 1,
            other_reads: 1,
            logins: 1,
            failed: 2,
            most_in_a_second: 4,
        };
        assert_eq!(count(&log), expected);
        assert_eq!(first_write(&log), Some(began + Duration::from_millis(30)));
        assert_eq!(last_answer(&log), Some(began + Duration::from_millis(1010)));
        assert_eq!(progress(&log, began), [(0.035, 1), (1.01, 2)]);
    }
}
