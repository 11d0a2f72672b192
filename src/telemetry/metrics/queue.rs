//! Work that waits for the controller, what is tried again, and what others changed there.

use crate::actors::board::QueueNotice;
use crate::avi::urgency::Urgency;
use crate::core::plan::DriftCounts;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClassLabels {
    class: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RetryLabels {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DriftLabels {
    kind: &'static str,
}

#[derive(Debug)]
pub struct QueueMetrics {
    waiting: Gauge,
    delayed: Gauge,
    in_flight: Gauge,
    quarantined: Gauge,
    depth: Family<ClassLabels, Gauge>,
    oldest: Gauge,
    retries: Family<RetryLabels, Counter>,
    found: Family<DriftLabels, Counter>,
    repaired: Family<DriftLabels, Counter>,
}

/// Urgency, and whether the service goes away for good.
const CLASSES: [((Urgency, bool), &str); 4] = [
    ((Urgency::Interactive, false), "interactive"),
    ((Urgency::Interactive, true), "interactive-removal"),
    ((Urgency::Bulk, false), "bulk"),
    ((Urgency::Bulk, true), "bulk-removal"),
];

impl QueueMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            waiting: Gauge::default(),
            delayed: Gauge::default(),
            in_flight: Gauge::default(),
            quarantined: Gauge::default(),
            depth: Family::default(),
            oldest: Gauge::default(),
            retries: Family::default(),
            found: Family::default(),
            repaired: Family::default(),
        };
        registry.register("queue_waiting", "GSLB services with work that waits for its turn", metrics.waiting.clone());
        registry.register("queue_delayed", "GSLB services that wait after a failure", metrics.delayed.clone());
        registry.register("queue_in_flight", "GSLB services being read or written", metrics.in_flight.clone());
        let help = "GSLB services that failed so often in a row that they are tried rarely";
        registry.register("queue_quarantined", help, metrics.quarantined.clone());
        registry.register("queue_depth", "Of those that wait for their turn, by what waits", metrics.depth.clone());
        let help = "How long the GSLB service has waited for its turn that has waited longest";
        registry.register_with_unit("queue_oldest", help, Unit::Seconds, metrics.oldest.clone());
        let help = "Pieces of work that ended in a failure and are done again, by kind of failure";
        registry.register("retries", help, metrics.retries.clone());
        let help = "Objects that a full read found otherwise than they were written, by kind";
        registry.register("drift_found", help, metrics.found.clone());
        registry.register("drift_repaired", "Of these, those that were put right", metrics.repaired.clone());
        metrics
    }

    /// `depth` is by urgency, and by whether the services go away for good.
    pub fn set(&self, queue: &QueueNotice, depth: &BTreeMap<(Urgency, bool), usize>) {
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.waiting.set(count(queue.waiting));
        self.delayed.set(count(queue.delayed));
        self.in_flight.set(count(queue.in_flight));
        self.quarantined.set(count(queue.quarantined));
        for (key, class) in CLASSES {
            let waiting = depth.get(&key).copied().unwrap_or_default();
            self.depth.get_or_create(&ClassLabels { class }).set(count(waiting));
        }
    }

    /// An age grows by itself, so it is taken when somebody asks.
    pub(super) fn look(&self, queue: &QueueNotice) {
        self.oldest.set(i64::try_from(queue.oldest().as_secs()).unwrap_or(i64::MAX));
    }

    /// A piece of work failed, for a reason in one word.
    pub fn retry(&self, reason: &'static str) {
        self.retries.get_or_create(&RetryLabels { reason }).inc();
    }

    /// What others changed was noticed or put right.
    pub fn drift(&self, counts: DriftCounts) {
        let DriftCounts { repaired, services, monitors } = counts;
        let family = if repaired { &self.repaired } else { &self.found };
        for (kind, count) in [("service", services), ("monitor", monitors)] {
            family.get_or_create(&DriftLabels { kind }).inc_by(u64::from(count));
        }
    }
}
