//! What is held, in words.

use super::{Cause, Ground, Limits, Party};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

/// How many FQDNs are named.
pub const NAMED: usize = 10;

/// A set of changes that waits for an approval, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldChanges {
    /// Names the set.
    pub id: String,
    pub ground: Ground,
    pub causes: BTreeSet<Cause>,
    /// How many services would lose something.
    pub services: usize,
    /// How many of them would keep no member.
    pub names: usize,
    /// The first [`NAMED`] services, sorted.
    pub first: Vec<Arc<str>>,
    /// By cluster or site, in how many services its last members would go.
    pub members: BTreeMap<Party, usize>,
    /// Own services before.
    pub own: usize,
    pub limits: Limits,
}

impl Cause {
    /// What happened.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Objects => "objects that are gone, or were changed",
            Self::Before => "objects that are gone, or are named otherwise, since before this process looked",
            Self::Unmatched => "a cluster that spec.matchClusters of the GlobalDeploymentPolicy does not name any more",
            Self::Namespace => "other labels, or another tenant, of a namespace",
            Self::Policy => "an edit of the GlobalDeploymentPolicy",
            Self::Config => "an edit of the GSLBConfig",
            Self::UnknownContext => {
                "a cluster that left spec.memberClusters of the GSLBConfig while that names a context which no kubeconfig has"
            }
            Self::NoPolicy => "no GlobalDeploymentPolicy, and nobody who is known to have deleted it",
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Objects => "bring the objects back",
            Self::Before => "bring the objects back, or undo what names them otherwise",
            Self::Unmatched => "name the cluster in spec.matchClusters again",
            Self::Namespace => "set the namespace's labels and tenant as they were",
            Self::Policy => "correct the GlobalDeploymentPolicy",
            Self::Config => "correct the GSLBConfig",
            Self::UnknownContext => "correct spec.memberClusters, or add the context to the kubeconfig",
            Self::NoPolicy => "create the GlobalDeploymentPolicy",
        }
    }
}

impl HeldChanges {
    /// Whether services would be deleted.
    pub fn deletes(&self) -> bool {
        self.names > 0
    }

    /// What users would lose, why that waits, and what to do. The list comes last, because an Event is cut off.
    pub fn message(&self, namespace: &str, config: &str, annotation: &str) -> String {
        let Self { id, services, first, .. } = self;
        let remedies: Vec<&str> = self.causes.iter().map(|cause| cause.remedy()).collect();
        let mut message = format!(
            "{}, because of {}; {}. If this is meant, run kubectl annotate --overwrite gslbconfig {config} -n \
             {namespace} {annotation}={id}; if not, {}. They are: {}",
            self.loss(),
            self.causes_in_words(),
            self.why(),
            remedies.join(", and "),
            first.join(", ")
        );
        if *services > first.len() {
            // Writing to a String cannot fail.
            let _ = write!(message, " and {} more", services - first.len());
        }
        message
    }

    /// What became of it.
    pub fn summary(&self, what: &str) -> String {
        format!("{what} {}: {}, because of {}", self.id, self.loss(), self.causes_in_words())
    }

    /// What users would lose.
    pub fn loss(&self) -> String {
        let known = self.members.iter().filter(|(party, _)| **party != Party::Unknown);
        let own = self.own;
        let names = (self.names > 0).then(|| format!("{} of {own} names would keep no answer", self.names));
        let members = known.map(|(party, services)| format!("{party} would lose its members in {services}"));
        let unknown = self.members.get(&Party::Unknown).filter(|services| **services > self.names);
        let unknown = unknown.map(|services| format!("members of which nothing is known would go in {services}"));
        names.into_iter().chain(members).chain(unknown).collect::<Vec<_>>().join(", ")
    }

    fn causes_in_words(&self) -> String {
        let causes: Vec<&str> = self.causes.iter().map(|cause| cause.in_words()).collect();
        causes.join(", and ")
    }

    fn why(&self) -> String {
        let Limits { max_percent, max_count } = self.limits;
        match &self.ground {
            Ground::Objects(_) => format!(
                "that is more than {max_count} and more than {max_percent} % within a minute, or within a day \
                 (spec.deletionGuard)"
            ),
            Ground::Before => {
                format!("that is more than one object and more than {max_percent} % (spec.deletionGuard)")
            }
            Ground::Edit => format!("one edit may take away {max_percent} % (spec.deletionGuard)"),
            Ground::Unmatched => "a name that would keep no member is asked about".into(),
            Ground::UnknownContext => "a context that is not known may be a slip".into(),
            Ground::NoPolicy => "a policy that is not there is no wish".into(),
        }
    }
}
