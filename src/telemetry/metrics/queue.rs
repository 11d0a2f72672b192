//! Work that waits for the controller.

use crate::actors::board::QueueNotice;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Debug)]
pub struct QueueMetrics {
    waiting: Gauge,
    delayed: Gauge,
    in_flight: Gauge,
}

impl QueueMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self { waiting: Gauge::default(), delayed: Gauge::default(), in_flight: Gauge::default() };
        registry.register("queue_waiting", "GSLB services with work that waits for its turn", metrics.waiting.clone());
        registry.register("queue_delayed", "GSLB services that wait after a failure", metrics.delayed.clone());
        registry.register("queue_in_flight", "GSLB services being read or written", metrics.in_flight.clone());
        metrics
    }

    pub fn set(&self, queue: QueueNotice) {
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.waiting.set(count(queue.waiting));
        self.delayed.set(count(queue.delayed));
        self.in_flight.set(count(queue.in_flight));
    }
}
