//! The handle on all controllers of one GSLB.

use super::faults::{ConnectionState, Fault, FaultListing, FaultOrder};
use super::health::HealthView;
use super::kind::Kind;
use super::state::State;
use super::{AviWorldConfig, RequestRecord, VirtualService, http, seed};
use parking_lot::Mutex;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// All controllers of one GSLB. Cheap to clone; clones share the world.
#[derive(Clone)]
pub struct AviWorld {
    state: Arc<Mutex<State>>,
    changes: watch::Sender<u64>,
}

impl AviWorld {
    pub fn new(config: AviWorldConfig) -> Self {
        Self { state: Arc::new(Mutex::new(State::new(config))), changes: watch::Sender::new(0) }
    }

    /// Looks at the world as it is now: first everything due is applied, and afterwards whoever waits for changes is
    /// told.
    pub(super) fn with<R>(&self, look: impl FnOnce(&mut State) -> R) -> R {
        let (result, revision) = {
            let mut state = self.state.lock();
            state.settle();
            state.end_late_faults();
            let result = look(&mut state);
            state.settle();
            (result, state.revision)
        };
        self.changes.send_if_modified(|seen| std::mem::replace(seen, revision) != revision);
        result
    }

    /// The HTTP interface of one site; `None` for an unknown site.
    pub fn router(&self, site: &str) -> Option<axum::Router> {
        self.with(|state| state.sites.contains_key(site)).then(|| http::router(self, site))
    }

    /// The `uuid` of the site's `/api/cluster`.
    pub fn cluster_uuid(&self, site: &str) -> Option<String> {
        self.with(|state| state.sites.get(site).map(|site| site.cluster_uuid.clone()))
    }

    /// The objects of one type in creation order, in stored form: every reference and `url` is a path such as
    /// `/api/healthmonitor/healthmonitor-…`, defaults are filled in. Empty for an unknown site or type.
    pub fn objects(&self, site: &str, kind: &str) -> Vec<Arc<Value>> {
        let Some(kind) = Kind::of_path(kind) else { return Vec::new() };
        self.with(|state| state.sites.get(site).map(|site| site.store.all(kind).cloned().collect()).unwrap_or_default())
    }

    /// Creates the virtual service, or replaces the one with the same name, and returns its uuid; empty for an unknown
    /// site.
    pub fn upsert_virtual_service(&self, site: &str, vs: VirtualService) -> String {
        self.with(|state| seed::upsert_virtual_service(state, site, &vs))
    }

    pub fn remove_virtual_service(&self, site: &str, uuid: &str) {
        self.with(|state| state.remove(site, Kind::VirtualService, uuid));
    }

    /// A counter that moves with every stored change of any site. A replica's change counts when somebody first looks
    /// at the world after the replication delay.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Sequence number of the newest request; 0 before the first. Cheaper than [`Self::requests`].
    pub fn last_request(&self) -> u64 {
        self.state.lock().log.last()
    }

    /// The newest requests, oldest first.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.state.lock().log.all()
    }

    /// `false`: the site answers 503 with an HTML page, and neither sends nor takes replicas.
    pub fn set_available(&self, site: &str, up: bool) {
        self.with(|state| {
            let now = state.now();
            if let Some(site) = state.sites.get_mut(site) {
                site.up = up;
                site.silent_since = if up { None } else { site.silent_since.or(Some(now)) };
            }
        });
    }

    /// Whether the site is up; `false` for an unknown one.
    pub fn is_available(&self, site: &str) -> bool {
        self.with(|state| state.sites.get(site).is_some_and(|site| site.up))
    }

    /// Name of the site that leads: of those that say so, the one with the highest view.
    pub fn leader(&self) -> Option<String> {
        self.with(|state| state.leader().map(|site| site.name.clone()))
    }

    /// Sessions of the site that have been neither closed nor found dead.
    pub fn session_count(&self, site: &str) -> usize {
        self.with(|state| state.sites.get(site).map_or(0, |site| site.sessions.count()))
    }

    /// Drops all sessions of the site: the next call with an old cookie is answered 401.
    pub fn expire_sessions(&self, site: &str) {
        self.with(|state| {
            if let Some(site) = state.sites.get_mut(site) {
                site.sessions.expire_all();
            }
        });
    }

    /// Changes the password on all sites; running sessions end with status 419.
    pub fn set_password(&self, password: &str) {
        self.with(|state| state.set_password(password));
    }

    /// Changes the median delay before each answer from now on; zero means none. Requests on their way keep theirs.
    pub fn set_latency(&self, latency: Duration) {
        self.with(|state| state.config.latency = latency);
    }

    /// Enters or leaves the maintenance mode of the GSLB.
    pub fn set_maintenance(&self, on: bool) {
        self.with(|state| {
            if let Some(leader) = state.leader().map(|site| site.name.clone()) {
                state.set_gslb_field(&leader, "maintenance_mode", on.into());
            }
        });
    }

    /// Makes the site the leader, as `changeleader` on it does. For some seconds nobody accepts federated writes, then
    /// the site leads with a `view_id` one higher, and the others copy everything from it after the replication delay.
    ///
    /// # Errors
    /// When the site is unknown, leads already or is down.
    pub fn promote(&self, site: &str) -> Result<(), String> {
        self.with(|state| state.promote(site, Duration::ZERO))
    }

    /// The same, but the other sites go on showing the old leader for `stale` after the new one leads.
    ///
    /// # Errors
    /// As [`Self::promote`].
    pub fn promote_unseen(&self, site: &str, stale: Duration) -> Result<(), String> {
        self.with(|state| state.promote(site, stale))
    }

    /// Replaces the source of member health; the default finds everything up.
    pub fn set_health(&self, view: Arc<dyn HealthView>) {
        self.with(|state| state.health = view);
    }

    /// Adds a fault put together by hand.
    pub fn inject(&self, fault: Fault) {
        self.with(|state| state.faults.add(fault));
    }

    /// Adds a fault by its name in [`super::faults::catalogue`]; gives its id.
    ///
    /// # Errors
    /// When there is no such fault, option or site, with those that there are; or when a value cannot be read.
    pub fn add_fault(&self, order: &FaultOrder) -> Result<u64, String> {
        self.with(|state| state.add_fault(order))
    }

    /// The faults that are active, oldest first.
    pub fn faults(&self) -> Vec<FaultListing> {
        self.with(|state| state.faults.listing())
    }

    /// How connections to the site fare. Whoever serves the router has to see to it.
    pub fn connection(&self, site: &str) -> ConnectionState {
        let state = self.state.lock();
        state.faults.connection(site, state.now())
    }

    /// Ends one fault.
    ///
    /// # Errors
    /// When no such fault is active.
    pub fn clear_fault(&self, id: u64) -> Result<(), String> {
        self.with(|state| state.clear_fault(id))
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.with(State::clear_faults);
    }
}
