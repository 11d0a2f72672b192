//! What is new enough to be told (DB-38).
//!
//! Quiet by design. What is found at the start is the baseline and not told, except trouble. That the policy does not
//! pick an object is told only of one that was a member before, or that appeared later. What was told stays told until
//! something else is; a write under way is nothing to tell of somebody who is a member already.

use super::verdict::{Standing, Verdict};
use super::{Occurrence, digest};

/// What was told last of one endpoint, or taken in silence; small, because there is one for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Found while nothing was decided.
    FoundUndecided,
    /// Found as a member, of which it is not known yet whether the controller has it.
    FoundMember,
    /// Found as no member.
    FoundOutside,
    Accepted,
    /// With the digest of the words.
    Programmed(u64),
    NotSelected(u64),
    Refused(u64),
    NotProgrammed(u64),
}

/// What follows from a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Nothing: what was told last still says it.
    Nothing,
    /// This is the state of things, and nobody is told.
    Silent(Stage),
    Tell(Stage, Occurrence),
}

/// What is known of the service beside the verdict.
#[derive(Debug, Clone, Copy)]
pub struct Service<'a> {
    pub fqdn: &'a str,
    pub speaks: bool,
    pub made: bool,
}

/// Decides whether a verdict is news after what was told before.
pub fn news(before: Option<Stage>, verdict: &Verdict, service: Service<'_>) -> News {
    if !service.speaks {
        return News::Silent(found(before, &verdict.standing));
    }
    let first = before.is_none() && verdict.found;
    if verdict.standing == Standing::Leaving {
        let is_new = first || before == Some(Stage::FoundUndecided);
        return if is_new { News::Silent(Stage::FoundMember) } else { News::Nothing };
    }
    let Some(occurrence) = verdict.standing.occurrence(service.fqdn) else {
        return if first { News::Silent(Stage::FoundUndecided) } else { News::Nothing };
    };
    let words = digest(&occurrence);
    let tell = |stage| if before == Some(stage) { News::Nothing } else { News::Tell(stage, occurrence) };
    match (&verdict.standing, before) {
        (Standing::Pending(_), None | Some(Stage::FoundUndecided)) if first || before.is_some() => {
            News::Silent(Stage::FoundMember)
        }
        (
            Standing::Pending(_),
            Some(Stage::FoundMember | Stage::Accepted | Stage::Programmed(_) | Stage::NotProgrammed(_)),
        )
        | (Standing::Undecided | Standing::Leaving, _) => News::Nothing,
        (Standing::Pending(_), _) => tell(Stage::Accepted),
        (Standing::InSync(_), None) if first => News::Silent(Stage::Programmed(words)),
        (Standing::InSync(_), Some(Stage::FoundUndecided | Stage::FoundMember)) if !service.made => {
            News::Silent(Stage::Programmed(words))
        }
        (Standing::InSync(_), _) => tell(Stage::Programmed(words)),
        (Standing::NotSelected(_), None) if first => News::Silent(Stage::FoundOutside),
        (Standing::NotSelected(_), Some(Stage::FoundUndecided | Stage::FoundOutside)) => {
            News::Silent(Stage::FoundOutside)
        }
        (Standing::NotSelected(_), _) => tell(Stage::NotSelected(words)),
        (Standing::Refused(_), _) => tell(Stage::Refused(words)),
        (Standing::Failing(_), _) => tell(Stage::NotProgrammed(words)),
    }
}

/// What is found while nothing may be told, be it that another cluster leads.
fn found(before: Option<Stage>, standing: &Standing) -> Stage {
    match standing {
        Standing::Undecided => match before {
            Some(Stage::FoundMember | Stage::Accepted | Stage::Programmed(_) | Stage::NotProgrammed(_)) => {
                Stage::FoundMember
            }
            _ => Stage::FoundUndecided,
        },
        Standing::Pending(_) | Standing::InSync(_) | Standing::Failing(_) | Standing::Leaving => Stage::FoundMember,
        Standing::NotSelected(_) | Standing::Refused(_) => Stage::FoundOutside,
    }
}
