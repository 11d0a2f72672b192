//! Answers that the controller does not stand by at present, and for whom they count all the same.
//!
//! What is in force through a look-up stays in force until two full reads of the controller, some time apart, say that it
//! is gone (DB-13). It ends at once for an object that was changed since the last good answer: whoever edits it means it
//! anew, and nothing that was in force by the edit is taken away.

use super::{Answer, Catalog, Question};
use crate::core::precedence::ObjectName;
use jiff::Timestamp;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Why an answer is that of earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The controller said that there is no such object; otherwise it did not say anything.
    pub absent: bool,
    /// For people.
    pub why: String,
    /// When the controller last stood by the answer.
    pub last_good: Timestamp,
}

impl Catalog {
    /// The answers for an object that was changed at `changed`: what the controller has not found since is absent.
    pub fn since(&self, changed: Option<Timestamp>) -> Cow<'_, Self> {
        let newer = |doubt: &Doubt| doubt.absent && changed.is_some_and(|changed| changed > doubt.last_good);
        if !self.doubts.values().any(newer) {
            return Cow::Borrowed(self);
        }
        let mut catalog = self.clone();
        for (question, _) in self.doubts.iter().filter(|(_, doubt)| newer(doubt)) {
            catalog.insert(question.clone(), Answer::Absent);
        }
        Cow::Owned(catalog)
    }
}

/// What is in doubt of that which an object refers to, for people.
pub fn doubts_about(questions: &BTreeSet<Question>, catalog: &Catalog) -> Vec<String> {
    let doubts = questions.iter().filter_map(|question| Some((question, catalog.doubt(question)?)));
    doubts.map(|(question, doubt)| format!("{question}: {}", doubt.why)).collect()
}

/// When the objects of one kind were changed, as far as this process saw it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Referrers(BTreeMap<ObjectName, (Option<i64>, Option<Timestamp>)>);

impl Referrers {
    /// Notes the object as it is now. `in_force` says of one that was not seen before whether it has been in force
    /// already. Answers whether it was changed.
    pub fn note(&mut self, object: &ObjectName, generation: Option<i64>, in_force: bool, now: Timestamp) -> bool {
        match self.0.get_mut(object) {
            Some((known, changed)) if *known != generation => {
                (*known, *changed) = (generation, Some(now));
                true
            }
            Some(_) => false,
            None => {
                self.0.insert(object.clone(), (generation, (!in_force).then_some(now)));
                false
            }
        }
    }

    /// When the object was changed; `None` when this process never saw it otherwise.
    pub fn changed(&self, object: &ObjectName) -> Option<Timestamp> {
        self.0.get(object).and_then(|(_, changed)| *changed)
    }

    /// Forgets an object that is gone.
    pub fn forget(&mut self, object: &ObjectName) {
        self.0.remove(object);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn question(name: &str) -> Question {
        Question::PkiProfile { tenant: "admin".into(), name: name.into() }
    }

    fn present(name: &str) -> Answer {
        Answer::Profile { name: name.into() }
    }

    fn doubt(absent: bool, last_good: i64) -> Doubt {
        Doubt { absent, why: "not found".into(), last_good: at(last_good) }
    }

    /// FND-A8
    #[test]
    fn what_is_not_found_any_more_is_absent_for_objects_that_were_changed_since_it_was_found_last() {
        let mut catalog: Catalog = ["gone", "silent"].map(|name| (question(name), present(name))).into_iter().collect();
        assert!(catalog.question(question("gone"), doubt(true, 10)));
        assert!(catalog.question(question("silent"), doubt(false, 10)));
        assert!(!catalog.question(question("silent"), doubt(false, 10)), "nothing new");
        let answers = |changed: Option<i64>| {
            let catalog = catalog.since(changed.map(at));
            ["gone", "silent"].map(|name| catalog.answer(&question(name)).cloned().unwrap())
        };
        assert_eq!(answers(None), [present("gone"), present("silent")]);
        assert_eq!(answers(Some(9)), [present("gone"), present("silent")]);
        assert_eq!(answers(Some(11)), [Answer::Absent, present("silent")]);
        let all = BTreeSet::from(["gone", "silent", "other"].map(question));
        let told = ["PKI profile gone of tenant admin: not found", "PKI profile silent of tenant admin: not found"];
        assert_eq!(doubts_about(&all, &catalog), told);
        catalog.insert(question("gone"), present("gone"));
        assert_eq!(catalog.doubt(&question("gone")), None, "the controller stands by it again");
    }

    #[test]
    fn an_object_is_changed_by_another_generation_and_a_new_one_by_coming() {
        let name = |name: &str| ObjectName { namespace: "shop".into(), name: name.into() };
        let mut referrers = Referrers::default();
        assert!(!referrers.note(&name("old"), Some(1), true, at(1)));
        assert!(!referrers.note(&name("new"), Some(1), false, at(2)));
        assert_eq!([referrers.changed(&name("old")), referrers.changed(&name("new"))], [None, Some(at(2))]);
        assert!(!referrers.note(&name("old"), Some(1), true, at(3)));
        assert!(referrers.note(&name("old"), Some(2), true, at(4)));
        assert_eq!(referrers.changed(&name("old")), Some(at(4)));
        referrers.forget(&name("old"));
        assert_eq!(referrers.changed(&name("old")), None);
    }
}
