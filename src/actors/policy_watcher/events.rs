//! What Events say on AMKO's own objects (DB-38): the same as their status, when that changes. An object whose status
//! says it already needs no Event, so a restart tells nothing again.

use super::identities::Clusters;
use super::status::{CHANGES_HELD, CLUSTERS_NOT_RECOGNISED};
use super::{PolicyWatcherState, status};
use crate::actors::event_writer::EventWriterMsg;
use crate::actors::status_writer::{StatusWriterMsg, Target, Update};
use crate::core::activation::{APPROVAL_ANNOTATION, was_accepted};
use crate::core::guard::{News, NewsKind};
use crate::core::host_rule;
use crate::core::occurrence::{Involved, Occurrence, Reason};
use crate::core::policy::presence::Standing;
use crate::core::policy::{ACCEPTED, PolicyReport, absence};
use crate::core::precedence::ObjectName;
use crate::core::report::RuleReport;
use crate::core::report::acceptance;
use crate::core::report::condition::{Statement, Truth};
use crate::crd::{Condition, GlobalDeploymentPolicy, GslbConfig, GslbHostRule, GslbHostRuleStatus};
use kube::{Resource, ResourceExt};

const UUID_LOST: &str = "the GSLBConfig was in use and has lost its annotation amko.vmware.com/amko-uuid, so it gets a \
                         new UUID, under which GSLB services made before are not recognised: field created_by of such a \
                         service is amko- and the old UUID; set the annotation to it, or configs.amkoUUID in the \
                         chart's values";

impl PolicyWatcherState {
    /// Tells what became of a GSLBHostRule; one that only carries a status is nobody's.
    pub(super) fn tell_of_rule(&self, report: &RuleReport, present: Option<&GslbHostRuleStatus>) {
        let Some(statement) = acceptance(&report.verdict).filter(|_| !report.managed) else { return };
        let conditions = present.map(|status| status.conditions.as_slice()).unwrap_or_default();
        let was_in_force = present.is_some_and(|status| status.status == host_rule::ACCEPTED);
        if let Some(occurrence) = unsaid(statement, conditions, was_in_force) {
            self.tell_outcome::<GslbHostRule>(&report.object, report.uid.clone(), occurrence);
        }
    }

    pub(super) fn tell_of_policy(&self, policy: &GlobalDeploymentPolicy, name: &ObjectName, report: &PolicyReport) {
        let present = policy.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
        let was_in_force = policy.status.as_ref().is_some_and(|status| status.error_status == ACCEPTED);
        if let Some(occurrence) = unsaid(status::acceptance_of_policy(report), present, was_in_force) {
            self.tell_outcome::<GlobalDeploymentPolicy>(name, policy.uid(), occurrence);
        }
    }

    pub(super) fn tell_of_config(&self, config: &GslbConfig, name: &ObjectName, state: &str) {
        let said = config.status.as_ref().and_then(|present| status::outcome_of_config(&present.state));
        if let Some(occurrence) = status::outcome_of_config(state).filter(|now| said.as_ref() != Some(now)) {
            self.tell_outcome::<GslbConfig>(name, config.uid(), occurrence);
        }
    }

    /// Tells once of each set of changes that is held, and what becomes of it. A condition that names the set says that it
    /// was told before a restart.
    pub(super) fn tell_of_held(&self, news: &News) {
        let Some(name) = self.active_config.as_ref().filter(|_| self.term.is_some()) else { return };
        let Some(config) = self.configs.objects.get(name) else { return };
        let News { kind, held } = news;
        let occurrence = match kind {
            NewsKind::Held => {
                let reason = if held.deletes() { Reason::DeletionsHeld } else { Reason::ChangesHeld };
                Occurrence::new(reason, held.message(&name.namespace, &name.name, APPROVAL_ANNOTATION))
            }
            NewsKind::Approved => Occurrence::new(Reason::ChangesApproved, held.summary("somebody approved")),
            NewsKind::Done => Occurrence::new(Reason::ChangesDone, held.summary("carried out after its approval:")),
            NewsKind::Withdrawn => Occurrence::new(Reason::ChangesWithdrawn, held.summary("not wished for any more:")),
        };
        // An annotation that stays would approve the next mistake of the same effect.
        if *kind == NewsKind::Done {
            self.take_out_approval(name, config, &held.id);
        }
        let present = config.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
        let approval = format!("={};", held.id);
        let told = |condition: &Condition| condition.type_ == CHANGES_HELD && condition.message.contains(&approval);
        if *kind != NewsKind::Held || !present.iter().any(told) {
            self.tell_outcome::<GslbConfig>(name, config.uid(), occurrence);
        }
    }

    /// Tells of an approval that was for nothing, and takes it out.
    pub(super) fn tell_of_needless(&self, id: &str) {
        let Some(name) = self.active_config.as_ref().filter(|_| self.term.is_some()) else { return };
        let Some(config) = self.configs.objects.get(name) else { return };
        let message = format!(
            "annotation {APPROVAL_ANNOTATION}={id} approves nothing and counts no more: nothing is held under that name; \
             condition {CHANGES_HELD} names what is"
        );
        self.tell_outcome::<GslbConfig>(name, config.uid(), Occurrence::new(Reason::ApprovalNeedless, message));
        self.take_out_approval(name, config, id);
    }

    fn take_out_approval(&self, name: &ObjectName, config: &GslbConfig, id: &str) {
        if config.annotations().get(APPROVAL_ANNOTATION).is_some_and(|present| present == id) {
            let (target, annotations) =
                (Target::GslbConfig(name.clone()), [(APPROVAL_ANNOTATION.to_owned(), None)].into());
            self.args.status.cast(StatusWriterMsg::Write { target, update: Update::Annotations(annotations) });
        }
    }

    /// Tells when the absence of a policy begins, changes and ends: the object's condition names it, and stays over a
    /// restart.
    pub(super) fn tell_of_absence(&self, config: &GslbConfig, name: &ObjectName, standing: &Standing) {
        let present = config.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
        if let Some(occurrence) = absence::occurrence(standing, present) {
            self.tell_outcome::<GslbConfig>(name, config.uid(), occurrence);
        }
    }

    /// Tells once of each cluster that does not count because it is another one than before: the object's condition names
    /// it, and stays over a restart.
    pub(super) fn tell_of_clusters(&self, config: &GslbConfig, name: &ObjectName, clusters: &Clusters) {
        let Clusters::Known { strangers, .. } = clusters else { return };
        let present = config.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
        let said = |text: &str| {
            let about = |condition: &Condition| condition.type_ == CLUSTERS_NOT_RECOGNISED;
            present.iter().any(|condition| about(condition) && condition.message.contains(text))
        };
        for text in strangers.iter().filter(|text| !said(text)) {
            let occurrence = Occurrence::new(Reason::ClusterNotRecognised, text.clone());
            self.tell_outcome::<GslbConfig>(name, config.uid(), occurrence);
        }
    }

    /// A GSLBConfig that was in use had a UUID. Who takes it away while no operator runs gets a new one, as from upstream,
    /// and with it none of the services that were made under the old one.
    pub(super) fn tell_of_lost_uuid(&self, config: &ObjectName) {
        let Some(lost) = self.configs.objects.get(config) else { return };
        if lost.status.as_ref().is_some_and(|status| was_accepted(&status.state)) {
            tracing::error!(gslb_config = config.name, "{UUID_LOST}");
            self.tell_outcome::<GslbConfig>(config, lost.uid(), Occurrence::new(Reason::UuidLost, UUID_LOST));
        }
    }

    pub(super) fn tell_outcome<K: Resource<DynamicType = ()>>(
        &self,
        name: &ObjectName,
        uid: Option<String>,
        occurrence: Occurrence,
    ) {
        let (kind, ObjectName { namespace, name: object }) = (K::kind(&()), name);
        let Occurrence { reason, message } = &occurrence;
        let reason = reason.word();
        match occurrence.reason.event_type() {
            "Normal" => tracing::info!(%kind, namespace, name = object, reason, "{message}"),
            _ => tracing::warn!(%kind, namespace, name = object, reason, "{message}"),
        }
        let involved = Involved {
            api_version: K::api_version(&()).into_owned().into(),
            kind: K::kind(&()).into_owned().into(),
            namespace: name.namespace.clone(),
            name: name.name.clone(),
            uid,
        };
        self.args.events.cast(EventWriterMsg::Outcome { involved, occurrence });
    }
}

/// The Event that says whether an object is in force, unless its status does. Nothing is said of what is open. Upstream
/// writes no conditions; what its status says to be in force is nothing new either (FND-G2).
fn unsaid(statement: Statement, present: &[Condition], was_in_force: bool) -> Option<Occurrence> {
    let Statement { type_, truth, message, .. } = statement;
    let reason = match truth {
        Truth::True if was_in_force && present.is_empty() => return None,
        Truth::True => Reason::Accepted,
        Truth::False => Reason::Rejected,
        Truth::Unknown => return None,
    };
    let says = |condition: &Condition| {
        (condition.type_.as_str(), condition.status.as_str()) == (type_, truth.word()) && condition.message == message
    };
    (!present.iter().any(says)).then(|| Occurrence::new(reason, message))
}
