//! The sessions with the controller: their state, the circuit breaker, full reads, and changes of leader.

use crate::actors::avi_session::breaker::State;
use crate::avi::session::SessionCounts;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Debug)]
pub struct SessionMetrics {
    sessions: Family<StateLabels, Gauge>,
    breaker: Gauge,
    limit: Gauge,
    full_reads: Family<OutcomeLabels, Counter>,
    moves: Counter,
    conflict: Gauge,
}

impl SessionMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            sessions: Family::default(),
            breaker: Gauge::default(),
            limit: Gauge::default(),
            full_reads: Family::default(),
            moves: Counter::default(),
            conflict: Gauge::default(),
        };
        registry.register("controller_sessions", "Sessions with controllers, by state", metrics.sessions.clone());
        let help = "Circuit breaker of the controller: 0 closed, 1 half-open, 2 open";
        registry.register("controller_breaker", help, metrics.breaker.clone());
        let help = "Configured limit of requests to a controller, 0 for none";
        registry.register("controller_requests_per_second_limit", help, metrics.limit.clone());
        let help = "Full reads of the controller, by outcome";
        registry.register("controller_full_reads", help, metrics.full_reads.clone());
        registry.register("leader_moves", "How often the GSLB leader was followed", metrics.moves.clone());
        let help = "1 while two sites claim to lead the GSLB in the same view, so that nothing is written";
        registry.register("leader_conflict", help, metrics.conflict.clone());
        metrics
    }

    /// The sessions of each connection, and the breaker.
    pub fn set(&self, sessions: impl Iterator<Item = SessionCounts>, breaker: State) {
        let total = sessions.fold(SessionCounts::default(), |sum, counts| SessionCounts {
            ready: sum.ready + counts.ready,
            logging_in: sum.logging_in + counts.logging_in,
            blocked: sum.blocked + counts.blocked,
        });
        for (state, count) in [("ready", total.ready), ("logging_in", total.logging_in), ("blocked", total.blocked)] {
            self.sessions.get_or_create(&StateLabels { state }).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        self.breaker.set(match breaker {
            State::Closed => 0,
            State::HalfOpen => 1,
            State::Open => 2,
        });
    }

    /// How many requests may be sent per second, on average; 0 means no limit.
    pub fn limit(&self, requests_per_second: u32) {
        self.limit.set(i64::from(requests_per_second));
    }

    /// A full read has ended.
    pub fn full_read(&self, complete: bool) {
        let outcome = if complete { "complete" } else { "failed" };
        self.full_reads.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// The operator went to another controller.
    pub fn moved(&self) {
        self.moves.inc();
    }

    /// Whether two sites claim to lead.
    pub fn conflict(&self, conflict: bool) {
        self.conflict.set(i64::from(conflict));
    }
}
