//! Prometheus metrics. No label ever holds an FQDN: there may be tens of thousands.

use crate::actors::board::{Notices, QueueNotice, RoleNotice};
use crate::avi::transport::{AviTransport, TransportError};
use bytes::Bytes;
use futures::future::BoxFuture;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
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

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClusterLabels {
    cluster: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ActorLabels {
    actor: String,
}

/// What became of a Kubernetes Event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventOutcome {
    Written,
    /// It was there already, or a newer one about the same thing took its place.
    Deduplicated,
    /// Too many waited, or it could not be written.
    Dropped,
    /// The cluster does not let the operator write Events.
    Forbidden,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EventLabels {
    outcome: &'static str,
}

impl From<EventOutcome> for EventLabels {
    fn from(outcome: EventOutcome) -> Self {
        let outcome = match outcome {
            EventOutcome::Written => "written",
            EventOutcome::Deduplicated => "deduplicated",
            EventOutcome::Dropped => "dropped",
            EventOutcome::Forbidden => "forbidden",
        };
        Self { outcome }
    }
}

/// The metrics of one operator.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
    waiting: Gauge,
    delayed: Gauge,
    in_flight: Gauge,
    leader: Gauge,
    synced: Gauge,
    cluster_synced: Family<ClusterLabels, Gauge>,
    cluster_refused: Family<ClusterLabels, Gauge>,
    restarts: Family<ActorLabels, Gauge>,
    events: Family<EventLabels, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("amko"),
            requests: Family::default(),
            seconds: Histogram::new(exponential_buckets(0.002, 2.0, 16)),
            waiting: Gauge::default(),
            delayed: Gauge::default(),
            in_flight: Gauge::default(),
            leader: Gauge::default(),
            synced: Gauge::default(),
            cluster_synced: Family::default(),
            cluster_refused: Family::default(),
            restarts: Family::default(),
            events: Family::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("avi_requests", "Requests to the controller", self.requests.clone());
        let seconds = self.seconds.clone();
        registry.register_with_unit(
            "avi_request_duration",
            "Time to an answer of the controller",
            Unit::Seconds,
            seconds,
        );
        registry.register("queue_waiting", "GSLB services with work that waits for its turn", self.waiting.clone());
        registry.register("queue_delayed", "GSLB services that wait after a failure", self.delayed.clone());
        registry.register("queue_in_flight", "GSLB services being read or written", self.in_flight.clone());
        registry.register("leader", "1 while this replica holds a leadership term", self.leader.clone());
        registry.register("controller_synced", "1 once the controller was completely read", self.synced.clone());
        let synced = self.cluster_synced.clone();
        registry.register("cluster_synced", "1 once the member cluster was completely listed", synced);
        let refused = self.cluster_refused.clone();
        registry.register("cluster_refused_objects", "Parts of objects of a cluster that cannot be used", refused);
        registry.register("actor_restarts", "Restarts of an actor since the process started", self.restarts.clone());
        registry.register("events", "Kubernetes Events on users' objects", self.events.clone());
    }

    /// Wraps a transport so that its requests are counted and timed.
    pub fn measured(self: &Arc<Self>, transport: Arc<dyn AviTransport>) -> Arc<dyn AviTransport> {
        Arc::new(Measured { transport, metrics: Arc::clone(self) })
    }

    pub fn queue(&self, queue: QueueNotice) {
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.waiting.set(count(queue.waiting));
        self.delayed.set(count(queue.delayed));
        self.in_flight.set(count(queue.in_flight));
    }

    /// Counts Kubernetes Events that ended like this.
    pub fn event(&self, outcome: EventOutcome, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.events.get_or_create(&outcome.into()).inc_by(count);
    }

    /// How many Kubernetes Events ended like this.
    pub fn events(&self, outcome: EventOutcome) -> u64 {
        self.events.get_or_create(&outcome.into()).get()
    }

    /// The metrics as Prometheus text, with what the notices say at this moment.
    pub fn render(&self, notices: &Notices) -> String {
        self.leader.set(i64::from(matches!(notices.role, RoleNotice::Leader { .. })));
        self.synced.set(i64::from(notices.avi_api.synced));
        // A cluster that left the configuration must not be reported as it was last seen.
        self.cluster_synced.clear();
        self.cluster_refused.clear();
        self.restarts.clear();
        for (context, cluster) in &notices.clusters {
            let labels = ClusterLabels { cluster: context.clone() };
            self.cluster_synced.get_or_create(&labels).set(i64::from(cluster.synced));
            let refused = i64::try_from(cluster.refused.len()).unwrap_or(i64::MAX);
            self.cluster_refused.get_or_create(&labels).set(refused);
        }
        for (actor, child) in &notices.actors {
            let restarts = i64::try_from(child.restarts).unwrap_or(i64::MAX);
            self.restarts.get_or_create(&ActorLabels { actor: actor.clone() }).set(restarts);
        }
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
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
            self.metrics.requests.get_or_create(&RequestLabels { method, object, code }).inc();
            self.metrics.seconds.observe(started.elapsed().as_secs_f64());
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
