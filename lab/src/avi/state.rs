//! Everything that the controllers of one GSLB know, behind one lock.

use super::faults::FaultTable;
use super::health::{AllUp, HealthView};
use super::kind::{Federation, Kind};
use super::record::RequestLog;
use super::replication::{Inbox, LeaderChange};
use super::rules::is_on;
use super::session::Sessions;
use super::store::{Store, text};
use super::version::ApiVersion;
use super::{AviWorldConfig, seed};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One controller.
pub(super) struct Site {
    pub name: String,
    pub address: String,
    pub cluster_uuid: String,
    pub up: bool,
    pub store: Store,
    pub sessions: Sessions,
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
            config,
        };
        seed::fill(&mut state);
        state
    }

    pub fn now(&self) -> Timestamp {
        self.config.clock.now()
    }

    /// The next `_last_modified`: microseconds since 1970, never the same twice.
    pub fn stamp(&mut self) -> String {
        self.last_stamp = self.now().as_microsecond().max(self.last_stamp + 1);
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

    /// The site that leads: of those that say so, the one with the highest view.
    pub fn leader(&self) -> Option<&Site> {
        let claims = self.sites.values().filter(|site| site.store.leader() == site.cluster_uuid);
        claims.max_by_key(|site| site.store.gslb().and_then(|gslb| gslb["view_id"].as_u64()))
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
