//! Which endpoints the policy selects (section 4.2) and which of those can be members.

use super::endpoint::Endpoint;
use super::policy::{DeploymentPolicy, Installation};

/// Why an endpoint is not a member, in words for the object's owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Member,
    /// Names the rule of the policy, or what is missing, and the remedy.
    Refused(String),
}

/// Decides about one endpoint.
pub fn judge(endpoint: &Endpoint, policy: &DeploymentPolicy, installation: &Installation) -> Verdict {
    let _ = (endpoint, policy, installation);
    todo!()
}
