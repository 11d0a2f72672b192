//! Kubernetes Events on the users' own objects: what is worth one, and its words (DB-38).
//!
//! An [`Occurrence`] is what an Event says; [`verdict`] gathers what is to be said of the endpoints of a service, and
//! [`news`] decides what of it is new enough to be told.

pub mod news;
#[cfg(test)]
mod tests;
pub mod verdict;

use super::endpoint::{EndpointKey, Kind};
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use uuid::Uuid;

/// The object that an Event is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Involved {
    pub api_version: Cow<'static, str>,
    pub kind: Cow<'static, str>,
    pub namespace: String,
    pub name: String,
    /// Without it `kubectl describe` does not show the Event.
    pub uid: Option<String>,
}

impl Involved {
    /// The object behind an endpoint.
    pub fn behind(key: &EndpointKey, uid: Option<Uuid>) -> Self {
        Self::watched(key.kind, &key.namespace, &key.name, uid.map(|uid| uid.hyphenated().to_string()))
    }

    /// A HostRule of AKO.
    pub fn host_rule(namespace: &str, name: &str, uid: Option<String>) -> Self {
        let (api_version, kind) = ("ako.vmware.com/v1beta1".into(), "HostRule".into());
        Self { api_version, kind, namespace: namespace.to_owned(), name: name.to_owned(), uid }
    }

    /// An object of a watched kind.
    pub fn watched(kind: Kind, namespace: &str, name: &str, uid: Option<String>) -> Self {
        let (api_version, kind) = match kind {
            Kind::Ingress => ("networking.k8s.io/v1", "Ingress"),
            Kind::Route => ("route.openshift.io/v1", "Route"),
            Kind::Service => ("v1", "Service"),
            Kind::MultiClusterIngress => ("ako.vmware.com/v1alpha1", "MultiClusterIngress"),
        };
        Self {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            uid,
        }
    }
}

/// Why there is an Event, in one CamelCase word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Of a member that the controller does not have yet; of an object of AMKO, that it is in force.
    Accepted,
    /// The controller has the member.
    Programmed,
    /// The policy does not pick the object.
    NotSelected,
    /// The policy picks the object, which cannot be a member all the same.
    Refused,
    /// The controller does not take what it is told.
    NotProgrammed,
    /// A part of the object cannot be used.
    Invalid,
    /// The object cannot be read at all.
    Undecodable,
    /// An object of AMKO is not in force.
    Rejected,
    /// Services would be deleted, and somebody has to approve it.
    DeletionsHeld,
    /// A member cluster is not seen as it is now.
    ClusterNotSeen,
    /// It is again.
    ClusterSeen,
    /// The policy in force was deleted, and what follows from that when.
    PolicyDeleted,
    /// There is no policy, and nobody is known to have deleted one.
    PolicyMissing,
    /// There is a policy again.
    PolicyReturned,
    /// Another cluster than before stands behind a context.
    ClusterNotRecognised,
    /// It counts from now on, by approval.
    ClusterApproved,
    /// An approval that no condition had asked for.
    ApprovalNeedless,
    /// Members would be taken away, and somebody has to approve it.
    ChangesHeld,
    /// Somebody did.
    ChangesApproved,
    /// What was approved is carried out.
    ChangesDone,
    /// What was held is not wished for any more.
    ChangesWithdrawn,
    /// The GSLBConfig has lost the UUID by which services are recognised.
    UuidLost,
}

impl Reason {
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Programmed => "Programmed",
            Self::NotSelected => "NotSelected",
            Self::Refused => "Refused",
            Self::NotProgrammed => "NotProgrammed",
            Self::Invalid => "Invalid",
            Self::Undecodable => "Undecodable",
            Self::Rejected => "Rejected",
            Self::DeletionsHeld => "DeletionsHeld",
            Self::ClusterNotSeen => "ClusterNotSeen",
            Self::ClusterSeen => "ClusterSeen",
            Self::PolicyDeleted => "PolicyDeleted",
            Self::PolicyMissing => "PolicyMissing",
            Self::PolicyReturned => "PolicyReturned",
            Self::ClusterNotRecognised => "ClusterNotRecognised",
            Self::ClusterApproved => "ClusterApproved",
            Self::ApprovalNeedless => "ApprovalNeedless",
            Self::ChangesHeld => "ChangesHeld",
            Self::ChangesApproved => "ChangesApproved",
            Self::ChangesDone => "ChangesDone",
            Self::ChangesWithdrawn => "ChangesWithdrawn",
            Self::UuidLost => "UuidLost",
        }
    }

    /// `type` of the Event. Not to be selected is a choice, and no trouble.
    pub fn event_type(self) -> &'static str {
        match self {
            Self::Accepted
            | Self::Programmed
            | Self::NotSelected
            | Self::ClusterSeen
            | Self::PolicyReturned
            | Self::ClusterApproved
            | Self::ChangesApproved
            | Self::ChangesDone
            | Self::ChangesWithdrawn => "Normal",
            Self::Refused
            | Self::NotProgrammed
            | Self::Invalid
            | Self::Undecodable
            | Self::Rejected
            | Self::DeletionsHeld
            | Self::ClusterNotSeen
            | Self::PolicyDeleted
            | Self::PolicyMissing
            | Self::ClusterNotRecognised
            | Self::ApprovalNeedless
            | Self::ChangesHeld
            | Self::UuidLost => "Warning",
        }
    }
}

/// What an Event says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Occurrence {
    pub reason: Reason,
    /// For people, with the remedy when something is wrong.
    pub message: String,
}

impl Occurrence {
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }

    /// Parts of an object that cannot be used, in one Event.
    pub fn invalid<'a>(reasons: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(Reason::Invalid, reasons.into_iter().collect::<Vec<_>>().join("; "))
    }

    /// An object that cannot be read.
    pub fn undecodable(error: &str) -> Self {
        Self::new(Reason::Undecodable, format!("cannot be read: {error}; its last known state counts until it can be"))
    }
}

/// A number for comparing: equal things have equal ones in one process. Never stored outside of it.
pub fn digest(thing: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}
