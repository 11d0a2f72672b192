//! The table of guesses and the documentation say the same.

use super::super::inferred::guesses::GUESSES;

const RULES: &str = include_str!("../../../../docs/RULES.md");

#[test]
fn every_guess_has_its_number_and_its_row() {
    let rows: Vec<&str> = RULES.lines().filter(|line| line.starts_with("| U-")).collect();
    let expected: Vec<String> =
        GUESSES.iter().map(|guess| format!("| {} | {} | {} |", guess.id, guess.question, guess.guess)).collect();
    assert_eq!(rows, expected);
    let ids: Vec<&str> = GUESSES.iter().map(|guess| guess.id).collect();
    let numbered: Vec<String> = (1..=GUESSES.len()).map(|number| format!("U-{number}")).collect();
    assert_eq!(ids, numbered);
}
