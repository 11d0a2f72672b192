//! Which rule each FQDN has, when several want it and some cannot be checked (rules GHR-02 to GHR-04, GHR-06; DB-04,
//! DB-13).

use super::{ANOTHER_EXISTS, HostRule, RuleState, RuleTable, RuleVerdict};
use crate::core::dns_name::normal;
use crate::core::precedence::{Candidate, ObjectName, rank};
use jiff::Timestamp;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A GSLBHostRule that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCandidate {
    pub object: ObjectName,
    /// `metadata.creationTimestamp`; a rule without one counts as the youngest.
    pub created: Option<Timestamp>,
    /// Whether its status says so. Counts only until this process has judged the rule itself, so that its own writes
    /// of status decide nothing.
    pub accepted: bool,
    /// As written; may be empty, in an invalid rule.
    pub fqdn: String,
    /// Made by this operator only to carry a status.
    pub managed: bool,
    pub check: RuleCheck,
}

/// What checking the rule by itself gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleCheck {
    Valid {
        rule: Arc<HostRule>,
        limitations: Vec<String>,
    },
    /// The text for `status.error`.
    Invalid(String),
    /// It depends on answers of the controller. Carries on which.
    Open(String),
    /// It cannot be decoded, so that nobody knows what it says. The text for `status.error`.
    Unreadable(String),
}

/// What earlier decisions have settled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// The rule in force for each FQDN, as it was last good.
    pub(super) owners: BTreeMap<String, Arc<HostRule>>,
    /// Rules of which this process has said that they are valid or that they are not.
    pub(super) judged: BTreeSet<ObjectName>,
}

/// What follows from all rules together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ruling {
    pub table: RuleTable,
    pub verdicts: BTreeMap<ObjectName, RuleVerdict>,
    /// Managed rules that nobody needs.
    pub superfluous: BTreeSet<ObjectName>,
    /// For the next decision.
    pub standing: Standing,
}

/// Gives each FQDN the rule that has it already, else the accepted ones first, then the oldest. The order of
/// `candidates` does not matter. `managed_wanted` tells whether the operator may keep rules of its own at all.
pub fn decide(candidates: &[RuleCandidate], before: &Standing, managed_wanted: bool) -> Ruling {
    decide_among(candidates.iter(), before, managed_wanted)
}

/// The same for some rules: all that there are for their FQDNs.
pub(super) fn decide_among<'a>(
    candidates: impl Iterator<Item = &'a RuleCandidate> + Clone,
    before: &Standing,
    managed_wanted: bool,
) -> Ruling {
    let mut ruling = Ruling::default();
    let mut by_fqdn = BTreeMap::<Cow<'_, str>, Vec<&RuleCandidate>>::new();
    for candidate in candidates.clone() {
        ruling.superfluous.extend((candidate.managed && !managed_wanted).then(|| candidate.object.clone()));
        by_fqdn.entry(normal(&candidate.fqdn)).or_default().push(candidate);
    }
    for (fqdn, rules) in by_fqdn {
        ruling.decide_one(&fqdn, &rules, before);
    }
    let settled = |rule: &&RuleCandidate| match ruling.verdicts.get(&rule.object) {
        Some(RuleVerdict::Accepted { .. }) => true,
        Some(RuleVerdict::Rejected(_)) => matches!(rule.check, RuleCheck::Valid { .. } | RuleCheck::Invalid(_)),
        Some(RuleVerdict::Pending(_)) | None => before.judged.contains(&rule.object),
    };
    let judged = candidates.filter(settled).map(|rule| rule.object.clone()).collect();
    ruling.standing.judged = judged;
    ruling
}

impl Ruling {
    fn decide_one(&mut self, fqdn: &str, rules: &[&RuleCandidate], before: &Standing) {
        let users = rules.iter().any(|rule| !rule.managed);
        let owner = before.owners.get(fqdn);
        // Of rules for one name in several spellings, an earlier version applied the one in the spelling of the objects.
        let applied = rules.iter().any(|rule| rule.fqdn == fqdn && from_before(rule, before));
        let mut contenders = Vec::new();
        for &rule in rules {
            if users && rule.managed {
                self.superfluous.insert(rule.object.clone());
                self.verdicts.insert(rule.object.clone(), RuleVerdict::Rejected(ANOTHER_EXISTS.to_owned()));
                continue;
            }
            match &rule.check {
                RuleCheck::Invalid(text) => self.reject(rule, text),
                // It was never in force here, so that it has nothing to keep from others.
                RuleCheck::Unreadable(text) if !is_owner(rule, owner) && !from_before(rule, before) => {
                    self.reject(rule, text);
                }
                RuleCheck::Valid { .. } | RuleCheck::Open(_) | RuleCheck::Unreadable(_) => {
                    let accepted = from_before(rule, before) && (rule.fqdn == fqdn || !applied);
                    contenders.push((claim(rule, accepted), rule));
                }
            }
        }
        let by_name: BTreeMap<&ObjectName, &RuleCandidate> =
            contenders.iter().map(|(_, rule)| (&rule.object, *rule)).collect();
        let order = rank(contenders.iter().map(|(claim, _)| claim), owner.map(|rule| &rule.object));
        let ranked = order.first.into_iter().chain(order.others).filter_map(|claim| by_name.get(&claim.object));
        let mut ranked = ranked.copied();
        let Some(first) = ranked.next() else { return };
        let owned = self.settle_first(fqdn, first, owner, before);
        for other in ranked {
            self.settle_other(other, first, owned);
        }
    }

    /// The one that comes first for its FQDN. Answers whether the FQDN is settled, for others to know.
    fn settle_first(
        &mut self,
        fqdn: &str,
        first: &RuleCandidate,
        owner: Option<&Arc<HostRule>>,
        before: &Standing,
    ) -> bool {
        let last_good = owner.filter(|rule| rule.object == first.object);
        let (in_force, verdict, why) = match &first.check {
            RuleCheck::Valid { rule, limitations } => {
                let same = last_good.filter(|last_good| *last_good == rule);
                let verdict = RuleVerdict::Accepted { limitations: limitations.clone() };
                (Some(same.unwrap_or(rule)), verdict, String::new())
            }
            RuleCheck::Open(why) => (last_good, RuleVerdict::Pending(why.clone()), why.clone()),
            RuleCheck::Unreadable(text) | RuleCheck::Invalid(text) => {
                (last_good, RuleVerdict::Rejected(text.clone()), text.clone())
            }
        };
        self.verdicts.insert(first.object.clone(), verdict);
        if let Some(rule) = in_force {
            self.table.insert(fqdn.to_owned(), RuleState::InForce(Arc::clone(rule)));
            self.standing.owners.insert(fqdn.to_owned(), Arc::clone(rule));
        } else if from_before(first, before) {
            let ObjectName { namespace, name } = &first.object;
            let why = format!("GSLBHostRule {namespace}/{name} was accepted before and cannot be checked: {why}");
            self.table.insert(fqdn.to_owned(), RuleState::Unknown(why));
        }
        in_force.is_some()
    }

    /// One that does not come first. Its own rows come before the one about others.
    fn settle_other(&mut self, other: &RuleCandidate, first: &RuleCandidate, owned: bool) {
        let ObjectName { namespace, name } = &first.object;
        let verdict = match &other.check {
            RuleCheck::Invalid(text) | RuleCheck::Unreadable(text) => RuleVerdict::Rejected(text.clone()),
            RuleCheck::Open(why) => RuleVerdict::Pending(why.clone()),
            RuleCheck::Valid { .. } if owned => {
                self.superfluous.extend(other.managed.then(|| other.object.clone()));
                RuleVerdict::Rejected(ANOTHER_EXISTS.to_owned())
            }
            RuleCheck::Valid { .. } => RuleVerdict::Pending(format!(
                "waits for GSLBHostRule {namespace}/{name}, which comes first for the same FQDN and cannot be checked yet"
            )),
        };
        self.verdicts.insert(other.object.clone(), verdict);
    }

    fn reject(&mut self, rule: &RuleCandidate, text: &str) {
        self.verdicts.insert(rule.object.clone(), RuleVerdict::Rejected(text.to_owned()));
    }
}

impl Standing {
    /// The rule in force for the FQDN.
    pub fn owner(&self, fqdn: &str) -> Option<&ObjectName> {
        self.owners.get(fqdn).map(|rule| &rule.object)
    }
}

fn is_owner(rule: &RuleCandidate, owner: Option<&Arc<HostRule>>) -> bool {
    owner.is_some_and(|owner| owner.object == rule.object)
}

/// Whether an earlier process accepted the rule and this one has not judged it yet.
fn from_before(rule: &RuleCandidate, before: &Standing) -> bool {
    rule.accepted && !before.judged.contains(&rule.object)
}

fn claim(rule: &RuleCandidate, accepted: bool) -> Candidate {
    Candidate { object: rule.object.clone(), created: rule.created, accepted }
}
