//! Which cluster stands behind which context: remembered in the status of the GSLBConfig, approved by its annotation.

use super::PolicyWatcherState;
use crate::actors::status_writer::{StatusWriterMsg, Target, Update};
use crate::core::cluster_identity::{APPROVAL, Outcome, Register, approvals};
use crate::core::occurrence::{Occurrence, Reason};
use crate::core::precedence::ObjectName;
use crate::crd::GslbConfig;
use crate::crd::gslb_config::KnownCluster;
use kube::ResourceExt;

/// What a GSLBConfig says of the clusters behind its contexts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Clusters {
    /// It is not active: what it said stays.
    #[default]
    Unknown,
    Known {
        /// By context.
        clusters: Vec<KnownCluster>,
        /// Why some do not count.
        strangers: Vec<String>,
    },
}

impl PolicyWatcherState {
    /// Takes over what the active GSLBConfig remembers and approves; comes before all news of the clusters.
    pub(super) fn take_over_identities(&self, name: &ObjectName, config: &GslbConfig) {
        let members = config.spec.member_clusters.iter().map(|member| member.cluster_context.clone()).collect();
        let remembered = config.status.iter().flat_map(|status| &status.clusters);
        let remembered = remembered.map(|known| (known.context.clone(), known.uid.clone()));
        let approved = approvals(config.annotations().get(APPROVAL));
        let used = self.args.identities.with(|register| {
            register.configure(&members, remembered, approved.clone());
            register.used().clone()
        });
        if used.is_empty() || self.term.is_none() {
            return;
        }
        for outcome in self.args.identities.with(Register::take_outcomes) {
            let reason = match &outcome {
                Outcome::Used { .. } => Reason::ClusterApproved,
                Outcome::Needless { .. } => Reason::ApprovalNeedless,
            };
            tracing::info!(gslb_config = name.name, "{outcome}");
            self.tell_outcome::<GslbConfig>(name, config.uid(), Occurrence::new(reason, outcome.to_string()));
        }
        // An approval counts once.
        let left: Vec<String> = approved.into_iter().filter(|context| !used.contains(context)).collect();
        let left = (!left.is_empty()).then(|| left.join(","));
        let (target, annotations) = (Target::GslbConfig(name.clone()), [(APPROVAL.to_owned(), left)].into());
        self.args.status.cast(StatusWriterMsg::Write { target, update: Update::Annotations(annotations) });
    }

    /// What is to be said of the clusters in the active GSLBConfig.
    pub(super) fn clusters(&self) -> Clusters {
        self.args.identities.with(|register| {
            let known = register.known().iter();
            let clusters = known.map(|(context, uid)| KnownCluster { context: context.clone(), uid: uid.clone() });
            let strangers = register.strangers().map(ToString::to_string).collect();
            Clusters::Known { clusters: clusters.collect(), strangers }
        })
    }
}
