//! When a GSLBHostRule is patched, made or removed.

use super::*;
use crate::core::host_rule::RuleVerdict;
use crate::core::report::SyncState;
use crate::crd::ServiceStatus;

fn name(name: &str) -> ObjectName {
    ObjectName { namespace: "avi-system".into(), name: name.into() }
}

fn now() -> Timestamp {
    "2026-01-02T12:00:00Z".parse().unwrap()
}

fn rule(object: &str, managed: bool) -> RuleReport {
    RuleReport {
        object: name(object),
        fqdn: "web.example.org".into(),
        uid: Some(format!("uid-of-{object}")),
        generation: Some(1),
        latest: Some(1),
        present: None,
        verdict: RuleVerdict::Accepted { limitations: Vec::new() },
        managed,
        superfluous: false,
        doubts: Vec::new(),
    }
}

/// The rule `web` at this generation, for this FQDN.
fn web_for(fqdn: &str, generation: i64) -> RuleReport {
    RuleReport { fqdn: fqdn.into(), generation: Some(generation), latest: Some(generation), ..rule("web", false) }
}

fn in_sync(member_count: i32) -> Box<ServiceReport> {
    Box::new(ServiceReport {
        fqdn: "web.example.org".into(),
        state: SyncState::InSync,
        waiting_for: None,
        wanted: true,
        service: ServiceStatus { member_count, ..ServiceStatus::default() },
    })
}

fn rules(sight: Sight) -> Rules {
    let mut rules = Rules::new("avi-system".into());
    rules.on_sight(sight);
    rules
}

/// The word for what is due, with a question mark when it may pass.
fn due(rules: &Rules, object: &str) -> String {
    let Some(Due { call, passing }) = rules.due(&name(object), now()) else { return "nothing".into() };
    let word = match call {
        Call::Patch(_) => "patch".to_owned(),
        Call::Create { fqdn } => format!("create for {fqdn}"),
        Call::Delete { uid } => format!("delete {}", uid.unwrap_or_default()),
    };
    if passing { format!("{word}?") } else { word }
}

/// Does what is due.
fn act(rules: &mut Rules, object: &str) -> GslbHostRuleStatus {
    act_with(rules, object, Outcome::Settled)
}

/// The same, with this outcome.
fn act_with(rules: &mut Rules, object: &str, outcome: Outcome) -> GslbHostRuleStatus {
    let Some(Due { call, .. }) = rules.due(&name(object), now()) else { panic!("nothing is due") };
    let written = match &call {
        Call::Patch(status) => (**status).clone(),
        Call::Create { .. } | Call::Delete { .. } => GslbHostRuleStatus::default(),
    };
    rules.on_begun(&name(object), &call);
    rules.on_settled(&name(object), call, outcome);
    written
}

#[test]
fn a_status_written_as_a_field_is_written_anew_once_it_is_held_apart() {
    let mut rules = rules(Sight::Complete);
    for object in ["web", "api"] {
        rules.on_rule(rule(object, false));
        rules.on_service(name(object), in_sync(2));
    }
    let (written, _) = (act_with(&mut rules, "web", Outcome::AsField), act(&mut rules, "api"));
    assert_eq!((due(&rules, "web"), due(&rules, "api")), ("nothing".into(), "nothing".into()));
    // The echo of the write, without what the field had no room for.
    let echo = GslbHostRuleStatus { status: written.status.clone(), ..GslbHostRuleStatus::default() };
    rules.on_rule(RuleReport { present: Some(echo), ..rule("web", false) });
    act_with(&mut rules, "web", Outcome::AsField);

    assert_eq!(rules.on_status_apart(), [name("web")]);
    assert_eq!((due(&rules, "web"), due(&rules, "api")), ("patch".into(), "nothing".into()));
    assert_eq!(act(&mut rules, "web"), written);
    assert_eq!(due(&rules, "web"), "nothing");
    assert_eq!(rules.on_status_apart(), [], "all of it is there");
}

/// DB-04, DB-46.
#[test]
fn the_echo_of_an_own_write_is_no_reason_to_write() {
    let mut rules = rules(Sight::Complete);
    rules.on_service(name("web"), in_sync(2));
    assert_eq!(due(&rules, "web"), "nothing", "the rule itself was not seen yet");
    rules.on_rule(rule("web", false));
    assert_eq!(due(&rules, "web"), "patch");
    let written = act(&mut rules, "web");
    assert_eq!(due(&rules, "web"), "nothing");
    rules.on_rule(rule("web", false));
    assert_eq!(due(&rules, "web"), "nothing", "a report from before the write");
    rules.on_rule(RuleReport { present: Some(written.clone()), ..rule("web", false) });
    assert_eq!(due(&rules, "web"), "nothing", "the echo");
    rules.on_rule(RuleReport { present: Some(GslbHostRuleStatus::default()), ..rule("web", false) });
    assert_eq!(due(&rules, "web"), "patch", "somebody took the status away");
    rules.on_rule(RuleReport { present: Some(written), ..rule("web", false) });
    rules.on_service(name("web"), in_sync(3));
    assert_eq!(due(&rules, "web"), "patch", "the service is another");
}

/// FND-C1: what is seen lags behind what is written, and a version that was written before the last one is no news; what
/// was written elsewhere is.
#[test]
fn an_own_status_that_is_seen_late_is_not_taken_for_what_there_is() {
    let mut rules = rules(Sight::Complete);
    rules.on_rule(rule("web", false));
    let written: Vec<GslbHostRuleStatus> = [1, 2, 1, 3]
        .into_iter()
        .map(|members| {
            rules.on_service(name("web"), in_sync(members));
            act(&mut rules, "web")
        })
        .collect();
    rules.on_service(name("web"), in_sync(1));
    assert_eq!(due(&rules, "web"), "patch");
    for late in [&written[0], &written[1]] {
        rules.on_rule(RuleReport { present: Some(late.clone()), doubts: vec!["news".into()], ..rule("web", false) });
        assert_eq!(due(&rules, "web"), "patch", "three members are shown, and there is one");
    }
    rules.on_restated(&name("web"), Some(1), written[3].clone());
    let written = act(&mut rules, "web");
    rules.on_restated(&name("web"), Some(1), written.clone());
    assert_eq!(due(&rules, "web"), "nothing");
    rules.on_restated(&name("web"), Some(1), GslbHostRuleStatus { status: "Rejected".into(), ..written });
    assert_eq!(due(&rules, "web"), "patch", "it was written elsewhere");
}

/// FND-C1: what is seen may come before the answer to a write, and after it something that was written elsewhere.
#[test]
fn a_status_that_is_seen_before_its_answer_is_the_own_one() {
    let mut rules = rules(Sight::Complete);
    rules.on_rule(rule("web", false));
    rules.on_service(name("web"), in_sync(2));
    let call = rules.due(&name("web"), now()).unwrap().call;
    let Call::Patch(status) = call.clone() else { panic!("a patch") };
    rules.on_begun(&name("web"), &call);
    assert_eq!(rules.on_restated(&name("web"), Some(1), (*status).clone()), Author::Here);
    let other = GslbHostRuleStatus { status: "Rejected".into(), ..*status };
    assert_eq!(rules.on_restated(&name("web"), Some(1), other), Author::Elsewhere);
    rules.on_settled(&name("web"), call, Outcome::Settled);
    assert_eq!(due(&rules, "web"), "patch", "the answer is older than what was seen");
    let call = rules.due(&name("web"), now()).unwrap().call;
    rules.on_begun(&name("web"), &call);
    rules.on_failed(&name("web"));
    assert_eq!(due(&rules, "web"), "patch", "it was not done");
}

/// Changed and changed back while nothing was seen of it: what is said is said of what there is now.
#[test]
fn a_generation_that_decides_nothing_is_observed_where_status_is_apart() {
    for (outcome, then) in [(Outcome::Settled, "patch"), (Outcome::AsField, "nothing")] {
        let mut rules = rules(Sight::Complete);
        rules.on_rule(rule("web", false));
        rules.on_service(name("web"), in_sync(2));
        let written = act_with(&mut rules, "web", outcome);
        rules.on_restated(&name("web"), Some(3), written);
        assert_eq!(due(&rules, "web"), then);
    }
}

#[test]
fn a_rule_that_comes_back_under_the_same_name_starts_from_nothing() {
    let mut rules = rules(Sight::Complete);
    rules.on_rule(rule("web", false));
    rules.on_service(name("web"), in_sync(2));
    act(&mut rules, "web");
    rules.on_gone(name("web"));
    assert_eq!(due(&rules, "web"), "nothing");
    rules.on_rule(RuleReport { uid: Some("another".into()), ..rule("web", false) });
    assert_eq!(due(&rules, "web"), "patch?", "nothing is known of its service");
}

/// GHR-02
#[test]
fn a_rule_for_another_fqdn_is_looked_at_again_once_it_is_known_whether_there_is_a_service() {
    let mut rules = rules(Sight::Blind);
    rules.on_service(name("web"), in_sync(2));
    rules.on_rule(rule("web", false));
    act(&mut rules, "web");
    rules.on_rule(RuleReport {
        fqdn: "api.example.org".into(),
        generation: Some(2),
        latest: Some(2),
        ..rule("web", false)
    });
    act(&mut rules, "web");
    assert_eq!(due(&rules, "web"), "nothing", "what is not seen is not said");
    assert_eq!(rules.on_sight(Sight::Complete), [name("web")]);
    assert_eq!(due(&rules, "web"), "patch?");
}

#[test]
fn a_carrier_is_made_once_and_only_with_open_eyes() {
    let mut rules = rules(Sight::Blind);
    rules.on_carrier("web.example.org".into(), true);
    assert_eq!(due(&rules, "web.example.org"), "nothing");
    rules.on_sight(Sight::Settled);
    assert_eq!(due(&rules, "web.example.org"), "create for web.example.org?");
    act(&mut rules, "web.example.org");
    assert_eq!(due(&rules, "web.example.org"), "nothing");
    rules.on_rule(rule("web.example.org", true));
    rules.on_service(name("web.example.org"), in_sync(1));
    assert_eq!(due(&rules, "web.example.org"), "patch");
    act(&mut rules, "web.example.org");
    rules.on_gone(name("web.example.org"));
    assert_eq!(due(&rules, "web.example.org"), "create for web.example.org?", "somebody deleted it");
}

#[test]
fn a_carrier_goes_when_it_is_not_wanted_and_no_other_object_ever_does() {
    for (managed, expected) in [(true, "delete uid-of-web.example.org"), (false, "patch?")] {
        let mut rules = rules(Sight::Settled);
        rules.on_rule(rule("web.example.org", managed));
        rules.on_carrier("web.example.org".into(), false);
        assert_eq!(due(&rules, "web.example.org"), expected);
        if managed {
            act(&mut rules, "web.example.org");
            assert_eq!(due(&rules, "web.example.org"), "nothing", "it is asked once");
        }
    }
}

#[test]
fn a_rule_of_a_user_makes_the_carrier_of_its_fqdn_superfluous_and_prevents_another() {
    let mut rules = rules(Sight::Complete);
    rules.on_carrier("web.example.org".into(), true);
    rules.on_rule(rule("web.example.org", true));
    rules.on_service(name("web.example.org"), in_sync(1));
    let touched = rules.on_rule(RuleReport { verdict: RuleVerdict::Rejected("no".into()), ..rule("mine", false) });
    assert_eq!(touched, [name("web.example.org"), name("mine")], "the carrier is looked at too");
    assert_eq!(due(&rules, "web.example.org"), "delete uid-of-web.example.org");
    act(&mut rules, "web.example.org");
    rules.on_gone(name("web.example.org"));
    assert_eq!(due(&rules, "web.example.org"), "nothing", "not even beside a rejected rule");
    rules.on_gone(name("mine"));
    assert_eq!(due(&rules, "web.example.org"), "create for web.example.org?");

    let mut rules = self::rules(Sight::Blind);
    rules.on_rule(RuleReport { superfluous: true, ..rule("web.example.org", true) });
    assert_eq!(due(&rules, "web.example.org"), "delete uid-of-web.example.org", "as validation has decided");
}

#[test]
fn a_carrier_that_nobody_speaks_for_goes_only_when_every_cluster_was_seen() {
    let mut rules = rules(Sight::Blind);
    rules.on_rule(RuleReport { present: Some(GslbHostRuleStatus::default()), ..rule("web.example.org", true) });
    let mut found = Vec::new();
    for sight in [Sight::Blind, Sight::Settled, Sight::Complete] {
        assert_eq!(rules.on_sight(sight), [name("web.example.org")]);
        found.push(due(&rules, "web.example.org"));
    }
    assert_eq!(found, ["patch?", "patch?", "delete uid-of-web.example.org?"]);
    rules.on_service(name("web.example.org"), in_sync(1));
    assert_eq!(due(&rules, "web.example.org"), "patch");
}

#[test]
fn of_a_service_that_nobody_owns_any_more_no_carrier_is_wanted() {
    let mut rules = rules(Sight::Complete);
    rules.on_carrier("web.example.org".into(), true);
    rules.on_rule(rule("web.example.org", true));
    assert_eq!(due(&rules, "web.example.org"), "patch?");
    assert_eq!(rules.on_service_gone("web.example.org"), [name("web.example.org")]);
    assert_eq!(due(&rules, "web.example.org"), "delete uid-of-web.example.org?");
    rules.on_gone(name("web.example.org"));
    assert_eq!(due(&rules, "web.example.org"), "nothing");
}

#[test]
fn an_object_of_somebody_else_with_the_name_of_a_carrier_is_left_alone() {
    let mut rules = rules(Sight::Complete);
    rules.on_carrier("web.example.org".into(), true);
    act(&mut rules, "web.example.org");
    rules.on_rule(RuleReport { fqdn: "other.example.org".into(), ..rule("web.example.org", false) });
    assert_eq!(due(&rules, "web.example.org"), "patch?", "it has a status of its own, and is not deleted");
    assert_eq!(rules.taken.len(), 1);
}

#[test]
fn a_report_about_a_former_fqdn_does_not_come_back_with_it() {
    let mut rules = rules(Sight::Complete);
    rules.on_rule(web_for("web.example.org", 1));
    rules.on_service(name("web"), in_sync(2));
    rules.on_rule(web_for("other.example.org", 2));
    assert_eq!(rules.on_service_gone("web.example.org"), []);
    rules.on_rule(web_for("web.example.org", 3));
    assert_eq!(act(&mut rules, "web").service, None);
}

#[test]
fn what_is_told_of_the_new_fqdn_may_come_before_the_rule() {
    let mut rules = rules(Sight::Complete);
    rules.on_rule(web_for("other.example.org", 1));
    rules.on_service(name("web"), in_sync(2));
    rules.on_rule(web_for("web.example.org", 2));
    assert_eq!(act(&mut rules, "web").service.map(|service| service.member_count), Some(2));
}

#[test]
fn of_rules_that_whoever_reports_them_does_not_know_nothing_is_left() {
    let mut rules = rules(Sight::Complete);
    for object in ["web", "gone"] {
        rules.on_rule(rule(object, false));
    }
    let carrier = name("web.example.org");
    assert_eq!(rules.on_only(&[name("web")].into()), [carrier.clone(), name("gone")], "both may have something due");
    assert_eq!(rules.on_only(&[].into()), [carrier, name("web")]);
    rules.on_carrier("web.example.org".into(), true);
    assert_eq!(due(&rules, "web.example.org"), "create for web.example.org?");
}

#[test]
fn the_wish_for_a_carrier_ends_with_a_restart_of_the_directory() {
    let mut rules = rules(Sight::Complete);
    rules.on_carrier("web.example.org".into(), true);
    rules.on_services_unknown();
    assert_eq!(rules.on_sight(Sight::Complete), []);
    assert_eq!(due(&rules, "web.example.org"), "nothing");
}
