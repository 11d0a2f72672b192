//! What the controller holds for one FQDN, for the moments when that is in doubt: after a write with an unknown
//! outcome, a 404, 409 or 412.

use super::encoded;
use crate::avi::call_error::CallError;
use crate::avi::session::AviClient;
use crate::avi::wire::{RefNames, SHARED_MONITOR_PREFIX, monitor_identity, parse_monitor, parse_service};
use crate::core::owner::{MONITOR_PREFIX, Owner};
use crate::core::plan::{Observed, ObservedService};
use serde_json::Value;
use std::collections::BTreeSet;

impl AviClient {
    /// Reads the service and the own monitors among `monitor_names` and the service's references. Objects of other
    /// owners, of this name or not, are left out.
    pub async fn read_one(
        &self,
        owner: &Owner,
        tenant: &str,
        fqdn: &str,
        monitor_names: &[String],
    ) -> Result<Observed, CallError> {
        let service = self.read_service(owner, tenant, fqdn).await.map_err(|e| about(e, fqdn))?;
        let referred = service.iter().flat_map(|service| service.content.monitors.iter());
        let wanted: BTreeSet<_> = referred.chain(monitor_names).filter(|name| of_one_service(name)).cloned().collect();
        let mut observed = Observed { service, ..Observed::default() };
        for name in wanted {
            let found = self.find_monitor(tenant, &name).await.map_err(|e| about(e, fqdn))?;
            if let Some(monitor) = found.and_then(|found| parse_monitor(&found, owner, &RefNames::default())) {
                observed.monitors.insert(name, Box::new(monitor));
            }
        }
        Ok(observed)
    }

    async fn read_service(
        &self,
        owner: &Owner,
        tenant: &str,
        fqdn: &str,
    ) -> Result<Option<ObservedService>, CallError> {
        let target = format!("/api/gslbservice?include_name=&name={}", encoded(fqdn));
        let found = self.find(&target, tenant).await?;
        let mut own = found.iter().filter_map(|object| parse_service(object, owner, &RefNames::default()));
        Ok(own.find(|service| service.content.name == fqdn && service.content.tenant == tenant))
    }

    /// The monitor of this name in this tenant, whoever owns it; objects of `admin` show up in other tenants too.
    pub(super) async fn find_monitor(&self, tenant: &str, name: &str) -> Result<Option<Value>, CallError> {
        let target = format!("/api/healthmonitor?include_name=&is_federated=true&name={}", encoded(name));
        let found = self.find(&target, tenant).await?;
        let wanted = |object: &Value| {
            monitor_identity(object, &RefNames::default()).is_some_and(|id| id.name == name && id.tenant == tenant)
        };
        Ok(found.into_iter().find(wanted))
    }
}

/// The monitor that passthrough services share is nobody's to change or delete.
fn of_one_service(name: &str) -> bool {
    name.starts_with(MONITOR_PREFIX) && !name.starts_with(SHARED_MONITOR_PREFIX)
}

fn about(error: CallError, fqdn: &str) -> CallError {
    error.about(format_args!("GSLB service {fqdn}"))
}
