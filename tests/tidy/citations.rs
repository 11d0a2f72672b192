//! The rules about citations: what a comment or document refers to has to stand in this repository.

#[cfg(test)]
mod tests;

use crate::Finding;
use crate::source::SourceFile;
use std::collections::BTreeSet;

/// Where the ids are explained.
pub const RULES: &str = "docs/RULES.md";

/// Families of ids with two digits, as upstream's behaviour is numbered.
const FAMILIES: [&str; 11] = ["CL", "OBJ", "NS", "GDP", "GHR", "GS", "TEN", "REST", "DEL", "DB", "EX"];

/// The families of guesses and of faults, with one digit or two.
const COUNTED: [&str; 2] = ["U", "F"];

/// The family of faults that were found from outside, whose numbers begin with the letter of a subject.
const FOUND: &str = "FND";

/// Names of notes that readers do not have. Composed, so that this file passes.
const ABSENT: [&str; 6] = [
    concat!("avi-", "api"),
    concat!("kube-", "api"),
    concat!("actor-", "notes"),
    concat!("behaviour", ".md"),
    concat!("contract", ".md"),
    concat!("design", ".md"),
];

/// Written as a number, so that this file passes.
const SECTION_SIGN: char = '\u{a7}';

/// How far from the word "section" a public document may be named.
const NEAR: usize = 4;

/// An id without explanation tells a reader nothing.
pub fn ids_are_explained(file: &SourceFile, rules: &SourceFile) -> Vec<Finding> {
    let explained = explained(&rules.text);
    let unknown = lines(&file.text).flat_map(|(number, line)| ids(line).map(move |id| (number, id)));
    unknown
        .filter(|(_, id)| !explained.contains(id))
        .map(|(number, id)| file.finding(&format!("line {number}: `{id}` has no line in {RULES}; explain it there")))
        .collect()
}

/// A link to a heading that is gone leads to the top of a long page.
pub fn headings_exist(file: &SourceFile, rules: &SourceFile) -> Vec<Finding> {
    let headings: BTreeSet<String> = rules.text.lines().filter_map(anchor).collect();
    let mark = if file.path == RULES { "](#".to_owned() } else { format!("{RULES}#") };
    let links = lines(&file.text).flat_map(|(number, line)| line.split(&mark).skip(1).map(move |rest| (number, rest)));
    links
        .map(|(number, rest)| (number, rest.split(|c| !in_anchor(c)).next().unwrap_or_default()))
        .filter(|(_, wanted)| !headings.contains(*wanted))
        .map(|(number, wanted)| file.finding(&format!("line {number}: {RULES} has no heading `{wanted}`")))
        .collect()
}

/// Numbers of sections and names of notes point to documents that are not here. An RFC is a public document.
pub fn no_absent_document(file: &SourceFile) -> Vec<Finding> {
    let words: Vec<(usize, &str)> = lines(&file.text).flat_map(|(number, line)| words(line, number)).collect();
    let report = |number, word: &str| {
        file.finding(&format!("line {number}: `{word}` is not in the repository; cite a rule or a heading of {RULES}"))
    };
    let named = words.iter().filter(|(_, word)| word.contains(SECTION_SIGN) || is_absent(word));
    let numbered = words.windows(2).enumerate().filter(|(at, pair)| is_section(pair) && !near_rfc(&words, *at));
    let numbered = numbered.map(|(_, pair)| report(pair[0].0, &format!("{} {}", pair[0].1, pair[1].1)));
    named.map(|(number, word)| report(*number, word)).chain(numbered).collect()
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines())
}

/// The ids that have a line of their own in a table.
pub fn explained(rules: &str) -> BTreeSet<&str> {
    rules.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next()).filter(|cell| is_id(cell)).collect()
}

pub fn ids(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '-').filter(|word| is_id(word))
}

fn is_id(word: &str) -> bool {
    let Some((family, number)) = word.split_once('-') else { return false };
    if family == FOUND {
        return number
            .strip_prefix(|c: char| c.is_ascii_uppercase())
            .is_some_and(|rest| (1..=2).contains(&digits(rest)));
    }
    let digits = digits(number);
    (FAMILIES.contains(&family) && digits == 2) || (COUNTED.contains(&family) && (1..=2).contains(&digits))
}

/// How many digits a text is made of; 0 when it holds anything else.
fn digits(text: &str) -> usize {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.len() } else { 0 }
}

/// What a heading is called in links to it.
fn anchor(line: &str) -> Option<String> {
    let title = line.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' ')?;
    Some(title.to_lowercase().replace(' ', "-").chars().filter(|c| in_anchor(*c)).collect())
}

fn in_anchor(c: char) -> bool {
    c.is_alphanumeric() || c == '-'
}

/// The words of a line without the marks of a comment, so that a sentence may go on in the next line.
fn words(line: &str, number: usize) -> impl Iterator<Item = (usize, &str)> {
    let text = line.trim_start().trim_start_matches(['/', '!', '>']);
    text.split_whitespace().map(move |word| (number, word))
}

fn is_absent(word: &str) -> bool {
    let name = word.trim_matches(|c: char| !c.is_alphanumeric());
    let name = name.rsplit('/').next().unwrap_or(name);
    ABSENT.contains(&name) || name.strip_suffix(".md").is_some_and(|stem| ABSENT.contains(&stem))
}

fn is_section(pair: &[(usize, &str)]) -> bool {
    let word = pair[0].1.trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    matches!(word.as_str(), "section" | "sections") && pair[1].1.starts_with(|c: char| c.is_ascii_digit())
}

fn near_rfc(words: &[(usize, &str)], at: usize) -> bool {
    let near = &words[at.saturating_sub(NEAR)..words.len().min(at + NEAR + 1)];
    near.iter().any(|(_, word)| word.trim_start_matches('(').starts_with("RFC"))
}
