//! Deletions of whole services that wait for an approval.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Debug)]
pub struct DeletionMetrics {
    held: Gauge,
    blocked: Counter,
}

impl DeletionMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self { held: Gauge::default(), blocked: Counter::default() };
        registry.register("deletions_held", "GSLB services whose deletion waits for an approval", metrics.held.clone());
        let help = "Rounds of deletions that were stopped because they were too many";
        registry.register("deletions_blocked", help, metrics.blocked.clone());
        metrics
    }

    pub fn hold(&self, count: usize) {
        self.held.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// A round was stopped.
    pub fn block(&self) {
        self.blocked.inc();
    }
}
