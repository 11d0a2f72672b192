//! Each rule fires on a bad sample, and only there. Samples are composed, so that this file passes itself.

use super::*;

const PAGE: &str = "# Rules\n\n## Order of calls\n\n| id | rule |\n| --- | --- |\n| OBJ-03 | a |\n| U-7 | b |\n";

fn page() -> SourceFile {
    SourceFile::new(RULES, PAGE)
}

#[test]
fn an_id_that_is_not_explained_is_reported_with_its_line() {
    let (unknown, guess) = (concat!("OBJ", "-99"), concat!("U", "-99"));
    let file = SourceFile::new("src/a.rs", &format!("//! Rules OBJ-03 and U-7.\n/// (rule {unknown}), {guess}.\n"));
    let message = |id: &str| format!("src/a.rs: line 2: `{id}` has no line in docs/RULES.md; explain it there");
    assert_eq!(ids_are_explained(&file, &page()), [message(unknown), message(guess)]);
}

#[test]
fn a_fault_has_one_digit_or_two() {
    let (one, two) = (concat!("F", "-8"), concat!("F", "-98"));
    let file = SourceFile::new("src/a.rs", &format!("// {one} and {two}, F-123, F-x.\n"));
    assert_eq!(ids_are_explained(&file, &page()).len(), 2);
    let rules = SourceFile::new(RULES, &format!("{PAGE}| {one} | a | b |\n| {two} | a | b |\n"));
    assert_eq!(ids_are_explained(&file, &rules), Vec::<Finding>::new());
}

#[test]
fn a_finding_has_a_letter_before_its_number() {
    let (one, two) = (concat!("FND", "-Z8"), concat!("FND", "-Z98"));
    let file = SourceFile::new("src/a.rs", &format!("// {one} and {two}, FND-8, FND-Z, FND-ZZ8, FND-Z123.\n"));
    assert_eq!(ids_are_explained(&file, &page()).len(), 2);
}

#[test]
fn an_id_that_the_page_only_mentions_is_not_explained() {
    let mentioned = concat!("DB", "-77");
    let rules = SourceFile::new(RULES, &format!("{PAGE}See {mentioned}.\n| a | {mentioned} |\n"));
    assert_eq!(ids_are_explained(&rules, &rules).len(), 2);
}

#[test]
fn what_only_looks_like_an_id_is_not_reported() {
    let file = SourceFile::new("src/a.rs", "// SHA-256, GS-5, GS-123, UTF-8, gs-01, DB-x, EX-\n");
    assert_eq!(ids_are_explained(&file, &page()), Vec::<Finding>::new());
}

#[test]
fn a_heading_that_is_gone_is_reported() {
    let (good, bad) = (concat!("docs/RULES", ".md#order-of-calls"), concat!("docs/RULES", ".md#gone"));
    let file = SourceFile::new("src/a.rs", &format!("//! See `{good}`.\n//! See `{bad}`.\n"));
    assert_eq!(headings_exist(&file, &page()), ["src/a.rs: line 2: docs/RULES.md has no heading `gone`"]);
    let rules = SourceFile::new(RULES, &format!("{PAGE}[a](#order-of-calls) [b](#gone)\n"));
    assert_eq!(headings_exist(&rules, &rules), ["docs/RULES.md: line 9: docs/RULES.md has no heading `gone`"]);
}

#[test]
fn a_document_that_readers_do_not_have_is_reported() {
    let section = concat!("sec", "tion");
    let samples = [
        format!("/// The order ({section} 9.4).\n"),
        format!("/// The order, see {section}\n/// 9.4.\n"),
        format!("//! Capital {}s 7 and 8.\n", section.replace('s', "S")),
        format!("See {SECTION_SIGN}7.5.\n"),
        format!("/// A table ({} 1.9).\n", ABSENT[0]),
        format!("/// See `notes/{}.md`.\n", ABSENT[1]),
        format!("See [it](spec/{}).\n", ABSENT[3]),
    ];
    for sample in samples {
        assert_eq!(no_absent_document(&SourceFile::new("src/a.rs", &sample)).len(), 1, "{sample}");
    }
}

#[test]
fn public_documents_and_ordinary_words_are_not_reported() {
    let section = concat!("sec", "tion");
    let text = format!(
        "/// RFC 1035, {section} 4.1.1; {section} 2 of RFC 9112.\n/// The type {section} of 3 fields.\nlet {section}: u8 = 9;\n"
    );
    assert_eq!(no_absent_document(&SourceFile::new("src/a.rs", &text)), Vec::<Finding>::new());
}
