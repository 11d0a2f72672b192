//! The controller's API on behalf of one installation, by FQDN.

use super::slot::Reading;
use crate::avi::api::LeaderStatus;
use crate::avi::call_error::CallError;
use crate::avi::session::AviClient;
use crate::core::owner::Owner;
use crate::core::plan::{Observed, Stored, Write};
use std::collections::BTreeMap;

/// A session and for whom it is used. Clones share the session.
#[derive(Debug, Clone)]
pub struct AviApi {
    client: AviClient,
    owner: Owner,
}

impl AviApi {
    pub fn new(client: AviClient, owner: Owner) -> Self {
        Self { client, owner }
    }

    /// Whether the controller speaks our version and leads.
    pub async fn probe(&self) -> Result<LeaderStatus, CallError> {
        self.client.check_version().await?;
        self.client.leader_status().await
    }

    /// Everything that belongs to the installation.
    pub async fn list_own(&self) -> Result<BTreeMap<String, Observed>, CallError> {
        let own = self.client.list_own(&self.owner).await?;
        for monitor in &own.loose_monitors {
            tracing::debug!(monitor = monitor.name, tenant = monitor.tenant, "own monitor of no known service");
        }
        Ok(own.by_fqdn.into_iter().filter_map(|(fqdn, tenants)| Some((fqdn, one_tenant(tenants)?))).collect())
    }

    /// What the controller holds for one FQDN: in the first tenant that has its service, else in the last one looked at.
    pub async fn read_one(&self, fqdn: &str, reading: &Reading) -> Result<Observed, CallError> {
        let monitors: Vec<String> = reading.monitors.iter().cloned().collect();
        let mut observed = Observed::default();
        for tenant in &reading.tenants {
            observed = self.client.read_one(&self.owner, tenant, fqdn, &monitors).await?;
            if observed.service.is_some() {
                break;
            }
        }
        Ok(observed)
    }

    /// Does one write; `None` after a delete.
    pub async fn execute(&self, write: &Write) -> Result<Option<Stored>, CallError> {
        let stored = self.client.execute(write, &self.owner).await?;
        let deleted = matches!(write, Write::DeleteMonitor { .. } | Write::DeleteService { .. });
        Ok((!deleted).then_some(Stored { uuid: stored.uuid, last_modified: stored.last_modified }))
    }

    pub async fn logout(&self) -> Result<(), CallError> {
        self.client.logout().await
    }
}

/// An FQDN is in one tenant, except while it moves; the one with the service counts.
fn one_tenant(tenants: BTreeMap<String, Observed>) -> Option<Observed> {
    let (with, without): (Vec<_>, Vec<_>) = tenants.into_values().partition(|observed| observed.service.is_some());
    with.into_iter().chain(without).next()
}
