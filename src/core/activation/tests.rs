//! The status texts of a GSLBConfig, its UUID, and which of several is active.

use super::*;
use crate::core::fixtures::UUID;
use crate::core::precedence::{Candidate, ObjectName};

fn candidate(name: &str, created: &str, accepted: bool) -> Candidate {
    let object = ObjectName { namespace: "avi-system".to_owned(), name: name.to_owned() };
    Candidate { object, created: created.parse().ok(), accepted }
}

fn names(choice: &Choice<'_>) -> (Option<String>, Vec<(String, String)>) {
    let others = choice.others.iter().map(|(other, problem)| (other.object.name.clone(), problem.to_string()));
    (choice.active.map(|active| active.object.name.clone()), others.collect())
}

/// See `docs/RULES.md#activation`.
#[test]
fn status_texts_are_those_of_upstream() {
    let text = |text: &str| text.to_owned();
    let cases = [
        (Problem::AnotherActive, "error: can't add another gslbconfig"),
        (Problem::WrongNamespace, "error: invalid gslb configinvalid gslb config, namespace can only be avi-system"),
        (Problem::NoControllerIp, "error: invalid gslb config with controller IP "),
        (Problem::NoCredentials, "error: invalid gslb config with leaderSecret "),
        (Problem::NoSecret(text("gslb-avi-secret")), "error: secret object doesn't exist gslb-avi-secret"),
        (Problem::ControllerUnreachable(text("refused")), "error: issue in connecting to the controller API, refused"),
        (Problem::LeaderUnknown(text("refused")), "error fetching Gslb leader site details, refused"),
        (Problem::NotLeader, "error: controller not a leader"),
        (Problem::Kubeconfig(text("empty")), "error: provided kubeconfig has an error empty"),
        (Problem::ClusterHealth(text("down")), "error: cluster healthcheck failed, down"),
        (Problem::Edited, "gslb config edited, amko needs a restart"),
        (Problem::WriteOnFollower, "Config Operations can be done ONLY on leader"),
    ];
    for (problem, expected) in cases {
        assert_eq!(problem.to_string(), expected);
    }
    let progress = [Progress::Syncing, Progress::Synced, Progress::Accepted].map(Progress::state);
    assert_eq!(progress, ["syncing all objects", "synced all objects", "success: gslb config accepted"]);
    assert!(was_accepted("success: gslb config accepted") && !was_accepted("success"));
}

#[test]
fn the_uuid_is_read_in_its_four_forms_and_normalised() {
    let simple = UUID.replace('-', "");
    for form in [UUID, &UUID.to_uppercase(), &format!("urn:uuid:{UUID}"), &format!("{{{UUID}}}"), &simple] {
        assert_eq!(parse_uuid(form).unwrap().to_string(), UUID, "{form}");
    }
    for broken in ["", "1111", &UUID[1..], &format!("{UUID} "), &format!("({UUID})")] {
        assert_eq!(parse_uuid(broken), Err(Problem::InvalidUuid(broken.to_owned())));
    }
}

#[test]
fn the_first_check_that_fails_is_reported() {
    let named = |context: &str| MemberCluster { cluster_context: context.to_owned() };
    let (members, unnamed) = ([named("ctx-a")], [named("ctx-a"), named("")]);
    let good = Facts {
        uuid: None,
        controller_ip: "10.0.0.1",
        credentials: "gslb-avi-secret",
        controller_version: "31.1.1",
        members: &members,
    };
    let uuid = Some("nonsense");
    assert_eq!(check(good), Ok(None));
    assert_eq!(check(Facts { uuid: Some(UUID), ..good }), Ok(Some(UUID.parse().unwrap())));
    assert_eq!(
        check(Facts { uuid, controller_ip: "", ..good }),
        Err(Problem::InvalidUuid("nonsense".to_owned())),
        "step 3 comes before step 6"
    );
    assert_eq!(check(Facts { controller_ip: "", credentials: "", ..good }), Err(Problem::NoControllerIp));
    assert_eq!(check(Facts { credentials: "", controller_version: "", ..good }), Err(Problem::NoCredentials));
    assert_eq!(check(Facts { controller_version: "", members: &[], ..good }), Err(Problem::NoControllerVersion));
    assert_eq!(check(Facts { members: &[], ..good }), Err(Problem::NoMembers));
    assert_eq!(check(Facts { members: &unnamed, ..good }), Err(Problem::NoMembers));
}

#[test]
fn the_active_config_stays_then_an_accepted_one_wins_then_the_oldest() {
    let old = candidate("old", "2024-01-01T00:00:00Z", false);
    let accepted = candidate("accepted", "2025-01-01T00:00:00Z", true);
    let young = candidate("young", "2026-01-01T00:00:00Z", false);
    let another = Problem::AnotherActive.to_string();
    let with = |name: &str| (name.to_owned(), another.clone());

    let all = [old.clone(), young.clone(), accepted.clone()];
    let choice = choose(&all, Some(&young.object), "avi-system");
    assert_eq!(names(&choice), (Some("young".to_owned()), vec![with("accepted"), with("old")]));
    let choice = choose(&all, None, "avi-system");
    assert_eq!(names(&choice), (Some("accepted".to_owned()), vec![with("old"), with("young")]));
    let pair = [young.clone(), old];
    let choice = choose(&pair, Some(&accepted.object), "avi-system");
    assert_eq!(names(&choice), (Some("old".to_owned()), vec![with("young")]), "the active one was deleted");
}

/// DB-05.
#[test]
fn a_config_in_another_namespace_is_never_active() {
    let mut misplaced = candidate("misplaced", "2020-01-01T00:00:00Z", true);
    misplaced.object.namespace = "default".to_owned();
    let all = [misplaced];
    let problem = Problem::WrongNamespace.to_string();
    assert_eq!(names(&choose(&all, None, "avi-system")), (None, vec![("misplaced".to_owned(), problem)]));
}
