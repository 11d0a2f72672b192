//! Which of several GlobalDeploymentPolicies is in force (rules GDP-01 to GDP-04, DB-03).

use crate::core::precedence::{Candidate, ObjectName, Precedence, rank};

/// `status.errorStatus` of the policy in force.
pub const ACCEPTED: &str = "success";
/// `status.errorStatus` of every other policy (rule GDP-02).
pub const ANOTHER_EXISTS: &str = "a GDP object already exists, can't add another";

/// Ranks the policies of the operator's namespace; those of other namespaces are ignored and get no status (rule
/// GDP-01).
///
/// The one in force stays until it is deleted, whatever happens to the others. At the start, the one whose status
/// says [`ACCEPTED`] wins, else the oldest. All others get [`ANOTHER_EXISTS`].
pub fn choose<'a>(candidates: &'a [Candidate], in_force: Option<&ObjectName>, namespace: &str) -> Precedence<'a> {
    rank(candidates.iter().filter(|candidate| candidate.object.namespace == namespace), in_force)
}
