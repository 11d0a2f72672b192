//! All GSLBHostRules, judged by FQDN: a rule that comes, changes or goes costs what the rules of its FQDN cost, however
//! many others there are.

use super::table::decide_among;
use super::{RuleCandidate, RuleTable, RuleVerdict, Ruling};
use crate::core::dns_name::normal;
use crate::core::precedence::ObjectName;
use std::collections::{BTreeMap, BTreeSet};

/// The rules, and what follows from them.
#[derive(Debug, Default)]
pub struct RuleBook {
    candidates: BTreeMap<ObjectName, RuleCandidate>,
    by_fqdn: BTreeMap<String, BTreeSet<ObjectName>>,
    managed_wanted: bool,
    /// FQDNs with a rule that is another than when they were judged.
    due: BTreeSet<String>,
    /// Rules that were taken out since.
    gone: BTreeSet<ObjectName>,
    ruling: Ruling,
    tally: Tally,
}

/// How many rules there are of each sort.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    pub accepted: usize,
    pub rejected: usize,
    /// What each of those waits for that cannot be judged yet.
    pub pending: BTreeMap<ObjectName, String>,
    /// How often a rule was judged.
    pub judgements: u64,
}

/// What a judgement was about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judged {
    /// FQDNs whose rule is another than before.
    pub fqdns: BTreeSet<String>,
    /// Rules that were judged, and those that are gone.
    pub rules: BTreeSet<ObjectName>,
}

impl RuleBook {
    /// Takes in a rule as it is now.
    pub fn put(&mut self, rule: RuleCandidate) {
        let known = self.candidates.get(&rule.object);
        if known == Some(&rule) {
            return;
        }
        let fqdn = normal(&rule.fqdn).into_owned();
        if known.is_some_and(|known| normal(&known.fqdn) != fqdn) {
            self.remove(&rule.object);
        }
        self.by_fqdn.entry(fqdn.clone()).or_default().insert(rule.object.clone());
        self.due.insert(fqdn);
        self.candidates.insert(rule.object.clone(), rule);
    }

    /// Takes out a rule that does not exist any more.
    pub fn remove(&mut self, object: &ObjectName) {
        let Some(rule) = self.candidates.remove(object) else { return };
        let fqdn = normal(&rule.fqdn).into_owned();
        if let Some(rules) = self.by_fqdn.get_mut(&fqdn) {
            rules.remove(object);
            if rules.is_empty() {
                self.by_fqdn.remove(&fqdn);
            }
        }
        self.due.insert(fqdn);
        self.gone.insert(object.clone());
    }

    /// Takes in whether the operator may keep rules of its own at all.
    pub fn want_managed(&mut self, wanted: bool) {
        if std::mem::replace(&mut self.managed_wanted, wanted) != wanted {
            let managed = self.candidates.values().filter(|rule| rule.managed);
            self.due.extend(managed.map(|rule| normal(&rule.fqdn).into_owned()));
        }
    }

    /// Judges the FQDNs whose rules are not as they were.
    pub fn judge(&mut self) -> Judged {
        let due = std::mem::take(&mut self.due);
        let rules: BTreeSet<ObjectName> =
            due.iter().filter_map(|fqdn| self.by_fqdn.get(fqdn)).flatten().cloned().collect();
        let candidates = rules.iter().filter_map(|rule| self.candidates.get(rule));
        let mut found = decide_among(candidates, &self.ruling.standing, self.managed_wanted);
        let mut judged = Judged { fqdns: BTreeSet::new(), rules };
        for object in &judged.rules {
            self.tally.judgements += 1;
            self.note(object, &mut found);
        }
        let gone = std::mem::take(&mut self.gone).into_iter().filter(|object| !self.candidates.contains_key(object));
        for object in gone.collect::<Vec<_>>() {
            self.note(&object, &mut found);
            judged.rules.insert(object);
        }
        for fqdn in due {
            let (state, owner) = (found.table.remove(&fqdn), found.standing.owners.remove(&fqdn));
            replace(&mut self.ruling.standing.owners, &fqdn, owner);
            if replace(&mut self.ruling.table, &fqdn, state) {
                judged.fqdns.insert(fqdn);
            }
        }
        judged
    }

    /// Takes over what was found about one rule.
    fn note(&mut self, object: &ObjectName, found: &mut Ruling) {
        let verdict = found.verdicts.remove(object);
        match self.ruling.verdicts.get(object) {
            Some(RuleVerdict::Accepted { .. }) => self.tally.accepted -= 1,
            Some(RuleVerdict::Rejected(_)) => self.tally.rejected -= 1,
            Some(RuleVerdict::Pending(_)) => drop(self.tally.pending.remove(object)),
            None => {}
        }
        match &verdict {
            Some(RuleVerdict::Accepted { .. }) => self.tally.accepted += 1,
            Some(RuleVerdict::Rejected(_)) => self.tally.rejected += 1,
            Some(RuleVerdict::Pending(waits_for)) => {
                self.tally.pending.insert(object.clone(), waits_for.clone());
            }
            None => {}
        }
        replace(&mut self.ruling.verdicts, object, verdict);
        let kept = |from: &mut BTreeSet<ObjectName>, to: &mut BTreeSet<ObjectName>| match from.take(object) {
            Some(object) => drop(to.insert(object)),
            None => drop(to.remove(object)),
        };
        kept(&mut found.superfluous, &mut self.ruling.superfluous);
        kept(&mut found.standing.judged, &mut self.ruling.standing.judged);
    }

    /// What is in force for each FQDN.
    pub fn table(&self) -> &RuleTable {
        &self.ruling.table
    }

    pub fn verdicts(&self) -> &BTreeMap<ObjectName, RuleVerdict> {
        &self.ruling.verdicts
    }

    /// Whether nobody needs this rule, which only carries a status.
    pub fn is_superfluous(&self, rule: &ObjectName) -> bool {
        self.ruling.superfluous.contains(rule)
    }

    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// All that follows, for a comparison.
    #[cfg(test)]
    pub(super) fn ruling(&self) -> &Ruling {
        &self.ruling
    }
}

/// Puts a value in, or takes the one out that was there. Answers whether that changed anything.
fn replace<K: Ord + Clone, V: PartialEq>(map: &mut BTreeMap<K, V>, key: &K, value: Option<V>) -> bool {
    match value {
        Some(value) if map.get(key) == Some(&value) => false,
        Some(value) => {
            map.insert(key.clone(), value);
            true
        }
        None => map.remove(key).is_some(),
    }
}
