//! Monitors that many services share are written once (EX-12), however many services ask for them at the same time.

use crate::avi::call_error::CallError;
use crate::core::gslb::HealthMonitor;
use crate::core::plan::{ObservedMonitor, Stored, same_monitor};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Tenant and name of a monitor.
pub type SharedKey = (String, String);

/// What the controller holds under one name; whoever writes it has it locked meanwhile.
type Cell = Arc<tokio::sync::Mutex<Option<Held>>>;

/// The shared monitors that are known to be on the controller. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct SharedMonitors(Arc<Mutex<BTreeMap<SharedKey, Cell>>>);

#[derive(Debug, Clone)]
struct Held {
    content: HealthMonitor,
    stored: Stored,
}

impl SharedMonitors {
    /// Takes over what a full read found. What it did not find may be gone and is forgotten; if it is there after all,
    /// creating it finds that out.
    pub fn replace(&self, found: &BTreeMap<SharedKey, Arc<ObservedMonitor>>) {
        let cell = |monitor: &ObservedMonitor| Arc::new(tokio::sync::Mutex::new(Held::of(monitor)));
        *self.0.lock() = found.iter().map(|(key, monitor)| (key.clone(), cell(monitor))).collect();
    }

    /// Somebody removed it.
    pub fn forget(&self, key: &SharedKey) {
        self.0.lock().remove(key);
    }

    /// Makes the controller hold `monitor`, by `write` only when it is not known to hold it already. `outdated` is the
    /// version that the caller knows to be another one. A failure leaves nothing known.
    pub async fn ensure<F>(
        &self,
        monitor: &HealthMonitor,
        outdated: Option<&str>,
        write: F,
    ) -> Result<Stored, CallError>
    where
        F: Future<Output = Result<Stored, CallError>>,
    {
        let cell = self.cell(&(monitor.tenant.clone(), monitor.name.clone()));
        let mut held = cell.lock().await;
        if let Some(held) = held.as_ref().filter(|held| held.serves(monitor, outdated)) {
            return Ok(held.stored.clone());
        }
        *held = None;
        let stored = write.await?;
        *held = Some(Held { content: monitor.clone(), stored: stored.clone() });
        Ok(stored)
    }

    fn cell(&self, key: &SharedKey) -> Cell {
        Arc::clone(self.0.lock().entry(key.clone()).or_default())
    }
}

impl Held {
    /// `None` for one that has to be put right first.
    fn of(monitor: &ObservedMonitor) -> Option<Self> {
        let content = monitor.content.clone().filter(|_| monitor.faithful)?;
        let ObservedMonitor { uuid, last_modified, .. } = monitor;
        Some(Self { content, stored: Stored { uuid: uuid.clone(), last_modified: last_modified.clone() } })
    }

    fn serves(&self, monitor: &HealthMonitor, outdated: Option<&str>) -> bool {
        let newer = outdated.is_none() || self.stored.last_modified.as_deref() != outdated;
        newer && same_monitor(&self.content, monitor)
    }
}
