//! What others are told of what is in force: only what has changed since they were told last.

use super::PolicyWatcherState;
use crate::actors::avi_session::AviSessionMsg;
use crate::actors::federation::FederationMsg;
use crate::actors::gs_directory::GsDirectoryMsg;
use crate::actors::operator::OperatorMsg;
use crate::core::policy::{Installation, PolicySnapshot};
use std::collections::BTreeSet;
use std::sync::Arc;

impl PolicyWatcherState {
    pub(super) fn tell_federation(&self) {
        if self.amko_clusters.listed {
            let clusters = self.amko_clusters.objects.clone();
            self.args.federation.cast(FederationMsg::AmkoClusters(clusters));
        }
    }

    pub(super) fn tell_members(&mut self, contexts: BTreeSet<String>) {
        let known = self.told.policy.as_ref().filter(|policy| policy.deployment.is_decided());
        let members = (contexts, known.map(|policy| policy.naming()));
        if self.told.members.as_ref() != Some(&members) {
            let (contexts, naming) = members.clone();
            self.told.members = Some(members);
            self.args.operator.cast(OperatorMsg::Members { contexts, naming: naming.map(Arc::new) });
        }
    }

    pub(super) fn tell_policy(&mut self, installation: Installation) {
        let snapshot = PolicySnapshot { installation: Some(installation), deployment: self.deployment.clone() };
        if self.told.policy.as_deref() != Some(&snapshot) {
            let snapshot = Arc::new(snapshot);
            self.told.policy = Some(Arc::clone(&snapshot));
            self.args.directory.cast(GsDirectoryMsg::Policy(snapshot));
        }
    }

    pub(super) fn tell_settings(&mut self) {
        let Some(settings) = self.settings.clone() else { return };
        if self.told.settings.as_ref().is_some_and(|told| told.same(&settings)) {
            return;
        }
        if settings.tls.insecure_skip_verify {
            tracing::warn!(
                controller = settings.session.address,
                "the controller's certificate is NOT verified (spec.gslbLeader.insecureSkipVerify): anybody on the path \
                 can pose as the controller; put its CA into key ca.crt of the credentials Secret instead"
            );
        }
        self.told.settings = Some(Arc::clone(&settings));
        self.args.session.cast(AviSessionMsg::Configure(Some(settings)));
    }

    /// Everything that policy and rules refer to, known or not: the session asks again at each refresh.
    pub(super) fn tell_questions(&mut self) {
        let questions: BTreeSet<_> = self.policy_questions.iter().chain(self.rule_questions()).cloned().collect();
        if self.told.questions != questions {
            self.told.questions.clone_from(&questions);
            self.args.session.cast(AviSessionMsg::Ask(questions));
        }
        let edited = std::mem::take(&mut self.edited);
        if !edited.is_empty() {
            self.args.session.cast(AviSessionMsg::AskAgain(edited));
        }
    }

    pub(super) fn set_log_level(&mut self, level: &str) {
        if self.told.log_level.as_deref() != Some(level) {
            self.told.log_level = Some(level.to_owned());
            (self.args.log_levels)(level);
        }
    }
}
