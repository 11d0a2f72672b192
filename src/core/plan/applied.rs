//! Keeping the observed state current while writes are carried out, without reading everything again.

use super::{Holding, Observed, ObservedMonitor, ObservedService, Write};
use crate::core::gslb::{GslbService, HealthMonitor};
use std::sync::Arc;

/// What the controller's answer to a create or update says about the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub uuid: String,
    pub last_modified: Option<String>,
}

impl Observed {
    /// Notes that `write` succeeded. `stored` comes from the answer; deletes have none. A create or update whose
    /// answer could not be read leaves the object out, so that the next plan meets it as unknown.
    pub fn applied(&mut self, write: &Write, stored: Option<Stored>) {
        self.edit(write.tenant(), |held| match write {
            Write::CreateMonitor(monitor) | Write::UpdateMonitor { monitor, .. } => held.store_monitor(monitor, stored),
            Write::CreateService(service) | Write::UpdateService { service, .. } => {
                held.service = stored.map(|stored| Arc::new(observed_service(service, stored)));
            }
            Write::DeleteMonitor { uuid, name, .. } => {
                // The name may already stand for another object.
                if held.monitors.get(name).is_some_and(|monitor| monitor.uuid == *uuid) {
                    held.monitors.remove(name);
                }
            }
            Write::DeleteService { uuid, .. } => {
                held.service.take_if(|service| service.uuid == *uuid);
                held.forget_shared_without_service();
            }
            Write::MoveService { service, .. } => {
                held.service = stored.map(|stored| Arc::new(observed_service(service, stored)));
            }
        });
        if let Write::MoveService { from, .. } = write {
            from.iter().for_each(|former| self.applied(&former.deletion(), None));
        }
    }

    /// The write with the version of its object that is known now, which an earlier write of the same list may have
    /// changed; and with the uuid of a monitor that such a write has made.
    pub fn refresh(&self, mut write: Write) -> Write {
        let held = self.in_tenant(write.tenant());
        match &mut write {
            Write::UpdateService { uuid, last_modified, .. } => {
                if let Some(known) = held.and_then(|held| held.service.as_ref()).filter(|known| known.uuid == *uuid) {
                    last_modified.clone_from(&known.last_modified);
                }
            }
            Write::UpdateMonitor { uuid, last_modified, monitor } => {
                let known = held.and_then(|held| held.monitors.get(&monitor.name));
                if let Some(known) = known.filter(|known| known.uuid == *uuid) {
                    last_modified.clone_from(&known.last_modified);
                }
            }
            Write::DeleteMonitor { uuid, name, .. } if uuid.is_empty() => {
                if let Some(known) = held.and_then(|held| held.monitors.get(name)) {
                    uuid.clone_from(&known.uuid);
                }
            }
            Write::CreateMonitor(_)
            | Write::DeleteMonitor { .. }
            | Write::CreateService(_)
            | Write::MoveService { .. }
            | Write::DeleteService { .. } => {}
        }
        write
    }
}

impl Write {
    /// The tenant of the object.
    pub fn tenant(&self) -> &str {
        match self {
            Self::CreateMonitor(monitor) | Self::UpdateMonitor { monitor, .. } => &monitor.tenant,
            Self::CreateService(service) | Self::UpdateService { service, .. } | Self::MoveService { service, .. } => {
                &service.tenant
            }
            Self::DeleteMonitor { tenant, .. } | Self::DeleteService { tenant, .. } => tenant,
        }
    }
}

impl Holding {
    fn store_monitor(&mut self, monitor: &HealthMonitor, stored: Option<Stored>) {
        let Some(stored) = stored else {
            self.monitors.remove(&monitor.name);
            return;
        };
        self.monitors.insert(monitor.name.clone(), Arc::new(observed_monitor(monitor, stored)));
    }
}

fn observed_service(service: &GslbService, stored: Stored) -> ObservedService {
    let Stored { uuid, last_modified } = stored;
    ObservedService { uuid, last_modified, content: service.clone(), faithful: true, tells_pki: true }
}

fn observed_monitor(monitor: &HealthMonitor, stored: Stored) -> ObservedMonitor {
    let Stored { uuid, last_modified } = stored;
    ObservedMonitor { uuid, last_modified, content: Some(monitor.clone()), faithful: true }
}
