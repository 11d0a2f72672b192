//! The controller's API on behalf of one installation, by FQDN.

use super::slot::Reading;
use crate::avi::api::{Gslb, LeaderStatus, SharedMonitors};
use crate::avi::call_error::{CallError, Failure};
use crate::avi::session::{AviClient, Permit, SessionCounts};
use crate::avi::urgency::Urgency;
use crate::avi::wanted::Wanted;
use crate::core::gslb::{GslbService, HealthMonitor};
use crate::core::monitor::is_shared;
use crate::core::owner::Owner;
use crate::core::plan::{Known, Observed, Stored, Write};
use crate::core::references::{Answer, Question};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A session and for whom it is used. Clones share the session, and what is known of the monitors that services share.
#[derive(Debug, Clone)]
pub struct AviApi {
    client: AviClient,
    owner: Owner,
    shared: SharedMonitors,
    known: Arc<Mutex<Known>>,
    cause: &'static str,
    trail: Arc<Mutex<Trail>>,
}

/// What was said of writes in the log.
#[derive(Debug, Default)]
struct Trail {
    writes: u64,
    /// By FQDN and object.
    failing: BTreeMap<(String, String), String>,
}

/// So many failing objects are told apart from new ones.
const REMEMBERED: usize = 10_000;
/// Why something is written for which nobody waits.
const BULK: &str = "policy, start or full read";
/// Why something is written at once.
const CHANGE: &str = "an object or a rule changed";

impl AviApi {
    pub fn new(client: AviClient, owner: Owner) -> Self {
        Self {
            client,
            owner,
            shared: SharedMonitors::default(),
            known: Arc::default(),
            cause: BULK,
            trail: Arc::default(),
        }
    }

    /// The same, for calls that are this urgent, and for writes that may be recalled.
    pub fn for_work(&self, urgency: Urgency, wanted: Wanted) -> Self {
        let cause = if urgency == Urgency::Interactive { CHANGE } else { BULK };
        Self { client: self.client.with_urgency(urgency).with_wanted(wanted), cause, ..self.clone() }
    }

    /// Why this is done, for the log.
    pub fn cause(&self) -> &'static str {
        self.cause
    }

    /// The number of a write, counted on this connection.
    pub fn count_write(&self) -> u64 {
        let mut trail = self.trail.lock();
        trail.writes += 1;
        trail.writes
    }

    /// Notes that an object could not be written. Answers whether that is new.
    pub fn note_failure(&self, fqdn: &str, object: &str, error: &str) -> bool {
        let key = (fqdn.to_owned(), object.to_owned());
        let mut trail = self.trail.lock();
        if trail.failing.len() >= REMEMBERED {
            trail.failing.clear();
        }
        trail.failing.insert(key, error.to_owned()).as_deref() != Some(error)
    }

    /// Notes that an object was written. Answers whether it had failed before.
    pub fn forget_failure(&self, fqdn: &str, object: &str) -> bool {
        let mut trail = self.trail.lock();
        !trail.failing.is_empty() && trail.failing.remove(&(fqdn.to_owned(), object.to_owned())).is_some()
    }

    /// The same, for calls that somebody waits for.
    pub fn hurried(&self) -> Self {
        Self { client: self.client.with_urgency(Urgency::Interactive), ..self.clone() }
    }

    /// Which calls that change objects may be sent from now on.
    pub fn permit(&self, permit: Permit) {
        self.client.permit(permit);
    }

    pub fn set_requests_per_second(&self, rate: u32) {
        self.client.set_requests_per_second(rate);
    }

    /// Of `whole` calls at once, how many are to be made now.
    pub fn calls_at_once(&self, whole: usize) -> usize {
        self.client.calls_at_once(whole)
    }

    pub fn sessions(&self) -> SessionCounts {
        self.client.sessions()
    }

    /// Whether the controller has refused the credentials, so that they are not tried again for now.
    pub fn is_refused(&self) -> bool {
        self.client.is_refused()
    }

    /// What the controller says of the GSLB, at the least cost; `None` when it is in none.
    pub async fn gslb(&self) -> Result<Option<Gslb>, CallError> {
        self.client.gslb_part().await
    }

    /// Until when no login is sent because the controller has refused one.
    pub fn refused_until(&self) -> Option<Instant> {
        self.client.refused_until()
    }

    /// Whether the controller speaks our version, and who leads.
    pub async fn probe(&self) -> Result<LeaderStatus, CallError> {
        self.client.check_version().await?;
        self.client.leader_status().await
    }

    /// The same, of a controller that may be down: without a login as long as it is.
    pub async fn probe_readiness(&self) -> Result<LeaderStatus, CallError> {
        self.client.ready().await?;
        self.probe().await
    }

    /// Everything that belongs to the installation, by FQDN.
    pub async fn list_own(&self) -> Result<BTreeMap<String, Observed>, CallError> {
        let own = self.client.list_own(&self.owner, &self.known).await?;
        for monitor in &own.loose_monitors {
            tracing::debug!(monitor = monitor.name, tenant = monitor.tenant, "own monitor of no known service");
        }
        self.shared.replace(&own.shared);
        Ok(own.by_fqdn)
    }

    /// A write left this on the controller.
    pub fn note(&self, observed: &Observed) {
        self.known.lock().note(observed);
    }

    /// What the controller holds for one FQDN, in every tenant that may hold some of it. A tenant that the controller
    /// does not know holds nothing.
    pub async fn read_one(&self, fqdn: &str, reading: &Reading) -> Result<Observed, CallError> {
        let monitors: Vec<String> = reading.monitors.iter().cloned().collect();
        let name = reading.name.as_deref().unwrap_or(fqdn);
        let mut holdings = Vec::new();
        for tenant in &reading.tenants {
            match self.client.read_one(&self.owner, tenant, name, &monitors).await {
                Err(CallError { failure: Failure::UnknownTenant(_), .. }) => {}
                read => holdings.push(read?),
            }
        }
        Ok(holdings.into_iter().collect())
    }

    /// Does one write; `None` after a delete.
    pub async fn execute(&self, write: &Write) -> Result<Option<Stored>, CallError> {
        match write {
            Write::CreateMonitor(monitor) if is_shared(&monitor.name) => {
                self.ensure_shared(monitor, None, write).await.map(Some)
            }
            Write::UpdateMonitor { monitor, last_modified, .. } if is_shared(&monitor.name) => {
                self.ensure_shared(monitor, last_modified.as_deref(), write).await.map(Some)
            }
            Write::DeleteMonitor { .. } | Write::DeleteService { .. } => self.send(write).await.map(|_| None),
            Write::CreateMonitor(_) | Write::UpdateMonitor { .. } => self.send(write).await.map(Some),
            Write::CreateService(service)
            | Write::UpdateService { service, .. }
            | Write::MoveService { service, .. } => {
                let outcome = self.send(write).await;
                if outcome.as_ref().is_err_and(misses_something) {
                    self.doubt_shared(service);
                }
                outcome.map(Some)
            }
        }
    }

    /// Finds out one thing that policies refer to.
    pub async fn answer(&self, question: &Question) -> Result<Answer, CallError> {
        self.client.answer(question).await
    }

    /// Begins nothing new, and waits for what has begun.
    pub async fn finish(&self, patience: Duration) {
        self.client.finish(patience).await;
    }

    pub async fn logout(&self) -> Result<(), CallError> {
        self.client.logout().await
    }

    async fn send(&self, write: &Write) -> Result<Stored, CallError> {
        let stored = self.client.execute(write, &self.owner).await?;
        Ok(Stored { uuid: stored.uuid, last_modified: stored.last_modified })
    }

    /// EX-12: the second service that wants it costs no request.
    async fn ensure_shared(
        &self,
        monitor: &HealthMonitor,
        outdated: Option<&str>,
        write: &Write,
    ) -> Result<Stored, CallError> {
        self.shared.ensure(monitor, outdated, self.send(write)).await
    }

    fn doubt_shared(&self, service: &GslbService) {
        for name in service.monitors.iter().filter(|name| is_shared(name)) {
            self.shared.forget(&(service.tenant.clone(), name.clone()));
        }
    }
}

/// Whether the controller may have refused a service because a monitor that it refers to is gone.
pub fn misses_something(error: &CallError) -> bool {
    matches!(error.failure, Failure::BadRequest(_) | Failure::NotFound(_))
}

/// Whether a failed write makes it doubtful that the shared monitor of the service, known from somebody else's write,
/// is still there.
pub fn doubts_shared_monitor(write: &Write, error: &CallError) -> bool {
    match write {
        Write::CreateService(service) | Write::UpdateService { service, .. } | Write::MoveService { service, .. } => {
            misses_something(error) && service.monitors.iter().any(|name| is_shared(name))
        }
        _ => false,
    }
}
