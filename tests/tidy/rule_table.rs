//! Which test shows which rule: read from the comments above the tests, and held against the table in `tests/README.md`
//! and the rules of `docs/RULES.md`.

#[cfg(test)]
mod tests;

use crate::citations;
use crate::source::SourceFile;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Where the table stands.
pub const TABLE: &str = "tests/README.md";
/// Set, the table is written anew instead of compared.
pub const UPDATE: &str = "AMKO_UPDATE_RULES";

const BEGIN: &str = "<!-- written by `make fix`: begin -->";
const END: &str = "<!-- written by `make fix`: end -->";
/// Heading of the table with the rules that no test shows, and why.
const UNSHOWN: &str = "## Rules without a test";
/// Families that state behaviour of the operator. Guesses are about the controller.
const GUESSES: &str = "U-";

/// Tests by the rule that the comment above them names, as `path: name`.
pub type Shown = BTreeMap<String, BTreeSet<String>>;

/// The rules that the tests of these files name.
pub fn shown(files: &[SourceFile]) -> Shown {
    let mut shown = Shown::new();
    for file in files {
        for (test, ids) in tests_with_ids(&file.text) {
            for id in ids.into_iter().filter(|id| !id.starts_with(GUESSES)) {
                shown.entry(id).or_default().insert(format!("`{}`: {test}", file.path));
            }
        }
    }
    shown
}

/// Name of each test and the rules in the documentation comment above it.
fn tests_with_ids(text: &str) -> Vec<(String, BTreeSet<String>)> {
    let mut found = Vec::new();
    let (mut ids, mut is_test) = (BTreeSet::new(), false);
    for line in text.lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix("///") {
            ids.extend(citations::ids(comment).map(str::to_owned));
        } else if line.starts_with("#[") {
            is_test |= ["#[test]", "#[tokio::test"].iter().any(|mark| line.starts_with(mark));
        } else {
            let ids = std::mem::take(&mut ids);
            if let Some(name) = function(line).filter(|_| is_test && !ids.is_empty()) {
                found.push((name.to_owned(), ids));
            }
            is_test = false;
        }
    }
    found
}

fn function(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")?;
    rest.split('(').next()
}

/// The generated part of the table.
pub fn render(shown: &Shown) -> String {
    let tests: BTreeSet<&String> = shown.values().flatten().collect();
    let mut text =
        format!("{} rules are shown by {} tests.\n\n| rule | tests |\n| --- | --- |\n", shown.len(), tests.len());
    for (id, tests) in shown {
        let tests: Vec<&str> = tests.iter().map(String::as_str).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {id} | {} |", tests.join("<br>"));
    }
    text
}

/// The document with its generated part replaced; `None` when it has no such part.
pub fn replaced(document: &str, part: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{part}{END}{after}"))
}

/// Rules that are explained and neither shown by a test nor listed with a reason; and rules listed although a test
/// shows them.
pub fn gaps(rules: &SourceFile, document: &SourceFile, shown: &Shown) -> Vec<String> {
    let explained = citations::explained(&rules.text).into_iter().filter(|id| !id.starts_with(GUESSES));
    let listed = document.text.split_once(UNSHOWN).map(|(_, rest)| citations::explained(rest)).unwrap_or_default();
    let missing = explained.filter(|id| !shown.contains_key(*id) && !listed.contains(id));
    let missing =
        missing.map(|id| document.finding(&format!("no test names {id}: write one, or say why under `{UNSHOWN}`")));
    let needless = listed.iter().filter(|id| shown.contains_key(**id));
    let needless = needless.map(|id| document.finding(&format!("{id} is shown by a test: take it out of `{UNSHOWN}`")));
    missing.chain(needless).collect()
}
