//! The status that a GSLBHostRule should have (DB-04, DB-50).

use super::condition::{ACCEPTED, PROGRAMMED, RESOLVED_REFS, Speaker, Statement, Truth, resolved};
use super::{RuleReport, ServiceReport, Sight, SyncState, concerns_reference};
use crate::core::host_rule::RuleVerdict;
use crate::crd::{Condition, GslbHostRuleStatus, MemberStatus, ServiceStatus};
use jiff::Timestamp;

/// `status.error` of a rule whose FQDN another rule has.
const DUPLICATE: &str = "there's an existing GSLBHostRule for the same FQDN";

/// A status, and whether it is worth waiting a moment for a better one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub status: GslbHostRuleStatus,
    /// It speaks of something that is under way and usually over at once.
    pub passing: bool,
}

/// The status that a rule should have. `present` is what its object has; `service` the newest report about the
/// service of its FQDN.
pub fn rule_status(
    rule: &RuleReport,
    service: Option<&ServiceReport>,
    sight: Sight,
    present: &GslbHostRuleStatus,
    now: Timestamp,
) -> Wanted {
    let speaker = Speaker { generation: rule.generation, present: &present.conditions, now };
    let service = service.filter(|report| report.fqdn == rule.fqdn);
    match &rule.verdict {
        RuleVerdict::Accepted { limitations } => {
            let about = About { rule, service, sight, present, speaker };
            let accepted = Statement::new(ACCEPTED, true, "Accepted", accepted_message(limitations));
            let resolved = resolved(&rule.doubts);
            let (programmed, passing) = about.programmed();
            let conditions = vec![speaker.say(accepted), speaker.say(resolved), programmed];
            let status = GslbHostRuleStatus {
                status: "Accepted".into(),
                error: String::new(),
                observed_generation: rule.generation,
                conditions,
                service: about.service_status(limitations),
            };
            Wanted { status, passing }
        }
        RuleVerdict::Rejected(error) => {
            let status = GslbHostRuleStatus {
                status: "Rejected".into(),
                error: error.clone(),
                observed_generation: rule.generation,
                conditions: rejected(error).map(|statement| speaker.say(statement)).to_vec(),
                service: None,
            };
            Wanted { status, passing: false }
        }
        // What was said before stays: the rule that was in force still is.
        RuleVerdict::Pending(waits_for) => {
            let message = format!("not checked yet: {waits_for}");
            let pending = |type_| Statement::new(type_, Truth::Unknown, "Pending", message.clone());
            let programmed = speaker.keep_or_say(pending(PROGRAMMED));
            let conditions = vec![
                speaker.keep_current_or_say(pending(ACCEPTED)),
                speaker.keep_current_or_say(pending(RESOLVED_REFS)),
                programmed,
            ];
            Wanted { status: GslbHostRuleStatus { conditions, ..present.clone() }, passing: true }
        }
    }
}

/// Whether a rule is in force; `None` while that is open.
pub fn acceptance(verdict: &RuleVerdict) -> Option<Statement> {
    match verdict {
        RuleVerdict::Accepted { limitations } => {
            Some(Statement::new(ACCEPTED, true, "Accepted", accepted_message(limitations)))
        }
        RuleVerdict::Rejected(error) => {
            let [accepted, ..] = rejected(error);
            Some(accepted)
        }
        RuleVerdict::Pending(_) => None,
    }
}

fn accepted_message(limitations: &[String]) -> String {
    match limitations {
        [] => "the rule is in force".into(),
        _ => format!("the rule is in force, with limitations: {}", limitations.join("; ")),
    }
}

fn rejected(error: &str) -> [Statement; 3] {
    let (reason, remedy) = match error {
        DUPLICATE => ("Conflicted", "delete one of the two, or change its spec.fqdn"),
        _ if concerns_reference(error) => ("RefNotFound", "create what it names, or correct the name in spec"),
        _ => ("Invalid", "correct spec"),
    };
    let message = format!("{error}: {remedy}");
    let resolved = match reason {
        "RefNotFound" => Statement::new(RESOLVED_REFS, false, reason, message.clone()),
        _ => Statement::new(RESOLVED_REFS, Truth::Unknown, "NotChecked", "looked at once the rule is valid otherwise"),
    };
    let unused = "the rule is not in force, the service follows the GlobalDeploymentPolicy alone: see Accepted";
    [Statement::new(ACCEPTED, false, reason, message), resolved, Statement::new(PROGRAMMED, false, "Rejected", unused)]
}

/// What there is to say about the service of an accepted rule.
struct About<'a> {
    rule: &'a RuleReport,
    service: Option<&'a ServiceReport>,
    sight: Sight,
    present: &'a GslbHostRuleStatus,
    speaker: Speaker<'a>,
}

impl About<'_> {
    /// The condition, and whether it is about to pass.
    fn programmed(&self) -> (Condition, bool) {
        let fqdn = &self.rule.fqdn;
        let say = |truth: Truth, reason, message: String| {
            (self.speaker.say(Statement::new(PROGRAMMED, truth, reason, message)), true)
        };
        let keep = |message: &str| {
            (self.speaker.keep_or_say(Statement::new(PROGRAMMED, Truth::Unknown, "Pending", message)), true)
        };
        let Some(report) = self.service else {
            return match self.sight {
                Sight::Blind => keep("clusters and controller have not been looked at yet"),
                Sight::Settled | Sight::Complete => say(Truth::False, "NoService", no_service(fqdn)),
            };
        };
        match (report.state, report.wanted) {
            (SyncState::Unread, _) => keep("the controller has not been read yet"),
            (SyncState::Held, _) => {
                let message = "members stay that are not wanted any more, until somebody approves that they go: see \
                               condition ChangesHeld of the GSLBConfig";
                say(Truth::False, "Held", message.into())
            }
            (SyncState::Failing, _) => (self.speaker.say(failing(report)), false),
            (SyncState::Quarantined, _) => (self.speaker.say(quarantined(report)), false),
            _ if report.waiting_for.is_some() => {
                let reason = report.waiting_for.as_deref().unwrap_or_default();
                say(Truth::False, "Waiting", format!("nothing is written for now: {reason}"))
            }
            (SyncState::NotSelected | SyncState::NoMembers, _) if !report.service.refused.is_empty() => {
                say(Truth::False, "NoMembers", no_members(fqdn))
            }
            (SyncState::NotSelected | SyncState::NoMembers, _) => say(Truth::False, "NoService", no_service(fqdn)),
            (SyncState::InSync, true) => (self.speaker.say(in_sync(report)), false),
            (SyncState::InSync, false) if report.service.refused.is_empty() => {
                say(Truth::False, "NoService", no_service(fqdn))
            }
            (SyncState::InSync, false) => say(Truth::False, "NoMembers", no_members(fqdn)),
            (SyncState::Waiting, _) => {
                say(Truth::False, "Waiting", "a write is due and has to wait: see the status of the GSLBConfig".into())
            }
            (SyncState::Queued | SyncState::Writing, _) => {
                say(Truth::False, "Pending", "a write to the controller is on its way".into())
            }
        }
    }

    fn service_status(&self, limitations: &[String]) -> Option<ServiceStatus> {
        let before = self.present.service.as_ref();
        let Some(report) = self.service else {
            return before.filter(|_| self.sight == Sight::Blind).cloned();
        };
        // What was said, be it that there is none, stays until the controller has been read.
        if report.state == SyncState::Unread && self.speaker.said(PROGRAMMED).is_some() {
            return before.cloned();
        }
        // There is none any more, nor an object that could tell why: nobody will speak of it again.
        let at_rest = matches!(report.state, SyncState::InSync | SyncState::NotSelected);
        if at_rest && !report.wanted && report.service.refused.is_empty() {
            return None;
        }
        let mut service = report.service.clone();
        if let Some(before) = before {
            remember(&mut service, before);
        }
        service.limitations.extend(limitations.iter().cloned());
        Some(service)
    }
}

/// Takes over what an earlier process knew and this one does not: the time of the last write, the time of an error
/// that is still the same, and what is behind a member of a cluster that has not been seen yet.
fn remember(service: &mut ServiceStatus, before: &ServiceStatus) {
    if service.last_write.is_none() {
        service.last_write.clone_from(&before.last_write);
    }
    if let (Some(error), Some(earlier)) = (&mut service.last_error, &before.last_error)
        && error.message == earlier.message
    {
        error.time = earlier.time;
    }
    let unexplained = |m: &&mut MemberStatus| m.object.is_none() && m.site.is_none();
    for member in service.members.iter_mut().filter(unexplained) {
        if let Some(earlier) = before.members.iter().find(|earlier| earlier.address == member.address) {
            member.cluster.clone_from(&earlier.cluster);
            member.object.clone_from(&earlier.object);
            member.site.clone_from(&earlier.site);
        }
    }
}

fn no_service(fqdn: &str) -> String {
    format!("no selected object has this FQDN: give an Ingress, Route or LoadBalancer Service the host {fqdn}")
}

fn no_members(fqdn: &str) -> String {
    format!("objects with the host {fqdn} exist, none of them is a member: service.refused says why")
}

fn in_sync(report: &ServiceReport) -> Statement {
    let members = match report.service.member_count {
        1 => "1 member".to_owned(),
        count => format!("{count} members"),
    };
    let refused = match report.service.refused_count {
        None => String::new(),
        Some(1) => "; service.refused tells about 1 object".to_owned(),
        Some(count) => format!("; service.refused tells about {count} objects"),
    };
    Statement::new(PROGRAMMED, true, "InSync", format!("the controller holds the service with {members}{refused}"))
}

fn failing(report: &ServiceReport) -> Statement {
    Statement::new(PROGRAMMED, false, "Failing", last_error(report))
}

fn quarantined(report: &ServiceReport) -> Statement {
    let error = last_error(report);
    let message = format!(
        "{error}; it is tried again with growing pauses of up to ten minutes, and at once when one of its objects changes"
    );
    Statement::new(PROGRAMMED, false, "Quarantined", message)
}

fn last_error(report: &ServiceReport) -> &str {
    report.service.last_error.as_ref().map_or("", |error| error.message.as_str())
}
