//! The table finds what it should in a small sample. Ids are composed where they must not count for this file.

use super::*;

fn sample() -> SourceFile {
    let text = "/// Rules GS-01 and TEN-01.\n#[test]\nfn first() {}\n\n/// GS-01.\n#[tokio::test(start_paused = true)]\n\
                async fn second() {}\n\n/// GS-05.\nfn no_test() {}\n\n// GS-05.\n#[test]\nfn third() {}\n\
                /// U-1.\n#[test]\nfn about_a_guess() {}\n";
    SourceFile::new("src/a.rs", text)
}

#[test]
fn a_rule_is_shown_by_the_tests_whose_comment_names_it() {
    let entry =
        |id: &str, tests: &[&str]| (id.to_owned(), tests.iter().map(|test| format!("`src/a.rs`: {test}")).collect());
    assert_eq!(shown(&[sample()]), Shown::from([entry("GS-01", &["first", "second"]), entry("TEN-01", &["first"])]));
}

#[test]
fn the_rendered_table_counts_rules_and_tests() {
    let expected = "2 rules are shown by 2 tests.\n\n| rule | tests |\n| --- | --- |\n\
                    | GS-01 | `src/a.rs`: first<br>`src/a.rs`: second |\n| TEN-01 | `src/a.rs`: first |\n";
    assert_eq!(render(&shown(&[sample()])), expected);
}

#[test]
fn only_the_part_between_the_marks_is_replaced() {
    let document = format!("a\n{BEGIN}\nold\n{END}\nb\n");
    assert_eq!(replaced(&document, "new\n"), Some(format!("a\n{BEGIN}\nnew\n{END}\nb\n")));
    assert_eq!(replaced("no marks", "new\n"), None);
}

#[test]
fn a_rule_without_test_needs_a_reason_and_one_with_a_test_has_none() {
    let rules = SourceFile::new("docs/RULES.md", "| GS-01 | a |\n| GS-05 | b |\n| DEL-03 | c |\n| U-1 | d |\n");
    let document = SourceFile::new(TABLE, &format!("| GS-05 | x |\n{UNSHOWN}\n| DEL-03 | later |\n| GS-01 | no |\n"));
    let expected = [
        format!("{TABLE}: no test names GS-05: write one, or say why under `{UNSHOWN}`"),
        format!("{TABLE}: GS-01 is shown by a test: take it out of `{UNSHOWN}`"),
    ];
    assert_eq!(gaps(&rules, &document, &shown(&[sample()])), expected);
}
