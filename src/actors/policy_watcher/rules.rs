//! The GSLBHostRules: which of them are in force, and what their status should say.

use super::PolicyWatcherState;
use super::rule_object::{SeenRule, Spec};
use crate::actors::board::{RuleCounts, RulesNotice};
use crate::actors::ever_listed::EverListed;
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

/// How many rules that wait are shown.
const WAITING_SHOWN: usize = 10;

/// The rules of all namespaces.
#[derive(Debug, Default)]
pub struct Rules {
    seen: BTreeMap<ObjectName, SeenRule>,
    /// They are known: completely listed, or known not to be.
    listed: bool,
    /// Whether an incarnation before this one knew some.
    ever_listed: EverListed,
    /// Why they are not known, or that their kind is missing.
    trouble: Option<String>,
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

/// What is listed, for [`EverListed`].
const KIND: &str = "GSLBHostRule";

const NO_CRD: &str = "the CRD gslbhostrules.amko.vmware.com is not installed, so there are no GSLBHostRules: apply the \
                      files of crds/ to use them";
const CRD_GONE: &str = "the CRD gslbhostrules.amko.vmware.com is not installed any more, and the GSLBHostRules stay as \
                        last seen: apply the files of crds/ and the rules again, or restart the operator if they are \
                        gone for good";

/// What was reported of each rule, without the status that it had then.
pub type Reports = BTreeMap<ObjectName, RuleReport>;

impl Rules {
    pub fn new(ever_listed: EverListed) -> Self {
        Self { ever_listed, ..Self::default() }
    }

    /// Takes an event in. Answers whether anything may be decided otherwise now.
    pub fn take(&mut self, event: WatchEvent<SeenRule, ObjectName>) -> bool {
        match event {
            WatchEvent::Listed { objects, undecodable } => {
                let mut before = std::mem::take(&mut self.seen);
                let mut changed = !std::mem::replace(&mut self.listed, true);
                self.ever_listed.add(KIND);
                self.trouble = None;
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
                tracing::warn!(error, "cannot watch the GSLBHostRules, they stay as last seen");
                if !self.listed {
                    self.trouble = Some(self.unlisted(&error));
                }
                false
            }
            WatchEvent::Reopened => false,
        }
    }

    /// Takes in that their CRD is not installed: there are none. But those that were there when it went stay as last
    /// seen; should the one who saw them be gone, nothing is decided. Answers whether anything may be decided otherwise.
    pub fn not_served(&mut self) -> bool {
        let kept = if self.listed { !self.seen.is_empty() } else { self.ever_listed.contains(KIND) };
        if !kept {
            self.ever_listed.remove(KIND);
        }
        let text = if kept { CRD_GONE } else { NO_CRD };
        if self.trouble.as_deref() != Some(text) {
            tracing::error!("{text}");
            self.trouble = Some(text.to_owned());
        }
        !kept && !std::mem::replace(&mut self.listed, true)
    }

    fn unlisted(&self, error: &str) -> String {
        if self.ever_listed.contains(KIND) {
            return format!("the GSLBHostRules stay as last seen: {error}");
        }
        format!("the GSLBHostRules have never been listed, so no GSLB service is written: {error}")
    }

    fn notice(&self) -> RulesNotice {
        let known = self.listed || self.ever_listed.contains(KIND);
        RulesNotice { known, error: self.trouble.clone(), counts: RuleCounts::default() }
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
    pub(super) fn post_rules(&self) {
        let notice = self.rules.notice();
        self.args.board.post(|notices| {
            let counts = std::mem::take(&mut notices.gslb_host_rules.counts);
            notices.gslb_host_rules = RulesNotice { counts, ..notice };
        });
    }

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
        let counts = counts(&verdicts);
        self.args.board.post(|notices| notices.gslb_host_rules.counts = counts);
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
                self.tell_of_rule(&report, rule.status.as_ref());
                let report = RuleReport { present: rule.status.clone(), ..report };
                self.args.status.cast(StatusWriterMsg::Rule(Box::new(report)));
            }
        }
    }
}

fn counts(verdicts: &BTreeMap<ObjectName, RuleVerdict>) -> RuleCounts {
    let mut notice = RuleCounts::default();
    for (ObjectName { namespace, name }, verdict) in verdicts {
        match verdict {
            RuleVerdict::Accepted { .. } => notice.accepted += 1,
            RuleVerdict::Rejected(_) => notice.rejected += 1,
            RuleVerdict::Pending(waits_for) => {
                notice.pending += 1;
                if notice.waiting.len() < WAITING_SHOWN {
                    notice.waiting.insert(format!("{namespace}/{name}"), waits_for.clone());
                }
            }
        }
    }
    notice
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> SeenRule {
        SeenRule {
            object: ObjectName { namespace: "shop".into(), name: "ghr".into() },
            uid: None,
            generation: None,
            created: None,
            managed: false,
            spec: Spec::Read(Box::default()),
            status: None,
        }
    }

    fn listed(objects: Vec<SeenRule>) -> WatchEvent<SeenRule, ObjectName> {
        WatchEvent::Listed { objects, undecodable: Vec::new() }
    }

    fn told(rules: &Rules) -> (bool, Option<String>) {
        let RulesNotice { known, error, .. } = rules.notice();
        (known, error)
    }

    /// DB-01
    #[test]
    fn without_the_crd_there_are_no_rules_and_a_refusal_says_nothing_about_them() {
        let mut rules = Rules::new(EverListed::default());
        assert!(!rules.take(WatchEvent::Failed("403".into())));
        let text = "the GSLBHostRules have never been listed, so no GSLB service is written: 403";
        assert_eq!((rules.listed, told(&rules)), (false, (false, Some(text.into()))));
        assert_eq!((rules.not_served(), rules.not_served()), (true, false));
        assert_eq!((rules.listed, told(&rules)), (true, (true, Some(NO_CRD.into()))));
        rules.take(listed(vec![rule()]));
        assert_eq!(told(&rules), (true, None));
    }

    /// DB-01
    #[test]
    fn rules_that_were_there_when_the_crd_went_stay_also_for_a_successor() {
        let ever_listed = EverListed::default();
        let mut rules = Rules::new(ever_listed.clone());
        rules.take(listed(vec![rule()]));
        assert_eq!((rules.not_served(), rules.seen.len()), (false, 1));
        let mut successor = Rules::new(ever_listed.clone());
        assert_eq!((successor.not_served(), successor.listed), (false, false), "nothing is told, so nothing changes");
        assert_eq!(told(&successor), (true, Some(CRD_GONE.into())));
        rules.take(WatchEvent::Deleted(rule().object));
        assert!(!rules.not_served());
        assert!(Rules::new(ever_listed).not_served(), "none was left");
    }
}
