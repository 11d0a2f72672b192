//! The handle on all controllers of one GSLB.

use super::faults::{Fault, FaultTable};
use super::health::{AllUp, HealthView};
use super::record::RequestLog;
use super::{AviWorldConfig, RequestRecord, VirtualService};
use parking_lot::Mutex;
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::watch;

/// All controllers of one GSLB. Cheap to clone; clones share the world.
#[derive(Clone)]
pub struct AviWorld {
    state: Arc<Mutex<State>>,
    changes: watch::Sender<u64>,
}

struct State {
    config: AviWorldConfig,
    faults: FaultTable,
    log: RequestLog,
    health: Arc<dyn HealthView>,
}

impl AviWorld {
    pub fn new(config: AviWorldConfig) -> Self {
        let log = RequestLog::new(config.request_log);
        let state = State { config, faults: FaultTable::default(), log, health: Arc::new(AllUp) };
        Self { state: Arc::new(Mutex::new(state)), changes: watch::Sender::new(0) }
    }

    /// The HTTP interface of one site; `None` for an unknown site.
    pub fn router(&self, _site: &str) -> Option<axum::Router> {
        None
    }

    /// The `uuid` of the site's `/api/cluster`.
    pub fn cluster_uuid(&self, _site: &str) -> Option<String> {
        None
    }

    /// The objects of one type in creation order, in stored form: every reference and `url` is a path such as
    /// `/api/healthmonitor/healthmonitor-…`, defaults are filled in.
    pub fn objects(&self, _site: &str, _kind: &str) -> Vec<Arc<Value>> {
        Vec::new()
    }

    /// Creates the virtual service, or replaces the one with the same name, and returns its uuid.
    pub fn upsert_virtual_service(&self, _site: &str, _vs: VirtualService) -> String {
        String::new()
    }

    pub fn remove_virtual_service(&self, _site: &str, _uuid: &str) {}

    /// A counter that moves with every stored change of any site. A replica's change counts when it is first looked
    /// at after the replication delay.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The newest requests, oldest first.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.state.lock().log.all()
    }

    /// `false`: the site answers 503 with an HTML page, and neither sends nor takes replicas.
    pub fn set_available(&self, _site: &str, _up: bool) {}

    /// Whether the site is up.
    pub fn is_available(&self, _site: &str) -> bool {
        true
    }

    /// Drops all sessions of the site: the next call with an old cookie is answered 401.
    pub fn expire_sessions(&self, _site: &str) {}

    /// Changes the password on all sites; running sessions end with status 419.
    pub fn set_password(&self, password: &str) {
        self.state.lock().config.password = password.into();
    }

    /// Enters or leaves the maintenance mode of the GSLB.
    pub fn set_maintenance(&self, _on: bool) {}

    /// Makes the site the leader, as `changeleader` on it does.
    ///
    /// # Errors
    /// When the site is unknown, leads already or is down.
    pub fn promote(&self, _site: &str) -> Result<(), String> {
        Ok(())
    }

    /// Replaces the source of member health; the default finds everything up.
    pub fn set_health(&self, view: Arc<dyn HealthView>) {
        self.state.lock().health = view;
    }

    /// Adds a fault to the table.
    pub fn inject(&self, fault: Fault) {
        self.state.lock().faults.add(fault);
    }

    /// Forgets all faults.
    pub fn clear_faults(&self) {
        self.state.lock().faults.clear();
    }
}
