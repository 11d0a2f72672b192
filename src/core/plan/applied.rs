//! Keeping the observed state current while writes are carried out, without reading everything again.

use super::{Observed, ObservedMonitor, ObservedService, Write};
use crate::core::gslb::{GslbService, HealthMonitor};

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
        match write {
            Write::CreateMonitor(monitor) | Write::UpdateMonitor { monitor, .. } => self.store_monitor(monitor, stored),
            Write::CreateService(service) | Write::UpdateService { service, .. } => {
                self.service = stored.map(|stored| observed_service(service, stored));
            }
            Write::DeleteMonitor { uuid, name, .. } => {
                // The name may already stand for a monitor in another tenant.
                if self.monitors.get(name).is_some_and(|monitor| monitor.uuid == *uuid) {
                    self.monitors.remove(name);
                }
            }
            Write::DeleteService { uuid, .. } => {
                self.service.take_if(|service| service.uuid == *uuid);
            }
        }
    }

    /// The write with the version of its object that is known now, which an earlier write of the same list may have
    /// changed.
    pub fn refresh(&self, mut write: Write) -> Write {
        match &mut write {
            Write::UpdateService { uuid, last_modified, .. } => {
                if let Some(known) = self.service.as_ref().filter(|known| known.uuid == *uuid) {
                    last_modified.clone_from(&known.last_modified);
                }
            }
            Write::UpdateMonitor { uuid, last_modified, monitor } => {
                if let Some(known) = self.monitors.get(&monitor.name).filter(|known| known.uuid == *uuid) {
                    last_modified.clone_from(&known.last_modified);
                }
            }
            Write::CreateMonitor(_)
            | Write::DeleteMonitor { .. }
            | Write::CreateService(_)
            | Write::DeleteService { .. } => {}
        }
        write
    }

    fn store_monitor(&mut self, monitor: &HealthMonitor, stored: Option<Stored>) {
        let Some(stored) = stored else {
            self.monitors.remove(&monitor.name);
            return;
        };
        self.monitors.insert(monitor.name.clone(), Box::new(observed_monitor(monitor, stored)));
    }
}

fn observed_service(service: &GslbService, stored: Stored) -> ObservedService {
    let Stored { uuid, last_modified } = stored;
    ObservedService { uuid, last_modified, content: service.clone(), faithful: true }
}

fn observed_monitor(monitor: &HealthMonitor, stored: Stored) -> ObservedMonitor {
    let Stored { uuid, last_modified } = stored;
    let tenant = monitor.tenant.clone();
    ObservedMonitor { uuid, last_modified, tenant, content: Some(monitor.clone()), faithful: true }
}
