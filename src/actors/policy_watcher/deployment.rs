//! The GlobalDeploymentPolicy: which one is in force, what it says, and its status.

use super::candidates::policy_candidates;
use super::{PolicyWatcherMsg, PolicyWatcherState, status};
use crate::actors::status_writer::{StatusWriterMsg, Target, Update};
use crate::core::policy::presence::{Departure, Standing};
use crate::core::policy::{self, DeploymentState, Installation, PolicyReport, PolicyVerdict, absence};
use crate::core::precedence::ObjectName;
use crate::core::references::{Surroundings, Validation, doubts_about};
use jiff::Timestamp;
use ractor::ActorRef;
use std::collections::BTreeSet;

impl PolicyWatcherState {
    pub(super) fn decide_policy(&mut self, myself: &ActorRef<PolicyWatcherMsg>, installation: &Installation) {
        if !self.policies.listed {
            return;
        }
        match self.look_at_policies(myself) {
            Standing::Choose => self.choose_policy(installation),
            Standing::Leaving(departure) => self.wait_for_policy(&departure),
            Standing::Gone(_) => self.without_policy(DeploymentState::Absent),
            Standing::Missing => self.without_policy(DeploymentState::Missing),
        }
    }

    /// Chooses among the policies that are there.
    fn choose_policy(&mut self, installation: &Installation) {
        let candidates = policy_candidates(&self.policies);
        let precedence = policy::choose(&candidates, self.policy_in_force.as_ref(), &self.args.namespace);
        for other in &precedence.others {
            self.write_policy_status(&other.object, &PolicyReport::another_exists());
        }
        let first = precedence.first.map(|candidate| candidate.object.clone());
        // One that cannot be read may be the one that counts; only the one in force goes before all others.
        if let Some(unreadable) = self.policies.unreadable.first()
            && (first.is_none() || first != self.policy_in_force)
        {
            let ObjectName { namespace, name } = unreadable;
            let text = format!("GlobalDeploymentPolicy {namespace}/{name} cannot be decoded: correct it or delete it");
            self.policy_in_force = None;
            self.deployment = DeploymentState::Unknown;
            self.post_policy(text, false);
            return;
        }
        if let Some(first) = first {
            self.check_policy(first, installation);
        }
    }

    /// The policy in force was deleted and may come back: until then what it said stays, where that is known, and no
    /// other policy takes its place.
    fn wait_for_policy(&mut self, departure: &Departure) {
        if !departure.remembered {
            self.policy_in_force = None;
            // Nothing is asked about before it is clear what follows.
            self.deployment = DeploymentState::Unknown;
        }
        for name in self.policies.objects.keys() {
            self.write_policy_status(name, &PolicyReport::waits(absence::waits(departure)));
        }
        self.post_absence();
    }

    fn without_policy(&mut self, deployment: DeploymentState) {
        self.policy_in_force = None;
        self.deployment = deployment;
        self.policy_questions = BTreeSet::new();
        self.post_absence();
    }

    fn post_absence(&self) {
        if let Some(statement) = self.standing.as_ref().and_then(absence::statement) {
            self.post_policy(statement.message, true);
        }
    }

    fn post_policy(&self, text: String, is_absent: bool) {
        self.args.board.post(|notices| (notices.deployment_policy, notices.policy_absent) = (text, is_absent));
    }

    /// A policy that is invalid, or that cannot be checked yet, leaves what it said before in force (rule GDP-07).
    fn check_policy(&mut self, name: ObjectName, installation: &Installation) {
        let Some(tenant) = self.tenant_of(&self.args.namespace, installation) else { return };
        let Some(policy) = self.policies.objects.get(&name) else { return };
        let uid = policy.metadata.uid.clone();
        let mut referrers = self.policy_referrers.clone();
        let changed = referrers.note(&name, policy.metadata.generation, true, Timestamp::now());
        let catalog = self.known().since(referrers.changed(&name));
        let around = Surroundings {
            clusters: &installation.member_clusters,
            default_tenant: &installation.default_tenant,
            tenant,
            catalog: &catalog,
        };
        let questions = policy::questions(&policy.spec, around);
        let valid = policy::validate(&policy.spec, around);
        let doubts = doubts_about(&questions, &catalog);
        drop(catalog);
        self.policy_referrers = referrers;
        self.edited.extend(questions.iter().filter(|_| changed).cloned());
        self.policy_questions = questions;
        let is_in_force = self.policy_in_force.as_ref() == Some(&name);
        let (deployment, report) = match valid {
            Validation::Valid { mut value, limitations } => {
                if let (DeploymentState::InForce(before), true) = (&self.deployment, is_in_force) {
                    value.taken_out = value.taken_out_since(before, uid == self.uid_in_force);
                }
                (Some(DeploymentState::InForce(value)), PolicyReport { doubts, ..PolicyReport::accepted(limitations) })
            }
            Validation::Invalid(text) => (None, PolicyReport::invalid(text)),
            Validation::Pending(open) => (None, PolicyReport::pending(open)),
        };
        let is_valid = deployment.is_some();
        if let Some(deployment) = deployment.or((!is_in_force).then_some(DeploymentState::Unknown)) {
            self.deployment = deployment;
        }
        // What stays in force while the object is invalid is what its last valid version said.
        if is_valid {
            self.uid_in_force = uid;
        }
        self.write_policy_status(&name, &report);
        if matches!(report.verdict, PolicyVerdict::Accepted { .. }) {
            self.presence.in_force(&name);
        }
        self.policy_in_force = Some(name);
        self.post_policy(report.notice(), false);
    }

    fn write_policy_status(&self, name: &ObjectName, report: &PolicyReport) {
        let Some(policy) = self.policies.objects.get(name).filter(|_| self.term.is_some()) else { return };
        self.tell_of_policy(policy, name, report);
        // What was said of another policy says nothing of this one.
        let told = self.programmed.as_ref().filter(|(policy, _)| policy.deployment == self.deployment);
        let progress = told.map(|(_, progress)| *progress);
        let matched = |cluster: &str| match &self.deployment {
            DeploymentState::InForce(policy) => policy.clusters.contains_key(cluster),
            _ => true,
        };
        let unseen = self.known.speaks().then(|| self.known.programmed(matched)).flatten();
        if let Some(status) = status::of_policy(policy, report, progress, unseen) {
            let target = Target::GlobalDeploymentPolicy(name.clone());
            self.args.status.cast(StatusWriterMsg::Write { target, update: Update::status(&status) });
        }
    }
}
