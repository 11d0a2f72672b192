//! Tables of what a GSLBConfig and a GlobalDeploymentPolicy say.

use super::*;
use crate::core::references::Question;
use crate::crd::Condition;

/// Type, status and reason of each condition.
fn said(conditions: &[Condition]) -> Vec<String> {
    conditions.iter().map(|c| format!("{}={} {}", c.type_, c.status, c.reason)).collect()
}

fn in_force() -> PolicyReport {
    PolicyReport::accepted(Vec::new())
}

fn report(text: &str) -> PolicyReport {
    match text {
        ANOTHER_EXISTS => PolicyReport::another_exists(),
        "success" => in_force(),
        text => PolicyReport::invalid(text.to_owned()),
    }
}

/// Where every cluster is seen.
fn of_policy(
    policy: &GlobalDeploymentPolicy,
    report: &PolicyReport,
    progress: Option<Headway>,
) -> Option<GlobalDeploymentPolicyStatus> {
    super::of_policy(policy, report, progress, None)
}

/// A report that the controller has not answered yet.
fn pending() -> PolicyReport {
    let question = Question::PkiProfile { tenant: "admin".into(), name: "pki-1".into() };
    PolicyReport::pending([question].into())
}

/// DB-05: a restart asks the controller again, and until it answers nothing new is known.
#[test]
fn what_was_said_of_a_policy_stays_while_the_controller_is_asked_about_it_again() {
    let mut policy = GlobalDeploymentPolicy::default();
    policy.metadata.generation = Some(3);
    policy.status = of_policy(&policy, &in_force(), Some(Headway::default()));
    assert_eq!(of_policy(&policy, &pending(), None), None);
}

/// DB-12: a policy that cannot be checked keeps its text, and what was said of the services.
#[test]
fn a_changed_policy_that_waits_for_the_controller_says_what_it_waits_for() {
    let mut policy = GlobalDeploymentPolicy::default();
    policy.metadata.generation = Some(3);
    policy.status = of_policy(&policy, &in_force(), Some(Headway::default()));
    policy.metadata.generation = Some(4);
    let status = of_policy(&policy, &pending(), None).unwrap();
    let expected = ["Accepted=Unknown Pending", "ResolvedRefs=Unknown Pending", "Programmed=True InSync"];
    assert_eq!(
        (status.error_status.as_str(), said(&status.conditions)),
        ("success", expected.map(str::to_owned).into())
    );
}

#[test]
fn what_a_policy_cannot_have_stands_beside_its_acceptance() {
    let report = PolicyReport::accepted(vec!["only the first 6 of 7 are used".into()]);
    let status = of_policy(&GlobalDeploymentPolicy::default(), &report, Some(Headway::default())).unwrap();
    assert_eq!(status.conditions[0].message, "the policy is in force; only the first 6 of 7 are used");
}

#[test]
fn a_status_that_is_there_already_is_not_written_again() {
    let mut config = GslbConfig::default();
    config.metadata.generation = Some(3);
    let first =
        of_config(&config, "syncing all objects".into(), Some(VERIFIED), About::default(), Held::Unknown).unwrap();
    assert_eq!((first.state.as_str(), first.observed_generation), ("syncing all objects", Some(3)));
    config.status = Some(first);
    assert_eq!(of_config(&config, "syncing all objects".into(), Some(VERIFIED), About::default(), Held::Unknown), None);

    let mut policy = GlobalDeploymentPolicy::default();
    policy.status = of_policy(&policy, &in_force(), Some(Headway::default()));
    assert_eq!(of_policy(&policy, &in_force(), Some(Headway::default())), None);
    assert_eq!(of_policy(&policy, &in_force(), None), None, "what is not known stays as it was said");
}

const VERIFIED: Certificate = Certificate::Verified { ignores_config: false };

#[test]
fn the_opt_out_of_verification_shows_as_a_condition_whose_time_moves_only_with_its_status() {
    let mut config = GslbConfig::default();
    let mut verified = of_config(&config, "x".into(), Some(VERIFIED), About::default(), Held::Unknown).unwrap();
    let long_ago: Timestamp = "2024-01-01T00:00:00Z".parse().unwrap();
    verified.conditions[3].last_transition_time = Some(long_ago);
    config.status = Some(verified);
    let same = of_config(&config, "y".into(), Some(VERIFIED), About::default(), Held::Unknown).unwrap();
    assert_eq!(same.conditions[3].last_transition_time, Some(long_ago));
    let other = of_config(&config, "y".into(), Some(Certificate::Skipped), About::default(), Held::Unknown).unwrap();
    assert_eq!((other.conditions[3].status.as_str(), other.conditions.len()), ("False", 4));
    assert_ne!(other.conditions[3].last_transition_time, Some(long_ago));
    let unknown = of_config(&config, "y".into(), None, About::default(), Held::Unknown).unwrap();
    assert_eq!(unknown.conditions[3].last_transition_time, Some(long_ago));
}

/// DB-50.
#[test]
fn the_state_of_a_configuration_decides_its_conditions() {
    let table = [
        ("success: gslb config accepted", ["True Active", "True ResolvedRefs", "True Synced"]),
        ("syncing all objects", ["True Active", "True ResolvedRefs", "False Syncing"]),
        ("error: controller not a leader", ["True Active", "True ResolvedRefs", "False NotLeader"]),
        (
            "error: issue in connecting to the controller API, timed out",
            ["True Active", "True ResolvedRefs", "False ControllerUnreachable"],
        ),
        (
            "error: issue in connecting to the controller API, Secret s has no username",
            ["True Active", "False SecretIncomplete", "False NoCredentials"],
        ),
        ("error: secret object doesn't exist s", ["True Active", "False SecretNotFound", "False NoCredentials"]),
        ("error: can't add another gslbconfig", ["False Conflicted", "Unknown NotChecked", "False NotInUse"]),
        (
            "error: invalid gslb configinvalid gslb config, namespace can only be avi-system",
            ["False Invalid", "Unknown NotChecked", "False NotInUse"],
        ),
        ("error: invalid gslb config with controller IP ", ["False Invalid", "Unknown NotChecked", "False NotInUse"]),
    ];
    for (state, expected) in table {
        let status = of_config(&GslbConfig::default(), state.into(), None, About::default(), Held::Unknown).unwrap();
        let expected: Vec<String> = ["Accepted", "ResolvedRefs", "Programmed"]
            .iter()
            .zip(expected)
            .map(|(type_, rest)| format!("{type_}={rest}"))
            .collect();
        assert_eq!((status.state.as_str(), said(&status.conditions)), (state, expected));
    }
}

fn behind_of_five(behind: usize) -> Headway {
    Headway { open: behind, behind, of: 5, ..Headway::default() }
}

/// FND-C7
#[test]
fn a_policy_that_not_every_service_follows_says_how_many_do_not_and_for_how_long() {
    let left = Some(std::time::Duration::from_secs(129));
    let progress = Headway { open: 263, behind: 263, held: 0, of: 300, left };
    let status = of_policy(&GlobalDeploymentPolicy::default(), &in_force(), Some(progress)).unwrap();
    let message = "263 of 300 GSLB services do not follow it yet, done in about 2m09s at the present pace: condition \
                   Programmed of the GSLBHostRules and /api/gs say which and why";
    assert_eq!(status.conditions[2].message, message);

    let held = Headway { held: 60, left: None, ..progress };
    let status = of_policy(&GlobalDeploymentPolicy::default(), &in_force(), Some(held)).unwrap();
    let message = "263 of 300 GSLB services do not follow it: changes of 60 wait for an approval, see condition \
                   ChangesHeld of the GSLBConfig; /api/gs says which and why";
    let said = (status.conditions[2].reason.as_str(), status.conditions[2].message.as_str());
    assert_eq!(said, ("NeedsApproval", message));
}

/// DB-50.
#[test]
fn the_text_of_a_policy_and_the_services_behind_it_decide_its_conditions() {
    let table = [
        ("success", None, ["True InForce", "True ResolvedRefs", "Unknown Pending"]),
        ("success", Some(2), ["True InForce", "True ResolvedRefs", "False Pending"]),
        ("success", Some(0), ["True InForce", "True ResolvedRefs", "True InSync"]),
        (
            "a GDP object already exists, can't add another",
            Some(0),
            ["False Conflicted", "Unknown NotChecked", "False NotInForce"],
        ),
        ("health monitor ref x is invalid", Some(0), ["False RefNotFound", "False RefNotFound", "False NotInForce"]),
        (
            "cluster context c not present in GSLBConfig",
            None,
            ["False RefNotFound", "False RefNotFound", "False NotInForce"],
        ),
        (
            "traffic weight 99 must be between 1 and 20",
            None,
            ["False Invalid", "Unknown NotChecked", "False NotInForce"],
        ),
    ];
    for (text, behind, expected) in table {
        let status = of_policy(&GlobalDeploymentPolicy::default(), &report(text), behind.map(behind_of_five)).unwrap();
        let expected: Vec<String> = ["Accepted", "ResolvedRefs", "Programmed"]
            .iter()
            .zip(expected)
            .map(|(type_, rest)| format!("{type_}={rest}"))
            .collect();
        assert_eq!((status.error_status.as_str(), said(&status.conditions)), (text, expected));
    }
}
