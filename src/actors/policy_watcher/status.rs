//! The status that an object should have, beside the one it has.

use crate::crd::{Condition, GlobalDeploymentPolicy, GlobalDeploymentPolicyStatus, GslbConfig, GslbConfigStatus};
use jiff::Timestamp;

/// Condition type that tells whether the controller's certificate is verified.
const CERTIFICATE_VERIFIED: &str = "ControllerCertificateVerified";

/// The status of a GSLBConfig, or `None` when it has it already. `verified` is unknown for one that is not active.
pub fn of_config(config: &GslbConfig, state: String, verified: Option<bool>) -> Option<GslbConfigStatus> {
    let present = config.status.clone().unwrap_or_default();
    let observed_generation = config.metadata.generation;
    let conditions = match verified {
        Some(verified) => vec![certificate_condition(verified, observed_generation, &present.conditions)],
        None => present.conditions.clone(),
    };
    let wanted = GslbConfigStatus { state, observed_generation, conditions };
    (wanted != present).then_some(wanted)
}

/// The status of a GlobalDeploymentPolicy, or `None` when it has it already.
pub fn of_policy(policy: &GlobalDeploymentPolicy, error_status: &str) -> Option<GlobalDeploymentPolicyStatus> {
    let present = policy.status.clone().unwrap_or_default();
    let wanted = GlobalDeploymentPolicyStatus {
        error_status: error_status.to_owned(),
        observed_generation: policy.metadata.generation,
        conditions: present.conditions.clone(),
    };
    (wanted != present).then_some(wanted)
}

fn certificate_condition(verified: bool, generation: Option<i64>, present: &[Condition]) -> Condition {
    let status = if verified { "True" } else { "False" };
    let (reason, message) = if verified {
        ("Verified", "the controller's certificate is verified")
    } else {
        (
            "InsecureSkipVerify",
            "spec.gslbLeader.insecureSkipVerify is set: anybody on the path can pose as the controller",
        )
    };
    let before = present.iter().find(|c| c.type_ == CERTIFICATE_VERIFIED && c.status == status);
    Condition {
        type_: CERTIFICATE_VERIFIED.into(),
        status: status.into(),
        observed_generation: generation,
        last_transition_time: before.and_then(|c| c.last_transition_time).or_else(|| Some(whole_second())),
        reason: reason.into(),
        message: message.into(),
    }
}

/// Kubernetes keeps condition times in whole seconds; a finer one would never compare equal to what is read back.
fn whole_second() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_is_there_already_is_not_written_again() {
        let mut config = GslbConfig::default();
        config.metadata.generation = Some(3);
        let first = of_config(&config, "syncing all objects".into(), Some(true)).unwrap();
        assert_eq!((first.state.as_str(), first.observed_generation), ("syncing all objects", Some(3)));
        config.status = Some(first);
        assert_eq!(of_config(&config, "syncing all objects".into(), Some(true)), None);
    }

    #[test]
    fn the_opt_out_of_verification_shows_as_a_condition_whose_time_moves_only_with_its_status() {
        let mut config = GslbConfig::default();
        let mut verified = of_config(&config, "x".into(), Some(true)).unwrap();
        let long_ago: Timestamp = "2024-01-01T00:00:00Z".parse().unwrap();
        verified.conditions[0].last_transition_time = Some(long_ago);
        config.status = Some(verified);
        let same = of_config(&config, "y".into(), Some(true)).unwrap();
        assert_eq!(same.conditions[0].last_transition_time, Some(long_ago));
        let other = of_config(&config, "y".into(), Some(false)).unwrap();
        assert_eq!((other.conditions[0].status.as_str(), other.conditions.len()), ("False", 1));
        assert_ne!(other.conditions[0].last_transition_time, Some(long_ago));
    }
}
