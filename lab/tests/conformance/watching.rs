//! A watch as a client reads it: one JSON object per line.

use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use tokio::time::timeout;

use crate::check::{Checked, Failure};
use crate::client::name;

/// How long an event may take that the server has every reason to send.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Watch {
    response: Response,
    unread: Vec<u8>,
    label: String,
}

impl Watch {
    /// Sends the request and waits for the headers.
    pub(crate) async fn open(request: RequestBuilder, label: String) -> Result<Self, Failure> {
        // A watch has no end of its own here; each read has.
        let request = request.timeout(Duration::from_secs(600));
        let response = timeout(PATIENCE, request.send()).await.map_err(|_| late(&label, "headers"))??;
        let code = response.status().as_u16();
        if code != 200 {
            let text = response.text().await?;
            return Err(Failure::differs(format!("{label}: the answer is {code} and should be 200: {text}")));
        }
        Ok(Self { response, unread: Vec::new(), label })
    }

    /// The next event; `None` at the clean end of the stream.
    pub(crate) async fn next(&mut self) -> Result<Option<Value>, Failure> {
        self.next_within(PATIENCE).await
    }

    pub(crate) async fn next_within(&mut self, limit: Duration) -> Result<Option<Value>, Failure> {
        timeout(limit, self.read()).await.map_err(|_| late(&self.label, "event"))?
    }

    async fn read(&mut self) -> Result<Option<Value>, Failure> {
        loop {
            if let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.unread.drain(..=end).collect();
                let event = serde_json::from_slice(&line);
                return event.map(Some).map_err(|error| Failure::differs(format!("{}: a line: {error}", self.label)));
            }
            match self.response.chunk().await? {
                Some(chunk) => self.unread.extend_from_slice(&chunk),
                None if self.unread.is_empty() => return Ok(None),
                None => return Err(Failure::differs(format!("{}: the last line is cut off", self.label))),
            }
        }
    }

    /// The next event, which must be there.
    pub(crate) async fn event(&mut self) -> Result<Value, Failure> {
        let next = self.next().await?;
        next.ok_or_else(|| Failure::differs(format!("{}: the watch ended before the event", self.label)))
    }

    /// `TYPE name` of each of the next events, in order.
    pub(crate) async fn expect(&mut self, expected: &[&str]) -> Result<Vec<Value>, Failure> {
        let mut events = Vec::new();
        for _ in expected {
            events.push(self.event().await?);
        }
        let seen: Vec<String> = events.iter().map(brief).collect();
        if seen == expected {
            return Ok(events);
        }
        Err(Failure::differs(format!("{}: the events are {seen:?} and should be {expected:?}", self.label)))
    }

    /// The stream ends, and nothing but bookmarks comes before.
    pub(crate) async fn end(&mut self, limit: Duration) -> Checked {
        while let Some(event) = self.next_within(limit).await? {
            if event["type"] != "BOOKMARK" {
                return Err(Failure::differs(format!("{}: {event} came instead of the end", self.label)));
            }
        }
        Ok(())
    }
}

/// `TYPE name`.
pub(crate) fn brief(event: &Value) -> String {
    format!("{} {}", event["type"].as_str().unwrap_or_default(), name(&event["object"]))
}

fn late(label: &str, what: &str) -> Failure {
    Failure::differs(format!("{label}: no {what} in time"))
}
