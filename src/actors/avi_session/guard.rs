//! Calls in tasks of their own must not die unnoticed.

use futures::FutureExt as _;
use std::panic::AssertUnwindSafe;

/// A panic as an error: a task that died silently would be waited for for ever.
pub async fn guarded<T>(call: impl Future<Output = T>) -> Result<T, String> {
    AssertUnwindSafe(call).catch_unwind().await.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        format!("a bug: panic during a controller call: {}", text.unwrap_or_else(|| "no message".into()))
    })
}
