//! Requests to the controller: how many, how they ended, how long they took.

use super::Metrics;
use crate::avi::transport::{AviTransport, TransportError};
use bytes::Bytes;
use futures::future::BoxFuture;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::sync::Arc;
use tokio::time::Instant;

/// A request to the controller, by what kind of object it is about and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    object: String,
    /// HTTP status, or `none` when no answer came.
    code: String,
}

#[derive(Debug)]
pub struct RequestMetrics {
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
}

impl RequestMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let requests: Family<RequestLabels, Counter> = Family::default();
        let seconds = Histogram::new(exponential_buckets(0.002, 2.0, 16));
        registry.register("avi_requests", "Requests to the controller", requests.clone());
        let help = "Time to an answer of the controller";
        registry.register_with_unit("avi_request_duration", help, Unit::Seconds, seconds.clone());
        Self { requests, seconds }
    }
}

impl Metrics {
    /// Wraps a transport so that its requests are counted and timed.
    pub fn measured(self: &Arc<Self>, transport: Arc<dyn AviTransport>) -> Arc<dyn AviTransport> {
        Arc::new(Measured { transport, metrics: Arc::clone(self) })
    }
}

/// A transport whose requests are counted and timed.
struct Measured {
    transport: Arc<dyn AviTransport>,
    metrics: Arc<Metrics>,
}

impl AviTransport for Measured {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        let method = request.method().to_string();
        let object = object_kind(request.uri().path());
        let started = Instant::now();
        Box::pin(async move {
            let answer = self.transport.send(request).await;
            let code = answer.as_ref().map_or_else(|_| "none".to_owned(), |a| a.status().as_str().to_owned());
            self.metrics.requests.requests.get_or_create(&RequestLabels { method, object, code }).inc();
            self.metrics.requests.seconds.observe(started.elapsed().as_secs_f64());
            answer
        })
    }
}

/// The collection that a path is about: `/api/gslbservice/<uuid>` gives `gslbservice`.
fn object_kind(path: &str) -> String {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    match segments.next() {
        Some("api") => segments.next().unwrap_or("api").to_owned(),
        first => first.unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_counted_under_its_collection_and_never_under_an_object() {
        let cases = [
            ("/api/gslbservice/gslbservice-1", "gslbservice"),
            ("//api/healthmonitor/", "healthmonitor"),
            ("/login", "login"),
            ("/api/cluster", "cluster"),
            ("", ""),
        ];
        for (path, kind) in cases {
            assert_eq!(object_kind(path), kind, "{path}");
        }
    }
}
