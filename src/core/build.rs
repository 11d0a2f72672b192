//! Endpoints and policy to the GSLB service they ask for (section 7).

use super::endpoint::{Endpoint, EndpointKey};
use super::gslb::{GslbService, HealthMonitor};
use super::policy::PolicySnapshot;

/// What should be on the controller for one FQDN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Too little is known to decide: leave the controller as it is.
    Wait(&'static str),
    /// No service and no monitors.
    Nothing,
    Service(Box<Desired>),
}

/// A service with the monitors that it owns, in the order of its references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    pub service: GslbService,
    pub monitors: Vec<HealthMonitor>,
}

/// The decision, and each endpoint that is not a member with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    pub decision: Decision,
    pub refused: Vec<(EndpointKey, String)>,
}

/// Decides what `fqdn` should look like. The order of `endpoints` does not matter.
pub fn build<'a>(fqdn: &str, endpoints: impl IntoIterator<Item = &'a Endpoint>, policy: &PolicySnapshot) -> Built {
    let _ = (fqdn, endpoints.into_iter().count(), policy);
    todo!()
}
