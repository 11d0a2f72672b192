//! Rules of this repository that the compiler cannot hold: each is one small function over one file.
//!
//! `checks` holds the rules about source files, `image`, `manifest` and `paths` those about others, `citations` those about what
//! either refers to, `rule_table` the one about which test shows which rule, each with a bad sample; `source` turns a file into tokens, `walk` finds the files.

mod checks;
mod citations;
mod image;
mod manifest;
mod paths;
mod rule_table;
mod source;
mod walk;

use source::SourceFile;

/// What a rule has to say about a file: `path: what is wrong and what to do`.
type Finding = String;

/// Runs one rule over files and fails with every place at once.
fn hold(files: &[SourceFile], rule: impl Fn(&SourceFile) -> Vec<Finding>) {
    assert!(!files.is_empty(), "nothing to check: the walk is broken");
    let findings: Vec<Finding> = files.iter().flat_map(rule).collect();
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

#[test]
fn every_source_file_can_be_read_as_rust() {
    hold(&walk::rust(), checks::parses);
}

#[test]
fn the_core_is_pure() {
    hold(&walk::rust(), checks::core_is_pure);
}

#[test]
fn the_operator_does_not_name_the_lab() {
    hold(&walk::rust(), checks::operator_knows_no_lab);
    hold(&[walk::file("Cargo.toml")], manifest::operator_depends_on_no_lab);
}

#[test]
fn locks_and_clocks_are_the_chosen_ones() {
    hold(&walk::rust(), checks::no_std_lock_or_clock);
}

#[test]
fn no_test_is_switched_off() {
    hold(&walk::rust(), checks::no_ignored_test);
}

#[test]
fn only_retry_sleeps() {
    hold(&walk::rust(), checks::no_sleep);
}

#[test]
fn a_file_fits_in_a_readers_head() {
    hold(&walk::rust(), checks::short_enough);
}

#[test]
fn every_file_says_what_it_is_for() {
    hold(&walk::rust(), checks::has_header);
}

#[test]
fn nothing_of_a_private_machine_is_left_in_the_text() {
    hold(&walk::text(), checks::no_private_words);
}

#[test]
fn the_image_is_built_from_all_it_needs_with_the_compiler_of_the_tests() {
    let (dockerfile, manifest) = (walk::file("Dockerfile"), walk::file("Cargo.toml"));
    hold(&[dockerfile], |file| image::built_with_our_toolchain(file, &walk::file("rust-toolchain.toml")));
    hold(&[walk::file(".dockerignore")], |file| image::sees_every_member(file, &manifest));
}

#[test]
fn documents_name_files_that_exist() {
    hold(&walk::documents(), |document| paths::named_paths_exist(document, walk::exists));
}

#[test]
fn what_comments_and_documents_cite_stands_in_the_repository() {
    let rules = walk::file(citations::RULES);
    let files: Vec<SourceFile> = walk::rust().into_iter().chain(walk::documents()).collect();
    hold(&files, |file| citations::ids_are_explained(file, &rules));
    hold(&files, |file| citations::headings_exist(file, &rules));
    hold(&files, citations::no_absent_document);
}

#[test]
fn every_rule_is_shown_by_a_test_or_says_why_not() {
    let shown = rule_table::shown(&walk::rust());
    let document = walk::file(rule_table::TABLE);
    let wanted = rule_table::replaced(&document.text, &rule_table::render(&shown)).expect("the marks of the table");
    if std::env::var_os(rule_table::UPDATE).is_some() {
        walk::write(rule_table::TABLE, &wanted);
    } else {
        assert!(document.text == wanted, "{} is out of date: run `make fix`", rule_table::TABLE);
    }
    hold(&[document], |document| rule_table::gaps(&walk::file(citations::RULES), document, &shown));
}
