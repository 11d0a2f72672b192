//! What the controller refuses of a service is left out of it, so that everything else is written.

use super::{GsState, Input, Knowledge};
use crate::actors::gs_directory::GsDirectoryMsg;
use crate::core::build::{Built, Decision};
use crate::core::host_rule::RuleState;
use crate::core::occurrence::digest;
use crate::core::omission::{Omissions, Refusal};
use std::collections::BTreeSet;
use std::sync::Arc;

impl GsState {
    /// The controller refused the service, or a monitor of it. Answers whether there is something else to be written now.
    pub(super) fn leave_out(&mut self, refusal: Refusal) -> bool {
        let Decision::Service(desired) = self.build().decision else { return false };
        let wanted = &desired.service;
        let observed = self.knowledge.observed();
        let held = observed.and_then(|observed| observed.in_tenant(&wanted.tenant));
        let present = held.and_then(|held| held.service.as_deref()).map(|service| service.content.clone());
        tracing::warn!(gslb_service = %self.fqdn, error = refusal.text, "the controller refuses a part of the service");
        let mut omissions = self.omissions.take().unwrap_or_default();
        let goes_on = omissions.refused(refusal, wanted, present.as_ref());
        self.keep(omissions);
        goes_on
    }

    /// The controller took all that was to be written.
    pub(super) fn on_taken(&mut self) {
        if let Some(mut omissions) = self.omissions.take() {
            omissions.accepted();
            self.keep(omissions);
        }
    }

    /// The controller may take by now what it refused.
    pub(super) fn try_omitted_again(&mut self) {
        self.omissions.iter_mut().for_each(|omissions| omissions.try_again());
    }

    /// Before an input is taken in: another state of the GSLB, or other parts, are a reason to try again, and who was
    /// switched off by the rule is switched on with it.
    pub(super) fn reconsider(&mut self, input: &Input) {
        match input {
            Input::Context(context) if context.catalog.gslb() != self.context.catalog.gslb() => {
                self.try_omitted_again()
            }
            Input::Context(_) => {}
            Input::Rule(RuleState::Unknown(_)) => {}
            Input::Rule(rule) => {
                let (before, after) = (drained(&self.rule), drained(rule));
                self.released.extend(before.difference(&after).cloned());
                self.released.retain(|name| !after.contains(name));
                self.omissions.iter_mut().for_each(|omissions| omissions.changed());
            }
            Input::Offers { .. } | Input::Aliases(_) => {
                self.omissions.iter_mut().for_each(|omissions| omissions.changed());
            }
        }
    }

    pub(super) fn is_searching(&self) -> bool {
        self.omissions.as_ref().is_some_and(|omissions| omissions.is_searching())
    }

    /// The decision without what the controller does not take. A part that is tried and needs no write is there already.
    pub(super) fn build_what_is_taken(&mut self) -> Built {
        self.forget_unwanted_parts();
        let mut built = self.build();
        while self.is_searching() && self.speaks() && self.is_there(&built) {
            self.on_taken();
            built = self.build();
        }
        built
    }

    fn is_there(&self, built: &Built) -> bool {
        match &self.knowledge {
            Knowledge::Known(observed) => self.would_write_nothing(built, observed),
            Knowledge::Unknown | Knowledge::Stale(_) => false,
        }
    }

    fn forget_unwanted_parts(&mut self) {
        let Some(mut omissions) = self.omissions.take() else { return };
        match self.build_without(Omissions::NONE).decision {
            Decision::Service(desired) => {
                omissions.keep_wanted(&desired.service);
                if let Knowledge::Known(observed) = &self.knowledge {
                    let held = observed.in_tenant(&desired.service.tenant).and_then(|held| held.service.as_deref());
                    held.iter().for_each(|service| omissions.keep_absent(&service.content));
                }
            }
            Decision::Nothing => *omissions = Omissions::default(),
            Decision::Wait(_) => {}
        }
        self.keep(omissions);
    }

    fn keep(&mut self, omissions: Box<Omissions>) {
        self.omissions = (!omissions.is_empty()).then_some(omissions);
    }

    /// Tells the directory, which knows whose claims they are.
    pub(super) fn tell_names(&mut self, names: Vec<(String, String)>) {
        let told = if names.is_empty() || !self.speaks() { 0 } else { digest(&names) };
        if self.said.names != told {
            self.said.names = told;
            let names = if told == 0 { Vec::new() } else { names };
            self.links.directory.cast(GsDirectoryMsg::RefusedNames { fqdn: Arc::clone(&self.fqdn), names });
        }
    }
}

/// What the rule has switched off.
fn drained(rule: &RuleState) -> BTreeSet<String> {
    match rule {
        RuleState::InForce(rule) => rule.drain.clone(),
        RuleState::None | RuleState::Unknown(_) => BTreeSet::new(),
    }
}
