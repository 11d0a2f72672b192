//! The GSLBConfig: which one is active, what follows from it, and its status.

use super::certificate::Certificate;
use super::identities::Clusters;
use super::status::{About, Held};
use super::{PolicyWatcherMsg, PolicyWatcherState, candidates::config_candidates, settings, status};
use crate::actors::avi_session::ControllerSettings;
use crate::actors::avi_session::phase::ControllerState;
use crate::actors::status_writer::{StatusWriterMsg, Target, Update};
use crate::core::activation::{self, APPROVAL_ANNOTATION, Facts, Problem, Progress, UUID_ANNOTATION};
use crate::core::guard::HeldChanges;
use crate::core::owner::Owner;
use crate::core::policy::Installation;
use crate::core::precedence::ObjectName;
use crate::crd::GslbConfig;
use kube::ResourceExt;
use ractor::ActorRef;
use rand::RngExt;
use std::sync::Arc;

/// What can be said of the active GSLBConfig.
pub(super) struct Activation {
    installation: Option<Installation>,
    settings: Option<Arc<ControllerSettings>>,
    problem: Option<Problem>,
}

impl PolicyWatcherState {
    /// Takes over what the active GSLBConfig says; what it cannot say stays.
    pub(super) fn take_over_config(&mut self, myself: &ActorRef<PolicyWatcherMsg>) -> Activation {
        let candidates = config_candidates(&self.configs);
        let choice = activation::choose(&candidates, self.active_config.as_ref(), &self.args.namespace);
        for (other, problem) in &choice.others {
            self.write_config_status(&other.object, problem.to_string(), None, Held::Unknown);
        }
        self.active_config = choice.active.map(|candidate| candidate.object.clone());
        let activation = self.activate(myself);
        if activation.installation.is_some() {
            self.installation.clone_from(&activation.installation);
        }
        if let Some(settings) = &activation.settings {
            self.settings = Some(Arc::clone(settings));
        }
        activation
    }

    /// Checks the active GSLBConfig and gathers what follows from it.
    fn activate(&mut self, myself: &ActorRef<PolicyWatcherMsg>) -> Activation {
        let nothing = Activation { installation: None, settings: None, problem: None };
        let Some(name) = self.active_config.clone() else { return nothing };
        let Some(config) = self.configs.objects.get(&name).cloned() else { return nothing };
        let leader = &config.spec.gslb_leader;
        let facts = Facts {
            uuid: config.annotations().get(UUID_ANNOTATION).map(String::as_str),
            controller_ip: &leader.controller_ip,
            credentials: &leader.credentials,
            controller_version: &leader.controller_version,
            members: &config.spec.member_clusters,
        };
        self.grace = settings::policy_grace(&config);
        self.set_log_level(config.spec.log_level.as_deref().unwrap_or_default());
        let uuid = match activation::check(facts) {
            Ok(Some(uuid)) => uuid,
            Ok(None) => {
                self.write_uuid(&name);
                return nothing;
            }
            Err(problem) => return Activation { problem: Some(problem), ..nothing },
        };
        self.take_over_identities(&name, &config);
        self.last_uuid = Some((name, uuid));
        let owner = Owner::from_uuid(uuid);
        self.watch_secret(myself, &leader.credentials);
        let (settings, problem) = self.settings(&config, owner.clone());
        let installation = Installation {
            owner,
            default_tenant: leader.tenant.clone().filter(|t| !t.is_empty()).unwrap_or_else(|| "admin".into()),
            member_clusters: config.spec.member_clusters.iter().map(|m| m.cluster_context.clone()).collect(),
            custom_global_fqdn: config.spec.use_custom_global_fqdn.unwrap_or(false),
            status_for_all: config.spec.status_objects.as_deref() == Some("All"),
        };
        Activation { installation: Some(installation), settings, problem }
    }

    fn settings(&self, config: &GslbConfig, owner: Owner) -> (Option<Arc<ControllerSettings>>, Option<Problem>) {
        let Some(watched) = &self.secret else { return (None, None) };
        let Some(credentials) = &watched.credentials else {
            let problem = watched.listed.then(|| Problem::NoSecret(watched.name.clone()));
            return (None, problem);
        };
        match settings::settings(config, credentials, self.args.controller_ca.as_deref(), owner) {
            Ok(settings) => (Some(Arc::new(settings)), None),
            Err(problem) => (None, Some(problem)),
        }
    }

    /// Asks for a UUID on a GSLBConfig that has none: the one it had, when somebody took it away (`helm upgrade` does,
    /// with values that said it before), or a new one. Activation goes on when the object shows it: a UUID that is not
    /// stored, and one that replaces another, would orphan every service.
    fn write_uuid(&mut self, name: &ObjectName) {
        if self.term.is_none() {
            return;
        }
        let uuid = match &self.last_uuid {
            Some((of, uuid)) if of == name => *uuid,
            _ => {
                self.tell_of_lost_uuid(name);
                self.new_uuid()
            }
        };
        self.last_uuid = Some((name.clone(), uuid));
        let annotations = [(UUID_ANNOTATION.to_owned(), Some(uuid.hyphenated().to_string()))].into();
        let target = Target::GslbConfig(name.clone());
        self.args.status.cast(StatusWriterMsg::Write { target, update: Update::Annotations(annotations) });
    }

    /// A version 1 UUID, as upstream makes them: time and node from chance, so that a seeded run repeats.
    fn new_uuid(&mut self) -> uuid::Uuid {
        let ticks = self.rng.random::<u64>() >> 4;
        let counter = self.rng.random::<u16>();
        let mut node: [u8; 6] = self.rng.random();
        // The multicast bit marks a node id that is no hardware address (RFC 9562, 6.10).
        node[0] |= 1;
        uuid::Uuid::new_v1(uuid::Timestamp::from_gregorian_time(ticks, counter), &node)
    }

    pub(super) fn tell_status(&self, activation: &Activation) {
        let Some(name) = &self.active_config else {
            self.args.board.post(|notices| notices.gslb_config = "no GSLBConfig".into());
            return;
        };
        let state = match (&activation.problem, &self.controller) {
            (Some(problem), _) => problem.to_string(),
            (None, None) => return,
            (None, Some(ControllerState::Unusable(_, error))) => {
                Problem::ControllerUnreachable(error.clone()).to_string()
            }
            (None, Some(ControllerState::NotLeader(_))) => Problem::NotLeader.to_string(),
            (None, Some(ControllerState::Syncing)) => Progress::Syncing.state().to_owned(),
            (None, Some(ControllerState::Synced)) => Progress::Accepted.state().to_owned(),
        };
        self.args.board.post(|notices| notices.gslb_config = state.clone());
        let ignored = self.configs.objects.get(name).and_then(|config| config.spec.gslb_leader.insecure_skip_verify);
        let verified = activation
            .settings
            .as_ref()
            .map(|settings| Certificate::of(&settings.tls, &self.handshake, ignored.unwrap_or(false)));
        self.write_config_status(name, state, verified, self.held(name));
    }

    /// Looks at what is known of the member clusters, and tells of what is another. Answers whether a status may say
    /// something else.
    pub(super) fn look(&mut self) -> bool {
        let Some(installation) = &self.installation else { return false };
        let change = self.args.board.look(&installation.member_clusters, &mut self.known);
        let config = self.active_config.as_ref().filter(|_| self.term.is_some());
        if let Some((name, object)) = config.and_then(|name| Some((name, self.configs.objects.get(name)?))) {
            for occurrence in change.occurrences {
                self.tell_outcome::<GslbConfig>(name, object.uid(), occurrence);
            }
        }
        change.differs
    }

    /// In what state the controller is, in one word.
    fn about_controller(&self) -> Option<&'static str> {
        self.controller.as_ref().map(ControllerState::reason)
    }

    /// Who leads instead of the controller in use, for people.
    fn about_leader(&self) -> Option<&str> {
        match &self.controller {
            Some(ControllerState::NotLeader(why)) => Some(why),
            _ => None,
        }
    }

    /// What is to be said of the changes that the session holds.
    fn held(&self, config: &ObjectName) -> Held {
        let Some(held) = &self.held else { return Held::Unknown };
        let message = |held: &Arc<HeldChanges>| held.message(&config.namespace, &config.name, APPROVAL_ANNOTATION);
        Held::Known {
            changes: held.iter().map(message).collect(),
            deletions: held.iter().filter(|held| held.deletes()).map(message).collect(),
        }
    }

    fn write_config_status(&self, name: &ObjectName, state: String, verified: Option<Certificate>, held: Held) {
        let Some(config) = self.configs.objects.get(name).filter(|_| self.term.is_some()) else { return };
        self.tell_of_config(config, name, &state);
        let active = self.active_config.as_ref() == Some(name);
        let about = About {
            controller: self.about_controller().filter(|_| active),
            leader: self.about_leader(),
            clusters: Some(&self.known).filter(|known| active && known.speaks()),
            identities: if active { self.clusters() } else { Clusters::Unknown },
        };
        self.tell_of_clusters(config, name, &about.identities);
        let status = status::of_config(config, state, verified, about, held);
        if let Some(update) = self.with_absence(config, name, status) {
            let target = Target::GslbConfig(name.clone());
            self.args.status.cast(StatusWriterMsg::Write { target, update });
        }
    }
}
