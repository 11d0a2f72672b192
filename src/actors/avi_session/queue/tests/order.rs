//! Who goes first (DB-11).

use super::super::super::lanes::{PATIENCE, ROUND, SHARE};
use super::*;

/// DB-11.
#[test]
fn urgent_work_goes_before_bulk_work_and_deletions_after_what_was_decided_with_them() {
    let mut bench = Bench::new();
    bench.push("bulk-removal", 0, BULK_REMOVAL);
    bench.push("bulk", 0, BULK);
    bench.push("removal", 0, REMOVAL);
    bench.wait(ROUND);
    bench.push("change", 0, CHANGE);
    assert_eq!(bench.drain(), ["change", "removal", "bulk", "bulk-removal"]);
}

/// DB-11: a service that is renamed is created before the old one goes.
#[test]
fn a_deletion_waits_for_its_round_and_for_the_changes_of_it_to_be_done() {
    let mut bench = Bench::new();
    bench.push("old", 0, REMOVAL);
    assert_eq!(bench.pop(), None, "what else is decided now is not known yet");
    assert_eq!(bench.queue.next_deadline(), Some(bench.now + ROUND));
    bench.wait(ROUND);
    bench.push("new", 0, CHANGE);
    assert_eq!(bench.pop(), Some(("new".into(), 0)));
    assert_eq!(bench.pop(), None, "it is on its way");
    bench.wait(Duration::from_secs(1));
    bench.push("later", 0, CHANGE);
    bench.finish("new", Outcome::Done);
    bench.push("bulk", 0, BULK);
    assert_eq!(bench.drain(), ["later", "old", "bulk"]);
}

#[test]
fn a_deletion_does_not_wait_for_what_failed_nor_for_less_urgent_changes() {
    let mut bench = Bench::new();
    for _ in 0..QUARANTINE {
        bench.turn("poisoned", BACKOFF);
    }
    bench.turn("new", HUMAN);
    bench.push("new", 0, BULK);
    bench.push("poisoned", 0, CHANGE);
    bench.wait(Duration::from_secs(10));
    bench.push("bulk", 0, BULK);
    bench.push("old", 0, REMOVAL);
    assert_eq!(bench.pop(), Some(("poisoned".into(), 0)));
    bench.wait(ROUND);
    assert_eq!(bench.pop(), Some(("old".into(), 0)));
}

/// DB-11: no deletion is put off for ever, although a change of its round never ends.
#[test]
fn a_deletion_goes_on_after_a_minute_whatever_is_not_done() {
    let mut bench = Bench::new();
    bench.push("new", 0, CHANGE);
    bench.pop();
    bench.push("old", 0, REMOVAL);
    bench.wait(PATIENCE - Duration::from_millis(1));
    assert_eq!(bench.pop(), None);
    assert_eq!(bench.queue.next_deadline(), Some(bench.now + Duration::from_millis(1)));
    bench.wait(Duration::from_millis(1));
    assert_eq!(bench.pop(), Some(("old".into(), 0)));
}

/// DB-11.
#[test]
fn bulk_work_and_deletions_have_one_of_eight_turns_while_urgent_work_never_ends() {
    let mut bench = Bench::new();
    for number in 0..20 {
        bench.push(&format!("bulk-{number:02}"), 0, BULK);
    }
    for number in 0..20 {
        bench.push(&format!("old-{number:02}"), 0, REMOVAL);
    }
    bench.wait(PATIENCE);
    let mut others = Vec::new();
    for turn in 0..40 * SHARE {
        bench.push(&format!("urgent-{turn}"), 0, CHANGE);
        bench.push(&format!("urgent-{turn}-too"), 0, CHANGE);
        let (fqdn, _) = bench.pop().unwrap();
        bench.finish(&fqdn, Outcome::Done);
        if !fqdn.starts_with("urgent") {
            assert_eq!(turn % SHARE, SHARE - 1);
            others.push(fqdn);
        }
    }
    let bulk = (0..20).map(|number| format!("bulk-{number:02}"));
    let old = (0..20).map(|number| format!("old-{number:02}"));
    assert_eq!(others, bulk.chain(old).collect::<Vec<_>>(), "who waits longest first");
}

#[test]
fn work_that_becomes_urgent_moves_up_and_leaves_nothing_behind() {
    let mut bench = Bench::new();
    for fqdn in ["a", "b", "c"] {
        bench.push(fqdn, 1, BULK);
    }
    bench.push("c", 2, CHANGE);
    assert_eq!(bench.queue.waiting(), 3);
    assert_eq!(bench.pop(), Some(("c".into(), 2)));
    bench.finish("c", Outcome::Done);
    assert_eq!(bench.drain(), ["a", "b"]);
}

#[test]
fn work_that_is_withdrawn_holds_up_no_deletion() {
    let mut bench = Bench::new();
    bench.push("new", 0, CHANGE);
    bench.push("old", 0, REMOVAL);
    bench.queue.withdraw(&"new".into());
    bench.wait(ROUND);
    assert_eq!(bench.drain(), ["old"]);
    assert_eq!((bench.queue.waiting(), bench.queue.delayed(), bench.queue.busy()), (0, 0, 0));
}
