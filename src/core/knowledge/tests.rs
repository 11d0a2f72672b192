//! What is said of the member clusters from what is known of them.

use super::*;

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Of a cluster that answered so many seconds ago, and of which a watch has failed for so many.
fn facts(silent: Option<u64>, failing: Option<u64>) -> ClusterFacts<'static> {
    let (silent, failing) = (silent.map(seconds), failing.map(seconds));
    ClusterFacts { listed: true, silent, failing, error: failing.map(|_| "connection refused") }
}

/// FND-C1: watches that fail mean that the cluster is not seen, whatever was listed before.
#[test]
fn a_cluster_is_seen_while_it_answers_and_its_watches_work() {
    use ClusterSight::{Lost, NotYet, Partly, Seen};
    let table = [
        (facts(Some(0), None), (Seen, None), "well"),
        (facts(Some(44), None), (Seen, None), "nothing happens in it"),
        (facts(Some(45), None), (Lost, Some(45)), "silent: packets are swallowed"),
        (facts(Some(14), Some(14)), (Seen, None), "a watch that broke a moment ago"),
        (facts(Some(16), Some(15)), (Lost, Some(16)), "connections are refused"),
        (facts(None, Some(15)), (Lost, Some(15)), "no answer was ever noted"),
        (facts(Some(1), Some(3600)), (Partly, Some(3600)), "one kind may not be watched"),
        (facts(Some(50), Some(3600)), (Lost, Some(50)), "and then it went away"),
        (ClusterFacts { listed: false, ..facts(Some(0), Some(100)) }, (NotYet, None), "never listed"),
    ];
    for (facts, (sight, age), case) in table {
        assert_eq!(facts.sight(), (sight, age.map(seconds)), "{case}");
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

fn look(knowledge: &mut Knowledge, facts: ClusterFacts<'_>, second: i64) -> Change {
    let well = ClusterFacts { listed: true, silent: Some(seconds(1)), ..ClusterFacts::default() };
    knowledge.look([("a", well), ("b", facts)].into(), at(second))
}

/// FND-C1
#[test]
fn a_loss_is_told_once_with_its_beginning_and_so_is_its_end() {
    let mut knowledge = Knowledge::default();
    assert_eq!(look(&mut knowledge, facts(Some(0), None), 0), Change { occurrences: vec![], differs: true });
    let seen = Statement::new(CLUSTERS_SEEN, true, "AllSeen", "every member cluster is watched");
    assert_eq!((knowledge.clusters_seen(), knowledge.programmed(|_| true)), (seen.clone(), None));

    let lost = "cluster b has not answered since 2026-01-01T00:00:40Z (connection refused): its members stay as last \
                seen";
    let told = Occurrence::new(Reason::ClusterNotSeen, lost);
    assert_eq!(look(&mut knowledge, facts(Some(20), Some(19)), 60), Change { occurrences: vec![told], differs: true });
    assert_eq!(look(&mut knowledge, facts(Some(26), Some(25)), 65), Change::default(), "it goes on");
    let message = "the controller holds what is known; what cluster b offers now is not known: see ClustersSeen of the GSLBConfig";
    let expected = (
        Statement::new(CLUSTERS_SEEN, false, "ClusterUnreachable", lost),
        Some(Statement::new(PROGRAMMED, Truth::Unknown, "ClusterUnreachable", message)),
    );
    assert_eq!((knowledge.clusters_seen(), knowledge.programmed(|_| true)), expected);
    assert_eq!(knowledge.programmed(|cluster| cluster == "a"), None, "nothing of b is wanted");

    let back = "cluster b is seen again as it is now; it was not since 2026-01-01T00:00:40Z";
    let told = Occurrence::new(Reason::ClusterSeen, back);
    assert_eq!(look(&mut knowledge, facts(Some(1), None), 200), Change { occurrences: vec![told], differs: true });
    assert_eq!((knowledge.clusters_seen(), knowledge.programmed(|_| true)), (seen, None));
}

/// FND-C1: what was told to be lost, and is read anew at another address, is told to be back.
#[test]
fn a_cluster_that_was_told_to_be_lost_is_told_to_be_back() {
    let mut knowledge = Knowledge::default();
    look(&mut knowledge, facts(Some(0), None), 0);
    assert_eq!(look(&mut knowledge, facts(Some(20), Some(19)), 60).occurrences.len(), 1);
    assert_eq!(look(&mut knowledge, ClusterFacts::default(), 70).occurrences, []);
    let back = Occurrence::new(
        Reason::ClusterSeen,
        "cluster b is seen again as it is now; it was not since 2026-01-01T00:00:40Z",
    );
    assert_eq!(look(&mut knowledge, facts(Some(1), None), 200).occurrences, [back]);
    look(&mut knowledge, ClusterFacts::default(), 300);
    assert_eq!(look(&mut knowledge, facts(Some(1), None), 400).occurrences, [], "nothing had been told");
}

/// FND-C1: a start says nothing of clusters that are about to be read, and of those that are not to be read the truth.
#[test]
fn a_cluster_that_is_not_seen_at_the_start_is_told_after_some_looks_and_without_an_event() {
    let mut knowledge = Knowledge::default();
    let dark = ClusterFacts { error: Some("no route to host"), ..ClusterFacts::default() };
    let spoke: Vec<bool> = (0..4)
        .map(|n| {
            assert_eq!(look(&mut knowledge, dark, n * 5).occurrences, []);
            knowledge.speaks()
        })
        .collect();
    assert_eq!(spoke, [false, false, false, true]);
    let message = "cluster b has not been completely seen yet (no route to host): members that only it can \
                   explain stay as the controller has them";
    assert_eq!(knowledge.clusters_seen(), Statement::new(CLUSTERS_SEEN, false, "ClusterNotSeenYet", message));
}

/// FND-C8
#[test]
fn durations_are_told_to_the_second() {
    let table = [
        (Duration::ZERO, "0s"),
        (Duration::from_millis(10), "1s"),
        (Duration::from_secs_f64(45.2), "46s"),
        (Duration::from_secs_f64(85.701_405_8), "1m26s"),
        (seconds(7380), "2h03m"),
        (seconds(273_600), "3d4h"),
    ];
    for (duration, words) in table {
        assert_eq!(in_words(duration), words);
    }
}

/// FND-C5
#[test]
fn of_a_page_its_title_is_quoted_and_of_text_its_beginning_in_one_line() {
    let table = [
        ("plain\n  text ", "plain text"),
        (
            "<html><head><title>503 Service Temporarily Unavailable</title></head></html>",
            "503 Service Temporarily Unavailable",
        ),
        ("<!DOCTYPE html><TITLE lang=\"en\">\n Log in \n</TITLE>", "Log in"),
        ("<html><body><h1>Bad Gateway</h1><p>nginx</p></body></html>", "Bad Gateway"),
        ("<html><head><title> </title></head></html>", "an HTML page"),
        ("<html>", "an HTML page"),
        ("<html><body>Please <b>log in</b></body></html>", "Please log in"),
        ("<title>open", "open"),
        ("İ<html><title>folded letters do not shift it</title>", "folded letters do not shift it"),
    ];
    for (body, quoted) in table {
        assert_eq!(title_of(body), quoted);
    }
    assert_eq!(title_of(&"é".repeat(300)), format!("{}…", "é".repeat(256)));
}
