//! The record of what was asked of the controllers.

use serde_json::Value;
use std::collections::VecDeque;

/// One request as a site received it and the status it was answered with.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestRecord {
    /// 1 for the first request; grows by one with each request of any site.
    pub seq: u64,
    pub site: String,
    pub method: String,
    /// As sent, double slashes and all.
    pub path_and_query: String,
    /// The tenant header, when there was one.
    pub tenant: Option<String>,
    /// 0 when no answer was sent.
    pub status: u16,
    /// The JSON body, when there was one; passwords and tokens are replaced.
    pub body: Option<Value>,
}

/// The newest records, up to a bound.
#[derive(Debug)]
pub(super) struct RequestLog {
    records: VecDeque<RequestRecord>,
    bound: usize,
    next: u64,
}

impl RequestLog {
    pub fn new(bound: usize) -> Self {
        Self { records: VecDeque::new(), bound, next: 1 }
    }

    /// Stores the record under the next sequence number.
    pub fn push(&mut self, mut record: RequestRecord) {
        record.seq = self.next;
        self.next += 1;
        if self.bound == 0 {
            return;
        }
        if self.records.len() >= self.bound {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    /// Sequence number of the newest record; 0 when there was none.
    pub fn last(&self) -> u64 {
        self.next - 1
    }

    pub fn all(&self) -> Vec<RequestRecord> {
        self.records.iter().cloned().collect()
    }
}
