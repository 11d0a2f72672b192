//! Prometheus metrics, by subject. No label ever holds an FQDN: there may be tens of thousands.

mod deletions;
mod queue;
mod requests;
mod session;

use crate::actors::board::{Notices, RoleNotice};
use deletions::DeletionMetrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use queue::QueueMetrics;
use requests::RequestMetrics;
use session::SessionMetrics;
use std::sync::atomic::AtomicU64;
use tokio::time::Instant;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClusterLabels {
    cluster: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
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
    requests: RequestMetrics,
    pub queue: QueueMetrics,
    pub session: SessionMetrics,
    pub deletions: DeletionMetrics,
    leader: Gauge,
    synced: Gauge,
    cluster_synced: Family<ClusterLabels, Gauge>,
    cluster_refused: Family<ClusterLabels, Gauge>,
    cluster_watch_age: Family<ClusterLabels, Gauge<f64, AtomicU64>>,
    members: Family<ClusterLabels, Gauge>,
    services: Family<StateLabels, Gauge>,
    kubeconfig: Gauge,
    restarts: Family<ActorLabels, Gauge>,
    events: Family<EventLabels, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("amko");
        let mut metrics = Self {
            requests: RequestMetrics::register(&mut registry),
            queue: QueueMetrics::register(&mut registry),
            session: SessionMetrics::register(&mut registry),
            deletions: DeletionMetrics::register(&mut registry),
            registry,
            leader: Gauge::default(),
            synced: Gauge::default(),
            cluster_synced: Family::default(),
            cluster_refused: Family::default(),
            cluster_watch_age: Family::default(),
            members: Family::default(),
            services: Family::default(),
            kubeconfig: Gauge::default(),
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
        registry.register("leader", "1 while this replica holds a leadership term", self.leader.clone());
        let help = "1 while the controller is completely read and in use";
        registry.register("controller_synced", help, self.synced.clone());
        let synced = self.cluster_synced.clone();
        let help = "1 while the member cluster is completely listed and its watches work";
        registry.register("cluster_synced", help, synced);
        let help = "Members of GSLB services by the cluster of the object behind them";
        registry.register("members", help, self.members.clone());
        registry.register("services", "GSLB services by state, as /api/gs says it", self.services.clone());
        let refused = self.cluster_refused.clone();
        registry.register("cluster_refused_objects", "Parts of objects of a cluster that cannot be used", refused);
        let help = "Time since the API server of the member cluster answered last";
        registry.register_with_unit("cluster_watch_age", help, Unit::Seconds, self.cluster_watch_age.clone());
        let help = "1 while the kubeconfig of the member clusters can be read and used as it is";
        registry.register("kubeconfig_usable", help, self.kubeconfig.clone());
        registry.register("actor_restarts", "Restarts of an actor since the process started", self.restarts.clone());
        registry.register("events", "Kubernetes Events on users' objects", self.events.clone());
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
        self.queue.look(&notices.queue);
        let unusable = notices.kubeconfig.as_ref().is_some_and(|kubeconfig| kubeconfig.error.is_some());
        self.kubeconfig.set(i64::from(!unusable));
        // A cluster that left the configuration must not be reported as it was last seen.
        self.cluster_synced.clear();
        self.cluster_refused.clear();
        self.cluster_watch_age.clear();
        self.restarts.clear();
        self.members.clear();
        self.services.clear();
        let gauge = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        for (cluster, count) in &notices.services.members {
            self.members.get_or_create(&ClusterLabels { cluster: cluster.clone() }).set(gauge(*count));
        }
        for (state, count) in &notices.services.states {
            self.services.get_or_create(&StateLabels { state }).set(gauge(*count));
        }
        let now = Instant::now();
        for (context, cluster) in &notices.clusters {
            let labels = ClusterLabels { cluster: context.clone() };
            self.cluster_synced.get_or_create(&labels).set(i64::from(cluster.synced));
            let refused = i64::try_from(cluster.refused.len()).unwrap_or(i64::MAX);
            self.cluster_refused.get_or_create(&labels).set(refused);
            if let Some(heard) = cluster.heard {
                self.cluster_watch_age.get_or_create(&labels).set((now - heard).as_secs_f64());
            }
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
