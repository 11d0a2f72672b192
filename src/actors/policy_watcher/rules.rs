//! The GSLBHostRules: which of them are in force, and what their status should say.

use super::PolicyWatcherState;
use super::rule_object::{SeenRule, Spec};
use crate::actors::board::{RuleCounts, RulesNotice};
use crate::actors::ever_listed::EverListed;
use crate::actors::gs_directory::GsDirectoryMsg;
use crate::actors::status_writer::StatusWriterMsg;
use crate::core::dns_name::normal;
use crate::core::host_rule::{self, ACCEPTED, Judged, RuleBook, RuleCandidate, RuleCheck, Subject, Tally};
use crate::core::policy::Installation;
use crate::core::precedence::ObjectName;
use crate::core::references::{Catalog, Question, Referrers, Surroundings, Validation, doubts_about, waiting_for};
use crate::core::report::RuleReport;
use crate::kubernetes::watch::WatchEvent;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many rules that wait are shown.
const WAITING_SHOWN: usize = 10;
/// Above so many FQDNs at once the directory is told the whole table instead.
const ONE_BY_ONE: usize = 16;

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
    book: RuleBook,
    /// What each was judged by, beside what it says.
    judged_by: BTreeMap<ObjectName, Grounds>,
    /// Everything that rules refer to, and how many do.
    questions: BTreeMap<Question, usize>,
    /// By what all were judged.
    common: Option<Common>,
    /// Rules that say something else since they were judged.
    touched: BTreeSet<ObjectName>,
    /// Whether any could be judged yet.
    decided: bool,
    /// What was judged and not told yet.
    news: Judged,
    /// When each was changed.
    referrers: Referrers,
    /// Rules of which nothing but status and generation is another one, which was not told yet: their generations.
    restated: BTreeMap<ObjectName, Option<i64>>,
}

/// What the judgement of one rule depended on.
#[derive(Debug)]
struct Grounds {
    tenant: String,
    questions: BTreeSet<Question>,
    /// What is in doubt of that which the rule refers to.
    doubts: Vec<String>,
}

/// What the judgement of every rule depended on.
#[derive(Debug)]
struct Common {
    clusters: BTreeSet<String>,
    default_tenant: String,
    catalog: Option<Arc<Catalog>>,
}

/// Which rules may have to be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those that say something else.
    Touched,
    /// And those for which anything around them is different.
    All,
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
                changed |= !before.is_empty();
                self.touched.extend(before.into_keys());
                changed
            }
            WatchEvent::Applied(rule) => {
                let known = self.seen.remove(&rule.object);
                self.put(known, rule)
            }
            WatchEvent::Deleted(name) => {
                let known = self.seen.remove(&name).is_some();
                self.touched.extend(known.then_some(name));
                known
            }
            WatchEvent::Undecodable { object, error, .. } => {
                tracing::warn!(object, error, "rule cannot be decoded, its last known state stays in force");
                false
            }
            WatchEvent::Failed(error) => {
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

    /// Judges these rules. Those without a candidate are gone.
    fn judge(&mut self, due: &BTreeSet<ObjectName>, judged: Vec<(RuleCandidate, Grounds)>, status_for_all: bool) {
        let mut doubted = BTreeMap::new();
        for name in due {
            let Some(Grounds { questions, doubts, .. }) = self.judged_by.remove(name) else { continue };
            doubted.insert(name, doubts);
            for question in questions {
                if let Some(count) = self.questions.get_mut(&question) {
                    *count -= 1;
                    if *count == 0 {
                        self.questions.remove(&question);
                    }
                }
            }
        }
        for name in due.iter().filter(|name| !self.seen.contains_key(name)) {
            self.book.remove(name);
        }
        for (candidate, grounds) in judged {
            for question in &grounds.questions {
                *self.questions.entry(question.clone()).or_default() += 1;
            }
            // Doubt decides nothing, and is told.
            if doubted.get(&candidate.object).is_some_and(|before| *before != grounds.doubts) {
                self.news.rules.insert(candidate.object.clone());
            }
            self.judged_by.insert(candidate.object.clone(), grounds);
            self.book.put(candidate);
        }
        self.book.want_managed(status_for_all);
        let Judged { fqdns, rules } = self.book.judge();
        self.news.fqdns.extend(fqdns);
        self.news.rules.extend(rules);
        self.decided = true;
    }

    /// Answers whether the rule decides otherwise than the one known before.
    fn put(&mut self, known: Option<SeenRule>, mut rule: SeenRule) -> bool {
        let echo = known.filter(|known| known.decides_as(&rule));
        let changed = echo.is_none();
        match echo {
            Some(known) => {
                if known.status != rule.status || known.generation != rule.generation {
                    self.restated.insert(rule.object.clone(), rule.generation);
                }
                rule.generation = known.generation;
            }
            None => {
                self.touched.insert(rule.object.clone());
                // Its status names the generation, also when that decides nothing else.
                self.news.rules.insert(rule.object.clone());
            }
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
    pub(super) fn decide_rules(&mut self, installation: &Installation, scope: Scope) {
        if !self.rules.listed {
            return;
        }
        let due = self.rules_to_judge(installation, scope);
        let mut judged = Vec::new();
        let (mut edited, now) = (BTreeSet::new(), Timestamp::now());
        let mut referrers = std::mem::take(&mut self.rules.referrers);
        for name in &due {
            let Some(rule) = self.rules.seen.get(name) else {
                referrers.forget(name);
                continue;
            };
            let Some(tenant) = self.tenant_of(&name.namespace, installation) else {
                self.rules.referrers = referrers;
                self.rules.touched = due;
                return;
            };
            let in_force = rule.status.as_ref().is_some_and(|status| status.status == ACCEPTED);
            let changed = referrers.note(name, rule.generation, in_force, now);
            let catalog = self.known().since(referrers.changed(name));
            let around = Surroundings {
                clusters: &installation.member_clusters,
                default_tenant: &installation.default_tenant,
                tenant,
                catalog: &catalog,
            };
            let mut questions = BTreeSet::new();
            let candidate = candidate(rule, around, &mut questions);
            edited.extend(questions.iter().filter(|_| changed).cloned());
            let doubts = doubts_about(&questions, &catalog);
            judged.push((candidate, Grounds { tenant: tenant.to_owned(), questions, doubts }));
        }
        self.rules.referrers = referrers;
        self.edited.extend(edited);
        self.rules.common = Some(Common {
            clusters: installation.member_clusters.clone(),
            default_tenant: installation.default_tenant.clone(),
            catalog: self.catalog.clone(),
        });
        self.rules.judge(&due, judged, installation.status_for_all);
        let counts = counts(self.rules.book.tally());
        self.args.board.post(|notices| notices.gslb_host_rules.counts = counts);
    }

    /// The rules of which anything may be judged otherwise than it was.
    fn rules_to_judge(&mut self, installation: &Installation, scope: Scope) -> BTreeSet<ObjectName> {
        let mut due = std::mem::take(&mut self.rules.touched);
        if scope == Scope::Touched && self.rules.common.is_some() {
            return due;
        }
        let same = self.rules.common.as_ref().filter(|common| {
            common.clusters == installation.member_clusters && common.default_tenant == installation.default_tenant
        });
        let Some(common) = same else {
            due.extend(self.rules.seen.keys().cloned());
            return due;
        };
        let before = common.catalog.as_deref().unwrap_or(Catalog::EMPTY);
        let known = self.known();
        let differs = |question: &Question| {
            before.answer(question) != known.answer(question) || before.doubt(question) != known.doubt(question)
        };
        for (name, Grounds { tenant, questions, .. }) in &self.rules.judged_by {
            let moved = self.tenant_of(&name.namespace, installation) != Some(tenant.as_str());
            if moved || questions.iter().any(differs) {
                due.insert(name.clone());
            }
        }
        due
    }

    /// Tells the directory what is in force, and the StatusWriter what became of each rule.
    pub(super) fn tell_rules(&mut self) {
        if !self.rules.decided {
            return;
        }
        let news = std::mem::take(&mut self.rules.news);
        self.tell_table(&news);
        if self.term.is_none() {
            // Whoever leads writes; should it be this one later, it says everything again.
            self.told.reports = None;
            return;
        }
        let all = self.told.reports.is_none();
        let mut told = self.told.reports.take().unwrap_or_default();
        let names = if all { self.rules.book.verdicts().keys().cloned().collect() } else { news.rules };
        if all {
            // No message has told of those that went meanwhile.
            self.args.status.cast(StatusWriterMsg::OnlyRules(names.iter().cloned().collect()));
        }
        for name in names {
            self.tell_report(&name, &mut told);
        }
        self.told.reports = Some(told);
    }

    /// Tells the StatusWriter which status and generation objects have of which it knows.
    pub(super) fn tell_restated(&mut self) {
        let restated = std::mem::take(&mut self.rules.restated);
        let Some(told) = self.told.reports.as_ref().filter(|_| self.term.is_some()) else { return };
        for (rule, generation) in restated.into_iter().filter(|(name, _)| told.contains_key(name)) {
            let status = self.rules.seen.get(&rule).and_then(|seen| seen.status.clone());
            let status = Box::new(status.unwrap_or_default());
            self.args.status.cast(StatusWriterMsg::Restated { rule, generation, status });
        }
    }

    fn tell_table(&mut self, news: &Judged) {
        let table = self.rules.book.table();
        if !self.told.rules || news.fqdns.len() > ONE_BY_ONE {
            self.told.rules = true;
            self.args.directory.cast(GsDirectoryMsg::Rules(Arc::new(table.clone())));
            return;
        }
        for fqdn in &news.fqdns {
            let rule = table.get(fqdn).cloned().unwrap_or_default();
            self.args.directory.cast(GsDirectoryMsg::RuleOf { fqdn: fqdn.clone(), rule });
        }
    }

    /// Tells what became of one rule, unless that was told.
    fn tell_report(&self, name: &ObjectName, told: &mut Reports) {
        let (rule, verdict) = (self.rules.seen.get(name), self.rules.book.verdicts().get(name));
        let (Some(rule), Some(verdict)) = (rule, verdict) else {
            if told.remove(name).is_some() {
                self.args.status.cast(StatusWriterMsg::RuleGone(name.clone()));
            }
            return;
        };
        let report = RuleReport {
            object: name.clone(),
            fqdn: normal(rule.fqdn()).into_owned(),
            uid: rule.uid.clone(),
            generation: rule.generation,
            latest: None,
            present: None,
            verdict: verdict.clone(),
            managed: rule.managed,
            superfluous: self.rules.book.is_superfluous(name),
            doubts: self.rules.judged_by.get(name).map(|grounds| grounds.doubts.clone()).unwrap_or_default(),
        };
        if told.get(name) != Some(&report) {
            told.insert(name.clone(), report.clone());
            self.tell_of_rule(&report, rule.status.as_ref());
            let report = RuleReport { latest: rule.latest, present: rule.status.clone(), ..report };
            self.args.status.cast(StatusWriterMsg::Rule(Box::new(report)));
        }
    }

    /// What the rules refer to.
    pub(super) fn rule_questions(&self) -> impl Iterator<Item = &Question> {
        self.rules.questions.keys()
    }
}

fn counts(tally: &Tally) -> RuleCounts {
    let Tally { accepted, rejected, pending, judgements } = tally;
    let waits = |(ObjectName { namespace, name }, waits_for): (&ObjectName, &String)| {
        (format!("{namespace}/{name}"), waits_for.clone())
    };
    RuleCounts {
        accepted: *accepted,
        rejected: *rejected,
        pending: pending.len(),
        waiting: pending.iter().take(WAITING_SHOWN).map(waits).collect(),
        judgements: *judgements,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> SeenRule {
        SeenRule {
            object: ObjectName { namespace: "shop".into(), name: "ghr".into() },
            uid: None,
            generation: None,
            latest: None,
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
