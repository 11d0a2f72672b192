//! Each rule fires on a bad sample, and only there.

use super::*;

/// How often a rule complains about `text` at `path`.
fn count(rule: fn(&SourceFile) -> Vec<Finding>, path: &str, text: &str) -> usize {
    rule(&SourceFile::new(path, text)).len()
}

#[test]
fn text_that_is_not_rust_is_reported() {
    assert_eq!(count(parses, "src/a.rs", "fn a() {\n}\n}\n"), 1);
    assert_eq!(count(parses, "src/a.rs", "fn a() {}\n"), 0);
}

#[test]
fn an_impure_word_in_the_core_is_reported() {
    for word in IMPURE {
        assert_eq!(count(core_is_pure, "src/core/a.rs", &format!("//! A.\nfn a() {{ {word}; }}")), 1, "{word}");
    }
}

#[test]
fn an_impure_word_in_a_comment_a_string_or_the_shell_is_not_reported() {
    let prose = "//! Not kube.\n/// Nor tokio.\nconst A: &str = \"reqwest\"; // ractor\nfn kubelet() {}\n";
    assert_eq!(count(core_is_pure, "src/core/a.rs", prose), 0);
    assert_eq!(count(core_is_pure, "src/actors/a.rs", "use tokio::time;"), 0);
}

#[test]
fn the_lab_in_the_operator_is_reported() {
    assert_eq!(count(operator_knows_no_lab, "src/a.rs", "\nuse amko_lab::clock::Clock;"), 1);
    assert_eq!(count(operator_knows_no_lab, "tests/a.rs", "use amko_lab::clock::Clock;"), 0);
}

#[test]
fn std_locks_and_clocks_are_reported() {
    let bad = "use std::sync::{Arc, Mutex};\nuse std::time::Instant;\nfn a(b: std::sync::RwLock<u8>) {}\n";
    assert_eq!(count(no_std_lock_or_clock, "src/a.rs", bad), 3);
}

#[test]
fn chosen_locks_and_clocks_are_not_reported() {
    let good = "use std::sync::Arc;\nuse parking_lot::Mutex;\nuse std::time::{Duration};\nuse tokio::time::Instant;\n";
    assert_eq!(count(no_std_lock_or_clock, "src/a.rs", good), 0);
}

#[test]
fn a_switched_off_test_is_reported() {
    assert_eq!(count(no_ignored_test, "src/a.rs", "#[test]\n#[ignore]\nfn a() {}\n"), 1);
    assert_eq!(count(no_ignored_test, "src/a.rs", "#[ignore = \"slow\"]\nfn a() {}\n"), 1);
    assert_eq!(count(no_ignored_test, "src/a.rs", "#[test]\nfn ignore() {}\n"), 0);
}

#[test]
fn a_sleep_outside_retry_is_reported() {
    assert_eq!(count(no_sleep, "src/a.rs", "async fn a() {\n tokio::time::sleep(b).await;\n}"), 1);
    assert_eq!(count(no_sleep, "src/a.rs", "use tokio::time::sleep;\nasync fn a() { sleep(b).await }"), 1);
    assert_eq!(count(no_sleep, "src/a.rs", "async fn a() { time::sleep_until(b).await }"), 1);
    for path in ["src/retry.rs", "lab/src/a.rs"] {
        assert_eq!(count(no_sleep, path, "async fn a() { tokio::time::sleep(b).await }"), 0);
    }
}

#[test]
fn a_long_file_is_reported() {
    assert_eq!(count(short_enough, "src/a.rs", &"\n".repeat(LONGEST + 1)), 1);
    assert_eq!(count(short_enough, "src/a.rs", &"\n".repeat(LONGEST)), 0);
}

#[test]
fn a_file_without_header_is_reported() {
    assert_eq!(count(has_header, "src/main.rs", "fn main() {}\n"), 1);
    assert_eq!(count(has_header, "src/main.rs", "//! Starts.\nfn main() {}\n"), 0);
}

#[test]
fn a_private_word_is_reported_in_any_kind_of_file() {
    for word in PRIVATE {
        assert_eq!(count(no_private_words, "README.md", &format!("\nsee {word}x")), 1, "{word}");
    }
    let ordinary = format!("The {} list of a networker is in her homework.", PRIVATE[8].to_lowercase());
    assert_eq!(count(no_private_words, "README.md", &ordinary), 0);
}
