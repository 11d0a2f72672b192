//! What each service is told beside its endpoints: its rule, and the aliases that belong to it.

use super::GsDirectoryState;
use crate::actors::gs_actor::{GsMsg, Input};
use crate::core::aliases::{AliasClaim, Services, Waiting};
use crate::core::build::has_members;
use crate::core::host_rule::{RuleState, RuleTable};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Before the first list nothing is known of any rule.
const UNLISTED: &str = "the GSLBHostRules have not been listed yet";

/// The rule of one FQDN; `None` instead of a table while the rules have not been listed.
pub(super) fn rule_of(rules: Option<&RuleTable>, fqdn: &str) -> RuleState {
    match rules {
        None => RuleState::Unknown(UNLISTED.to_owned()),
        Some(rules) => rules.get(fqdn).cloned().unwrap_or_default(),
    }
}

/// FQDNs with an entry in either table whose rules differ.
fn differing<'a>(before: &'a RuleTable, after: &'a RuleTable) -> BTreeSet<&'a str> {
    let named = before.keys().chain(after.keys()).map(String::as_str).collect::<BTreeSet<_>>();
    let rule = |table: &'a RuleTable, fqdn: &str| table.get(fqdn).filter(|rule| **rule != RuleState::None);
    named.into_iter().filter(|fqdn| rule(before, fqdn) != rule(after, fqdn)).collect()
}

impl GsDirectoryState {
    /// Tells the FQDNs whose rule differs; after the first list, that is each.
    pub(super) fn on_rules(&mut self, rules: Arc<RuleTable>) {
        let before = self.rules.replace(Arc::clone(&rules));
        let changed: Vec<Arc<str>> = match before {
            None => self.entries.keys().cloned().collect(),
            Some(before) => {
                let differing = differing(&before, &rules).into_iter();
                differing
                    .filter_map(|fqdn| self.entries.get_key_value(fqdn))
                    .map(|(fqdn, _)| Arc::clone(fqdn))
                    .collect()
            }
        };
        for fqdn in changed {
            self.tell(&fqdn, GsMsg::Input(Input::Rule(rule_of(Some(&rules), &fqdn))));
            self.give_another_chance(&fqdn);
        }
    }

    /// Tells one FQDN its rule. Before the table has come in, what is said of one is part of that.
    pub(super) fn on_rule(&mut self, fqdn: String, rule: RuleState) {
        let Some(rules) = &mut self.rules else { return };
        let known = self.entries.get_key_value(fqdn.as_str()).map(|(fqdn, _)| Arc::clone(fqdn));
        match rule {
            RuleState::None => drop(Arc::make_mut(rules).remove(&fqdn)),
            _ => drop(Arc::make_mut(rules).insert(fqdn, rule.clone())),
        }
        if let Some(fqdn) = known {
            self.tell(&fqdn, GsMsg::Input(Input::Rule(rule)));
            self.give_another_chance(&fqdn);
        }
    }

    /// Tells services the aliases that belong to them now. One without actor gets them when it is started.
    pub(super) fn tell_aliases(&mut self, services: Services) {
        for service in services {
            self.tell(&service, GsMsg::Input(Input::Aliases(self.aliases.granted(&service))));
            self.give_another_chance(&service);
        }
        if self.aliases.take_news() {
            self.post_waiting_aliases();
        }
    }

    /// Looks whether a name is that of a service, which then is nobody's alias. Answers which services have other
    /// aliases now.
    pub(super) fn settle_name(&mut self, fqdn: &str) -> Services {
        if !self.aliases.is_claimed(fqdn) {
            return Services::new();
        }
        let entry = self.entries.get(fqdn);
        // Without offers the controller has it: because it is about to go, or because of a cluster that was not seen.
        let is_service = entry.is_some_and(|entry| {
            entry.offers.is_empty() || has_members(&self.policy, entry.offers.endpoints().map(AsRef::as_ref))
        });
        self.aliases.set_name(fqdn, is_service)
    }

    /// The same for all names that are claimed.
    pub(super) fn settle_names(&mut self) {
        let claimed: Vec<Arc<str>> = self.aliases.claimed().cloned().collect();
        let renamed = claimed.iter().flat_map(|name| self.settle_name(name)).collect();
        self.tell_aliases(renamed);
    }

    pub(super) fn post_waiting_aliases(&self) {
        let waiting = self.aliases.waiting().map(|waiting| in_words(&waiting));
        let refused: Vec<String> = waiting.chain(self.refused_names.in_words()).collect();
        self.args.board.post(|notices| notices.refused_aliases = refused);
    }
}

/// Names the object that waits, the one that comes first, and the remedy.
fn in_words(waiting: &Waiting) -> String {
    let Waiting { claim, service, winner, holder } = waiting;
    let object =
        |claim: &AliasClaim| format!("HostRule {}/{} of cluster {}", claim.namespace, claim.name, claim.cluster);
    let wish = format!("alias {} of {service}, wanted by {},", claim.alias, object(claim));
    match winner {
        Some(winner) => {
            let winner = object(winner);
            format!("{wish} belongs to {holder} because of the older {winner}: remove it from one of them")
        }
        None => format!("{wish} is the name of a GSLB service of its own: remove it from the HostRule"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(for_what: &str) -> RuleState {
        RuleState::Unknown(for_what.into())
    }

    fn table(rules: &[(&str, RuleState)]) -> RuleTable {
        rules.iter().map(|(fqdn, rule)| ((*fqdn).to_owned(), rule.clone())).collect()
    }

    #[test]
    fn nothing_is_known_of_a_rule_before_the_first_list_and_no_entry_means_none_afterwards() {
        let listed = table(&[("a.org", waits("a"))]);
        assert_eq!(rule_of(None, "a.org"), waits("the GSLBHostRules have not been listed yet"));
        assert_eq!(rule_of(Some(&listed), "a.org"), waits("a"));
        assert_eq!(rule_of(Some(&listed), "b.org"), RuleState::None);
    }

    /// GHR-05.
    #[test]
    fn a_rule_that_comes_goes_or_changes_differs_and_one_that_stays_or_says_nothing_does_not() {
        let before =
            table(&[("gone", waits("1")), ("same", waits("1")), ("other", waits("1")), ("no", RuleState::None)]);
        let after =
            table(&[("new", waits("1")), ("same", waits("1")), ("other", waits("2")), ("nor", RuleState::None)]);
        assert_eq!(differing(&before, &after), BTreeSet::from(["gone", "new", "other"]));
    }

    /// DB-25
    #[test]
    fn a_claim_that_waits_names_both_objects_and_the_remedy() {
        let claim = |cluster: &str, name: &str| AliasClaim {
            undated: true,
            created: None,
            cluster: cluster.into(),
            namespace: "shop".into(),
            name: name.into(),
            alias: "x.org".into(),
            uid: None,
        };
        let waiting = Waiting {
            claim: claim("ctx-b", "young"),
            service: "b.org".into(),
            winner: Some(claim("ctx-a", "old")),
            holder: "a.org".into(),
        };
        let expected = "alias x.org of b.org, wanted by HostRule shop/young of cluster ctx-b, belongs to a.org because \
                        of the older HostRule shop/old of cluster ctx-a: remove it from one of them";
        assert_eq!(in_words(&waiting), expected);
        let waiting = Waiting { winner: None, holder: "x.org".into(), ..waiting };
        let expected = "alias x.org of b.org, wanted by HostRule shop/young of cluster ctx-b, is the name of a GSLB \
                        service of its own: remove it from the HostRule";
        assert_eq!(in_words(&waiting), expected);
    }
}
