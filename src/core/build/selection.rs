//! The endpoints of one FQDN that become members, all of one tenant.

use crate::core::endpoint::{Endpoint, EndpointKey};
use crate::core::policy::{DeploymentPolicy, Installation};
use crate::core::select::{Verdict, judge};
use crate::core::tenancy::tenant;

/// The Kubernetes members of a service, and what cannot be one.
pub(super) struct Selection<'a> {
    pub tenant: &'a str,
    /// In the order of their keys.
    pub members: Vec<&'a Endpoint>,
    pub refused: Vec<(EndpointKey, String)>,
}

impl<'a> Selection<'a> {
    /// The tenant is that of the first selected endpoint (rule GS-01); those of other tenants cannot join (rule
    /// TEN-05). `endpoints` are expected in the order of their keys.
    pub fn of(endpoints: &[&'a Endpoint], policy: &DeploymentPolicy, installation: &'a Installation) -> Self {
        let mut selection = Self { tenant: &installation.default_tenant, members: Vec::new(), refused: Vec::new() };
        for &endpoint in endpoints {
            if let Err(reason) = selection.admit(endpoint, policy, installation) {
                selection.refused.push((endpoint.key.clone(), reason));
            }
        }
        selection
    }

    fn admit(
        &mut self,
        endpoint: &'a Endpoint,
        policy: &DeploymentPolicy,
        installation: &'a Installation,
    ) -> Result<(), String> {
        if let Verdict::Refused(reason) = judge(endpoint, policy, installation) {
            return Err(reason);
        }
        let tenant = tenant(endpoint, installation)?;
        match self.members.first() {
            Some(first) if tenant != self.tenant => {
                return Err(format!(
                    "it is of tenant {tenant:?}, but GSLB service {} is of tenant {:?} because of {} (rule TEN-05); \
                     give both namespaces the same tenant",
                    endpoint.gs_name(),
                    self.tenant,
                    first.key
                ));
            }
            _ => self.tenant = tenant,
        }
        self.members.push(endpoint);
        Ok(())
    }

    /// The objects behind the members (rule GS-05). One object with several hostnames may have one entry for all.
    pub fn description(&self) -> String {
        let mut entries: Vec<String> = self.members.iter().map(|member| member.key.describe()).collect();
        entries.dedup();
        entries.join(",")
    }
}
