//! The calls that the operator makes, typed.

mod answer;
mod cover;
mod execute;
mod leader;
mod list;
mod names;
mod page;
mod read_one;
mod relocate;
mod shared;
mod walk;

pub use execute::Stored;
pub use leader::{Gslb, LeaderStatus, Site};
pub use list::{LooseMonitor, OwnObjects};
pub use shared::{SharedKey, SharedMonitors};

use super::call_error::{CallError, Failure};
use super::session::{AviClient, Response};
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// Everything that has a meaning of its own in a query.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn encoded(value: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(value, IN_QUERY)
}

/// The JSON of an answer to `target`.
fn json(method: &Method, target: &str, answer: Response) -> Result<Value, CallError> {
    answer.into_json().ok_or_else(|| malformed(method, target, "the body is not JSON"))
}

fn malformed(method: &Method, target: &str, why: impl Into<String>) -> CallError {
    CallError::new(format!("{method} {target}"), !method.is_safe(), Failure::Malformed(why.into()))
}

impl AviClient {
    async fn get(&self, target: &str, tenant: &str) -> Result<Value, CallError> {
        let answer = self.request(Method::GET, target, tenant, None).await?;
        json(&Method::GET, target, answer)
    }

    /// The objects of a collection that has at most one page for this query.
    async fn find(&self, target: &str, tenant: &str) -> Result<Vec<Value>, CallError> {
        match self.get(target, tenant).await?.get_mut("results").map(Value::take) {
            Some(Value::Array(objects)) => Ok(objects),
            _ => Err(malformed(&Method::GET, target, "there is no list `results`")),
        }
    }
}

#[cfg(test)]
mod tests;
