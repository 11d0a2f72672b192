//! Commands that are printed for people, so that they work as printed: of the program that was called, about the lab that
//! was meant, in words that a shell takes as they are.

use super::cli::DEFAULT_DIR;
use std::path::Path;

/// A command of this program about the lab in `dir`, for the terminal in which it was called.
pub fn command(words: &[&str], dir: &Path) -> String {
    line(&called(), words, (dir != Path::new(DEFAULT_DIR)).then_some(dir))
}

/// A command of this program about no lab.
pub fn plain(words: &[&str]) -> String {
    line(&called(), words, None)
}

/// A command of a program about the lab in `dir`, or in the usual place.
pub fn line(program: &str, words: &[&str], dir: Option<&Path>) -> String {
    let dir = dir.map(|dir| ["--dir".to_owned(), dir.display().to_string()]);
    let words = [program].into_iter().chain(words.iter().copied()).map(str::to_owned);
    let words: Vec<String> = words.chain(dir.into_iter().flatten()).map(|word| quoted(&word)).collect();
    words.join(" ")
}

/// The word, in quotes where a shell would take it for more or less than it is.
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// How this program was called.
fn called() -> String {
    std::env::args().next().unwrap_or_else(|| "amko-lab".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_names_the_lab_that_is_meant_and_is_one_for_a_shell() {
        let restore = ["restore", "site1"];
        let cases = [
            (line("amko-lab", &restore, None), "amko-lab restore site1"),
            (line("./amko-lab", &restore, Some(Path::new("d/lab"))), "./amko-lab restore site1 --dir d/lab"),
            (line("/a b/lab", &restore, Some(Path::new("it's"))), r"'/a b/lab' restore site1 --dir 'it'\''s'"),
            (quoted(""), "''"),
            (quoted("$HOME"), "'$HOME'"),
        ];
        for (made, expected) in cases {
            assert_eq!(made, expected);
        }
    }
}
