//! The absence of the policy: its clock, the list that confirms it, and what is said of it.

use super::{PolicyWatcherMsg, PolicyWatcherState};
use crate::actors::status_writer::Update;
use crate::core::policy::DeploymentState;
use crate::core::policy::absence;
use crate::core::policy::presence::{Moment, Seen, Standing};
use crate::core::precedence::ObjectName;
use crate::core::report::condition::Speaker;
use crate::crd::{GlobalDeploymentPolicy, GslbConfig, GslbConfigStatus};
use crate::kubernetes::bounded::bounded;
use crate::retry::{Backoff, RetryPolicy};
use kube::api::{Api, ApiResource, DynamicObject, ListParams};
use kube::{Client, ResourceExt};
use ractor::ActorRef;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// The list that confirms an absence.
#[derive(Debug)]
pub struct Confirmation {
    timer: Option<AbortHandle>,
    /// On its way.
    asked: bool,
    /// After one that failed, or did not confirm.
    not_before: Option<Instant>,
    backoff: Backoff,
}

impl Confirmation {
    pub fn new(retry: RetryPolicy) -> Self {
        Self { timer: None, asked: false, not_before: None, backoff: Backoff::new(retry) }
    }

    fn disarm(&mut self) {
        if let Some(timer) = self.timer.take() {
            timer.abort();
        }
    }
}

impl PolicyWatcherState {
    /// What follows from the policies that are there, which have been completely listed.
    pub(super) fn look_at_policies(&mut self, myself: &ActorRef<PolicyWatcherMsg>) -> Standing {
        let policies: BTreeSet<ObjectName> =
            self.policies.objects.keys().chain(&self.policies.unreadable).cloned().collect();
        let kept = self.active().and_then(|config| config.status.as_ref()?.policy_deletion.as_ref());
        let kept = kept.map(|kept| absence::wish_of(kept, &self.args.namespace));
        let (leads, now) = (self.term.is_some(), self.moment(self.born.elapsed()));
        let configured = self.active().is_some();
        let seen = Seen { policies: &policies, leads, configured, grace: self.grace, kept: kept.as_ref() };
        let standing = self.presence.look(seen, now);
        if self.standing.as_ref() != Some(&standing) {
            match absence::statement(&standing) {
                Some(statement) => tracing::warn!(reason = statement.reason, "{}", statement.message),
                None if self.standing.is_some() => tracing::info!("there is a GlobalDeploymentPolicy again"),
                None => {}
            }
        }
        self.standing = Some(standing.clone());
        self.arrange_list(myself, now);
        standing
    }

    fn moment(&self, elapsed: Duration) -> Moment {
        Moment { elapsed, wall: (self.args.wall)() }
    }

    fn active(&self) -> Option<&GslbConfig> {
        self.configs.objects.get(self.active_config.as_ref()?)
    }

    fn arrange_list(&mut self, myself: &ActorRef<PolicyWatcherMsg>, now: Moment) {
        let due = self.presence.list_due(self.grace, now);
        let confirmation = &mut self.confirmation;
        confirmation.disarm();
        let Some(left) = due else {
            confirmation.not_before = None;
            confirmation.backoff.reset();
            return;
        };
        if !confirmation.asked {
            let rest = confirmation.not_before.map(|at| at.saturating_duration_since(Instant::now()));
            let delay = left.max(rest.unwrap_or_default());
            confirmation.timer = Some(myself.send_after(delay, || PolicyWatcherMsg::ListPolicies).abort_handle());
        }
    }

    /// Lists the policies beside the actor, unless that is not needed any more.
    pub(super) fn list_policies(&mut self, myself: &ActorRef<PolicyWatcherMsg>) {
        let began = self.born.elapsed();
        let due = self.presence.list_due(self.grace, self.moment(began));
        if self.confirmation.asked || due != Some(Duration::ZERO) {
            return;
        }
        self.confirmation.asked = true;
        let (client, namespace, myself) = (self.args.client.clone(), self.args.namespace.clone(), myself.clone());
        self.watches.spawn(async move {
            let policies = list(&client, &namespace).await;
            // The actor owns this task: when it is gone, so is the task.
            let _ = myself.cast(PolicyWatcherMsg::PoliciesListed { began, policies });
        });
    }

    pub(super) fn on_policies_listed(&mut self, began: Duration, policies: Result<BTreeSet<ObjectName>, String>) {
        self.confirmation.asked = false;
        let confirmed = match policies {
            Ok(policies) => self.presence.listed(&policies, self.grace, self.moment(began)),
            Err(error) => {
                tracing::warn!(
                    error,
                    "cannot list the GlobalDeploymentPolicies, so that none is there is not confirmed"
                );
                false
            }
        };
        if !confirmed {
            let delay = self.confirmation.backoff.fail(None, &mut self.rng);
            self.confirmation.not_before = Some(Instant::now() + delay);
        }
    }

    /// What the status of a GSLBConfig should be beside `status`, which is `None` when it has that already: the absence
    /// of the policy is told by the active one.
    pub(super) fn with_absence(
        &self,
        config: &GslbConfig,
        name: &ObjectName,
        status: Option<GslbConfigStatus>,
    ) -> Option<Update> {
        let present = config.status.clone().unwrap_or_default();
        let mut wanted = status.unwrap_or_else(|| present.clone());
        if let Some(standing) = self.standing.as_ref().filter(|_| self.active_config.as_ref() == Some(name)) {
            self.tell_of_absence(config, name, standing);
            let now = (self.args.wall)();
            let speaker = Speaker { generation: config.metadata.generation, present: &present.conditions, now };
            let told = [absence::POLICY_ABSENT, absence::CLEANED_UP];
            wanted.conditions.retain(|condition| !told.contains(&condition.type_.as_str()));
            wanted.conditions.extend(absence::conditions(standing, self.is_any_left(), speaker));
            wanted.policy_deletion = absence::kept(standing);
        }
        if wanted == present {
            return None;
        }
        let mut update = serde_json::to_value(&wanted).unwrap_or(Value::Null);
        // A merge patch leaves alone what it does not name.
        if wanted.policy_deletion.is_none() && present.policy_deletion.is_some() {
            update["policyDeletion"] = Value::Null;
        }
        Some(Update::Status(update))
    }

    /// Whether any service is left without a policy; `None` while that is not known.
    fn is_any_left(&self) -> Option<bool> {
        let absent = |policy: &_| self.told.policy.as_ref() == Some(policy);
        let told = self.programmed.as_ref().filter(|(policy, _)| absent(policy));
        told.filter(|(policy, _)| policy.deployment == DeploymentState::Absent).map(|(_, progress)| progress.behind > 0)
    }
}

/// The names in a complete list.
async fn list(client: &Client, namespace: &str) -> Result<BTreeSet<ObjectName>, String> {
    let resource = ApiResource::erase::<GlobalDeploymentPolicy>(&());
    // Untyped: one that cannot be read is there.
    let api: Api<DynamicObject> = Api::namespaced_with(bounded(client), namespace, &resource);
    let list = api.list(&ListParams::default()).await.map_err(|error| error.to_string())?;
    if list.metadata.continue_.is_some_and(|token| !token.is_empty()) {
        return Err("the API server sent a part of the list only".to_owned());
    }
    let name = |object: &DynamicObject| ObjectName { namespace: namespace.to_owned(), name: object.name_any() };
    Ok(list.items.iter().map(name).collect())
}
