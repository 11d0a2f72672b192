//! What the board says about questions to the controller: which are open and since when, and which keep failing.

use crate::actors::board::{FailingLookup, LookupNotice, OpenLookup};
use crate::core::references::Question;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// How many questions of each sort are shown, the oldest first.
const SHOWN: usize = 10;

/// How questions fare. The caller owns the clock.
#[derive(Debug, Default)]
pub struct Lookups {
    /// Never answered, and since when they are asked.
    open: BTreeMap<Question, Timestamp>,
    /// Refused the last time, answered before or not.
    failing: BTreeMap<Question, Failing>,
    /// Something is not on the board yet.
    news: bool,
}

#[derive(Debug)]
struct Failing {
    since: Timestamp,
    error: String,
}

impl Lookups {
    /// Questions without an answer, some of which may have been open before.
    pub fn open<'a>(&mut self, questions: impl IntoIterator<Item = &'a Question>, now: Timestamp) {
        for question in questions {
            self.news |= !self.open.contains_key(question);
            self.open.entry(question.clone()).or_insert(now);
        }
    }

    /// The controller answered.
    pub fn answered(&mut self, question: &Question) {
        self.news |= self.open.remove(question).is_some();
        self.news |= self.failing.remove(question).is_some();
    }

    /// The controller refused to answer.
    pub fn failed(&mut self, question: &Question, error: String, now: Timestamp) {
        let since = self.failing.get(question).map_or(now, |failing| failing.since);
        self.failing.insert(question.clone(), Failing { since, error });
        self.news = true;
    }

    /// What happened before says nothing about the next answers: these questions are open from now on.
    pub fn begin_again(&mut self, open: &BTreeSet<Question>, now: Timestamp) {
        *self = Self { news: true, ..Self::default() };
        self.open(open, now);
    }

    /// What the board should say, when that has changed.
    pub fn news(&mut self) -> Option<LookupNotice> {
        std::mem::take(&mut self.news).then(|| LookupNotice {
            open: self.open.len(),
            oldest: oldest(&self.open, |since| *since)
                .map(|(question, since)| OpenLookup { question: question.to_string(), since: *since })
                .collect(),
            failing: oldest(&self.failing, |failing| failing.since)
                .map(|(question, Failing { since, error })| FailingLookup {
                    question: question.to_string(),
                    since: *since,
                    error: error.clone(),
                })
                .collect(),
        })
    }
}

fn oldest<V>(all: &BTreeMap<Question, V>, since: impl Fn(&V) -> Timestamp) -> impl Iterator<Item = (&Question, &V)> {
    let mut all: Vec<(&Question, &V)> = all.iter().collect();
    all.sort_by_key(|(_, value)| since(value));
    all.into_iter().take(SHOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(name: &str) -> Question {
        Question::PersistenceProfile { tenant: "admin".into(), name: name.into() }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn open(name: &str, since: i64) -> OpenLookup {
        let question = format!("application persistence profile {name} of tenant admin");
        OpenLookup { question, since: at(since) }
    }

    fn failing(name: &str, since: i64, error: &str) -> FailingLookup {
        let OpenLookup { question, since } = open(name, since);
        FailingLookup { question, since, error: error.into() }
    }

    #[test]
    fn a_question_is_open_since_it_was_first_asked_and_fails_since_its_first_refusal() {
        let mut lookups = Lookups::default();
        assert_eq!(lookups.news(), None);
        lookups.open([&question("b")], at(1));
        lookups.open([&question("a"), &question("b")], at(2));
        lookups.failed(&question("a"), "refused".into(), at(3));
        lookups.failed(&question("a"), "refused again".into(), at(4));
        let expected = LookupNotice {
            open: 2,
            oldest: vec![open("b", 1), open("a", 2)],
            failing: vec![failing("a", 3, "refused again")],
        };
        assert_eq!((lookups.news(), lookups.news()), (Some(expected), None));
        lookups.answered(&question("a"));
        let expected = LookupNotice { open: 1, oldest: vec![open("b", 1)], failing: vec![] };
        assert_eq!(lookups.news(), Some(expected));
        lookups.answered(&question("a"));
        assert_eq!(lookups.news(), None);
    }

    #[test]
    fn the_ten_that_wait_longest_are_named_and_all_are_counted() {
        let mut lookups = Lookups::default();
        for age in 0..12 {
            lookups.open([&question(&format!("p{age}"))], at(100 - age));
        }
        let expected = (2..12).rev().map(|age| open(&format!("p{age}"), 100 - age)).collect();
        assert_eq!(lookups.news(), Some(LookupNotice { open: 12, oldest: expected, failing: vec![] }));
    }

    #[test]
    fn another_controller_has_failed_at_nothing_yet() {
        let mut lookups = Lookups::default();
        lookups.failed(&question("a"), "refused".into(), at(1));
        lookups.begin_again(&[question("b")].into(), at(2));
        let expected = LookupNotice { open: 1, oldest: vec![open("b", 2)], failing: vec![] };
        assert_eq!(lookups.news(), Some(expected));
    }
}
