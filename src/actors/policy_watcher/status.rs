//! The status that a GSLBConfig or a GlobalDeploymentPolicy should have, beside the one it has (DB-05, DB-50).

#[cfg(test)]
mod tests;

use super::certificate::{Certificate, NOT_SEEN};
use super::identities::Clusters;
use crate::core::activation::{Problem, Progress};
use crate::core::census::Headway;
use crate::core::knowledge::{CLUSTERS_SEEN, Knowledge, in_words};
use crate::core::occurrence::{Occurrence, Reason};
use crate::core::policy::absence::{CLEANED_UP, POLICY_ABSENT};
use crate::core::policy::{ANOTHER_EXISTS, PolicyReport, PolicyVerdict};
use crate::core::references::waiting_for;
use crate::core::report::concerns_reference;
use crate::core::report::condition::{ACCEPTED, PROGRAMMED, RESOLVED_REFS, Speaker, Statement, Truth, resolved};
use crate::crd::{Condition, GlobalDeploymentPolicy, GlobalDeploymentPolicyStatus, GslbConfig, GslbConfigStatus};
use jiff::Timestamp;

/// Condition type that tells whether the controller's certificate is verified.
pub const CERTIFICATE_VERIFIED: &str = "ControllerCertificateVerified";

/// Condition type that tells whether something waits for an approval that would take answers away.
pub const CHANGES_HELD: &str = "ChangesHeld";

/// The same for the deletion of services among it.
pub const DELETIONS_HELD: &str = "DeletionsHeld";

/// Condition type that tells whether clusters do not count because they are other ones than before.
pub const CLUSTERS_NOT_RECOGNISED: &str = "ClustersNotRecognised";

/// What is known of the changes that the session holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// Nothing, as at the start: what was said stays.
    Unknown,
    /// What each set would take away and what to do, of all sets and of those that delete services.
    Known { changes: Vec<String>, deletions: Vec<String> },
}

impl Held {
    /// The condition that tells of it, while there is something.
    fn condition(&self, type_: &'static str, speaker: &Speaker<'_>) -> Option<Condition> {
        let (texts, reason) = match self {
            Self::Unknown => return speaker.said(type_).cloned(),
            Self::Known { deletions, .. } if type_ == DELETIONS_HELD => (deletions, "MassDeletion"),
            Self::Known { changes, .. } => (changes, "NeedsApproval"),
        };
        (!texts.is_empty()).then(|| speaker.say(Statement::new(type_, true, reason, texts.join(" | "))))
    }
}

/// What is known of the outside, for the GSLBConfig that is active.
#[derive(Debug, Clone, Default)]
pub struct About<'a> {
    /// In what state the controller is, in one word.
    pub controller: Option<&'static str>,
    /// Who leads when the controller does not.
    pub leader: Option<&'a str>,
    pub clusters: Option<&'a Knowledge>,
    /// Which clusters stand behind the contexts.
    pub identities: Clusters,
}

/// The status of a GSLBConfig, or `None` when it has it already. `verified` and `held` are unknown for one that is not
/// active.
pub fn of_config(
    config: &GslbConfig,
    state: String,
    verified: Option<Certificate>,
    about: About<'_>,
    held: Held,
) -> Option<GslbConfigStatus> {
    let present = config.status.clone().unwrap_or_default();
    let observed_generation = config.metadata.generation;
    let speaker = Speaker { generation: observed_generation, present: &present.conditions, now: Timestamp::now() };
    let [accepted, resolved, mut programmed] = about_config(&state);
    match Stage::of(&state) {
        Stage::NotLeader => {
            let leader = about.leader.map(|leader| format!(": {leader}")).unwrap_or_default();
            programmed.message.push_str(&leader);
        }
        Stage::Unreachable => programmed.reason = about.controller.unwrap_or(programmed.reason),
        Stage::Synced => programmed = about.clusters.and_then(|known| known.programmed(|_| true)).unwrap_or(programmed),
        _ => {}
    }
    let mut conditions = [accepted, resolved, programmed].map(|statement| speaker.say(statement)).to_vec();
    conditions.extend(match about.clusters {
        Some(clusters) => Some(speaker.say(clusters.clusters_seen())),
        None => speaker.said(CLUSTERS_SEEN).cloned(),
    });
    conditions.extend(match verified {
        Some(Certificate::NotSeen) => {
            Some(speaker.keep_or_say(Statement::new(CERTIFICATE_VERIFIED, Truth::Unknown, "NotConnected", NOT_SEEN)))
        }
        Some(verified) => Some(speaker.say(verified.statement())),
        None => speaker.said(CERTIFICATE_VERIFIED).cloned(),
    });
    conditions.extend([CHANGES_HELD, DELETIONS_HELD].into_iter().filter_map(|type_| held.condition(type_, &speaker)));
    // The absence of a policy is told beside this.
    conditions.extend([POLICY_ABSENT, CLEANED_UP].into_iter().filter_map(|type_| speaker.said(type_).cloned()));
    let policy_deletion = present.policy_deletion.clone();
    let clusters = match about.identities {
        Clusters::Known { clusters, strangers } => {
            let message = strangers.join("; ");
            let statement = || Statement::new(CLUSTERS_NOT_RECOGNISED, true, "AnotherCluster", message.clone());
            conditions.extend((!strangers.is_empty()).then(|| speaker.say(statement())));
            clusters
        }
        Clusters::Unknown => {
            conditions.extend(speaker.said(CLUSTERS_NOT_RECOGNISED).cloned());
            present.clusters.clone()
        }
    };
    let wanted = GslbConfigStatus { state, observed_generation, conditions, clusters, policy_deletion };
    (wanted != present).then_some(wanted)
}

/// The status of a GlobalDeploymentPolicy, or `None` when it has it already. `progress` is how many services do not
/// follow it yet, `None` while that is not known; `unseen` is what there is to say of its clusters that are not seen.
pub fn of_policy(
    policy: &GlobalDeploymentPolicy,
    report: &PolicyReport,
    progress: Option<Headway>,
    unseen: Option<Statement>,
) -> Option<GlobalDeploymentPolicyStatus> {
    let present = policy.status.clone().unwrap_or_default();
    let observed_generation = policy.metadata.generation;
    let speaker = Speaker { generation: observed_generation, present: &present.conditions, now: Timestamp::now() };
    let [accepted, resolved] = about_policy(report).map(|statement| match report.verdict {
        // What was said of this very object holds until the controller has answered, as after a restart.
        PolicyVerdict::Pending { .. } => speaker.keep_current_or_say(statement),
        _ => speaker.say(statement),
    });
    let programmed = match (&report.verdict, progress) {
        (PolicyVerdict::Accepted { .. }, Some(progress)) => speaker.say(policy_programmed(progress, unseen)),
        (PolicyVerdict::Accepted { .. } | PolicyVerdict::Pending { .. }, _) => speaker.keep_or_say(Statement::new(
            PROGRAMMED,
            Truth::Unknown,
            "Pending",
            "the GSLB services have not been compared with it yet",
        )),
        (PolicyVerdict::Invalid | PolicyVerdict::AnotherExists | PolicyVerdict::Waits { .. }, _) => {
            speaker.say(Statement::new(PROGRAMMED, false, "NotInForce", "it is not in force: see Accepted"))
        }
    };
    let conditions = vec![accepted, resolved, programmed];
    let error_status = report.text.clone().unwrap_or_else(|| present.error_status.clone());
    let wanted = GlobalDeploymentPolicyStatus { error_status, observed_generation, conditions };
    (wanted != present).then_some(wanted)
}

/// Whether a GlobalDeploymentPolicy is in force.
pub fn acceptance_of_policy(report: &PolicyReport) -> Statement {
    let [accepted, _] = about_policy(report);
    accepted
}

/// What an Event says of a GSLBConfig in this state; `None` when it has none yet.
pub fn outcome_of_config(state: &str) -> Option<Occurrence> {
    let [accepted, resolved, programmed] = about_config(state);
    let (reason, statement) = match Stage::of(state) {
        _ if state.is_empty() => return None,
        Stage::Conflicted | Stage::Invalid => (Reason::Rejected, accepted),
        Stage::SecretMissing | Stage::SecretIncomplete => (Reason::NotProgrammed, resolved),
        Stage::NotLeader | Stage::Unreachable => (Reason::NotProgrammed, programmed),
        Stage::Syncing | Stage::Synced => (Reason::Accepted, accepted),
    };
    Some(Occurrence::new(reason, statement.message))
}

fn policy_programmed(progress: Headway, unseen: Option<Statement>) -> Statement {
    let Headway { behind, held, of, left, .. } = progress;
    if behind == 0 {
        let in_sync = || Statement::new(PROGRAMMED, true, "InSync", "every GSLB service follows it");
        return unseen.unwrap_or_else(in_sync);
    }
    let left = left.map(|left| format!(", done in about {} at the present pace", in_words(left))).unwrap_or_default();
    if held > 0 {
        let message = format!(
            "{behind} of {of} GSLB services do not follow it: changes of {held} wait for an approval, see condition \
             ChangesHeld of the GSLBConfig; /api/gs says which and why"
        );
        return Statement::new(PROGRAMMED, false, "NeedsApproval", message);
    }
    let (services, follow) = if of == 1 { ("service", "does") } else { ("services", "do") };
    let message = format!(
        "{behind} of {of} GSLB {services} {follow} not follow it yet{left}: condition Programmed of the GSLBHostRules and \
         /api/gs say which and why"
    );
    Statement::new(PROGRAMMED, false, "Pending", message)
}

fn about_policy(report: &PolicyReport) -> [Statement; 2] {
    let not_checked =
        || Statement::new(RESOLVED_REFS, Truth::Unknown, "NotChecked", "looked at once the policy is valid otherwise");
    let text = report.text.as_deref().unwrap_or_default();
    match &report.verdict {
        PolicyVerdict::Accepted { limitations } => {
            let sentences = std::iter::once("the policy is in force").chain(limitations.iter().map(String::as_str));
            [
                Statement::new(ACCEPTED, true, "InForce", sentences.collect::<Vec<_>>().join("; ")),
                resolved(&report.doubts),
            ]
        }
        PolicyVerdict::AnotherExists => {
            let message = format!("{ANOTHER_EXISTS}: delete one of the two");
            [Statement::new(ACCEPTED, false, "Conflicted", message), not_checked()]
        }
        PolicyVerdict::Waits { message } => {
            [Statement::new(ACCEPTED, false, "Waiting", message.clone()), not_checked()]
        }
        PolicyVerdict::Pending { questions } => {
            let message = format!("{}; what was in force stays", waiting_for(questions));
            let unknown = |condition| Statement::new(condition, Truth::Unknown, "Pending", message.clone());
            [unknown(ACCEPTED), unknown(RESOLVED_REFS)]
        }
        PolicyVerdict::Invalid if concerns_reference(text) => {
            let message =
                format!("{text}: create what it names, or correct spec; the last valid policy stays in force");
            [
                Statement::new(ACCEPTED, false, "RefNotFound", message.clone()),
                Statement::new(RESOLVED_REFS, false, "RefNotFound", message),
            ]
        }
        PolicyVerdict::Invalid => {
            let message = format!("{text}: correct spec; the last valid policy stays in force");
            [Statement::new(ACCEPTED, false, "Invalid", message), not_checked()]
        }
    }
}

/// What `status.state` means for programs.
fn about_config(state: &str) -> [Statement; 3] {
    let stage = Stage::of(state);
    [stage.accepted(state), stage.resolved(state), stage.programmed(state)]
}

/// How far a GSLBConfig got, read from its `status.state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Conflicted,
    Invalid,
    SecretMissing,
    SecretIncomplete,
    NotLeader,
    Unreachable,
    Syncing,
    Synced,
}

impl Stage {
    fn of(state: &str) -> Self {
        let begins = |problem: Problem| state.starts_with(&problem.to_string());
        let unreachable = |about: &str| Problem::ControllerUnreachable(about.into());
        match state {
            _ if state == Progress::Accepted.state() || state == Progress::Synced.state() => Self::Synced,
            _ if state == Progress::Syncing.state() => Self::Syncing,
            _ if begins(Problem::AnotherActive) => Self::Conflicted,
            _ if begins(Problem::NoSecret(String::new())) => Self::SecretMissing,
            _ if begins(unreachable("Secret ")) => Self::SecretIncomplete,
            _ if begins(Problem::NotLeader) => Self::NotLeader,
            _ if begins(unreachable("")) || begins(Problem::LeaderUnknown(String::new())) => Self::Unreachable,
            _ => Self::Invalid,
        }
    }

    fn accepted(self, state: &str) -> Statement {
        match self {
            Self::Conflicted => {
                Statement::new(ACCEPTED, false, "Conflicted", format!("{state}: delete one of the two"))
            }
            Self::Invalid => Statement::new(ACCEPTED, false, "Invalid", format!("{state}: correct the object")),
            _ => Statement::new(ACCEPTED, true, "Active", "the configuration is valid and in use"),
        }
    }

    fn resolved(self, state: &str) -> Statement {
        match self {
            Self::Conflicted | Self::Invalid => {
                Statement::new(RESOLVED_REFS, Truth::Unknown, "NotChecked", "looked at once the object is accepted")
            }
            Self::SecretMissing => {
                let message = format!("{state}: create it with the keys username and password");
                Statement::new(RESOLVED_REFS, false, "SecretNotFound", message)
            }
            Self::SecretIncomplete => Statement::new(RESOLVED_REFS, false, "SecretIncomplete", state),
            Self::NotLeader | Self::Unreachable | Self::Syncing | Self::Synced => {
                Statement::new(RESOLVED_REFS, true, "ResolvedRefs", "the credentials Secret exists")
            }
        }
    }

    fn programmed(self, state: &str) -> Statement {
        let (truth, reason) = match self {
            Self::Synced => {
                let message = "clusters and controller have been compared completely";
                return Statement::new(PROGRAMMED, true, "Synced", message);
            }
            Self::Conflicted | Self::Invalid => {
                return Statement::new(PROGRAMMED, false, "NotInUse", "it is not in use: see Accepted");
            }
            Self::SecretMissing | Self::SecretIncomplete => {
                return Statement::new(PROGRAMMED, false, "NoCredentials", "nobody can log in: see ResolvedRefs");
            }
            Self::NotLeader => (false, "NotLeader"),
            Self::Unreachable => (false, "ControllerUnreachable"),
            Self::Syncing => (false, "Syncing"),
        };
        Statement::new(PROGRAMMED, truth, reason, state)
    }
}
