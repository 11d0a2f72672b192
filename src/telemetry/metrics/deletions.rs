//! Deletions of whole services that wait for an approval.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Debug)]
pub struct DeletionMetrics {
    held: Gauge,
    changes: Gauge,
    blocked: Counter,
}

impl DeletionMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self { held: Gauge::default(), changes: Gauge::default(), blocked: Counter::default() };
        registry.register("deletions_held", "GSLB services whose deletion waits for an approval", metrics.held.clone());
        let help = "GSLB services of which something stays until somebody approves that it goes";
        registry.register("changes_held", help, metrics.changes.clone());
        let help = "Times that something was stopped which would have taken too much away";
        registry.register("deletions_blocked", help, metrics.blocked.clone());
        metrics
    }

    /// So many services would be deleted, and so many would lose something.
    pub fn hold(&self, deletions: usize, changes: usize) {
        self.held.set(i64::try_from(deletions).unwrap_or(i64::MAX));
        self.changes.set(i64::try_from(changes).unwrap_or(i64::MAX));
    }

    /// A round was stopped.
    pub fn block(&self) {
        self.blocked.inc();
    }
}
