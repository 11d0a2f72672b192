//! The GSLBHostRules: which of them are in force, and what their status should say.

use super::PolicyWatcherState;
use super::rule_object::{SeenRule, Spec};
use crate::actors::gs_directory::GsDirectoryMsg;
use crate::actors::status_writer::StatusWriterMsg;
use crate::core::host_rule::{
    self, ACCEPTED, RuleCandidate, RuleCheck, RuleTable, RuleVerdict, Ruling, Standing, Subject, decide,
};
use crate::core::policy::Installation;
use crate::core::precedence::ObjectName;
use crate::core::references::{Question, Surroundings, Validation, waiting_for};
use crate::core::report::RuleReport;
use crate::kubernetes::watch::WatchEvent;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The rules of all namespaces.
#[derive(Debug, Default)]
pub struct Rules {
    seen: BTreeMap<ObjectName, SeenRule>,
    listed: bool,
    standing: Standing,
    /// What was decided last; `None` until it could be.
    decided: Option<Decided>,
}

#[derive(Debug)]
struct Decided {
    table: Arc<RuleTable>,
    verdicts: BTreeMap<ObjectName, RuleVerdict>,
    superfluous: BTreeSet<ObjectName>,
}

/// What was reported of each rule, without the status that it had then.
pub type Reports = BTreeMap<ObjectName, RuleReport>;

impl Rules {
    /// Takes an event in. Answers whether anything may be decided otherwise now.
    pub fn take(&mut self, event: WatchEvent<SeenRule, ObjectName>) -> bool {
        match event {
            WatchEvent::Listed { objects, undecodable } => {
                let mut before = std::mem::take(&mut self.seen);
                let mut changed = !std::mem::replace(&mut self.listed, true);
                for rule in objects {
                    let known = before.remove(&rule.object);
                    changed |= self.put(known, rule);
                }
                for name in undecodable {
                    self.seen.extend(before.remove_entry(&name));
                }
                changed || !before.is_empty()
            }
            WatchEvent::Applied(rule) => {
                let known = self.seen.remove(&rule.object);
                self.put(known, rule)
            }
            WatchEvent::Deleted(name) => self.seen.remove(&name).is_some(),
            WatchEvent::Undecodable { object, error, .. } => {
                tracing::warn!(object, error, "rule cannot be decoded, its last known state stays in force");
                false
            }
            WatchEvent::Failed(error) => {
                tracing::warn!(
                    error,
                    "cannot watch the GSLBHostRules, they stay as last seen; is the CRD installed, and may the \
                     operator's service account list and watch gslbhostrules in all namespaces?"
                );
                false
            }
        }
    }

    /// Answers whether the rule decides otherwise than the one known before.
    fn put(&mut self, known: Option<SeenRule>, mut rule: SeenRule) -> bool {
        let echo = known.filter(|known| known.decides_as(&rule));
        let changed = echo.is_none();
        if let Some(known) = echo {
            rule.generation = known.generation;
        }
        self.seen.insert(rule.object.clone(), rule);
        changed
    }
}

impl PolicyWatcherState {
    /// Works out which rules are in force. Before the rules have been listed, and while tenants are not known, nothing
    /// is.
    pub(super) fn decide_rules(&mut self, installation: &Installation) {
        if !self.rules.listed {
            return;
        }
        let mut candidates = Vec::new();
        let mut asked = BTreeSet::new();
        for rule in self.rules.seen.values() {
            let Some(tenant) = self.tenant_of(&rule.object.namespace, installation) else { return };
            let around = Surroundings {
                clusters: &installation.member_clusters,
                default_tenant: &installation.default_tenant,
                tenant,
                catalog: self.known(),
            };
            candidates.push(candidate(rule, around, &mut asked));
        }
        let Ruling { table, verdicts, superfluous, standing } =
            decide(&candidates, &self.rules.standing, installation.status_for_all);
        self.rule_questions = asked;
        self.rules.standing = standing;
        self.rules.decided = Some(Decided { table: Arc::new(table), verdicts, superfluous });
    }

    /// Tells the directory what is in force, and the StatusWriter what became of each rule.
    pub(super) fn tell_rules(&mut self) {
        let Some(decided) = &self.rules.decided else { return };
        if self.told.rules.as_ref() != Some(&decided.table) {
            self.told.rules = Some(Arc::clone(&decided.table));
            self.args.directory.cast(GsDirectoryMsg::Rules(Arc::clone(&decided.table)));
        }
        if self.term.is_none() {
            // Whoever leads writes; should it be this one later, it says everything again.
            self.told.reports.clear();
            return;
        }
        let gone = self.told.reports.extract_if(.., |name, _| !self.rules.seen.contains_key(name));
        for (name, _) in gone {
            self.args.status.cast(StatusWriterMsg::RuleGone(name));
        }
        for (name, verdict) in &decided.verdicts {
            let Some(rule) = self.rules.seen.get(name) else { continue };
            let report = RuleReport {
                object: name.clone(),
                fqdn: rule.fqdn().to_owned(),
                uid: rule.uid.clone(),
                generation: rule.generation,
                present: None,
                verdict: verdict.clone(),
                managed: rule.managed,
                superfluous: decided.superfluous.contains(name),
            };
            if self.told.reports.get(name) != Some(&report) {
                self.told.reports.insert(name.clone(), report.clone());
                let present = rule.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
                self.tell_of_rule(&report, present);
                let report = RuleReport { present: rule.status.clone(), ..report };
                self.args.status.cast(StatusWriterMsg::Rule(Box::new(report)));
            }
        }
    }
}

fn candidate(rule: &SeenRule, around: Surroundings<'_>, asked: &mut BTreeSet<Question>) -> RuleCandidate {
    let SeenRule { object, created, managed, spec, status, .. } = rule;
    let (fqdn, check) = match spec {
        Spec::Read(spec) => {
            asked.extend(host_rule::questions(spec, around));
            let subject = Subject { object, managed: *managed };
            (&spec.fqdn, check(host_rule::validate(subject, spec, around)))
        }
        Spec::Unreadable { fqdn, error } => {
            let text = format!("the rule cannot be decoded: {error}; what it said before stays in force");
            (fqdn, RuleCheck::Unreadable(text))
        }
    };
    RuleCandidate {
        object: object.clone(),
        created: *created,
        accepted: status.as_ref().is_some_and(|status| status.status == ACCEPTED),
        fqdn: fqdn.clone(),
        managed: *managed,
        check,
    }
}

fn check(validation: Validation<host_rule::HostRule>) -> RuleCheck {
    match validation {
        Validation::Valid { value, limitations } => RuleCheck::Valid { rule: Arc::new(value), limitations },
        Validation::Invalid(text) => RuleCheck::Invalid(text),
        Validation::Pending(questions) => RuleCheck::Open(waiting_for(&questions)),
    }
}
