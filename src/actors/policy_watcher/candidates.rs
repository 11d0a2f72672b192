//! The watched objects as candidates for being the one in force.

use super::kept::Kept;
use crate::core::activation;
use crate::core::policy::ACCEPTED;
use crate::core::precedence::{Candidate, ObjectName};
use crate::crd::{GlobalDeploymentPolicy, GslbConfig};
use kube::{Resource, ResourceExt};

pub fn config_candidates(configs: &Kept<GslbConfig>) -> Vec<Candidate> {
    let accepted = |config: &GslbConfig| config.status.as_ref().is_some_and(|s| activation::was_accepted(&s.state));
    candidates(configs, accepted)
}

pub fn policy_candidates(policies: &Kept<GlobalDeploymentPolicy>) -> Vec<Candidate> {
    let accepted = |p: &GlobalDeploymentPolicy| p.status.as_ref().is_some_and(|s| s.error_status == ACCEPTED);
    candidates(policies, accepted)
}

fn candidates<K: Resource<DynamicType = ()>>(kept: &Kept<K>, accepted: impl Fn(&K) -> bool) -> Vec<Candidate> {
    let candidate = |(object, k): (&ObjectName, &K)| Candidate {
        object: object.clone(),
        created: k.creation_timestamp().map(|time| time.0),
        accepted: accepted(k),
    };
    kept.objects.iter().map(candidate).collect()
}
