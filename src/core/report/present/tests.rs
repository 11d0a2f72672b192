//! Orders in which writes, their answers, writes of others and what is seen of all of them meet.

use super::*;

/// A status that says this word.
fn word(word: &str) -> GslbHostRuleStatus {
    GslbHostRuleStatus { status: word.into(), ..GslbHostRuleStatus::default() }
}

/// What happens to an object. Of two, the first is the status, the other the version.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The watch shows it.
    See(&'static str, u64),
    /// A write begins.
    Begin(&'static str),
    /// It is answered.
    Answer(u64),
    Fail,
    /// Nothing later was seen for long.
    Believe,
}

use Step::{Answer, Begin, Believe, Fail, See};

/// What the object says after these steps, and which of them showed something of others. It began with `a` at 10.
fn after(steps: &[Step]) -> (String, Vec<u64>) {
    let seen = |status, version| Stated { status: word(status), version: Some(version), generation: None };
    let (mut present, mut foreign) = (Present::new(seen("a", 10)), Vec::new());
    for step in steps {
        match *step {
            See(status, version) => {
                if present.see(seen(status, version)) == Author::Elsewhere {
                    foreign.push(version);
                }
            }
            Begin(status) => present.begin(word(status)),
            Answer(version) => present.written(Some(version)),
            Fail => present.failed(),
            Believe => present.believe(),
        }
    }
    (present.status().status.clone(), foreign)
}

/// FND-C1: which status is the present one follows from versions, whatever the statuses say.
#[test]
fn the_version_says_which_of_two_statuses_is_the_later_one() {
    let cases: [(&str, &[Step], &str, &[u64]); 12] = [
        ("an echo", &[Begin("c"), Answer(11), See("c", 11)], "c", &[]),
        ("an echo before its answer", &[Begin("c"), See("c", 11), Answer(11)], "c", &[]),
        ("late echoes", &[Begin("b"), Answer(11), Begin("c"), Answer(12), See("b", 11), See("c", 12)], "c", &[]),
        ("what was said before, by others", &[Begin("c"), Answer(11), See("a", 12)], "a", &[12]),
        ("the same before the answer", &[Begin("c"), See("a", 12), Answer(11)], "a", &[12]),
        ("the same with the echo", &[Begin("c"), See("c", 11), See("a", 12), Answer(11)], "a", &[12]),
        ("others first, seen first", &[Begin("c"), See("b", 11), Answer(12), See("c", 12)], "c", &[11]),
        ("others first, seen last", &[Begin("c"), Answer(12), See("b", 11), See("c", 12)], "c", &[]),
        ("others write what is being written", &[Begin("c"), See("c", 12), Answer(11)], "c", &[]),
        ("a write that failed and was done", &[Begin("c"), Fail, See("c", 11)], "c", &[11]),
        ("a write that changed nothing", &[Begin("a"), Answer(10), See("b", 11)], "b", &[11]),
        ("shown again by a list", &[Begin("c"), Answer(11), See("a", 10), See("c", 11), Believe], "c", &[]),
    ];
    for (case, steps, status, foreign) in cases {
        assert_eq!(after(steps), (status.to_owned(), foreign.to_vec()), "{case}");
    }
}

/// FND-C1: after a backup was brought back, versions are those of former times.
#[test]
fn versions_that_went_back_count_once_nothing_later_was_seen_or_written() {
    let before = [Begin("c"), Answer(50), See("c", 50)];
    let cases: [(&str, &[Step], &str, &[u64]); 4] = [
        ("seen late", &[See("b", 10)], "c", &[]),
        ("and nothing after it", &[See("b", 10), Believe], "b", &[]),
        ("written since", &[See("b", 10), Begin("d"), Answer(31)], "d", &[]),
        ("and by others", &[See("b", 10), Begin("d"), Answer(31), See("b", 32)], "b", &[32]),
    ];
    for (case, steps, status, foreign) in cases {
        assert_eq!(after(&[&before[..], steps].concat()), (status.to_owned(), foreign.to_vec()), "{case}");
    }
}

/// Where versions are no numbers, what comes last is the latest.
#[test]
fn without_versions_what_comes_last_is_the_latest() {
    let seen = |status| Stated { status: word(status), version: None, generation: None };
    let mut present = Present::new(seen("a"));
    present.begin(word("c"));
    assert_eq!(present.see(seen("b")), Author::Elsewhere);
    present.written(None);
    assert_eq!(present.status(), &word("b"));
    present.begin(word("c"));
    present.written(None);
    assert_eq!((present.see(seen("c")), present.status()), (Author::Here, &word("c")));
}
