//! What the controller holds for one FQDN, for the moments when that is in doubt: after a write with an unknown
//! outcome, a 404, 409 or 412.

use super::encoded;
use crate::avi::call_error::CallError;
use crate::avi::session::AviClient;
use crate::avi::version::PKI_PROFILE_REF;
use crate::avi::wire::{RefNames, monitor_identity, parse_monitor, parse_service};
use crate::core::monitor::is_shared;
use crate::core::owner::{MONITOR_PREFIX, Owner};
use crate::core::plan::{Holding, ObservedService};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

impl AviClient {
    /// Reads what one tenant holds: the service and the own monitors among `monitor_names` and the service's
    /// references. Objects of other owners, of this name or not, are left out, and so is a shared monitor that the
    /// service does not refer to (EX-12).
    pub async fn read_one(
        &self,
        owner: &Owner,
        tenant: &str,
        fqdn: &str,
        monitor_names: &[String],
    ) -> Result<Holding, CallError> {
        let read = async {
            let found = self.find_service(owner, tenant, fqdn).await?;
            let referring = found.as_ref().and_then(|object| parse_service(object, owner, &RefNames::default()));
            let referred = referring.iter().flat_map(|service| service.content.monitors.iter());
            let asked = monitor_names.iter().filter(|name| !is_shared(name));
            let own = |name: &&String| name.starts_with(MONITOR_PREFIX);
            let wanted: BTreeSet<_> = referred.chain(asked).filter(own).cloned().collect();
            let mut monitors = Vec::new();
            for name in wanted {
                monitors.extend(self.find_monitor(tenant, &name).await?.map(|monitor| (name, monitor)));
            }
            Ok(self.holding(owner, tenant, found.as_ref(), monitors))
        };
        read.await.map_err(|error: CallError| error.about(format_args!("GSLB service {fqdn}")))
    }

    async fn find_service(&self, owner: &Owner, tenant: &str, fqdn: &str) -> Result<Option<Value>, CallError> {
        let target = format!("/api/gslbservice?include_name=&name={}", encoded(fqdn));
        let wanted = |object: &Value| {
            let own = parse_service(object, owner, &RefNames::default());
            own.is_some_and(|service| service.content.name == fqdn && service.content.tenant == tenant)
        };
        Ok(self.find(&target, tenant).await?.into_iter().find(wanted))
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

    /// The monitors that were found give names to references that carry only a uuid.
    fn holding(&self, owner: &Owner, tenant: &str, service: Option<&Value>, monitors: Vec<(String, Value)>) -> Holding {
        let names = RefNames::of(monitors.iter().map(|(_, monitor)| monitor));
        let mut held = Holding::empty(tenant);
        held.service = service.and_then(|object| self.service_of(object, owner, &names)).map(Arc::new);
        for (name, object) in monitors {
            if let Some(monitor) = parse_monitor(&object, owner, &names) {
                held.monitors.insert(name, Arc::new(monitor));
            }
        }
        held
    }

    /// A service of this installation, as far as the version in use tells it.
    pub(super) fn service_of(&self, object: &Value, owner: &Owner, names: &RefNames) -> Option<ObservedService> {
        let service = parse_service(object, owner, names)?;
        Some(ObservedService { tells_pki: self.has(PKI_PROFILE_REF), ..service })
    }
}
