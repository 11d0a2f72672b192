//! Which cluster stands behind which kubeconfig context: by the UID of its namespace `kube-system`, which is made with
//! the cluster and never again.
//!
//! The first UID under a context is believed. Another one under the same context is another cluster, or the same built
//! anew: it does not count before somebody approves it. Two contexts for one cluster would count everything in it twice:
//! the one that had it first counts.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// `metadata.annotations` key on the GSLBConfig by which somebody approves that another cluster stands behind a context;
/// its value names contexts, separated by commas.
pub const APPROVAL: &str = "amko.vmware.com/approve-clusters";

/// What is known of the clusters behind the contexts.
#[derive(Debug, Default)]
pub struct Register {
    /// Contexts that take part.
    members: BTreeSet<String>,
    /// UID by context, also of contexts that left.
    known: BTreeMap<String, String>,
    /// Contexts whose next UID is believed.
    approved: BTreeSet<String>,
    /// Contexts whose cluster was the known one at the last look: there is nothing to approve.
    recognised: BTreeSet<String>,
    /// Approvals that count no more.
    used: BTreeSet<String>,
    strangers: BTreeMap<String, Stranger>,
    outcomes: Vec<Outcome>,
}

/// What became of an approval. `to_string()` says it for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Used {
        context: String,
        /// `None` where there is no namespace kube-system.
        uid: Option<String>,
    },
    /// There was nothing to approve. Left in place it would approve a later mistake.
    Needless { context: String },
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Used { context, uid: Some(uid) } => write!(
                f,
                "approved by annotation {APPROVAL}: the cluster that stands behind context {context} now counts (its \
                 namespace kube-system has UID {uid})"
            ),
            Self::Used { context, uid: None } => write!(
                f,
                "approved by annotation {APPROVAL}: the cluster that stands behind context {context} now counts, although \
                 it shows no namespace kube-system"
            ),
            Self::Needless { context } => write!(
                f,
                "annotation {APPROVAL}={context} approves nothing and counts no more: context {context} leads to the \
                 cluster that it has led to; set it once condition ClustersNotRecognised asks for it"
            ),
        }
    }
}

/// A cluster that does not count under its context. `to_string()` says why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stranger {
    Another {
        context: String,
        known: String,
        found: String,
    },
    /// Another context has it.
    Twin {
        context: String,
        of: String,
        found: String,
    },
    /// It has no namespace kube-system any more.
    Nameless {
        context: String,
        known: String,
    },
}

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Another { context, known, found } => write!(
                f,
                "another cluster than before stands behind context {context} (its namespace kube-system has UID {found}, \
                 and had {known}): nothing of it counts and the members of {context} stay as they are; correct the \
                 kubeconfig, or, if the cluster was exchanged or built anew, set the annotation {APPROVAL}={context} on \
                 the GSLBConfig"
            ),
            Self::Twin { context, of, found } => write!(
                f,
                "context {context} leads to the cluster that context {of} leads to (its namespace kube-system has UID \
                 {found}): under {context} nothing of it counts; correct the kubeconfig, or take one of the two out of \
                 memberClusters"
            ),
            Self::Nameless { context, known } => write!(
                f,
                "the cluster behind context {context} shows no namespace kube-system, by which it would be recognised (it \
                 had UID {known}): nothing of it counts and the members of {context} stay as they are; let its user list \
                 namespaces, or set the annotation {APPROVAL}={context} on the GSLBConfig"
            ),
        }
    }
}

impl Register {
    /// Takes over which contexts take part, what was remembered of the clusters before this process, and which changes
    /// are approved. What this process has seen itself goes before what was remembered.
    pub fn configure(
        &mut self,
        members: &BTreeSet<String>,
        remembered: impl IntoIterator<Item = (String, String)>,
        approved: BTreeSet<String>,
    ) {
        self.members.clone_from(members);
        self.strangers.retain(|context, _| members.contains(context));
        for (context, uid) in remembered {
            self.known.entry(context).or_insert(uid);
        }
        self.used.retain(|context| approved.contains(context));
        self.approved = approved.into_iter().filter(|context| !self.used.contains(context)).collect();
        let needless: Vec<String> = self.approved.intersection(&self.recognised).cloned().collect();
        needless.iter().for_each(|context| self.spend(context));
        let now: Vec<Stranger> = self.strangers.values().cloned().collect();
        for stranger in now {
            match stranger {
                Stranger::Another { context, found, .. } if self.approved.contains(&context) => {
                    self.believe(&context, Some(found));
                }
                Stranger::Nameless { context, .. } if self.approved.contains(&context) => self.believe(&context, None),
                _ => {}
            }
        }
    }

    /// Forgets the last look: another address, or other credentials, lead to the cluster.
    pub fn look_anew(&mut self, context: &str) {
        self.recognised.remove(context);
    }

    /// Judges what stands behind a context: the UID of kube-system, or `None` where there is no such namespace. Answers
    /// whether the register has changed.
    ///
    /// # Errors
    /// When it does not count.
    pub fn judge(&mut self, context: &str, found: Option<&str>) -> (Result<(), Stranger>, bool) {
        let verdict = self.verdict(context, found);
        let approvable = matches!(&verdict, Err(Stranger::Another { .. } | Stranger::Nameless { .. }));
        if approvable && self.approved.contains(context) {
            self.believe(context, found.map(str::to_owned));
            return (Ok(()), true);
        }
        let needless = verdict.is_ok() && self.approved.contains(context);
        if needless {
            self.spend(context);
        }
        match &verdict {
            Ok(()) => drop(self.recognised.insert(context.to_owned())),
            Err(_) => drop(self.recognised.remove(context)),
        }
        let changed = match &verdict {
            Ok(()) => {
                let fresh = found.filter(|_| !self.known.contains_key(context));
                if let Some(uid) = fresh {
                    self.known.insert(context.to_owned(), uid.to_owned());
                }
                self.strangers.remove(context).is_some() || fresh.is_some() || needless
            }
            Err(stranger) => self.strangers.insert(context.to_owned(), stranger.clone()).as_ref() != Some(stranger),
        };
        (verdict, changed)
    }

    fn verdict(&self, context: &str, found: Option<&str>) -> Result<(), Stranger> {
        let context = context.to_owned();
        let lost = self.strangers.contains_key(&context);
        match (self.known.get(&context), found) {
            // It had lost its place, and somebody else may have taken it.
            (Some(known), Some(found)) if known == found => match self.holder(&context, found).filter(|_| lost) {
                Some(of) => Err(Stranger::Twin { context, of, found: found.to_owned() }),
                None => Ok(()),
            },
            (None, None) => Ok(()),
            (Some(known), None) => Err(Stranger::Nameless { context, known: known.clone() }),
            (known, Some(found)) => {
                let found = found.to_owned();
                if let Some(of) = self.holder(&context, &found) {
                    return Err(Stranger::Twin { context, of, found });
                }
                match known {
                    Some(known) => Err(Stranger::Another { context, known: known.clone(), found }),
                    None => Ok(()),
                }
            }
        }
    }

    /// The other context that takes part and has this cluster. One that leads elsewhere by now does not have it.
    fn holder(&self, context: &str, uid: &str) -> Option<String> {
        let others = self.known.iter().filter(|(other, _)| *other != context && self.members.contains(*other));
        let others = others.filter(|(other, _)| !self.strangers.contains_key(*other));
        others.into_iter().find(|(_, known)| *known == uid).map(|(other, _)| other.clone())
    }

    fn believe(&mut self, context: &str, uid: Option<String>) {
        match &uid {
            Some(uid) => drop(self.known.insert(context.to_owned(), uid.clone())),
            None => drop(self.known.remove(context)),
        }
        self.strangers.remove(context);
        self.recognised.insert(context.to_owned());
        self.approved.remove(context);
        self.used.insert(context.to_owned());
        self.outcomes.push(Outcome::Used { context: context.to_owned(), uid });
    }

    /// Uses up an approval without anything to approve.
    fn spend(&mut self, context: &str) {
        self.approved.remove(context);
        self.used.insert(context.to_owned());
        self.outcomes.push(Outcome::Needless { context: context.to_owned() });
    }

    /// What became of approvals since the last call.
    pub fn take_outcomes(&mut self) -> Vec<Outcome> {
        std::mem::take(&mut self.outcomes)
    }

    /// Whether it is known which cluster a context led to.
    pub fn knows(&self, context: &str) -> bool {
        self.known.contains_key(context)
    }

    /// UID by context: what is to be remembered.
    pub fn known(&self) -> &BTreeMap<String, String> {
        &self.known
    }

    /// What does not count at present, by context.
    pub fn strangers(&self) -> impl Iterator<Item = &Stranger> {
        self.strangers.values()
    }

    /// Approvals that count no more and still stand in the annotation.
    pub fn used(&self) -> &BTreeSet<String> {
        &self.used
    }
}

/// The contexts that the annotation names.
pub fn approvals(annotation: Option<&String>) -> BTreeSet<String> {
    let names = annotation.map(String::as_str).unwrap_or_default().split(',').map(str::trim);
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
