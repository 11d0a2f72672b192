//! What a decision takes from users (DEL-06): told to the guard, and what it holds stays.

use super::{GsState, Input, Knowledge};
use crate::actors::avi_session::AviSessionMsg;
use crate::actors::offers::Offers;
use crate::core::build::{Built, Decision, Placed};
use crate::core::endpoint::Endpoint;
use crate::core::gslb::{Member, Pool};
use crate::core::guard::{Former, Keep, Kept, Loss, Scene, Weighed, kept, weigh};
use crate::core::host_rule::{RuleState, ThirdParty};
use crate::core::plan::{Observed, leaving};
use std::sync::Arc;

impl GsState {
    pub(super) fn scene(&self) -> Scene<'_> {
        Scene {
            fqdn: &self.fqdn,
            policy: &self.context.policy,
            unseen: &self.context.unseen,
            unknown: &self.context.unknown,
            offered: self.offers.endpoints().map(AsRef::as_ref).collect(),
            former: self.former.as_deref(),
            third_party: third_party(&self.rule),
        }
    }

    /// The decision as it is carried out. `held` is asked once, with what it would take away.
    pub(super) fn weigh(
        &self,
        decision: Decision,
        members: &[Placed],
        observed: &Observed,
        held: impl FnOnce(Option<&Loss>) -> Option<Arc<Keep>>,
    ) -> Weighed {
        weigh(decision, members, observed, &self.scene(), held)
    }

    /// The same under what was said about it last.
    pub(super) fn weigh_again(&self, built: &Built, observed: &Observed) -> Weighed {
        self.weigh(built.decision.clone(), &built.members, observed, |_| self.slot.kept())
    }

    /// Members that stay although nothing explains them that is seen and wanted.
    pub(super) fn kept_now(&self, built: &Built) -> Vec<Kept> {
        let Some(observed) = self.knowledge.observed() else { return Vec::new() };
        let weighed = self.weigh_again(built, observed);
        kept(&weighed, &built.members, observed, &self.scene(), self.slot.kept().as_deref())
    }

    /// What is back does not count as lost.
    pub(super) fn tell_regained(&self, members: &[Placed]) {
        if self.slot.is_back(|party| members.iter().any(|placed| placed.is_of(party))) {
            self.links.session.cast(AviSessionMsg::Regained(Arc::clone(&self.fqdn)));
        }
    }

    /// Notes what the controller may have for a reason that ends with this input.
    pub(super) fn note_former(&mut self, input: &Input) {
        match input {
            Input::Offers { offers, renamed, .. } => self.note_former_offers(offers, *renamed),
            Input::Rule(rule) => {
                let before = third_party(&self.rule);
                if !before.is_empty() && before != third_party(rule) {
                    let mut former = self.former.take().unwrap_or_default();
                    former.note_sites(before);
                    self.former = Some(former);
                }
            }
            Input::Aliases(_) | Input::Context(_) => {}
        }
    }

    pub(super) fn note_former_offers(&mut self, now: &Offers, renamed: bool) {
        let now: Vec<&Arc<Endpoint>> = now.endpoints().collect();
        if self.offers.endpoints().all(|before| now.contains(&before)) {
            return;
        }
        let mut former = self.former.take().unwrap_or_default();
        former.note(self.offers.endpoints(), &now, renamed);
        self.former = Some(former);
    }

    /// Forgets what is explained otherwise, or gone. `pools` are those that are wanted.
    pub(super) fn forget_former(&mut self, pools: &[Pool]) {
        let (Knowledge::Known(observed), Some(former)) = (&self.knowledge, &mut self.former) else { return };
        let services = observed.services().map(|service| &service.content);
        let members: Vec<&Member> = services.flat_map(|service| leaving(pools, &service.pools)).collect();
        former.retain(members.iter().copied());
        self.former.take_if(|former| former.is_empty());
    }
}

/// Boxed as it is kept: nearly no service has any.
pub(super) type FormerBox = Option<Box<Former>>;

fn third_party(rule: &RuleState) -> &[ThirdParty] {
    match rule {
        RuleState::InForce(rule) => &rule.third_party,
        RuleState::None | RuleState::Unknown(_) => &[],
    }
}
