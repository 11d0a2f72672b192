//! Tables of what is said about a service and about a rule.

use super::carrier::carrier_name;
use super::*;
use crate::core::build::{Built, Decision, Desired, Origin, Placed};
use crate::core::endpoint::{EndpointKey, Kind};
use crate::core::gslb::{GslbService, Member, Pool, PoolAlgorithm};
use crate::crd::{Condition, LastError, LastWrite, MemberStatus, RefusedObject, ServiceStatus};
use std::collections::BTreeSet;

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn key(cluster: &str, name: &str) -> EndpointKey {
    EndpointKey {
        cluster: cluster.into(),
        kind: Kind::Ingress,
        namespace: "shop".into(),
        name: name.into(),
        hostname: "web.example.org".into(),
    }
}

fn member(address: &str, ratio: u32) -> Member {
    Member {
        address: address.parse().unwrap(),
        ratio,
        cluster_uuid: None,
        vs_uuid: None,
        public_address: None,
        enabled: true,
    }
}

fn pool(priority: u32, members: Vec<Member>) -> Pool {
    Pool { priority, algorithm: PoolAlgorithm::RoundRobin, min_health_monitors_up: 1, members, enabled: true }
}

fn placed(origin: Origin, address: &str, ratio: u32, priority: u32) -> Placed {
    Placed { origin, address: address.parse().unwrap(), public_address: None, ratio, priority, drained: None }
}

fn service() -> GslbService {
    GslbService {
        tenant: "admin".into(),
        name: "web.example.org".into(),
        domain_names: vec!["web.example.org".into(), "www.example.org".into()],
        description: String::new(),
        pools: vec![
            pool(10, vec![member("10.1.0.5", 3), member("10.9.0.9", 1)]),
            pool(2, vec![member("192.0.2.7", 1)]),
        ],
        monitors: vec!["amko--web".into()],
        ttl: Some(30),
        down_response: None,
        persistence: None,
        enabled: true,
    }
}

fn built(refused: usize) -> Built {
    let refusals = (0..refused).map(|n| (key("east", &format!("app{n:02}")), "it lacks a label".to_owned()));
    Built {
        decision: Decision::Service(Box::new(Desired { service: service(), monitors: Vec::new() })),
        refused: refusals.collect(),
        members: vec![
            placed(Origin::Object(key("east", "web")), "10.1.0.5", 3, 10),
            placed(Origin::Site("cdn".into()), "192.0.2.7", 1, 2),
        ],
        limitations: vec!["too many domain names".into()],
        refused_names: Vec::new(),
        questions: BTreeSet::new(),
    }
}

fn report(state: SyncState) -> ServiceReport {
    let built = built(1);
    let failed = matches!(state, SyncState::Failing | SyncState::Quarantined);
    let last_error = failed.then(|| ("POST: refused; do this", at("2026-01-02T00:00:09.5Z")));
    let subject = Subject {
        fqdn: "web.example.org",
        state,
        built: &built,
        planned: &built.decision,
        held: None,
        last_write: Some((at("2026-01-02T00:00:00.7Z"), WriteResult::Complete)),
        last_error,
    };
    subject.report()
}

fn described() -> ServiceStatus {
    let member = |cluster: Option<&str>, site: Option<&str>, address: &str, ratio, priority| MemberStatus {
        cluster: cluster.map(str::to_owned),
        object: cluster.map(|_| "Ingress shop/web".to_owned()),
        site: site.map(str::to_owned),
        address: address.into(),
        public_address: None,
        drained: None,
        ratio,
        priority,
    };
    ServiceStatus {
        state: "InSync".into(),
        tenant: Some("admin".into()),
        name: Some("web.example.org".into()),
        domain_names: vec!["web.example.org".into(), "www.example.org".into()],
        member_count: 3,
        members: vec![
            member(Some("east"), None, "10.1.0.5", 3, 10),
            member(None, None, "10.9.0.9", 1, 10),
            member(None, Some("cdn"), "192.0.2.7", 1, 2),
        ],
        monitors: vec!["amko--web".into()],
        ttl: Some(30),
        last_write: Some(LastWrite { time: Some(at("2026-01-02T00:00:00Z")), result: "Complete".into() }),
        last_error: None,
        refused_count: Some(1),
        refused: vec![RefusedObject { object: "Ingress shop/app00 (east)".into(), reason: "it lacks a label".into() }],
        limitations: vec!["too many domain names".into()],
    }
}

fn rule(verdict: RuleVerdict) -> RuleReport {
    RuleReport {
        object: ObjectName { namespace: "shop".into(), name: "web".into() },
        fqdn: "web.example.org".into(),
        uid: None,
        generation: Some(4),
        latest: Some(4),
        present: None,
        verdict,
        managed: false,
        superfluous: false,
        doubts: Vec::new(),
    }
}

fn accepted() -> RuleReport {
    rule(RuleVerdict::Accepted { limitations: Vec::new() })
}

const NOON: &str = "2026-01-02T12:00:00Z";

fn status(rule: &RuleReport, service: Option<&ServiceReport>, sight: Sight) -> Wanted {
    rule_status(rule, service, sight, &GslbHostRuleStatus::default(), at("2026-01-02T12:00:00.25Z"))
}

fn condition(type_: &str, status: &str, reason: &str, message: &str) -> Condition {
    Condition {
        type_: type_.into(),
        status: status.into(),
        observed_generation: Some(4),
        last_transition_time: Some(at(NOON)),
        reason: reason.into(),
        message: message.into(),
    }
}

fn said(wanted: &Wanted, type_: &str) -> String {
    let condition = wanted.status.conditions.iter().find(|c| c.type_ == type_).unwrap();
    format!("{} {}", condition.status, condition.reason)
}

/// DB-50.
#[test]
fn a_report_describes_the_service_with_what_is_behind_each_member() {
    let expected = ServiceReport {
        fqdn: "web.example.org".into(),
        state: SyncState::InSync,
        waiting_for: None,
        wanted: true,
        service: described(),
    };
    assert_eq!(report(SyncState::InSync), expected);
}

#[test]
fn twenty_refused_objects_are_named_and_all_are_counted() {
    let built = built(25);
    let subject = Subject {
        fqdn: "web.example.org",
        state: SyncState::InSync,
        built: &built,
        planned: &Decision::Nothing,
        held: None,
        last_write: None,
        last_error: None,
    };
    let ServiceReport { wanted, service, .. } = subject.report();
    let last = service.refused.last().map(|refused| refused.object.as_str());
    assert_eq!((wanted, service.refused_count, service.refused.len()), (false, Some(25), 20));
    assert_eq!(last, Some("Ingress shop/app19 (east)"));
}

#[test]
fn while_nothing_is_decided_the_service_that_the_controller_holds_is_described() {
    let mut built = built(0);
    built.decision = Decision::Wait("its cluster was not seen".into());
    let held = service();
    let subject = Subject {
        fqdn: "web.example.org",
        state: SyncState::Waiting,
        built: &built,
        planned: &built.decision,
        held: Some(&held),
        last_write: None,
        last_error: None,
    };
    let report = subject.report();
    assert_eq!((report.wanted, report.service.member_count), (false, 3));
    let wanted = status(&accepted(), Some(&report), Sight::Settled);
    let message = "nothing is written for now: its cluster was not seen";
    assert_eq!(wanted.status.conditions[2], condition("Programmed", "False", "Waiting", message));
}

/// DB-50.
#[test]
fn a_rule_whose_service_is_in_sync_says_so_in_full() {
    let expected = GslbHostRuleStatus {
        status: "Accepted".into(),
        error: String::new(),
        observed_generation: Some(4),
        conditions: vec![
            condition("Accepted", "True", "Accepted", "the rule is in force"),
            condition("ResolvedRefs", "True", "ResolvedRefs", "everything it refers to on the controller exists"),
            condition(
                "Programmed",
                "True",
                "InSync",
                "the controller holds the service with 3 members; service.refused tells about 1 object",
            ),
        ],
        service: Some(described()),
    };
    let wanted = status(&accepted(), Some(&report(SyncState::InSync)), Sight::Complete);
    assert_eq!(wanted, Wanted { status: expected, passing: false });
}

/// DB-50.
#[test]
fn the_state_of_the_service_decides_whether_the_rule_is_programmed() {
    let nothing = |refused: usize| {
        let mut report = report(SyncState::InSync);
        let refused_objects = report.service.refused.iter().take(refused).cloned().collect();
        report.service = ServiceStatus { refused: refused_objects, ..ServiceStatus::default() };
        ServiceReport { wanted: false, ..report }
    };
    let other = ServiceReport { fqdn: "other.example.org".into(), ..report(SyncState::InSync) };
    let table = [
        (Some(report(SyncState::InSync)), Sight::Blind, "True InSync", false),
        (Some(report(SyncState::Queued)), Sight::Complete, "False Pending", true),
        (Some(report(SyncState::Writing)), Sight::Complete, "False Pending", true),
        (Some(report(SyncState::Waiting)), Sight::Complete, "False Waiting", true),
        (Some(report(SyncState::Failing)), Sight::Complete, "False Failing", false),
        (Some(report(SyncState::Quarantined)), Sight::Complete, "False Quarantined", false),
        (Some(report(SyncState::Unread)), Sight::Complete, "Unknown Pending", true),
        (Some(nothing(0)), Sight::Complete, "False NoService", true),
        (Some(nothing(1)), Sight::Complete, "False NoMembers", true),
        (Some(other), Sight::Complete, "False NoService", true),
        (None, Sight::Settled, "False NoService", true),
        (None, Sight::Blind, "Unknown Pending", true),
    ];
    for (service, sight, expected, passing) in table {
        let wanted = status(&accepted(), service.as_ref(), sight);
        let found = (said(&wanted, "Programmed"), wanted.passing);
        assert_eq!(found, (expected.to_owned(), passing), "{service:?}");
    }
    let failing = status(&accepted(), Some(&report(SyncState::Failing)), Sight::Complete);
    assert_eq!(failing.status.conditions[2].message, "POST: refused; do this", "the remedy is in the condition");
    let error = LastError { message: "POST: refused; do this".into(), time: Some(at("2026-01-02T00:00:09Z")) };
    assert_eq!(failing.status.service.unwrap().last_error, Some(error));
}

/// DB-50.
#[test]
fn a_rejected_rule_tells_why_and_what_to_do_and_nothing_of_a_service() {
    let table = [
        ("there's an existing GSLBHostRule for the same FQDN", ["False Conflicted", "Unknown NotChecked"]),
        ("Health Monitor Ref hm error for web GSLBHostRule", ["False RefNotFound", "False RefNotFound"]),
        ("cluster c in Public IP  not present in GSLBConfig", ["False RefNotFound", "False RefNotFound"]),
        ("GSFqdn missing for web GSLBHostRule", ["False Invalid", "Unknown NotChecked"]),
    ];
    for (error, expected) in table {
        let wanted =
            status(&rule(RuleVerdict::Rejected(error.into())), Some(&report(SyncState::InSync)), Sight::Complete);
        let GslbHostRuleStatus { status, error: text, service, .. } = &wanted.status;
        assert_eq!((status.as_str(), text.as_str(), service), ("Rejected", error, &None));
        assert_eq!([said(&wanted, "Accepted"), said(&wanted, "ResolvedRefs")], expected, "{error}");
        assert_eq!((said(&wanted, "Programmed"), wanted.passing), ("False Rejected".to_owned(), false));
    }
    let invalid = status(&rule(RuleVerdict::Rejected("no fqdn".into())), None, Sight::Complete);
    assert_eq!(invalid.status.conditions[0].message, "no fqdn: correct spec");
}

#[test]
fn a_rule_that_cannot_be_checked_yet_keeps_what_was_said_of_it() {
    let pending = rule(RuleVerdict::Pending("the controller".into()));
    let first = status(&pending, None, Sight::Blind);
    assert_eq!((first.status.status.as_str(), said(&first, "Accepted")), ("", "Unknown Pending".to_owned()));

    let healthy = status(&accepted(), Some(&report(SyncState::InSync)), Sight::Complete).status;
    let after_restart = rule_status(&pending, None, Sight::Blind, &healthy, at("2026-01-03T00:00:00Z"));
    assert_eq!(after_restart.status, healthy);

    let edited = RuleReport { generation: Some(5), ..pending };
    let edited = rule_status(&edited, None, Sight::Complete, &healthy, at("2026-01-03T00:00:00Z"));
    assert_eq!(
        (said(&edited, "Accepted"), said(&edited, "Programmed")),
        ("Unknown Pending".into(), "True InSync".into())
    );
}

/// DB-04.
#[test]
fn after_a_restart_nothing_differs_until_something_does() {
    let healthy = status(&accepted(), Some(&report(SyncState::InSync)), Sight::Complete).status;
    let later = at("2026-02-01T00:00:00Z");
    let again =
        |service: Option<&ServiceReport>, sight| rule_status(&accepted(), service, sight, &healthy, later).status;
    assert_eq!(again(None, Sight::Blind), healthy, "nothing was heard yet");
    assert_eq!(again(Some(&report(SyncState::Unread)), Sight::Blind), healthy, "the controller was not read yet");
    let none = status(&accepted(), None, Sight::Complete).status;
    let unread = rule_status(&accepted(), Some(&report(SyncState::Unread)), Sight::Complete, &none, later).status;
    assert_eq!(unread, none, "that there is no service stays too");
    let mut fresh = report(SyncState::InSync);
    fresh.service.last_write = None;
    assert_eq!(again(Some(&fresh), Sight::Complete), healthy, "the time of the last write is remembered");

    let failing = status(&accepted(), Some(&report(SyncState::Failing)), Sight::Complete).status;
    let mut same_error = report(SyncState::Failing);
    same_error.service.last_error.as_mut().unwrap().time = Some(later);
    let found = rule_status(&accepted(), Some(&same_error), Sight::Complete, &failing, later).status;
    assert_eq!(found, failing, "the same error is as old as before");
}

#[test]
fn a_member_of_a_cluster_not_seen_yet_keeps_what_was_known_to_be_behind_it() {
    let mut healthy = status(&accepted(), Some(&report(SyncState::InSync)), Sight::Complete).status;
    let members = &mut healthy.service.as_mut().unwrap().members;
    members[1].cluster = Some("west".into());
    members[1].object = Some("Ingress shop/web".into());
    let found = rule_status(&accepted(), Some(&report(SyncState::InSync)), Sight::Settled, &healthy, at(NOON)).status;
    assert_eq!(found, healthy);
}

#[test]
fn the_time_of_a_condition_moves_with_its_status_and_with_nothing_else() {
    let failing = status(&accepted(), Some(&report(SyncState::Failing)), Sight::Complete).status;
    let later = at("2026-01-02T13:00:00Z");
    let queued = rule_status(&accepted(), Some(&report(SyncState::Queued)), Sight::Complete, &failing, later).status;
    assert_eq!(queued.conditions[2].last_transition_time, Some(at(NOON)), "False before and after");
    let healthy = rule_status(&accepted(), Some(&report(SyncState::InSync)), Sight::Complete, &failing, later).status;
    let times: Vec<_> = healthy.conditions.iter().map(|c| c.last_transition_time.unwrap().to_string()).collect();
    assert_eq!(times, [NOON, NOON, "2026-01-02T13:00:00Z"]);
}

#[test]
fn a_carrier_is_named_after_its_fqdn_and_always_validly() {
    let long = format!("{}.org", "a".repeat(300));
    let table = [
        ("web.example.org", "web.example.org"),
        ("*.example.org", "wildcard.example.org-1a6998e97308eac5"),
        ("Web.example.org", "web.example.org-c9df46bba3b310b9"),
        ("a_b.example.org", "a-b.example.org-ef4df4b69d75f2b9"),
        ("..", "07da1a07b4a03f2d"),
    ];
    for (fqdn, expected) in table {
        assert_eq!(carrier_name(fqdn), expected);
        assert_eq!(carrier_name(expected), expected, "what comes out is a valid name");
    }
    assert_eq!((carrier_name(&long).len(), carrier_name("web.example.org").as_str()), (253, "web.example.org"));
    assert_ne!(carrier_name("a_b.org"), carrier_name("a-b.org"));
}
