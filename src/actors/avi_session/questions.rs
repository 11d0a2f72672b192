//! What was asked about the controller, and what it said. Pure; the caller owns the clock and does the asking.
//!
//! A question stays asked for ever: each full read of the controller asks all of them again, so that an answer does not
//! outlive what it says for long. An answer stays until there is a newer one; a failure is none (DB-12, DB-13).

use super::queue::{Outcome, Queue};
use super::settings::ControllerSettings;
use super::slot::{Class, Removal};
use crate::avi::urgency::Urgency;
use crate::core::owner::Owner;
use crate::core::references::{Answer, Catalog, Doubt, Question};
use crate::retry::RetryPolicy;
use jiff::Timestamp;
use rand::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The same moment on both clocks: for pauses, and for comparing with what happens elsewhere.
pub type Now = (Instant, Timestamp);

/// So long two full reads have to be apart whose answers end what is in force: what both say is no passing trouble.
const APART: Duration = Duration::from_secs(60);

/// Failures in a row until an answer of earlier is in doubt.
const FAILURES: u32 = 2;

/// Questions are all alike.
const CLASS: Class = Class { urgency: Urgency::Bulk, removal: Removal::No };

/// The questions of an installation about its controller.
#[derive(Debug)]
pub struct Questions {
    /// Everything that was ever asked; as many as there are distinct references.
    asked: BTreeSet<Question>,
    /// Those of them that wait in the queue or are on their way.
    pending: BTreeSet<Question>,
    queue: Queue<Question, ()>,
    catalog: Arc<Catalog>,
    /// Full reads so far, and when the last one ended.
    read: (u64, Instant),
    /// During which full read the controller first said that something is gone which was there before.
    missed: BTreeMap<Question, (u64, Instant)>,
    /// Failures in a row.
    failures: BTreeMap<Question, u32>,
    /// When the controller last stood by an answer.
    good: BTreeMap<Question, Timestamp>,
    news: News,
    /// Address and owner for which the answers were given.
    of: Option<(String, Owner)>,
    retry: RetryPolicy,
}

/// Whether others have to be told the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum News {
    None,
    /// Once the answers that come together are all there: each telling makes all FQDNs decide again.
    Soon,
    Now,
}

impl Questions {
    pub fn new(retry: RetryPolicy, now: Instant) -> Self {
        Self {
            asked: BTreeSet::new(),
            pending: BTreeSet::new(),
            queue: Queue::new(retry, now),
            catalog: Arc::default(),
            read: (0, now),
            missed: BTreeMap::new(),
            failures: BTreeMap::new(),
            good: BTreeMap::new(),
            news: News::None,
            of: None,
            retry,
        }
    }

    /// Another controller, or the same one for somebody else, may answer differently: what was known is void. Nothing
    /// happens to it when the session with the same controller is only opened again (DB-13). Answers whether it is void.
    pub fn concern(&mut self, settings: &ControllerSettings) -> bool {
        let of = (settings.session.address.clone(), settings.owner.clone());
        let other = self.of.as_ref().is_some_and(|known| *known != of);
        if other && *self.catalog != Catalog::default() {
            self.catalog = Arc::default();
            self.news = News::Now;
        }
        if other {
            self.missed.clear();
            self.failures.clear();
        }
        self.of = Some(of);
        other
    }

    /// Everything that was ever asked.
    pub fn asked(&self) -> &BTreeSet<Question> {
        &self.asked
    }

    /// The session starts over: nothing is on its way any more.
    pub fn restart(&mut self, now: Instant) {
        self.queue = Queue::new(self.retry, now);
        self.pending.clear();
        self.ask_if(now, |catalog, question| catalog.answer(question).is_none());
    }

    /// Somebody needs to know; only what nobody asked before costs a request.
    pub fn ask(&mut self, questions: BTreeSet<Question>, now: Instant) {
        for question in questions {
            if self.asked.insert(question.clone()) {
                self.push(question, now);
            }
        }
    }

    /// The controller was read: the answers may be outdated.
    pub fn ask_all_again(&mut self, now: Instant) {
        self.read = (self.read.0 + 1, now);
        self.ask_if(now, |_, _| true);
    }

    /// What refers to these was changed.
    pub fn ask_again(&mut self, questions: &BTreeSet<Question>, now: Instant) {
        self.ask_if(now, |_, question| questions.contains(question));
    }

    /// The next question to ask, unless `limit` are on their way already.
    pub fn next(&mut self, limit: usize, now: Instant) -> Option<Question> {
        self.queue.ripen(now);
        if self.queue.busy() >= limit {
            return None;
        }
        self.queue.pop().map(|(question, ())| question)
    }

    /// The controller answered. That something is gone which was there before has to be said at two full reads that are
    /// some time apart: a controller that just came back may not know its objects yet, and a rule that loses what it
    /// refers to changes DNS (DB-13). Until then the answer is in doubt.
    pub fn answered(&mut self, question: Question, answer: Answer, (now, time): Now, rng: &mut impl Rng) {
        self.queue.finished(&question, Outcome::Done, now, rng);
        self.pending.remove(&question);
        self.failures.remove(&question);
        if self.is_doubtful(&question, &answer, now) {
            let why = "the controller does not find it; what it was last stays in force until another full read of the \
                       controller does not find it either";
            return self.doubt(question, true, why.to_owned());
        }
        self.missed.remove(&question);
        self.good.insert(question.clone(), time);
        if self.catalog.answer(&question) != Some(&answer) || self.catalog.doubt(&question).is_some() {
            Arc::make_mut(&mut self.catalog).insert(question, answer);
            self.news = self.news.max(News::Soon);
        }
    }

    /// Takes in what was learnt without a question of its own.
    pub fn learn(&mut self, question: Question, answer: Answer) {
        if self.catalog.answer(&question) != Some(&answer) {
            Arc::make_mut(&mut self.catalog).insert(question, answer);
            self.news = self.news.max(News::Soon);
        }
    }

    /// The controller did not say: it is asked again, later when `outcome` is a failure. What it said before stays, and is
    /// in doubt when the controller fails again and again for `why`.
    pub fn unanswered(
        &mut self,
        question: Question,
        outcome: Outcome,
        why: Option<&str>,
        now: Instant,
        rng: &mut impl Rng,
    ) {
        self.queue.finished(&question, outcome, now, rng);
        self.queue.push(question.clone(), (), CLASS, now);
        let Some(why) = why else { return };
        let failures = self.failures.entry(question.clone()).or_default();
        *failures = failures.saturating_add(1);
        if *failures >= FAILURES && self.catalog.answer(&question).is_some() {
            self.doubt(question, false, format!("{why}; what it was last stays in force"));
        }
    }

    fn doubt(&mut self, question: Question, absent: bool, why: String) {
        let last_good = self.good.get(&question).copied().unwrap_or(Timestamp::UNIX_EPOCH);
        let mut catalog = Catalog::clone(&self.catalog);
        if catalog.question(question, Doubt { absent, why, last_good }) {
            self.catalog = Arc::new(catalog);
            self.news = self.news.max(News::Soon);
        }
    }

    /// When the next delayed question becomes due.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.queue.next_deadline()
    }

    /// The catalog, when others should be told that it has changed. `asking` says whether questions are being asked.
    pub fn news(&mut self, asking: bool) -> Option<Arc<Catalog>> {
        let more_to_come = asking && self.queue.waiting() > 0;
        let due = self.news == News::Now || (self.news == News::Soon && !more_to_come);
        due.then(|| {
            self.news = News::None;
            self.catalog()
        })
    }

    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog)
    }

    fn is_doubtful(&mut self, question: &Question, answer: &Answer, now: Instant) -> bool {
        let was_there = self.catalog.answer(question).is_some_and(|known| *known != Answer::Absent);
        if *answer != Answer::Absent || !was_there {
            return false;
        }
        let (read, _) = self.read;
        let (first, since) = *self.missed.entry(question.clone()).or_insert((read, now));
        read == first || now < since + APART
    }

    fn ask_if(&mut self, now: Instant, wanted: impl Fn(&Catalog, &Question) -> bool) {
        let questions: Vec<Question> =
            self.asked.difference(&self.pending).filter(|question| wanted(&self.catalog, question)).cloned().collect();
        for question in questions {
            self.push(question, now);
        }
    }

    fn push(&mut self, question: Question, now: Instant) {
        self.pending.insert(question.clone());
        self.queue.push(question, (), CLASS, now);
    }
}
