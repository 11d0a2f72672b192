//! What was asked about the controller, and what it said. Pure; the caller owns the clock and does the asking.
//!
//! A question stays asked for ever: each full read of the controller asks all of them again, so that an answer does not
//! outlive what it says for long. An answer stays until there is a newer one; a failure is none (DB-12, DB-13).

use super::pace::Pace;
use super::queue::{Outcome, Queue};
use super::settings::ControllerSettings;
use super::slot::{Class, Removal};
use crate::avi::urgency::Urgency;
use crate::core::owner::Owner;
use crate::core::references::{Answer, Catalog, Question};
use crate::retry::RetryPolicy;
use rand::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::time::Instant;

/// How often in a row the controller has to say that something is gone.
const CONFIRMATIONS: u32 = 3;

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
    /// How often in a row something was absent that was there before.
    doubts: BTreeMap<Question, u32>,
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
            doubts: BTreeMap::new(),
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

    /// The answers may be outdated.
    pub fn ask_all_again(&mut self, now: Instant) {
        self.ask_if(now, |_, _| true);
    }

    /// The next question to ask, unless `limit` are on their way already.
    pub fn next(&mut self, limit: usize, now: Instant) -> Option<Question> {
        self.queue.ripen(now);
        if self.queue.busy() >= limit {
            return None;
        }
        self.queue.pop().map(|(question, ())| question)
    }

    /// The controller answered. That something is gone which was there before has to be said several times: a
    /// controller that just came back may not know its objects yet, and a rule that loses what it refers to changes DNS
    /// (DB-13).
    pub fn answered(&mut self, question: Question, answer: Answer, now: Instant, rng: &mut impl Rng) {
        if self.is_doubtful(&question, &answer) {
            let again = Outcome::Failed { pace: Pace::Backoff, retry_after: None };
            return self.unanswered(question, again, now, rng);
        }
        self.doubts.remove(&question);
        self.queue.finished(&question, Outcome::Done, now, rng);
        self.pending.remove(&question);
        if self.catalog.answer(&question) != Some(&answer) {
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

    /// The controller did not say: it is asked again, later when `outcome` is a failure. What it said before stays.
    pub fn unanswered(&mut self, question: Question, outcome: Outcome, now: Instant, rng: &mut impl Rng) {
        self.queue.finished(&question, outcome, now, rng);
        self.queue.push(question, (), CLASS, now);
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

    fn is_doubtful(&mut self, question: &Question, answer: &Answer) -> bool {
        let was_there = self.catalog.answer(question).is_some_and(|known| *known != Answer::Absent);
        if *answer != Answer::Absent || !was_there {
            return false;
        }
        let times = self.doubts.entry(question.clone()).or_insert(0);
        *times += 1;
        *times < CONFIRMATIONS
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
