//! What is said while no policy is in force by an object that is there (DEL-02): what is about to happen, when, and how
//! to stop it.

use super::presence::{Departure, Standing, Wish};
use crate::core::occurrence::{Occurrence, Reason};
use crate::core::precedence::ObjectName;
use crate::core::report::condition::{Speaker, Statement};
use crate::crd::{Condition, PolicyDeletion};

/// Condition type of a GSLBConfig: there is no policy, or the one in force was deleted.
pub const POLICY_ABSENT: &str = "PolicyAbsent";
/// Condition type of a GSLBConfig: the policy was deleted, and no GSLB service is left.
pub const CLEANED_UP: &str = "CleanedUp";

/// What there is to say; `None` while there are policies.
pub fn statement(standing: &Standing) -> Option<Statement> {
    let (reason, message) = match standing {
        Standing::Choose => return None,
        Standing::Leaving(departure) => ("Grace", leaving(departure)),
        Standing::Gone(departure) => ("Deleted", gone(departure)),
        Standing::Missing => ("Missing", MISSING.to_owned()),
    };
    Some(Statement::new(POLICY_ABSENT, true, reason, message))
}

const MISSING: &str = "there is no GlobalDeploymentPolicy, and this process has not seen one deleted, so that is taken \
                       for no wish: nothing is written, and every GSLB service stays as it is. Create the policy; if \
                       every GSLB service shall be deleted, approve what condition DeletionsHeld names";

fn leaving(departure: &Departure) -> String {
    let Departure { policy, deleted, due, wished, remembered, successor } = departure;
    let name = &policy.name;
    let meanwhile = match remembered {
        true => "what it said stays in force until",
        false => "nothing is written until",
    };
    let then = match (successor, wished) {
        (true, _) => "another policy takes its place",
        (false, true) => {
            "every GSLB service of this installation is deleted, as soon as a list of the policies has confirmed that \
             there is none"
        }
        (false, false) => {
            "nothing is written, and nothing is deleted, because this cluster did not lead then, or had \
             no GSLBConfig, or the CRD of the policies went as well"
        }
    };
    format!(
        "GlobalDeploymentPolicy {}/{name} was deleted at {deleted}: {meanwhile} {due} \
         (spec.deletionGuard.policyGraceSeconds), then {then}. To stop that, create {name} again before",
        policy.namespace
    )
}

fn gone(departure: &Departure) -> String {
    let Departure { policy, deleted, due, .. } = departure;
    format!(
        "GlobalDeploymentPolicy {}/{} was deleted at {deleted} and did not come back by {due}: every GSLB service of \
         this installation is deleted; condition {CLEANED_UP} says when none is left. A new policy ends that",
        policy.namespace, policy.name
    )
}

/// What is said of a policy that waits beside the one that was deleted.
pub fn waits(departure: &Departure) -> String {
    let Departure { policy, deleted, due, .. } = departure;
    format!(
        "policy {}/{} was in force, was deleted at {deleted}, and may come back until {due}; then this one is looked at",
        policy.namespace, policy.name
    )
}

/// The Event that says it, unless the object's conditions do: when it begins, changes and ends.
pub fn occurrence(standing: &Standing, present: &[Condition]) -> Option<Occurrence> {
    let said = present.iter().find(|condition| condition.type_ == POLICY_ABSENT);
    let Some(Statement { message, .. }) = statement(standing) else {
        return said.map(|_| Occurrence::new(Reason::PolicyReturned, "there is a GlobalDeploymentPolicy again"));
    };
    let reason = match standing {
        Standing::Missing => Reason::PolicyMissing,
        _ => Reason::PolicyDeleted,
    };
    said.is_none_or(|said| said.message != message).then(|| Occurrence::new(reason, message))
}

/// The conditions about it. `left` is whether any service is, `None` while that is not known.
pub fn conditions(standing: &Standing, left: Option<bool>, speaker: Speaker<'_>) -> Vec<Condition> {
    let absent = statement(standing).map(|statement| speaker.say(statement));
    let cleaned = match (standing, left) {
        (Standing::Gone(_), Some(false)) => {
            let message = "the policy was deleted, and no GSLB service of this installation is left";
            Some(speaker.say(Statement::new(CLEANED_UP, true, "NoServiceLeft", message)))
        }
        (Standing::Gone(_), None) => speaker.said(CLEANED_UP).cloned(),
        _ => None,
    };
    absent.into_iter().chain(cleaned).collect()
}

/// The wish, when there is one, as the GSLBConfig's status keeps it.
pub fn kept(standing: &Standing) -> Option<PolicyDeletion> {
    match standing {
        Standing::Leaving(departure) | Standing::Gone(departure) if departure.wished => Some(PolicyDeletion {
            policy: departure.policy.name.clone(),
            deleted_at: departure.deleted,
            effective_at: departure.due,
        }),
        _ => None,
    }
}

/// The wish that a GSLBConfig's status keeps, about a policy of this namespace.
pub fn wish_of(kept: &PolicyDeletion, namespace: &str) -> Wish {
    let policy = ObjectName { namespace: namespace.to_owned(), name: kept.policy.clone() };
    Wish { policy, deleted: kept.deleted_at, due: kept.effective_at }
}
