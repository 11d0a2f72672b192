//! Everything on the controller that belongs to this installation.

use crate::avi::call_error::CallError;
use crate::avi::session::AviClient;
use crate::avi::wire::{RefNames, monitor_identity, parse_monitor, parse_service};
use crate::core::owner::{LEGACY_OWNER, MONITOR_PREFIX, Owner};
use crate::core::plan::{Observed, ObservedService};
use serde_json::Value;
use std::collections::BTreeMap;

/// The own objects of a controller, over all tenants. Objects of others are not in here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnObjects {
    /// By FQDN, then by tenant; two tenants for one FQDN only while it moves between them.
    pub by_fqdn: BTreeMap<String, BTreeMap<String, Observed>>,
    /// Own monitors of which nothing tells for which FQDN they are: the shared passthrough monitor, and those whose
    /// description somebody changed.
    pub loose_monitors: Vec<LooseMonitor>,
}

/// A monitor without a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LooseMonitor {
    pub tenant: String,
    pub name: String,
    pub uuid: String,
}

impl AviClient {
    /// Lists with one walk over the monitors and one over the services of each owner: both owners because of
    /// DB-16, no call per object because of DB-45.
    pub async fn list_own(&self, owner: &Owner) -> Result<OwnObjects, CallError> {
        let monitors = self.walk("healthmonitor", "include_name=&is_federated=true").await?;
        let mut services = Vec::new();
        for created_by in [owner.as_str(), LEGACY_OWNER] {
            services.extend(self.walk("gslbservice", &format!("created_by={created_by}&include_name=")).await?);
        }
        Ok(OwnObjects::sort_out(&services, &monitors, owner))
    }
}

impl OwnObjects {
    fn sort_out(services: &[Value], monitors: &[Value], owner: &Owner) -> Self {
        let names = RefNames::of(monitors);
        let mut own = Self::default();
        for service in services.iter().filter_map(|object| parse_service(object, owner, &names)) {
            let place = own.place(&service.content.name, &service.content.tenant);
            place.service = Some(service);
        }
        let users = own.users_of_monitors();
        for object in monitors {
            own.add_monitor(object, owner, &users);
        }
        own
    }

    fn place(&mut self, fqdn: &str, tenant: &str) -> &mut Observed {
        self.by_fqdn.entry(fqdn.to_owned()).or_default().entry(tenant.to_owned()).or_default()
    }

    /// The FQDN of the service that refers to a monitor, by tenant and name of the monitor.
    fn users_of_monitors(&self) -> BTreeMap<(String, String), String> {
        let services =
            self.by_fqdn.values().flat_map(BTreeMap::values).filter_map(|observed| observed.service.as_ref());
        services.flat_map(references).collect()
    }

    fn add_monitor(&mut self, object: &Value, owner: &Owner, users: &BTreeMap<(String, String), String>) {
        let names = RefNames::default();
        let Some(monitor) = parse_monitor(object, owner, &names) else { return };
        let Some(identity) = monitor_identity(object, &names) else { return };
        let shared = identity.is_shared();
        let key = (identity.tenant, identity.name);
        match identity.gs_name.or_else(|| users.get(&key).filter(|_| !shared).cloned()) {
            Some(fqdn) => {
                let (tenant, name) = key;
                self.place(&fqdn, &tenant).monitors.insert(name, Box::new(monitor));
            }
            None => self.loose_monitors.push(LooseMonitor { tenant: key.0, name: key.1, uuid: monitor.uuid }),
        }
    }
}

fn references(service: &ObservedService) -> impl Iterator<Item = ((String, String), String)> + '_ {
    let content = &service.content;
    let own = content.monitors.iter().filter(|name| name.starts_with(MONITOR_PREFIX));
    own.map(|name| ((content.tenant.clone(), name.clone()), content.name.clone()))
}
