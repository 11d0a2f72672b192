//! Bodies that a well-behaved server would not send.

use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use serde_json::json;
use std::io;
use std::time::Duration;

/// How often a body that trickles sends some more, at most.
const TICK: Duration = Duration::from_millis(100);

/// Between the half of a body that comes and the end of its connection.
const FLUSH: Duration = Duration::from_millis(20);

/// One byte, then an error: the HTTP server closes the connection in the middle of the body.
pub(super) fn broken() -> Body {
    torn(&Bytes::from_static(b"{ "))
}

/// The first half, then an error.
pub(super) fn torn(whole: &Bytes) -> Body {
    let half = whole.slice(..whole.len() / 2);
    let broken = stream::once(async {
        // Time for the server to send what it has.
        tokio::time::sleep(FLUSH).await;
        Err(io::Error::new(io::ErrorKind::ConnectionReset, "injected: connection broken in the body"))
    });
    Body::from_stream(stream::iter([Ok(half)]).chain(broken))
}

/// The same bytes at this rate per second.
pub(super) fn trickled(whole: Bytes, rate: u64) -> Body {
    let rate = usize::try_from(rate).unwrap_or(usize::MAX).max(1);
    let (size, pause) = if rate < 10 { (1, Duration::from_secs(1) / rate as u32) } else { (rate / 10, TICK) };
    let pieces = stream::unfold(whole, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        // The trickle itself: a pause before each piece.
        tokio::time::sleep(pause).await;
        let piece = rest.split_to(size.min(rest.len()));
        Some((Ok::<_, io::Error>(piece), rest))
    });
    Body::from_stream(pieces)
}

/// A collection of objects of this size, made while it is sent.
pub(super) fn huge(objects: u64, bytes: usize) -> Body {
    let object = json!({"uuid": "huge-1", "name": "huge", "description": "x".repeat(bytes)}).to_string();
    let (first, later) = (Bytes::from(object.clone()), Bytes::from(format!(",{object}")));
    let begin = stream::iter([Bytes::from(format!("{{\"count\":{objects},\"results\":["))]);
    let each = stream::iter(0..objects).map(move |nth| if nth == 0 { first.clone() } else { later.clone() });
    let all = begin.chain(each).chain(stream::iter([Bytes::from_static(b"]}")]));
    Body::from_stream(all.map(Ok::<_, io::Error>))
}
