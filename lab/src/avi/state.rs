//! Everything that the controllers of one GSLB know, behind one lock.

use super::condition::Condition;
use super::faults::FaultTable;
use super::health::{AllUp, HealthView};
use super::journal::Journal;
use super::kind::{Federation, Kind};
use super::record::RequestLog;
use super::replication::{Inbox, LeaderChange};
use super::rules::is_on;
use super::session::Sessions;
use super::snapshot::Snapshot;
use super::store::{Store, text};
use super::tokens::Tokens;
use super::version::ApiVersion;
use super::{AviWorldConfig, seed};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// One controller.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub name: String,
    pub address: String,
    pub cluster_uuid: String,
    pub up: bool,
    /// When the others last heard of it, while it is down.
    pub silent_since: Option<Timestamp>,
    /// How often another node has taken over.
    pub failovers: u32,
    /// Newest API version, when it is not that of the world.
    pub version: Option<ApiVersion>,
    pub condition: Condition,
    pub store: Store,
    pub sessions: Sessions,
    pub tokens: Tokens,
    pub journal: Journal,
    pub inbox: Inbox,
}

/// All controllers.
pub(super) struct State {
    pub config: AviWorldConfig,
    pub newest: ApiVersion,
    pub sites: BTreeMap<String, Site>,
    pub faults: FaultTable,
    pub log: RequestLog,
    pub health: Arc<dyn HealthView>,
    pub change: Option<LeaderChange>,
    /// Moves with every stored change.
    pub revision: u64,
    last_stamp: i64,
    newest_stamp: i64,
    /// How far the clocks of the controllers are off.
    clock_offset: SignedDuration,
    /// The world as it was created.
    pub seed: Option<Snapshot>,
    /// Since when all members flap, and how long each phase lasts.
    pub flapping: Option<(Timestamp, Duration)>,
    /// What to go back to when the fault that changed it is over.
    pub former_password: Option<String>,
    pub former_delay: Option<Duration>,
}

impl State {
    pub fn new(config: AviWorldConfig) -> Self {
        let mut state = Self {
            newest: config.version.parse().unwrap_or(ApiVersion(30, 2, 1)),
            sites: BTreeMap::new(),
            faults: FaultTable::default(),
            log: RequestLog::new(config.request_log),
            health: Arc::new(AllUp),
            change: None,
            revision: 0,
            last_stamp: 0,
            newest_stamp: 0,
            clock_offset: SignedDuration::ZERO,
            seed: None,
            flapping: None,
            former_password: None,
            former_delay: None,
            config,
        };
        seed::fill(&mut state);
        state.seed = Some(state.snapshot());
        state
    }

    pub fn now(&self) -> Timestamp {
        self.config.clock.now()
    }

    /// What the controllers take for now.
    pub fn controllers_now(&self) -> Timestamp {
        self.now().checked_add(self.clock_offset).unwrap_or(Timestamp::MAX)
    }

    /// Puts the clocks of the controllers off by this. Back means stamps of the past; forward goes on where the newest
    /// stamp was.
    pub fn set_clock_offset(&mut self, offset: SignedDuration) {
        if offset < self.clock_offset {
            self.last_stamp = 0;
        } else if offset > self.clock_offset {
            self.last_stamp = self.newest_stamp;
        }
        self.clock_offset = offset;
    }

    /// Newest API version of a site.
    pub fn version_of(&self, site: &str) -> ApiVersion {
        self.sites.get(site).and_then(|site| site.version).unwrap_or(self.newest)
    }

    /// The next `_last_modified`: microseconds since 1970. Unless the clock jumps, it grows.
    pub fn stamp(&mut self) -> String {
        self.last_stamp = self.controllers_now().as_microsecond().max(self.last_stamp + 1);
        self.newest_stamp = self.newest_stamp.max(self.last_stamp);
        self.last_stamp.to_string()
    }

    /// Stores an object on one site alone.
    pub fn put(&mut self, site: &str, kind: Kind, object: Value) -> Arc<Value> {
        let object = Arc::new(object);
        if let Some(site) = self.sites.get_mut(site) {
            site.store.put(kind, Arc::clone(&object));
            self.revision += 1;
        }
        object
    }

    /// Removes an object from one site alone.
    pub fn remove(&mut self, site: &str, kind: Kind, uuid: &str) -> Option<Arc<Value>> {
        let removed = self.sites.get_mut(site)?.store.remove(kind, uuid)?;
        self.revision += 1;
        Some(removed)
    }

    /// Whether members that flap are in a phase in which they are down.
    pub fn all_down(&self) -> bool {
        self.flapping.is_some_and(|(since, period)| {
            let period = i128::try_from(period.as_nanos()).unwrap_or(i128::MAX).max(1);
            self.now().duration_since(since).as_nanos() / period % 2 == 1
        })
    }

    /// The site that leads: of those that say so, the one with the highest view, or else the one that reaches the
    /// others.
    pub fn leader(&self) -> Option<&Site> {
        let claims = self.sites.values().filter(|site| site.store.leader() == site.cluster_uuid);
        let view = |site: &Site| site.store.gslb().and_then(|gslb| gslb["view_id"].as_u64());
        claims.max_by_key(|site| (view(site), !site.condition.isolated))
    }

    /// Changes one field of the GSLB configuration on a site and sends it to the followers.
    pub fn set_gslb_field(&mut self, site: &str, field: &str, value: Value) {
        let Some(gslb) = self.sites.get(site).and_then(|site| site.store.gslb()).cloned() else { return };
        let mut gslb = Value::clone(&gslb);
        gslb[field] = value;
        gslb["_last_modified"] = self.stamp().into();
        let gslb = self.put(site, Kind::Gslb, gslb);
        self.replicate_put(site, Kind::Gslb, &gslb);
    }
}

impl Site {
    /// Whether the controller does not answer yet.
    pub fn is_starting(&self, now: Timestamp) -> bool {
        self.condition.starting_until.is_some_and(|until| now < until)
    }

    /// Name of the node that leads the controller's cluster.
    pub fn node(&self) -> String {
        let host =
            self.store.get(Kind::Cluster, &self.cluster_uuid).and_then(|cluster| cluster.pointer("/nodes/0/name"));
        let host = host.and_then(Value::as_str).unwrap_or(&self.address);
        if self.failovers == 0 { host.to_owned() } else { format!("{host}-node{}", self.failovers + 1) }
    }
}

/// Whether the leader sends this object to the followers.
pub(super) fn is_federated(kind: Kind, object: &Value) -> bool {
    match kind.federation() {
        Federation::Always => true,
        Federation::Flagged => is_on(object, "is_federated"),
        Federation::Never => false,
    }
}

/// Gives a checked object its identity fields.
pub(super) fn identified(mut object: Value, kind: Kind, uuid: &str, stamp: String, changes: u64) -> Value {
    object["uuid"] = uuid.into();
    object["url"] = super::store::path_of(kind, uuid).into();
    object["_last_modified"] = stamp.into();
    object["configpb_attributes"] = json!({"version": changes});
    object
}

/// How often the object has been changed, counting its creation.
pub(super) fn change_count(object: &Value) -> u64 {
    object.pointer("/configpb_attributes/version").and_then(Value::as_u64).unwrap_or(1)
}

/// The name of a tenant on a site.
pub(super) fn tenant_name<'a>(store: &'a Store, uuid: &'a str) -> &'a str {
    store.get(Kind::Tenant, uuid).map_or(uuid, |tenant| text(tenant, "name"))
}
