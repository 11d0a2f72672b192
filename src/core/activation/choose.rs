//! Which of several GSLBConfigs is active: steps 1 and 2 of `docs/RULES.md#activation`.

use super::Problem;
use crate::core::precedence::{Candidate, ObjectName, rank};

/// The GSLBConfig to activate or keep active, and what is wrong with each of the others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice<'a> {
    pub active: Option<&'a Candidate>,
    pub others: Vec<(&'a Candidate, Problem)>,
}

/// Only GSLBConfigs in the operator's namespace count (DB-05: whatever their log level). The active one stays until it
/// is deleted; otherwise one that was accepted before wins, else the oldest. Where upstream panics or takes the first
/// that it is told of, this decides the same way every time.
pub fn choose<'a>(candidates: &'a [Candidate], active: Option<&ObjectName>, namespace: &str) -> Choice<'a> {
    let (usable, misplaced): (Vec<_>, Vec<_>) =
        candidates.iter().partition(|candidate| candidate.object.namespace == namespace);
    let precedence = rank(usable, active);
    let waiting = precedence.others.into_iter().map(|candidate| (candidate, Problem::AnotherActive));
    let misplaced = misplaced.into_iter().map(|candidate| (candidate, Problem::WrongNamespace));
    Choice { active: precedence.first, others: waiting.chain(misplaced).collect() }
}
