//! Whether the controller holds what a GSLBConfig asks for. Of several reasons the one is named that a person has to do
//! something about first; the others have conditions of their own.

use super::{About, CHANGES_HELD, Stage, no_login};
use crate::actors::avi_session::phase::ControllerState;
use crate::core::report::condition::{PROGRAMMED, Statement};

/// Reason while something waits for an approval, of a policy likewise.
pub const NEEDS_APPROVAL: &str = "NeedsApproval";

/// `statement` is what follows from the stage alone; `held`: something waits for an approval.
pub(super) fn of_config(stage: Stage, mut statement: Statement, about: &About<'_>, held: bool) -> Statement {
    match stage {
        Stage::NotLeader => {
            let leader = about.leader.map(|leader| format!(": {leader}")).unwrap_or_default();
            statement.message.push_str(&leader);
            statement
        }
        Stage::Unreachable => Statement { reason: about.controller.unwrap_or(statement.reason), ..statement },
        Stage::SecretMissing | Stage::SecretIncomplete => without_secret(statement, about, held),
        Stage::Synced => compared(statement, about, held),
        Stage::Conflicted | Stage::Invalid | Stage::Syncing => statement,
    }
}

/// The Secret gives no login. A session that was opened before goes on with the one that it has.
fn without_secret(statement: Statement, about: &About<'_>, held: bool) -> Statement {
    let secret = about.secret.map_or(statement.reason, |secret| secret.reason());
    match about.controller {
        None => about.secret.map_or(statement, no_login),
        Some(state) if state == ControllerState::Synced.reason() => {
            let message =
                "clusters and controller have been compared completely, with an earlier login: see ResolvedRefs";
            compared(Statement::new(PROGRAMMED, true, secret, message), about, held)
        }
        Some(state) if state == ControllerState::Syncing.reason() => {
            let message = "syncing all objects, with an earlier login: see ResolvedRefs";
            Statement::new(PROGRAMMED, false, state, message)
        }
        Some(trouble) => {
            let message = "the controller cannot be used with the earlier login, and the Secret gives no other: see \
                           ResolvedRefs";
            Statement::new(PROGRAMMED, false, trouble, message)
        }
    }
}

fn compared(statement: Statement, about: &About<'_>, held: bool) -> Statement {
    let unseen = about.clusters.and_then(|known| known.programmed(|_| true));
    if !held {
        return unseen.unwrap_or(statement);
    }
    let mut message = format!("what would take answers away from users waits for an approval: see {CHANGES_HELD}");
    for other in unseen {
        message.push_str("; ");
        message.push_str(&other.message);
    }
    Statement::new(PROGRAMMED, false, NEEDS_APPROVAL, message)
}
