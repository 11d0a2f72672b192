//! The guard over everything that takes answers away from users: which losses may go on, and which wait until somebody
//! approves them (DEL-06).
//!
//! A decision that leaves out members which the controller has is a *loss*: clusters or sites that no member is left of,
//! and perhaps a name without any. [`weigh`] finds it, and what caused it: an edit of configuration, objects that are
//! gone, and so on. [`Guard`] puts the losses of one ground together and judges what they come to: single objects of an
//! owner go, and what one slip of a person would take from many names is held. Times are those since any fixed moment.

mod attribution;
mod judge;
mod limits;
mod loss;
mod sets;
mod tally;
#[cfg(test)]
mod tests;
mod words;

pub use attribution::Former;
pub use judge::{Guard, Judgement, PAUSE, ROUND};
pub use limits::Limits;
pub use loss::{Kept, Scene, Weighed, kept, weigh};
pub use sets::{FORM, News, NewsKind, set_id};
pub use words::{HeldChanges, NAMED};

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Of whom a member is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// A cluster, by its kubeconfig context.
    Cluster(Arc<str>),
    /// A third-party site.
    Site(Arc<str>),
    /// Nothing tells.
    Unknown,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster(context) => write!(f, "cluster {context}"),
            Self::Site(site) => write!(f, "site {site}"),
            Self::Unknown => f.write_str("a cluster that is not known"),
        }
    }
}

/// Why members leave; of several causes the last one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Objects are gone, or were changed by their owners.
    Objects,
    /// Nothing that this process has seen explains the members: their objects went before it looked, or an edit of that
    /// time names them otherwise.
    Before,
    /// The cluster was taken out of `matchClusters`.
    Unmatched,
    /// The labels or the tenant of a namespace were changed.
    Namespace,
    /// The GlobalDeploymentPolicy was changed.
    Policy,
    /// The GSLBConfig was changed.
    Config,
    /// The cluster left a GSLBConfig that names a context which no kubeconfig has.
    UnknownContext,
    /// There is no GlobalDeploymentPolicy, and nobody is known to have wished for that.
    NoPolicy,
}

/// Losses on one ground are judged, shown and approved together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    /// Objects of one cluster or site.
    Objects(Party),
    /// Whatever happened before this process looked.
    Before,
    Unmatched,
    /// Edits of configuration, whichever.
    Edit,
    UnknownContext,
    NoPolicy,
}

impl Ground {
    fn of(cause: Cause, party: &Party) -> Self {
        match cause {
            Cause::Objects => Self::Objects(party.clone()),
            Cause::Before => Self::Before,
            Cause::Unmatched => Self::Unmatched,
            Cause::Namespace | Cause::Policy | Cause::Config => Self::Edit,
            Cause::UnknownContext => Self::UnknownContext,
            Cause::NoPolicy => Self::NoPolicy,
        }
    }
}

/// One party that no member is left of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    pub party: Party,
    pub cause: Cause,
    /// Digests of the objects that were behind its members, sorted, each once; never empty.
    pub objects: Box<[u64]>,
}

/// What a decision about one FQDN takes from its users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// By party, each once; never empty.
    pub lost: Vec<Lost>,
    /// The name would keep no member, or is on its way to another tenant, which may refuse it.
    pub empties: bool,
}

impl Loss {
    /// Whether everything that this takes away is also taken away by `other`, for no other reasons.
    pub fn is_within(&self, other: &Self) -> bool {
        let same = |lost: &Lost| other.lost.iter().any(|o| (&o.party, o.cause) == (&lost.party, lost.cause));
        (other.empties || !self.empties) && self.lost.iter().all(same)
    }

    /// Everything of it.
    pub fn all(&self) -> Keep {
        Keep(self.lost.iter().map(|lost| (lost.party.clone(), lost.cause)).collect())
    }

    fn grounds(&self) -> impl Iterator<Item = (Ground, &Lost)> {
        self.lost.iter().map(|lost| (Ground::of(lost.cause, &lost.party), lost))
    }
}

/// Whose members stay although they are not wanted any more, and what took them away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keep(pub BTreeMap<Party, Cause>);
